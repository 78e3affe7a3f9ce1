#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Renewal on a key: whatever is cut, killed, dropped or plugged in, nothing is lost (I1 to I8)."""
import unittest

from renew_case import (CHANGE_PIN, IMPORT_CERTIFICATE, LONG, UNBLOCK_PIN, VERIFY_PIN,
                        RenewCase)

STEPS = ["LOOK", "GENERATE", "REQUEST", "RESULT", "IMPORT", "WRITE", "PROVE", "SWITCH", "CONFIRM",
         "CLEAN"]


class Renewal(RenewCase):
    def test_a_certificate_is_renewed_and_old_documents_stay_readable(self):
        order = self.ready()
        self.assertEqual(self.probe("check"), ["done"])
        before = self.commands(VERIFY_PIN)
        self.assertEqual(self.renew(order)[-1], "DONE")
        self.assertEqual(self.commands(VERIFY_PIN) - before, 1)  # I2
        self.assert_renewed(order)
        self.assertEqual(self.commands(CHANGE_PIN) + self.commands(UNBLOCK_PIN), 0)
        # once more: the same is told, no certificate is written
        written, certs = self.commands(IMPORT_CERTIFICATE), self.certs()
        self.renew(order)
        self.assertEqual((self.commands(IMPORT_CERTIFICATE), self.certs()), (written, certs))
        self.assert_renewed(order)

    def test_power_fails_at_a_write(self):
        """Cut before, inside and after writes; then the same call goes on."""
        for number, when in self.cuts():
            with self.subTest(write=number, when=when):
                self.another()
                order = self.ready()
                self.tell("fault", "write", str(number), when)
                self.cut_short(order)
                self.replug()
                self.assert_usable()  # I1
                self.renew(order)
                self.assert_renewed(order)

    def cuts(self):
        """All of them in a long run; else one of each kind."""
        everywhere = [(number, when) for number in range(1, 9)
                      for when in ("before", "inside", "after")]
        return everywhere if LONG else [(2, "inside"), (4, "after"), (5, "before")]

    def test_the_program_is_killed_at_a_step(self):
        for step in STEPS if LONG else ["REQUEST", "SWITCH", "CLEAN"]:
            with self.subTest(step):
                self.another()
                order = self.ready()
                self.cut_short(order, "--die", step)
                self.assert_usable()
                self.renew(order)
                self.assert_renewed(order)

    def test_an_order_that_is_not_ready_touches_no_key(self):
        order = self.opened()
        writes = self.writes()
        self.refused(order, "ORDER_STATE")
        self.assertEqual(self.writes(), writes)

    def test_a_wrong_pin_is_sent_once_and_nothing_else(self):
        order = self.ready()
        self.refused(order, "PIN_WRONG", pin="654321")
        self.assertEqual(self.left(), 9)
        self.renew(order)
        self.assertEqual(self.left(), 10)


class Small(RenewCase):
    options = ("--space", "8192")

    def test_a_key_without_room_is_told_so_before_anything(self):
        self.assertTrue(self.probe("check", code=1)[-1].startswith("error KEY_FULL"))
        order, writes = self.ready(), self.writes()
        self.refused(order, "KEY_FULL")
        self.assertEqual(self.writes(), writes)


if __name__ == "__main__":
    unittest.main()
