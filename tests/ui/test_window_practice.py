# SPDX-License-Identifier: LGPL-2.1-or-later
"""A practice: the key is locked, its code comes, it is unlocked and its certificate renewed, with the
rehearsal's certificate service and without anybody else."""

import os
import re
import subprocess
import unittest

import test_window_orders as orders
from assistant_case import NEW_PIN, UKEY, AssistantCase, long_in_english
from processes import wait_for
from service_case import PATIENCE, ServiceCase

PRACTICE = os.environ.get("OPENUKEY_PRACTICE", "practice")
MODULE = os.environ.get("OPENUKEY_MODULE") or os.environ.get("OPENUKEY_PKCS11_MODULE", "")
FIRST_PIN, SERIAL = "123456", "PRACTICE0001"


@long_in_english
class PracticeTest(AssistantCase):
    language, readers = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN"), 0
    fill, fill_person = ServiceCase.fill, ServiceCase.fill_person
    tick, go = orders.OrdersTest.tick, orders.OrdersTest.go

    def press(self, text, role="push button"):
        self.window.wait(role, self.word(text), PATIENCE).press()

    def sees(self, text, *values, role="label", timeout=PATIENCE):
        return super().sees(text, *values, role=role, timeout=timeout)

    def row(self, name):
        self.window.wait("list item", name, PATIENCE)
        super().row(name)

    def tries(self, pin, confirm=None):
        """The exit status of "ukey pin test" on the practice's key."""
        reader, writer = os.pipe()
        os.write(writer, pin.encode())
        os.close(writer)
        try:
            return subprocess.run(
                [UKEY, "pin", "test", "--token", SERIAL, "--pin-fd", str(reader),
                 *(["--confirm-tries", confirm] if confirm else [])], pass_fds=(reader,),
                env={**self.desktop.env, "PCSCLITE_CSOCK_NAME": self.desktop.path(
                    "run", "openukey-practice", "run", "pcscd.comm"), "OPENUKEY_MODULE": MODULE},
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        finally:
            os.close(reader)

    def lock(self):
        for left in range(10, 0, -1):
            self.tries("000000", str(left) if left <= 3 else None)
        self.assertEqual(self.tries(FIRST_PIN), 4)

    # ---- the window of those who are missing ----

    def desk(self, job=None):
        """Opens it; does a job there and waits until it is done."""
        self.press("_Messages, Bank and CA…")
        self.window.wait("frame", self.word("Practice: Messages, Bank and CA"), PATIENCE)
        if job is not None:
            self.press(job)

    def desk_closed(self):
        self.window.wait_keys()
        self.desktop.key("Escape")
        self.window.wait_gone("frame", self.word("Practice: Messages, Bank and CA"), PATIENCE)

    def code(self):
        def look():
            for label in self.window.all("label"):
                found = re.search(r"授权码\D{0,4}(\d{8})", label.name)
                if found:
                    return found.group(1)
            return None
        return wait_for(look, "the message with the code", PATIENCE)

    # ---- a practice ----

    def unlock(self):
        self.tab("Services")
        self.row(self.word("Unlock the Key"))
        self.sees("_Apply for Unlocking", role="push button")
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.press("_Get the Authorization Code")
        self.sees("_Check the Code and Set a New PIN", role="push button")
        self.desk()
        code = self.code()
        self.desktop.picture("practice-messages-" + self.language)
        self.desk_closed()
        self.fill("_Authorization code", code)
        self.press("_Check the Code and Set a New PIN")
        self.type_pin(NEW_PIN, NEW_PIN)
        self.sees("The key is unlocked")

    def renew(self):
        self.press("_Back")
        self.tab("Certificate")
        self.go("Re_new…")
        self.sees("_Send the Application", role="push button")
        self.fill_person()
        self.go("_Send the Application")
        self.tick(3)
        self.go("_Agree and Go On")
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button")
        self.desk("_Pay What Is Asked For")
        self.sees("Done. The window goes on by itself, or look again there.")
        self.desk_closed()
        self.go("I Have _Paid")
        self.sees("The CA is working on it")
        self.desk("Let the CA _Approve What Waits")
        self.sees("Done. The window goes on by itself, or look again there.")
        self.desktop.picture("practice-approved-" + self.language)
        self.desk_closed()
        self.press("_Write It onto the Key")
        self.type_pin(NEW_PIN)
        self.sees("The certificate has been renewed")

    def test_lock_code_unlock_and_renew(self):
        self.window = self.desktop.start(PRACTICE, language=self.language)
        self.addCleanup(self.window.stop)
        self.window.wait("frame", self.word("My Certificates"), PATIENCE)
        self.sees("UKEY PIN", role="radio button")
        self.lock()
        self.unlock()
        self.renew()


if __name__ == "__main__":
    unittest.main()
