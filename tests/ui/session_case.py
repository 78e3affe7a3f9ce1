# SPDX-License-Identifier: LGPL-2.1-or-later
"""The protected authentication path from end to end: a stranger's program, our module, the socket,
the prompt of the desktop session, a person's keys, the key. The key's own counter is what counts."""

import os
import subprocess

from pinentry_case import PINENTRY, PinentryCase
from processes import wait_for

PIN, NEW_PIN = "yz4Q8k", "Xt93-fq"
FIXTURES = os.environ["FIXTURES"]
KEY_ID = "Unit".encode().hex() + "00"
TOOL = "pkcs11-tool"


class SessionCase(PinentryCase):
    readers = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desktop.write("policy.conf", "protected-authentication-path = yes\n")
        cls.desktop.write("data", "what is signed")
        cls.desktop.env["OPENUKEY_POLICY"] = cls.desktop.path("policy.conf")
        cls.desktop.env["OPENUKEY_LOG"] = "debug"
        cls.count = 0

    def setUp(self):
        type(self).count += 1
        self.provision("key-%d" % self.count)
        self.session = self.desktop.start(PINENTRY, "--session")
        self.addCleanup(self.session.stop)
        wait_for(lambda: os.path.exists(self.desktop.path("run", "openukey", "prompt")),
                 "the socket")

    def provision(self, name, tries=10):
        self.desktop.provision(
            name, "--pin", PIN, "--tries", str(tries), "--serial", name.upper(), "--label", name,
            "--container", "Unit", "--sign-key", FIXTURES + "/rsa-sign.key", "--sign-cert",
            FIXTURES + "/rsa-sign.pem")
        self.desktop.plug(0, name)
        self.addCleanup(self.pull)

    def pull(self):
        if 0 in self.desktop.keys:
            self.desktop.pull(0)

    def left(self):
        return self.desktop.tries_left(0)

    def tool(self, *words):
        module = self.desktop.env["OPENUKEY_PKCS11_MODULE"]
        # Under the sanitizers a foreign program needs their runtime for our module to load.
        preload = os.environ.get("OPENUKEY_TEST_PRELOAD")
        tool = self.desktop.start(TOOL, "--module", module, *words, LD_PRELOAD=preload)
        self.addCleanup(tool.stop)
        return tool

    def sign(self):
        return self.tool("--login", "--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", KEY_ID,
                         "--input-file", self.desktop.path("data"),
                         "--output-file", self.desktop.path("signature"))

    def enter(self, text):
        self.desktop.type(text)
        self.desktop.key("Return")

    def verify(self):
        public = self.desktop.path("public.pem")
        with open(public, "wb") as file:
            subprocess.run(["openssl", "x509", "-in", FIXTURES + "/rsa-sign.pem", "-noout",
                            "-pubkey"], check=True, stdout=file)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", public, "-signature",
                        self.desktop.path("signature"), self.desktop.path("data")], check=True,
                       stdout=subprocess.DEVNULL)

    def wait_prompt(self):
        return self.wait_field(self.asker_of(self.session))

    def asker_of(self, program):
        return type("Shown", (), {"program": program})

    def window(self):
        return self.session.find("frame")

    def wait_closed(self):
        wait_for(lambda: self.window() is None, "no window")

    def desktop_clients(self):
        with open("/proc/net/unix", encoding="utf-8") as file:
            return [line for line in file if line.rstrip().endswith(" prompt") and
                    line.split()[5] == "03"]
