#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-kmcd beside openukey-issuerd: keys for encryption, whom they reach and whom never."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest
from pathlib import Path

from issue_case import ISSUERD, openssl
from kmc_case import HSM_PIN, PHONE, KmcCase
from unlock_case import CERTADM, ask_raw, environment, run

LONG = os.environ.get("OPENUKEY_TEST_LONG") is not None


class Kmcd(KmcCase):
    def test_an_order_has_two_certificates_and_the_key_in_an_envelope(self):
        csr = self.renewal()
        answer, signed, enc = self.both()
        self.verify(signed, "sign")
        self.verify(enc, "enc")
        self.assertIn("Key Encipherment, Data Encipherment", self.shown(enc, "-ext", "keyUsage"))
        self.assertIn("Digital Signature, Non Repudiation", self.shown(signed, "-ext", "keyUsage"))
        for what in ("-subject", "-enddate", "-startdate"):
            self.assertEqual(self.shown(signed, what), self.shown(enc, what))
        ca = openssl("x509", "-in", self.file("ca.pem"), "-outform", "DER").hex()
        self.assertEqual(answer["chain"], [ca])
        self.check_envelope(answer, enc)
        # kill -9 of both: the same bytes
        self.end_kmcd(signal.SIGKILL)
        self.start_kmcd()
        self.again()
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.assertEqual(self.ok("result", order="o1"), answer)
        self.assertIn("not_after", self.confirm(signed))
        self.assertEqual(self.ok("result", order="o1"), answer)
        self.assertEqual(self.states(), [("confirmed", 2)])

    def states(self):
        with sqlite3.connect(self.file("issue.db")) as database:
            return database.execute("SELECT state, count(*) FROM certificates GROUP BY state"
                                    " ORDER BY state").fetchall()

    def test_another_request_gets_a_pair_of_its_own(self):
        self.renewal()
        first, _, enc = self.both()
        self.genkey("k2")
        csr = self.csr("k2")
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        second, signed, other = self.both()
        self.assertNotEqual(self.spki(enc), self.spki(other))
        self.check_envelope(second, other, "k2")
        with self.assertRaises(subprocess.CalledProcessError):
            self.check_envelope(first, enc, "k2")
        self.confirm(signed, "k2")
        self.assertEqual(self.states(), [("confirmed", 2), ("revoked", 2)])

    def test_without_the_key_centre_nothing_leaves(self):
        self.renewal()
        self.end_kmcd()
        self.refused("unavailable", "result", order="o1")
        self.start_kmcd()
        self.both()

    def test_an_envelope_is_for_a_key_that_the_ca_certified_only(self):
        self.renewal()
        _, signed, enc = self.both()
        self.genkey("thief")
        openssl("req", "-x509", "-new", "-key", self.file("thief.key"), *self.sign_words(), "-subj",
                "/C=CN/O=Rehearsal/CN=Rehearsal CA", "-out", self.file("thief.pem"))
        forged = openssl("x509", "-in", self.file("thief.pem"), "-outform", "DER")
        bent = signed[:-1] + bytes([signed[-1] ^ 1])
        ca = openssl("x509", "-in", self.file("ca.pem"), "-outform", "DER")
        ended = self.old_certificate(self.soon(-5))
        for cert in (forged, enc, bent, ca, ended):
            self.assertIn(self.ask_kmc("envelope", order="o9", cert=cert.hex())["error"],
                          ("proof", "bad-request"))
        for cert in ("", "00", "zz", signed.hex() + "00"):
            self.assertEqual(self.ask_kmc("envelope", order="o9", cert=cert),
                             {"error": "bad-request"})
        again = self.ask_kmc("envelope", order="o1", cert=signed.hex())
        self.assertEqual(again["public"], self.spki(enc).hex())

    def recovered(self):
        self.renewal()
        first, self.signed, self.enc = self.both()
        self.confirm(self.signed)
        self.private = self.check_envelope(first, self.enc)
        self.fresh = self.replacement()[1]

    def test_two_operators_recover_a_key_for_the_new_token(self):
        self.recovered()
        members = self.recovery(self.enc, self.fresh)
        answer = self.ok("recover", **members)
        self.assertEqual(self.check_envelope(answer, self.enc, "fresh"), self.private)
        self.assertEqual(self.ok("recover", **members), answer)
        # announced
        for _ in range(3000):
            letters = [json.loads(name.read_text()) for name in self.path.glob("spool/sms-*.json")]
            if letters:
                break
            threading.Event().wait(0.02)
        self.assertEqual([letter["to"] for letter in letters], [PHONE])
        self.assertIn("SN0002", letters[0]["text"])
        # logged, and the log is whole
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                self.file("audit.key"))
        openssl("pkey", "-in", self.file("audit.key"), "-pubout", "-out", self.file("audit.pem"))
        for schema, words in (("kmc", b"recover"), ("issue", b"draft-enc")):
            where = ["--store", f"sqlite:{self.folder}/{schema}.db", "--schema", schema]
            run(CERTADM, *where, "audit-sign", "--key", self.file("audit.key"))
            self.assertIn(b"valid", run(CERTADM, *where, "audit-verify", "--key",
                                        self.file("audit.pem")))
            with sqlite3.connect(self.file(f"{schema}.db")) as database:
                bodies = b"".join(row[0] for row in database.execute("SELECT body FROM audit_entries"))
            self.assertIn(words, bodies)

    def test_an_extra_key_opens_it_when_all_have_signed_for_that_key(self):
        self.recovered()
        public = []
        for name in ("extra", "thief"):
            self.genkey(name)
            public.append(openssl("pkey", "-in", self.file(f"{name}.key"), "-pubout", "-outform",
                                  "DER"))
        members = self.recovery(self.enc, self.fresh, to=public[0])
        plain = self.recovery(self.enc, self.fresh)
        for change in ({"to": public[1].hex()}, {"signature": plain["signature"]},
                       {"approvals": plain["approvals"]}):
            self.refused("proof", "recover", **{**members, **change})
        for to in ("", "00", self.enc.hex(), public[0].hex() + "00"):
            self.refused("bad-request", "recover", **{**members, "to": to})
        self.refused("proof", "recover", **{**plain, "to": public[0].hex()})
        answer = self.ok("recover", **members)
        self.assertEqual(self.check_envelope(answer, self.enc, "extra"), self.private)
        self.assertEqual(self.ok("recover", **members), answer)
        self.assertNotEqual(self.ok("recover", **plain), answer)

    def test_nobody_else_recovers_anything(self):
        self.recovered()
        good = self.recovery(self.enc, self.fresh)
        for names in ((), ("wang",), ("wang", "wang"), ("wang", "qian")):
            self.refused("proof", "recover", **self.recovery(self.enc, self.fresh, names))
        self.assertEqual(self.ask_kmc("recover", cert=self.fresh.hex(), **{**good, "sn": "SN0003"}),
                         {"error": "proof"})
        for change in ({"notify": "13700137000"}, {"signature": ""},
                       {"enc_cert": self.signed.hex()}, {"signature": good["approvals"][0]["signature"]}):
            self.refused("proof", "recover", **{**good, **change})
        # signed by another key than the one on the new token
        self.refused("proof", "recover", **self.recovery(self.enc, self.fresh, key="new"))
        # to a thief's key, past issuerd
        self.genkey("thief")
        openssl("req", "-x509", "-new", "-key", self.file("thief.key"), *self.sign_words(), "-subj",
                "/C=CN/O=Rehearsal/CN=Rehearsal CA", "-out", self.file("thief.pem"))
        forged = openssl("x509", "-in", self.file("thief.pem"), "-outform", "DER")
        members = self.recovery(self.enc, forged, key="thief")
        self.assertEqual(self.ask_kmc("recover", cert=forged.hex(), **members), {"error": "proof"})
        # to another unit's key, whatever operators sign
        other = self.prepare_members(order="o5", kind="new", code="91110000TEST000002")
        self.assertEqual(self.ask("prepare", **other), {})
        self.genkey("fresh5")
        csr = self.csr("fresh5")
        self.ok("request", order="o5", csr=csr.hex(), token="SN5",
                approvals=self.request_approvals(csr, "SN5", "o5"))
        signed = self.both("o5")[1]
        self.refused("proof", "recover", **self.recovery(self.enc, signed, order="o5", sn="SN5",
                                                         key="fresh5"))
        with sqlite3.connect(self.file("kmc.db")) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM recoveries").fetchone(), (0,))

    def test_copies_of_all_databases_open_nothing_without_the_hsm(self):
        self.recovered()
        answer = self.ok("recover", **self.recovery(self.enc, self.fresh))
        members = self.recovery(self.enc, self.fresh)
        self.end_kmcd()
        self.end()
        for schema in ("kmc", "issue"):
            run(CERTADM, "--store", f"sqlite:{self.folder}/{schema}.db", "--schema", schema, "backup",
                self.file(f"{schema}.backup"))
        # No private number is in any file, log or backup, whatever it is encoded in; nor is the PIN.
        for name in self.path.rglob("*"):
            if name.is_file() and name.name not in ("pin", "bare.der", "opened.der"):
                content = name.read_bytes()
                self.assertNotIn(self.private, content, name)
                self.assertNotIn(self.private.hex().encode(), content, name)
                self.assertNotIn(HSM_PIN.encode(), content, name)
        # The thief's own HSM with a key of the same name.
        shutil.rmtree(self.path / "tokens")
        self.softhsm("kmc")
        run(self.kmcd_words()[0], "init", *self.hsm, env=environment())
        with sqlite3.connect(self.file("kmc.db")) as database:
            database.execute("DELETE FROM recoveries")
        self.start_kmcd()
        self.start()
        self.refused("internal", "recover", **members)
        self.assertNotEqual(answer, {})

    def test_two_nodes_that_are_asked_at_once_give_one_pair(self):
        self.renewal()
        signed = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        second = self.launch(self.kmcd_words("kmc2"), self.file("kmc2.socket"))
        words = [ISSUERD, "run", *self.common_words(), "--node", "two", "--socket",
                 self.file("two.socket")]
        other = self.launch(words, self.file("two.socket"))
        try:
            answers, results = [], []
            question = json.dumps({"op": "envelope", "order": "o7", "cert": signed.hex()}).encode()
            asks = [lambda path=path: answers.append(ask_raw(self.file(path), question))
                    for path in ("kmc.socket", "kmc2.socket") * 3]
            self.genkey("k2")
            csr = self.csr("k2")
            self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
            result = json.dumps({"op": "result", "order": "o1"}).encode()
            asks += [lambda path=path: results.append(ask_raw(self.file(path), result))
                     for path in ("socket", "two.socket") * 3]
            threads = [threading.Thread(target=ask) for ask in asks]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(len({json.dumps(answer) for answer in answers}), 1)
            self.assertNotIn("error", answers[0])
            self.assertEqual(len({json.dumps(answer) for answer in results}), 1)
            self.assertNotIn("error", results[0])
        finally:
            for process in (second, other):
                process.terminate()
                self.assertEqual(process.wait(), 0)

    def test_whoever_may_ask_gets_bounds(self):
        for message in (b"", b"{", b"[]", b'{"op":"envelope"}', b'{"op":"recover","order":"x"}',
                        b'{"op":"envelope","order":"x\\u0000","cert":"00"}'):
            self.assertIn("error", ask_raw(self.file("kmc.socket"), message))


class KmcdRsa(Kmcd):
    alg = "rsa"

    def setUp(self):
        if not any(word in self.id() for word in ("two_certificates", "two_operators")):
            self.skipTest("shown with SM2")
        super().setUp()


class KmcdSpares(KmcCase):
    alg = "rsa"

    def count(self):
        with sqlite3.connect(self.file("kmc.db"), timeout=30) as database:
            return database.execute("SELECT count(*) FROM pairs WHERE state = 'spare'").fetchone()[0]

    def test_a_pair_that_lay_ready_is_given_once(self):
        self.end_kmcd()
        self.start_kmcd("--spares", "1")
        for _ in range(3000):
            if self.count() == 1:
                break
            threading.Event().wait(0.02)
        self.assertEqual(self.count(), 1)
        self.end_kmcd()
        with sqlite3.connect(self.file("kmc.db")) as database:
            spare = database.execute("SELECT spki FROM pairs").fetchone()[0]
        self.start_kmcd()
        self.renewal()
        answer, _, enc = self.both()
        self.assertEqual(self.spki(enc), spare)
        self.check_envelope(answer, enc)
        self.assertEqual(self.count(), 0)


class KmcdPostgres(Kmcd):
    """What the store does, on the other engine."""
    postgres = os.environ.get("OPENUKEY_TEST_POSTGRES")

    def setUp(self):
        if self.postgres is None or "two_nodes" not in self.id():
            self.skipTest("shown on SQLite")
        super().setUp()


class KmcdKilled(KmcCase):
    """kill -9 of either at its writes, and the work done again: one pair, one of each certificate."""

    def patiently(self, op, /, **members):
        """Asks until there is an answer, with new processes in place of those that died."""
        for _ in range(1000):
            try:
                answer = self.ask(op, **members)
                if answer != {"error": "unavailable"}:
                    return answer
            except (OSError, EOFError):
                pass
            if self.daemon.poll() is not None:
                self.assertEqual(self.daemon.wait(), -signal.SIGKILL)
                self.start()
            if self.kmcd.poll() is not None:
                self.assertEqual(self.kmcd.wait(), -signal.SIGKILL)
                self.start_kmcd()
            time.sleep(0.02)
        return self.fail("it never gets there")

    def one(self, number, who):
        """Returns whether somebody died."""
        order = f"k{number}-{who}"
        csr = self.csrs[number % len(self.csrs)]
        members = self.prepare_members(order=order, kind="new",
                                       csr_hash=self.hashes[number % len(self.csrs)])
        if who == "kmcd":
            self.end_kmcd()
            self.start_kmcd(kill_at=number)
            victim = self.kmcd
        else:
            self.end()
            self.daemon = self.launch([ISSUERD, "run", *self.common_words(), "--socket",
                                       self.file("socket")], self.file("socket"), number)
            victim = self.daemon
        self.assertIn(self.patiently("prepare", **members), ({}, {"error": "exists"}))
        self.assertEqual(self.patiently("request", order=order, csr=csr.hex()), {})
        answer = self.patiently("result", order=order)
        self.assertNotIn("error", answer)
        self.assertEqual(self.patiently("result", order=order), answer)
        confirm = self.confirmation(bytes.fromhex(answer["sign_cert"]),
                                    self.names[number % len(self.csrs)], order)
        self.assertIn("not_after", self.patiently("confirm", order=order, signature=confirm))
        self.assertEqual(self.patiently("result", order=order), answer)
        died = victim.poll() is not None
        with sqlite3.connect(self.file("issue.db"), timeout=30) as database:
            self.assertEqual(database.execute(
                "SELECT state, count(*) FROM certificates WHERE order_id = ? GROUP BY state",
                (order,)).fetchall(), [("confirmed", 2)])
        with sqlite3.connect(self.file("kmc.db"), timeout=30) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM pairs WHERE order_id = ?",
                                              (order,)).fetchone(), (1,))
        return died

    def test_killed_anywhere_it_comes_to_the_same_end(self):
        import hashlib  # pylint: disable=import-outside-toplevel
        self.names = ["new"]
        self.genkey("new")
        self.csrs = [self.csr("new")]
        self.hashes = [hashlib.sha256(csr).hexdigest() for csr in self.csrs]
        for who, step in (("kmcd", 11), ("issuerd", 61)):
            number, died = 0, True
            while died and number < 2000:
                died = self.one(number, who)
                number += 1 if LONG else step
            self.assertFalse(died, "never at the end")
            self.assertGreater(number, 1 if LONG else step, "nothing was killed")


del KmcCase

if __name__ == "__main__":
    unittest.main()
