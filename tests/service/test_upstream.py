#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-issuerd in front of somebody else's CA that speaks CMP: openssl's own."""
import json
import socket
import subprocess
import time
import unittest
from pathlib import Path

from certd_case import free_port
from issue_case import IssueCase, openssl
from unlock_case import run

PATIENCE = 120


class CmpUpstream(IssueCase):
    alg = "rsa"

    def certificate(self, name, subject):
        """One of the CA's, for a key of ours."""
        self.genkey(name)
        openssl("req", "-new", "-key", self.file(f"{name}.key"), "-subj", subject, "-addext",
                "keyUsage=critical,digitalSignature", "-out", self.file(f"{name}.req"))
        openssl("x509", "-req", "-in", self.file(f"{name}.req"), "-CA", self.file("ca.pem"), "-CAkey",
                self.file("ca.key"), "-days", "30", "-copy_extensions", "copyall", "-out",
                self.file(f"{name}.pem"))

    def prepare_files(self):
        self.certificate("ra", "/CN=registration authority")
        self.certificate("new", "/CN=issued upstream")
        self.port = free_port()
        (self.path / "cmp.json").write_text(json.dumps(
            {"server": "127.0.0.1", "port": self.port, "path": "pkix/", "cert": self.file("ra.pem"),
             "key": self.file("ra.key")}))

    def ca_words(self):
        return ["--upstream", "cmp", "--upstream-options", self.file("cmp.json")]

    def ca_begins(self, answer, *more):
        """The CA that is asked; it hands out that certificate, the second time it is polled."""
        with open(self.file("ca.log"), "ab") as log:
            process = subprocess.Popen(
                ["openssl", "cmp", "-config", "", "-port", str(self.port), "-srv_cert",
                 self.file("ca.pem"), "-srv_key", self.file("ca.key"), "-srv_trusted",
                 self.file("ca.pem"), "-rsp_cert", self.file(f"{answer}.pem"), "-poll_count", "1",
                 "-check_after", "1", *more], stdout=log, stderr=log)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        end = time.monotonic() + PATIENCE
        while True:
            self.assertLess(time.monotonic(), end)
            self.assertIsNone(process.poll(), Path(self.file("ca.log")).read_text())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return process
            except OSError:
                time.sleep(0.05)

    def result(self):
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.ask("result", order="o1")
            if answer.get("error") != "busy":
                return answer
            self.assertLess(time.monotonic(), end)
            time.sleep(1)

    def test_a_ca_asked_by_cmp_is_waited_for_and_looked_at(self):
        csr = self.csr("new")
        old = self.old_certificate(self.soon())
        self.assertEqual(self.prepare(old=old), {})
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        self.refused("unavailable", "result", order="o1")  # nobody is there
        first = self.ca_begins("ra")
        self.assertEqual(self.result(), {"error": "unavailable"})  # another key's: not accepted
        first.kill()
        first.wait()
        self.ca_begins("new")
        answer = self.result()
        self.assertIn("sign_cert", answer)
        Path(self.file("got.der")).write_bytes(bytes.fromhex(answer["sign_cert"]))
        self.assertEqual(run("openssl", "x509", "-in", self.file("got.der"), "-inform", "DER"),
                         run("openssl", "x509", "-in", self.file("new.pem")))
        self.again()
        self.assertEqual(self.ok("result", order="o1"), answer)
        self.assertIn("not_after", self.confirm(bytes.fromhex(answer["sign_cert"])))


if __name__ == "__main__":
    unittest.main()
