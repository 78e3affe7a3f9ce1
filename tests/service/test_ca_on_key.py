#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA's SM2 key in hardware: the HSM is a GM key in the real pcscd, through our own PKCS #11 module,
as SoftHSM has no SM2."""
import os
import subprocess
import unittest
from pathlib import Path

from issue_case import ISSUERD, IssueCase, openssl
from kmc_case import KmcCase
from rig_case import MODULE, PIN, RigCase
from unlock_case import environment, run


class CaOnKey(RigCase, IssueCase):
    secret = KmcCase.secret
    label = "Rehearsal CA"

    def setUp(self):
        RigCase.setUp(self)
        IssueCase.setUp(self)

    def prepare_files(self):
        self.run_ok(os.environ["OPENUKEY_VIRTUAL_KEY"], "provision", "--state", self.file("key"),
                    "--serial", "CA1", "--label", "CA1", "--pin", PIN, "--application",
                    "OpenUKey-Rehearsal", "--container", "ca", "--sign-key", self.file("ca.key"),
                    "--sign-cert", self.file("ca.pem"))
        self.plug(self.file("key"))
        self.secret("pin", PIN)
        os.rename(self.file("ca.key"), self.file("in-the-key-only"))

    def ca_words(self):
        return ["--module", MODULE, "--token", "VIRTUAL CA1", "--pin-file", self.file("pin"),
                "--ca-label", self.label]

    def test_certificates_and_lists_are_signed_inside_the_key(self):
        self.assertEqual(self.prepare(kind="new"), {})
        self.genkey("new")
        csr = self.csr("new")
        self.ok("request", order="o1", csr=csr.hex(), token="SN7",
                approvals=self.request_approvals(csr, "SN7"))
        cert = bytes.fromhex(self.ok("result", order="o1")["sign_cert"])
        Path(self.file("new.pem")).write_bytes(openssl("x509", "-inform", "DER", data=cert))
        openssl("verify", "-vfyopt", "distid:1234567812345678", "-CAfile", self.file("ca.pem"),
                self.file("new.pem"))
        self.end()
        (self.path / "lists").mkdir()
        run(ISSUERD, "work", *self.common_words(), "--out", self.file("lists"), "--rounds", "1",
            env=environment())
        serial = self.shown(cert, "-serial").strip().split("=")[1]
        for name in ("ca.crl", f"ocsp/{serial}.ors"):
            self.assertTrue((self.path / "lists" / name).is_file(), name)
        # no other label than the key's
        self.label = "Rehearsal"
        result = subprocess.run([ISSUERD, "work", *self.common_words(), "--out", self.file("lists"),
                                 "--rounds", "1"], env=environment(), capture_output=True, check=False)
        self.assertEqual(result.returncode, 1)


if __name__ == "__main__":
    unittest.main()
