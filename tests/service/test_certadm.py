#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-certadm as whoever runs the service uses it.  test_certadm.py PROGRAM"""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PROGRAM = None


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


class Certadm(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        self.sqlite = f"sqlite:{self.path}/a.db"

    def run_it(self, *words, store=None, schema="orders"):
        return subprocess.run([PROGRAM, "--store", store or self.sqlite, "--schema", schema, *words],
                              text=True, capture_output=True, check=False)

    def ok(self, *words, **where):
        result = self.run_it(*words, **where)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_a_backup_goes_from_sqlite_to_postgresql(self):
        postgres = os.environ.get("OPENUKEY_TEST_POSTGRES")
        if postgres is None:
            self.skipTest("no PostgreSQL")
        self.assertIn("sqlite, version", self.ok("migrate"))
        self.assertIn("postgresql, version", self.ok("migrate", store=postgres))
        backup, again = str(self.path / "backup"), str(self.path / "again")
        self.ok("backup", backup)
        self.assertEqual(os.stat(backup).st_mode & 0o777, 0o600)
        self.ok("restore", backup, store=postgres)
        self.ok("backup", again, store=postgres)
        self.assertEqual(Path(backup).read_bytes(), Path(again).read_bytes())

    def test_the_database_is_for_its_owner_only(self):
        self.ok("migrate")
        self.assertEqual(os.stat(self.path / "a.db").st_mode & 0o077, 0)

    def test_another_process_database_is_refused(self):
        self.ok("migrate")
        self.assertIn("not one of ours", self.run_it("migrate", schema="unlock").stderr)

    def test_heads_are_signed_kept_and_verified(self):
        key, public, other = (str(self.path / name) for name in ("key", "public", "other"))
        for name in (key, other):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name)
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        self.assertEqual(self.run_it("audit-head").returncode, 1)
        self.ok("audit-sign", "--key", key)
        head = self.path / "head"
        head.write_text(self.ok("audit-head"))
        self.assertIn("valid: 0 entries", self.ok("audit-verify", "--key", public, "--head", str(head)))
        head.write_text(head.read_text().replace("heads 1", "heads 2"))
        result = self.run_it("audit-verify", "--key", public, "--head", str(head))
        self.assertEqual(result.returncode, 1)
        self.assertIn("NOT VALID", result.stdout)
        openssl("pkey", "-in", other, "-pubout", "-out", public)
        self.assertIn("NOT VALID", self.run_it("audit-verify", "--key", public).stdout)

    def test_wrong_words_are_usage(self):
        for words in ([], ["backup"], ["migrate", "x"], ["nothing"], ["--schema", "x", "migrate"]):
            self.assertEqual(self.run_it(*words).returncode, 2, words)

    def test_a_key_file_is_made_once(self):
        key = str(self.path / "k")
        self.ok("make-key", key)
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o400)
        self.assertEqual(self.run_it("make-key", key).returncode, 1)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
