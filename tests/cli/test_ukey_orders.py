#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey with a certificate service behind it: unlocking, renewing, losing, finding orders again."""
import os
import shutil
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

from rig_case import RigCase
from service_case import CODE, ServiceCase
from ukey_case import LOCKED, NO_KEY, REFUSED, UNIT, Terminal, sanitizer

SERVICE_EXIT = 11
BUSY = ("SERVICE_UNAVAILABLE", "SERVICE_BUSY", "SERVICE_TIMEOUT", "UNLOCK_LATE")
PATIENCE = 60
OPEN_LETTER = str(Path(__file__).resolve().parents[2] / "virtual/rehearsal/open_letter.py")
NEW_PIN = "Pear-1357"
FORM = "legal_name=李四\nlegal_phone=13800138000\nhandler_name=张三\nhandler_phone=13700137000\n"
TEXTS = [word for name in ("agreement", "privacy", "bank-data", "risk") for word in ("--agree", name)]


def stranger():
    """A program that is not ours has to bring the sanitizer along for our module."""
    env, preload = {**os.environ, **sanitizer()}, os.environ.get("OPENUKEY_TEST_PRELOAD")
    return {**env, "LD_PRELOAD": preload} if preload else env


class OrdersCase(ServiceCase, RigCase):
    def setUp(self):
        super().setUp()
        data = self.box + "/data"
        os.environ["XDG_DATA_HOME"] = data
        self.addCleanup(os.environ.pop, "XDG_DATA_HOME")
        self.write("form", FORM)
        self.made_key("key", "SN0001")
        self.plug("key")

    def read(self, name):
        with open(name, encoding="utf-8") as file:
            return file.read()

    def ukey(self, *args, code=0, **more):
        """Patient with a busy machine, as a person is who is told to try again."""
        for _ in range(5):
            done = super().ukey(*args, code=None, **more)
            if done.code == code or not any(word in done.err for word in BUSY):
                break
            time.sleep(1)
        if code is not None:
            self.assertEqual(done.code, code, "%s\n%s%s" % (args, done.out, done.err))
        return done

    def lock(self):
        for left in range(10, 0, -1):
            more = ["--confirm-tries", str(left)] if left <= 3 else []
            self.ukey("pin", "test", *more, pin="000000", code=None)
        self.ukey("pin", "test", pin="123456", code=LOCKED)

    def code(self):
        return self.service("inbox", "last", "--code").strip()

    def orders(self):
        return {order["kind"]: order for order in self.ukey("orders", "--json").json()}


class Unlock(OrdersCase):
    def test_a_locked_key_is_unlocked_with_the_code_that_came(self):
        self.lock()
        begun = self.ukey("unlock", "--form", "form")
        self.assertIn("the code was sent", begun.out)
        self.assertEqual(self.left(), 0)
        wrong = f"{(int(self.code()) + 1) % 10**8:08}"
        self.ukey("unlock", code_=wrong, new_pin=NEW_PIN, code=SERVICE_EXIT)
        # the code stays good when the new PIN is not
        self.ukey("unlock", code_=self.code(), new_pin="123456", code=1)
        self.assertIn("has the new PIN",
                      self.ukey("unlock", code_=self.code(), new_pin=NEW_PIN).out)
        self.ukey("pin", "test", pin=NEW_PIN)
        self.assertEqual((self.left(), self.orders()["unlock"]["state"]), (10, "done"))

    def test_a_person_at_a_terminal_is_asked_for_everything(self):
        term = Terminal("unlock", language="zh_CN")
        for question, answer in (("单位名称 [", ""), ("统一社会信用代码 [", ""),
                                 ("法定代表人姓名", "李四"), ("法定代表人手机号", "13800138000"),
                                 ("经办人姓名", "张三"), ("经办人手机号", "13700137000"),
                                 ("都正确吗？", "是")):
            term.wait_for(question)
            term.type(answer)
        for question, answer in (("授权码（8 位数字", "00000000"), ("授权码（8 位数字", None),
                                 ("新 PIN", "123"), ("新 PIN", NEW_PIN), ("再输", NEW_PIN)):
            term.wait_for(question)
            term.text = ""  # the same question may come again
            term.type(answer or self.code())
        code = term.end()
        self.assertNotIn(NEW_PIN, term.text)
        if any(word in term.text for word in BUSY):
            self.ukey("unlock", code_=self.code(), new_pin=NEW_PIN)
        else:
            self.assertEqual(code, 0, term.text)
        self.ukey("pin", "test", pin=NEW_PIN)

    def pending(self):
        return self.ukey("list", "--json").json()[0].get("unlock_pending")

    def test_what_was_finished_elsewhere_is_not_pending_here(self):
        here, elsewhere = self.box + "/data", self.box + "/elsewhere"
        self.lock()
        self.ukey("unlock", "--form", "form")
        self.tell("fault", "ins", "16", "pull-before")
        self.ukey("unlock", code_=self.code(), new_pin=NEW_PIN, code=None)
        self.pull()
        self.plug("key")
        number = self.orders()["unlock"]["number"]
        self.assertEqual(self.pending(), number)
        shutil.copytree(here, elsewhere)
        os.environ["XDG_DATA_HOME"] = elsewhere
        self.assertIn("has the new PIN",
                      self.ukey("unlock", code_=self.code(), new_pin=NEW_PIN).out)
        os.environ["XDG_DATA_HOME"] = here
        with mock.patch.dict(os.environ, {"OPENUKEY_SERVICE": "http://127.0.0.1:1"}):
            self.assertEqual(self.pending(), number)  # nobody says otherwise
        self.assertIsNone(self.pending())
        self.ukey("pin", "test", pin=NEW_PIN)

    def test_a_foreign_telephone_gets_no_code(self):
        self.write("form", FORM.replace("13800138000", "13800000000"))
        begun = self.ukey("unlock", "--form", "form")
        self.assertIn("Go to a service point", begun.out)
        self.assertNotIn("13800000000", self.service("inbox"))


class Renew(OrdersCase):
    def begun(self):
        return self.ukey("renew", "--form", "form", "--years", "1", *TEXTS)

    def ends(self):
        return {cert["not_after"][:10] for key in self.ukey("list", "--json").json()
                for cert in key["certificates"] if cert["pair"] == "sign"}

    def encrypt(self):
        """A letter to the certificate for encryption; what opens it."""
        self.run_ok("openssl", "x509", "-in", "SN0001-enc.crt", "-noout", "-pubkey", "-out", "pub")
        with open("letter.key", "wb") as file:
            file.write(bytes(range(16)))
        self.run_ok("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub", "-in", "letter.key",
                    "-out", "key.enc")
        self.write("letter", "what was written before\n")
        self.run_ok("openssl", "enc", "-sm4-cbc", "-K", bytes(range(16)).hex(), "-iv", "00" * 16,
                    "-in", "letter", "-out", "letter.enc")

    def opened(self):
        reader, writer = os.pipe()
        os.write(writer, b"123456")
        os.close(writer)
        try:
            return self.run_ok("sh", "-c", 'exec "$0" "$@" 3<&%d' % reader, sys.executable,
                               OPEN_LETTER, os.environ["OPENUKEY_MODULE"], "SN0001",
                               b"Unit\1".hex(), "key.enc", "letter.enc", pass_fds=[reader],
                               env=stranger())
        finally:
            os.close(reader)

    def test_a_certificate_is_renewed_onto_the_key(self):
        before = self.ends()
        self.encrypt()
        asked = self.begun()
        self.assertIn("220.00 yuan", asked.out)
        self.assertIn("█", asked.out)  # the code to pay with
        self.service("pay", "last")
        self.assertIn("working on it", self.ukey("renew").out)
        self.service("approve", "last")
        done = self.ukey("renew", pin="123456")
        self.assertIn("The new certificate is on the key", done.out)
        after = self.ends()
        self.assertEqual(len(after), 1, after)
        self.assertGreater(min(after), max(before))
        self.ukey("pin", "test", pin="123456")
        self.assertEqual(self.opened(), "what was written before\n")
        self.assertEqual(self.orders()["renewal"]["state"], "confirmed")

    def wait_for_answer(self, state):
        """The CA publishes within a second or so, on its own time."""
        anchors = {"OPENUKEY_REHEARSAL_ANCHORS": self.state + "/ca"}
        new = next(cert["id"] for key in self.ukey("list", "--json").json()
                   for cert in key["certificates"] if cert["pair"] == "sign")
        end = time.monotonic() + PATIENCE
        while True:
            with mock.patch.dict(os.environ, anchors):
                told = self.ukey("show", new, "--check", "--json").json()["revocation"]
            found = (told["state"], "/ocsp/" in told["address"])
            if found == (state, True) or time.monotonic() > end:
                break
            time.sleep(0.2)
        self.assertEqual(found, (state, True), told)

    def test_the_ca_says_whether_the_new_certificate_holds(self):
        self.begun()
        self.service("pay", "last")
        self.ukey("renew")
        self.service("approve", "last")
        self.ukey("renew", pin="123456")
        self.wait_for_answer("good")
        self.ukey("revoke", "--form", "form", *TEXTS)
        self.service("approve", "last")
        self.wait_for_answer("revoked")

    def test_the_issuer_looks_at_the_money_itself(self):
        self.begun()
        self.service("pay", "last")
        self.ukey("renew")
        key = Path(self.state, "payments/sandbox.key")
        known = key.read_text(encoding="utf-8")
        key.write_text("another provider's\n", encoding="utf-8")  # the front end has read it
        refused = self.service("approve", "last", code=1)
        self.assertNotIn("ready", refused)
        self.assertIn("a signature does not prove what it must", refused)
        self.assertEqual(self.orders()["renewal"]["state"], "approved")
        key.write_text(known, encoding="utf-8")
        self.assertIn("ready", self.service("approve", "last"))

    def test_no_text_is_agreed_to_by_itself(self):
        for texts in ([], TEXTS[:2], TEXTS[:4] + ["--agree", "something"]):
            told = self.ukey("renew", "--form", "form", *(texts or ["--agree", "none"]),
                             code=REFUSED)
            self.assertIn("NOT_AGREED", told.err)
        self.assertEqual(self.orders()["renewal"]["state"], "docs")

    def test_a_locked_key_is_unlocked_first(self):
        self.lock()
        self.assertIn("UNLOCK_FIRST", self.ukey("renew", "--form", "form", code=SERVICE_EXIT).err)

    def test_too_early_is_said_before_anything_is_asked(self):
        self.pull()
        self.made_key("early", "SN0002", days=300)
        self.plug("early")
        self.assertIn("TOO_EARLY", self.ukey("renew", "--form", "form", code=SERVICE_EXIT).err)
        self.assertEqual(self.orders(), {})


class Others(OrdersCase):
    def test_a_lost_key_is_stopped_from_what_is_remembered(self):
        self.ukey("remember")
        self.pull()
        self.ukey("lost", "--form", "form")
        self.ukey("lost", code_=self.code())
        self.assertEqual(self.orders()["loss"]["state"], "suspended")
        self.plug("key")
        self.ukey("unlock", "--form", "form", code=SERVICE_EXIT)
        self.ukey("lost", "somebody else", code=NO_KEY)
        self.assertIn("released", self.service("act", self.orders()["loss"]["number"], "release"))
        self.assertIn("the code was sent", self.ukey("unlock", "--form", "form").out)

    def test_orders_are_found_again_from_another_computer(self):
        self.ukey("unlock", "--form", "form")
        number = self.orders()["unlock"]["number"]
        os.environ["XDG_DATA_HOME"] = self.box + "/elsewhere"
        self.assertEqual(self.orders(), {})
        term = Terminal("orders", "--query", "--unit-code", CODE)
        term.wait_for("Code from the text message")
        term.type(self.service("inbox", "query", "--code").strip())
        self.assertEqual(term.end(), 0, term.text)
        self.assertIn(number, term.text)
        os.environ["XDG_DATA_HOME"] = self.box + "/a third one"
        self.assertIn(number, self.ukey("orders", "--by-key", pin="123456").out)
        self.ukey("orders", number, "--cancel", "--yes")
        self.assertEqual(self.orders()["unlock"]["state"], "cancelled")

    def test_a_ca_without_a_service_has_its_way_printed(self):
        for command in (["unlock"], ["renew"], ["apply", "change"]):
            told = self.ukey(*command, "--ca", "bjca")
            self.assertIn(UNIT, told.out)
            self.assertRegex(told.out, r"https?://|\d{3,4}-\d{7,8}")

    def activated(self, serial, state):
        """The new key in the hand of its owner: nobody has its PIN, and the code that comes sets one."""
        self.plug(state)
        listed = self.ukey("list", "--json").json()[0]
        self.assertEqual({cert["pair"] for cert in listed["certificates"]}, {"sign", "encrypt"})
        self.assertEqual(self.left(), 0)
        self.write("form", FORM)
        self.ukey("unlock", "--form", "form")
        self.ukey("unlock", code_=self.code(), new_pin=NEW_PIN)
        self.ukey("pin", "test", pin=NEW_PIN)
        self.assertEqual((self.status()["serial"], self.left("admin")), (serial, 10))
        self.write("letter", "for the new key\n")
        self.ukey("sign", "letter", pin=NEW_PIN)

    def test_a_first_certificate_is_applied_for_without_a_key(self):
        self.pull()
        self.write("form", FORM + "unit=%s\nunit_code=%s\nhandler_id=650000190001010000\n"
                   % (UNIT, CODE))
        self.ukey("apply", "new", "--form", "form", "--years", "1", *TEXTS)
        self.service("pay", "last")
        number = self.orders()["new"]["number"]
        self.ukey("orders", number, "--go-on")
        told = self.service("approve", "last", "--sn", "NEW1")
        self.assertIn("handed-over", told)
        self.assertIn(f"{self.state}/keys/NEW1/key", told)
        self.assertIn("NEW1", self.ukey("orders", number).out)
        self.activated("NEW1", f"{self.state}/keys/NEW1/key")

    def test_a_damaged_key_is_replaced_by_one_that_works(self):
        self.ukey("remember")
        self.write("form", FORM + "handler_id=650000190001010000\n")
        self.ukey("apply", "replacement", "--damaged", "--form", "form", *TEXTS)
        self.pull()
        self.service("pay", "last")
        number = self.orders()["damaged"]["number"]
        self.ukey("orders", number, "--go-on")
        self.service("approve", "last", "--key", "blank")
        self.assertEqual(self.orders()["damaged"]["state"], "handed-over")
        self.activated(f"K{number}", "blank")

    def test_a_certificate_is_taken_back(self):
        self.ukey("revoke", "--form", "form", *TEXTS)
        self.assertIn("revoked", self.service("approve", "last"))
        self.assertEqual(self.orders()["revoke"]["state"], "revoked")
        self.assertIn("REVOKED", self.ukey("renew", "--form", "form", code=SERVICE_EXIT).err)

    def test_changed_data_come_onto_the_key(self):
        self.write("form", FORM + "unit=示例果业集团\n")
        # nobody knows the new name yet, so it goes by post
        self.assertIn("by post", self.ukey("apply", "change", "--form", "form").out)
        number = self.orders()["change"]["number"]
        self.service("approve", number)
        self.ukey("orders", number, "--go-on")
        self.assertIn("ready", self.service("approve", number))
        self.ukey("orders", number, "--go-on", pin="123456")
        self.assertIn("示例果业集团", self.ukey("list").out)

    def test_the_form_to_print_is_made(self):
        self.ukey("renew", "--form", "form", "--agree", "none", code=REFUSED)
        number = self.orders()["renewal"]["number"]
        self.ukey("orders", number, "--form-pdf", "form.pdf")
        with open("form.pdf", "rb") as file:
            self.assertEqual(file.read(5), b"%PDF-")

    def test_without_internet_it_is_said_what_to_do_instead(self):
        self.service("stop")
        told = self.ukey("unlock", "--form", "form", code=SERVICE_EXIT)
        self.assertIn("SERVICE_OFFLINE", told.err)
        self.assertIn(UNIT, told.out)  # a card to print


if __name__ == "__main__":
    unittest.main()
