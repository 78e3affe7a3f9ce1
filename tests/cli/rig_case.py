# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desk for tests of ukey: a private pcscd, and virtual keys made for one test."""

import json
import os
import shutil
import subprocess
import tempfile

from ukey_case import CA, UNIT, UkeyCase

REHEARSAL = os.environ.get("OPENUKEY_REHEARSAL", "openukey-rehearsal")
VIRTUAL_KEY = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
MODULE = os.environ.get("OPENUKEY_PKCS11_MODULE", "openukey-pkcs11.so")
PIN, ADMIN_PIN, DEVICE_KEY = "123456", "admin-8421", "1234567812345678"


class RigCase(UkeyCase):
    readers = 1

    def setUp(self):
        super().setUp()
        self.rig = tempfile.mkdtemp(prefix="ukey-rig-", dir="/tmp")  # sockets have short names
        self.addCleanup(shutil.rmtree, self.rig, True)
        self.rehearsal("start", str(self.readers))
        self.addCleanup(self.rehearsal, "stop")
        os.environ["PCSCLITE_CSOCK_NAME"] = self.rig + "/run/pcscd.comm"
        os.environ["OPENUKEY_MODULE"] = MODULE

    def rehearsal(self, verb, *args):
        # its children keep the output open: a file, so that nobody waits for them
        with tempfile.TemporaryFile() as out:
            code = subprocess.run([REHEARSAL, verb, self.rig, *args], stdout=out,
                                  stderr=subprocess.STDOUT, check=False).returncode
            out.seek(0)
            text = out.read().decode()
        self.assertEqual(code, 0, text)
        return text

    def plug(self, state, *args, reader=0):
        self.rehearsal("plug", str(reader), os.path.abspath(state), *args)

    def pull(self, reader=0):
        self.rehearsal("pull", str(reader))

    def tell(self, *words, reader=0):
        return self.rehearsal("ctl", str(reader), *words)

    def status(self, reader=0):
        return json.loads(self.tell("status", reader=reader))

    def writes(self):
        return self.status()["writes"]

    def left(self, who="user"):
        return self.status()["applications"][0][who]["left"]

    def provision(self, *args):
        """A key that has its application and a container with a signing key and certificate."""
        self.run_ok("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-utf8", "-subj",
                    "/C=CN/O=%s/CN=%s" % (UNIT, UNIT), "-keyout", "k.pem", "-out", "c.pem")
        self.run_ok(VIRTUAL_KEY, "provision", "--state", "key", "--serial", "T1", "--label", "T1",
                    *args, "--container", "Unit", "--sign-key", "k.pem", "--sign-cert", "c.pem")
        self.plug("key")

    def request(self, alg, *args):
        """A blank key's first half of ukey init, and a CA of the same kind."""
        self.plug("blank", "--serial", "B1", "--label", "blank", *args)
        self.ukey("init", "--request", "r.csr", "--container", "Unit", "--alg", alg, "--unit", UNIT,
                  "--application", "OpenUKey-Rehearsal", "--yes", device_key=DEVICE_KEY,
                  admin_pin=ADMIN_PIN, new_pin=PIN)
        self.run_ok(CA, "init", "ca", "--alg", alg)
        self.run_ok(CA, "sign", "ca", "--csr", "r.csr", "--out", "sign.crt")

    def encryption(self, *args):
        self.run_ok(CA, "encryption", "ca", "--for", "sign.crt", "--out-cert", "enc.crt", *args)

    def import_files(self, *args, **more):
        return self.ukey("init", "--import", "--container", "Unit", *args, pin=PIN, **more)

    def shown_certs(self):
        return {cert["pair"]: cert for cert in self.ukey("list", "--json").json()[0]["certificates"]}
