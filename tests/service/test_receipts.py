#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Payment notices in the forms of WeChat Pay and Alipay: genuine, forged, replayed, late, twice; and that
openukey-issuerd looks at them itself."""
import http.client
import json
import time
import unittest

from certd_case import LightCase
from issue_case import IssueCase
from pay_notices import Providers, kept

PRICE, YUAN = 22000, "220.00"
DAY = 86400


class Notices(LightCase):
    def begin(self, *more):
        self.providers = Providers(self.folder)
        rows = {name: {"create": {"url": "http://127.0.0.1:9/", "body": {}, "answer": {"qr": "qr"}},
                       "notify": {"rules": f"{self.folder}/{name}.json", **extra}}
                for name, extra in (("wechat", {}), ("alipay", {"answer": "success"}))}
        (self.path / "drivers.json").write_text(json.dumps({"pay": rows}))
        super().begin("--drivers", f"{self.folder}/drivers.json", *more)

    def send(self, provider, headers, body):
        """(status, what was answered)"""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            link.request("POST", f"/v1/pay/{provider}/notify", body, headers)
            answer = link.getresponse()
            return answer.status, answer.read()
        finally:
            link.close()

    def waiting(self, provider, sn):
        """An order that waits for money by that provider, and the payment's reference."""
        order, cap, _ = self.order(sn=sn)
        self.to(order, cap, "submit", "consent")
        # Nobody is there to make a QR code; the payment is asked for anyway.
        self.http("POST", f"/v1/orders/{order}/payment", {"way": provider}, cap)
        reference, = self.orders_sql("SELECT reference FROM payments WHERE order_id = ?", order)[0]
        self.assertEqual(self.state(order, cap), "wait-pay")
        return order, cap, reference

    def attempts(self, provider, make, reference, right):
        """Everything that must not count."""
        wrong = {"wechat": PRICE - 1, "alipay": "219.99"}[provider]
        headers, body = make(reference, right)
        yield "a thief's", make(reference, right, key="thief")
        yield "another amount", make(reference, wrong)
        yield "a foreign payment", make("f" * 32, right)
        yield "changed", (headers, body.replace(b"SUCCESS", b"FAILURE"))
        yield "cut off", (headers, body[:-1])
        yield "nothing", (headers, b"")
        yield "unsigned", ({}, body.partition(b"&sign=")[0])
        yield "from tomorrow", make(reference, right, at=time.time() + DAY)
        if provider == "wechat":
            yield "old", make(reference, right, at=time.time() - 400)
            yield "for another merchant", make(reference, right, mchid="1900000002")
            yield "not in yuan", make(reference, right, currency="USD")
            yield "under another key", make(reference, right, api_key="x" * 32)
            yield "another time", ({**headers, "Wechatpay-Timestamp": str(int(time.time()) + 1)}, body)
            yield "another nonce", ({**headers, "Wechatpay-Nonce": "x"}, body)
            yield "a long nonce", ({**headers, "Wechatpay-Nonce": "x" * 100}, body)
            yield "no signature", ({**headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}, body)
        else:
            yield "old", make(reference, right, at=time.time() - 2 * DAY)
            yield "for another seller", make(reference, right, seller="2088000000000009")
            yield "a weaker signature", make(reference, right, sign_type="RSA")
            for amount in ("220.000", "22e1", "-220.00", "220.", ".5", "220.00 ", "", "9" * 30):
                yield f"amount {amount}", make(reference, amount)
            yield "a field twice", (headers, body + b"&total_amount=999.00")
            yield "a field more", (headers, body + b"&x=y")
            yield "no form", (headers, body + b"&x=%zz")
            yield "many fields", (headers, body + b"&a=b" * 100)

    def test_only_what_the_provider_says_counts_and_once(self):
        for number, (provider, right) in enumerate((("wechat", PRICE), ("alipay", YUAN))):
            make = getattr(self.providers, provider)
            order, cap, reference = self.waiting(provider, f"SN000{number}")
            for name, (headers, body) in self.attempts(provider, make, reference, right):
                status, answer = self.send(provider, headers, body)
                self.assertGreaterEqual(status, 400, (provider, name, answer))
                self.assertNotIn(b"success", answer, (provider, name))
                self.assertEqual(self.state(order, cap), "wait-pay", (provider, name))
            # The other provider's words are nothing here, and none is known by another name.
            other = {"wechat": "alipay", "alipay": "wechat"}[provider]
            for name in (other, "sandbox", "nobody"):
                self.assertGreaterEqual(self.send(name, *make(reference, right))[0], 400)
            # That money has not come is heard, and changes nothing.
            for not_yet in ({"state": {"wechat": "NOTPAY", "alipay": "WAIT_BUYER_PAY"}[provider]},
                            {"event": "REFUND.SUCCESS"} if provider == "wechat"
                            else {"fields": {"refund_fee": "220.00"}}):
                self.assertEqual(self.send(provider, *make(reference, right, **not_yet))[0], 200)
                self.assertEqual(self.state(order, cap), "wait-pay")
            genuine = make(reference, right)
            for _ in range(3):  # the same one, as often as they like
                status, answer = self.send(provider, *genuine)
                self.assertEqual(status, 200)
                self.assertEqual(answer, b"success" if provider == "alipay" else b"{}")
                self.assertEqual(self.state(order, cap), "paid")
            self.assertEqual(self.send(provider, *make(reference, right))[0], 200)  # a new one of it
            self.assertEqual(self.orders_sql("SELECT count(*) FROM payments WHERE order_id = ?"
                                             " AND state = 'paid'", order), [(1,)])
            self.assertEqual(self.orders_sql("SELECT count(*) FROM outbox WHERE topic = 'refund'"),
                             [(0,)])

    def test_the_providers_next_key_counts_beside_the_old_one(self):
        order, cap, reference = self.waiting("wechat", "SN0001")
        self.assertEqual(self.send("wechat", *self.providers.wechat(reference, PRICE, key="next"))[0],
                         200)
        self.assertEqual(self.state(order, cap), "paid")

    def test_money_that_comes_too_late_goes_back(self):
        order, cap, reference = self.waiting("alipay", "SN0001")
        self.to(order, cap, "cancel")
        status, answer = self.send("alipay", *self.providers.alipay(reference, YUAN))
        self.assertEqual((status, answer), (200, b"success"))
        self.assertEqual(self.orders_sql("SELECT once FROM outbox WHERE topic = 'refund'"),
                         [(order,)])
        self.assertEqual(self.state(order, cap), "refunding")

    def test_what_is_kept_is_what_the_issuer_needs(self):
        for provider, right in (("wechat", PRICE), ("alipay", YUAN)):
            order, _, reference = self.waiting(provider, f"SN-{provider}")
            headers, body = getattr(self.providers, provider)(reference, right)
            self.assertEqual(self.send(provider, headers, body)[0], 200)
            row, = self.orders_sql("SELECT provider, stamp, body, signature FROM kept_notices"
                                   " WHERE order_id = ?", order)
            self.assertEqual({"provider": row[0], "timestamp": row[1], "body": row[2].decode(),
                              "signature": row[3]}, kept(provider, headers, body))


class Issuer(IssueCase):
    def prepare_files(self):
        (self.path / "payments").mkdir()
        self.providers = Providers(self.file("payments"))

    def issuerd_words(self):
        return ["--payments", self.file("payments")]

    def paid(self, notice, order="o1"):
        return self.ask("prepare", **self.prepare_members(kind="new", order=order), payment=notice)

    def test_the_issuer_verifies_the_providers_own_words(self):
        for provider, right, wrong in (("wechat", PRICE, PRICE - 1), ("alipay", YUAN, "219.99")):
            make = getattr(self.providers, provider)
            genuine = kept(provider, *make("r1", right))
            bad = [kept(provider, *make("r1", right, key="thief")), kept(provider, *make("r1", wrong)),
                   {**genuine, "body": genuine["body"].replace("SUCCESS", "SUCCES5")},
                   {**genuine, "provider": "platform"}, {**genuine, "provider": "../wechat"},
                   kept(provider, *make("r1", right, state="NOTPAY"))]
            if provider == "wechat":
                bad += [{**genuine, "timestamp": "1700000000:x"}, {**genuine, "signature": ""},
                        {**genuine, "signature": "00" * 600},
                        kept(provider, *make("r1", right, mchid="1900000002"))]
            else:
                bad += [kept(provider, *make("r1", right, seller="2088000000000009"))]
            for notice in bad:
                self.assertEqual(self.paid(notice), {"error": "proof"}, notice)
            # Days later it is as good as before; but it pays once.
            late = kept(provider, *make("r1", right, at=time.time() - 9 * DAY))
            self.assertEqual(self.paid(late, f"{provider}1"), {})
            self.assertEqual(self.paid(genuine, f"{provider}2"), {"error": "proof"})
            again = kept(provider, *make("r2", right))
            self.assertEqual(self.paid(again, f"{provider}2"), {})


del LightCase, IssueCase

if __name__ == "__main__":
    unittest.main()
