#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-issuerd: what it takes to get a certificate, and that it takes all of it."""
import hashlib
import json
import os
import threading
import unittest
from datetime import datetime, timezone
from pathlib import Path

from issue_case import CODE, IssueCase, openssl


class Issuerd(IssueCase):
    def test_a_renewed_certificate_is_the_cas_and_ends_a_year_later(self):
        self.renewal()
        cert = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        Path(self.file("new.der")).write_bytes(cert)
        openssl("x509", "-inform", "DER", "-in", self.file("new.der"), "-out", self.file("new.pem"))
        words = ["-vfyopt", "distid:1234567812345678"] if self.alg == "sm2" else []
        openssl("verify", *words, "-CAfile", self.file("ca.pem"), self.file("new.pem"))
        end = self.soon().replace(year=self.soon().year + 1)
        text = self.shown(cert, "-enddate").strip().split("=")[1]
        self.assertEqual(datetime.strptime(text, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc),
                         end)
        self.assertIn("示例果业有限公司", self.shown(cert, "-subject"))
        self.assertIn("Digital Signature, Non Repudiation", self.shown(cert, "-ext", "keyUsage"))
        self.assertIn(CODE.encode(), cert)
        answer = self.confirm(cert)
        self.assertEqual(answer, {"not_after": int(end.timestamp())})
        self.assertEqual(self.confirm(cert), answer)

    def test_the_same_request_has_the_same_certificate_through_kill_9(self):
        csr = self.renewal()
        self.again()
        first = self.ok("result", order="o1")
        self.again()
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.assertEqual(self.ok("result", order="o1"), first)

    def test_another_request_takes_its_place_until_one_is_confirmed(self):
        self.renewal()
        first = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        for number in range(4):
            self.genkey(f"k{number}")
            csr = self.csr(f"k{number}")
            self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.genkey("k5")
        csr = self.csr("k5")
        self.refused("wrong-state", "request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        last = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        self.assertEqual(self.confirm(first), {"error": "proof"})
        self.assertIn("not_after", self.confirm(last, "k3"))
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(self.file("issue.db")) as database:
            states = database.execute("SELECT state, count(*) FROM certificates GROUP BY state"
                                      " ORDER BY state").fetchall()
        self.assertEqual(states, [("confirmed", 1), ("revoked", 4)])

    def test_two_who_ask_at_once_get_one_certificate(self):
        self.renewal()
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.ask("result", order="o1")))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({json.dumps(answer) for answer in answers}), 1)

    def test_what_two_operators_did_not_sign_is_not_prepared(self):
        old = self.old_certificate(self.soon())
        for names in ((), ("wang",), ("wang", "wang"), ("wang", "qian")):
            self.assertEqual(self.prepare(old=old, names=names), {"error": "proof"})
        for change in ({"years": 2}, {"sn": "SN0002"}, {"order": "o2"}, {"code": "X"}, {"paid": 1},
                       {"subject": self.subject("/CN=Somebody else").hex()}):
            self.assertEqual(self.prepare(old=old, change=change), {"error": "proof"})
        self.assertEqual(self.prepare(kind="unlock"), {"error": "bad-request"})
        self.assertEqual(self.prepare(kind="renewal"), {"error": "bad-request"})
        self.assertEqual(self.prepare(old=old, years=7), {"error": "bad-request"})
        self.assertEqual(self.prepare(old=old), {})
        self.assertEqual(self.prepare(old=old), {"error": "exists"})

    def test_a_request_that_is_not_proved_gets_nothing(self):
        self.old = self.old_certificate(self.soon())
        self.prepare(old=self.old)
        self.genkey("new")
        csr = self.csr("new")
        for proof in ("", "00", self.proof(csr, key="new"), self.proof(csr, order="o2"),
                      self.proof(csr, sn="SN2"), self.proof(self.csr("old"))):
            self.refused("proof", "request", order="o1", csr=csr.hex(), proof=proof)
        bent = csr[:-3] + bytes([csr[-3] ^ 1]) + csr[-2:]
        self.assertIn(self.ask("request", order="o1", csr=bent.hex(), proof=self.proof(bent))["error"],
                      ("proof", "bad-request"))
        for alg in ("weak", "p256"):
            self.genkey("bad", alg)
            csr = openssl("req", "-new", "-key", self.file("bad.key"), "-subj", "/CN=x", "-outform",
                          "DER")
            self.refused("bad-request", "request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.refused("wrong-state", "result", order="o1")
        self.refused("not-found", "result", order="o2")

    def test_an_old_certificate_of_somebody_else_renews_nothing(self):
        self.genkey("foreign")
        openssl("req", "-x509", "-new", "-key", self.file("foreign.key"), *self.sign_words(), "-subj",
                "/C=CN/O=Rehearsal/CN=Rehearsal CA", "-out", self.file("foreign.pem"))
        der = openssl("x509", "-in", self.file("foreign.pem"), "-outform", "DER")
        self.assertEqual(self.prepare(old=der), {"error": "proof"})

    def test_too_early_and_too_late_are_refused_here_too(self):
        for days, why in ((40, "too-early"), (-70, "too-late")):
            self.assertEqual(self.prepare(old=self.old_certificate(self.soon(days))), {"error": why})

    def test_expired_ends_a_year_after_issue(self):
        self.old = self.old_certificate(self.soon(-5))
        self.prepare(old=self.old)
        self.genkey("new")
        csr = self.csr("new")
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        cert = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        today = self.soon(0)
        self.assertEqual(self.confirm(cert)["not_after"],
                         int(today.replace(year=today.year + 1).timestamp()))

    def test_a_new_certificate_needs_no_old_one(self):
        self.assertEqual(self.prepare(kind="new"), {})
        self.genkey("new")
        csr = self.csr("new")
        self.ok("request", order="o1", csr=csr.hex(), token="SN7",
                approvals=self.request_approvals(csr, "SN7"))
        self.assertIn("sign_cert", self.ok("result", order="o1"))

    def test_for_a_new_key_operators_sign_which_key_it_is(self):
        """Whoever passes requests on could otherwise have the certificate for a key of its own."""
        self.prepare(kind="new")
        self.genkey("new")
        csr = self.csr("new")
        for approvals in ([], self.request_approvals(csr, "SN7", names=("wang",)),
                          self.request_approvals(csr, "SN8"),
                          self.request_approvals(self.csr("ca"), "SN7")):
            self.refused("proof", "request", order="o1", csr=csr.hex(), token="SN7",
                         approvals=approvals)
        self.refused("wrong-state", "result", order="o1")
        # or they sign for the key with the order
        bound = hashlib.sha256(csr).hexdigest()
        self.assertEqual(self.prepare(order="o2", kind="new", csr_hash=bound), {})
        other = self.csr("ca")
        self.refused("proof", "request", order="o2", csr=other.hex())
        self.ok("request", order="o2", csr=csr.hex())
        self.assertIn("sign_cert", self.ok("result", order="o2"))

    def test_a_superseded_certificate_renews_nothing(self):
        csr = self.renewal()
        superseded = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        self.genkey("k2")
        csr = self.csr("k2")
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.assertEqual(self.prepare(order="o2", old=superseded), {"error": "revoked"})


class IssuerdRsa(Issuerd):
    alg = "rsa"

    def setUp(self):
        if not any(word in self.id() for word in ("renewed", "same_request", "not_proved")):
            self.skipTest("shown with SM2")
        super().setUp()


class IssuerdPostgres(Issuerd):
    """What the store does, on the other engine."""
    postgres = os.environ.get("OPENUKEY_TEST_POSTGRES")

    def setUp(self):
        if self.postgres is None or not any(
                word in self.id() for word in ("same_request", "ask_at_once", "superseded")):
            self.skipTest("shown on SQLite")
        super().setUp()


if __name__ == "__main__":
    unittest.main()
