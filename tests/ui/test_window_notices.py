# SPDX-License-Identifier: LGPL-2.1-or-later
"""What goes on without the window: notifications, reminders, the tray, a second start, practice."""

import os
import shutil
import subprocess
import time
import unittest

from assistant_case import ASSISTANT, UNIT, AssistantCase, long_in_english
from processes import wait_for

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")
NAME, PATH = "org.openukey.Assistant", "/org/openukey/Assistant"


class NoticesTest(AssistantCase):
    language, tray, readers = LANGUAGE, True, 2

    def setUp(self):
        self.told = len(self.desktop.notifications())
        # a newer certificate of the same unit would keep the reminder away
        shutil.rmtree(self.desktop.path("home", ".local", "share", "openukey"), ignore_errors=True)

    def background(self):
        """Starts it as the session does, and waits until it has looked around."""
        os.makedirs(self.desktop.path("home", ".config", "autostart"), exist_ok=True)
        self.desktop.write("home/.config/autostart/org.openukey.Assistant.desktop",
                           "[Desktop Entry]\nType=Application\nName=x\nExec=x\n")
        self.program = self.desktop.start(ASSISTANT, "--background", language=self.language)
        self.addCleanup(self.program.stop)
        self.addCleanup(self.never_start)
        wait_for(lambda: self.owned(), "the name on the bus")
        time.sleep(1.5)

    def never_start(self):
        shutil.rmtree(self.desktop.path("home", ".config", "autostart"), ignore_errors=True)

    def owned(self):
        out, _ = self.desktop.run("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus",
                                  "--object-path", "/", "--method",
                                  "org.freedesktop.DBus.NameHasOwner", NAME)
        return "true" in out

    def news(self):
        return self.desktop.notifications()[self.told:]

    def test_a_key_that_comes_is_told_with_its_unit_and_the_notice_opens_the_window(self):
        self.key("told", serial="TEST0021")
        self.background()
        self.assertIsNone(self.program.find("frame"))
        self.desktop.plug(0, "told")
        notice = wait_for(self.news, "a notification", 4)[0]
        self.assertIn(UNIT, notice["summary"])
        self.assertTrue(notice["actions"], "no button")
        self.desktop.invoke(notice["id"], notice["actions"][0])
        self.program.wait("label", UNIT)

    @long_in_english
    def test_a_first_pin_is_told_with_a_button_to_change_it(self):
        self.key("first", serial="TEST0022", first=True)
        self.background()
        self.desktop.plug(0, "first")
        notice = wait_for(self.news, "a notification", 4)[0]
        self.assertIn(self.word("Set My Own PIN"), notice["actions"])

    @long_in_english
    def test_an_end_is_reminded_of_once(self):
        self.key("ending", serial="TEST0023", days=20)
        self.desktop.plug(0, "ending")
        self.background()
        wait_for(lambda: any(UNIT in note["summary"] + note["body"] for note in self.news()),
                 "a reminder", 5)
        self.program.stop()
        told = len(self.desktop.notifications())
        self.background()
        time.sleep(1)
        self.assertEqual(len(self.desktop.notifications()), told)

    @long_in_english
    def test_the_tray_has_a_menu_that_opens_the_window(self):
        self.background()
        item = wait_for(lambda: self.desktop.log("tray"), "a tray icon")[-1]
        name = item.partition("/")[0]
        out, code = self.desktop.run(
            "gdbus", "call", "--session", "--dest", name, "--object-path",
            "/StatusNotifierItem/Menu", "--method", "com.canonical.dbusmenu.GetLayout", "0", "--",
            "-1", "[]")
        self.assertEqual(code, 0, out)
        self.assertIn(self.word("Check and Repair"), out)
        self.desktop.run("gdbus", "call", "--session", "--dest", name, "--object-path",
                         "/StatusNotifierItem/Menu", "--method", "com.canonical.dbusmenu.Event",
                         "4", "clicked", "<0>", "0")
        self.program.wait("label", self.word("Check and Repair"))

    @long_in_english
    def test_a_second_start_shows_the_first_ones_window_at_the_page_asked_for(self):
        self.background()
        second = self.desktop.start(ASSISTANT, "--page", "halls", language=self.language)
        self.assertEqual(second.end(), 0)
        self.program.wait("text", self.word("Search halls"))

    @long_in_english
    def test_that_it_goes_on_without_its_window_is_told_once(self):
        self.background()
        for told in (1, 1):
            second = self.desktop.start(ASSISTANT, language=self.language)
            self.assertEqual(second.end(), 0)
            self.program.wait("frame", self.word("My Certificates"))
            time.sleep(0.5)
            self.desktop.key("alt+F4")
            wait_for(lambda: self.program.find("frame") is None, "the window gone")
            time.sleep(0.5)
            self.assertEqual(len([note for note in self.news() if note["summary"] == self.word(
                "My Certificates goes on without its window")]), told)
        self.assertIsNone(self.program.process.poll())

    @long_in_english
    def test_off_means_nothing_runs(self):
        window = self.open()
        self.desktop.key("alt+F4")
        self.assertEqual(window.end(), 0)

    @long_in_english
    def test_the_practice_key_says_so_on_every_page(self):
        from screen import Atspi, Node
        self.open()
        self.press("_Try It with a Practice Key")

        def practice():
            for node in Node(Atspi.get_desktop(0)).children():
                if node.find("label", self.word(
                        "Practice: this key exists only in this computer. Nothing here reaches a "
                        "hall or a CA. First PIN: 123456.")):
                    return node
            return None
        window = wait_for(practice, "the practice window", 90)
        wait_for(lambda: window.find("radio button", self.word("UKEY PIN")), "its key", 60)
        self.desktop.picture("practice-" + self.language)
        subprocess.run(["gdbus", "call", "--session", "--dest", NAME + ".Rehearsal",
                        "--object-path", PATH + "/Rehearsal", "--method",
                        "org.gtk.Actions.Activate", "quit", "[]", "{}"], env=self.desktop.env,
                       check=True, stdout=subprocess.DEVNULL)
        wait_for(lambda: practice() is None, "the practice window gone")


if __name__ == "__main__":
    unittest.main()
