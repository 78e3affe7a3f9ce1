#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The master's backup in three shares, restored into an empty HSM; several masters side by side."""
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from unlock_case import CONTACT, HSM_PIN, SOFTHSM, UNLOCKD, UnlockCase, enrol_body, environment, run

WORDS = ["first custodian's words", "second custodian's words", "third custodian's words"]


class Masters(UnlockCase):
    def hsm_new(self, name):
        """An empty HSM, and everything from here on works with it."""
        (self.path / name).mkdir()
        (self.path / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.folder}/{name}\nobjectstore.backend = file\n")
        run("softhsm2-util", "--init-token", "--free", "--label", "unlock", "--pin", HSM_PIN, "--so-pin",
            "so-pin-4711")

    def ceremony(self, command, *more, words=(), code=0):
        done = subprocess.run([UNLOCKD, command, *self.hsm, *more], input="".join(
            f"{word}\n" for word in words).encode(), capture_output=True, env=environment(), check=False)
        self.assertEqual(done.returncode, code, done.stderr.decode())
        return done.stdout.decode()

    def share(self, number, version=1):
        return f"{self.folder}/vault-room/master-{version}.share-{number}"

    def restore(self, *numbers, words=WORDS, code=0, backup="master-1.backup", version=1):
        return self.ceremony("restore", "--backup", f"{self.folder}/vault-room/{backup}", "--shares",
                             ",".join(self.share(number, version) for number in numbers),
                             words=[words[number - 1] for number in numbers], code=code)

    def made(self):
        self.end()
        self.hsm_new("first")
        (self.path / "vault-room").mkdir()
        told = self.ceremony("init", "--backup", f"{self.folder}/vault-room", words=WORDS)
        self.assertRegex(told, r"^master 1, check value [0-9a-f]{8}\n$")
        return told, self.admin_pin("SN0001")

    def test_any_two_custodians_bring_the_master_back(self):
        told, admin = self.made()
        for number, pair in enumerate(((1, 2), (3, 1), (2, 3))):
            self.hsm_new(f"drill-{number}")
            self.assertEqual(self.restore(*pair), told)
            self.assertEqual(self.admin_pin("SN0001"), admin)
            self.assertEqual(self.ceremony("masters"), told)
            self.restore(*pair, code=1)  # it is there already
            self.assertEqual(self.ceremony("init"), "")  # and no other is made beside it
        # What comes back cannot be read out either, and the service runs with it.
        listed = run("pkcs11-tool", "--module", SOFTHSM, "--token-label", "unlock", "--login", "--pin",
                     HSM_PIN, "--list-objects", "--type", "secrkey").decode()
        self.assertNotIn(" extractable", listed.replace("never extractable", ""))
        self.start()
        self.enrol("SN0001")

    def test_one_custodian_cannot(self):
        self.made()
        self.hsm_new("thief")
        self.restore(1, 1, code=1)
        self.restore(1, 2, words=[WORDS[0], WORDS[0], WORDS[2]], code=1)  # a share, but not its words
        self.restore(1, 2, words=[WORDS[0], "short", ""], code=1)
        self.ceremony("restore", "--backup", f"{self.folder}/vault-room/master-1.backup", "--shares",
                      self.share(1), words=WORDS, code=1)
        # A share that calls itself another one opens nothing.
        changed = json.loads(Path(self.share(1)).read_text())
        Path(self.share(1)).write_text(json.dumps({**changed, "share": 2}))
        self.restore(1, 3, code=1)
        self.assertEqual(self.ceremony("masters"), "")
        for number in (1, 2, 3):
            self.assertEqual(os.stat(self.share(number)).st_mode & 0o777, 0o600)

    def test_a_damaged_backup_and_one_of_another_day_change_nothing(self):
        self.made()
        room = self.path / "vault-room"
        good = json.loads((room / "master-1.backup").read_text())
        bad = {**good, "copies": [{"wrapped": "00" * 40}] * 3}
        (room / "damaged").write_text(json.dumps(bad))
        (room / "other").write_text(json.dumps({**good, "backup": "0" * 32}))
        (room / "no-json").write_text("x")
        self.hsm_new("empty")
        for name in ("damaged", "other", "no-json", "not-there"):
            self.restore(1, 2, backup=name, code=1)
        self.assertEqual(self.ceremony("masters"), "")
        self.restore(1, 2)

    def test_the_next_master_serves_beside_the_old_one(self):
        told, _ = self.made()
        self.start()
        self.enrol("SN0001")
        self.end()
        second = self.ceremony("rotate", "--backup", f"{self.folder}/vault-room", words=WORDS)
        self.assertRegex(second, r"^master 2, check value [0-9a-f]{8}\n$")
        self.assertEqual(self.ceremony("masters"), told + second)
        self.assertNotEqual(*re.findall("check value (.*)", told + second))
        self.start()
        name = "OpenUKey Virtual V0"
        for version, refused in ((2, None), (3, "bad-request")):
            answer = self.ask("enrol", sn=f"SN000{version}", model=name, master=version, contact=CONTACT,
                              approvals=self.approve(enrol_body(f"enrol {name}", f"SN000{version}", version,
                                                                CONTACT), "wang", "zhao"))
            self.assertEqual(answer.get("error"), refused)
        for order, sn in (("o1", "SN0001"), ("o2", "SN0002")):
            self.ok("begin", order=order, sn=sn, method="sms")
            self.ok("send", order=order)
            grant = self.ok("check", order=order, code=self.code(order))["grant"]
            answer = self.ok("command", order=order, sn=sn, grant=grant, stage="admin",
                             random="0102030405060708", app="0001", admin_left=10)
            self.assertEqual(len(answer["data"]), 32)


if __name__ == "__main__":
    unittest.main()
