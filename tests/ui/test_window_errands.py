# SPDX-License-Identifier: LGPL-2.1-or-later
"""Errands with the CA that do not go straight: documents as pictures, rejected ones, the handler's
code, a bank transfer, a key pulled out while it is written to; and those that end something. The
service is the rehearsal's. In the language of OPENUKEY_TEST_LANGUAGE."""

import hashlib
import json
import os
import struct
import subprocess
import unittest
import zlib

from assistant_case import CODE, PIN, UKEY, UNIT, long_in_english
from processes import wait_for
from service_case import ServiceCase

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")
PATIENCE = 60
LICENCE, CARD = "licence", "handler-id"
TITLES = {LICENCE: "营业执照", CARD: "经办人身份证"}
REASON = "看不清"
TOO_LARGE = 1536 * 1024 + 1


def only_long(test):
    return unittest.skipUnless(os.environ.get("OPENUKEY_TEST_LONG"), "long")(test)


def png(side=64):
    """A grey square."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + b"\x80" * side for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class DocumentsTest(ServiceCase):
    language = LANGUAGE
    own = {"documents": {"renewal": [{"slot": slot, "title": title}
                                     for slot, title in TITLES.items()]}, "handler_code": True}

    def title(self, slot):
        """The program's own word for it, or the CA's."""
        return self.word("Business licence, stamped") if slot == LICENCE else TITLES[slot]

    def is_said(self, slot, state):
        return self.word("%s: %s") % (self.title(slot), self.word(state))

    def file(self, name, content):
        path = self.desktop.path("home", name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def hand_in(self, slot, path):
        self.window.wait("push button", self.word("Choose a picture: %s") % self.title(slot),
                         PATIENCE).press()
        self.chooser(path)

    def clipboard(self):
        """What another program would paste."""
        done = subprocess.run(
            ["/usr/bin/python3", "-c",
             "import gi; gi.require_version('Gtk', '3.0'); from gi.repository import Gtk, Gdk;"
             " print(Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD).wait_for_text() or '')"],
            env={**self.desktop.env, "PYTHONIOENCODING": "utf-8"}, stdout=subprocess.PIPE,
            check=True, timeout=PATIENCE)
        return done.stdout.decode().rstrip("\n")

    def apply(self):
        self.go("Re_new…")
        self.sees("_Send the Application", role="push button")
        self.fill_person()
        self.go("_Send the Application")
        self.sees("Papers as pictures")

    def refusals(self):
        """What is no picture, is too large, or cannot be read; then pictures."""
        self.picture("errand-documents")
        self.hand_in(LICENCE, self.file("a.png", b"this is no picture\n" * 100))
        self.sees("This file is no picture of a kind that can be handed in: gif, jpg or png. "
                  "Photograph the paper, or save the scan as jpg.")
        self.hand_in(LICENCE, self.file("b.png", png() + bytes(TOO_LARGE)))
        self.sees("The picture is larger than 1.5 MB. Choose a smaller one, or photograph it with "
                  "a lower resolution.")
        self.hand_in(LICENCE, self.file("c.png", b"\x89PNG\r\n\x1a\n" + b"\7" * 500))
        self.sees("The CA's service cannot read that picture. Photograph the paper once more, or "
                  "save it as jpg.")
        self.picture("errand-documents-refused")
        self.hand_in(LICENCE, self.file("d.png", png()))
        self.sees_part(self.is_said(LICENCE, "handed in"))

    def confirm(self):
        """The handler's code: a wrong one, and the right one."""
        self.agree()
        self.sees("The handler confirms")
        code = wait_for(self.handlers_code, "the handler's code", PATIENCE)
        wrong = "%08d" % ((int(code) + 1) % 10**8)
        self.fill("_Code sent to the handler", "123")
        self.press("C_onfirm and Go On")
        self.sees("The code has 8 digits.")
        self.fill("_Code sent to the handler", wrong)
        self.press("C_onfirm and Go On")
        self.sees("The code was not right. Look at the newest message to the handler.")
        left = self.words.ngettext("It may be typed %u more time.", "It may be typed %u more times.",
                                   4) % 4
        self.assertIn(left, self.window.texts())
        self.picture("errand-handler-code")
        self.fill("_Code sent to the handler", code)
        self.press("C_onfirm and Go On")

    def handlers_code(self):
        texts = [letter["text"] for letter in json.loads(self.service("inbox", "--json"))]
        found = [text.split("确认码")[1][:8] for text in texts if "确认码" in text]
        return found[-1] if found else None

    def transfer(self):
        """Two years, paid by bank transfer; what is to be typed at the bank can be copied."""
        self.window.wait("combo box", self.word("How long, and what it costs"), PATIENCE)
        self.desktop.key("Down")  # the first that is chosen has the keyboard
        self.go("Pay by Bank _Transfer Instead…")
        self.answer("Pay by Bank _Transfer Instead…")
        self.sees("Waiting for the bank transfer")
        number = self.order()["number"]
        wanted = {"Payee": "OpenUKey 演练 CA（虚拟）", "Account number": "6222 0200 0000 0000 009",
                  "Amount": "440.00", "Purpose": number}
        for name, value in wanted.items():
            self.go_button(self.word("Copy: %s") % self.word(name))
            wait_for(lambda text=value: self.clipboard() == text, value)
        self.picture("errand-transfer")
        self.service("act", number, "transfer-seen")
        self.sees("The CA is working on it")
        return number

    def go_button(self, name):
        wait_for(lambda: self.window.find("push button", name, showing=False), name,
                 PATIENCE).press()

    def corrected(self, number):
        self.service("act", number, "reject", "--slot", LICENCE, "--reason", REASON)
        self.sees("Some papers were rejected")
        self.sees_part(self.is_said(LICENCE, "rejected"))
        self.sees_part(self.word("Reason: %s") % REASON)
        self.picture("errand-rejected")
        self.go("_Hand In Again")
        self.sees_part(self.word("Choose another picture first: %s") % self.title(LICENCE))
        self.hand_in(LICENCE, self.file("e.png", png(80)))
        self.sees_part(self.is_said(LICENCE, "handed in"))
        self.go("_Hand In Again")
        self.sees("The CA is working on it")
        self.service("approve", number)

    def pulled_while_written(self, name):
        self.press("_Write It onto the Key")
        self.desktop.tell(0, "fault", "write", "6", "inside")
        self.type_pin(PIN)
        self.sees("The key was pulled out")
        self.picture("errand-pulled")
        self.desktop.pull(0)
        self.desktop.plug(0, name)
        self.sees("Writing it was interrupted. It goes on where it was; so the PIN is asked for "
                  "again.")
        self.press("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The certificate has been renewed", timeout=120)
        self.state_is("confirmed")
        self.assertEqual(self.desktop.tries_left(0), 10)

    @long_in_english
    def test_a_renewal_with_everything_that_can_come_between(self):
        self.enrolled_key("papers", serial="TEST0081", days=20)
        self.desktop.plug(0, "papers")
        self.open()
        self.apply()
        self.refusals()
        self.hand_in(CARD, self.file("f.png", png(70)))
        self.confirm()
        number = self.transfer()
        self.corrected(number)
        self.sees("_Write It onto the Key", role="push button")
        self.pulled_while_written("papers")


@only_long
class EndsTest(ServiceCase):
    """Revocation, return, replacement, the form on paper."""

    language = LANGUAGE

    def form(self, service):
        self.open_service(service)
        self.window.wait("text", self.word("Name of the legal representative"), PATIENCE)

    def given(self, name, serial, service):
        self.enrolled_key(name, serial=serial)
        self.desktop.plug(0, name)
        self.open()
        self.form(service)

    def test_a_certificate_is_revoked_after_a_question(self):
        self.given("revoked", "TEST0091", "Revoke the Certificate")
        self.picture("errand-revoke-form")
        self.fill_person()
        self.go("_Revoke the Certificate")
        self.sees("Revoke the certificate for good? It cannot be taken back.")
        self.picture("errand-revoke-question")
        self.press("_No, Leave It")
        self.assertNotIn("revoke", [order["kind"] for order in json.loads(
            self.service("status", "--json"))["orders"]])
        self.go("_Revoke the Certificate")
        self.answer("_Revoke the Certificate")
        self.agree()
        self.sees("The CA is working on it")
        self.picture("errand-revoke-review")
        self.service("approve", "last")
        self.sees("The certificate is revoked")
        self.picture("errand-revoke-done")
        self.state_is("revoked")

    def test_a_certificate_is_given_back_for_its_money(self):
        self.given("returned", "TEST0092", "Give It Back for a Refund")
        self.fill_person()
        self.go("_Send the Application")
        self.answer("_Send the Application")
        self.agree()
        self.sees("The CA is working on it")
        self.service("approve", "last")
        self.sees("The certificate was given back")
        self.picture("errand-return-done")

    def test_a_broken_key_is_replaced(self):
        self.given("broken", "TEST0093", "Replace a Lost or Broken Key")
        self.press("The key is _broken", "radio button")
        self.picture("errand-replace-form")
        self.fill_person(handler_id=True)
        self.go("_Send the Application")
        self.answer("_Send the Application")
        self.agree()
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button")
        number = self.order()["number"]
        self.assertEqual(self.order()["kind"], "damaged")
        self.service("pay", number)
        self.sees("The CA is working on it")
        self.service("approve", number, "--key", self.desktop.path("keys", "instead"))
        self.sees("The new key has been handed over")
        self.picture("errand-replace-done")

    def test_the_form_is_saved_for_the_post(self):
        self.given("posted", "TEST0095", "Change the Unit's Data")
        self.fill_person()
        self.fill("Telephone of the legal representative", "13000000000")
        self.go("_Send the Application")
        self.sees("By post")
        path = self.desktop.path("home", "form.pdf")
        self.go("Save the _Form (PDF)…")
        self.chooser(path, save=True)
        wait_for(lambda: os.path.exists(path) and os.path.getsize(path), path, PATIENCE)
        text = subprocess.run(["pdftotext", path, "-"], stdout=subprocess.PIPE, check=True).stdout
        self.assertIn(self.order()["number"].encode(), text)
        self.assertIn(UNIT.encode(), text)
        self.assertIn(CODE.encode(), text)
        self.picture("errand-form-saved")


@only_long
class RecoverTest(ServiceCase):
    """A new key, a broken one, and the old documents read with the one that replaced it."""

    language = LANGUAGE

    def made(self, name, service, broken=False):
        """An order from the form to the key that comes out of it, as the counter made it."""
        self.open_service(service)
        self.window.wait("text", self.word("Name of the legal representative"), PATIENCE)
        if broken:
            self.press("The key is _broken", "radio button")
        else:
            self.window.wait("text", self.word("Name of the unit")).write(UNIT)
            self.fill("Unified social credit code", CODE)
        self.fill_person(handler_id=True)
        self.go("_Send the Application")
        if broken:
            self.answer("_Send the Application")
        self.agree()
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button")
        number = self.order()["number"]
        self.service("pay", number)
        self.sees("The CA is working on it")
        self.service("approve", number, "--key", self.desktop.path("keys", name))
        self.desktop.key("Escape")
        return number

    def activate(self):
        """The PIN of a new key is set with a code."""
        self.open_service("Unlock the Key")
        self.sees("_Apply for Unlocking", role="push button")
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.press("_Get the Authorization Code")
        self.sees("_Check the Code and Set a New PIN", role="push button")
        self.fill("_Authorization code", self.service("inbox", "last", "--code", "--wait",
                                                      "60").strip())
        self.press("_Check the Code and Set a New PIN")
        self.type_pin(PIN, PIN)
        self.sees("The key is unlocked")
        self.desktop.key("Escape")

    def signed(self, name, body, key=None):
        """An operator's answer, as ukey approve makes it: the file."""
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign",
             os.path.join(self.state, "operators", (key or name) + ".key")],
            input=b"OpenUKey-sig-v1\0operator-approval\0" + body.encode(), stdout=subprocess.PIPE,
            check=True)
        return self.desktop_file("answer-%s.json" % name, json.dumps(
            {"operator": name, "signatures": [{"body": hashlib.sha256(body.encode()).hexdigest(),
                                               "signature": done.stdout.hex()}]}))

    def desktop_file(self, name, text):
        self.desktop.write("home/" + name, text)
        return self.desktop.path("home", name)

    def certificates(self):
        out, code = self.desktop.run(UKEY, "list", "--json")
        self.assertEqual(code, 0, out)
        return out

    def test_what_was_encrypted_to_a_broken_key_is_read_with_the_new_one(self):
        self.enrolled_key("starter", serial="TEST0096")
        self.desktop.plug(0, "starter")
        self.open()
        self.made("old", "Apply for a New Key")
        self.desktop.pull(0)
        self.desktop.plug(0, "old")
        self.sees_part(UNIT)
        self.made("fresh", "Replace a Lost or Broken Key", broken=True)
        self.desktop.pull(0)
        self.desktop.plug(0, "fresh")
        self.sees_part(UNIT)
        self.activate()
        before = self.certificates()
        self.open_service("Read Old Documents")
        self.fill("_Telephone that the CA tells", "139")
        self.go("_Ask for It")
        self.sees("Type the telephone number that the CA tells of it.")
        self.fill("_Telephone that the CA tells", "13900139000")
        self.picture("recover-form")
        self.go("_Ask for It")
        self.type_pin(PIN)
        self.sees("Waiting for two operators of the CA")
        self.picture("recover-paper")
        paper = self.desktop.path("home", "paper.json")
        self.go("_Save the Paper…")
        self.chooser(paper, save=True)
        wait_for(lambda: os.path.exists(paper) and os.path.getsize(paper), paper, PATIENCE)
        with open(paper, encoding="utf-8") as file:
            body = json.load(file)["items"][0]["body"]
        self.answers(body)
        self.go("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The old encryption key is on the key.", timeout=120)
        self.picture("recover-done")
        self.assertNotEqual(before, self.certificates())
        self.assertEqual(self.desktop.tries_left(0), 10)

    def answers(self, body):
        """Something else, one twice, and then both."""
        first, second = self.signed("a", body), self.signed("b", body)
        for path, text in ((self.signed("c", body + "x", key="a"),
                            "This file is no operator's answer to this paper."),
                           (first, None),
                           (first, "That answer is here already. The other operator has to sign, "
                                   "too."),
                           (None, "The answers of two operators are needed."),
                           (second, None)):
            if path is None:
                self.go("_Write It onto the Key")
            else:
                self.go("_Add an Answer…")
                self.chooser(path)
            if text is not None:
                self.sees(text)
            else:
                count = 1 if path == first else 2
                self.sees_part(self.words.ngettext("%u answer of two is here.",
                                                   "%u answers of two are here.", count) % count)


if __name__ == "__main__":
    unittest.main()
