# SPDX-License-Identifier: LGPL-2.1-or-later
"""我的证书 as a clerk meets it, by accessible names and by keyboard, in the language of
OPENUKEY_TEST_LANGUAGE. PINs are in test_window_pin.py."""

import os
import shutil
import time
import unittest

from assistant_case import CODE, UNIT, AssistantCase, long_in_english
from processes import wait_for

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


class WindowTest(AssistantCase):
    language = LANGUAGE

    def test_a_key_shows_its_unit_as_soon_as_it_is_plugged_in_and_goes_when_it_is_pulled(self):
        self.key("alive")
        self.open()
        self.sees("Plug in your key")
        self.picture("window-no-key")
        self.desktop.plug(0, "alive")
        seen = time.monotonic()
        self.sees_part(UNIT, timeout=2.5)
        self.assertLess(time.monotonic() - seen, 2.5)
        self.sees("Valid")
        self.sees_days("%d day left", "%d days left", 365)
        self.picture("window-key")
        self.desktop.pull(0)
        self.sees("Plug in your key", timeout=2.5)

    def test_details_are_read_copied_and_left_again(self):
        self.key("details", serial="TEST0002")
        self.desktop.plug(0, "details")
        self.open()
        self.press("_Details")
        self.sees_part(CODE)
        self.sees("Whose it is")
        self.assertIsNotNone(self.window.find("label", self.word("Signing certificate"),
                                              showing=False))
        self.picture("window-details")
        self.press("_Copy All")
        self.sees("Copied. You can paste it into a message.")
        self.desktop.key("Escape")
        self.sees("_Details", role="push button")

    @long_in_english
    def test_what_cannot_be_used_is_shown_with_its_reason(self):
        self.key("ended", serial="TEST0003", days=-3)
        self.desktop.plug(0, "ended")
        self.desktop.plug(1, "blank", "--serial", "TEST0004")
        self.open()
        self.sees_part(UNIT)
        self.sees("Expired")
        self.sees_days("ended %d day ago", "ended %d days ago", 4)
        self.picture("window-ended")
        self.row("0004…")
        self.sees("This key is blank")
        self.picture("window-blank")

    def test_a_locked_key_says_how_it_is_unlocked_and_whom_to_call(self):
        self.key("locked", "--tries", "1", serial="TEST0005")
        self.desktop.plug(0, "locked")
        self.lock("TEST0005")
        self.open()
        self.sees("This key is locked: its PIN was wrong too many times. The certificates on it "
                  "are safe.")
        self.picture("window-locked")
        self.press("How to _Unlock It")
        self.sees("This key is locked")
        self.sees("What to bring")
        self.sees_part("000-0000")
        self.assertIsNone(self.window.find("push button", self.word("_Change PIN")))
        self.picture("window-locked-route")

    def test_a_hall_is_opened_in_three_presses(self):
        opened = self.fake_browser()
        self.forget_halls()
        self.open()
        self.place("Halls")
        self.sees("Search halls", role="text").grab()
        self.desktop.type("xt")
        wait_for(lambda: len(self.hall_buttons()) == 1, "one hall left")
        self.picture("window-halls")
        self.hall_buttons()[0].press()
        self.press("_Open All the Same")
        self.assertIn("xtsgjj", self.opened(opened)[0])

    def forget_halls(self):
        """The sentence about an address without https is said once for each hall."""
        path = self.desktop.path("home", ".local", "share", "openukey", "halls.conf")
        if os.path.exists(path):
            os.remove(path)

    def hall_buttons(self):
        return self.window.all("push button", self.word("Open %s").partition("%")[0] + "…")

    @long_in_english
    def test_without_a_browser_or_help_viewer_the_window_says_so(self):
        self.forget_halls()
        shutil.rmtree(self.desktop.path("home", ".local", "share", "applications"),
                      ignore_errors=True)
        self.desktop.write("home/.config/mimeapps.list", "")
        share = self.desktop.path("home", "share")  # all of the system but its programs
        os.mkdir(share)
        for name in ("icons", "glib-2.0", "mime"):
            os.symlink("/usr/share/" + name, os.path.join(share, name))
        self.open(XDG_DATA_DIRS=share)
        self.desktop.key("F1")
        self.sees("The help pages cannot be shown: no program for them (yelp) is installed.")
        self.place("Halls")
        wait_for(self.hall_buttons, "halls")[0].press()
        self.press("_Open All the Same")
        self.sees_part(self.word("No browser could be started. The address is %s").partition("%")[0])

    @long_in_english
    def test_names_of_keys_are_kept(self):
        self.key("named", serial="TEST0006")
        self.desktop.plug(0, "named")
        self.open()
        self.press("Re_name…")
        self.desktop.type("caiwu")
        self.desktop.key("Return")
        self.sees("The name is kept on this computer.")
        self.sees("caiwu")
        self.picture("window-named")

    @long_in_english
    def test_dates_are_known_without_the_key_and_can_be_forgotten(self):
        self.key("seen", serial="TEST0007", days=20)
        self.desktop.plug(0, "seen")
        self.open()
        self.sees_part(UNIT)
        self.desktop.pull(0)
        self.sees("Plug in your key")
        self.place("Validity Dates")
        self.sees_part(UNIT)
        self.picture("window-dates")
        while self.window.find("push button", self.word("_Forget")):
            before = len(self.window.all("push button", self.word("_Forget")))
            self.press("_Forget")
            deadline = time.monotonic() + 5
            while (len(self.window.all("push button", self.word("_Forget"))) == before and
                   time.monotonic() < deadline):
                time.sleep(0.05)
        self.sees("Nothing is remembered yet")

    @long_in_english
    def test_preferences_and_about_open_and_close(self):
        self.open()
        self.desktop.key("ctrl+comma")
        self.window.wait("dialog", self.word("Preferences"))
        self.picture("window-preferences")
        entry = self.desktop.path("home", ".config", "autostart", "org.openukey.Assistant.desktop")
        for switched in (True, False):
            self.window.press("toggle button", self.word("_Start with the session"))
            wait_for(lambda on=switched: os.path.exists(entry) == on, "autostart %s" % switched)
        self.desktop.key("Escape")
        self.window.wait_gone("dialog", self.word("Preferences"))

    @long_in_english
    def test_without_the_service_the_window_says_so(self):
        self.open()
        self.sees("Plug in your key")
        self.desktop.end_service()
        self.sees("The smart card service is not running", timeout=15)
        self.picture("window-no-service")
        self.desktop.begin_service()
        self.sees("Plug in your key", timeout=15)

    def test_the_jobs_by_keyboard_alone(self):
        """Alive, details, hall: no pointer, no accessible action, only keys."""
        opened = self.fake_browser()
        self.forget_halls()
        self.key("keyboard", serial="TEST0008")
        self.desktop.plug(0, "keyboard")
        self.open()
        self.sees_part(UNIT)
        self.go_to("push button", "_Details")
        self.desktop.key("Return")
        self.sees_part(CODE)
        self.desktop.key("Escape")
        self.sees("_Details", role="push button")
        self.desktop.key("alt+3")
        self.sees("Search halls", role="text")
        self.go_to("text", "Search halls")
        self.desktop.type("xingtai")
        time.sleep(0.5)
        self.desktop.key("Return")
        self.sees("_Open All the Same", role="push button")
        self.go_to("push button", "_Open All the Same")
        self.desktop.key("Return")
        self.opened(opened)
        self.desktop.key("ctrl+q")
        self.assertEqual(self.window.end(), 0)


if __name__ == "__main__":
    unittest.main()
