# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stranger's program signs with a PIN that is typed into the desktop session's prompt."""

import os
import signal
import unittest

from pinentry_case import PINENTRY
from processes import wait_for
from session_case import NEW_PIN, PIN, TOOL, SessionCase


UKEY = os.environ["OPENUKEY_UKEY"]


class SessionTest(SessionCase):
    def test_a_strangers_program_signs_with_the_pin_typed_into_the_prompt(self):
        tool = self.sign()
        self.wait_prompt()
        shown = "\n".join(self.session.texts())
        self.assertIn("/" + TOOL, shown)
        self.assertIn("练习用的UKEY", shown)
        self.assertIn("还可以试 10 次（共 10 次）", shown)
        self.desktop.picture("prompt-session-zh_CN")
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)
        self.verify()
        self.wait_closed()
        for folder in ("logs", "home", "run"):
            for path, _, names in os.walk(self.desktop.path(folder)):
                for name in names:
                    if os.path.isfile(os.path.join(path, name)):
                        with open(os.path.join(path, name), "rb") as file:
                            self.assertNotIn(PIN.encode(), file.read(), name)

    def test_wrong_then_right(self):
        tool = self.sign()
        self.wait_prompt()
        self.enter("not-it-1")
        self.assertNotEqual(tool.end(), 0)
        self.assertIn("CKR_PIN_INCORRECT", tool.log)
        self.assertEqual(self.left(), 9)
        self.wait_closed()
        tool = self.sign()
        self.wait_prompt()
        self.session.wait("notification", "…不对…")
        self.assertIn("还可以试 9 次（共 10 次）", self.message(self.asker_of(self.session)))
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)
        self.verify()
        self.assertEqual(self.left(), 10)

    def test_what_is_no_pin_costs_no_try(self):
        tool = self.sign()
        self.wait_prompt()
        self.desktop.key("Caps_Lock")
        self.session.wait("label", "…Caps Lock…")
        self.desktop.key("Caps_Lock")
        for text, said in (("１２３４５６", "全角"), ("88888888", "大厅"), ("12", "太短")):
            self.enter(text)
            wait_for(lambda: said in self.message(self.asker_of(self.session)), said)
            self.assertEqual(self.left(), 10)
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)

    def test_the_last_tries_are_guarded(self):
        self.pull()
        self.provision("few-%d" % self.count, tries=2)
        tool = self.sign()
        number = self.wait_number(self.asker_of(self.session))
        self.enter("1")
        self.assertIsNone(self.session.find("password text"))
        number.grab()
        self.desktop.key("BackSpace")
        self.enter("2")
        self.wait_prompt()
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)
        self.verify()

    def test_stopping_costs_no_try(self):
        tool = self.sign()
        self.wait_prompt()
        self.desktop.key("Escape")
        self.assertNotEqual(tool.end(), 0)
        self.assertIn("CKR_FUNCTION_CANCELED", tool.log)
        self.assertEqual(self.left(), 10)
        self.wait_closed()

    def test_a_window_that_is_killed_costs_no_try_and_the_next_one_opens(self):
        tool = self.sign()
        self.wait_prompt()
        for pid in self.session.pids()[1:]:
            os.kill(pid, signal.SIGKILL)
        self.assertNotEqual(tool.end(), 0)
        self.assertEqual(self.left(), 10)
        tool = self.sign()
        self.wait_prompt()
        self.enter(PIN)
        self.assertEqual(tool.end(), 0, tool.log)

    def test_the_window_goes_with_its_asker(self):
        tool = self.sign()
        self.wait_prompt()
        tool.process.kill()
        self.wait_closed()
        self.assertEqual(self.left(), 10)

    def test_one_window_at_a_time(self):
        first = self.sign()
        self.wait_prompt()
        second = self.sign()
        wait_for(lambda: len(self.desktop_clients()) == 2, "both are at the socket")
        self.assertEqual(len(self.session.pids()), 2)
        self.desktop.key("Escape")
        self.assertNotEqual(first.end(), 0)
        self.wait_prompt()
        self.enter(PIN)
        self.assertEqual(second.end(), 0, second.log)

    def test_the_pin_is_changed_through_it(self):
        tool = self.tool("--change-pin")
        self.wait_prompt()
        for text in (PIN, NEW_PIN):
            self.desktop.type(text)
            self.desktop.key("Tab")
        self.enter(NEW_PIN)
        self.assertEqual(tool.end(), 0, tool.log)
        tool = self.sign()
        self.wait_prompt()
        self.enter(NEW_PIN)
        self.assertEqual(tool.end(), 0, tool.log)

    def test_a_key_that_this_computer_remembers_is_called_by_its_unit(self):
        text, code = self.desktop.run(UKEY, "remember")
        self.assertEqual(code, 0, text)
        tool = self.sign()
        self.wait_prompt()
        self.session.wait("label", "邢台示例商贸有限公司")
        self.desktop.key("Escape")
        self.assertNotEqual(tool.end(), 0)

    def test_a_second_one_leaves_the_first_alone(self):
        second = self.desktop.start(PINENTRY, "--session")
        self.assertEqual(second.end(), 0)
        self.assertEqual(second.log, "")
        tool = self.sign()
        self.wait_prompt()
        self.desktop.key("Escape")
        self.assertNotEqual(tool.end(), 0)

    def test_it_ends_quietly_with_the_session(self):
        run = self.desktop.path("run-2")
        os.mkdir(run, 0o700)
        address = "unix:path=" + run + "/bus"
        bus = self.desktop.background("bus-2", "dbus-daemon", "--session", "--nofork",
                                      "--address=" + address)
        wait_for(lambda: os.path.exists(run + "/bus"), "the other session's bus")
        other = self.desktop.start(PINENTRY, "--session", XDG_RUNTIME_DIR=run,
                                   DBUS_SESSION_BUS_ADDRESS=address, NO_AT_BRIDGE="1")
        wait_for(lambda: os.path.exists(run + "/openukey/prompt"), "its socket")
        bus.terminate()
        other.end()
        self.assertEqual(other.log, "")

    def test_it_ends_quietly_with_the_screen(self):
        reader, writer = os.pipe()
        screen = self.desktop.background("xvfb-2", "Xvfb", "-displayfd", str(writer), "-nolisten",
                                         "tcp", pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as file:
            number = file.readline().strip()
        run = self.desktop.path("run-3")
        os.mkdir(run, 0o700)
        other = self.desktop.start(PINENTRY, "--session", XDG_RUNTIME_DIR=run,
                                   DISPLAY=":" + number)
        wait_for(lambda: os.path.exists(run + "/openukey/prompt"), "its socket")
        screen.kill()
        other.end()
        self.assertEqual(other.log, "")


if __name__ == "__main__":
    unittest.main()
