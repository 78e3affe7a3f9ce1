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
    def setUp(self):
        self.rig = Rig(BUILD)
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
        done = []
        client = threading.Thread(target=lambda: done.append(self.rig.load("renewals", 20, 4, "K")))
        # Orders are half way when the process goes; whoever it was just answering asks again.
        client.start()
        wait_for("orders", lambda: self.orders() >= 3)
        self.rig.processes["certd-0"].send_signal(signal.SIGKILL)
        begun = time.monotonic()
        self.rig.processes.pop("certd-0").wait()
        self.assertEqual(self.rig.health(), 200)
        if LONG:
            self.assertLess(time.monotonic() - begun, 2)
        client.join()
        self.assertEqual((done[0]["done"], done[0]["failed"]), (20, False))


if __name__ == "__main__":
    if shutil.which("nginx") is None:
        print("nginx is not installed")
        sys.exit(77)
    unittest.main()
