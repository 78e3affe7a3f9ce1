#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 of openukey-unlockd at its writes while a key is unlocked, and the work gone on with: the same
end, one answer for each question, no try lost. All of them with OPENUKEY_TEST_LONG, some without."""
import os
import signal
import subprocess
import time
import unittest

from gm_key import ADMIN, USER, Key
from unlock_case import CONTACT, UNLOCKD, UnlockCase, environment

PRELOAD = os.environ.get("OPENUKEY_KILLPRELOAD", "killpreload.so")
LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"
NEW_PIN = "brand-new-1"
STEP = 61  # of the ordinary run: some writes of each question


class UnlockdKilled(UnlockCase):
    def start_to_die(self, number):
        """It dies at its write of that number from now on."""
        env = environment()
        self.end()
        with open(f"{self.folder}/daemon.log", "ab") as log:
            self.daemon = subprocess.Popen(
                [UNLOCKD, "run", *self.hsm, "--store", self.where, "--vault",
                 f"{self.folder}/vault.key", "--operators", f"{self.folder}/operators", "--socket",
                 f"{self.folder}/socket", "--spool", f"{self.folder}/spool"], stderr=log, env={
                     **env, "LD_PRELOAD": f"{env.get('LD_PRELOAD', '')} {PRELOAD}".strip(),
                     "OPENUKEY_KILL_AT": str(number),
                     "ASAN_OPTIONS": env["ASAN_OPTIONS"] + ":verify_asan_link_order=0"})
        for _ in range(3000):
            try:
                self.ask("status", order="none")
                break
            except OSError:
                self.assertIsNone(self.daemon.poll(), "the daemon has ended")
                time.sleep(0.02)
        self.daemon.send_signal(signal.SIGUSR1)

    def patiently(self, op, /, **members):
        """Asks until there is an answer, with a new process in place of one that died."""
        for _ in range(1000):
            try:
                return self.ask(op, **members)
            except (OSError, EOFError):
                pass
            if self.daemon.poll() is not None:
                self.assertEqual(self.daemon.wait(), -signal.SIGKILL)
                self.died = True
                self.start()
            time.sleep(0.02)
        return self.fail("it never gets there")

    def granted(self, order, sn):
        self.assertIn(self.patiently("begin", order=order, sn=sn, method="sms"),
                      ({}, {"error": "exists"}))
        self.assertNotIn("error", self.patiently("send", order=order))
        tried = set()
        for _ in range(1000):
            # The letter comes when the process is there again; perhaps another one behind it.
            self.patiently("status", order=order)
            if any(letter["once"].startswith(f"code/{order}/") for letter in self.letters()):
                code = self.code(order)
                answer = {} if code in tried else self.patiently("check", order=order, code=code)
                tried.add(code)
                if "grant" in answer:
                    return answer["grant"]
            time.sleep(0.05)
        return self.fail("no code comes")

    def command(self, key, stage, order, sn, grant):
        members = {"order": order, "sn": sn, "grant": grant, "stage": stage,
                   "random": key.random().hex(), "app": key.app.hex(), "admin_left": key.tries(ADMIN)}
        answer = self.patiently("command", **members)
        self.assertNotIn("error", answer)
        self.assertEqual(self.patiently("command", **members), answer)
        return answer

    def one(self, number):
        """Returns whether it died."""
        order, sn = f"k{number}", f"SN{number:05}"
        key = Key(f"{self.folder}/keys", "V0", sn, self.admin_pin(sn))
        self.addCleanup(key.pull)
        key.lock()
        self.enrol(sn, contact={**CONTACT, "phone": f"138{number:08}"})
        self.died = False
        self.start_to_die(number)
        grant = self.granted(order, sn)
        answer = self.command(key, "admin", order, sn, grant)
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x9000)
        answer = self.command(key, "unblock", order, sn, grant)
        self.assertEqual(key.unblock_block(bytes.fromhex(answer["data"])), 0x9000)
        self.assertEqual(key.change(USER, answer["transport"], NEW_PIN), 0x9000)
        key.clear()
        self.assertEqual((key.tries(USER), key.tries(ADMIN)), (10, 10))
        self.assertEqual(key.verify(USER, NEW_PIN), 0x9000)
        self.assertNotIn("error", self.patiently("ack", order=order, sn=sn, grant=grant))
        status = self.patiently("status", order=order)
        self.assertEqual((status["state"], status["attempts"]), ("done", 1))
        self.end(signal.SIGKILL if self.died else signal.SIGTERM)
        self.start()
        key.pull()
        return self.died

    def test_killed_anywhere_it_comes_to_the_same_end(self):
        number, died = 0, True
        while died and number < 3000:
            died = self.one(number)
            number += 1 if LONG else STEP
        self.assertFalse(died, "never at the end")
        self.assertGreater(number, 1 if LONG else STEP, "nothing was killed")


if __name__ == "__main__":
    unittest.main()
