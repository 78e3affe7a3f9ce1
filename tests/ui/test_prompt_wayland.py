# SPDX-License-Identifier: LGPL-2.1-or-later
"""The prompt as a Wayland program: Weston in a window of the test's screen, so that keys are real."""

import os
import shutil
import unittest

from pinentry_case import PinentryCase
from processes import wait_for

PIN = "Qz8Jq7"
SOCKET = "wayland-test"


@unittest.skipIf(shutil.which("weston") is None, "weston is not installed")
class WaylandTest(PinentryCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desktop.background("weston", "weston", "--backend=x11-backend.so", "--use-pixman",
                               "--socket=" + SOCKET, "--idle-time=0", "--no-config")
        wait_for(lambda: os.path.exists(cls.desktop.path("run", SOCKET)), "Weston")
        wait_for(cls.has_keys, "Weston has the keyboard")

    @classmethod
    def has_keys(cls):
        """Clicks on its background: the window manager gives it no keys by itself."""
        cls.desktop.xdotool("mousemove", "900", "600", "click", "1")
        return "Weston" in cls.desktop.run("xdotool", "getwindowfocus", "getwindowname")[0]

    def wayland_asker(self, language="zh_CN"):
        asker = self.asker(language, GDK_BACKEND="wayland", WAYLAND_DISPLAY=SOCKET,
                           DISPLAY=None)
        asker.ask(parent="wayland:nobody")
        self.wait_field(asker)
        return asker

    def test_the_pin_goes_to_the_asker_and_not_to_the_accessibility_bus(self):
        from recorder import Recorder
        recorder = Recorder(self.desktop)
        asker = self.wayland_asker()
        self.desktop.type(PIN)
        wait_for(lambda: len(self.wait_field(asker).text) == len(PIN), "the stars")
        self.desktop.picture("pinentry-wayland-zh_CN")
        self.desktop.key("Return")
        self.assertEqual(asker.answer(), [PIN])
        heard = recorder.stop()
        self.assertNotIn(PIN.encode(), heard)
        for character in PIN:
            self.assertNotIn(b"\x01\0\0\0" + character.encode() + b"\0", heard)

    def test_caps_lock_is_shown(self):
        asker = self.wayland_asker("en")
        self.desktop.key("Caps_Lock")
        self.addCleanup(self.desktop.key, "Caps_Lock")
        asker.program.wait("label", "…Caps Lock is on…")

    def test_the_halls_password_is_asked_about(self):
        asker = self.wayland_asker()
        self.desktop.type("88888888")
        self.desktop.key("Return")
        wait_for(lambda: "大厅" in self.message(asker), "the question")
        self.assertTrue(asker.silent())
        self.desktop.key("Escape")
        self.assertIsNone(asker.answer())


if __name__ == "__main__":
    unittest.main()
