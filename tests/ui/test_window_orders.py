# SPDX-License-Identifier: LGPL-2.1-or-later
"""Errands with the CA from 我的证书: a locked key is unlocked by code, a certificate is renewed, and
what was interrupted is gone on with. The service is the rehearsal's."""

import os
import unittest

from assistant_case import NEW_PIN, PIN, long_in_english
from processes import wait_for
from service_case import ServiceCase

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


@long_in_english
class OrdersTest(ServiceCase):
    language = LANGUAGE

    def kill(self):
        """As when the power fails: nothing is said, nothing is written."""
        self.window.process.kill()
        self.window.process.wait()
        self.prompt_gone()

    def test_a_locked_key_is_unlocked_by_code(self):
        self.enrolled_key("locked", serial="TEST0061", tries=1)
        self.desktop.plug(0, "locked")
        self.lock("TEST0061")
        self.open()
        self.tab("Services")
        self.row(self.word("Unlock the Key"))
        self.sees("_Apply for Unlocking", role="push button", timeout=60)
        self.picture("order-unlock-form")
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.sees("_Get the Authorization Code", role="push button", timeout=60)
        self.picture("order-unlock-get-code")
        self.press("_Get the Authorization Code")
        self.sees("_Check the Code and Set a New PIN", role="push button", timeout=60)
        code = self.service("inbox", "--code", "--wait", "60").strip()
        self.fill("_Authorization code", code)
        self.picture("order-unlock-code")
        self.press("_Check the Code and Set a New PIN")
        self.field()
        self.picture("order-unlock-pin")
        self.kill()
        self.open()
        self.sees("Unlocking this key is not finished.", timeout=60)
        self.picture("order-resume-card")
        self.press("_Continue")
        self.sees("You have begun this order already. Go on here.", timeout=60)
        self.fill("_Authorization code", code)
        self.press("_Check the Code and Set a New PIN")
        self.type_pin(NEW_PIN, NEW_PIN)
        self.sees("The key is unlocked", timeout=60)
        self.picture("order-unlock-done")
        self.assertEqual(self.desktop.tries_left(0), 1)
        self.state_is("done")

    # ---- renewal ----

    def tick(self, count):
        """None is ticked before; one is not enough."""
        from screen import State
        boxes = wait_for(lambda: (lambda found: found if len(found) == count else None)(
            list(self.window.all("check box", showing=False))), "%d tick boxes" % count, 60)
        for box in boxes:
            self.assertFalse(box.has(State.CHECKED))
        boxes[0].press()
        self.window.find("push button", self.word("_Agree and Go On"), showing=False).press()
        self.sees("Each text wants a tick of its own. Who does not agree can give the order up.",
                  timeout=60)
        for box in boxes[1:]:
            box.press()

    def go(self, text):
        """Presses a button that may be below the edge of the page."""
        wait_for(lambda: self.window.find("push button", self.word(text), showing=False), text,
                 60).press()

    def renew_until_ready(self):
        self.fill_person()
        self.go("_Send the Application")
        self.tick(3)
        self.picture("order-renew-texts")
        self.go("_Agree and Go On")
        self.sees("_Show the Payment Code", role="push button", timeout=60)
        self.picture("order-renew-price")
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button", timeout=60)
        self.picture("order-renew-pay")
        number = self.order()["number"]
        self.service("pay", number)
        self.go("I Have _Paid")
        self.sees("The CA is working on it", timeout=60)
        self.picture("order-renew-review")
        self.service("approve", number)
        self.sees("_Write It onto the Key", role="push button", timeout=60)
        self.picture("order-renew-install")

    def test_a_certificate_is_renewed_onto_its_key(self):
        self.enrolled_key("renew", serial="TEST0062", days=20)
        self.desktop.plug(0, "renew")
        self.open()
        self.go("Re_new…")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.picture("order-renew-form")
        self.renew_until_ready()
        self.service("stop")
        self.press("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The CA's service cannot be reached", timeout=60)
        self.picture("order-offline")
        self.kill()
        self.service("start")
        self.open()
        self.sees("The renewal of this key's certificate is not finished.", timeout=60)
        self.press("_Continue")
        self.sees("_Write It onto the Key", role="push button", timeout=60)
        self.press("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The certificate has been renewed", timeout=120)
        self.picture("order-renew-done")
        self.state_is("confirmed")
        self.assertEqual(self.desktop.tries_left(0), 10)


if __name__ == "__main__":
    unittest.main()
