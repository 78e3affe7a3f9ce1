# SPDX-License-Identifier: LGPL-2.1-or-later
"""PINs from 我的证书: the window starts the prompt, the prompt's field has the keyboard, the key's
own counter says what was spent. OPENUKEY_TEST_LANGUAGE says in which language."""

import os
import time
import unittest

from assistant_case import NEW_PIN, PIN, AssistantCase, long_in_english
from processes import wait_for

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


class WindowPinTest(AssistantCase):
    language = LANGUAGE

    def start(self, name, *options, serial, **more):
        self.key(name, *options, serial=serial, **more)
        self.desktop.plug(0, name)
        self.open()
        self.tab("UKEY PIN")

    # ---- the jobs ----

    def test_the_pin_is_changed(self):
        self.start("change", serial="TEST0011", first=True)
        self.sees("This key still has its first PIN, which many people know. Choose your own.")
        self.picture("pin-first")
        self.press("_Change PIN")
        self.field()
        self.picture("pin-change")
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        wait_for(lambda: self.window.find(
            "label", self.word("This key still has its first PIN, which many people know. Choose "
                               "your own.")) is None, "the first-PIN banner gone")
        self.picture("pin-changed")
        self.assertEqual(self.desktop.tries_left(0), 10)
        self.try_pin(NEW_PIN)
        self.sees("The PIN is right. All tries are there again.")

    def test_a_wrong_pin_is_recovered_from(self):
        self.start("wrong", serial="TEST0012")
        self.press("_Test PIN")
        self.sees_part(self.word("This tells whether a PIN is right. A wrong one uses up a try; the "
                                 "right one gives all tries back. Now: %s.").partition("%")[0])
        self.picture("pin-cost")
        self.press("_Type the PIN")
        self.type_pin("Nothing7")
        wait_for(lambda: self.desktop.tries_left(0) == 9, "one try spent")
        self.field()
        time.sleep(0.3)
        self.picture("pin-wrong")
        self.type_pin(PIN)
        self.sees("The PIN is right. All tries are there again.")
        self.assertEqual(self.desktop.tries_left(0), 10)

    @long_in_english
    def test_stopping_costs_no_try(self):
        self.start("stop", serial="TEST0013")
        self.press("_Change PIN")
        self.field()
        self.desktop.key("Escape")
        self.prompt_gone()
        self.assertEqual(self.desktop.tries_left(0), 10)
        self.press("_Test PIN")
        self.press("Do _Not Try")
        self.assertEqual(self.desktop.tries_left(0), 10)

    @long_in_english
    def test_the_last_tries_show_the_way_out_first(self):
        self.start("few", "--tries", "2", serial="TEST0014")
        self.sees("What to bring")
        self.picture("pin-few")

    @long_in_english
    def test_a_key_pulled_while_the_prompt_is_open_is_told(self):
        self.start("pulled", serial="TEST0015")
        self.press("_Change PIN")
        self.field()
        self.desktop.pull(0)
        self.prompt_gone()
        self.sees("Plug in your key")

    def test_the_pin_is_changed_by_keyboard_alone(self):
        self.key("keys", serial="TEST0016")
        self.desktop.plug(0, "keys")
        self.open()
        self.sees_part("0016")
        self.go_to("radio button", "UKEY PIN")
        self.desktop.key("space")
        self.go_to("push button", "_Change PIN")
        self.desktop.key("Return")
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        self.go_to("push button", "_Test PIN")
        self.desktop.key("Return")
        self.go_to("push button", "_Type the PIN")
        self.desktop.key("Return")
        self.type_pin(NEW_PIN)
        self.sees("The PIN is right. All tries are there again.")


if __name__ == "__main__":
    unittest.main()
