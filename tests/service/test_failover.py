#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The database's machine dies without a word; its synchronous standby takes over; no order is lost."""
import os
import shutil
import sys
import time
import unittest
import uuid

from certd_case import FORM, UNIT, CertdCase
from patroni_case import PATIENCE, PROGRAMS, Cluster


class Failover(CertdCase):
    def orders_store(self):
        self.cluster = Cluster(self.folder)
        self.addCleanup(self.cluster.end)
        self.cluster.primary()
        self.cluster.standby()
        return self.cluster.make("orders")

    def open_one(self, number):
        """Opens an order; None while nobody answers. The same request again is the same order."""
        key = uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex
        status, answer = self.http(
            "POST", "/v1/orders",
            {"kind": "renewal", "unit_code": UNIT, "form": FORM,
             "token": {"sn": f"S{number}", "not_after": 1 + int(self.begun)}}, Idempotency_Key=key)
        return answer if status == 201 else None

    def test_what_was_answered_is_still_there_after_the_primary_is_gone(self):
        self.begun = time.time()
        made = {number: self.open_one(number) for number in range(20)}
        self.assertNotIn(None, made.values())
        gone = self.cluster.primary()
        self.cluster.power_off(gone)
        end, number = time.monotonic() + PATIENCE, 20
        while number < 30:
            self.assertLess(time.monotonic(), end, self.cluster.log())
            made[number] = self.open_one(number)
            if made[number] is None:
                time.sleep(0.2)
            else:
                number += 1
        self.assertNotEqual(self.cluster.primary(), gone)
        for number, order in made.items():
            self.assertEqual(self.state(order["order"], order["capability"]), "draft", number)
        numbers = [order["number"] for order in made.values()]
        self.assertEqual(len(set(numbers)), len(numbers))


if __name__ == "__main__":
    if os.environ.get("OPENUKEY_TEST_LONG") != "1":
        print("OPENUKEY_TEST_LONG=1 runs it")
        sys.exit(77)
    for program in PROGRAMS:
        if shutil.which(program) is None:
            print(f"{program} is not installed")
            sys.exit(77)
    unittest.main()
