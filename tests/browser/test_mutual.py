#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The key's certificate in TLS: both browsers log in to the hall behind nginx, by our module alone."""

import ground

ground.need("firefox-esr", "chromium", "nginx", "unshare", "certutil", "modutil", "openbox", "xdotool",
            "Xvfb")
ground.enter()

import os  # noqa: E402
import unittest  # noqa: E402

from hall_desk import MUTUAL, PIN, URL, HallDesk  # noqa: E402

WRONG = "000000"
LONG = os.environ.get("OPENUKEY_TEST_LONG")
# The browser's own page for a connection that failed, or the hall's for who shows no certificate.
REFUSED = ("return /^(about:neterror|chrome-error:)/.test(document.URL) || "
           "document.querySelector('[data-why=none]') != null")


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

    def pulled_as_it_signs(self, browser, log_in):
        """The key leaves its reader in the middle of the handshake, and comes back for another."""
        self.desktop.tell(0, "fault", "ins", "58", "pull-before")
        log_in()
        self.desktop.wait_reader(0, "absent")
        browser.wait(REFUSED, what="a page that says it did not work")
        self.nobody_inside(browser, URL)
        self.desktop.tell(0, "plug")
        self.desktop.wait_reader(0, "present")
        log_in()
        self.logged_in(browser, "mutual")
        self.assertEqual(self.key_tries(), 10)

    @unittest.skipUnless(LONG, "long")
    def test_firefox_and_a_key_that_is_pulled_in_mid_login(self):
        firefox = self.firefox()
        firefox.answer_pins(PIN, PIN, PIN)
        self.pulled_as_it_signs(firefox, lambda: firefox.go(MUTUAL + "/"))

    @unittest.skipUnless(LONG, "long")
    def test_chromium_and_a_key_that_is_pulled_in_mid_login(self):
        chromium = self.chromium(headless=False)

        def log_in():
            chromium.go(MUTUAL + "/")
            self.type_into_window("Unlock Security Device", PIN)
        self.pulled_as_it_signs(chromium, log_in)


unittest.main()
