# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys on USB: unmodified libccid and pcscd see a CCID device come and go (umockdev), and the
window follows."""

import time
import unittest

from assistant_case import NEW_PIN, PIN, UNIT, AssistantCase

SECONDS = 2.0  # until what was plugged in is shown


class UsbTest(AssistantCase):
    readers = "usb"

    def test_a_key_is_shown_and_gone_within_two_seconds_each_time(self):
        self.key("usb", serial="TEST0041")
        self.open()
        self.sees("Plug in your key")
        for _ in range(3):
            self.desktop.plug(0, "usb")
            seen = time.monotonic()
            self.sees_part(UNIT)
            self.assertLess(time.monotonic() - seen, SECONDS)
            self.desktop.pull(0)
            gone = time.monotonic()
            self.sees("Plug in your key")
            self.assertLess(time.monotonic() - gone, SECONDS)

    def test_the_pin_is_changed_and_two_keys_are_told_apart(self):
        self.key("first", serial="TEST0042")
        self.key("second", serial="TEST0043")
        self.desktop.plug(0, "first")
        self.desktop.plug(1, "second")
        self.open()
        self.row("0043…")
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        self.try_pin(NEW_PIN)
        self.sees("The PIN is right. All tries are there again.")
        self.picture("usb-two-keys")
        self.assertEqual(self.desktop.tries_left(0), 10)

    def test_a_key_pulled_in_the_middle_of_it_is_told(self):
        self.key("pulled", serial="TEST0044")
        self.desktop.plug(0, "pulled")
        self.open()
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.field()
        self.desktop.pull(0)
        self.prompt_gone()
        self.sees("Plug in your key")


if __name__ == "__main__":
    unittest.main()
