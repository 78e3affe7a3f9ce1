# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey on virtual keys through pcscd, our reader driver and our module: PINs, tries, signatures."""

import unittest

from rig_case import ADMIN_PIN, PIN, RigCase
from ukey_case import (BAD, KEY, LOCKED, NO_KEY, REFUSED, SM2_ID, UNIT, USAGE, WRONG_PIN, Terminal)

NEW_PIN = "Apple-2468"


class Pins(RigCase):
    def test_ten_wrong_pins_lock_and_the_administrator_unlocks(self):
        self.provision()
        for left in range(10, 0, -1):
            info = self.ukey("pin", "info", "--json").json()["user_pin"]
            self.assertEqual((info["exact"], info["left"], info["max"]), (True, left, 10))
            self.assertEqual(self.left(), left)
            confirm = ["--confirm-tries", str(left)] if left <= 3 else []
            done = self.ukey("pin", "test", *confirm, pin="000000",
                             code=WRONG_PIN if left > 1 else LOCKED)
            if left > 1:
                self.assertIn("%d of 10 tries left" % (left - 1), done.err)
        self.ukey("pin", "test", pin=PIN, code=LOCKED)
        self.ukey("pin", "change", pin=PIN, new_pin=NEW_PIN, code=LOCKED)
        self.write("f.txt", "x")
        self.ukey("sign", "f.txt", pin=PIN, code=LOCKED)
        self.assertTrue(self.ukey("pin", "info", "--json").json()["user_pin"]["locked"])
        self.ukey("pin", "unblock", admin_pin="wrong-8421", new_pin=NEW_PIN, code=WRONG_PIN)
        self.assertEqual(self.left("admin"), 9)
        self.ukey("pin", "unblock", admin_pin=ADMIN_PIN, new_pin=NEW_PIN)
        self.assertEqual((self.left(), self.left("admin")), (10, 10))
        self.ukey("pin", "test", pin=NEW_PIN)

    def test_nobody_spends_one_of_the_last_tries_unasked(self):
        self.provision("--tries", "3")
        self.assertIn("[LAST_TRIES]", self.ukey("pin", "test", pin="000000", code=REFUSED).err)
        done = self.ukey("pin", "test", "--confirm-tries", "2", pin="000000", code=REFUSED)
        self.assertIn("[COUNTER_MOVED]", done.err)
        self.assertEqual(self.left(), 3)
        self.ukey("pin", "test", "--confirm-tries", "3", pin="000000", code=WRONG_PIN)
        self.assertEqual(self.left(), 2)

    def test_on_a_terminal_the_last_tries_are_asked_about(self):
        self.provision("--tries", "3")
        terminal = Terminal("pin", "test")
        terminal.wait_for("Only 3 tries are left")
        terminal.type("")
        self.assertEqual(terminal.end(), REFUSED)
        terminal = Terminal("pin", "test", language="zh_CN")
        terminal.wait_for("只剩 3 次机会")
        terminal.type("3")
        terminal.wait_for("PIN：")
        terminal.type(PIN)
        self.assertEqual(terminal.end(), 0)
        self.assertEqual(self.left(), 3)

    def test_a_pin_that_cannot_be_right_costs_nothing(self):
        self.provision()
        for pin in ("", "12345", "x" * 17, "y" * 200):
            done = self.ukey("pin", "test", pin=pin, code=USAGE)
            self.assertIn("[PIN_LEN]", done.err)
        self.ukey("pin", "change", pin=PIN, new_pin="12345", code=USAGE)
        self.ukey("pin", "change", pin=PIN, new_pin=PIN, code=USAGE)
        self.ukey("pin", "unblock", admin_pin=ADMIN_PIN, new_pin="x" * 17, code=USAGE)
        self.assertEqual((self.left(), self.left("admin")), (10, 10))

    def test_the_first_pin_is_told_until_it_is_changed(self):
        self.provision()
        self.assertTrue(self.ukey("pin", "info", "--json").json()["user_pin"]["first_pin"])
        self.assertIn("first PIN", self.ukey("pin", "test", pin=PIN).err)
        self.ukey("pin", "change", pin=PIN, new_pin=NEW_PIN)
        self.assertFalse(self.ukey("pin", "info", "--json").json()["user_pin"]["first_pin"])
        self.ukey("pin", "change", pin=PIN, new_pin=NEW_PIN, code=WRONG_PIN)

    def test_a_new_pin_that_is_easily_guessed_is_refused_before_the_key_hears_of_it(self):
        self.provision()
        before = self.left()
        for weak in ("654321", "111111", "abcdef", "qwerty"):
            done = self.ukey("pin", "change", pin=PIN, new_pin=weak, code=USAGE)
            self.assertIn("[PIN_WEAK]", done.err)
            self.ukey("pin", "unblock", admin_pin=ADMIN_PIN, new_pin=weak, code=USAGE)
        self.assertEqual((self.left(), self.left("admin")), (before, 10))
        self.ukey("pin", "change", pin=PIN, new_pin=NEW_PIN)
        self.assertIn("[PIN_WEAK]", self.ukey("pin", "change", pin=NEW_PIN, new_pin=PIN,
                                              code=USAGE).err)

    def test_a_key_pulled_before_the_pin_check_costs_no_try(self):
        self.provision()
        self.tell("fault", "ins", "18", "pull-before")
        self.ukey("pin", "test", pin="000000", code=KEY)
        self.pull()
        self.plug("key")
        self.assertEqual(self.left(), 10)


class Keys(RigCase):
    readers = 2

    def test_no_key_blank_key_two_keys(self):
        self.assertIn("[NO_KEY]", self.ukey("list", code=NO_KEY).err)
        self.plug("blank", "--serial", "B1", reader=1)
        self.assertTrue(self.ukey("list", "--json").json()[0]["blank"])
        self.assertTrue(self.ukey("info", "--json").json()["blank"])
        self.ukey("pin", "test", pin=PIN, code=NO_KEY)
        self.provision()
        listed = self.ukey("list", "--json").json()
        self.assertEqual(sorted(key["serial"] for key in listed), ["B1", "T1"])
        self.ukey("pin", "test", pin=PIN)  # only one of them has a PIN
        self.ukey("show", "--token", "T1")
        self.ukey("show", "--token", "B1", code=NO_KEY)

    def test_two_keys_of_one_unit_are_told_apart(self):
        self.provision()
        self.run_ok("cp", "key", "other")
        self.plug("other", reader=1)
        done = self.ukey("show", code=USAGE)
        self.assertIn("[SEVERAL_CERTS]", done.err)
        slots = [str(key["slot"]) for key in self.ukey("list", "--json").json()]
        self.ukey("show", "--slot", slots[1])
        self.ukey("pin", "test", pin=PIN, code=USAGE)

    def test_info_says_what_the_key_is(self):
        self.provision()
        info = self.ukey("info", "--json").json()
        self.assertTrue(info["device"]["virtual"])
        self.assertEqual(info["device"]["application"], "OpenUKey-Rehearsal")
        self.assertGreater(info["device"]["free_space"], 0)
        self.assertIn("VIRTUAL", self.ukey("info").out)
        self.assertIn("虚拟", self.ukey("info", language="zh_CN").out)


class Signatures(RigCase):
    def check_rsa(self):
        self.provision()
        self.write("f.txt", "合计 12000 元\n")
        self.ukey("sign", "f.txt", pin=PIN)
        self.run_ok("openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "f.txt.p7s",
                    "-content", "f.txt", "-CAfile", "c.pem", "-purpose", "any", "-out", "o")
        self.assertIn(UNIT, self.ukey("verify", "f.txt", "--ca", "c.pem").out)

    def test_rsa_holds_for_openssl(self):
        self.check_rsa()

    def test_a_wrong_pin_signs_nothing(self):
        self.provision()
        self.write("f.txt", "x")
        self.ukey("sign", "f.txt", pin="000000", code=WRONG_PIN)
        self.assertEqual(self.status()["by_ins"].get("58", 0), 0)
        self.ukey("verify", "f.txt", code=9)

    def check_sm2(self, *model):
        self.request("sm2", *model)
        self.import_files("--sign-cert", "sign.crt")
        self.write("f.txt", "合计 12000 元\n")
        self.ukey("sign", "--raw", "f.txt", pin=PIN)
        self.write("pub", self.run_ok("openssl", "x509", "-in", "sign.crt", "-noout", "-pubkey"))
        verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pub", "-rawin", "-digest",
                  "sm3", "-pkeyopt", "distid:" + SM2_ID, "-in", "f.txt", "-sigfile"]
        self.run_ok(*verify, "f.txt.sig")
        # the message of GM/T 0010: its OIDs, and the signature inside by plain openssl
        self.ukey("sign", "f.txt", pin=PIN)
        tree = self.run_ok("openssl", "asn1parse", "-inform", "DER", "-in", "f.txt.p7s")
        for oid in ("1.2.156.10197.6.1.4.2.2", "1.2.156.10197.6.1.4.2.1", ":sm3",
                    "1.2.156.10197.1.301.1"):
            self.assertIn(oid, tree)
        last = tree.strip().splitlines()[-1]
        self.assertIn("OCTET STRING", last)
        offset = int(last.split(":")[0]) + int(last.split("hl=")[1].split()[0])
        with open("inner.sig", "wb") as file:
            file.write(self.read("f.txt.p7s")[offset:])
        self.run_ok(*verify, "inner.sig")
        self.assertIn(UNIT, self.ukey("verify", "f.txt", "--ca", "ca/root.crt").out)
        self.ukey("sign", "--attached", "f.txt", pin=PIN)
        self.ukey("verify", "f.txt.p7m", "--out", "inside")
        self.assertEqual(self.read("inside"), self.read("f.txt"))
        self.write("f.txt", "合计 92000 元\n")
        for args in (["f.txt"], ["--raw", "f.txt"]):
            self.ukey("verify", *args, code=BAD)

    def test_sm2_holds_for_openssl(self):
        self.check_sm2()

    def test_sm2_on_a_key_that_asks_before_each_signature(self):
        self.check_sm2("--model", "VC")

    def test_sm2_on_a_little_endian_key(self):
        self.check_sm2("--model", "V1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
