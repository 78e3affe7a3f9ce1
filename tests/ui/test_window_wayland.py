# SPDX-License-Identifier: LGPL-2.1-or-later
"""我的证书 and its prompt as Wayland programs, in Weston on the test's screen."""

import os
import shutil
import unittest

from assistant_case import NEW_PIN, PIN, UNIT, AssistantCase
from processes import wait_for

SOCKET = "wayland-test"


@unittest.skipIf(shutil.which("weston") is None, "weston is not installed")
class WaylandTest(AssistantCase):
    readers = 1

    def setUp(self):
        self.desktop.background("weston", "weston", "--backend=x11-backend.so", "--use-pixman",
                                "--socket=" + SOCKET, "--idle-time=0", "--no-config")
        wait_for(lambda: os.path.exists(self.desktop.path("run", SOCKET)), "Weston")
        wait_for(self.has_keys, "Weston has the keyboard")

    def has_keys(self):
        """Clicks on its background: the window manager gives it no keys by itself."""
        self.desktop.xdotool("mousemove", "900", "600", "click", "1")
        return "Weston" in self.desktop.run("xdotool", "getwindowfocus", "getwindowname")[0]

    def test_the_pin_is_changed(self):
        self.key("wayland", serial="TEST0041")
        self.desktop.plug(0, "wayland")
        self.open(GDK_BACKEND="wayland", WAYLAND_DISPLAY=SOCKET, DISPLAY=None)
        self.sees_part(UNIT)
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.field()
        self.desktop.picture("window-wayland-" + self.language)
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        self.assertEqual(self.desktop.tries_left(0), 10)


if __name__ == "__main__":
    unittest.main()
