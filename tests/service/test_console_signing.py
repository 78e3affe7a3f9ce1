#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Operators sign with ukey approve: files, and the address that the console shows behind nginx."""
import http.client
import json
import os
import re
import ssl
import subprocess
import unittest

from console_case import ConsoleCase
from nginx_case import NGINX, NginxCase
from unlock_case import SOFTHSM, environment, run

UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")


class Signing(ConsoleCase):
    """Operators sign with ukey and a key of SoftHSM."""

    def key_of(self, name):
        run("softhsm2-util", "--init-token", "--free", "--label", name, "--pin", "123456", "--so-pin",
            "12345678")
        run("softhsm2-util", "--import", f"{self.folder}/{name}.key", "--token", name, "--label", "w",
            "--id", "01", "--pin", "123456")
        self.cert(name)
        (self.path / f"{name}.pem").write_text(self.certs[name])
        run("openssl", "x509", "-in", f"{self.folder}/{name}.pem", "-outform", "DER", "-out",
            f"{self.folder}/{name}.der")
        run("pkcs11-tool", "--module", SOFTHSM, "--token-label", name, "--login", "--pin", "123456",
            "--write-object", f"{self.folder}/{name}.der", "--type", "cert", "--id", "01", "--label", "w")

    def approve_with(self, name, *words, code=0):
        read, write = os.pipe()
        os.write(write, b"123456")
        os.close(write)
        done = subprocess.run(
            [UKEY, "approve", *words, "--yes", "--token", name, "--pin-fd", str(read)],
            capture_output=True, pass_fds=[read], check=False, start_new_session=True,
            env={**environment(), "OPENUKEY_MODULE": SOFTHSM, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"})
        os.close(read)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done


class Files(Signing):
    def approve_paper(self, paper, code=0):
        (self.path / "paper").write_text(json.dumps(paper))
        return self.approve_with("wang", f"{self.folder}/paper", code=code)

    def test_ukey_approve_signs_what_the_page_asks(self):
        order, cap, number = self.in_review()
        self.key_of("wang")
        self.ask_for("wang", number, "approve")
        paper = self.paper("wang", number)
        done = self.approve_paper(paper)
        self.assertIn("Approve an order", done.stderr.decode())
        self.assertIn(number, done.stderr.decode())
        self.assertEqual(self.sign("wang", number, done.stdout.decode())[0], 303)
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "approved")
        # What does not say what it is, or says it in signs that cannot be seen, is not signed.
        issue = ("issue\norder=o\nkind=renewal\nsn=S\nsubject=" + "0" * 64 +
                 "\ncode=c\nyears=1\nold=-\npaid=0\n")
        for body, more, code in (("order\nact=approve", {}, 9), ("x", {}, 9), ("", {}, 9),
                                 ("order\nnumber=\u202e1\nact=approve\n", {}, 9),
                                 ("order\nact=approve\n\n", {}, 9), (issue, {"subject": "3000"}, 5),
                                 # nor what is only a hash, or has another beside it
                                 (issue, {}, 5), ("revoke\norder=o\nsn=S\nreason=cessation\ncert=" +
                                                  "0" * 64 + "\n", {}, 5)):
            self.approve_paper({**paper, "items": [{"body": body, **more}]}, code)
        for wrong in ({}, {"openukey-approval": 2, "items": paper["items"]},
                      {"openukey-approval": 1, "items": []}):
            self.approve_paper(wrong, 9)


@unittest.skipUnless(NGINX, "nginx is not installed")
class BehindNginx(NginxCase, Signing):
    def get(self, path, who=None, **headers):
        context = ssl.create_default_context(cafile=f"{self.folder}/console.pem")
        if who is not None:
            context.load_cert_chain(f"{self.folder}/{who}.pem", f"{self.folder}/{who}.key")
        link = http.client.HTTPSConnection("127.0.0.1", self.https, timeout=60, context=context)
        try:
            link.request("GET", path, headers={name.replace("_", "-"): value
                                               for name, value in headers.items()})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def test_the_handshake_says_who_comes(self):
        _, _, number = self.in_review()
        self.assertIn(number, self.get("/", "wang")[1])
        forged = {"X_Client_Verify": "SUCCESS", "X_Client_Cert": self.cert("wang")}
        for who, headers in ((None, {}), (None, forged), ("qian", {}), ("qian", forged)):
            status, text = self.get("/", who, **headers)
            self.assertEqual(status, 403)
            self.assertNotIn(number, text)

    def test_ukey_approve_leaves_its_signature_at_the_address(self):
        order, cap, number = self.in_review()
        self.ask_for("wang", number, "approve")
        trust = ("--trust", f"{self.folder}/console.pem")
        for name, told in (("wang", "waits for other operators"), ("zhao", "carried out")):
            self.key_of(name)
            page = self.text_of(self.get(f"/orders/{number}/sign", name)[1])
            address = re.search(r"ukey approve (\S+)", page).group(1)
            if name == "wang":  # not by somebody else's key, nor in somebody else's place
                self.key_of("sun")
                self.approve_with("sun", address, *trust, code=6)
                self.approve_with("wang", address, code=11)  # whose certificate nobody vouches for
                self.approve_with("wang", address.replace("/wang/", "/zhao/"), *trust, code=6)
                self.approve_with("wang", address.replace("https:", "http:").replace(
                    "127.0.0.1", "127.1.1.1"), *trust, code=1)
            self.assertIn(told, self.approve_with(name, address, *trust).stdout.decode())
            self.approve_with(name, address, *trust, code=2)  # nothing waits any more
        self.assertEqual(self.state(order, cap), "approved")

    def test_what_was_signed_and_not_done_is_a_failure(self):
        order, cap, number = self.in_review()
        trust = ("--trust", f"{self.folder}/console.pem")
        self.ask_for("wang", number, "approve")
        self.sign("wang", number)
        self.assertEqual(self.act(number, "reject", "zhao")[0], 200)
        self.to(order, cap, "hand-in")
        self.key_of("zhao")
        page = self.text_of(self.get(f"/orders/{number}/sign", "zhao")[1])
        done = self.approve_with("zhao", re.search(r"ukey approve (\S+)", page).group(1), *trust, code=11)
        self.assertIn("PAPER_NOT_DONE", done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        self.assertEqual(self.state(order, cap), "review")


if __name__ == "__main__":
    unittest.main()
