# SPDX-License-Identifier: LGPL-2.1-or-later
"""The prompt beside the input methods of a Chinese desktop, each of them switched to Pinyin: it
gets what is typed, they get nothing, and what they are good for costs no try."""

import os
import shutil
import time
import unittest

from processes import wait_for
from session_case import PIN, SessionCase

SAMPLE = os.environ["OPENUKEY_TEST_SAMPLE"]
FCITX_PROFILE = """[Groups/0]
Name=Default
Default Layout=us
DefaultIM=pinyin
[Groups/0/Items/0]
Name=keyboard-us
[Groups/0/Items/1]
Name=pinyin
[GroupOrder]
0=Default
"""


class InputMethods:
    """What is tried with each; start() switches it on."""

    programs = ()
    variables = {}

    def setUp(self):
        for program in self.programs:
            if shutil.which(program) is None:
                self.skipTest(program + " is not installed")
        self.desktop.env.update(self.variables)
        self.start()
        super().setUp()

    def composes(self):
        """Whether an ordinary field gets Chinese for Latin letters."""
        sample = self.desktop.start(SAMPLE, **self.variables)
        self.addCleanup(sample.stop)
        entry = sample.wait("text", "名字")
        entry.grab()

        def compose():
            self.desktop.key("ctrl+a", "BackSpace")
            self.desktop.type("ni")
            time.sleep(0.3)
            self.desktop.key("space")
            time.sleep(0.3)
            return any(ord(character) > 0x2e80 for character in entry.text)

        wait_for(compose, "Chinese characters", timeout=20)
        sample.stop()

    def test_the_prompt_gets_what_is_typed_and_no_try_is_lost(self):
        self.composes()
        tool = self.sign()
        self.wait_prompt()
        self.desktop.key("Caps_Lock")
        self.session.wait("label", "…Caps Lock…")
        self.desktop.key("Caps_Lock")
        for text, said in (("１２３４５６", "全角"), ("88888888", "大厅"), ("ni", "太短")):
            self.enter(text)
            wait_for(lambda: said in self.message(self.asker_of(self.session)), said)
            self.assertEqual(self.left(), 10)
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)
        self.verify()


class Fcitx5Test(InputMethods, SessionCase):
    programs = ("fcitx5",)
    variables = {"GTK_IM_MODULE": "fcitx", "XMODIFIERS": "@im=fcitx"}

    def start(self):
        folder = self.desktop.path("home", ".config", "fcitx5")
        os.makedirs(folder, exist_ok=True)
        self.desktop.write("home/.config/fcitx5/profile", FCITX_PROFILE)
        self.desktop.write("home/.config/fcitx5/config", "[Behavior]\nActiveByDefault=True\n")
        self.desktop.background("fcitx5", "fcitx5", "--disable", "wayland,clipboard,cloudpinyin")


class IbusTest(InputMethods, SessionCase):
    programs = ("ibus-daemon", "ibus", "gsettings")
    variables = {"GTK_IM_MODULE": "ibus", "XMODIFIERS": "@im=ibus"}

    def start(self):
        self.desktop.run("gsettings", "set", "org.freedesktop.ibus.general", "preload-engines",
                         "['libpinyin']")
        self.desktop.background("ibus", "ibus-daemon", "--xim")
        wait_for(lambda: self.desktop.run("ibus", "engine")[0] == "libpinyin\n", "Pinyin", 20)


if __name__ == "__main__":
    unittest.main()
