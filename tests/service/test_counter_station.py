#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A key unlocked at the counter: the order opened in the console, approved by two, carried out by ukey
at the station with an operator's own key beside it; and everything less than that refused."""
import os
import re
import time
import unittest
import uuid

from certd_case import FORM, UNIT
from console_case import ConsoleCase
from rig_case import PIN, VIRTUAL_KEY, RigCase
from unlock_case import run

ID = "650000190001010000"
OPERATOR_PIN, NEW_PIN = "operator-7", "brand-new-1"
LOCKED_TRIES = 10


class Station(RigCase, ConsoleCase):
    readers = 2

    def setUp(self):
        RigCase.setUp(self)
        ConsoleCase.setUp(self)
        os.environ.update(XDG_DATA_HOME=self.folder + "/home", XDG_CONFIG_HOME=self.folder + "/home",
                          OPENUKEY_SERVICE=f"http://127.0.0.1:{self.port}")
        # UKEYs have RSA or SM2
        run("openssl", "genrsa", "-out", f"{self.folder}/lin.key", "2048")
        self.list.add("lin", "counter")
        self.enrol("SN0001")

    def key(self, sn, reader, pin, admin_pin, pem=None):
        """A key with a certificate, plugged in."""
        pem = pem or f"{self.folder}/{sn}.key"
        if not os.path.exists(pem):
            run("openssl", "genrsa", "-out", pem, "2048")
        run("openssl", "req", "-x509", "-new", "-key", pem, "-sha256", "-days", "2", "-subj", f"/CN={sn}",
            "-out", f"{self.folder}/{sn}.crt")
        state = f"{self.folder}/{sn}.state"
        self.run_ok(VIRTUAL_KEY, "provision", "--state", state, "--serial", sn, "--label", sn, "--pin", pin,
                    "--admin-pin", admin_pin, "--application", "OpenUKey-Rehearsal", "--tries", "10",
                    "--container", "Unit", "--sign-key", pem, "--sign-cert", f"{self.folder}/{sn}.crt")
        self.plug(state, reader=reader)

    def locked(self):
        self.key("SN0001", 0, PIN, self.admin_pin("SN0001"))
        for left in range(LOCKED_TRIES, 0, -1):
            self.ukey("pin", "test", "--token", "SN0001", "--confirm-tries", str(left), pin="wrong-pin-9",
                      code=None)
        self.assertEqual(self.left(), 0)

    def operator(self):
        self.key("OP0001", 1, OPERATOR_PIN, "admin-of-lin", f"{self.folder}/lin.key")

    def order_of(self, sn="SN0001", *names):
        """Opened at the counter for whoever came, and approved by those."""
        once = re.search(r'name="once" value="(\w+)"', self.shown("li", "/walk-in")).group(1)
        _, headers, text = self.fill("li", "/walk-in", "/walk-in", once=once, kind="unlock", sn=sn,
                                     **{**FORM, "unit_code": UNIT, "id_number": ID})
        number = headers.get("Location", "//").split("/")[2]
        self.assertTrue(number, text)
        self.sign("li", number)
        if names:
            self.ask_for(names[0], number, "unlock")
        for name in names:
            self.sign(name, number)
        return number

    def state_of(self, number):
        return self.orders_sql("SELECT state FROM orders WHERE number = ?", number)[0][0]

    def unlock(self, number, *more, code=0, operator="lin", token="SN0001"):
        return self.ukey("unlock", "--counter", number, "--operator", operator, "--token", token,
                         "--ca", "rehearsal", "--yes", *more, pin=OPERATOR_PIN, new_pin=NEW_PIN, code=code)

    def signed_for(self, number, sn="SN0001", at=None, name="li"):
        at = int(time.time()) if at is None else at
        once = uuid.uuid4().hex
        body = f"station\nnumber={number}\nsn={sn}\nat={at}\nonce={once}\n"
        return {"sn": sn, "at": at, "once": once, "station": self.approve(body, name)[0]}

    def assert_untouched(self):
        self.assertEqual((self.left(), self.left("admin")), (0, 10))

    # ---- on the key ----

    def test_approved_by_two_the_station_unlocks(self):
        self.locked()
        self.operator()
        number = self.order_of("SN0001", "li", "zhao")
        shown = self.text_of(self.shown("li", f"/orders/{number}"))
        self.assertIn(f"ukey unlock --counter {number} --operator li --token SN0001", shown)
        self.assertNotIn("--counter", self.shown("zhao", f"/orders/{number}"))
        said = self.unlock(number)
        self.assertEqual((self.left(), self.left("admin")), (10, 10))
        self.ukey("pin", "test", "--token", "SN0001", pin=NEW_PIN)
        self.assertEqual(self.state_of(number), "done")
        for secret in (self.admin_pin("SN0001"), NEW_PIN, OPERATOR_PIN):
            self.assertNotIn(secret, said.out + said.err)
        told = [letter["text"] for letter in self.letters()]
        self.assertTrue(any("正在柜台办理解锁" in text for text in told), told)
        self.assertTrue(any("解锁。如非本人办理" in text for text in told), told)
        self.assertIn("operator signed at the station", self.shown("wang", "/log", Accept_Language="en"))
        # once is once
        self.assertNotEqual(self.unlock(number, code=None).code, 0)
        self.bad("wrong-state", "POST", f"/v1/orders/{number}/unlock/counter", self.signed_for(number))

    def test_cut_on_the_way_the_same_command_goes_on(self):
        self.locked()
        self.operator()
        number = self.order_of("SN0001", "li", "zhao")
        self.tell("fault", "ins", "16", "pull-before")  # ChangePIN never comes to it
        self.assertNotEqual(self.unlock(number, code=None).code, 0)
        self.pull()
        self.again()
        self.plug(f"{self.folder}/SN0001.state")
        self.assertEqual(self.left(), 10)  # of a PIN that nobody knows
        said = self.ukey("pin", "test", "--token", "SN0001", pin=PIN, code=None).err
        self.assertIn("[UNLOCK_UNFINISHED]", said)
        self.unlock(number)
        self.assertEqual((self.left(), self.left("admin")), (10, 10))
        self.ukey("pin", "test", "--token", "SN0001", pin=NEW_PIN)
        self.assertEqual(self.state_of(number), "done")

    def test_without_an_operators_key_the_station_does_nothing(self):
        self.locked()
        number = self.order_of("SN0001", "li", "zhao")
        self.assertNotEqual(self.unlock(number, code=None).code, 0)  # the customer's key is nobody's
        self.operator()
        self.assertNotEqual(self.unlock(number, code=None, operator="li").code, 0)  # li has another key
        self.assert_untouched()
        self.assertEqual(self.sql("SELECT attempts FROM unlocks"), [(0,)])

    # ---- what the service refuses ----

    def test_less_than_two_operators_and_a_third_at_the_station(self):
        number = self.order_of("SN0001", "li")
        path = f"/v1/orders/{number}/unlock/counter"
        self.bad("wrong-state", "POST", path, self.signed_for(number))
        self.sign("zhao", number)
        signed = self.signed_for(number)
        for name in ("zhao", "sun", "qian"):  # no counter, or nobody
            self.bad("proof", "POST", path, self.signed_for(number, name=name))
        self.bad("proof", "POST", path, {**signed, "station": None})
        self.bad("proof", "POST", path, {**signed, "at": signed["at"] + 1})
        self.bad("proof", "POST", path, self.signed_for(number, sn="SN0002"))
        for at in (signed["at"] - 3600, signed["at"] + 3600):
            self.bad("expired", "POST", path, self.signed_for(number, at=at))
        # an approval, and an applicant's capability, are no station's signature
        body = f"unlock\norder={number}\nsn=SN0001\n"
        self.bad("proof", "POST", path, {**signed, "station": self.approve(body, "li")[0]})
        order = self.good("POST", path, signed)
        self.bad("denied", "POST", f"/v1/orders/{order['order']}/unlock/command",
                 {"grant": "00" * 32, "stage": "admin", "random": "0102030405060708", "app": "0001",
                  "admin_left": 10}, order["capability"])
        self.bad("proof", "POST", path, signed)  # each signature is good once

    def test_the_grant_is_for_one_key_and_one_day(self):
        number = self.order_of("SN0001", "li", "zhao")
        path = f"/v1/orders/{number}/unlock/counter"
        got = self.good("POST", path, self.signed_for(number))
        command = {"order": got["order"], "grant": got["grant"], "stage": "admin",
                   "random": "0102030405060708", "app": "0001", "admin_left": 10}
        self.refused("denied", "command", sn="SN0002", **command)
        self.sql("UPDATE unlocks SET until = ?", int(time.time()) - 1)
        self.refused("expired", "command", sn="SN0001", **command)
        self.bad("expired", "POST", path, self.signed_for(number))

    def test_with_everything_of_certds_in_hand_no_unlock_comes_out(self):
        """The socket, and what one operator, or two but nobody at the station, have signed."""
        number = self.order_of("SN0001", "li", "zhao")
        order = self.orders_sql("SELECT id FROM orders WHERE number = ?", number)[0][0]
        signed = self.signed_for(number)
        body = f"unlock\norder={order}\nsn=SN0001\n"
        both = self.approve(body, "li", "zhao")
        station = {"number": number, "at": signed["at"], "once": signed["once"],
                   "station": signed["station"]}
        self.refused("proof", "counter", order=order, approvals=both[:1], **station)
        self.refused("proof", "counter", order=order, approvals=[both[0], both[0]], **station)
        self.assertEqual(self.ok("counter", order=order, approvals=both), {})
        self.refused("proof", "counter", order=order, approvals=both, **{**station, "station": both[0]})
        for other in ({"at": signed["at"] + 1}, {"once": "another"}, {"number": "another"}):
            self.refused("proof", "counter", order=order, approvals=both, **{**station, **other})
        self.assertIn("grant", self.ok("counter", order=order, approvals=both, **station))
        self.refused("proof", "counter", order=order, approvals=both, **station)


if __name__ == "__main__":
    unittest.main()
