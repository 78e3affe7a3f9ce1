# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PIN prompt as a person meets it, in both languages; a picture of each page."""

import unittest

from pinentry_case import PinentryCase
from processes import wait_for

PIN = "yz4Q8k"


class PinentryTest(PinentryCase):
    def test_the_pin_goes_to_the_asker(self):
        for language in ("zh_CN", "en"):
            with self.subTest(language):
                asker = self.asker(language)
                asker.ask()
                self.wait_field(asker)
                self.desktop.picture("pinentry-login-" + language)
                self.desktop.type(PIN)
                self.desktop.key("Return")
                self.assertEqual(asker.answer(), [PIN])
                asker.tell("right", left=10, max=10)
                wait_for(lambda: asker.program.find("frame") is None, "closed")


if __name__ == "__main__":
    unittest.main()
