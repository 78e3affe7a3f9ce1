# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PIN prompt as a person meets it, in both languages; a picture of each page."""

import os
import unittest

from pinentry_case import PinentryCase
from processes import wait_for

PIN, NEW_PIN = "yz4Q8k", "Xt93-fq"
HALL_PASSWORD = "88888888"
ROUTE = "怎样解锁：\n1. 打 CA 的客服电话。\n2. 带上材料到服务点。\n请携带：\n• UKEY\n• 营业执照复印件"


class PinentryTest(PinentryCase):
    def each(self, **variables):
        """In each language: an asker, and a function that takes a picture."""
        for language in ("zh_CN", "en"):
            asker = self.asker(language, **variables)
            yield asker, lambda name, end=language: self.desktop.picture(
                "pinentry-%s-%s" % (name, end))
            asker.close()

    def enter(self, *texts):
        """Types into the fields, one after another, and presses Return."""
        for text in texts[:-1]:
            self.desktop.type(text)
            self.desktop.key("Tab")
        self.desktop.type(texts[-1])
        self.desktop.key("Return")

    def wait_message(self, asker, *parts):
        wait_for(lambda: all(part in self.message(asker) for part in parts),
                 "%s in %r" % (parts, self.message(asker)))

    def wait_text(self, asker, *parts):
        wait_for(lambda: all(part in "\n".join(asker.program.texts()) for part in parts), parts)

    def test_who_asks_what_for_which_key_and_the_tries_are_shown(self):
        for asker, picture in self.each():
            asker.ask(site="gjj.xingtai.example", nickname="财务室", purpose="公积金缴存")
            self.wait_field(asker)
            shown = "\n".join(asker.program.texts())
            for part in ("gjj.xingtai.example", "/usr/lib/firefox-esr/firefox-esr", "财务室",
                         "…1234", "邢台示例商贸有限公司", "公积金缴存", "10"):
                self.assertIn(part, shown)
            self.assertNotIn("TEST0000", shown)
            picture("site")

    def test_the_pin_goes_to_the_asker_and_a_right_one_closes_the_window(self):
        for asker, picture in self.each():
            asker.ask(program="/usr/lib/firefox-esr/firefox-esr")
            self.wait_field(asker)
            picture("login")
            self.enter(PIN)
            self.assertEqual(asker.answer(), [PIN])
            asker.tell("right", left=10, max=10)
            wait_for(lambda: asker.program.find("frame") is None, "closed")

    def test_a_wrong_pin_tells_the_tries_left_and_the_right_one_goes_on(self):
        for asker, picture in self.each():
            asker.ask()
            self.wait_field(asker)
            self.enter("wrong-1")
            self.assertEqual(asker.answer(), ["wrong-1"])
            asker.tell("wrong", left=9, max=10)
            asker.ask(left=9)
            self.wait_message(asker, "9", "10")
            self.assertEqual(self.wait_field(asker).text, "")
            picture("wrong")
            self.enter(PIN)
            self.assertEqual(asker.answer(), [PIN])

    def test_what_cannot_be_a_pin_is_not_sent(self):
        refused = (("１２３４５６", "全角", "full-width"), ("密码密码", "不会有", "no UKEY PIN has"),
                   ("123", "太短", "too short"), ("1" * 17, "太长", "too long"),
                   ("12 3456", "空格", "blank"), ("", "请输入", "Type the"))
        for asker, picture in self.each():
            asker.ask()
            self.wait_field(asker)
            for text, *said in refused:
                self.enter(text)
                wait_for(lambda: any(part in self.message(asker) for part in said), said)
                self.assertEqual(self.wait_field(asker).text, "")
                if text.startswith("１"):
                    picture("full-width")
            self.assertTrue(asker.silent())
            self.enter(PIN)
            self.assertEqual(asker.answer(), [PIN])

    def test_the_halls_password_is_asked_about_first(self):
        for asker, picture in self.each():
            asker.ask()
            self.wait_field(asker)
            self.enter(HALL_PASSWORD)
            wait_for(lambda: self.message(asker), "a sentence")
            self.assertTrue(asker.silent())
            picture("hall-password")
            # Typing on takes the question back; insisting sends it.
            self.desktop.key("BackSpace")
            wait_for(lambda: not self.message(asker), "no question")
            self.enter(HALL_PASSWORD)
            wait_for(lambda: self.message(asker), "a sentence")
            self.desktop.key("alt+i")
            self.assertEqual(asker.answer(), [HALL_PASSWORD])

    def test_caps_lock_and_num_lock_are_shown(self):
        asker = self.asker()
        asker.ask()
        self.wait_field(asker)
        self.assertIsNone(asker.program.find("label", "…Caps Lock…"))
        self.desktop.key("Caps_Lock")
        self.addCleanup(self.desktop.key, "Caps_Lock")
        asker.program.wait("label", "…Caps Lock…")
        before = asker.program.wait("label", "…Num Lock…").name
        self.desktop.key("Num_Lock")
        self.addCleanup(self.desktop.key, "Num_Lock")
        wait_for(lambda: asker.program.wait("label", "…Num Lock…").name != before, "Num Lock")
        self.desktop.picture("pinentry-locks-zh_CN")

    def test_the_last_tries_are_guarded(self):
        for asker, picture in self.each():
            asker.ask(left=3, route=ROUTE, hotline="400-000-0000")
            number = self.wait_number(asker)
            self.assertIsNone(asker.program.find("password text"))
            self.desktop.key("Return")
            self.enter("9")
            picture("guard")
            asker.program.find("toggle button").press()
            asker.program.wait("label", "…400-000-0000…")
            picture("guard-route")
            number.grab()
            self.desktop.key("BackSpace")
            self.enter("3")
            self.wait_field(asker)
            self.enter("wrong-1")
            self.assertEqual(asker.answer(), ["wrong-1"])
            asker.tell("wrong", left=2, max=10)
            asker.ask(left=2, route=ROUTE)
            self.wait_number(asker)
            self.enter("2")
            self.wait_field(asker)
            self.enter("wrong-2")
            asker.answer()
            asker.tell("wrong", left=0, max=10)
            wait_for(lambda: asker.program.find("password text") is None, "no field")
            asker.socket.close()
            wait_for(lambda: "CA" in "\n".join(asker.program.texts()), "the way to unlock")
            picture("locked")
            self.desktop.key("Return")
            self.assertEqual(asker.program.end(), 0)

    def test_a_locked_key_gets_no_field_but_the_way_to_unlock_it(self):
        for asker, _ in self.each():
            asker.ask(left=0, route=ROUTE, hotline="400-000-0000")
            self.wait_text(asker, "营业执照复印件", "400-000-0000")
            self.assertIsNone(asker.program.find("password text"))
            self.desktop.key("Escape")
            self.assertIsNone(asker.answer())

    def test_a_key_whose_unlocking_is_not_finished_gets_no_field(self):
        folder = self.desktop.path("home", ".local", "share", "openukey", "unlock")
        os.makedirs(folder, exist_ok=True)
        hint = os.path.join(folder, "x.unlock")
        self.addCleanup(os.unlink, hint)
        with open(hint, "w", encoding="utf-8") as file:
            file.write("[unlock]\nsn=TEST00001234\norder=20261122J000123\nstate=commanded\n")
        for asker, _ in self.each():
            asker.ask()
            self.wait_text(asker, "20261122J000123")
            asker.program.wait_keys()
            self.assertIsNone(asker.program.find("password text"))
            self.desktop.key("Escape")
            self.assertIsNone(asker.answer())

    def test_a_change_checks_the_new_pin_live_and_refuses_weak_ones(self):
        for asker, picture in self.each():
            asker.ask(reason="change", asker="我的证书", program="", first_pin=1,
                      first_hint="初始密码是 123456。")
            self.wait_field(asker)
            picture("change")
            self.desktop.type(PIN)
            self.desktop.key("Tab")
            self.desktop.type("12345")
            wait_for(lambda: any(node.name.endswith((": not kept yet", ": 还没满足"))
                                 for node in asker.program.all("label")), "a broken rule")
            picture("change-live")
            self.enter("6", "123456")
            wait_for(lambda: self.message(asker), "a reason")
            picture("change-weak")
            self.enter(NEW_PIN, NEW_PIN + "x")
            wait_for(lambda: self.wait_field(asker).text == "", "the second one again")
            picture("change-differs")
            self.assertTrue(asker.silent())
            self.enter(NEW_PIN)
            self.assertEqual(asker.answer(), [PIN, NEW_PIN])
            asker.tell("right", left=10, max=10)
            asker.socket.close()
            self.wait_text(asker, "…1234")
            picture("changed")
            self.desktop.key("Return")
            self.assertEqual(asker.program.end(), 0)

    def test_the_old_pin_is_no_new_one(self):
        asker = self.asker()
        asker.ask(reason="change")
        self.wait_field(asker)
        self.enter(PIN, PIN, PIN)
        wait_for(lambda: self.message(asker), "a reason")
        self.assertTrue(asker.silent())

    def test_testing_and_unblocking(self):
        for asker, picture in self.each():
            asker.ask(reason="unblock", left=0, rehearsal=1)
            self.wait_field(asker)
            picture("unblock")
            self.enter(NEW_PIN, NEW_PIN)
            self.assertEqual(asker.answer(), [NEW_PIN])
            asker.ask(reason="test")
            self.wait_field(asker)
            self.enter(PIN)
            self.assertEqual(asker.answer(), [PIN])
            asker.tell("failed", text="UKEY 在完成之前被拔下了。")
            self.wait_text(asker, "UKEY 在完成之前被拔下了。")
            picture("failed")

    def test_stopping_and_closing_say_so(self):
        for stop in (lambda asker: self.desktop.key("Escape"),
                     lambda asker: asker.program.press("push button", asker.words["cancel"]),
                     lambda asker: self.desktop.key("alt+F4")):
            asker = self.asker()
            asker.ask()
            self.wait_field(asker)
            self.desktop.type("123")
            stop(asker)
            self.assertIsNone(asker.answer())
            self.assertEqual(asker.program.end(), 0)

    def test_it_goes_with_its_asker(self):
        asker = self.asker()
        asker.ask()
        self.wait_field(asker)
        asker.socket.close()
        self.assertEqual(asker.program.end(), 0)

    def test_paste_and_the_accessibility_bus_put_nothing_in(self):
        from screen import Atspi, GLib
        asker = self.asker()
        asker.ask()
        field = self.wait_field(asker)
        self.desktop.type("ab")
        self.desktop.key("ctrl+a", "ctrl+c", "ctrl+x", "ctrl+v", "shift+Insert")
        try:
            Atspi.EditableText.insert_text(field.accessible, 0, "zzz", 3)
        except GLib.Error:
            pass
        self.desktop.key("End")
        self.enter("cdefg")
        self.assertEqual(asker.answer(), ["abcdefg"])

    def test_the_keyboard_edits_and_reaches_everything(self):
        asker = self.asker()
        asker.ask(reason="change")
        self.wait_field(asker)
        self.assertEqual([role for role, _ in asker.program.walk()],
                         ["password text"] * 2 + ["push button"] * 2 + ["password text"])
        asker.tell("refused", text="x")
        asker.ask()
        self.wait_field(asker)
        self.desktop.type("bXd12")
        self.desktop.key("Home", "Right", "Delete")
        self.desktop.type("c")
        self.desktop.key("Home")
        self.desktop.type("a")
        self.desktop.key("End", "KP_3")
        self.desktop.key("Return")
        self.assertEqual(asker.answer(), ["abcd123"])

    def test_rubbish_ends_it(self):
        for message in (b"x", b"openukey-prompt=1\n", b"openukey-prompt=1\nreason=party\n",
                        b"openukey-prompt=1\nreason=login\nleft=-1\n", b"\0" * 100):
            asker = self.asker()
            asker.socket.send(message)
            self.assertEqual(asker.program.end(), 0)


if __name__ == "__main__":
    unittest.main()
