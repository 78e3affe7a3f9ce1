#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole service behind nginx: that many at once all get there, and that a killed process is not
missed. How fast that is, bench.py tells; here only OPENUKEY_TEST_LONG looks at the clock."""
import os
import shutil
import signal
import sqlite3
import sys
import threading
import time
import unittest

from rig import Rig, wait_for

BUILD = sys.argv.pop(1)
LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"


class Load(unittest.TestCase):
    engine = "sqlite"

    def setUp(self):
        self.rig = Rig(BUILD, self.engine)
        self.rig.__enter__()  # pylint: disable=unnecessary-dunder-call
        self.addCleanup(self.rig.__exit__)

    def orders(self):
        with sqlite3.connect(self.rig.file("orders.db"), timeout=60) as database:
            return database.execute("SELECT count(*) FROM orders").fetchone()[0]

    def test_renewals_and_unlocks_of_many_clients_all_end_well(self):
        for job in ("renewals", "unlocks"):
            figures = self.rig.load(job, 12, 6, job[0].upper())
            self.assertEqual((figures["done"], figures["failed"]), (12, False), job)

    def test_a_killed_process_loses_no_order_and_is_not_missed(self):
        # Orders are half way when a process goes; whoever it was just answering asks again.
        for name in ("certd-0", "certd-1", "certd-0", "certd-1") if LONG else ("certd-0",):
            self.kill_one(name)

    def kill_one(self, name):
        done, before = [], self.orders()
        client = threading.Thread(target=lambda: done.append(
            self.rig.load("renewals", 20, 4, f"K{before}-")))
        client.start()
        wait_for("orders", lambda: self.orders() >= before + 3)
        self.rig.processes[name].send_signal(signal.SIGKILL)
        begun = time.monotonic()
        self.rig.processes.pop(name).wait()
        self.assertEqual(self.rig.health(), 200)
        # From the kill on: the first answer, and then each one.
        while LONG and client.is_alive():
            self.assertLess(time.monotonic() - begun, 2)
            time.sleep(0.2)  # no address may ask all the time
            begun = time.monotonic()
            self.assertEqual(self.rig.health(), 200)
        client.join()
        self.assertEqual((done[0]["done"], done[0]["failed"]), (20, False))
        self.assertEqual(self.orders(), before + 20)
        self.rig.node(int(name[-1]))


@unittest.skipUnless(LONG, "long")
class PostgresLoad(Load):
    engine = "postgresql"

    def orders(self):
        return int(self.rig.postgres.sql("orders", "SELECT count(*) FROM orders"))


if __name__ == "__main__":
    if shutil.which("nginx") is None:
        print("nginx is not installed")
        sys.exit(77)
    unittest.main()
