# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way into a hall: three clicks, the one sentence of risk, the right key, binding it again, and
the reminder to take it out."""

import json
import os
import shutil
import subprocess
import time
import unittest

from assistant_case import UNIT, AssistantCase, long_in_english
from processes import wait_for

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")
PROFILES = os.environ.get("OPENUKEY_PROFILES", "profiles")
CATEGORY = {"zh_CN": "公积金", "en": "housing fund"}[LANGUAGE]
CITY = {"zh_CN": "邢台", "en": "Xingtai"}[LANGUAGE]
RISK = ("This hall's address has no encryption (http), so whoever is between you and it can read "
        "and change its pages; type the UKEY PIN into our own window only.")
CHANGED = ("The unit's data in the certificate changed since the last login here: the hall has to "
           "bind the key again before it lets you in.")
REISSUED = ("This key was issued in place of the one that was used here: the hall has to bind it "
            "before it lets you in.")


class HallsTest(AssistantCase):
    language, readers = LANGUAGE, 2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.profiles = cls.desktop.path("profiles")
        shutil.copytree(PROFILES, cls.profiles)
        # keys of the rehearsal CA count as this CA's
        path = os.path.join(cls.profiles, "hebca.json")
        with open(path, encoding="utf-8") as file:
            profile = json.load(file)
        profile["match"]["issuers"] = [{"CN": "OpenUKey Rehearsal CA (virtual)"}]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(profile, file, ensure_ascii=False)
        cls.quiet(os.path.join(PROFILES, "sign"), path)
        os.remove(os.path.join(cls.profiles, "rehearsal.json"))

    def setUp(self):
        shutil.rmtree(self.desktop.path("home", ".local", "share", "openukey"), ignore_errors=True)
        self.browser = self.fake_browser()
        if os.path.exists(self.browser):
            os.remove(self.browser)

    def start(self):
        self.open(OPENUKEY_PROFILES=self.profiles)
        self.place("Halls")

    def hall_page(self):
        self.window.press("push button", CATEGORY)
        self.window.press("push button", CITY)
        return self.sees("Unit _Login", role="push button")

    def pages(self):
        if not os.path.exists(self.browser):
            return []
        with open(self.browser, encoding="utf-8") as file:
            return file.read().split()

    def test_three_clicks_and_one_sentence_asked_once(self):
        self.start()
        login = self.hall_page()
        self.sees("listed, not verified")
        self.assertIsNone(self.window.find("label", self.word("known hall")))
        self.sees("http, no encryption")
        self.picture("hall-page")
        login.press()
        self.sees(RISK)
        self.picture("hall-risk")
        self.assertEqual(self.pages(), [])
        self.press("_Cancel")
        time.sleep(0.3)
        self.assertEqual(self.pages(), [])
        wait_for(lambda: login.press() is None and self.window.find("label", self.word(RISK)),
                 "the sentence again")
        self.press("_Open All the Same")
        self.assertIn("xtsgjj", self.opened(self.browser)[0])
        self.sees("%s opens in your browser.", self.title())
        # from now on it is known
        login.press()
        wait_for(lambda: len(self.pages()) == 2, "the second page")
        self.assertIsNone(self.window.find("label", self.word(RISK)))

    def title(self):
        return {"zh_CN": "邢台市住房公积金网上业务大厅", "en": "Xingtai housing fund"}[LANGUAGE]

    def log_in(self):
        self.hall_page().press()
        self.press("_Open All the Same")
        self.opened(self.browser)
        wait_for(lambda: os.path.exists(self.desktop.path(
            "home", ".local", "share", "openukey", "halls.conf")), "what is remembered")

    def test_the_key_that_was_used_is_proposed_and_a_new_one_has_to_be_bound(self):
        self.key("old", serial="TEST0031")
        self.key("other", serial="TEST0032", unit="示例别家有限公司")
        self.desktop.plug(0, "old")
        self.start()
        self.log_in()
        self.desktop.plug(1, "other")
        # with both in, the one that was used
        self.sees("Use the key %s (…%s).", UNIT, "0031")
        self.desktop.pull(0)
        self.desktop.pull(1)
        # issued anew: the same unit on another key
        self.key("new", serial="TEST0033", days=400)
        self.desktop.plug(0, "new")
        self.sees("Use the key %s (…%s).", UNIT, "0033")
        self.sees(REISSUED)
        self.sees("Bind the key again")
        self.picture("hall-bind")
        self.press("Unit _Login")
        self.sees("It Is _Bound Again", role="push button")
        self.press("It Is _Bound Again")
        wait_for(lambda: len(self.pages()) == 2, "the second page")
        self.window.wait_gone("label", self.word(REISSUED))
        self.press("Unit _Login")
        wait_for(lambda: len(self.pages()) == 3, "the third page, unasked")

    @long_in_english
    def test_changed_data_have_to_be_bound_again(self):
        self.key("before", serial="TEST0034")
        self.desktop.plug(0, "before")
        self.start()
        self.log_in()
        self.desktop.pull(0)
        self.key("after", serial="TEST0034", unit="示例果业股份有限公司", days=300)
        self.desktop.plug(0, "after")
        self.sees(CHANGED)

    @long_in_english
    def test_by_keyboard_alone(self):
        self.start()
        self.window.wait("push button", CATEGORY).grab()
        self.desktop.key("space")
        self.window.wait("push button", CITY).grab()
        self.desktop.key("Return")
        self.sees("Unit _Login", role="push button").grab()
        self.desktop.key("Return")
        self.sees(RISK)
        self.desktop.key("Escape")
        self.desktop.key("alt+Left")
        self.sees("Search halls", role="text")

    # ---- taking the key out ----

    def tell_locked(self, active):
        subprocess.run(["gdbus", "emit", "--session", "--object-path",
                        "/org/freedesktop/ScreenSaver", "--signal",
                        "org.freedesktop.ScreenSaver.ActiveChanged", active], check=True)

    def news(self, told):
        """Notifications since then that say to take the key out."""
        word = self.word("Take the key out: %s").partition("%")[0]
        return [note for note in self.desktop.notifications()[told:] if word in note["summary"]]

    def test_one_reminder_when_the_screen_is_locked(self):
        told = len(self.desktop.notifications())
        self.start()
        self.sees("Search halls", role="text")
        self.tell_locked("true")  # no key: nothing to say
        self.key("in", serial="TEST0035")
        self.desktop.plug(0, "in")
        self.window.wait("list item", UNIT + "…")
        self.tell_locked("false")
        self.tell_locked("true")
        wait_for(lambda: self.news(told), "the reminder")
        self.tell_locked("false")
        self.tell_locked("true")
        self.end_session()
        time.sleep(0.5)
        self.assertEqual(len(self.news(told)), 1)
        self.assertIn(UNIT, self.news(told)[0]["summary"])
        # out and in again: said again
        self.desktop.pull(0)
        self.desktop.plug(0, "in")
        wait_for(lambda: self.end_session() is None and len(self.news(told)) == 2, "the second")

    def end_session(self):
        """As the bridge does when a hall's session is over."""
        subprocess.run(["gdbus", "call", "--session", "--dest", "org.openukey.Assistant",
                        "--object-path", "/org/openukey/Assistant", "--method",
                        "org.gtk.Actions.Activate", "session-ended", "[]", "{}"], check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
