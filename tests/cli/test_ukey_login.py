#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey login: the right hall in the browser, with what the person has to know first. No key here;
tests/core/test_halls.c and tests/ui/test_window_halls.py have keys."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))

from ukey_case import FILE, NO_KEY, REFUSED, USAGE, Terminal, UkeyCase  # noqa: E402

HERE = ("login", "--module", os.environ["OPENUKEY_PKCS11_MODULE"])


class Login(UkeyCase):
    def setUp(self):
        super().setUp()
        for name, value in (("HOME", self.box), ("XDG_DATA_HOME", self.box + "/data"),
                            ("XDG_STATE_HOME", self.box + "/state"),
                            ("XDG_CONFIG_HOME", self.box + "/config"),
                            ("XDG_DATA_DIRS", self.box + "/share"),
                            ("PCSCLITE_CSOCK_NAME", self.box + "/none")):
            old = os.environ.get(name)
            self.addCleanup(os.environ.pop if old is None else os.environ.__setitem__, name,
                            *([None] if old is None else [old]))
            os.environ[name] = value
        self.opened = self.box + "/opened"

    def browser(self, desktop="browser.desktop"):
        """A default browser that writes down what it is asked to open."""
        os.makedirs(self.box + "/data/applications", exist_ok=True)
        os.makedirs(self.box + "/config", exist_ok=True)
        self.write("browser", '#!/bin/sh\necho "$1" >> "%s"\n' % self.opened)
        os.chmod("browser", 0o700)
        self.write("data/applications/" + desktop, "[Desktop Entry]\nType=Application\nName=B\n"
                   "Exec=%s/browser %%u\nMimeType=x-scheme-handler/http;x-scheme-handler/https;\n"
                   % self.box)
        self.write("config/mimeapps.list", "[Default Applications]\nx-scheme-handler/http=%s\n"
                   "x-scheme-handler/https=%s\n" % (desktop, desktop))

    def test_the_risk_is_said_once_and_the_answer_remembered(self):
        self.browser()
        done = self.ukey(*HERE, "xt", code=REFUSED)
        self.assertIn("no encryption (http)", done.out)
        self.assertIn("[NOT_CONFIRMED]", done.err)
        self.assertFalse(os.path.exists(self.opened))
        person = Terminal(*HERE, "hebca/xingtai")
        person.wait_for("Open it all the same?")
        person.type("y")
        self.assertEqual(person.end(), 0, person.text)
        self.assertIn("xtsgjj", person.text)
        self.assertIn("listed, not verified", person.text)
        self.assertNotIn("known hall", person.text)
        again = self.ukey(*HERE, "邢台", language="zh_CN")
        self.assertNotIn("没有加密", again.out)
        self.assertIn("单位用户登录", again.out)
        self.ukey("forget", "--all")
        self.ukey(*HERE, "xt", code=REFUSED)

    def test_looking_opens_nothing(self):
        self.browser()
        done = self.ukey(*HERE, "--show", "baise")
        self.assertIn("help.bjca", done.out)
        self.assertIn("Plug the key in before you log in.", done.out)
        self.assertFalse(os.path.exists(self.opened))
        self.assertFalse(os.path.exists(self.box + "/data/openukey/halls.conf"))

    def test_which_hall(self):
        self.assertIn("hebca/xingtai", self.ukey(*HERE, "gjj", code=USAGE).err)
        self.assertIn("[NO_HALL]", self.ukey(*HERE, "上海", code=NO_KEY).err)

    def test_without_a_browser_the_address_is_said(self):
        done = self.ukey(*HERE, "--yes", "xt", code=FILE)
        self.assertIn("[NO_BROWSER]", done.err)
        self.assertIn("xtsgjj", done.err)


if __name__ == "__main__":
    unittest.main()
