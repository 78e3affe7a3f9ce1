#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-certd with openukey-issuerd, -kmcd and -unlockd behind it: orders to their end."""
import hashlib
import json
import shutil
import unittest

from certd_case import PAY_KEY, CertdCase
from kmc_case import PHONE, KmcCase
from unlock_case import CERTADM, run


class Issuer(KmcCase):
    """What the orders below are issued by; the sandbox's payments are looked at."""

    def prepare_files(self):
        super().prepare_files()
        (self.path / "payments").mkdir()
        self.secret("payments/sandbox.key", PAY_KEY)

    def issuerd_words(self):
        return ["--kmc", self.file("kmc.socket"), "--payments", self.file("payments")]

    def runTest(self):
        """Only its tools are used."""


class Whole(CertdCase):
    def setUp(self):
        self.issuer = Issuer()
        self.issuer.setUp()
        self.addCleanup(self.issuer.doCleanups)
        super().setUp()
        self.end_certd("one")
        self.common += ["--issue", self.issuer.file("socket")]
        for name in ("wang", "zhao"):
            for kind in (f"{name}.key", f"operators/{name}.pem"):
                shutil.copy(self.issuer.file(kind), f"{self.folder}/{kind}")
        self.again()
        self.port = self.serve("one")

    def approved(self, kind="renewal", amount=22000, **more):
        order, cap, number = self.order(kind, **more)
        self.to(order, cap, "submit", "consent")
        if amount:
            self.notify(self.to(order, cap, "payment")["reference"], amount)
        self.to(order, cap, "hand-in")
        self.assertEqual(self.act(number, "approve", "wang", "zhao")[0], 200)
        return order, cap, number

    def renewed(self):
        """A confirmed renewal of SN0001; its certificate for signing."""
        order, cap, number = self.approved()
        self.old = self.issuer.old_certificate(self.issuer.soon())
        members = self.issuer.prepare_members(order=order, old=self.old)
        self.good("POST", f"/v1/operator/{number}/issue", members)
        self.issuer.genkey("new")
        csr = self.issuer.csr("new")
        self.good("POST", f"/v1/orders/{order}/csr",
                  {"csr": csr.hex(), "proof": self.issuer.proof(csr, order=order)}, cap)
        answer = self.good("GET", f"/v1/orders/{order}/result", cap=cap)
        self.signed, self.enc = (bytes.fromhex(answer[name]) for name in ("sign_cert", "enc_cert"))
        self.private = self.issuer.check_envelope(answer, self.enc)
        self.issuer.signed = self.signed
        self.good("POST", f"/v1/orders/{order}/confirm",
                  {"signature": self.issuer.confirmation(self.signed, order=order)}, cap)
        self.assertEqual(self.state(order, cap), "confirmed")
        return order, cap, number

    def test_a_renewal_is_issued_for_the_providers_own_words(self):
        self.renewed()
        # the front end says paid, and has no word of the provider's
        order, _, number = self.approved("renewal")
        kept = self.orders_sql("SELECT body FROM kept_notices WHERE order_id = ?", order)
        self.assertEqual(len(kept), 1)
        self.orders_sql("DELETE FROM kept_notices WHERE order_id = ?", order)
        members = self.issuer.prepare_members(order=order, old=self.old)
        self.bad("proof", "POST", f"/v1/operator/{number}/issue", members)
        # or those of another order
        self.orders_sql("UPDATE kept_notices SET order_id = ?", order)
        self.bad("proof", "POST", f"/v1/operator/{number}/issue", members)

    def test_a_lost_keys_certificates_stop_until_two_operators_let_them_go(self):
        self.enrol("SN0001")
        self.renewed()
        loss, cap, number = self.order("loss", method="sms")
        self.to(loss, cap, "submit")
        self.good("POST", f"/v1/orders/{loss}/unlock/code", {}, cap)
        self.good("POST", f"/v1/orders/{loss}/unlock/check", {"code": self.code(loss)}, cap)
        held = {"order": loss, "sn": "SN0001"}
        self.work(lambda: len(self.issuer.ok("held", **held)["serials"]) == 3)
        found = self.approve(f"found\nsn=SN0001\nnumber={self.ok('key', sn='SN0001')['ver']}\n"
                             "phone=\naccount=\nnotify=\n", "wang", "zhao")
        body = f"release\norder={loss}\nsn=SN0001\n"
        more = {"found": {"approvals": found}}
        self.assertEqual(self.act(number, "release", "wang", "zhao", more=more)[1],
                         {"error": "proof"})
        for names, state in ((("wang",), None), (("wang", "zhao"), "released")):
            more["certificates"] = {"approvals": self.approve(body, *names)}
            answer = self.act(number, "release", "wang", "zhao", more=more)[1]
            self.assertEqual(answer.get("state"), state, answer)
        self.assertEqual(self.issuer.ok("held", **held)["serials"], [])

    def certadm(self, *words, who="wang"):
        return run(CERTADM, *words, "--store", self.orders, "--vault", f"{self.folder}/vault.key",
                   "--profile", f"{self.folder}/profile.json", "--operators",
                   f"{self.folder}/operators", "--issue", self.issuer.file("socket"), "--as", who).decode()

    def asked_and_signed(self, number, act, *members):
        self.certadm("ask", number, act, *members)
        for who in ("wang", "zhao"):
            paper = json.loads(self.certadm("paper", number, who=who))
            (self.path / "answer").write_text(json.dumps({"operator": who, "signatures": [
                {"body": hashlib.sha256(item["body"].encode()).hexdigest(),
                 "signature": self.approve(item["body"], who)[0]["signature"]}
                for item in paper["items"]]}))
            self.certadm("answer", number, f"{self.folder}/answer", who=who)

    def test_operators_ask_and_sign_for_a_new_keys_certificate(self):
        order, cap, number = self.approved("new", sn=None)
        self.asked_and_signed(number, "issue", "years=1")
        self.issuer.genkey("fresh")
        csr = self.issuer.csr("fresh")
        self.bad("proof", "POST", f"/v1/operator/{number}/request",
                 {"csr": csr.hex(), "token": "SN0009"})
        self.asked_and_signed(number, "request", "token=SN0009", f"csr={csr.hex()}")
        # the station fetches what was signed for
        answer = self.good("POST", f"/v1/operator/{number}/request", {"csr": csr.hex()})
        cert = bytes.fromhex(answer["sign_cert"])
        self.issuer.check_envelope(answer, bytes.fromhex(answer["enc_cert"]), "fresh")
        self.good("POST", f"/v1/operator/{number}/confirm",
                  {"signature": self.issuer.confirmation(cert, "fresh", order)})
        self.assertEqual(self.act(number, "make", "wang", sn="SN0009")[1].get("state"), "made")
        self.assertEqual(self.state(order, cap), "made")

    def test_a_lost_key_is_replaced_and_the_report_is_over(self):
        self.enrol("SN0001")
        self.renewed()
        loss, cap, _ = self.order("loss", method="sms")
        self.to(loss, cap, "submit")
        self.good("POST", f"/v1/orders/{loss}/unlock/code", {}, cap)
        self.good("POST", f"/v1/orders/{loss}/unlock/check", {"code": self.code(loss)}, cap)
        order, _, number = self.approved("lost", 10000)
        members = self.issuer.prepare_members(order=order, kind="lost", old=self.signed, paid=10000)
        self.good("POST", f"/v1/operator/{number}/issue", members)
        self.assertEqual(self.state(loss, cap), "replaced")

    def test_a_revocation_is_carried_out_and_the_order_says_so(self):
        self.renewed()
        order, cap, number = self.approved("revoke", 0)
        body = f"revoke\norder={order}\nsn=SN0001\nreason=cessation\n"
        for names in ((), ("wang",)):
            self.bad("proof", "POST", f"/v1/operator/{number}/revoke",
                     {"reason": "cessation", "approvals": self.approve(body, *names)})
        self.assertEqual(self.state(order, cap), "approved")
        answer = self.good("POST", f"/v1/operator/{number}/revoke", {
            "reason": "cessation", "approvals": self.approve(body, "wang", "zhao")})
        self.assertEqual(len(answer["serials"]), 3)
        self.assertEqual(self.state(order, cap), "revoked")
        members = self.issuer.prepare_members(order="x", old=self.signed)
        self.issuer.refused("revoked", "prepare", **members)

    def test_a_new_token_gets_certificates_and_the_old_key_from_operators_only(self):
        self.renewed()
        order, _, number = self.approved("lost", 10000)
        members = self.issuer.prepare_members(order=order, kind="lost", old=self.signed, paid=10000)
        self.good("POST", f"/v1/operator/{number}/issue", members)
        # everything that the front end has: the order, its socket, a key of its own
        self.issuer.genkey("evil")
        evil = self.issuer.csr("evil")
        for names in ((), ("wang",), ("wang", "qian")):
            approvals = self.issuer.request_approvals(evil, "SN0002", order, names)
            self.issuer.refused("proof", "request", order=order, csr=evil.hex(), token="SN0002",
                                approvals=approvals)
        self.issuer.genkey("fresh")
        csr = self.issuer.csr("fresh")
        answer = self.good("POST", f"/v1/operator/{number}/request", {
            "csr": csr.hex(), "token": "SN0002",
            "approvals": self.issuer.request_approvals(csr, "SN0002", order)})
        cert = bytes.fromhex(answer["sign_cert"])
        self.issuer.check_envelope(answer, bytes.fromhex(answer["enc_cert"]), "fresh")
        self.good("POST", f"/v1/operator/{number}/confirm",
                  {"signature": self.issuer.confirmation(cert, "fresh", order)})
        recovery = self.issuer.recovery(self.enc, cert, order=order)
        self.assertEqual(recovery["notify"], PHONE)
        one = self.issuer.recovery(self.enc, cert, ("wang",), order=order)
        self.bad("proof", "POST", f"/v1/operator/{number}/recover", one)
        self.issuer.refused("proof", "recover", **one)
        answer = self.good("POST", f"/v1/operator/{number}/recover", recovery)
        self.assertEqual(self.issuer.check_envelope(answer, self.enc, "fresh"), self.private)
        self.bad("proof", "POST", "/v1/operator/20200101A000001/recover", recovery)


del CertdCase, KmcCase

if __name__ == "__main__":
    unittest.main()
