#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is uploaded, printed, agreed to and forgotten."""
import hashlib
import json
import os
import socket
import struct
import time
import unittest
import zlib
from pathlib import Path

from certd_case import CERTD, FORM, HANDLER, PROFILE, UNIT, LightCase
from unlock_case import CERTADM, run

PAPERS = f"{os.path.dirname(CERTD)}/openukey-papers"
WORDS = {"agreement": "认证服务协议（演练）", "privacy": "隐私政策（演练）", "risk": "风险提示（演练）",
         "bank": "银行账户信息处理说明（演练）"}
TEXTS = [{"id": name, "version": "1", "sha256": hashlib.sha256(words.encode()).hexdigest()}
         for name, words in WORDS.items()]
SLOTS = ["licence", "handler-id"]
PLANTED = "planted-comment-in-the-image"
DAY = 86400


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=60, height=40, claimed=None):
    """A picture with a gradient, and a comment in it that must not get anywhere."""
    rows = b"".join(b"\0" + b"".join(bytes((x * 4 % 256, y * 6 % 256, 90)) for x in range(width))
                    for y in range(height))
    head = struct.pack(">IIBBBBB", *(claimed or (width, height)), 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Comment\0" +
            PLANTED.encode()) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


GIF = (b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\x00\x00\x00\x00\xff!\xf9\x04\x01\x00\x00\x00\x00"
       b",\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")


def jpeg():
    return run(PAPERS, "image", input=png())


def pdf_text(data):
    return run("pdftotext", "-layout", "-", "-", input=data).decode()


class Papers(LightCase):
    profile = {
        **PROFILE,
        "texts": [{**text, "title": text["id"], "text": WORDS[text["id"]], "sensitive":
                   text["id"] == "bank", **({"if": "bank_account"} if text["id"] == "bank" else {})}
                  for text in TEXTS],
        "documents": {"renewal": [{"slot": SLOTS[0], "title": "营业执照"},
                                  {"slot": SLOTS[1], "title": "经办人身份证"}]},
        "papers": {"renewal": ["营业执照复印件", "经办人身份证复印件"]}, "post_to": "示例市示例路1号",
        "templates": [{"id": "authority-letter", "title": "授权委托书",
                       "text": ["兹授权{handler_name}办理{unit}的业务，订单{number}。"]}],
    }

    def upload(self, order, cap, slot, image, **more):
        return self.http("POST", f"/v1/orders/{order}/documents/{slot}", image, cap, **more)

    def docs(self, **form):
        order, cap, number = self.order(form={**FORM, **form})
        self.to(order, cap, "submit")
        return order, cap, number

    def uploaded(self, **form):
        order, cap, number = self.docs(**form)
        for slot in SLOTS:
            self.assertEqual(self.upload(order, cap, slot, png(300, 200))[0], 200)
        return order, cap, number

    def consent(self, order, cap, texts=None, **more):
        return self.http("POST", f"/v1/orders/{order}/consent",
                         {"texts": TEXTS[:3] if texts is None else texts, **more}, cap)

    def in_review(self):
        order, cap, number = self.uploaded()
        self.assertEqual(self.consent(order, cap)[0], 200)
        reference = self.to(order, cap, "payment")["reference"]
        self.notify(reference, 22000)
        self.assertEqual(self.to(order, cap, "hand-in")["state"], "review")
        return order, cap, number

    def files(self):
        return sorted(name for name in self.path.glob("documents/*/*"))

    # ---- images ----

    def test_images_are_made_anew_and_kept_sealed(self):
        order, cap, _ = self.docs()
        shown = self.good("GET", f"/v1/orders/{order}", cap=cap)
        self.assertEqual([(one["slot"], one["state"]) for one in shown["documents"]],
                         [(slot, "missing") for slot in SLOTS])
        self.assertEqual(shown["next"], "documents")
        for image, kind in ((png(), "png"), (GIF, "gif"), (jpeg(), "jpeg")):
            status, answer = self.upload(order, cap, "licence", image)
            self.assertEqual((status, answer["type"], answer["state"]), (200, kind, "new"))
            self.assertEqual(len(self.files()), 1)  # what it took the place of is gone
        self.upload(order, cap, "handler-id", png())
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap)["next"], "consent")
        for name in self.files():
            sealed = name.read_bytes()
            self.assertEqual(hashlib.sha256(sealed).hexdigest(), name.name)
            for plain in (b"JFIF", b"\xff\xd8\xff", b"PNG", PLANTED.encode()):
                self.assertNotIn(plain, sealed)
        rows = self.orders_sql("SELECT hash, size, type FROM documents")
        self.assertEqual({row[0].hex() for row in rows}, {name.name for name in self.files()})
        self.assertEqual({row[2] for row in rows}, {"jpeg", "png"})
        anew = jpeg()
        self.assertEqual(anew[:3], b"\xff\xd8\xff")
        self.assertNotIn(PLANTED.encode(), anew)

    def test_what_is_no_image_is_refused(self):
        order, cap, _ = self.docs()
        for hostile in (b"", b"BM" + bytes(60), b"<svg onload=alert(1)>" + bytes(60),
                        b"\x89PNG\r\n\x1a\n" + bytes(80), png()[:60], png(claimed=(60000, 60000)),
                        png(claimed=(9999, 9999)), GIF[:20], b"GIF89a" + b"\xff" * 200,
                        b"\xff\xd8\xff\xe0" + os.urandom(4000), b"%PDF-1.4" + bytes(90)):
            self.assertEqual(self.upload(order, cap, "licence", hostile),
                             (400, {"error": "bad-request"}), hostile[:20])
        self.assertEqual(self.upload(order, cap, "licence", png() + bytes(1572864))[0], 413)
        self.assertEqual(self.upload(order, cap, "../licence", png())[0], 404)
        self.assertEqual(self.upload(order, cap, "passport", png())[0], 404)
        self.assertEqual(self.upload(order, "0" * 64, "licence", png())[0], 404)
        self.assertEqual(self.files(), [])
        self.assertEqual(self.good("GET", "/v1/health")["store"][:3], self.orders[:3])

    def test_one_order_uploads_so_much_a_day_and_no_more(self):
        order, cap, _ = self.docs()
        self.upload(order, cap, "licence", GIF)
        self.orders_sql("UPDATE limits SET used = 60 WHERE bucket LIKE 'upload/%'")
        self.assertEqual(self.upload(order, cap, "licence", GIF), (429, {"error": "limit"}))

    @unittest.skipUnless(os.environ.get("OPENUKEY_TEST_LONG"), "takes a minute and a half")
    def test_a_body_that_drips_is_cut_off(self):
        order, cap, _ = self.docs()
        for path, most in ((f"/v1/orders/{order}/event", 40), (f"/v1/orders/{order}/documents/licence", 90)):
            link = socket.create_connection(("127.0.0.1", self.port))
            link.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {cap}\r\n"
                         "Content-Length: 60000\r\n\r\n".encode())
            begun = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() < begun + most:
                    link.sendall(b"x")
                    time.sleep(1)
            link.close()

    def test_the_process_that_looks_at_images_can_do_nothing_else(self):
        for mode in ("image", "fonts"):
            run(PAPERS, "check", mode)

    def test_a_reviewer_sees_a_copy_with_the_reviewers_name_on_it(self):
        order, cap, number = self.in_review()
        self.assertEqual(self.upload(order, cap, "licence", png()), (409, {"error": "wrong-state"}))
        now, ver = int(time.time()), self.version(number)

        def view(at, *names, slot="licence"):
            body = f"order\nnumber={number}\nver={ver}\nact=view\nsn={slot}\nat={at}\n"
            return self.page("POST", f"/v1/operator/{number}/documents/{slot}",
                             {"at": at, "approvals": self.approve(body, *names)})

        for at, names in ((now, ()), (now, ("qian",)), (now - 3600, ("wang",))):
            self.assertEqual(view(at, *names)[0], 403)
        status, kind, image = view(now, "wang")
        self.assertEqual((status, kind, image[:3]), (200, "image/jpeg", b"\xff\xd8\xff"))
        other = view(now, "zhao")[2]
        self.assertNotEqual(image, other)  # another name
        self.assertNotEqual(image, run(PAPERS, "image", input=png(300, 200)))
        logged = [body.decode() for body, in self.orders_sql("SELECT body FROM audit_entries")
                  if b"view" in body and b"review" not in body]
        self.assertEqual(len(logged), 2)

    def test_rejected_documents_are_uploaded_again(self):
        order, cap, number = self.in_review()
        lines = "slots=licence\nreason=看不清\n"
        status, answer = self.act(number, "reject", "wang", lines=lines,
                                  more={"slots": ["licence"], "reason": "看不清"})
        self.assertEqual((status, answer["state"], answer["next"]), (200, "correct", "correct"))
        states = {one["slot"]: (one["state"], one["reason"]) for one in answer["documents"]}
        self.assertEqual(states, {"licence": ("rejected", "看不清"), "handler-id": ("new", "")})
        self.bad("wrong-state", "POST", f"/v1/orders/{order}/event", {"event": "hand-in"}, cap)
        self.assertEqual(self.upload(order, cap, "licence", GIF)[0], 200)
        self.assertEqual(self.to(order, cap, "hand-in")["state"], "review")
        # what was signed is what was sent
        self.assertEqual(self.act(number, "reject", "wang", lines=lines,
                                  more={"slots": ["handler-id"], "reason": "看不清"})[0], 403)
        status, answer = self.act(number, "approve", "wang", "zhao")
        self.assertEqual({one["state"] for one in answer["documents"]}, {"accepted"})

    # ---- paper ----

    def page(self, method, path, body=None, cap=None):
        import http.client  # pylint: disable=import-outside-toplevel
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        link.request(method, path, None if body is None else json.dumps(body).encode(),
                     {"Authorization": f"Bearer {cap}"} if cap else {})
        answer = link.getresponse()
        data = answer.read()
        link.close()
        return answer.status, answer.headers["Content-Type"], data

    def test_the_form_is_printed_on_two_pages(self):
        order, cap, number = self.docs(unit="示例果业有限公司", handler_id="110101199001011234")
        status, kind, data = self.page("GET", f"/v1/orders/{order}/form.pdf", cap=cap)
        self.assertEqual((status, kind, data[:5]), (200, "application/pdf", b"%PDF-"))
        text = pdf_text(data)
        self.assertEqual(text.count("\f"), 2)
        for words in (number, "示例果业有限公司", UNIT, FORM["legal_name"], "更新", "110101199001011234",
                      "经办人身份证复印件", "承诺"):
            self.assertIn(words, text)
        self.assertEqual(self.page("GET", f"/v1/orders/{order}/form.pdf", cap="0" * 64)[0], 404)

    def test_a_long_form_stays_on_two_pages(self):
        order, cap, _ = self.docs(**{name: "很长" * 300 for name in (
            "department", "unit_phone", "legal_id", "product", "handler_id", "post_address")})
        text = pdf_text(self.page("GET", f"/v1/orders/{order}/form.pdf", cap=cap)[2])
        self.assertEqual(text.count("\f"), 2)

    def test_papers_and_templates_are_the_profiles(self):
        answer = self.good("GET", "/v1/papers/renewal")
        self.assertEqual(answer["papers"], self.profile["papers"]["renewal"])
        self.assertEqual([one["id"] for one in answer["templates"]], ["form", "authority-letter"])
        order, cap, number = self.docs(handler_name="{legal_name}<b>{unit}")
        path = f"/v1/orders/{order}/papers/authority-letter.pdf"
        text = "".join(pdf_text(self.page("GET", path, cap=cap)[2]).split())
        # a value is never looked at again
        self.assertIn(f"兹授权{{legal_name}}<b>{{unit}}办理{FORM['unit']}的业务，订单{number}", text)
        for template in ("form", "authority-letter"):
            blank = self.page("GET", f"/v1/papers/renewal/{template}.pdf")
            self.assertEqual(blank[0], 200)
            self.assertNotIn(number, pdf_text(blank[2]))
        self.assertEqual(self.page("GET", "/v1/papers/renewal/other.pdf")[0], 404)
        self.assertEqual(self.page("GET", "/v1/papers/nothing/form.pdf")[0], 404)

    def test_papers_by_post_take_the_place_of_uploads(self):
        order, cap, number = self.order(form={**FORM, "legal_phone": "13912345678"})
        self.assertEqual(self.to(order, cap, "submit")["next"], "papers")
        self.assertEqual(self.act(number, "paper-came", "wang")[1]["next"], "pay")
        reference = self.to(order, cap, "payment")["reference"]
        self.notify(reference, 22000)
        self.assertEqual(self.to(order, cap, "hand-in")["state"], "review")

    # ---- texts ----

    def test_texts_are_agreed_to_one_by_one_in_their_own_words(self):
        texts = self.good("GET", "/v1/texts")["texts"]
        for text in texts:
            self.assertEqual(hashlib.sha256(text["text"].encode()).hexdigest(), text["sha256"])
        order, cap, _ = self.docs()
        self.assertEqual(self.consent(order, cap)[0], 409)  # no images yet
        order, cap, _ = self.uploaded_again(order, cap)
        for one in range(3):
            self.assertEqual(self.consent(order, cap, TEXTS[:one] + TEXTS[one + 1:3])[0], 409)
        self.assertEqual(self.consent(order, cap)[1]["state"], "consented")
        rows = self.orders_sql("SELECT text_id, version, text_hash, agreed, voided FROM consents")
        self.assertEqual({(row[0], row[1], row[2].hex(), row[4]) for row in rows},
                         {(text["id"], "1", text["sha256"], 0) for text in TEXTS[:3]})
        self.assertTrue(all(abs(row[3] - time.time()) < 60 for row in rows))
        self.good("POST", f"/v1/orders/{order}/form", {"form": {**FORM, "bank_account": "6222"}}, cap)
        self.assertEqual(self.orders_sql("SELECT count(*) FROM consents WHERE voided = 0"), [(0,)])
        # now there is something that the text about banks is about
        self.assertEqual(self.consent(order, cap)[0], 409)
        self.assertEqual(self.consent(order, cap, TEXTS)[1]["state"], "consented")

    def uploaded_again(self, order, cap):
        for slot in SLOTS:
            self.upload(order, cap, slot, png())
        return order, cap, None

    # ---- forgetting ----

    def audit_verify(self):
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
            f"{self.folder}/audit.key")
        run("openssl", "pkey", "-in", f"{self.folder}/audit.key", "-pubout", "-out",
            f"{self.folder}/audit.pem")
        common = [CERTADM, "--store", self.orders, "--schema", "orders", "--key"]
        run(*common, f"{self.folder}/audit.key", "audit-sign")
        return run(*common, f"{self.folder}/audit.pem", "audit-verify").decode()

    def test_what_is_over_is_forgotten_images_first_and_the_log_stays_whole(self):
        order, cap, number = self.uploaded()
        kept, kept_cap, _ = self.order(sn="SN0002")
        self.to(order, cap, "cancel")
        (retain,), = self.orders_sql("SELECT retain FROM orders WHERE id = ?", order)
        self.assertAlmostEqual(retain, time.time() + 30 * DAY, delta=120)
        self.assertEqual(len(self.files()), 2)
        self.orders_sql("UPDATE order_retains SET at = 1000")
        # by one who cannot delete the images nothing is forgotten
        common, self.common = self.common, [
            word for word in self.common if word not in ("--documents", f"{self.folder}/documents")]
        self.settle()
        self.common = common
        self.assertEqual(len(self.orders_sql("SELECT id FROM orders")), 2)
        self.work(lambda: not self.orders_sql("SELECT id FROM orders WHERE id = ?", order))
        self.assertEqual(self.files(), [])
        for table in ("orders", "documents", "order_caps", "consents", "order_retains", "payments"):
            column = "id" if table == "orders" else "order_id"
            self.assertEqual(self.orders_sql(f"SELECT * FROM {table} WHERE {column} = ?", order), [])
        self.assertEqual(self.orders_sql("SELECT count(*) FROM persons"), [(1,)])
        self.assertEqual(self.state(kept, kept_cap), "draft")
        self.assertIn("valid", self.audit_verify())
        self.assertIn(number.encode(), b"".join(
            body for body, in self.orders_sql("SELECT body FROM audit_entries")))
        self.bad("not-found", "GET", f"/v1/orders/{order}", cap=cap)

    def test_a_person_who_is_erased_is_nowhere_and_the_log_stays_whole(self):
        order, cap, _ = self.uploaded()
        (person,), = self.orders_sql("SELECT person FROM orders")
        run(CERTADM, "--store", self.orders, "--schema", "orders", "erase-person", person)
        self.assertEqual(self.http("GET", f"/v1/orders/{order}/form.pdf", cap=cap)[0], 404)
        self.assertEqual(self.state(order, cap), "docs")
        self.assertIn("valid", self.audit_verify())

    def test_planted_data_is_in_no_file_log_or_dump(self):
        self.end_certd("one")
        self.errors = self.enterContext(open(f"{self.folder}/certd.log", "wb"))
        self.port = self.serve("one")
        secrets = {name: f"planted-{name}-4711" for name in ("legal_id", "handler_id", "post_address",
                                                             "department", "bank_account")}
        order, cap, number = self.uploaded(**secrets)
        self.consent(order, cap, TEXTS)
        self.good("POST", f"/v1/orders/{order}/invoice", {"title": "planted-title", "tax_number":
                                                          "planted-tax"}, cap)
        self.to(order, cap, "payment")
        self.settle()
        run(CERTADM, "--store", self.orders, "backup", f"{self.folder}/dump")
        planted = [*secrets.values(), "planted-title", "planted-tax", PLANTED, HANDLER, cap,
                   FORM["legal_phone"], FORM["unit"], UNIT]
        names = [f"{self.folder}/dump", *self.path.glob("orders.db*"), *self.files(),
                 *self.path.glob("*.log")]
        for name in names:
            content = Path(name).read_bytes()
            for secret in planted:
                self.assertNotIn(secret.encode(), content, (secret, name))
        self.assertIn(number.encode(), Path(f"{self.folder}/dump").read_bytes())

    def handler_code(self, order, cap):
        return self.good("GET", f"/v1/orders/{order}", cap=cap).get("handler_code")

    def test_the_handler_confirms_by_a_code(self):
        """S4, at a CA that wants it so."""
        self.end_certd("one")
        (self.path / "profile.json").write_text(json.dumps({**self.profile, "handler_code": True,
                                                            "documents": {}}))
        self.port = self.serve("one")
        order, cap, number = self.docs()
        for body in ({}, {"code": "12345678"}):
            self.assertEqual(self.consent(order, cap, **body), (403, {"error": "code-wrong"}))
        self.assertEqual(self.handler_code(order, cap), {"until": 0, "left": 0})
        self.good("POST", f"/v1/orders/{order}/consent/code", {}, cap)
        self.work(lambda: len(self.post()) == 1)
        letter, = self.post()
        self.assertEqual(letter["to"], HANDLER)
        self.assertIn(number, letter["text"])
        code = letter["text"].split("确认码")[1][:8]
        wrong = f"{(int(code) + 1) % 10**8:08}"
        self.assertEqual(self.handler_code(order, cap)["left"], 5)
        self.assertEqual(self.consent(order, cap, code=wrong), (403, {"error": "code-wrong"}))
        told = self.handler_code(order, cap)
        self.assertEqual(told["left"], 4)
        self.assertGreater(told["until"], 0)
        self.assertEqual(self.consent(order, cap, code=code)[1]["state"], "consented")
        self.assertEqual(self.consent(order, cap, code=code), (403, {"error": "code-dead"}))


if __name__ == "__main__":
    unittest.main()
