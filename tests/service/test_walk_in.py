#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody stands at the counter: orders opened in the console, and what nobody can make of that."""
import hashlib
import re
import unittest

from certd_case import FORM, UNIT
from console_case import ConsoleCase

ID = "650000190001010000"
PERSON = {**FORM, "unit_code": UNIT, "id_number": ID}


class WalkIn(ConsoleCase):
    def open(self, who="li", status=303, **fields):
        """The number of the order."""
        once = re.search(r'name="once" value="(\w+)"', self.shown("li", "/walk-in")).group(1)
        got, headers, text = self.fill(who, "/walk-in", "/walk-in" if who == "li" else "/orders",
                                       **{"once": once, **PERSON, **fields})
        self.assertEqual(got, status, text)
        if status != 303:
            return None
        self.assertRegex(headers["Location"], r"^/orders/\w+/sign$")
        return headers["Location"].split("/")[2]

    def state_of(self, number):
        return self.orders_sql("SELECT state FROM orders WHERE number = ?", number)[0][0]

    def came(self, **fields):
        """Opened, and the counter has signed that identity and papers were looked at."""
        number = self.open(**fields)
        self.assertEqual(self.state_of(number), "submitted")
        body = self.paper("li", number)["items"][0]["body"]
        self.assertIn("act=at-counter\n", body)
        self.assertIn(f"identity={hashlib.sha256(ID.encode()).hexdigest()}\n", body)
        self.sign("li", number)
        return number

    def act_on(self, number, act, *names, **members):
        self.ask_for(names[0], number, act, **members)
        for name in names:
            self.sign(name, number)

    def test_a_first_certificate(self):
        number = self.came(kind="new", years="2")
        self.assertEqual(self.state_of(number), "wait-transfer")
        self.assertIn("¥440.00 待付款 (银行转账)", self.shown("li", f"/orders/{number}"))
        hotline = self.text_of(self.shown("sun", f"/orders/{number}"))
        self.assertRegex(hotline, r"年数\s+2\s")
        for never in (ID, *(FORM[name] for name in FORM if name != "unit"), "请您签名的内容"):
            self.assertNotIn(never, hotline)
        self.act_on(number, "transfer-seen", "li")
        self.assertEqual(self.state_of(number), "review")  # handed in for the person
        self.act_on(number, "approve", "wang", "zhao")
        self.assertEqual(self.state_of(number), "approved")
        log = self.shown("wang", "/log", Accept_Language="en")
        self.assertIn("opened at the counter", log)
        self.assertIn("taken at the counter", log)

    def test_a_locked_key(self):
        self.enrol("SN0001")
        number = self.came(kind="unlock", sn="SN0001")
        self.assertEqual(self.state_of(number), "counter-wait")
        self.act_on(number, "unlock", "li", "zhao")
        self.assertEqual(self.state_of(number), "code-ok")
        self.assertIn(f"ukey unlock --counter {number} ", self.shown("li", f"/orders/{number}"))
        # one key has one open order
        self.open(kind="lost", sn="SN0001", status=409)

    def test_a_key_that_is_counter_only_is_tried_again(self):
        self.enrol("SN0001")
        self.ok("begin", order="x", sn="SN0001", method="sms")
        self.ok("send", order="x")
        grant = self.ok("check", order="x", code=self.code("x"))["grant"]
        self.ok("foreign", order="x", sn="SN0001", grant=grant)
        number = self.came(kind="unlock", sn="SN0001")
        self.ask_for("li", number, "unlock")
        self.sign("li", number)
        status, _, text = self.sign("zhao", number)
        self.assertEqual(status, 409)
        self.assertIn("counter-only", text)
        self.act_on(number, "again", "li", "zhao")
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "active")
        self.act_on(number, "unlock", "li", "zhao")
        self.assertEqual(self.state_of(number), "code-ok")

    def test_a_revocation(self):
        number = self.came(kind="revoke", sn="SN0001")
        self.assertEqual(self.state_of(number), "review")
        self.act_on(number, "approve", "wang", "zhao")
        self.assertEqual(self.state_of(number), "approved")

    def test_the_same_form_twice_is_one_order(self):
        self.assertEqual(self.open(kind="revoke", sn="SN0001", once="a" * 32),
                         self.open(kind="revoke", sn="SN0001", once="a" * 32))

    def test_only_counters_open_orders_and_only_such_as_make_sense(self):
        for who in ("sun", "zhao"):
            self.assertEqual(self.page(who, "GET", "/walk-in")[0], 403)
        token = self.token("li", "/walk-in")
        fields = {**PERSON, "kind": "revoke", "sn": "SN0001", "once": "b" * 32}
        for who, more in (("zhao", {"token": token}), ("li", {}), ("li", {"token": token + "0"})):
            self.assertEqual(self.page(who, "POST", "/walk-in", {**fields, **more}, Origin=self.url)[0], 403)
        self.assertEqual(self.page("li", "POST", "/walk-in", {**fields, "token": token},
                                   Origin="https://evil.example")[0], 403)
        for more in ({"kind": "renewal"}, {"kind": "loss"}, {"kind": ""}, {"kind": "new"}, {"sn": ""},
                     {"sn": "SN\nact=approve"}, {"unit": ""}, {"id_number": ""}, {"once": ""},
                     {"legal_name": "a\nb"}, {"kind": "new", "sn": "", "years": "99"},
                     {"kind": "new", "sn": "", "years": "-1"}):
            self.assertIn(self.page("li", "POST", "/walk-in", {**fields, "token": token, **more},
                                    Origin=self.url)[0], (400,), more)
        self.assertEqual(self.orders_sql("SELECT COUNT(*) FROM orders"), [(0,)])

    def test_only_orders_of_the_counter_go_on_by_themselves(self):
        order, cap, number = self.order("change", form={**FORM, "legal_phone": "13911112222"})
        self.assertEqual(self.to(order, cap, "submit")["state"], "paper-wait")
        self.act_on(number, "paper-came", "li")
        self.assertEqual(self.state_of(number), "paper-in")
        # nor does an applicant come in by that door
        _, _, other = self.order("revoke", sn="SN0002", method="counter")
        self.assertEqual(self.orders_sql("SELECT method FROM orders WHERE number = ?", other), [("sms",)])

    def test_a_key_number_is_no_second_line_of_what_is_signed(self):
        for number in ("SN1\nact=approve", "SN1\rx", "SN 1", "SN1\u2028"):
            self.bad("bad-request", "POST", "/v1/orders", {
                "kind": "revoke", "unit_code": UNIT, "token": {"sn": number}, "form": FORM},
                Idempotency_Key="0123456789abcdef" + str(len(number)))
        order, cap, number = self.in_review()
        status, told = self.act(number, "approve", "wang", "zhao", sn="x\nact=refuse")
        self.assertEqual((status, told), (400, {"error": "bad-request"}))
        self.assertEqual(self.state(order, cap), "review")


del ConsoleCase

if __name__ == "__main__":
    unittest.main()
