#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Codes, reports, and that nothing is changed unless it was shown and agreed to."""
import os
import re
import shutil
import socket
import subprocess
import sys
import unittest

import world
from desk import MODULE_FILE, NSS_LIST, REPAIR, SERIAL, SETTINGS, UNIT, DeskCase, set_up
from world import read, write

POLICY = "/etc/openukey/policy.conf"
DAMM = ("0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581",
        "5869720134", "8945362017", "9438617205", "2581436790")


def setUpModule():
    set_up()


def with_check(digits):
    state = 0
    for digit in digits:
        state = int(DAMM[state][int(digit)])
    return "%s-%s-%d" % (digits[:2], digits[2:], state)


class Codes(DeskCase):
    def explain(self, *args):
        return self.ukey("explain", *args)

    def test_every_finding_of_the_table_has_a_code_that_leads_to_it(self):
        table = self.explain("--table").stdout.decode()
        rows = re.findall(r"^(\d\d)  (.+)$", table, re.M)
        self.assertGreater(len(rows), 40)
        self.assertEqual(len({number for number, _ in rows}), len(rows))
        for number, line in rows:
            done = self.explain(with_check(number + "10"))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.assertIn(line, done.stdout.decode())
            self.assertIn("Debian", done.stdout.decode())

    def test_a_misheard_digit_is_noticed(self):
        code = with_check("2110").replace("-", "")
        wrong = {code[:i] + digit + code[i + 1:] for i in range(5) for digit in "0123456789"}
        wrong |= {code[:i] + code[i + 1] + code[i] + code[i + 2:] for i in range(4)}
        for heard in wrong - {code}:
            self.assertEqual(self.explain(heard).returncode, 1, heard)
        for heard in (code, code[:2] + " " + code[2:4] + " " + code[4]):
            self.assertEqual(self.explain(heard).returncode, 0, heard)

    def test_other_things_are_no_codes(self):
        for heard in ("", "2", "21-10", "21-10-12", "ab-cd-e", "21_10_1", "9" * 500):
            self.assertEqual(self.explain(heard).returncode, 1, heard)
        self.assertIn(b"later release", self.explain(with_check("9910")).stderr)

    def test_the_table_is_chinese_as_well(self):
        os.environ["LANGUAGE"] = "zh_CN"
        self.addCleanup(os.environ.update, LANGUAGE="en")
        table = self.explain("--table").stdout.decode()
        for line in table.splitlines():
            self.assertRegex(line, "^$|[\u4e00-\u9fff]")


class Reports(DeskCase):
    def test_a_report_says_nothing_about_anybody(self):
        self.desk()
        done = self.ukey("doctor", "--offline", "--report", "-")
        report = done.stdout.decode()
        self.assertIn("00-10", report)
        for private in (SERIAL, UNIT, "/run/home", socket.gethostname(), SERIAL[-6:]):
            self.assertNotIn(private, report)
        self.assertIn("…" + SERIAL[-4:], report)

    def test_a_report_of_damaged_settings_names_no_folder_of_the_user(self):
        self.desk()
        write(SETTINGS, "{")
        self.addCleanup(shutil.rmtree, os.path.dirname(SETTINGS))
        report = self.ukey("doctor", "--offline", "--report", "-").stdout.decode()
        self.assertIn("remembered.json", report)
        self.assertNotIn("/run/home", report)

    def test_a_report_is_saved_only_when_agreed_to(self):
        self.desk()
        done = self.ukey("doctor", "--offline", "--report", "report.txt")
        self.assertIn(b"NOT_CONFIRMED", done.stderr)
        self.assertIsNone(read("report.txt"))
        done = self.ukey("doctor", "--offline", "--report", "report.txt", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(read("report.txt"), done.stdout)


class Agreement(DeskCase):
    def test_nothing_is_changed_without_a_yes(self):
        self.desk()
        os.remove(MODULE_FILE)
        done = self.ukey("doctor", "--offline", "--repair")
        self.assertIn(("+++ " + MODULE_FILE).encode(), done.stdout)
        self.assertIn(b"NOT_CONFIRMED", done.stderr)
        self.assertIsNone(read(MODULE_FILE))

    def test_a_file_changed_after_the_repair_is_not_undone(self):
        self.desk()
        os.remove(MODULE_FILE)
        self.repair()
        write(MODULE_FILE, read(MODULE_FILE) + b"# by hand\n")
        done = self.ukey("doctor", "--undo", "--yes")
        self.assertIn(b"CHANGED_SINCE", done.stderr)
        self.assertIn(b"by hand", read(MODULE_FILE))

    def test_a_repair_taken_back_by_hand_is_not_undone_again(self):
        self.desk()
        os.remove(MODULE_FILE)
        self.repair()
        write(SETTINGS, "{")
        self.addCleanup(shutil.rmtree, os.path.dirname(SETTINGS))
        self.repair()
        write(SETTINGS, "{")
        self.undo()  # of the one before
        self.assertIsNone(read(MODULE_FILE))
        self.assertEqual(read(SETTINGS), b"{")

    def test_without_a_repair_there_is_nothing_to_undo(self):
        self.assertIn(b"NOTHING_TO_UNDO", self.ukey("doctor", "--undo", "--yes").stderr)


class Notes(DeskCase):
    def test_a_browser_that_does_not_know_the_module_is_named(self):
        self.desk()
        write(NSS_LIST, "library=\n")
        found = self.doctor()
        if shutil.which("chromium"):
            self.assertEqual(found, "BROWSER_UNREGISTERED")
            self.assertEqual(self.text_of("MODULE"), "Chromium")

    @unittest.skipIf(os.environ.get("OPENUKEY_TEST_PRELOAD"), "modutil loads the module")
    @unittest.skipUnless(shutil.which("chromium") and shutil.which("modutil"), "no browser")
    def test_a_browser_is_told_of_the_module_and_that_is_undone(self):
        self.desk()
        shutil.rmtree(os.path.dirname(os.path.dirname(NSS_LIST)))
        self.repaired_and_undone("BROWSER_UNREGISTERED", NSS_LIST)

    def test_a_rule_that_is_not_understood_is_pointed_out(self):
        self.desk()
        self.addCleanup(os.remove, POLICY)
        write(POLICY, "# fine\nmin-tries = 3\n[/usr/bin/app]  \nforce-pin-change = yes # too\n\n")
        self.assertIsNone(self.doctor(), self.said)
        write(POLICY, "min-tries = 3\nmin-tries = many\n")
        self.assertEqual(self.doctor(), "POLICY_DAMAGED")
        self.assertEqual(self.text_of("SETTINGS"), POLICY + ", line 2")


class Words(unittest.TestCase):
    """openukey-repair takes its own words and nothing else."""

    def run_repair(self, *words, user=0):
        return subprocess.run(["setpriv", "--reuid", str(user), "--clear-groups", "--", REPAIR,
                               *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)

    def test_other_words_are_refused(self):
        for words in ((), ("--show",), ("shell",), ("service-start", "x"), ("driver-add", "1209"),
                      ("driver-add", "1209", "0001", "x"), ("driver-add", "12 9", "0001"),
                      ("driver-add", "1209", "0001\n"), ("driver-add", "120G", "0001"),
                      ("library-add", "libskf.so"), ("library-add", "/opt/../libskf.so"),
                      ("library-add", "/opt/a b/libskf.so"), ("library-add", "/opt/lib/"),
                      ("profile-aside", "../../passwd"), ("profile-aside", ""),
                      ("profile-aside", "a/b"), ("profile-aside", "A"), ("install", "nc"),
                      ("install", "pcscd nc"), ("install",), ("undo", "../../x"), ("undo", "1"),
                      ("clock-shift", "1e9"), ("clock-shift", ""), ("clock-shift", "9" * 13)):
            done = self.run_repair(*words)
            self.assertEqual(done.returncode, 2, words)

    def test_times_that_cannot_be_are_refused(self):
        for seconds in ("-99999999999", "99999999999", "-900000000", "--5", "5-", "-"):
            done = self.run_repair("--show", "clock-shift", seconds)
            self.assertEqual((done.returncode, done.stdout), (1, b""), seconds)

    def test_showing_needs_no_rights_and_doing_does(self):
        words = ("driver-add", "abcd", "0123")
        self.assertEqual(self.run_repair("--show", *words, user=65534).returncode, 0)
        before = read("/etc/libccid_Info.plist")
        done = self.run_repair(*words, user=65534)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(read("/etc/libccid_Info.plist"), before)

    def test_an_undo_that_was_never_kept_is_refused(self):
        self.assertEqual(self.run_repair("undo", "000099").returncode, 1)


if __name__ == "__main__":
    world.enter()
    sys.argv[0] = "test_words.py"
    unittest.main(verbosity=2)
