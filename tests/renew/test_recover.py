#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A key is replaced, and the new one opens what was encrypted to the old one's certificate."""
import hashlib
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "virtual/service"))

import certs as certificates  # pylint: disable=wrong-import-position
from renew_case import LONG, VIRTUAL_KEY, Order, RenewCase  # pylint: disable=wrong-import-position
from rig_case import PIN  # pylint: disable=wrong-import-position
from service_case import CODE  # pylint: disable=wrong-import-position
from ukey_case import CA, SM2_ID, TIMEOUT, sanitizer  # pylint: disable=wrong-import-position

OPEN_LETTER = str(ROOT / "virtual/rehearsal/open_letter.py")
PHONE, SERVICE_EXIT, PRICE, WRITES = "13900139000", 11, 10000, 11
BUSY = ("SERVICE_UNAVAILABLE", "SERVICE_BUSY", "SERVICE_TIMEOUT")
OTHER_CODE = "91110000MA00000001"


def hash_of(data):
    return hashlib.sha256(data).hexdigest()


class RecoverCase(RenewCase):
    def setUp(self):
        super().setUp()
        self.renewed()
        self.letter()
        self.replaced()

    def der_of(self, name):
        return subprocess.run(["openssl", "x509", "-in", name, "-outform", "DER"],
                              stdout=subprocess.PIPE, check=True).stdout

    def digest(self):
        return ["-sm3", "-sigopt", "distid:" + SM2_ID] if self.alg == "sm2" else ["-sha256"]

    def renewed(self):
        """The old key, with an encryption pair that the CA made."""
        order = self.ready()
        self.renew(order)
        for name, pair in (("signed", "= ''"), ("old", "!= ''")):
            rows = self.rows("issue.db", "SELECT cert FROM certificates WHERE order_id = ?"
                             f" AND state = 'confirmed' AND coalesce(pair, '') {pair}", order.id)
            with open(f"{name}.der", "wb") as file:
                file.write(rows[0][0])
            self.run_ok("openssl", "x509", "-inform", "DER", "-in", f"{name}.der", "-out",
                        f"{name}.crt")
        self.pull()

    def letter(self):
        self.run_ok("openssl", "x509", "-in", "old.crt", "-noout", "-pubkey", "-out", "pub")
        with open("letter.key", "wb") as file:
            file.write(bytes(range(16)))
        self.run_ok("openssl", "pkeyutl", "-encrypt", "-pubin", "-inkey", "pub", "-in", "letter.key",
                    "-out", "key.enc")
        self.write("letter", "what was written before\n")
        self.run_ok("openssl", "enc", "-sm4-cbc", "-K", bytes(range(16)).hex(), "-iv", "00" * 16,
                    "-in", "letter", "-out", "letter.enc")

    def approvals(self, body, *names):
        message = b"OpenUKey-sig-v1\0operator-approval\0" + body.encode()
        return [{"operator": name, "signature": subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", f"{self.state}/operators/{name}.key"],
            input=message, stdout=subprocess.PIPE, check=True).stdout.hex()} for name in names]

    def post(self, path, body):
        request = urllib.request.Request(
            os.environ["OPENUKEY_SERVICE"] + f"/v1/operator/{self.order.number}/{path}",
            json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return self.fail(f"{path}: {error.read()}")

    def replaced(self):
        """Another key, with the certificate that came in place of the old one's."""
        order = Order(self.probe("open", "damaged", self.serial, str(self.not_after()))[-1])
        self.service("pay", order.number)
        order = Order(self.probe("hand-in", *order.words())[-1])
        self.service("act", order.number, "approve")
        self.order = order
        old = self.der_of("signed.crt")
        subject = certificates.subject(old)
        transfer = {"subject": subject.hex(), "code": CODE, "years": 1, "paid": PRICE,
                    "old_cert": old.hex()}
        body = (f"issue\norder={order.id}\nkind=damaged\nsn={order.serial}\n"
                f"subject={hash_of(subject)}\ncode={CODE}\nyears=1\nold={hash_of(old)}\n"
                f"paid={PRICE}\n")
        self.post("issue", {**transfer, "approvals": self.approvals(body, "a", "b")})
        alg = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"] if self.alg == "sm2" else [
            "-algorithm", "RSA"]
        self.run_ok("openssl", "genpkey", *alg, "-out", "fresh.pem")
        self.run_ok("openssl", "req", "-new", "-key", "fresh.pem", *self.digest(), "-subj",
                    "/CN=fresh", "-outform", "DER", "-out", "fresh.csr")
        with open("fresh.csr", "rb") as file:
            csr = file.read()
        body = f"request\norder={order.id}\ntoken=FRESH\ncsr={hash_of(csr)}\n"
        answer = self.post("request", {"csr": csr.hex(), "token": "FRESH",
                                       "approvals": self.approvals(body, "a", "b")})
        with open("fresh.der", "wb") as file:
            file.write(bytes.fromhex(answer["sign_cert"]))
        self.run_ok("openssl", "x509", "-inform", "DER", "-in", "fresh.der", "-out", "fresh.crt")
        self.fresh()

    def fresh(self):
        """The new key, as it was handed over."""
        Path("FRESH").unlink(missing_ok=True)
        self.run_ok(VIRTUAL_KEY, "provision", "--state", "FRESH", "--model", self.model, "--serial",
                    "FRESH", "--label", "FRESH", "--application", "OpenUKey-Rehearsal", "--pin", PIN,
                    "--admin-pin", "admin-8421", "--container", "Unit", "--sign-key", "fresh.pem",
                    "--sign-cert", "fresh.crt")
        self.serial = "FRESH"
        self.plug("FRESH", "--model", self.model)

    # ---- what the person does, and what operators do ----

    def recover(self, *words, old="old.crt", code=0):
        for _ in range(5):  # patient with a busy machine
            done = self.ukey("orders", self.order.number, "--recover", old, "--notify", PHONE,
                             *words, pin=PIN, code=None)
            if not any(word in done.err for word in BUSY):
                break
            time.sleep(1)
        if code is not None:
            self.assertEqual(done.code, code, done.out + done.err)
        return done

    def paper(self, **more):
        self.recover("--paper", "paper.json", "--force", **more)

    def sign(self, *names):
        """Files of answers, as ukey approve makes them."""
        words = []
        with open("paper.json", encoding="utf-8") as file:
            body = json.load(file)["items"][0]["body"]
        for name in names:
            row = {"body": hashlib.sha256(body.encode()).hexdigest(),
                   "signature": self.approvals(body, name)[0]["signature"]}
            self.write(f"{name}.json", json.dumps({"operator": name, "signatures": [row]}))
            words += ["--approval", f"{name}.json"]
        return words

    def open_letter(self, container):
        """What a program says that tries to open the letter with that container."""
        reader, writer = os.pipe()
        os.write(writer, PIN.encode())
        os.close(writer)
        env, preload = {**os.environ, **sanitizer()}, os.environ.get("OPENUKEY_TEST_PRELOAD")
        if preload:
            env["LD_PRELOAD"] = preload
        try:
            return subprocess.run(
                ["sh", "-c", 'exec "$0" "$@" 3<&%d' % reader, sys.executable, OPEN_LETTER,
                 os.environ["OPENUKEY_MODULE"], "FRESH", (container.encode() + b"\1").hex(),
                 "key.enc", "letter.enc"], pass_fds=[reader], env=env, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT).stdout.decode()
        finally:
            os.close(reader)

    def extra(self):
        """Certificates beside the new one, by container and pair."""
        return [where for where in self.certs() if where != ("Unit", "sign")]

    def assert_recovered(self):
        (container, pair), = self.extra()
        self.assertTrue(container.startswith(f"E-{self.order.number}"), container)
        self.assertEqual(pair, "encrypt")
        if self.alg == "sm2":
            self.assertIn("what was written before", self.open_letter(container))
        else:
            self.assertNotIn("no such private key", self.open_letter(container))
        self.sign_with(self.certs()[("Unit", "sign")])


class Recover(RecoverCase):
    def test_the_new_key_opens_what_was_encrypted_to_the_old_one(self):
        self.paper()
        shown = self.ukey("approve", "--show", "paper.json").err
        self.assertIn(PHONE, shown)
        self.assertIn("FRESH", shown)
        self.assertEqual(self.extra(), [])
        # one operator, or one twice, or for another text, is not enough: nothing is written
        for words in (self.sign("a"), self.sign("a") * 2):
            self.assertIn("SERVICE_PROOF", self.recover(*words, code=SERVICE_EXIT).err)
        self.assertEqual(self.extra(), [])
        words = self.sign("a", "b")
        self.assertIn("for reading only", self.recover(*words).out)
        self.assert_recovered()
        # once more: nothing changes
        certs = self.certs()
        self.recover(*words)
        self.assertEqual(self.certs(), certs)
        self.assert_recovered()

    def test_a_foreign_units_key_is_not_recovered_whoever_signs(self):
        self.run_ok("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2",
                    "-out", "other.pem")
        self.run_ok("openssl", "req", "-new", "-key", "other.pem", *self.digest(), "-subj",
                    "/C=CN/O=Other/CN=Other", "-out", "other.csr")
        self.run_ok(CA, "sign", f"{self.state}/ca", "--csr", "other.csr", "--out", "other.crt",
                    "--credit-code", OTHER_CODE)
        self.run_ok(CA, "encryption", f"{self.state}/ca", "--for", "other.crt", "--out-cert",
                    "other-enc.crt", "--out-key", "other-enc.pem", "--credit-code", OTHER_CODE,
                    "--out-envelope", "envelope")
        self.paper(old="other-enc.crt")
        words = self.sign("a", "b")
        self.assertIn("SERVICE_PROOF",
                      self.recover(*words, old="other-enc.crt", code=SERVICE_EXIT).err)
        self.assertEqual(self.extra(), [])
        # nor is a certificate for signing one to recover
        self.recover("--paper", "paper.json", "--force", old="signed.crt", code=None)
        self.assertEqual(self.extra(), [])

    def cut(self, number, when):
        """False: it was at the end before that write."""
        self.fresh()
        self.tell("fault", "write", str(number), when)
        died = False
        for step in (self.first, self.second):
            step(None)
            if not self.status()["plugged"]:
                died = True
                self.replug()
                step(0)
        self.replug()  # what was not cut is not cut later
        self.assert_recovered()
        self.pull()
        return died

    def first(self, code):
        self.recover("--paper", "paper.json", "--force", code=code)

    def second(self, code):
        self.recover(*self.sign("a", "b"), code=code)

    def test_power_fails_at_a_write(self):
        """Then the same command goes on."""
        self.pull()
        numbers, died = range(1, WRITES) if LONG else (3, 6), []
        for number in numbers:
            for when in ("before", "inside", "after") if LONG else ("inside",):
                with self.subTest(write=number, when=when):
                    died.append(self.cut(number, when))
        self.assertTrue(died[0])
        if LONG:
            self.assertFalse(died[-1], "never at the end")


class RecoverRsa(RecoverCase):
    alg = "rsa"

    def test_the_old_key_comes_onto_the_new_one(self):
        self.paper()
        self.recover(*self.sign("a", "b"))
        self.assert_recovered()


del RecoverCase

if __name__ == "__main__":
    unittest.main()
