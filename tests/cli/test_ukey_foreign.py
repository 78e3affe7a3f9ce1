# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey on a token that is not ours (SoftHSM): what plain PKCS #11 can do, it does."""

import os
import signal
import subprocess
import time
import unittest

from ukey_case import (BAD, CA, FILE, NO_KEY, REFUSED, SM2_ID, UKEY, UNIT, UNSUPPORTED, USAGE,
                       WRONG_PIN, Terminal, UkeyCase)

SOFTHSM = os.environ.get("SOFTHSM_MODULE", "/usr/lib/softhsm/libsofthsm2.so")
PIN, ADMIN_PIN = "123456", "87654321"


@unittest.skipUnless(os.path.exists(SOFTHSM), "softhsm2 is not installed")
class Foreign(UkeyCase):
    def setUp(self):
        super().setUp()
        os.mkdir("tokens")
        self.write("softhsm2.conf", "directories.tokendir = %s/tokens\n"
                   "objectstore.backend = file\nlog.level = ERROR\n" % self.box)
        os.environ["SOFTHSM2_CONF"] = self.box + "/softhsm2.conf"
        os.environ["OPENUKEY_MODULE"] = SOFTHSM

    def personalise(self):
        self.ukey("init", "--request", "r.csr", "--container", "Unit", "--alg", "rsa", "--unit", UNIT,
                  "--label", "单位钥匙", "--yes", admin_pin=ADMIN_PIN, new_pin=PIN)
        self.run_ok(CA, "init", "ca", "--alg", "rsa")
        self.run_ok(CA, "sign", "ca", "--csr", "r.csr", "--out", "u.crt",
                    "--credit-code", "91650000MA00000000")
        self.ukey("init", "--import", "--container", "Unit", "--sign-cert", "u.crt", pin=PIN)

    def test_personalise_list_show_export(self):
        self.personalise()
        self.run_ok("openssl", "req", "-in", "r.csr", "-noout", "-verify")
        listed = self.ukey("list", "--json").json()
        self.assertEqual([key["label"] for key in listed], ["单位钥匙"])
        cert = listed[0]["certificates"][0]
        self.assertEqual((cert["unit"], cert["pair"], cert["state"], cert["credit_code"]),
                         (UNIT, "sign", "good", "91650000MA00000000"))
        self.assertIn(cert["days_left"], (364, 365))
        shown = self.ukey("show", "--json").json()
        fingerprint = self.run_ok("openssl", "x509", "-in", "u.crt", "-noout", "-fingerprint",
                                  "-sha256").strip().split("=")[1]
        self.assertEqual(shown["sha256"], fingerprint)
        self.assertIn({"part": "O", "text": UNIT}, shown["subject_parts"])
        self.ukey("export", "--out", "e.pem")
        self.assertEqual(self.read("e.pem"), self.read("u.crt"))
        self.ukey("export", "--out", "e.pem", code=FILE)
        self.ukey("export", "--out", "e.der", "--der")
        self.run_ok("openssl", "x509", "-in", "e.der", "-inform", "DER", "-noout")
        self.ukey("info", "--json").json()
        self.assertFalse(self.ukey("pin", "info", "--json").json()["user_pin"]["exact"])

    def test_a_name_cannot_write_to_the_terminal(self):
        evil = "/O=%s/CN=\x1b[2J\u009b31m\u202e%s" % (UNIT, UNIT)
        self.ukey("init", "--request", "r.csr", "--container", "Unit", "--alg", "rsa", "--subject",
                  evil, "--yes", admin_pin=ADMIN_PIN, new_pin=PIN)
        self.run_ok(CA, "init", "ca", "--alg", "rsa")
        self.run_ok(CA, "sign", "ca", "--csr", "r.csr", "--out", "u.crt")
        self.ukey("init", "--import", "--container", "Unit", "--sign-cert", "u.crt", pin=PIN)
        for args in (["list"], ["show"], ["list", "--json"]):
            text = self.ukey(*args).out
            self.assertIn(UNIT, text)
            for mark in ("\x1b", "\u009b", "\u202e"):
                self.assertNotIn(mark, text)

    def test_a_chinese_name_is_shown_without_any_locale(self):
        self.personalise()
        env = self.environment("en")
        del env["LC_ALL"], env["LANGUAGE"]
        done = subprocess.run([UKEY, "list"], env=env, stdout=subprocess.PIPE, check=True)
        self.assertIn(UNIT, done.stdout.decode())
        env["LANG"] = "zh_CN.UTF-8"  # whether it was ever generated or not
        done = subprocess.run([UKEY, "list"], env=env, stdout=subprocess.PIPE, check=True)
        self.assertIn("颁发者", done.stdout.decode())

    def test_both_languages(self):
        self.personalise()
        self.assertIn("Issued by: OpenUKey Rehearsal CA (virtual)", self.ukey("list").out)
        self.assertIn("颁发者：OpenUKey Rehearsal CA (virtual)",
                      self.ukey("list", language="zh_CN").out)
        self.assertIn("UKEY密码不对", self.ukey("pin", "test", pin="999999", code=WRONG_PIN,
                                            language="zh_CN").err)

    def test_signatures_hold_for_openssl(self):
        self.personalise()
        self.write("f.txt", "合计 12000 元\n")
        self.ukey("sign", "f.txt", pin=PIN)
        cms = ["openssl", "cms", "-verify", "-binary", "-CAfile", "ca/root.crt", "-purpose", "any"]
        self.run_ok(*cms, "-inform", "DER", "-in", "f.txt.p7s", "-content", "f.txt", "-out", "o")
        self.ukey("sign", "--attached", "--pem", "f.txt", pin=PIN)
        self.run_ok(*cms, "-inform", "PEM", "-in", "f.txt.p7m", "-out", "o")
        self.assertEqual(self.read("o"), self.read("f.txt"))
        self.ukey("sign", "--raw", "f.txt", pin=PIN)
        self.write("pub", self.run_ok("openssl", "x509", "-in", "u.crt", "-noout", "-pubkey"))
        self.run_ok("openssl", "dgst", "-sha256", "-verify", "pub", "-signature", "f.txt.sig",
                    "f.txt")
        for args in (["f.txt"], ["f.txt.p7m"], ["--raw", "f.txt"], ["f.txt", "--ca", "ca/root.crt"]):
            self.assertIn(UNIT, self.ukey("verify", *args).out)
        self.ukey("verify", "f.txt.p7m", "--out", "inside.txt")
        self.assertEqual(self.read("inside.txt"), self.read("f.txt"))

    def test_a_changed_file_does_not_verify(self):
        self.personalise()
        self.write("f.txt", "合计 12000 元\n")
        self.ukey("sign", "f.txt", pin=PIN)
        self.ukey("sign", "--raw", "f.txt", pin=PIN)
        self.ukey("sign", "--attached", "f.txt", pin=PIN)
        self.run_ok(CA, "init", "other", "--alg", "rsa")
        self.assertIn("[BAD_CHAIN]", self.ukey("verify", "f.txt", "--ca", "other/root.crt",
                                               code=BAD).err)
        self.write("f.txt", "合计 92000 元\n")
        self.ukey("verify", "f.txt", code=BAD)
        self.ukey("verify", "--raw", "f.txt", code=BAD)
        self.ukey("verify", "f.txt", "--signature", "f.txt.p7m", code=BAD)
        self.ukey("verify", "u.crt", code=FILE)
        self.ukey("verify", "gone", code=FILE)

    def test_pins_change_and_unlock(self):
        self.personalise()
        self.ukey("pin", "test", pin=PIN)
        self.ukey("pin", "change", pin=PIN, new_pin="Apple-2468")
        self.ukey("pin", "test", pin=PIN, code=WRONG_PIN)
        self.ukey("pin", "unblock", admin_pin=ADMIN_PIN, new_pin="Pear-1357")
        self.ukey("pin", "test", pin="Pear-1357")
        self.ukey("pin", "unblock", admin_pin="00000000", new_pin="Fig-9753", code=WRONG_PIN)
        self.ukey("pin", "change", pin="Pear-1357", new_pin="1", code=USAGE)
        self.ukey("pin", "change", pin="Pear-1357", new_pin="Pear-1357", code=USAGE)

    def test_what_only_our_keys_can_do_is_refused_in_words(self):
        self.personalise()
        self.run_ok("openssl", "genpkey", "-algorithm", "SM2", "-out", "k")
        self.run_ok("openssl", "req", "-new", "-key", "k", "-sm3", "-sigopt", "distid:" + SM2_ID,
                    "-subj", "/CN=x", "-out", "k.csr")
        self.run_ok(CA, "sign", "ca", "--csr", "k.csr", "--out", "k.crt")
        self.run_ok(CA, "encryption", "ca", "--for", "u.crt", "--out-cert", "e.crt",
                    "--out-wrapped", "w", "--out-blob", "b")
        done = self.ukey("init", "--import", "--container", "Unit", "--enc-cert", "e.crt",
                         "--wrapped-key", "w", "--key-blob", "b", pin=PIN, code=UNSUPPORTED)
        self.assertIn("[UNSUPPORTED]", done.err)
        self.ukey("init", "--import", "--container", "Unit", "--sign-cert", "k.crt", pin=PIN,
                  code=FILE)

    def test_no_key_wrong_use_and_wrong_names_have_their_codes(self):
        self.assertIn("[NO_KEY]", self.ukey("list", code=NO_KEY).err)
        self.personalise()
        self.ukey(code=USAGE)
        self.ukey("dance", code=USAGE)
        self.ukey("list", "--dance", code=USAGE)
        self.ukey("list", "--token", "nobody", code=NO_KEY)
        self.ukey("show", "--cert", "nobody", code=NO_KEY)
        self.ukey("list", "--module", "/nonexistent.so", code=NO_KEY)
        self.ukey("pin", "forget", code=USAGE)
        self.ukey("sign", "gone.txt", pin=PIN, code=FILE)
        for command in ("list", "show", "info", "pin", "sign", "verify", "export", "init"):
            self.assertIn("--help", self.ukey(command, "--help").out)
        self.assertIn("ukey ", self.ukey("--version").out)

    def test_without_a_terminal_nothing_is_asked(self):
        self.personalise()
        self.assertIn("[NO_TERMINAL]", self.ukey("pin", "test", code=USAGE).err)

    def test_the_pin_is_in_no_argument_and_no_environment(self):
        self.personalise()
        reader, writer = os.pipe()
        process = subprocess.Popen([UKEY, "pin", "test", "--pin-fd", str(reader)],
                                   pass_fds=[reader], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=self.environment("en"))
        process.stderr.readline()
        process.stderr.readline()  # "For: test the PIN": it waits for the PIN now
        with open("/proc/%d/limits" % process.pid) as file:
            core = [line for line in file if line.startswith("Max core file size")][0]
        self.assertEqual(core.split()[4:6], ["0", "0"])
        os.write(writer, PIN.encode())
        for part in ("cmdline", "environ"):
            self.assertNotIn(PIN.encode(), self.read("/proc/%d/%s" % (process.pid, part)))
        os.close(writer)
        self.assertEqual(process.wait(), 0)
        process.stderr.close()
        os.close(reader)

    def test_a_pin_on_the_command_line_is_not_taken(self):
        self.ukey("pin", "test", "--pin", PIN, code=USAGE)
        self.personalise()
        self.ukey("pin", "test", PIN, code=USAGE)

    def test_typing_on_a_terminal(self):
        self.personalise()
        terminal = Terminal("pin", "change")
        terminal.wait_for("PIN now: ")
        self.assertFalse(terminal.echo_is_on())
        terminal.type(PIN)
        terminal.wait_for("New PIN (")
        terminal.type("Apple-2468")
        terminal.wait_for("once more: ")
        terminal.type("Apple-2468")
        self.assertEqual(terminal.end(), 0)
        for secret in (PIN, "Apple"):
            self.assertNotIn(secret, terminal.text)
        self.ukey("pin", "test", pin="Apple-2468")

    def test_two_different_new_pins_change_nothing(self):
        self.personalise()
        terminal = Terminal("pin", "change")
        for prompt, line in (("PIN now: ", PIN), ("New PIN (", "Apple-2468"),
                             ("once more: ", "Apple-2469")):
            terminal.wait_for(prompt)
            terminal.type(line)
        self.assertEqual(terminal.end(), USAGE)
        self.ukey("pin", "test", pin=PIN)

    def test_ctrl_c_gives_the_echo_back(self):
        self.personalise()
        terminal = Terminal("pin", "test")
        terminal.wait_for("PIN: ")
        self.assertFalse(terminal.echo_is_on())
        os.kill(terminal.pid, signal.SIGINT)
        end = time.monotonic() + 5
        while not terminal.echo_is_on() and time.monotonic() < end:
            time.sleep(0.01)
        self.assertTrue(terminal.echo_is_on())
        self.assertEqual(terminal.end(), -signal.SIGINT)

    def test_several_keys_are_told_apart(self):
        self.personalise()
        spare = [line for line in self.run_ok("softhsm2-util", "--show-slots").splitlines()
                 if line.startswith("Slot ")][-1].split()[1]
        self.ukey("init", "--slot", spare, "--request", "second.csr", "--container", "Unit", "--alg",
                  "rsa", "--unit", UNIT, "--label", "second", "--yes", admin_pin=ADMIN_PIN,
                  new_pin=PIN)
        done = self.ukey("pin", "test", pin=PIN, code=USAGE)
        self.assertIn("[SEVERAL_KEYS]", done.err)
        self.assertIn("second", done.err)
        self.ukey("pin", "test", "--token", "second", pin=PIN)
        self.ukey("init", "--token", "second", "--request", "third.csr", "--container", "Unit",
                  "--alg", "rsa", "--unit", UNIT, pin=PIN, code=REFUSED)


if __name__ == "__main__":
    unittest.main(verbosity=2)
