# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rig itself: what it says a program shows is what the program shows, and nothing is left."""

import os
import subprocess
import unittest

import processes
from desktop import Desktop
from processes import wait_for

SAMPLE = os.environ["OPENUKEY_TEST_SAMPLE"]


class RigTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.desktop = Desktop(readers=2, tray=True)

    @classmethod
    def tearDownClass(cls):
        folder = cls.desktop.dir
        cls.desktop.stop()
        assert not processes.descendants(), processes.descendants()
        assert not os.path.exists(folder)

    def setUp(self):
        self.program = self.desktop.start(SAMPLE)
        self.addCleanup(self.program.stop)

    def test_a_window_is_found_typed_into_pressed_and_read(self):
        entry = self.program.wait("text", "名字")
        entry.grab()
        self.desktop.type("abc 12")
        wait_for(lambda: entry.text == "abc 12", "what was typed")
        self.program.press("push button", "确定(O)" if self.program.find(name="确定(O)") else "确定…")
        self.program.wait("label", "你好 abc 12")
        self.assertGreater(os.path.getsize(self.desktop.picture("rig")), 1000)

    def test_the_keyboard_alone_reaches_everything(self):
        self.program.wait("text", "名字").grab()
        self.assertEqual([role for role, _ in self.program.walk()], ["push button", "text"])

    def test_a_recording_has_what_was_typed_into_an_open_field(self):
        from recorder import Recorder
        recorder = Recorder(self.desktop)
        self.program.wait("text", "名字").grab()
        self.desktop.type("4711")
        wait_for(lambda: any(event.get("text") == "4711" for event in recorder.events()), "the text")
        self.assertIn(b"4711", recorder.stop())

    def test_a_key_is_plugged_and_pulled(self):
        self.desktop.plug(0, "blank", "--serial", "R1", "--label", "R1")
        self.assertEqual(self.desktop.status(0)["serial"], "R1")
        self.desktop.pull(0)

    def test_a_notification_is_seen_and_its_button_pressed(self):
        subprocess.run(["gdbus", "call", "--session", "--dest", "org.freedesktop.Notifications",
                        "--object-path", "/org/freedesktop/Notifications", "--method",
                        "org.freedesktop.Notifications.Notify", "me", "0", "icon", "标题", "正文",
                        "['a', 'b']", "{}", "5000"], env=self.desktop.env, check=True,
                       stdout=subprocess.DEVNULL)
        self.assertEqual(self.desktop.notifications()[-1]["summary"], "标题")
        self.desktop.invoke(self.desktop.notifications()[-1]["id"], "a")


if __name__ == "__main__":
    unittest.main()
