#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who gets to see a unit's orders: the handler by a code, whoever has the key; and a new handler."""
import time
import unittest
from pathlib import Path

from certd_case import FORM, HANDLER, UNIT, LightCase
from unlock_case import CERTADM, run

NEW = "13611112222"
DAY = 86400


class Contacts(LightCase):
    def checked(self, sn="SN0001", **form):
        order, cap, number = self.order(sn=sn, form={**FORM, **form})
        self.assertEqual(self.to(order, cap, "submit")["state"], "docs")
        return order, cap, number

    def code_for(self, phone, words, count=1):
        self.work(lambda: len(self.letters(phone, words)) >= count)
        return self.letters(phone, words)[-1].split(words)[1][:8]

    def letters(self, phone, words=""):
        return [one["text"] for one in self.post() if one["to"] == phone and words in one["text"]]

    def query(self, **more):
        return self.good("POST", "/v1/query-grants", {"uscc": UNIT, **more})["grant"]

    def listed(self, grant, code):
        return self.good("POST", f"/v1/query-grants/{grant}/code", {"code": code})["orders"]

    # ---- foreign telephones ----

    def test_an_order_that_nobody_checked_makes_no_telephone_ring(self):
        planted, cap, _ = self.order(form={**FORM, "handler_phone": NEW})
        self.query()
        self.query(phone=NEW)
        self.to(planted, cap, "cancel")
        failed, cap, _ = self.order(form={**FORM, "handler_phone": NEW, "legal_phone": "13900000001"})
        self.assertEqual(self.to(failed, cap, "submit")["state"], "paper-wait")
        self.query()
        self.settle()
        self.assertEqual(self.post(), [])

    def test_somebody_elses_handler_sees_only_what_is_his(self):
        order, _, number = self.checked()
        _, _, planted = self.checked(sn="SN0002", handler_phone=NEW)
        grant = self.query()  # the newest that was checked is the attacker's
        listed = self.listed(grant, self.code_for(NEW, "验证码"))
        self.assertEqual([one["number"] for one in listed], [planted])
        grant = self.query(phone=HANDLER)
        listed = self.listed(grant, self.code_for(HANDLER, "验证码"))
        self.assertEqual([one["number"] for one in listed], [number])
        self.assertEqual(listed[0]["order"], order)
        self.assertEqual(self.state(order, listed[0]["capability"]), "docs")

    def test_a_thousand_requests_send_five_codes_to_one_number(self):
        self.checked()
        for number in range(40):
            for path, body in (("/v1/query-grants", {"uscc": UNIT}),
                               ("/v1/query-grants", {"uscc": UNIT, "phone": HANDLER}),
                               ("/v1/handlers", {"uscc": UNIT, "name": "x", "phone": f"1360000{number:04}"})):
                self.assertEqual(self.http("POST", path, body)[0], 202)
            order, cap, _ = self.order(sn=f"P{number}")
            if number < 8:
                self.to(order, cap, "submit")
                self.good("POST", f"/v1/orders/{order}/consent/code", {}, cap)
        self.settle()
        codes = [one for one in self.post() if "码" in one["text"]]
        for phone in (HANDLER, FORM["legal_phone"]):
            self.assertLessEqual(len([one for one in codes if one["to"] == phone]), 5)
        self.assertEqual({one["to"] for one in codes}, {HANDLER, FORM["legal_phone"]})

    # ---- another handler ----

    def new_handler(self, **more):
        return self.good("POST", "/v1/handlers", {"uscc": UNIT, "name": "王五", "phone": NEW, **more})

    def test_a_new_handler_is_set_by_the_legal_representative(self):
        order, cap, number = self.checked()
        grant = self.new_handler()["grant"]
        path = f"/v1/handlers/{grant}/code"
        self.bad("code-wrong", "POST", path, {"code": "00000000"})
        code = self.code_for(FORM["legal_phone"], "验证码")
        self.bad("code-wrong", "POST", f"/v1/query-grants/{grant}/code", {"code": code})
        since = self.good("POST", path, {"code": code})["since"]
        self.assertAlmostEqual(since, time.time() + DAY, delta=60)
        self.bad("code-dead", "POST", path, {"code": code})
        self.work(lambda: self.letters(HANDLER, "经办人已变更"))  # the old one is told
        # no code for a day: neither to the new number nor to the old one
        self.query()
        self.query(phone=NEW)
        self.query(phone=HANDLER)
        self.good("POST", f"/v1/orders/{order}/consent/code", {}, cap)
        self.settle()
        self.assertEqual(self.letters(NEW, "码"), [])
        self.assertEqual(self.letters(HANDLER, "验证码"), [])
        self.orders_sql("UPDATE handlers SET since = since - 86400")
        self.orders_sql("UPDATE orders SET created = created - 172800")
        listed = self.listed(self.query(), self.code_for(NEW, "验证码"))
        self.assertEqual([one["number"] for one in listed], [number])
        # notices go to the new number
        self.to(order, cap, "cancel")
        self.work(lambda: self.letters(NEW, "已取消"))

    def test_a_new_handler_is_kept_as_sealed_as_the_first(self):
        self.checked()
        grant = self.new_handler()["grant"]
        unused = self.new_handler(email="unused@unit.example")["grant"]
        run(CERTADM, "--store", self.orders, "backup", f"{self.folder}/dump")
        for name in (f"{self.folder}/dump", *self.path.glob("orders.db*")):
            content = Path(name).read_bytes()
            for secret in (NEW, "王五", "unused@unit.example", grant, unused):
                self.assertNotIn(secret.encode(), content)

    def test_whether_there_is_such_a_unit_is_told_by_nothing(self):
        self.checked()
        shapes = set()
        for unit in (UNIT, "91999999NONE000000"):
            status, answer = self.http("POST", "/v1/handlers", {"uscc": unit, "name": "x", "phone": NEW})
            shapes.add((status, tuple(answer), len(answer["grant"])))
            status, answer = self.http("POST", f"/v1/handlers/{answer['grant']}/code",
                                       {"code": "12345678"})
            shapes.add((status, answer["error"]))
            status, answer = self.http("POST", "/v1/challenges", {"sn": unit})
            shapes.add((status, tuple(answer), len(answer["challenge"])))
        self.assertEqual(len(shapes), 3)
        for phone in ("", "x", "13611112222\r\nX: y", "1" * 40, 7):
            self.bad("bad-request", "POST", "/v1/handlers", {"uscc": UNIT, "name": "x", "phone": phone})

    def test_what_costs_the_same_takes_the_same_time(self):
        """A unit with orders against one without: the medians of many, interleaved."""
        self.checked()
        taken = {UNIT: [], "91999999NONE000000": []}
        for _ in range(60):
            for unit, times in taken.items():
                begun = time.perf_counter()
                self.http("POST", "/v1/query-grants", {"uscc": unit})
                times.append(time.perf_counter() - begun)
        known, none = (sorted(times)[30] for times in taken.values())
        # No timed assertion on a loaded machine: only that neither is a multiple of the other.
        self.assertLess(known, 5 * none + 0.05)
        self.assertLess(none, 5 * known + 0.05)


class Challenges(LightCase):
    """SM2, as the CAs' certificates are."""

    def begin(self, *more):
        for name, subject in (("ca", "/C=CN/O=Rehearsal/CN=Rehearsal CA"), ("other", "/CN=Other CA")):
            self.genkey(name)
            run("openssl", "req", "-x509", "-new", "-key", self.file(f"{name}.key"), *self.SM3, "-subj",
                subject, "-days", "30", "-out", self.file(f"{name}.pem"))
        super().begin("--anchors", self.file("ca.pem"))

    SM3 = ("-sm3", "-sigopt", "distid:1234567812345678")

    def file(self, name):
        return f"{self.folder}/{name}"

    def genkey(self, name):
        run("openssl", "genpkey", "-algorithm", "SM2", "-out", self.file(f"{name}.key"))

    def certificate(self, name, ca="ca", code=UNIT, days="30"):
        self.genkey(name)
        run("openssl", "req", "-new", "-key", self.file(f"{name}.key"), *self.SM3, "-subj", "/CN=unit",
            "-out", self.file(f"{name}.csr"))
        Path(self.file("ext")).write_text(
            f"1.2.156.112562.2.1.1.17=ASN1:UTF8String:{code}\nbasicConstraints=CA:FALSE\n")
        run("openssl", "x509", "-req", "-in", self.file(f"{name}.csr"), "-CA", self.file(f"{ca}.pem"),
            "-CAkey", self.file(f"{ca}.key"), "-CAcreateserial", *self.SM3, "-vfyopt",
            "distid:1234567812345678", "-extfile", self.file("ext"), "-days", days, "-out",
            self.file(f"{name}.pem"))
        return run("openssl", "x509", "-in", self.file(f"{name}.pem"), "-outform", "DER")

    def sign(self, name, body, purpose=b"query"):
        Path(self.file("message")).write_bytes(b"OpenUKey-sig-v1\0" + purpose + b"\0" + body.encode())
        return run("openssl", "pkeyutl", "-sign", "-inkey", self.file(f"{name}.key"), "-in",
                   self.file("message"), "-rawin", "-digest", "sm3", "-pkeyopt",
                   "distid:1234567812345678").hex()

    def challenge(self, sn="SN0001"):
        return self.good("POST", "/v1/challenges", {"sn": sn})["challenge"]

    def answer(self, challenge, cert, name="unit", sn="SN0001", signed=None, purpose=b"query"):
        body = f"challenge={signed or challenge}\nsn={sn}\n"
        return self.http("POST", f"/v1/challenges/{challenge}",
                         {"sn": sn, "cert": cert.hex(), "signature": self.sign(name, body, purpose)})

    def test_whoever_has_the_key_needs_no_code(self):
        order, _, number = self.order()
        other, _, _ = self.order(sn="SN0002")
        cert = self.certificate("unit")
        challenge = self.challenge()
        status, answer = self.answer(challenge, cert)
        self.assertEqual((status, [one["number"] for one in answer["orders"]]), (200, [number]))
        self.assertNotIn(other, str(answer))
        cap = answer["orders"][0]["capability"]
        self.assertEqual(self.state(order, cap), "draft")
        self.assertEqual(self.answer(challenge, cert), (403, {"error": "proof"}))  # good once
        self.assertEqual(self.post(), [])

    def test_a_key_that_an_order_made_shows_that_order(self):
        order, _, number = self.order()
        self.orders_sql("INSERT INTO deliveries (ca, order_id, key_sn, pin, post, tracking, invoice,"
                        " invoice_number, body, changed) SELECT ca, id, 'NEW01', '', '', '', '',"
                        " '', x'', 0 FROM orders WHERE id = ?", order)
        answer = self.answer(self.challenge("NEW01"), self.certificate("unit"), sn="NEW01")[1]
        self.assertEqual([one["number"] for one in answer["orders"]], [number])

    def test_an_expired_certificate_still_shows_whose_key_it_is(self):
        self.order()
        self.certificate("unit")
        (self.path / "index.txt").write_text("")
        (self.path / "ca.cnf").write_text(
            f"[ca]\ndefault_ca=c\n[c]\ndatabase={self.folder}/index.txt\nrand_serial=yes\n"
            f"new_certs_dir={self.folder}\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        run("openssl", "ca", "-batch", "-config", self.file("ca.cnf"), "-cert", self.file("ca.pem"),
            "-keyfile", self.file("ca.key"), "-md", "sm3", *self.SM3[1:], "-vfyopt",
            "distid:1234567812345678", "-in", self.file("unit.csr"), "-extfile", self.file("ext"),
            "-startdate", "20240101000000Z", "-enddate", "20240201000000Z", "-out",
            self.file("unit.pem"))
        cert = run("openssl", "x509", "-in", self.file("unit.pem"), "-outform", "DER")
        self.assertEqual(len(self.answer(self.challenge(), cert)[1]["orders"]), 1)

    def test_what_does_not_prove_it_gets_nothing(self):
        self.order()
        proof = (403, {"error": "proof"})
        cert = self.certificate("unit")
        foreign = self.certificate("foreign", ca="other")
        self.assertEqual(self.answer(self.challenge(), foreign, "foreign"), proof)  # another CA's
        self.assertEqual(self.answer(self.challenge(), cert, "foreign"), proof)  # another key's
        self.assertEqual(self.answer(self.challenge(), cert, purpose=b"renewal"), proof)
        self.assertEqual(self.answer(self.challenge(), cert, signed=self.challenge()), proof)
        self.assertEqual(self.answer(self.challenge("SN0002"), cert), proof)  # another key's challenge
        made = self.challenge()
        for bent in (made[:-1] + ("0" if made[-1] != "0" else "1"), "0" * 64, "00000000" + made[8:]):
            self.assertEqual(self.answer(bent, cert), proof)
        ca = run("openssl", "x509", "-in", self.file("ca.pem"), "-outform", "DER")
        self.assertEqual(self.answer(self.challenge(), ca, "ca"), proof)  # a CA is no unit
        # another unit's certificate sees nothing of this one's key
        self.assertEqual(self.answer(self.challenge(), self.certificate("spy", code="91990000SPY0000000"),
                                     "spy"), (200, {"orders": []}))
        for cert_hex in ("", "00", "zz", "30" * 9000):
            status, _ = self.http("POST", f"/v1/challenges/{self.challenge()}",
                                  {"sn": "SN0001", "cert": cert_hex, "signature": "00"})
            self.assertIn(status, (400, 403))

    def test_a_key_that_was_lost_shows_nothing(self):
        self.order()
        self.orders_sql("INSERT INTO key_blocks (ca, key_sn, reason, order_id, since)"
                        " VALUES ('default', 'SN0001', 'lost', 'x', 1)")
        self.assertEqual(self.answer(self.challenge(), self.certificate("unit")),
                         (409, {"error": "revoked"}))


class RsaChallenges(LightCase):
    """RSA, as many certificates still are."""

    def begin(self, *more):
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", self.file("ca.key"),
            "-subj", "/CN=Rehearsal CA", "-days", "30", "-out", self.file("ca.pem"))
        super().begin("--anchors", self.file("ca.pem"))

    def file(self, name):
        return f"{self.folder}/{name}"

    def test_whoever_has_the_key_needs_no_code(self):
        _, _, number = self.order()
        Path(self.file("ext")).write_text(
            f"1.2.156.112562.2.1.1.17=ASN1:UTF8String:{UNIT}\nbasicConstraints=CA:FALSE\n")
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-noenc", "-keyout", self.file("unit.key"),
            "-subj", "/CN=unit", "-out", self.file("unit.csr"))
        cert = run("openssl", "x509", "-req", "-in", self.file("unit.csr"), "-CA", self.file("ca.pem"),
                   "-CAkey", self.file("ca.key"), "-CAcreateserial", "-extfile", self.file("ext"),
                   "-days", "30", "-outform", "DER")
        challenge = self.good("POST", "/v1/challenges", {"sn": "SN0001"})["challenge"]
        Path(self.file("message")).write_bytes(
            f"OpenUKey-sig-v1\0query\0challenge={challenge}\nsn=SN0001\n".encode())
        signature = run("openssl", "dgst", "-sha256", "-sign", self.file("unit.key"),
                        self.file("message"))
        answer = self.good("POST", f"/v1/challenges/{challenge}",
                           {"sn": "SN0001", "cert": cert.hex(), "signature": signature.hex()})
        self.assertEqual([one["number"] for one in answer["orders"]], [number])


if __name__ == "__main__":
    unittest.main()
