#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person allows a hall by keyboard: the extension's window, the browser's own question, the page.
OPENUKEY_TEST_LONG: what a browser's window looks like is not ours."""

import os
import sys

import ground

if not os.environ.get("OPENUKEY_TEST_LONG"):
    print("SKIPPED: long")
    sys.exit(77)
ground.need("chromium", "xdotool", "unshare")
ground.enter()

# pylint: disable=wrong-import-position
import time  # noqa: E402
import unittest  # noqa: E402

from desktop import Desktop  # noqa: E402
from devtools import Chromium  # noqa: E402
from extension_case import LATE, ExtensionCase, Pages, serve  # noqa: E402
from processes import wait_for  # noqa: E402


class AllowTest(ExtensionCase):
    kind = Chromium

    @classmethod
    def setUpClass(cls):
        cls.desktop = Desktop(readers=1)
        cls.addClassCleanup(cls.desktop.stop)
        cls.site = "http://%s:%d" % (ground.HALL, serve(ground.PUBLIC, Pages))
        cls.start_bridge()
        cls.install([], cls.site)
        cls.browser = Chromium(cls.desktop.dir, {**cls.desktop.env, **cls.desktop.language("en")},
                               headless=False, extensions=[cls.desktop.path("webextension")])
        cls.addClassCleanup(cls.browser.stop)

    def windows(self):
        """The extension's window, as a target of the browser's."""
        return [target["targetId"] for target in self.browser.targets()
                if target["url"].endswith("/popup.html")]

    def test_by_keyboard(self):
        page = self.browser.this_tab()
        self.go(self.site + "/blank")
        self.assertEqual(self.browser.script("return typeof window.openukey"), "undefined")
        self.desktop.key("alt+shift+u")
        wait_for(self.windows, "the extension's window", LATE)
        self.browser.tab(self.windows()[0])
        self.browser.wait("return document.activeElement.id == 'allow'", what="the button")
        self.assertEqual(self.browser.script(
            "return document.getElementById('here-site').textContent"), self.site)
        self.browser.tab(page)
        self.desktop.key("Return")
        wait_for(lambda: not self.windows(), "the browser's question", LATE)
        time.sleep(1)  # until it can be answered
        self.desktop.key("Tab", "Return")  # first is "Deny"
        self.browser.wait("return typeof window.openukey == 'object'", what="the page loaded again")


unittest.main()
