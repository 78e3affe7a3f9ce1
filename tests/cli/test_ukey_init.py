# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey init on virtual keys: what a CA sends back is checked before any of it is written."""

import unittest

from rig_case import ADMIN_PIN, DEVICE_KEY, PIN, RigCase
from ukey_case import CA, FILE, KEY, NO_KEY, REFUSED, SM2_ID, UNIT, USAGE, WRONG_PIN


class Init(RigCase):
    def same_key(self, one, other):
        pub = ["openssl", "x509", "-noout", "-pubkey", "-in"]
        self.assertEqual(self.run_ok(*pub, one), self.run_ok(*pub, other))

    def check_sm2(self, form, *model):
        self.request("sm2", *model)
        self.run_ok("openssl", "req", "-in", "r.csr", "-noout", "-verify", "-vfyopt",
                    "distid:" + SM2_ID)
        self.encryption("--out-envelope", "env", *form)
        done = self.import_files("--sign-cert", "sign.crt", "--enc-cert", "enc.crt", "--envelope",
                                 "env", language="zh_CN")
        self.assertIn("加密证书", done.out)
        certs = self.shown_certs()
        self.assertEqual(set(certs), {"sign", "encrypt"})
        self.assertEqual({cert["container"] for cert in certs.values()}, {"Unit"})
        for pair, file in (("sign", "sign.crt"), ("encrypt", "enc.crt")):
            self.ukey("export", "--cert", certs[pair]["id"], "--out", pair)
            self.assertEqual(self.read(pair), self.read(file))
        # asked for by the container's name, the certificate that says who the unit is
        self.assertEqual(self.ukey("show", "Unit", "--json").json()["pair"], "sign")

    def test_sm2_with_a_blob(self):
        self.check_sm2(["--align", "right"])

    def test_sm2_with_a_left_aligned_blob_in_base64(self):
        self.check_sm2(["--align", "left", "--base64"])

    def test_sm2_with_der(self):
        self.check_sm2(["--format", "der"])

    def test_sm2_with_der_in_base64_on_a_little_endian_key(self):
        self.check_sm2(["--format", "der", "--base64"], "--model", "V1")

    def test_sm2_on_a_key_that_asks_before_each_use(self):
        self.check_sm2([], "--model", "VC")

    def test_rsa_with_an_encryption_pair(self):
        self.request("rsa")
        self.encryption("--out-wrapped", "w", "--out-blob", "b")
        self.import_files("--sign-cert", "sign.crt", "--enc-cert", "enc.crt", "--wrapped-key", "w",
                          "--key-blob", "b")
        self.assertEqual(set(self.shown_certs()), {"sign", "encrypt"})

    def test_wrong_files_are_refused_before_anything_is_written(self):
        self.request("sm2")
        self.encryption("--out-envelope", "env")
        self.run_ok("cp", "enc.crt", "first.crt")
        self.encryption("--out-envelope", "env2")  # enc.crt now belongs to env2
        self.run_ok("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x",
                    "-keyout", "x.key", "-out", "x.crt")
        blob = self.read("env")
        for name, data in (("short", blob[:-1]), ("long", blob + b"\0"), ("empty", b""),
                           ("noise", bytes(range(256)) * 2),
                           ("off-curve", blob[:120] + bytes([blob[120] ^ 1]) + blob[121:])):
            with open(name, "wb") as file:
                file.write(data)
        self.write("text", "not a certificate")
        before = self.writes()
        for args, word in ((["--sign-cert", "text"], "NOT_A_CERT"),
                           (["--sign-cert", "gone"], "FILE_READ"),
                           (["--sign-cert", "x.crt"], "CERT_OTHER_KEY"),
                           (["--sign-cert", "enc.crt"], "CERT_OTHER_KEY"),
                           (["--sign-cert", "sign.crt", "--enc-cert", "sign.crt"], "CERT_USAGE"),
                           (["--sign-cert", "sign.crt", "--enc-cert", "first.crt", "--envelope",
                             "env2"], "ENVELOPE_OTHER_KEY"),
                           (["--sign-cert", "sign.crt", "--envelope", "sign.crt"],
                            "NOT_AN_ENVELOPE"),
                           (["--sign-cert", "sign.crt", "--wrapped-key", "env", "--key-blob",
                             "env"], "NOT_AN_ENVELOPE"),
                           *((["--sign-cert", "sign.crt", "--enc-cert", "first.crt", "--envelope",
                               name], "NOT_AN_ENVELOPE")
                             for name in ("short", "long", "empty", "noise", "off-curve"))):
            with self.subTest(" ".join(args)):
                done = self.import_files(*args, code=FILE)
                self.assertIn("[%s]" % word, done.err)
        self.assertEqual(self.writes(), before)
        self.assertEqual(self.status()["by_ins"].get("4c", 0), 0)

    def test_an_envelope_to_another_key_is_refused_by_the_key(self):
        self.request("sm2")
        self.run_ok("openssl", "genpkey", "-algorithm", "SM2", "-out", "o.key")
        self.run_ok("openssl", "req", "-new", "-key", "o.key", "-sm3", "-sigopt", "distid:" + SM2_ID,
                    "-subj", "/CN=other", "-out", "o.csr")
        self.run_ok(CA, "sign", "ca", "--csr", "o.csr", "--out", "o.crt")
        self.run_ok(CA, "encryption", "ca", "--for", "o.crt", "--out-cert", "enc.crt",
                    "--out-envelope", "env")
        self.import_files("--sign-cert", "sign.crt", "--enc-cert", "enc.crt", "--envelope", "env",
                          code=KEY)
        self.assertEqual(set(self.shown_certs()), {"sign"})
        self.encryption("--out-envelope", "env")
        self.import_files("--enc-cert", "enc.crt", "--envelope", "env")
        self.assertEqual(set(self.shown_certs()), {"sign", "encrypt"})

    def test_what_is_there_is_not_replaced_unasked(self):
        self.request("sm2")
        self.encryption("--out-envelope", "env")
        files = ["--sign-cert", "sign.crt", "--enc-cert", "enc.crt", "--envelope", "env"]
        self.import_files(*files)
        before = self.writes()
        self.assertIn("[NOT_CONFIRMED]", self.import_files(*files, code=REFUSED).err)
        again = ["init", "--request", "again.csr", "--container", "Unit", "--unit", UNIT]
        self.assertIn("[EXISTS]", self.ukey(*again, pin=PIN, code=REFUSED).err)
        self.assertIn("[FILE_EXISTS]", self.ukey("init", "--request", "r.csr", "--container", "New",
                                                 "--unit", UNIT, pin=PIN, code=FILE).err)
        self.assertIn("[NOT_BLANK]", self.ukey(*again, "--application", "x", pin=PIN,
                                               code=REFUSED).err)
        # a login may move the counter there and back, and nothing else
        self.assertLessEqual(self.writes(), before + 2)
        self.import_files(*files, "--yes")

    def test_a_second_container_beside_the_first(self):
        self.request("sm2")
        self.import_files("--sign-cert", "sign.crt")
        self.ukey("init", "--request", "2.csr", "--container", "第二套", "--alg", "rsa", "--unit",
                  UNIT, pin=PIN)
        self.run_ok(CA, "sign", "ca", "--csr", "2.csr", "--out", "2.crt")
        self.ukey("init", "--import", "--container", "第二套", "--sign-cert", "2.crt", pin=PIN)
        listed = self.ukey("list", "--json").json()[0]["certificates"]
        self.assertEqual({cert["container"] for cert in listed}, {"Unit", "第二套"})

    def test_a_blank_key_asks_before_and_knows_its_device_key(self):
        self.plug("blank", "--serial", "B1")
        words = ["init", "--request", "r.csr", "--container", "Unit", "--unit", UNIT]
        pins = {"admin_pin": ADMIN_PIN, "new_pin": PIN}
        before = self.writes()
        self.ukey(*words, device_key=DEVICE_KEY, code=REFUSED, **pins)
        self.ukey(*words, "--yes", device_key="short", code=USAGE, **pins)
        self.ukey(*words, "--yes", device_key=DEVICE_KEY, admin_pin="short", new_pin=PIN, code=USAGE)
        self.assertEqual(self.writes(), before)
        done = self.ukey(*words, "--yes", device_key="wrong-key-000000", code=WRONG_PIN, **pins)
        self.assertIn("[DEVICE_KEY_WRONG]", done.err)
        self.ukey("list", "--json")
        self.ukey("pin", "test", pin=PIN, code=NO_KEY)
        self.ukey(*words, "--yes", "--tries", "6", device_key=DEVICE_KEY.encode().hex(),
                  new_device_key="another-device-k", **pins)
        self.assertEqual(self.ukey("pin", "info", "--json").json()["user_pin"]["max"], 6)

    def test_a_power_cut_during_the_import_leaves_a_key_that_works(self):
        self.request("sm2")
        self.encryption("--out-envelope", "env")
        files = ["--sign-cert", "sign.crt", "--enc-cert", "enc.crt", "--envelope", "env", "--yes"]
        for write in range(1, 6):
            self.tell("fault", "write", str(write), "inside")
            done = self.ukey("init", "--import", "--container", "Unit", *files, pin=PIN,
                             code=KEY if write <= 3 else None)
            self.pull()
            self.plug("blank")
            if done.code == 0:
                break
        self.import_files(*files)
        self.assertEqual(set(self.shown_certs()), {"sign", "encrypt"})


if __name__ == "__main__":
    unittest.main(verbosity=2)
