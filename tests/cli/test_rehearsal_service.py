#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-rehearsal-service: one start is enough, a second one mends, and nothing is left running."""
import json
import os
import shutil
import signal
import tempfile
import unittest

from service_case import ServiceCase


class Lifecycle(ServiceCase):
    def processes(self):
        names = ("unlockd", "kmcd", "issuerd", "publisher", "lists", "certd", "worker")
        return {name: int(self.read(f"{self.state}/run/{name}.pid").split()[0]) for name in names}

    def running(self):
        return json.loads(self.service("status", "--json"))["running"]

    def test_a_second_start_changes_nothing_and_mends_what_was_killed(self):
        before, lists = self.processes(), self.read(f"{self.state}/lists-port")
        self.service("start")
        self.assertEqual(self.processes(), before)
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        self.service("start", "--port", "0")
        self.assertTrue(all(self.running().values()))
        self.assertFalse(set(before.values()) & set(self.processes().values()))
        # certificates name it
        self.assertEqual(self.read(f"{self.state}/lists-port"), lists)

    def test_it_ends_and_keeps_what_it_has(self):
        self.made_key("key", "SN0001")
        self.service("stop")
        self.assertFalse(any(self.running().values()))
        self.assertFalse(os.path.exists(f"{self.state}/url"))
        self.service("stop")
        self.service("start", "--port", "0")
        self.assertEqual([key["key_sn"] for key in json.loads(
            self.service("status", "--json"))["keys"]], ["SN0001"])

    def test_a_key_is_enrolled_once_however_often_one_asks(self):
        self.made_key("key", "SN0001")
        self.assertIn("SN0001", self.service("enrol", "key"))
        self.assertIn("库", self.service("enrol", "key", language="zh_CN"))

    def test_what_is_not_there_is_said(self):
        self.assertIn("There is no order 7", self.service("pay", "7", code=1))
        self.assertIn("no virtual key", self.service("enrol", "nothing", code=1))
        empty = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, empty)
        self.state, state = empty, self.state
        self.assertIn("start it first", self.service("inbox", code=1))
        self.service("stop")
        self.state = state


if __name__ == "__main__":
    unittest.main()
