# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where a PIN must not be found after it was typed into the prompt."""

import os
import unittest

from pinentry_case import PinentryCase
from processes import wait_for
from secrets_left import memory_of, spellings

PIN = "Qz8Jq7"  # none of its characters is in any other text of the window


class SecretsTest(PinentryCase):
    def setUp(self):
        # Before the accessibility bus has a listener the prompt would have no reason to say much.
        from recorder import Recorder
        self.recorder = Recorder(self.desktop, self._testMethodName)
        self.asker_ = self.asker()

    def type_pin(self):
        field = self.wait_field(self.asker_)
        self.desktop.type(PIN)
        wait_for(lambda: len(field.text) == len(PIN), "%d stars" % len(PIN))

    def assert_gone(self, pid, *pins):
        parts = memory_of(pid)
        self.assertGreater(sum(map(len, parts)), 1 << 20)
        for pin in pins:
            for secret in spellings(pin):
                for part in parts:
                    self.assertFalse(secret in part, pin)

    def test_the_accessibility_bus_gets_no_character_of_it(self):
        self.asker_.ask(left=3, max=10, serial="1111")
        self.wait_number(self.asker_)
        self.desktop.type("3")
        self.desktop.key("Return")
        self.type_pin()
        self.desktop.key("BackSpace")
        self.desktop.type(PIN[-1])
        self.desktop.key("Return")
        self.assertEqual(self.asker_.answer(), [PIN])
        events = self.recorder.events()
        # It does hear what is typed into an ordinary field, and that something is in this one.
        wait_for(lambda: any(event.get("text") == "3" for event in self.recorder.events()), "3")
        stars = [event for event in events if event.get("role") == "password text" and
                 event["type"].startswith("object:text-changed:insert")]
        self.assertEqual(len(stars), len(PIN) + 1)
        heard = self.recorder.stop()
        self.assertNotIn(PIN.encode(), heard)
        for character in PIN:
            for event in events:
                for what in ("text", "data"):
                    self.assertNotIn(character, str(event.get(what, "")),
                                     event)
            self.assertNotIn(b"\x01\0\0\0" + character.encode() + b"\0", heard, character)
        self.assertIn(b"\x01\0\0\x003\0", heard, "a key of an ordinary field is told")

    def test_the_prompts_memory_holds_none_of_it_after_the_answer(self):
        if os.geteuid() != 0:
            self.skipTest("only root may read the prompt's memory")
        self.asker_.ask(reason="change")
        self.type_pin()
        pid = self.asker_.program.process.pid
        self.assertTrue(any(PIN.encode() in part for part in memory_of(pid)),
                        "the search finds what is there")
        self.desktop.key("Tab")
        self.desktop.type(PIN[::-1])
        self.desktop.key("Tab")
        self.desktop.type(PIN[::-1])
        self.desktop.key("Return")
        self.assertEqual(self.asker_.answer(), [PIN, PIN[::-1]])
        # The window is still open: the asker has not said how it went.
        self.assertIsNotNone(self.asker_.program.find("frame"))
        self.assert_gone(pid, PIN, PIN[::-1])

    def test_a_refused_text_is_gone_from_memory_too(self):
        if os.geteuid() != 0:
            self.skipTest("only root may read the prompt's memory")
        self.asker_.ask(min_length=12)
        self.type_pin()
        self.desktop.key("Return")
        wait_for(lambda: self.message(self.asker_), "a sentence")
        self.assert_gone(self.asker_.program.process.pid, PIN)

    def test_the_process_is_not_dumped_and_nobody_else_may_look(self):
        self.asker_.ask()
        self.type_pin()
        proc = "/proc/%d/" % self.asker_.program.process.pid
        self.assertEqual(os.stat(proc + "environ").st_uid, 0)
        with open(proc + "limits", encoding="utf-8") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4], "0")
        if os.geteuid() == 0:
            with open(proc + "smaps", encoding="utf-8") as file:
                flags = [line.split() for line in file if line.startswith("VmFlags")]
            # The sanitizers' runtime locks nothing.
            wanted = {"dd"} if "OPENUKEY_TEST_PRELOAD" in os.environ else {"dd", "lo"}
            self.assertTrue(any(wanted <= set(each) for each in flags),
                            "a locked page that is left out of dumps")

    def test_no_log_and_no_file_has_it(self):
        self.asker_.ask()
        self.type_pin()
        self.desktop.key("Return")
        self.assertEqual(self.asker_.answer(), [PIN])
        for folder, _, names in os.walk(self.desktop.dir):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        self.assertNotIn(PIN.encode(), file.read(), path)


if __name__ == "__main__":
    unittest.main()
