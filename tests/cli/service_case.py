# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rehearsal's certificate service, of the test's own, and keys in its inventory."""
import os
import shutil
import subprocess
import tempfile

from ukey_case import CA, SM2_ID, TIMEOUT, UNIT, UkeyCase

SERVICE = os.environ.get("OPENUKEY_REHEARSAL_SERVICE_PROGRAM", "openukey-rehearsal-service")
VIRTUAL_KEY = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
CODE = "91650000MA00000000"


class ServiceCase(UkeyCase):
    def setUp(self):
        super().setUp()
        self.state = tempfile.mkdtemp(prefix="ukey-service-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.state, True)
        self.addCleanup(self.service, "stop")
        self.service("start", "--port", "0")
        with open(f"{self.state}/url", encoding="utf-8") as file:
            os.environ["OPENUKEY_SERVICE"] = file.read().strip()

    def read(self, name):
        with open(name, encoding="utf-8") as file:
            return file.read()

    def service(self, *words, code=0, language="en"):
        # what it starts keeps the output open: a file, so that nobody waits for it
        with tempfile.TemporaryFile() as out:
            done = subprocess.run([SERVICE, "--state", self.state, *words], stdout=out,
                                  stderr=subprocess.STDOUT, check=False, timeout=TIMEOUT,
                                  env=self.environment(language))
            out.seek(0)
            text = out.read().decode()
        self.assertEqual(done.returncode, code, text)
        return text

    def made_key(self, state, serial, days=20):
        """A key of the unit, with a certificate of the service's CA; enrolled."""
        self.run_ok("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2",
                    "-out", f"{serial}.pem")
        self.run_ok("openssl", "req", "-new", "-key", f"{serial}.pem", "-sm3", "-sigopt",
                    "distid:" + SM2_ID, "-utf8", "-subj", f"/C=CN/O={UNIT}/CN={UNIT}", "-out",
                    f"{serial}.csr")
        self.run_ok(CA, "sign", f"{self.state}/ca", "--csr", f"{serial}.csr", "--out",
                    f"{serial}.crt", "--days", str(days), "--credit-code", CODE)
        self.run_ok(CA, "encryption", f"{self.state}/ca", "--for", f"{serial}.crt", "--out-cert",
                    f"{serial}-enc.crt", "--out-key", f"{serial}-enc.pem", "--days", str(days),
                    "--credit-code", CODE, "--out-envelope", "envelope")
        self.run_ok(VIRTUAL_KEY, "provision", "--state", state, "--serial", serial, "--label",
                    serial, "--application", "OpenUKey-Rehearsal", "--pin", "123456", "--admin-pin",
                    "admin-8421", "--container", "Unit", "--sign-key", f"{serial}.pem", "--sign-cert",
                    f"{serial}.crt", "--enc-key", f"{serial}-enc.pem", "--enc-cert",
                    f"{serial}-enc.crt")
        self.service("enrol", state)
