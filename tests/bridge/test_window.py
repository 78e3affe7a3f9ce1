# SPDX-License-Identifier: LGPL-2.1-or-later
"""The windows that a page brings up, and the page of sites in 我的证书: real ones, on a screen."""

import gettext
import os
import unittest

from bridge_case import LATE, PIN, SITE, Bridged, Link, Page
from desktop import LOCALEDIR, Desktop
from processes import wait_for

ASSISTANT = os.environ.get("OPENUKEY_ASSISTANT", "openukey-assistant")


class Desk(Bridged, Desktop):
    """With a screen, and nobody but the test in front of it."""


class WindowTest(unittest.TestCase):
    language = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")

    @classmethod
    def setUpClass(cls):
        cls.desk = Desk(readers=2)
        cls.addClassCleanup(cls.desk.stop)
        cls.desk.env.update(cls.desk.language(cls.language), OPENUKEY_LOCALEDIR=LOCALEDIR,
                            XDG_STATE_HOME=cls.desk.path("home", ".local", "state"),
                            OPENUKEY_PINENTRY=os.environ["OPENUKEY_PINENTRY"])
        cls.words = gettext.NullTranslations() if cls.language == "en" else gettext.translation(
            "openukey", LOCALEDIR, [cls.language])
        cls.desk.make_key("key", "sm2", "TEST0001", PIN)
        cls.desk.make_key("second", "rsa", "TEST0002", PIN)

    def word(self, text, *values):
        text = self.words.gettext(text)
        return (text % values if values else text).replace("_", "")

    def prompts(self):
        """The windows that the bridge brings up."""
        from screen import Program
        return Program(self.desk, self.desk.bridge, self.desk.path("logs", "bridge.log"),
                       ["openukey-bridge"])

    def test_a_login_as_a_person_sees_it(self):
        desk = self.desk
        desk.start_bridge()
        self.addCleanup(desk.stop_bridge)
        desk.plug(0, "key")
        desk.plug(1, "second")
        desk.wait_keys(2)
        link = Link(desk)
        self.addCleanup(link.close)
        page = Page(link)
        listed = page.send("SOF_GetUserList")
        window = self.prompts()
        window.wait("label", self.word("May %s see your certificate?", SITE))
        window.wait("label", self.word("⚠ not in the list of halls"))
        window.wait("label", "Firefox")
        choices = [each for each in window.all("radio button")]
        self.assertEqual(len(choices), 2)
        chosen = [each for each in choices if "0001" in each.name][0]
        chosen.press()
        desk.picture("bridge-consent-" + self.language)
        window.press("push button", self.word("_Allow"))
        users = link.wait(listed)
        self.assertIn("TEST0001", users)
        self.assertNotIn("TEST0002", users)

        logged = page.send("SOF_Login", "Unit/TEST0001", "000000")
        window.wait("label", self.word("Log in to %s with your UKEY", SITE))
        window.wait_keys()
        wait_for(lambda: window.focused() and window.focused().role == "password text",
                 "the field with the keyboard", LATE)
        desk.picture("bridge-login-" + self.language)
        desk.type(PIN)
        desk.key("Return")
        self.assertEqual(link.wait(logged), "true")
        self.assertTrue(page.call("SOF_SignData", "Unit/TEST0001", "text"))

        main = desk.start(ASSISTANT, "--page", "sites", language=self.language)
        self.addCleanup(main.stop)
        main.wait("push button", self.word("End the session of %s", SITE), LATE)
        desk.picture("bridge-sites-" + self.language)
        main.press("push button", self.word("End the session of %s", SITE))
        wait_for(lambda: not desk.sessions(), "no session", LATE)
        main.wait("push button", self.word("Forget %s", SITE), LATE)
        main.press("push button", self.word("Forget %s", SITE))
        wait_for(lambda: SITE not in desk.ukey("bridge", "sites")[1], "a forgotten site", LATE)


if __name__ == "__main__":
    unittest.main()
