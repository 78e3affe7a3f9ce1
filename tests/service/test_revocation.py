#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates taken back: who may, what follows, and what those who ask are told."""
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
import unittest
from pathlib import Path

from certd_case import free_port
from issue_case import ISSUERD, IssueCase, openssl
from kmc_case import KmcCase, elements
from unlock_case import CERTADM, SOFTHSM, environment, run

STILL_GOOD = os.environ.get("OPENUKEY_STILL_GOOD", "still_good")
NGINX_CONF = os.environ.get("OPENUKEY_NGINX_LISTS", "nginx-lists.conf")
HOLD = "6"


class RevocationCase(KmcCase):
    """With a key centre and a web server in front of the lists."""

    def issuerd_words(self):
        if not hasattr(self, "url"):
            self.url = self.nginx()
        return ["--kmc", self.file("kmc.socket"), "--crl-url", f"{self.url}/ca.crl", "--ocsp-url",
                f"{self.url}/ocsp", *self.more_words()]

    def more_words(self):
        return []

    def nginx(self):
        """A web server of the test's own over a folder; its address."""
        lists = self.path / "lists"
        lists.mkdir()
        self.path.chmod(0o755)
        shipped = Path(NGINX_CONF).read_text().replace("/var/lib/openukey-lists", str(lists))
        user = "user root;" if os.getuid() == 0 else ""
        for _ in range(20):
            port = free_port()
            (self.path / "nginx.conf").write_text(
                f"{user} daemon off; pid {self.folder}/nginx.pid; error_log {self.folder}/nginx.log;\n"
                "worker_processes 1; events {}\n"
                f"http {{ access_log off; client_body_temp_path {self.folder}/t1;\n"
                f"proxy_temp_path {self.folder}/t2; fastcgi_temp_path {self.folder}/t3;\n"
                f"uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;\n"
                f"server {{ listen 127.0.0.1:{port};\n{shipped}\n}} }}\n")
            env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
            process = subprocess.Popen(["/usr/sbin/nginx", "-c", self.file("nginx.conf"), "-e",
                                        self.file("nginx.log")], env=env)
            for _ in range(3000):
                if process.poll() is not None or (self.path / "nginx.pid").exists():
                    break
                time.sleep(0.02)
            if process.poll() is None:
                self.addCleanup(process.wait)
                self.addCleanup(process.terminate)
                return f"http://127.0.0.1:{port}"
        return self.fail("nginx does not start")

    def publish(self):
        run(ISSUERD, "work", *self.common_words(), "--node", "work", "--out", self.file("lists"),
            "--spool", self.file("spool"), "--rounds", "1", env=environment())

    def told(self, cert):
        """What our assistant hears about it: state, reason, by what."""
        path = self.pem(cert, "asked")
        clean = {name: value for name, value in environment().items()
                 if not name.lower().endswith("_proxy")}
        state, why, reason, how = run(STILL_GOOD, path, self.file("ca.pem"),
                                      env=clean).decode().split()
        self.assertEqual(why, "0")
        return state, reason, how

    def listed(self):
        """Serial numbers on the list, which the CA has signed."""
        crl = (self.path / "lists/ca.crl").read_bytes()
        text = openssl("crl", "-inform", "DER", "-noout", "-text", data=crl).decode()
        self.assertEqual(self.signed_by_ca(crl), True)
        return re.findall(r"Serial Number: ([0-9A-F]+)", text), text

    def signed_by_ca(self, der):
        body, _, signature = elements(elements(der)[0][1])[:3]
        Path(self.file("tbs")).write_bytes(body[2])
        Path(self.file("signature")).write_bytes(signature[1][1:])
        words = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"] \
            if self.alg == "sm2" else ["-rawin", "-digest", "sha256"]
        Path(self.file("ca.pub")).write_bytes(openssl("x509", "-in", self.file("ca.pem"), "-noout",
                                                      "-pubkey"))
        openssl("pkeyutl", "-verify", "-pubin", "-inkey", self.file("ca.pub"), "-in",
                self.file("tbs"), "-sigfile", self.file("signature"), *words)
        return True

    def serial(self, cert):
        return self.shown(cert, "-serial").strip().split("=")[1]

    def revocation(self, order="o8", sn="SN0001", reason="cessation", certs=(),
                   names=("wang", "zhao")):
        body = f"revoke\norder={order}\nsn={sn}\nreason={reason}\n" + "".join(
            f"cert={hashlib.sha256(cert).hexdigest()}\n" for cert in certs)
        members = {"order": order, "sn": sn, "reason": reason,
                   "approvals": self.approvals(body, names)}
        return {**members, "certs": [cert.hex() for cert in certs]} if certs else members

    def release(self, order="o8", sn="SN0001", names=("wang", "zhao")):
        return {"order": order, "sn": sn,
                "approvals": self.approvals(f"release\norder={order}\nsn={sn}\n", names)}

    def confirmed(self):
        self.renewal()
        _, self.signed, self.enc = self.both()
        self.assertIn("not_after", self.confirm(self.signed))


class Revocation(RevocationCase):
    def test_what_operators_revoke_is_on_the_list_and_in_the_answers(self):
        self.confirmed()
        self.publish()
        self.assertEqual(self.told(self.signed), ("good", "-1", "ocsp"))
        self.assertEqual(self.told(self.enc), ("good", "-1", "ocsp"))
        self.assertEqual(self.listed()[0], [])
        answer = self.ok("revoke", **self.revocation(certs=[self.signed]))
        both = sorted([self.serial(self.signed), self.serial(self.enc)])
        self.assertEqual(sorted(answer["serials"]), both)
        self.ok("revoke", **self.revocation(certs=[self.signed]))  # again
        self.publish()
        self.assertEqual(self.told(self.signed), ("revoked", "5", "ocsp"))
        self.assertEqual(self.told(self.enc), ("revoked", "5", "ocsp"))
        serials, text = self.listed()
        self.assertEqual(sorted(serials), both)
        self.assertIn("Cessation Of Operation", text)
        self.assertIn("X509v3 CRL Number", text)
        shutil.rmtree(self.path / "lists/ocsp")  # no answers: the list
        self.assertEqual(self.told(self.signed), ("revoked", "5", "crl"))
        letters = [json.loads(name.read_text()) for name in self.path.glob("spool/revoked-*.json")]
        self.assertEqual(sorted(letter["serial"] for letter in letters), both)
        self.refused("revoked", "prepare", **self.prepare_members(order="o2", old=self.signed))
        # strangers
        if self.alg == "rsa":
            self.publish_again()
            openssl("crl", "-inform", "DER", "-in", self.file("lists/ca.crl"), "-CAfile",
                    self.file("ca.pem"), "-noout")
            for words in ((), ("-no_nonce",)):
                text = openssl("ocsp", "-issuer", self.file("ca.pem"), "-CAfile", self.file("ca.pem"),
                               "-cert", self.pem(self.signed, "asked"), "-url",
                               f"{self.url}/ocsp/{self.serial(self.signed)}", *words).decode()
                self.assertIn("asked.pem: revoked", text)
                self.assertIn("cessationOfOperation", text)

    def publish_again(self):
        with sqlite3.connect(self.file("issue.db")) as database:
            database.execute("UPDATE answers SET due = 0")
        self.publish()

    def test_a_revocation_takes_two_operators(self):
        self.confirmed()
        for names in ((), ("wang",), ("wang", "wang"), ("wang", "qian")):
            self.refused("proof", "revoke", **self.revocation(names=names))
        good = self.revocation()
        for change in ({"order": "o9"}, {"sn": "SN0002"}, {"reason": "superseded"},
                       {"certs": [self.signed.hex()]}):
            self.refused("proof", "revoke", **{**good, **change})
        for change in ({"reason": "hold"}, {"reason": ""}, {"order": ""}, {"certs": ["00"]},
                       {"certs": "00"}):
            self.refused("bad-request", "revoke", **{**good, **change})
        self.genkey("foreign")
        openssl("req", "-x509", "-new", "-key", self.file("foreign.key"), *self.sign_words(), "-subj",
                "/CN=x", "-out", self.file("foreign.pem"))
        der = openssl("x509", "-in", self.file("foreign.pem"), "-outform", "DER")
        self.refused("proof", "revoke", **self.revocation(certs=[der]))
        self.publish()
        self.assertEqual(self.listed()[0], [])
        # all that is on the key: the old one that was renewed as well
        self.assertEqual(len(self.ok("revoke", **good)["serials"]), 3)

    def test_whoever_takes_over_the_front_end_can_stop_a_key_and_no_more(self):
        self.confirmed()
        self.assertEqual(len(self.ok("suspend", order="o8", sn="SN0001")["serials"]), 3)
        self.refused("not-found", "suspend", order="o8", sn="SN9999")
        self.publish()
        self.assertEqual(self.told(self.signed), ("revoked", HOLD, "ocsp"))
        # not renewed while it is stopped
        self.refused("revoked", "prepare", **self.prepare_members(order="o2", old=self.signed))
        for names in ((), ("wang",), ("wang", "qian")):
            self.refused("proof", "release", **self.release(names=names))
        # signed for another order: that one has suspended nothing
        self.assertEqual(self.ok("release", **self.release(order="o9")), {"serials": []})
        self.assertEqual(len(self.ok("release", **self.release())["serials"]), 3)
        self.publish()
        self.assertEqual(self.told(self.signed), ("good", "-1", "ocsp"))
        # what is revoked is neither suspended nor released
        self.ok("revoke", **self.revocation(certs=[self.signed]))
        self.ok("suspend", order="o8", sn="SN0001")
        self.ok("release", **self.release())
        self.publish()
        self.assertEqual(self.told(self.signed), ("revoked", "5", "ocsp"))
        self.assertEqual(len(self.listed()[0]), 2)

    @unittest.skipIf(os.environ.get("OPENUKEY_TEST_LONG") is None, "a long one")
    def test_so_many_keys_a_day_are_stopped_without_a_signature(self):
        self.confirmed()
        for number in range(500):
            self.ok("suspend", order=f"n{number}", sn="SN0001")
        self.refused("limit", "suspend", order="n500", sn="SN0001")

    def test_what_is_stopped_in_the_middle_is_neither_handed_out_nor_confirmed(self):
        self.renewal()
        self.ok("suspend", order="o8", sn="SN0001")
        self.refused("revoked", "result", order="o1")
        self.ok("release", **self.release())
        signed = self.both()[1]
        self.ok("suspend", order="o8", sn="SN0001")
        self.assertEqual(self.confirm(signed), {"error": "revoked"})
        self.ok("release", **self.release())
        self.assertIn("not_after", self.confirm(signed))

    def test_what_another_request_superseded_is_revoked(self):
        self.renewal()
        first, second = self.both()[1:]
        self.genkey("k2")
        csr = self.csr("k2")
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.publish()
        self.assertEqual(self.told(first), ("revoked", "4", "ocsp"))
        self.assertEqual(self.told(second), ("revoked", "4", "ocsp"))
        third = self.both()[1]
        self.publish()
        self.assertEqual(self.told(third), ("good", "-1", "ocsp"))


class Kinds(RevocationCase):
    def test_a_change_revokes_the_old_one_at_its_confirmation(self):
        self.confirmed()
        members = self.prepare_members(order="o2", kind="change", old=self.signed)
        self.assertEqual(self.ask("prepare", **members), {})
        self.pem(self.signed, "old")
        self.genkey("changed")
        csr = self.csr("changed")
        self.ok("request", order="o2", csr=csr.hex(), proof=self.proof(csr, "o2", "new"))
        _, cert, _ = self.both("o2")
        self.assertEqual(self.shown(cert, "-enddate"), self.shown(self.signed, "-enddate"))
        self.publish()
        self.assertEqual(self.told(self.signed)[0], "good")
        self.ok("confirm", order="o2", signature=self.confirmation(cert, "changed", "o2"))
        self.publish()
        for gone in (self.signed, self.enc):
            self.assertEqual(self.told(gone), ("revoked", "3", "ocsp"))
        self.assertEqual(self.told(cert)[0], "good")

    def test_a_replacement_revokes_the_old_one_at_once_and_keeps_its_end(self):
        self.confirmed()
        self.ok("suspend", order="o7", sn="SN0001")  # reported lost before
        members = self.prepare_members(order="o2", kind="lost", old=self.signed)
        self.assertEqual(self.ask("prepare", **members), {})
        self.publish()
        for gone in (self.signed, self.enc):
            self.assertEqual(self.told(gone), ("revoked", "1", "ocsp"))
        self.genkey("fresh")
        csr = self.csr("fresh")
        self.ok("request", order="o2", csr=csr.hex(), token="SN0002",
                approvals=self.request_approvals(csr, "SN0002", "o2"))
        _, cert, _ = self.both("o2")
        self.assertEqual(self.shown(cert, "-enddate"), self.shown(self.signed, "-enddate"))
        # on its own token: what was said of the old one does not reach it
        self.ok("release", **self.release("o7"))
        self.ok("suspend", order="o9", sn="SN0001")
        self.publish()
        self.assertEqual(self.told(cert)[0], "good")
        self.assertEqual(self.told(self.signed), ("revoked", "1", "ocsp"))
        self.ok("suspend", order="o9", sn="SN0002")
        self.publish()
        self.assertEqual(self.told(cert), ("revoked", HOLD, "ocsp"))

    def test_an_application_is_opened_beside_the_old_one(self):
        self.confirmed()
        members = self.prepare_members(order="o2", kind="open", old=self.signed)
        self.assertEqual(self.ask("prepare", **members), {})
        self.pem(self.signed, "old")
        self.genkey("opened")
        csr = self.csr("opened")
        self.ok("request", order="o2", csr=csr.hex(), proof=self.proof(csr, "o2", "new"))
        _, cert, _ = self.both("o2")
        self.ok("confirm", order="o2", signature=self.confirmation(cert, "opened", "o2"))
        self.publish()
        self.assertEqual([self.told(one)[0] for one in (cert, self.signed, self.enc)], ["good"] * 3)


class Superseded(RevocationCase):
    def more_words(self):
        return ["--supersede-days", "0"]

    def test_a_ca_may_revoke_what_was_renewed(self):
        self.renewal()
        self.publish()
        _, signed, _ = self.both()
        self.confirm(signed)
        self.publish()
        serials, text = self.listed()
        self.assertEqual(serials, [self.serial(self.old)])
        self.assertIn("Superseded", text)


class RevocationRsa(Revocation):
    alg = "rsa"

    def setUp(self):
        if "operators_revoke" not in self.id():
            self.skipTest("shown with SM2")
        super().setUp()


class RevocationPostgres(Revocation):
    """What the store does, on the other engine."""
    postgres = os.environ.get("OPENUKEY_TEST_POSTGRES")

    def setUp(self):
        if self.postgres is None or "takes_over" not in self.id():
            self.skipTest("shown on SQLite")
        super().setUp()


class CaInHsm(IssueCase):
    """The CA's key in SoftHSM; there is no file of it when issuerd starts."""
    alg = "rsa"

    softhsm, secret = KmcCase.softhsm, KmcCase.secret

    def prepare_files(self):
        self.softhsm("ca")
        for label, name in (("ca-key", "ca"), ("other", "other")):
            if name != "ca":
                self.genkey(name)
            run("softhsm2-util", "--import", self.file(f"{name}.key"), "--token", "ca", "--label",
                label, "--id", "01" if name == "ca" else "02", "--pin", "hsm-pin-4711")
        shutil.copy(self.file("ca.key"), self.file("kept-by-the-test"))

    def ca_words(self, label="ca-key"):
        return ["--module", SOFTHSM, "--token", "ca", "--pin-file", self.file("pin"), "--ca-label",
                label]

    def test_the_ca_signs_inside_the_hsm(self):
        self.assertEqual(self.prepare(kind="new"), {})
        self.genkey("new")
        csr = self.csr("new")
        self.ok("request", order="o1", csr=csr.hex(), token="SN7",
                approvals=self.request_approvals(csr, "SN7"))
        cert = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        Path(self.file("new.pem")).write_bytes(openssl("x509", "-inform", "DER", data=cert))
        openssl("verify", "-CAfile", self.file("ca.pem"), self.file("new.pem"))
        (self.path / "lists").mkdir()
        words = ["work", *self.common_words(), "--out", self.file("lists"), "--rounds", "1"]
        run(ISSUERD, *words, env=environment())
        openssl("crl", "-inform", "DER", "-in", self.file("lists/ca.crl"), "-CAfile",
                self.file("ca.pem"), "-noout")
        serial = self.shown(cert, "-serial").strip().split("=")[1]
        text = openssl("ocsp", "-issuer", self.file("ca.pem"), "-CAfile", self.file("ca.pem"), "-cert",
                       self.file("new.pem"), "-respin", self.file(f"lists/ocsp/{serial}.ors")).decode()
        self.assertIn("new.pem: good", text)

    def test_a_key_that_is_not_the_certificates_is_refused_at_the_start(self):
        self.end()
        for label in ("other", "none"):
            words = ["run", "--ca-cert", self.file("ca.pem"), *self.ca_words(label), "--operators",
                     self.file("operators"), "--profile", self.file("profile.json"), "--store",
                     f"sqlite:{self.folder}/x.db", "--socket", self.file("x")]
            result = subprocess.run([ISSUERD, *words], env=environment(), capture_output=True,
                                    text=True, check=False, timeout=60)
            self.assertEqual(result.returncode, 1)
            self.assertIn("the CA's certificate and key", result.stderr)


EXTERNAL = """#!/usr/bin/python3
import json, os, subprocess, sys
folder = os.path.dirname(os.path.abspath(__file__))
question = json.loads(sys.stdin.readline())
with open(folder + "/asked", "a", encoding="utf-8") as asked:
    asked.write(json.dumps(question) + "\\n")
def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout
mode = open(folder + "/mode", encoding="utf-8").read()
if mode == "busy":
    print('{"error":"busy"}')
elif mode == "crash":
    sys.exit(3)
elif mode == "noise":
    print("x" * 100000)
elif mode == "other":
    key = openssl("genpkey", "-algorithm", "RSA")
    open(folder + "/o.key", "wb").write(key)
    csr = openssl("req", "-new", "-key", folder + "/o.key", "-subj", "/CN=x", "-outform", "DER")
    question["csr"] = csr.hex()
    mode = "good"
if question["op"] == "revoke":
    print("{}")
elif mode == "good":
    open(folder + "/ext.cnf", "w").write("keyUsage=critical,digitalSignature\\n")
    kept = folder + "/" + question["id"] + ".made"
    if not os.path.exists(kept):
        open(kept, "wb").write(openssl("x509", "-req", "-inform", "DER", "-CA", folder + "/ca.pem",
            "-CAkey", folder + "/ca.key", "-CAcreateserial", "-days", "30", "-extfile",
            folder + "/ext.cnf", "-outform", "DER", data=bytes.fromhex(question["csr"])))
    print(json.dumps({"sign_cert": open(kept, "rb").read().hex()}))
"""


class External(IssueCase):
    """Somebody else's CA behind a program."""
    alg = "rsa"

    def prepare_files(self):
        program = self.path / "external"
        program.write_text(EXTERNAL)
        program.chmod(0o755)
        self.mode("busy")

    def mode(self, word):
        (self.path / "mode").write_text(word)

    def ca_words(self):
        return ["--upstream", "external", "--upstream-options", self.file("external")]

    def asked(self):
        return [json.loads(line) for line in (self.path / "asked").read_text().splitlines()]

    def test_its_certificate_is_looked_at_and_passed_on(self):
        self.assertEqual(self.prepare(kind="new"), {})
        self.genkey("new")
        csr = self.csr("new")
        self.ok("request", order="o1", csr=csr.hex(), token="SN7",
                approvals=self.request_approvals(csr, "SN7"))
        self.refused("busy", "result", order="o1")
        for word in ("crash", "noise"):
            self.mode(word)
            self.refused("unavailable", "result", order="o1")
        self.mode("other")
        self.refused("proof", "result", order="o1")
        os.remove(next(self.path.glob("*.made")))
        self.mode("good")
        answer = self.ok("result", order="o1")
        self.again()
        self.assertEqual(self.ok("result", order="o1"), answer)
        asked = self.asked()
        self.assertEqual({one["id"] for one in asked}, {asked[0]["id"]})
        self.assertEqual(asked[0]["csr"], csr.hex())
        cert = bytes.fromhex(answer["sign_cert"])
        signature = self.confirmation(cert)
        self.assertIn("not_after", self.ask("confirm", order="o1", signature=signature))
        # revoked here is revoked there
        body = "revoke\norder=o8\nsn=SN7\nreason=cessation\n"
        self.ok("revoke", order="o8", sn="SN7", reason="cessation", approvals=self.approvals(body))
        run(ISSUERD, "work", *self.common_words(), "--out", self.folder, "--rounds", "1",
            env=environment())
        self.assertEqual(self.asked()[-1], {"op": "revoke", "reason": 5, "cert": cert.hex()})


class Paid(IssueCase):
    """The payment provider's own words and signature, or operators' for a bank transfer."""

    def prepare_files(self):
        (self.path / "payments").mkdir()
        openssl("genpkey", "-algorithm", "RSA", "-out", self.file("bank.key"))
        openssl("pkey", "-in", self.file("bank.key"), "-pubout", "-out",
                self.file("payments/bank.pem"))

    def issuerd_words(self):
        return ["--payments", self.file("payments")]

    def notice(self, reference="r1", amount=22000, key="bank"):
        body = json.dumps({"reference": reference, "amount": amount, "notice": "n"})
        Path(self.file("notice")).write_bytes(b"1700000000\n" + body.encode())
        signature = openssl("dgst", "-sha256", "-sign", self.file(f"{key}.key"), self.file("notice"))
        return {"provider": "bank", "timestamp": "1700000000", "body": body,
                "signature": signature.hex()}

    def test_what_costs_money_needs_the_providers_signature(self):
        def ask(payment=None, **more):
            members = self.prepare_members(kind="new", **more)
            return self.ask("prepare", **members, **({"payment": payment} if payment else {}))
        self.genkey("thief", "rsa")
        for payment in (None, self.notice(key="thief"), self.notice(amount=21999),
                        {**self.notice(), "body": self.notice(amount=99999)["body"]},
                        {**self.notice(), "timestamp": "1700000001"},
                        {**self.notice(), "provider": "../payments/bank"},
                        {**self.notice(), "provider": "none"}, {"provider": "bank"}):
            self.assertEqual(ask(payment), {"error": "proof"}, payment)
        self.assertEqual(ask(self.notice(), paid=1), {"error": "proof"})
        self.assertEqual(ask(self.notice()), {})
        # a payment pays once
        self.assertEqual(ask(self.notice(), order="o2"), {"error": "proof"})
        self.assertEqual(ask(self.notice("r2"), order="o2"), {})
        # a transfer that operators have seen, by its reference, once
        self.assertEqual(ask(order="o3", transfer="T20260101"), {})
        self.assertEqual(ask(order="o4", transfer="T20260101"), {"error": "proof"})
        members = self.prepare_members(order="o4", kind="new")
        self.refused("proof", "prepare", **members, transfer="T2")
        # what is free needs none of it
        old = self.old_certificate(self.soon())
        self.assertEqual(self.prepare(order="o5", kind="change", old=old, paid=0), {})


class Dumped(RevocationCase):
    def test_the_log_is_whole_and_says_everything(self):
        self.confirmed()
        self.ok("suspend", order="o8", sn="SN0001")
        self.ok("release", **self.release())
        self.ok("revoke", **self.revocation(certs=[self.signed]))
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                self.file("audit.key"))
        openssl("pkey", "-in", self.file("audit.key"), "-pubout", "-out", self.file("audit.pem"))
        where = ["--store", f"sqlite:{self.folder}/issue.db", "--schema", "issue"]
        run(CERTADM, *where, "audit-sign", "--key", self.file("audit.key"))
        self.assertIn(b"valid", run(CERTADM, *where, "audit-verify", "--key", self.file("audit.pem")))
        with sqlite3.connect(self.file("issue.db")) as database:
            log = b"".join(row[0] for row in database.execute("SELECT body FROM audit_entries"))
            for word in (b"prepare", b"draft", b"sign", b"confirm", b"held", b"released", b"revoked"):
                self.assertIn(word, log)
            database.execute("UPDATE audit_entries SET body = replace(body, 'o8', 'o9')"
                             " WHERE seq = (SELECT max(seq) FROM audit_entries)")
        result = subprocess.run([CERTADM, *where, "audit-verify", "--key", self.file("audit.pem")],
                                capture_output=True, check=False)
        self.assertEqual(result.returncode, 1)


del KmcCase, IssueCase, RevocationCase

if __name__ == "__main__":
    unittest.main()
