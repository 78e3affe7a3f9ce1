#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""EST and CMP as strangers speak them: strongSwan's pki, curl and openssl cmp, behind nginx as shipped."""
import base64
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
import uuid
from pathlib import Path

from certd_case import CERTD, FORM, TEXTS, UNIT, free_port
from issue_case import CODE, IssueCase, openssl
from unlock_case import CERTADM, environment, run

FACED = os.environ.get("OPENUKEY_FACED", "openukey-faced")
NGINX = Path(__file__).resolve().parents[2] / "service/certd/nginx.conf"
PATIENCE = 120
LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"


class FacesCase(IssueCase):
    alg = "rsa"

    def setUp(self):
        super().setUp()
        self.processes = []
        self.addCleanup(self.end_all)
        run(CERTADM, "make-key", self.file("vault.key"), env=environment())
        (self.path / "identities.json").write_text(json.dumps({UNIT: FORM}))
        common = ["--store", f"sqlite:{self.folder}/orders.db", "--vault", self.file("vault.key"),
                  "--profile", self.file("profile.json"), "--issue", self.file("socket")]
        self.port, self.tls = free_port(), free_port()
        self.spawn([CERTD, "serve", "--node", "one", "--listen", f"127.0.0.1:{self.port}", "--rate", "0",
                    "--operators", self.file("operators"), "--identities", self.file("identities.json"),
                    *common], ("127.0.0.1", self.port))
        self.certificate("face", "/CN=face")
        self.spawn([FACED, "serve", "--node", "face", "--listen", self.file("face.sock"), "--again", "1",
                    "--chain", self.file("ca.pem"), "--cmp-cert", self.file("face.pem"), "--cmp-key",
                    self.file("face.key"), *common], self.file("face.sock"))
        self.nginx()
        old = self.old_certificate(self.soon())
        self.old = old
        self.url = f"https://localhost:{self.tls}"
        # strongSwan speaks TLS 1.3 only when it is told to.
        (self.path / "strongswan.conf").write_text("libtls {\n version_max = 1.3\n}\n")
        os.environ["STRONGSWAN_CONF"] = self.file("strongswan.conf")

    def end_all(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(), 0)

    def spawn(self, words, where):
        self.processes.append(subprocess.Popen(words, env=environment()))
        end = time.monotonic() + PATIENCE
        while True:
            self.assertIsNone(self.processes[-1].poll(), words[0])
            self.assertLess(time.monotonic(), end, words[0])
            try:
                with socket.socket(socket.AF_UNIX if isinstance(where, str) else socket.AF_INET) as link:
                    link.connect(where)
                    return
            except OSError:
                time.sleep(0.02)

    def certificate(self, name, subject, *more):
        """One of the CA's for the service itself."""
        self.genkey(name)
        openssl("req", "-new", "-key", self.file(f"{name}.key"), "-subj", subject, "-addext",
                "subjectAltName=DNS:localhost", "-out", self.file(f"{name}.csr"))
        openssl("x509", "-req", "-in", self.file(f"{name}.csr"), "-CA", self.file("ca.pem"), "-CAkey",
                self.file("ca.key"), "-days", "30", "-copy_extensions", "copyall", "-out",
                self.file(f"{name}.pem"), *more)

    def nginx(self):
        """As shipped, with this test's sockets and certificates."""
        self.certificate("tls", "/CN=localhost")
        text = NGINX.read_text()
        for old, new in (("/run/openukey-certd/http", self.file("none")),
                         ("/run/openukey-faced/http", self.file("face.sock")),
                         ("listen 443 ssl http2;",
                          f"listen 127.0.0.1:{self.tls} ssl http2;\nssl_certificate {self.file('tls.pem')};\n"
                          f"ssl_certificate_key {self.file('tls.key')};\nssl_verify_client optional;\n"
                          f"ssl_client_certificate {self.file('ca.pem')};")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        user = f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else ""
        temps = "".join(f"{kind}_temp_path {self.file(kind)};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        Path(self.file("nginx.conf")).write_text(
            f"{user}daemon off;\npid {self.file('nginx.pid')};\nerror_log {self.file('error.log')};\n"
            f"events {{}}\nhttp {{\naccess_log off;\n{temps}{text}}}\n")
        self.spawn(["nginx", "-e", self.file("error.log"), "-c", self.file("nginx.conf")],
                   ("127.0.0.1", self.tls))

    # ---- orders ----

    def orders_sql(self, statement, *values):
        with sqlite3.connect(self.file("orders.db"), timeout=PATIENCE) as database:
            return database.execute(statement, values).fetchall()

    def only_order(self):
        """(id, number, kind, state, sn, ver) of the one there is."""
        rows = self.orders_sql("SELECT id, number, kind, state, key_sn, ver FROM orders")
        self.assertEqual(len(rows), 1)
        return rows[0]

    def wait_state(self, state, poke=lambda: None):
        end = time.monotonic() + PATIENCE
        while not self.orders_sql("SELECT 1 FROM orders WHERE state = ?", state):
            self.assertLess(time.monotonic(), end, state)
            poke()
            time.sleep(0.05)

    def certd(self, path, body, cap=None, **headers):
        words = ["curl", "-sS", "-f", "-d", "@-", f"http://127.0.0.1:{self.port}{path}"]
        if cap is not None:
            words += ["-H", f"Authorization: Bearer {cap}"]
        for name, value in headers.items():
            words += ["-H", f"{name.replace('_', '-')}: {value}"]
        return json.loads(run(*words, input=json.dumps(body).encode()))

    def approvals(self, body, *names):
        return [{"operator": name, "signature": self.sign(name, "operator-approval", body, sm3=False)}
                for name in names]

    def act(self, act, *names, sn=""):
        _, number, _, _, _, ver = self.only_order()
        body = f"order\nnumber={number}\nver={ver}\nact={act}\nsn={sn}\n"
        return self.certd(f"/v1/operator/{number}",
                          {"act": act, "sn": sn, "approvals": self.approvals(body, *names)})

    def issue(self, csr=None, old=True):
        """Two operators sign for what is to be issued; for that very request where it is given."""
        order, number, kind, _, sn, _ = self.only_order()
        subject = self.subject("/C=CN/O=unit/CN=machine")
        members = {"subject": subject.hex(), "code": CODE, "years": 1, "paid": 22000}
        body = (f"issue\norder={order}\nkind={kind}\nsn={sn}\n"
                f"subject={hashlib.sha256(subject).hexdigest()}\ncode={CODE}\nyears=1\n"
                f"old={hashlib.sha256(self.old).hexdigest() if old else '-'}\npaid=22000\n")
        if old:
            members["old_cert"] = self.old.hex()
        if csr is not None:
            members["csr_hash"] = hashlib.sha256(csr).hexdigest()
            body += f"csr={members['csr_hash']}\n"
        members["approvals"] = self.approvals(body, "wang", "zhao")
        return self.certd(f"/v1/operator/{number}/issue", members)

    def people_decide(self, csr=None, poke=lambda: None):
        """Everything that people do for a machine's renewal; poke: what the machine does meanwhile."""
        self.wait_state("paper-wait", poke)
        self.act("paper-came", "wang")
        self.wait_state("wait-transfer", poke)
        self.act("transfer-seen", "zhao")
        self.wait_state("review", poke)
        self.act("approve", "wang", "zhao")
        self.issue(csr)

    def request(self, name="new"):
        self.genkey(name)
        csr = self.csr(name)
        Path(self.file(f"{name}.csr")).write_bytes(csr)
        return csr

    def verify(self, path):
        openssl("verify", "-CAfile", self.file("ca.pem"), path)
        return openssl("x509", "-in", path, "-noout", "-subject").decode()

    def same_key(self, path, key):
        self.assertEqual(openssl("x509", "-in", path, "-noout", "-pubkey"),
                         openssl("pkey", "-in", self.file(f"{key}.key"), "-pubout"))


class Est(FacesCase):
    def curl(self, path, *words, data=None):
        """(HTTP status, headers in lower case, body)"""
        if data is not None:
            words += ("--data-binary", "@-", "-H", "Content-Type: application/pkcs10")
        shown = run("curl", "-sS", "--http1.1", "--cacert", self.file("ca.pem"), "-i", *words,
                    f"{self.url}/.well-known/est/{path}", input=data)
        head, _, body = shown.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode().lower(), body

    def reenroll(self, csr, *words):
        return self.curl("simplereenroll", "--cert", self.file("old.pem"), "--key", self.file("old.key"),
                         *words, data=base64.b64encode(csr))

    def certificates(self, body):
        self.assertNotIn(b"\n", body)  # some clients refuse line breaks
        return openssl("pkcs7", "-inform", "DER", "-print_certs", data=base64.b64decode(body))

    def test_the_cas_certificates_and_what_a_request_should_look_like(self):
        status, head, body = self.curl("cacerts")
        self.assertEqual(status, 200)
        self.assertIn("content-type: application/pkcs7-mime", head)
        self.assertIn(b"Rehearsal CA", self.certificates(body))
        status, _, body = self.curl("csrattrs")
        self.assertEqual(status, 200)
        self.assertIn(b"rsaEncryption", openssl("asn1parse", "-inform", "DER",
                                                data=base64.b64decode(body)))
        run("pki", "--estca", "--url", self.url, "--cacert", self.file("ca.pem"), "--caout",
            self.file("est-ca.pem"), "--outform", "pem")
        self.assertEqual(openssl("x509", "-in", self.file("est-ca-1.pem") if
                                 Path(self.file("est-ca-1.pem")).exists() else self.file("est-ca.pem"),
                                 "-outform", "DER"),
                         openssl("x509", "-in", self.file("ca.pem"), "-outform", "DER"))

    def test_a_machine_renews_when_people_have_decided(self):
        csr = self.request()
        with subprocess.Popen(
                ["pki", "--est", "--url", self.url, "--in", self.file("new.csr"), "--cacert",
                 self.file("ca.pem"), "--cert", self.file("old.pem"), "--key", self.file("old.key"),
                 "--interval", "1", "--maxpolltime", "300", "--outform", "pem"],
                stdout=subprocess.PIPE) as client:
            self.people_decide(csr)
            Path(self.file("got.pem")).write_bytes(client.communicate(timeout=PATIENCE)[0])
            self.assertEqual(client.returncode, 0)
        self.assertIn("machine", self.verify(self.file("got.pem")))
        self.same_key(self.file("got.pem"), "new")
        self.assertEqual(self.only_order()[3], "confirmed")
        # Asked again, it is the same one.
        status, _, body = self.reenroll(csr)
        self.assertEqual(status, 200)
        self.assertIn(b"CN = machine", self.certificates(body))

    @unittest.skipUnless(LONG, "long")
    def test_nothing_goes_without_people_or_for_another_key(self):
        csr = self.request()
        other = self.request("other")
        status, head, body = self.reenroll(csr)
        self.assertEqual((status, body), (202, b""))
        self.assertIn("retry-after: 1", head)
        self.people_decide(csr, lambda: self.reenroll(csr))
        self.assertEqual(self.reenroll(other)[0], 403)
        self.assertEqual(self.reenroll(csr)[0], 200)
        self.assertEqual(self.reenroll(other)[0], 202)  # another order, for people to decide
        self.assertEqual(len(self.orders_sql("SELECT 1 FROM orders")), 2)

    def test_who_has_no_certificate_of_ours_is_nobody(self):
        csr = base64.b64encode(self.request())
        self.assertEqual(self.curl("simplereenroll", data=csr)[0], 403)
        forged = "X-Client-Certificate: " + "%2D".join(
            Path(self.file("old.pem")).read_text().replace("\n", "%0A").split("-"))
        self.assertEqual(self.curl("simplereenroll", "-H", forged, data=csr)[0], 403)
        openssl("req", "-x509", "-key", self.file("new.key"), "-subj", "/CN=stranger", "-out",
                self.file("stranger.pem"))
        self.assertEqual(self.curl("simplereenroll", "--cert", self.file("stranger.pem"), "--key",
                                   self.file("new.key"), data=csr)[0], 400)
        self.assertEqual(self.orders_sql("SELECT 1 FROM orders"), [])

    def test_a_first_certificate_comes_with_an_orders_number_and_capability(self):
        csr = self.request()
        made = self.certd("/v1/orders", {"kind": "new", "unit_code": UNIT, "token": {}, "form": FORM},
                          Idempotency_Key=uuid.uuid4().hex)
        login = f"{made['number']}:{made['capability']}"
        for words, expected in (((), 401), (("-u", f"{made['number']}:{'0' * 64}"), 401),
                                (("-u", f"20250101A000001:{made['capability']}"), 401),
                                (("-u", login), 202)):
            status, head, _ = self.curl("simpleenroll", *words, data=base64.b64encode(csr))
            self.assertEqual(status, expected, words)
        self.assertEqual(self.curl("simpleenroll", "-u", login, data=b"no request")[0], 400)
        for path, body in (("submit", {}), ("consent", {"texts": TEXTS}),
                           ("event", {"event": "pay-offline"})):
            self.certd(f"/v1/orders/{made['order']}/{path}", body, made["capability"])
        self.act("transfer-seen", "wang")
        self.certd(f"/v1/orders/{made['order']}/event", {"event": "hand-in"}, made["capability"])
        self.act("approve", "wang", "zhao")
        self.assertEqual(self.curl("simpleenroll", "-u", login, data=base64.encodebytes(csr))[0], 202)
        self.issue(csr, old=False)
        got = run("pki", "--est", "--url", self.url, "--in", self.file("new.csr"), "--cacert",
                  self.file("ca.pem"), "--userpass", login, "--outform", "pem")
        Path(self.file("got.pem")).write_bytes(got)
        self.verify(self.file("got.pem"))
        self.same_key(self.file("got.pem"), "new")


class Cmp(FacesCase):
    def cmp(self, command, *words, key="old", wait=True):
        """openssl cmp; (exit status, what it said)"""
        shown = subprocess.run(
            ["openssl", "cmp", "-config", "", "-cmd", command, "-server", f"localhost:{self.tls}",
             "-path", ".well-known/cmp", "-tls_used", "-tls_trusted", self.file("ca.pem"), "-cert",
             self.file("old.pem"), "-key", self.file(f"{key}.key"), "-trusted", self.file("ca.pem"),
             "-total_timeout", "120" if wait else "1", *words],
            capture_output=True, check=False, env={**os.environ, "no_proxy": "localhost"})
        return shown.returncode, (shown.stdout + shown.stderr).decode(errors="replace")

    def kur_words(self):
        return ["-newkey", self.file("new.key"), "-oldcert", self.file("old.pem"), "-certout",
                self.file("got.pem")]

    def with_people(self, command, *words):
        """The client waits and polls while people decide."""
        done = []
        client = threading.Thread(target=lambda: done.append(self.cmp(command, *words)))
        client.start()
        try:
            self.people_decide()
        finally:
            client.join()
        self.assertEqual(done[0][0], 0, done[0][1])
        self.verify(self.file("got.pem"))
        self.same_key(self.file("got.pem"), "new")
        self.assertEqual(self.only_order()[3], "confirmed")

    def test_a_key_update_waits_for_people_and_is_confirmed(self):
        self.genkey("new")
        self.with_people("kur", *self.kur_words())

    @unittest.skipUnless(LONG, "long")
    def test_a_pkcs10_request_signed_with_the_old_key(self):
        self.request()
        openssl("req", "-inform", "DER", "-in", self.file("new.csr"), "-out", self.file("new.csr.pem"))
        self.with_people("p10cr", "-csr", self.file("new.csr.pem"), "-certout", self.file("got.pem"))

    def test_an_update_is_signed_by_its_own_old_key(self):
        self.genkey("new")
        self.certificate("second", "/CN=second")
        openssl("x509", "-in", self.file("second.pem"), "-out", self.file("second.pem"))
        shown = subprocess.run(
            ["openssl", "cmp", "-config", "", "-total_timeout", "60", "-cmd", "kur", "-server", f"localhost:{self.tls}", "-path",
             ".well-known/cmp", "-tls_used", "-tls_trusted", self.file("ca.pem"), "-cert",
             self.file("second.pem"), "-key", self.file("second.key"), "-trusted", self.file("ca.pem"),
             *self.kur_words()], capture_output=True, check=False)
        self.assertNotEqual(shown.returncode, 0)
        self.assertEqual(self.orders_sql("SELECT 1 FROM orders"), [])

    @unittest.skipUnless(LONG, "long")
    def test_a_stranger_and_a_secret_nobody_shares_are_refused(self):
        self.genkey("new")
        openssl("req", "-x509", "-key", self.file("new.key"), "-subj", "/CN=stranger", "-out",
                self.file("stranger.pem"))
        for words in (["-cert", self.file("stranger.pem"), "-key", self.file("new.key")],
                      ["-ref", "order", "-secret", "pass:guess"]):
            shown = subprocess.run(
                ["openssl", "cmp", "-config", "", "-total_timeout", "60", "-cmd", "cr", "-server", f"localhost:{self.tls}",
                 "-path", ".well-known/cmp", "-tls_used", "-tls_trusted", self.file("ca.pem"),
                 "-trusted", self.file("ca.pem"), "-newkey", self.file("new.key"), "-subject", "/CN=x",
                 "-certout", self.file("got.pem"), *words], capture_output=True, check=False)
            self.assertNotEqual(shown.returncode, 0)
        self.assertEqual(self.orders_sql("SELECT 1 FROM orders"), [])

    @unittest.skipUnless(LONG, "long")
    def test_revocation_is_an_order_that_operators_carry_out(self):
        status, said = self.cmp("rr", "-oldcert", self.file("old.pem"), "-revreason", "4")
        self.assertEqual(status, 0, said)
        _, _, kind, state, _, _ = self.only_order()
        self.assertEqual((kind, state), ("revoke", "paper-wait"))

    @unittest.skipUnless(LONG, "long")
    def test_general_questions_are_answered(self):
        self.assertEqual(self.cmp("genm")[0], 0)


if __name__ == "__main__":
    for program in ("nginx", "pki", "curl"):
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            sys.exit(77)
    unittest.main()
