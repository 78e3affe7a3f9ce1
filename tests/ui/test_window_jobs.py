# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rest of a clerk's jobs: a wrong PIN and a locked key by keyboard alone, a card that OpenSC
drives, and no PIN left in any memory or file after one was typed."""

import glob
import os
import subprocess
import sys
import unittest

import processes
from assistant_case import FIXTURES, NEW_PIN, PIN, AssistantCase
from desktop import MODULE
from processes import wait_for
from secrets_left import memory_of, spellings

OPENSC = next(iter(glob.glob("/usr/lib/*/opensc-pkcs11.so")), None)
PIV_CARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "core", "piv_card.py")
UNIT = "邢台示例商贸有限公司"  # of tests/fixtures


class JobsTest(AssistantCase):
    modules = {"opensc": OPENSC} if OPENSC else None

    # ---- by keyboard alone ----

    def hit(self, role, text, key="Return"):
        self.go_to(role, text)
        self.desktop.key(key)

    def test_a_wrong_pin_is_recovered_from_by_keyboard_alone(self):
        self.key("wrong-keys", serial="TEST0031")
        self.desktop.plug(0, "wrong-keys")
        self.open()
        self.sees_part("0031")
        self.hit("radio button", "UKEY PIN", "space")
        self.hit("push button", "_Test PIN")
        self.hit("push button", "_Type the PIN")
        self.type_pin("Nothing7")
        wait_for(lambda: self.desktop.tries_left(0) == 9, "one try spent")
        self.type_pin(PIN)
        self.sees("The PIN is right. All tries are there again.")
        self.assertEqual(self.desktop.tries_left(0), 10)

    def test_a_locked_keys_route_is_read_by_keyboard_alone(self):
        self.key("locked-keys", "--tries", "1", serial="TEST0032")
        self.desktop.plug(0, "locked-keys")
        self.lock("TEST0032")
        self.open()
        self.sees_part("0032")
        self.hit("push button", "How to _Unlock It")
        self.sees("What to bring")
        self.sees_part("000-0000")

    # ---- a driver that comes later ----

    def test_a_driver_that_is_registered_later_is_found_by_looking_again(self):
        module = self.desktop.path("home", "late.so")
        self.key("late", serial="TEST0034")
        self.desktop.plug(0, "late")
        self.open(OPENUKEY_MODULE=module)
        self.sees("No driver for keys")
        os.symlink(MODULE, module)
        self.desktop.key("F5")
        self.sees_part("0034", timeout=20)
        self.picture("window-driver-late")

    # ---- a card of another maker ----

    @unittest.skipUnless(OPENSC, "opensc is not installed")
    def test_a_card_that_opensc_drives_shows_and_its_pin_is_changed(self):
        cert = self.desktop.path("home", "piv.der")
        self.quiet("openssl", "x509", "-in", FIXTURES + "/rsa-sign.pem", "-outform", "DER", "-out",
                   cert)
        card = processes.start(
            [sys.executable, PIV_CARD, self.desktop.path("rig", "run", "02.sock"), cert],
            self.desktop.path("logs", "piv.log"), self.desktop.env)
        self.addCleanup(card.wait)
        self.addCleanup(card.terminate)
        self.desktop.wait_reader(2, "present")
        self.open()
        self.sees_part(UNIT)
        self.press("_Details")
        self.sees("Whose it is")
        self.picture("opensc-card")
        self.desktop.key("Escape")
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.type_pin("123456", "483920", "483920")
        self.prompt_gone()
        self.try_pin("483920")
        self.sees("The PIN is right. All tries are there again.")

    # ---- what is left of a PIN ----

    @staticmethod
    def leaks(pid, text):
        return sum(part.count(form) for part in memory_of(pid) for form in spellings(text))

    @unittest.skipUnless(os.geteuid() == 0, "only root may read another process's memory")
    def test_no_memory_and_no_file_holds_a_pin_that_was_typed(self):
        self.key("secret", serial="TEST0033")
        self.desktop.plug(0, "secret")
        self.open(OPENUKEY_LOG="debug")
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        self.try_pin(NEW_PIN)
        self.sees("The PIN is right. All tries are there again.")
        pid = self.window.process.pid
        # the search finds what is there: the key's serial number is no secret
        self.assertGreater(self.leaks(pid, "TEST0033"), 0)
        for pin in (PIN, NEW_PIN):
            self.assertEqual(self.leaks(pid, pin), 0, "in the window's memory")
            found = subprocess.run(
                ["grep", "-rlaF", pin, self.desktop.path("home"), self.desktop.path("logs"),
                 self.desktop.path("run")], stdout=subprocess.PIPE, check=False).stdout
            self.assertEqual(found, b"", "in a file")


if __name__ == "__main__":
    unittest.main()
