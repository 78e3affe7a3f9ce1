#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The key's certificate in TLS: both browsers log in to the hall behind nginx, by our module alone."""

import ground

ground.need("firefox-esr", "chromium", "nginx", "unshare", "certutil", "modutil", "openbox", "xdotool",
            "Xvfb")
ground.enter()

import unittest  # noqa: E402

from hall_desk import MUTUAL, PIN, HallDesk  # noqa: E402

WRONG = "000000"


class MutualTest(HallDesk):
    def setUp(self):
        if 0 not in self.desktop.keys:
            self.desktop.plug(0, "unit")

    def test_firefox_logs_in_and_names_the_key(self):
        firefox = self.firefox()
        firefox.answer_pins(WRONG, PIN)
        firefox.go(MUTUAL + "/")
        self.logged_in(firefox, "mutual")
        self.assertEqual(len(firefox.prompts()), 2, firefox.prompts())
        self.assertIn("VIRTUAL unit", firefox.prompts()[0])
        self.assertEqual(self.key_tries(), 10)
        self.logout(firefox)
        self.nobody_inside(firefox)

    def test_firefox_without_a_pin_is_told_so_by_the_hall(self):
        firefox = self.firefox()
        firefox.answer_pins(None)
        firefox.go(MUTUAL + "/")
        firefox.wait("return document.querySelector('[data-why=none]') != null")
        self.assertEqual(self.key_tries(), 10)

    def test_chromium_logs_in(self):
        chromium = self.chromium(headless=False)
        chromium.go(MUTUAL + "/")
        self.type_into_window("Unlock Security Device", PIN)
        self.logged_in(chromium, "mutual")
        self.assertEqual(self.key_tries(), 10)


unittest.main()
