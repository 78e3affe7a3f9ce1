#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Renewal on a key: whatever is cut, killed, dropped or plugged in, nothing is lost (I1 to I8)."""
import unittest

from renew_case import (CHANGE_PIN, IMPORT_CERTIFICATE, LONG, UNBLOCK_PIN, VERIFY_PIN,
                        RenewCase)

STEPS = ["LOOK", "GENERATE", "REQUEST", "RESULT", "IMPORT", "WRITE", "PROVE", "SWITCH", "CONFIRM",
         "CLEAN"]
# A login is a write too, as are a container, a pair, a certificate.
EVERYWHERE = [(number, when) for number in range(1, 13) for when in ("before", "inside", "after")]


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
        for number, when in EVERYWHERE if LONG else [(2, "inside"), (5, "after")]:
            with self.subTest(write=number, when=when):
                self.another()
                self.cut_and_go_on(number, when)

    def test_the_program_is_killed_at_a_step(self):
        for step in STEPS if LONG else ["SWITCH"]:
            with self.subTest(step):
                self.another()
                order = self.ready()
                self.cut_short(order, "--die", step)
                self.assert_usable()
                self.renew(order)
                self.assert_renewed(order)

    def test_a_process_of_the_service_is_killed_at_a_step(self):
        """The service comes back, the same call goes on."""
        pairs = [(step, name) for step in STEPS[1:]
                 for name in ("certd", "issuerd", "kmcd", "unlockd")]
        for step, name in pairs if LONG else [("RESULT", "issuerd"), ("REQUEST", "kmcd")]:
            with self.subTest(step=step, process=name):
                self.another()
                order = self.ready()
                with self.waiting(order, step) as program:
                    if program.reached:
                        self.kill_service(name)
                self.service("start")
                self.assert_usable()
                self.renew(order)
                self.assert_renewed(order)

    def test_a_change_of_information_is_written_like_a_renewal(self):
        order = self.ready("change")
        self.renew(order)
        self.assert_renewed(order)

    def test_what_cannot_be_touches_no_key(self):
        order = self.opened()
        writes = self.writes()
        self.refused(order, "ORDER_STATE")
        self.assertEqual(self.writes(), writes)
        # a wrong PIN is sent once, and nothing else
        self.service("approve", order.number)
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


class OneContainer(RenewCase):
    options = ("--containers", "1")

    def test_the_same_key_gets_the_new_certificate(self):
        for number, when in ([(number, when) for number in (1, 2, 3)
                              for when in ("before", "inside", "after")] if LONG
                             else [(1, "before"), (3, "inside")]):
            with self.subTest(write=number, when=when):
                self.another()
                self.assertEqual(self.probe("check"), ["done"])
                order, before = self.ready(), self.certs()
                self.tell("fault", "write", str(number), when)
                self.cut_short(order)
                self.replug()
                self.renew(order)
                self.assertEqual(self.show(order).state, "confirmed")
                self.assert_usable()
                after = self.certs()
                self.assertEqual(set(after), set(before))
                self.assertNotEqual(after[("Unit", "sign")], before[("Unit", "sign")])
                self.assertEqual(after[("Unit", "encrypt")], before[("Unit", "encrypt")])  # I6
                kept = f"{self.box}/data/openukey/old-certificates/{order.number}.cer"
                with open(kept, "rb") as file, open(self.der(self.serial), "rb") as old:
                    self.assertEqual(file.read(), old.read())


class TwoKeys(RenewCase):
    readers = 2

    def test_a_second_key_stops_it_without_a_write(self):
        """I8, at each step; unplugged again, it goes on."""
        stranger = self.make_key()
        for step in STEPS if LONG else ["REQUEST", "SWITCH"]:
            with self.subTest(step):
                self.another()
                order = self.ready()
                with self.waiting(order, step) as program:
                    if not program.reached:
                        continue
                    writes, ins = self.writes(), self.status()["by_ins"]
                    self.plug(stranger, reader=1)
                    self.wait_for_keys(2)
                self.assertTrue(program.lines[-1].startswith("error SECOND_KEY "), program.lines)
                self.assertEqual(self.writes(), writes, (ins, self.status()["by_ins"]))
                self.assertEqual(self.status(1)["writes"], 0)
                self.pull(1)
                self.wait_for_keys(1)
                self.renew(order)
                self.assert_renewed(order)
        # the wrong one of two
        self.another()
        order = self.ready()
        self.pull()
        other = self.make_key()
        self.plug(other)
        self.refused(order, "OTHER_KEY")
        self.assertEqual(self.writes(), 0)


class Rsa(RenewCase):
    alg = "rsa"

    def test_power_fails_at_a_write(self):
        for number, when in EVERYWHERE if LONG else [(4, "inside")]:
            with self.subTest(write=number, when=when):
                self.another()
                self.cut_and_go_on(number, when)


@unittest.skipUnless(LONG, "in the long run")
class OtherFamily(Rsa):
    alg, model = "sm2", "V1"


class PinEachTime(Rsa):
    """A key that wants its PIN for each signature: one that was typed, and that the key has proved."""
    alg, model = "sm2", "VC"


if __name__ == "__main__":
    unittest.main()
