#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules that the CAs' manuals fix, S1 to S13, each by its name. Where a rule has a test of its own
elsewhere, README.md says which; here is what a client sees of it."""
import json
import time
import unittest
import uuid

from certd_case import FORM, PROFILE, TEXTS, UNIT, CertdCase, LightCase
from gm_key import USER, Key
from test_papers import png
from unlock_case import CONTACT

DAY = 86400
SHOWN = "110101199001011234"


class Rules(LightCase):
    profile = {**PROFILE, "documents": {"renewal": [{"slot": "licence"}]}}

    def again(self, **more):
        """The same service with another profile."""
        self.end_certd("one")
        (self.path / "profile.json").write_text(json.dumps({**self.profile, **more}))
        self.port = self.serve("one")

    def upload(self, order, cap, image=None):
        return self.http("POST", f"/v1/orders/{order}/documents/licence", image or png(), cap)

    def refuse(self, code, kind, **token):
        self.bad(code, "POST", "/v1/orders",
                 {"kind": kind, "unit_code": UNIT, "form": FORM, "token": {"sn": "SN7", **token}},
                 Idempotency_Key=uuid.uuid4().hex)

    def approved(self, kind, sn="SN0001", **form):
        order, cap, number = self.order(kind, sn=sn, form={**FORM, **form})
        self.to(order, cap, "submit", "consent")
        if kind in ("new", "lost"):
            reference = self.to(order, cap, "payment")["reference"]
            amount = self.good("GET", f"/v1/orders/{order}", cap=cap)["payment"]["amount"]
            self.notify(reference, amount)
        self.to(order, cap, "hand-in")
        self.assertEqual(self.act(number, "approve", "wang", "zhao")[0], 200)
        return order, cap, number

    def test_s1_ten_wrong_pins_lock_and_the_first_pin_comes_as_the_profile_says(self):
        (self.path / "keys").mkdir()
        key = Key(f"{self.folder}/keys", "V0", "SN0001", "admin-8421")
        self.addCleanup(key.pull)
        for left in range(9, -1, -1):
            key.verify(USER, "999999")
            self.assertEqual(key.tries(USER), left)
        for first in (None, "fixed", "sms", "memo", "activate"):
            self.again(**({"first_pin": first} if first else {}))
            order, cap, number = self.approved("new", sn="")
            answer = self.act(number, "make", "wang", sn=f"NEW-{first}")[1]
            self.assertEqual(answer["delivery"]["pin"], first or "activate")
            self.assertEqual(answer["delivery"]["key"], f"NEW-{first}")

    def test_s2_unlocking_is_free_and_also_for_who_has_only_forgotten(self):
        for number, locked in enumerate((True, False)):
            order, cap, _ = self.order("unlock", sn=f"U{number}", token_more={"locked": locked})
            self.bad("wrong-state", "POST", f"/v1/orders/{order}/payment", {}, cap)
            self.assertNotIn("payment", self.good("GET", f"/v1/orders/{order}", cap=cap))

    def test_s4_form_confirmation_upload_consent_payment_in_this_order(self):
        order, cap, _ = self.order()
        path = f"/v1/orders/{order}"
        self.bad("wrong-state", "POST", f"{path}/consent", {"texts": TEXTS}, cap)
        self.assertEqual(self.to(order, cap, "submit")["next"], "documents")
        self.bad("wrong-state", "POST", f"{path}/payment", {}, cap)
        self.bad("wrong-state", "POST", f"{path}/consent", {"texts": TEXTS}, cap)
        self.upload(order, cap)
        self.assertEqual(self.to(order, cap, "consent")["next"], "pay")
        self.bad("wrong-state", "POST", f"{path}/event", {"event": "hand-in"}, cap)
        asked = self.to(order, cap, "payment")
        self.assertIn(asked["reference"], asked["qr"])
        self.notify(asked["reference"], asked["amount"])
        self.assertEqual(self.to(order, cap, "hand-in")["next"], "wait")
        self.assertEqual(self.good("GET", path, cap=cap)["delivery"]["pin"], "kept")

    def test_s6_name_and_code_both_changed_is_a_new_application(self):
        soon = int(time.time()) + 10 * DAY
        self.refuse("new-only", "renewal", not_after=soon, name_changed=True, code_changed=True)
        for one in ("name_changed", "code_changed"):
            order, cap, _ = self.order(sn=one, token_more={one: True})
            self.to(order, cap, "cancel")

    def test_s7_a_change_of_information_is_free(self):
        order, cap, _ = self.approved("change")
        self.assertNotIn("payment", self.good("GET", f"/v1/orders/{order}", cap=cap))

    def test_s8_a_replacement_costs_and_takes_the_old_one_away(self):
        order, cap, _ = self.approved("lost")
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["payment"]["amount"], 10000)
        self.refuse("revoked", "renewal", sn="SN0001", not_after=int(time.time()))

    def test_s9_a_revocation_is_approved_at_the_counter(self):
        order, cap, number = self.order("revoke")
        self.to(order, cap, "submit", "consent", "hand-in")
        for names in (("wang",), ("qian", "wang")):
            self.assertEqual(self.act(number, "approve", *names)[0], 403)
        self.assertEqual(self.act(number, "approve", "wang", "zhao")[1]["state"], "approved")

    def test_s10_a_new_key_is_made_laid_out_and_handed_to_who_shows_a_document(self):
        order, cap, number = self.approved("new", sn="", handler_id=SHOWN)
        self.act(number, "make", "wang", sn="NEW-1")
        self.assertEqual(self.act(number, "lay-out", "wang")[1]["next"], "collect")
        import hashlib  # pylint: disable=import-outside-toplevel
        for shown, status in (("", 403), ("110101199001019999", 403), (SHOWN, 200)):
            lines = f"identity={hashlib.sha256(shown.encode()).hexdigest()}\n"
            got = self.act(number, "hand-over", "wang", lines=lines, more={"id_number": shown})
            self.assertEqual(got[0], status, got)
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["state"], "handed-over")
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["delivery"]["post"],
                         "collect")
        for body, in self.orders_sql("SELECT body FROM audit_entries"):
            self.assertNotIn(SHOWN.encode(), body)

    def test_s11_unpaid_for_24_hours_is_cancelled_and_images_have_a_size(self):
        order, cap, _ = self.order()
        self.to(order, cap, "submit")
        self.assertEqual(self.upload(order, cap, png() + bytes(1536 * 1024))[0], 413)
        self.assertEqual(self.upload(order, cap, png() + bytes(1536 * 1024 - len(png())))[0], 200)
        self.to(order, cap, "consent", "payment")
        deadline = self.good("GET", f"/v1/orders/{order}", cap=cap)["deadline"]
        self.assertAlmostEqual(deadline, time.time() + DAY, delta=60)
        self.orders_sql("UPDATE orders SET deadline = 1000")
        self.orders_sql("UPDATE order_deadlines SET at = 1000")
        self.work(lambda: self.state(order, cap) == "cancelled")
        failed, cap, _ = self.order(sn="SN0002", form={**FORM, "legal_name": "赵六"})
        self.assertEqual(self.to(failed, cap, "submit")["next"], "papers")

    def test_s12_a_query_lists_state_key_pin_post_and_invoice(self):
        order, cap, number = self.approved("new", sn="")
        self.good("POST", f"/v1/orders/{order}/invoice", {"title": "x"}, cap)
        self.act(number, "make", "wang", sn="NEW-1")
        self.act(number, "post", "wang", lines="tracking=EX123\n", more={"tracking": "EX123"})
        self.work(lambda: self.good("GET", f"/v1/orders/{order}", cap=cap)["invoice"]["state"] ==
                  "issued")
        grant = self.good("POST", "/v1/query-grants", {"uscc": UNIT})["grant"]
        self.work(lambda: any("验证码" in letter["text"] for letter in self.post()))
        text = next(letter["text"] for letter in self.post() if "验证码" in letter["text"])
        listed, = self.good("POST", f"/v1/query-grants/{grant}/code",
                            {"code": text.split("验证码")[1][:8]})["orders"]
        self.assertEqual(
            (listed["number"], listed["state"], listed["delivery"], listed["invoice"]["state"]),
            (number, "posted", {"key": "NEW-1", "pin": "activate", "post": "post",
                                "tracking": "EX123"}, "issued"))

    def test_s13_numbers_are_day_letter_and_six_digits_and_data_is_kept_ten_years(self):
        order, cap, number = self.order()
        day = time.strftime("%Y%m%d", time.gmtime(time.time() + 8 * 3600))
        self.assertRegex(number, r"^\d{8}[A-Z]\d{6}$")
        self.assertLessEqual(abs(int(number[:8]) - int(day)), 8870)  # midnight, the year's end
        self.to(order, cap, "cancel")
        made, made_cap, number = self.approved("new", sn="", handler_id=SHOWN)
        self.act(number, "make", "wang", sn="NEW-1")
        self.act(number, "post", "wang")
        self.act(number, "hand-over", "wang")
        self.assertEqual(self.state(made, made_cap), "handed-over")
        kept = dict(self.orders_sql("SELECT id, retain FROM orders"))
        self.assertAlmostEqual(kept[order], time.time() + 30 * DAY, delta=120)
        self.assertGreater(kept[made], time.time() + 3650 * DAY)


class RulesOfUnlocking(CertdCase):
    def test_s3_the_code_goes_to_the_number_or_account_on_file_and_the_way_is_not_changed(self):
        self.enrol("SN0001")
        order, cap, _ = self.order("unlock", method="sms", form=FORM)
        self.to(order, cap, "submit")
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        self.assertEqual(self.letters()[-1]["to"], CONTACT["phone"])
        code = self.code(order)
        self.to(order, cap, "cancel")  # another way is another order
        memo, memo_cap, _ = self.order("unlock", method="memo")
        self.to(memo, memo_cap, "submit")
        self.good("POST", f"/v1/orders/{memo}/unlock/code", {}, memo_cap)
        self.assertEqual(self.letters("memo")[-1]["to"], CONTACT["account"])
        status, answer = self.http("POST", f"/v1/orders/{memo}/unlock/check", {"code": code}, memo_cap)
        self.assertEqual((status, answer), (403, {"error": "code-wrong"}))
        for rest, body in (("check", {"code": code}), ("code", {})):
            self.bad("wrong-state", "POST", f"/v1/orders/{order}/unlock/{rest}", body, cap)


if __name__ == "__main__":
    unittest.main()
