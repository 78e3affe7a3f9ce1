# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rehearsal CA, judged by plain openssl and by taking its envelopes apart byte by byte."""

import base64
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

CA = os.environ.get("OPENUKEY_REHEARSAL_CA", "openukey-rehearsal-ca")
SM2_ID = "1234567812345678"


def run(*args, data=None, ok=True):
    done = subprocess.run(args, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if ok and done.returncode != 0:
        raise AssertionError(f"{args}: {done.returncode}\n{done.stderr.decode()}")
    return done


def openssl(*args, data=None):
    return run("openssl", *args, data=data).stdout


class Authority(unittest.TestCase):
    def setUp(self):
        self.box = tempfile.TemporaryDirectory()
        self.addCleanup(self.box.cleanup)
        os.chdir(self.box.name)

    def request(self, alg, subject="/C=CN/O=天山果业有限公司/CN=天山果业有限公司"):
        openssl("genpkey", *(["-algorithm", "SM2"] if alg == "sm2" else
                             ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
                "-out", "unit.key")
        sign = ["-sm3", "-sigopt", "distid:" + SM2_ID] if alg == "sm2" else ["-sha256"]
        openssl("req", "-new", "-key", "unit.key", *sign, "-utf8", "-subj", subject,
                "-out", "unit.csr")

    def make(self, alg, *more):
        run(CA, "init", "ca", "--alg", alg)
        self.request(alg)
        run(CA, "sign", "ca", "--csr", "unit.csr", "--out", "unit.crt", *more)

    def verify(self, alg, cert):
        opts = ["-vfyopt", "distid:" + SM2_ID] if alg == "sm2" else []
        openssl("verify", *opts, "-CAfile", "ca/root.crt", cert)

    def text(self, cert):
        return openssl("x509", "-in", cert, "-noout", "-text", "-nameopt", "utf8").decode()

    def number(self, key, name):
        """One number of a private key, from openssl's own words."""
        text = openssl("pkey", "-in", key, "-noout", "-text").decode()
        digits = re.search(name + r":\s*\n((?:\s+[0-9a-f:]+\n)+)", text).group(1)
        return bytes.fromhex(re.sub(r"[\s:]", "", digits))

    def sm4(self, key, data):
        return openssl("enc", "-d", "-sm4-ecb", "-K", key.hex(), "-nopad", data=data)

    def test_certificates_are_accepted_by_openssl_and_keep_the_chinese_name(self):
        for alg, name in (("rsa", "sha256WithRSAEncryption"), ("sm2", "SM2-with-SM3")):
            with self.subTest(alg), tempfile.TemporaryDirectory() as box:
                os.chdir(box)
                self.make(alg, "--days", "90", "--credit-code", "91650100MA00000000")
                self.verify(alg, "unit.crt")
                text = self.text("unit.crt")
                self.assertIn(name, text)
                self.assertIn("O=天山果业有限公司", text.replace(" = ", "="))
                self.assertIn("Digital Signature, Non Repudiation", text)
                self.assertIn("91650100MA00000000", text)
                self.assertIn("Rehearsal only", text)
                self.assertIn("OpenUKey Rehearsal CA (virtual)", text)

    def test_what_is_revoked_is_on_the_list_that_the_root_signs(self):
        for alg in ("rsa", "sm2"):
            with self.subTest(alg), tempfile.TemporaryDirectory() as box:
                os.chdir(box)
                self.make(alg)
                for words in (["crl"], ["revoke", "--cert", "unit.crt"],
                              ["revoke", "--cert", "unit.crt"], ["crl", "--days", "30"]):
                    run(CA, words[0], "ca", *words[1:])
                text = openssl("crl", "-in", "ca/root.crl", "-noout", "-text").decode()
                serial = openssl("x509", "-in", "unit.crt", "-noout", "-serial").decode()
                self.assertEqual(text.count("Serial Number: "), 1)
                self.assertIn("Serial Number: " + serial.strip().partition("=")[2], text)
                self.assertIn("X509v3 CRL Number: \n                4\n", text)
                if alg == "rsa":  # plain openssl does not take the ID for a list
                    openssl("crl", "-in", "ca/root.crl", "-noout", "-CAfile", "ca/root.crt",
                            "-verify")
                    failed = run("openssl", "verify", "-crl_check", "-CAfile", "ca/root.crt",
                                 "-CRLfile", "ca/root.crl", "unit.crt", ok=False)
                    self.assertIn(b"certificate revoked", failed.stderr)

    def test_a_web_server_s_certificate_names_its_hosts(self):
        self.make("rsa", "--host", "hall.openukey.test,ha1l.openukey.test")
        text = self.text("unit.crt")
        self.assertIn("DNS:hall.openukey.test, DNS:ha1l.openukey.test", text)
        self.assertIn("TLS Web Server Authentication", text)
        self.assertNotIn("Non Repudiation", text)

    def test_the_root_key_is_not_readable_by_others(self):
        run(CA, "init", "ca", "--alg", "rsa")
        self.assertEqual(os.stat("ca/root.key").st_mode & 0o077, 0)

    def test_a_second_init_keeps_the_first_ca(self):
        run(CA, "init", "ca", "--alg", "rsa")
        before = open("ca/root.key").read()
        self.assertEqual(run(CA, "init", "ca", "--alg", "sm2", ok=False).returncode, 1)
        self.assertEqual(open("ca/root.key").read(), before)

    def test_a_request_signed_by_another_key_is_refused(self):
        run(CA, "init", "ca", "--alg", "sm2")
        for alg in ("sm2", "rsa"):
            with self.subTest(alg):
                self.request(alg)
                der = bytearray(openssl("req", "-in", "unit.csr", "-outform", "DER"))
                der[-1] ^= 1
                open("bad.csr", "wb").write(der)
                done = run(CA, "sign", "ca", "--csr", "bad.csr", "--out", "bad.crt", ok=False)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"not signed by the key", done.stderr)
                self.assertFalse(os.path.exists("bad.crt"))

    def test_wrong_files_are_named(self):
        run(CA, "init", "ca", "--alg", "rsa")
        open("no.csr", "w").write("nothing\n")
        done = run(CA, "sign", "ca", "--csr", "no.csr", "--out", "x", ok=False)
        self.assertIn(b"no.csr is not a PKCS #10 request", done.stderr)

    def test_sm2_blob_opens_with_the_signing_key_in_both_alignments(self):
        self.make("sm2")
        for align in ("right", "left"):
            with self.subTest(align):
                run(CA, "encryption", "ca", "--for", "unit.crt", "--out-cert", "enc.crt",
                    "--out-envelope", "env", "--align", align, "--out-key", "enc.key")
                self.verify("sm2", "enc.crt")
                self.assertIn("Key Encipherment, Data Encipherment", self.text("enc.crt"))
                blob = open("env", "rb").read()
                self.assertEqual(len(blob), 12 + 64 + 132 + 164 + 16)
                version, alg, bits = struct.unpack("<III", blob[:12])
                self.assertEqual((version, alg, bits), (1, 0x401, 256))
                private, public, cipher = blob[12:76], blob[76:208], blob[208:]
                self.assertEqual(struct.unpack("<I", public[:4])[0], 256)
                pub = self.number("enc.key", "pub")
                self.assertEqual(public[4:], bytes(32) + pub[1:33] + bytes(32) + pub[33:])
                self.assertEqual(struct.unpack("<I", cipher[160:164])[0], 16)
                key = self.unseal(cipher)
                number = self.number("enc.key", "priv")[-32:].rjust(32, b"\0")
                if align == "right":
                    self.assertEqual(self.sm4(key, private), bytes(32) + number)
                else:
                    self.assertEqual(self.sm4(key, private[:32]), number)
                    self.assertEqual(private[32:], bytes(32))

    def unseal(self, cipher):
        """Opens an ECCCIPHERBLOB with the unit's signing key."""
        open("asn1.cnf", "w").write(
            "asn1=SEQUENCE:c\n[c]\nx=INTEGER:0x%s\ny=INTEGER:0x%s\n"
            "h=FORMAT:HEX,OCT:%s\nc=FORMAT:HEX,OCT:%s\n" %
            (cipher[:64].hex(), cipher[64:128].hex(), cipher[128:160].hex(), cipher[164:].hex()))
        openssl("asn1parse", "-genconf", "asn1.cnf", "-noout", "-out", "c.der")
        return openssl("pkeyutl", "-decrypt", "-inkey", "unit.key", "-in", "c.der")

    def test_sm2_enveloped_key_in_der_has_the_parts_of_the_standard(self):
        self.make("sm2")
        run(CA, "encryption", "ca", "--for", "unit.crt", "--out-cert", "enc.crt", "--base64",
            "--out-envelope", "env", "--format", "der", "--out-key", "enc.key")
        der = base64.b64decode(open("env").read())
        rows = openssl("asn1parse", "-inform", "DER", data=der).decode().splitlines()
        kinds = [re.search(r"(?:prim|cons): (\w+ ?\w*)", row).group(1).strip() for row in rows]
        self.assertEqual(kinds, ["SEQUENCE", "SEQUENCE", "OBJECT", "SEQUENCE", "INTEGER", "INTEGER",
                                 "OCTET STRING", "OCTET STRING", "BIT STRING", "BIT STRING"])
        self.assertIn("sm4-ecb", rows[2])
        at = int(rows[3].split(":")[0])
        open("c.der", "wb").write(der[at:])
        key = openssl("pkeyutl", "-decrypt", "-inkey", "unit.key", "-in", "c.der")
        self.assertEqual(der[-33], 0)
        self.assertEqual(self.sm4(key, der[-32:]),
                         self.number("enc.key", "priv")[-32:].rjust(32, b"\0"))

    def test_rsa_blob_opens_with_the_wrapped_key(self):
        self.make("rsa")
        run(CA, "encryption", "ca", "--for", "unit.crt", "--out-cert", "enc.crt",
            "--out-wrapped", "wrapped", "--out-blob", "blob", "--out-key", "enc.key")
        self.verify("rsa", "enc.crt")
        key = openssl("pkeyutl", "-decrypt", "-inkey", "unit.key", "-in", "wrapped",
                      "-pkeyopt", "rsa_padding_mode:pkcs1")
        self.assertEqual(len(key), 16)
        sealed = open("blob", "rb").read()
        self.assertEqual(len(sealed), 1168)
        blob = self.sm4(key, sealed)
        self.assertEqual(struct.unpack("<II", blob[:8]), (0x10000, 2048))
        self.assertEqual(blob[264:268], bytes([0, 1, 0, 1]))
        numbers = (("modulus", 8, 256), ("privateExponent", 268, 256), ("prime1", 524, 128),
                   ("prime2", 652, 128), ("exponent1", 780, 128), ("exponent2", 908, 128),
                   ("coefficient", 1036, 128))
        for name, at, width in numbers:
            want = self.number("enc.key", name).lstrip(b"\0").rjust(width, b"\0")
            self.assertEqual(blob[at:at + width], want, name)
        self.assertEqual(blob[1164:], bytes(4))


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[1:] or ["-v"]
    unittest.main()
