# SPDX-License-Identifier: LGPL-2.1-or-later
"""A token that is not ours in 我的证书: SoftHSM's shows, and its PIN is changed like any other."""

import os
import unittest

from assistant_case import FIXTURES, NEW_PIN, PIN, AssistantCase

SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
UNIT = "邢台示例商贸有限公司"  # of tests/fixtures


@unittest.skipUnless(os.path.exists(SOFTHSM), "softhsm2 is not installed")
class ForeignTest(AssistantCase):
    modules = {"softhsm": SOFTHSM}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.mkdir(cls.desktop.path("home", "tokens"))
        cls.desktop.write("home/softhsm2.conf", "directories.tokendir = %s\nlog.level = ERROR\n" %
                          cls.desktop.path("home", "tokens"))
        cls.desktop.env["SOFTHSM2_CONF"] = cls.desktop.path("home", "softhsm2.conf")
        cls.tool("--init-token", "--label", "Foreign", "--so-pin", "87654321")
        cls.tool("--init-pin", "--login", "--so-pin", "87654321", "--pin", PIN)
        key = cls.desktop.path("home", "key.der")
        cls.quiet("openssl", "rsa", "-in", FIXTURES + "/rsa-sign.key", "-outform", "DER", "-out", key)
        cert = cls.desktop.path("home", "cert.der")
        cls.quiet("openssl", "x509", "-in", FIXTURES + "/rsa-sign.pem", "-outform", "DER", "-out",
                  cert)
        for kind, path in (("privkey", key), ("cert", cert)):
            cls.tool("--login", "--pin", PIN, "--write-object", path, "--type", kind, "--id", "01")

    @classmethod
    def tool(cls, *words):
        where = ["--slot-index", "0"] if "--init-token" in words else ["--token-label", "Foreign"]
        out, code = cls.desktop.run("pkcs11-tool", "--module", SOFTHSM, *where, *words)
        assert code == 0, out

    def test_it_shows_and_its_pin_is_changed(self):
        self.open()
        self.sees_part(UNIT)
        self.picture("foreign")
        self.press("_Details")
        self.sees("Whose it is")
        self.desktop.key("Escape")
        self.tab("UKEY PIN")
        self.sees("Number of tries unknown")
        self.press("_Change PIN")
        self.type_pin(PIN, NEW_PIN, NEW_PIN)
        self.prompt_gone()
        self.tool("--login", "--pin", NEW_PIN, "--list-objects")


if __name__ == "__main__":
    unittest.main()
