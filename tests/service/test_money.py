#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Money that comes and goes back, invoices; and the drivers that providers are asked with."""
import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import time
import unittest
import uuid

from certd_case import CERTD, FORM, HANDLER, PROFILE, LightCase
from provider import Mailbox, Provider
from unlock_case import environment

DAY = 86400


class Money(LightCase):
    profile = {**PROFILE, "transfer": {"name": "演练CA", "account": "1234", "bank": "演练银行"}}

    def paid(self, *steps):
        order, cap, number = self.order()
        asked = self.to(order, cap, "submit", "consent", "payment")
        self.assertEqual(self.notify(asked["reference"], 22000)[0], 200)
        self.to(order, cap, *steps)
        return order, cap, number, asked["reference"]

    def spool(self, name):
        return [json.loads(path.read_text()) for path in self.path.glob(f"post/{name}-*.json")]

    def offline(self):
        order, cap, number = self.order()
        self.to(order, cap, "submit", "consent")
        answer = self.good("POST", f"/v1/orders/{order}/event", {"event": "pay-offline"}, cap)
        return order, cap, number, answer

    def due(self, order):
        self.orders_sql("UPDATE orders SET deadline = 1000 WHERE id = ? AND deadline > 0", order)
        self.orders_sql("UPDATE order_deadlines SET at = 1000 WHERE order_id = ?", order)

    # ---- back ----

    def test_who_gives_up_after_paying_gets_the_money_back_once(self):
        order, cap, _, reference = self.paid("cancel")
        self.assertEqual(self.state(order, cap), "refunding")
        for _ in range(2):
            self.work(lambda: self.state(order, cap) == "refunded")
        self.assertEqual([(one["reference"], one["amount"]) for one in self.spool("refund")],
                         [(reference, 22000)])
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["payment"]["state"],
                         "refunded")
        self.notify(reference, 22000)  # an old notice changes nothing any more
        self.settle()
        self.assertEqual((self.state(order, cap), len(self.spool("refund"))), ("refunded", 1))

    def test_money_that_comes_too_late_goes_back(self):
        order, cap, _ = self.order()
        reference = self.to(order, cap, "submit", "consent", "payment")["reference"]
        self.due(order)
        self.work(lambda: self.state(order, cap) == "cancelled")
        self.notify(reference, 22000)
        self.assertEqual(self.orders_sql("SELECT count(*) FROM order_retains"), [(0,)])
        self.work(lambda: self.state(order, cap) == "refunded")
        self.assertEqual(len(self.spool("refund")), 1)

    def test_a_transfer_ends_the_24_hours_and_is_seen_by_an_operator(self):
        order, cap, number, answer = self.offline()
        self.assertEqual(answer["transfer"], {**self.profile["transfer"], "amount": 22000,
                                              "memo": number})
        self.assertEqual((answer["deadline"], answer["next"]), (0, "transfer"))
        # whoever looks again is told again, and nobody who does not wait for it
        shown = self.good("GET", f"/v1/orders/{order}", cap=cap)
        self.assertEqual(shown["transfer"], answer["transfer"])
        self.due(order)
        self.settle()
        self.assertEqual(self.state(order, cap), "wait-transfer")
        status, seen = self.act(number, "transfer-seen", "wang")
        self.assertEqual((status, seen["state"], seen["payment"]["state"]), (200, "paid", "paid"))
        self.assertNotIn("transfer", self.good("GET", f"/v1/orders/{order}", cap=cap))

    def test_paid_twice_in_two_ways_goes_back_once(self):
        order, cap, number = self.order()
        reference = self.to(order, cap, "submit", "consent", "payment")["reference"]
        self.good("POST", f"/v1/orders/{order}/event", {"event": "pay-offline"}, cap)
        self.act(number, "transfer-seen", "wang")
        for notice in ("a", "a", "b"):
            self.assertEqual(self.notify(reference, 22000, notice)[0], 200)
        self.work(lambda: self.spool("refund"))
        self.settle()
        self.assertEqual([one["reference"] for one in self.spool("refund")], [reference])
        self.assertEqual(self.state(order, cap), "paid")

    def test_a_transfer_goes_back_by_people_who_say_so(self):
        order, cap, number, _ = self.offline()
        self.act(number, "transfer-seen", "wang")
        self.to(order, cap, "cancel")
        self.work(lambda: self.spool("transfer-back"))
        self.assertEqual((self.state(order, cap), self.spool("refund")), ("refunding", []))
        self.assertEqual(self.act(number, "refund-seen", "wang")[1]["state"], "refunded")

    def test_a_return_gives_back_what_the_key_cost(self):
        _, _, _, reference = self.paid()
        self.orders_sql("UPDATE orders SET state = 'confirmed'")
        self.orders_sql("DELETE FROM key_claims")
        back, cap, number = self.order("return")
        self.to(back, cap, "submit", "consent", "hand-in")
        self.act(number, "approve", "wang", "zhao")
        self.orders_sql("UPDATE orders SET state = 'refunding' WHERE id = ?", back)
        self.orders_sql("INSERT INTO outbox (ca, id, topic, once, due, payload) VALUES"
                        " ('default', 'x', 'refund', ?, 1, ?)", back, back.encode())
        self.work(lambda: self.state(back, cap) == "refunded")
        self.assertEqual([one["reference"] for one in self.spool("refund")], [reference])

    # ---- invoices ----

    def test_an_invoice_is_asked_for_when_the_money_is_there(self):
        order, cap, number = self.order()
        fields = {"title": "示例果业有限公司", "tax_number": "91110000TEST000001", "email": "a@b.example"}
        self.bad("bad-request", "POST", f"/v1/orders/{order}/invoice", {"tax_number": "1"}, cap)
        answer = self.good("POST", f"/v1/orders/{order}/invoice", fields, cap)
        self.assertEqual(answer["invoice"], {"state": "wanted", "number": ""})
        reference = self.to(order, cap, "submit", "consent", "payment")["reference"]
        self.settle()
        self.assertEqual(self.spool("invoice"), [])
        self.notify(reference, 22000)
        self.work(lambda: self.spool("invoice"))
        self.assertEqual(self.spool("invoice")[0]["title"], fields["title"])
        shown = self.good("GET", f"/v1/orders/{order}", cap=cap)["invoice"]
        self.assertEqual(shown, {"state": "issued", "number": number})
        self.bad("wrong-state", "POST", f"/v1/orders/{order}/invoice", fields, cap)
        self.to(order, cap, "cancel")
        self.work(lambda: self.state(order, cap) == "refunded")
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["invoice"]["state"], "void")


class Drivers(LightCase):
    def setUp(self):
        self.provider = Provider(self)
        super().setUp()

    def begin(self, *more):
        url = self.provider.url
        self.secret("token", "provider-token")
        secret = {"secret_file": f"{self.folder}/token"}
        pay = {"create": {"url": f"{url}/create", "body": {"ref": "{reference}", "fee": "{amount}"},
                          "ok": {"code": "SUCCESS"}, "answer": {"qr": "code_url"}, **secret},
               "refund": {"url": f"{url}/refund", "body": {"ref": "{reference}", "id": "{refund}"},
                          "sign": True, **secret},
               "notify": {"reference": "out_trade_no", "amount": "total", "notice": "id", **secret}}
        (self.path / "drivers.json").write_text(json.dumps({
            "sms": {"url": f"{url}/sms?key={{once}}", "headers": {"X-Auth": "Bearer {secret}"},
                    "body": {"mobile": "{to}", "content": ["{text}"], "n": 1}, **secret},
            "identity": {"url": f"{url}/identity", "body": {"u": "{unit}", "p": "{legal_phone}"},
                         "ok": {"match": True}},
            "email": {"sendmail": f"{self.folder}/sendmail", "from": "ca@ca.example"},
            "invoice": {"url": f"{url}/invoice", "body": {"t": "{title}"}, "answer": {
                "number": "no"}},
            "pay": {"wechat": pay}}))
        mailer = self.path / "sendmail"
        mailer.write_text(f"#!/bin/sh\n{{ echo \"$@\"; cat; }} >>{self.folder}/mails\n")
        mailer.chmod(0o700)
        self.provider.answers = {"/identity": (200, {"match": True}),
                                 "/create": (200, {"code": "SUCCESS", "code_url": "weixin://x"}),
                                 "/invoice": (200, {"no": "INV-1"})}
        super().begin("--drivers", f"{self.folder}/drivers.json")

    def test_messages_go_out_once_and_nothing_in_them_is_obeyed(self):
        hostile = 'x","mobile":"13666666666","y":"{to}{secret}\r\nX-Evil: 1'
        order, cap, number = self.order(form={**FORM, "handler_email": "h@unit.example",
                                              "handler_name": hostile})
        self.to(order, cap, "submit")
        self.to(order, cap, "cancel")
        self.provider.answers["/sms"] = lambda count: (503, {}) if count < 1 else (200, {})
        self.work(lambda: self.provider.done)
        self.work(lambda: (self.path / "mails").exists())
        for request in self.provider.requests:
            if not request["path"].startswith("/sms"):
                continue
            self.assertEqual(request["headers"]["X-Auth"], "Bearer provider-token")
            self.assertEqual(request["body"]["mobile"], HANDLER)
            self.assertEqual(list(request["body"]), ["mobile", "content", "n"])
            self.assertIn(number, request["body"]["content"][0])
        mail = (self.path / "mails").read_text()
        self.assertTrue(mail.startswith("-i -f ca@ca.example -- h@unit.example\n"))
        self.assertIn("Message-ID: <", mail)
        self.assertEqual(self.post(), [])  # nothing to the spool

    def test_mail_by_smtp_has_the_letters_own_id(self):
        mailbox = Mailbox(self)
        config = json.loads((self.path / "drivers.json").read_text())
        config["email"] = {"url": mailbox.url, "from": "ca@ca.example"}
        (self.path / "drivers.json").write_text(json.dumps(config))
        order, cap, number = self.order(form={**FORM, "handler_email": "h@unit.example"})
        self.to(order, cap, "submit", "cancel")
        self.work(lambda: mailbox.mails)
        lines, text = mailbox.mails[0]
        self.assertIn("RCPT TO:<h@unit.example>", lines)
        (letter,), = self.orders_sql("SELECT id FROM outbox WHERE topic = 'email'")
        self.assertIn(f"Message-ID: <{letter}@", text)
        words = base64.b64decode(text.split("\n\n", 1)[1]).decode()
        self.assertIn(number, words)

    def test_an_address_that_is_no_address_gets_no_mail(self):
        for address in ("-oQ/tmp/x@evil.example", "a@b.example\nBcc: c@d.example", "a@b, c@d", "<a@b>"):
            order, cap, _ = self.order(sn=uuid.uuid4().hex[:8], form={**FORM, "handler_email": address})
            self.to(order, cap, "submit", "cancel")
        self.work(lambda: not self.orders_sql("SELECT id FROM outbox WHERE done = 0"))
        self.assertFalse((self.path / "mails").exists())

    def test_a_courier_carries_what_others_put_into_their_folder(self):
        folder = self.path / "others"
        folder.mkdir()
        name = f"sms-{uuid.uuid4().hex}.json"
        for other in ("sms-x.json", f".{name}", f"fax-{uuid.uuid4().hex}.json", "sms.json"):
            (folder / other).write_text("{}")
        (folder / f"sms-{uuid.uuid4().hex}.json").symlink_to("/etc/passwd")
        self.provider.answers["/sms"] = lambda count: (503, {}) if count < 2 else (200, {})
        (folder / name).write_text(json.dumps({"once": "o", "to": HANDLER, "text": "授权码"}))
        couriers = [subprocess.Popen([CERTD, "courier", "--spool", str(folder), "--drivers",
                                      f"{self.folder}/drivers.json"], env=environment())
                    for _ in range(2)]
        try:
            for _ in range(1200):
                if not (folder / name).exists():
                    break
                time.sleep(0.05)
        finally:
            for courier in couriers:
                courier.terminate()
                self.assertIn(courier.wait(), (0, -signal.SIGTERM))
        self.assertFalse((folder / name).exists())
        self.assertEqual({request["headers"]["Idempotency-Key"] for request in self.provider.requests},
                         {name[4:36]})
        self.assertEqual(len(self.provider.done), 1)
        self.assertEqual(len(list(folder.iterdir())), 5)  # nothing else was touched

    def test_the_identity_provider_decides_and_may_be_away(self):
        order, cap, _ = self.order()
        self.provider.answers["/identity"] = (503, {})
        self.bad("unavailable", "POST", f"/v1/orders/{order}/submit", {}, cap)
        self.provider.answers["/identity"] = (200, {"match": True})
        self.assertEqual(self.to(order, cap, "submit")["state"], "docs")
        self.assertEqual(self.provider.of("/identity")[0]["body"],
                         {"u": FORM["unit"], "p": FORM["legal_phone"]})
        self.provider.answers["/identity"] = (200, {"match": "true"})
        order, cap, _ = self.order(sn="SN0002")
        self.assertEqual(self.to(order, cap, "submit")["state"], "paper-wait")

    def wechat_notice(self, reference, amount, key="provider-token", notice=None):
        body = json.dumps({"out_trade_no": reference, "total": amount,
                           "id": notice or uuid.uuid4().hex}).encode()
        stamp = str(int(time.time()))
        mac = hmac.new(key.encode(), stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        return self.http("POST", "/v1/pay/wechat/notify", body, X_Timestamp=stamp, X_Signature=mac)

    def paid(self):
        order, cap, number = self.order()
        self.to(order, cap, "submit", "consent")
        asked = self.good("POST", f"/v1/orders/{order}/payment", {"way": "wechat"}, cap)
        self.assertEqual((asked["provider"], asked["qr"]), ("wechat", "weixin://x"))
        return order, cap, number, asked["reference"]

    def test_a_code_to_pay_with_and_notices_are_the_providers(self):
        order, cap, _, reference = self.paid()
        self.good("POST", f"/v1/orders/{order}/payment", {"way": "wechat"}, cap)
        self.assertEqual(len(self.provider.of("/create")), 1)
        self.assertEqual(self.provider.of("/create")[0]["body"], {"ref": reference, "fee": "22000"})
        self.assertEqual(self.notify(reference, 22000), (404, {"error": "not-found"}))  # another's
        self.assertEqual(self.wechat_notice(reference, 22000, key="guess")[0], 403)
        self.assertEqual(self.wechat_notice(reference, 1)[0], 403)
        for notice in ("a", "a", "b"):
            self.assertEqual(self.wechat_notice(reference, 22000, notice=notice)[0], 200)
        self.assertEqual(self.state(order, cap), "paid")

    def test_a_refund_is_asked_for_by_one_name_through_kill_9(self):
        order, cap, _, reference = self.paid()
        self.wechat_notice(reference, 22000)
        self.to(order, cap, "cancel")
        self.provider.answers["/refund"] = lambda count: time.sleep(30 if count == 1 else 0) or (200, {})
        worker = subprocess.Popen([CERTD, "work", "--node", "w1", "--spool", f"{self.folder}/post",
                                   *self.common], env=environment())
        for _ in range(600):
            if self.provider.of("/refund"):
                break
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)  # the money is on its way, and nobody wrote it down
        worker.wait()
        self.provider.answers["/refund"] = (200, {})
        self.orders_sql("UPDATE outbox SET lease_until = 0")
        self.work(lambda: self.state(order, cap) == "refunded")
        keys = {request["headers"]["Idempotency-Key"] for request in self.provider.of("/refund")}
        self.assertEqual(keys, {f"refund-{reference}"})
        request = self.provider.of("/refund")[-1]
        mac = hmac.new(b"provider-token", request["headers"]["X-Timestamp"].encode() + b"\n" +
                       request["raw"], hashlib.sha256).hexdigest()
        self.assertEqual(request["headers"]["X-Signature"], mac)

    def test_a_message_is_the_same_one_after_kill_9(self):
        self.provider.answers["/sms"] = lambda count: time.sleep(30 if count == 1 else 0) or (200, {})
        order, cap, _ = self.order()
        self.to(order, cap, "submit", "cancel")
        worker = subprocess.Popen([CERTD, "work", "--node", "w1", "--spool", f"{self.folder}/post",
                                   *self.common], env=environment())
        for _ in range(600):
            if any(request["path"].startswith("/sms") for request in self.provider.requests):
                break
            time.sleep(0.05)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.provider.answers["/sms"] = (200, {})
        self.orders_sql("UPDATE outbox SET lease_until = 0")
        self.work(lambda: not self.orders_sql("SELECT id FROM outbox WHERE done = 0"))
        keys = [request["headers"]["Idempotency-Key"] for request in self.provider.requests
                if request["path"].startswith("/sms")]
        self.assertEqual((len(keys), len(set(keys))), (2, 1))

    def test_an_invoice_has_the_number_that_was_answered(self):
        order, cap, _, reference = self.paid()
        self.good("POST", f"/v1/orders/{order}/invoice", {"title": "{secret}"}, cap)
        self.wechat_notice(reference, 22000)
        self.work(lambda: self.good("GET", f"/v1/orders/{order}", cap=cap)["invoice"]["state"] ==
                  "issued")
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["invoice"]["number"], "INV-1")
        self.assertEqual(self.provider.of("/invoice")[0]["body"], {"t": "{secret}"})

    def test_a_provider_is_not_asked_without_tls_elsewhere(self):
        config = json.loads((self.path / "drivers.json").read_text())
        for url in ("http://sms.example/sms", "http://127.0.0.1.evil.example/sms", "file:///etc/passwd",
                    "http://localhost/sms", "gopher://127.0.0.1/"):
            config["identity"]["url"] = url
            (self.path / "drivers.json").write_text(json.dumps(config))
            self.end_certd("one")
            self.port = self.serve("one")
            order, cap, _ = self.order(sn=uuid.uuid4().hex[:8])
            self.bad("bad-request", "POST", f"/v1/orders/{order}/submit", {}, cap)


if __name__ == "__main__":
    os.umask(0o077)
    unittest.main()
