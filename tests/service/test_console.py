#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-console: what operators can do there, and what nobody can."""
import json
import os
import re
import time
import shutil
import struct
import subprocess
import unittest
import uuid
import zlib
from pathlib import Path

from certd_case import FORM, PROFILE, UNIT
from console_case import ConsoleCase
from issue_case import IssueCase
from unlock_case import CERTADM, run

SECRETS = ("李四", "张三", "13800138000", "13700137000")


class Approving(ConsoleCase):
    def test_two_sign_and_it_is_carried_out(self):
        order, cap, number = self.in_review()
        self.assertIn(number, self.shown("wang", "/?state=review"))
        self.assertNotIn(number, self.shown("wang", "/?state=approved"))
        self.ask_for("wang", number, "approve")
        paper = self.paper("wang", number)
        self.assertEqual([item["body"] for item in paper["items"]], [
            f"order\nnumber={number}\nver={self.version(number)}\nact=approve\nsn=\n"])
        self.assertIn(paper["items"][0]["body"], self.text_of(self.shown("wang", f"/orders/{number}/sign")))
        self.assertEqual(self.sign("wang", number)[0], 303)
        self.assertEqual(self.state(order, cap), "review")
        self.assertEqual(self.page("wang", "GET", f"/orders/{number}/sign")[0], 303)  # nothing is left
        self.assertEqual(self.sign("zhao", number)[0], 303)
        self.assertEqual(self.state(order, cap), "approved")
        self.assertIn("carried out", self.shown("wang", f"/orders/{number}", Accept_Language="en"))

    def test_forged_foreign_and_lonely_signatures_do_nothing(self):
        order, cap, number = self.in_review()
        _, _, other = self.in_review(sn="SN0002")
        self.ask_for("wang", number, "approve")
        self.ask_for("wang", other, "approve")
        paper, foreign = self.paper("wang", number), self.paper("wang", other)
        good = json.loads(self.signed("wang", paper))
        bad = [
            self.signed("wang", foreign),  # of another order
            json.dumps({**good, "operator": "zhao"}),  # in somebody else's name
            json.dumps({**good, "operator": "qian"}),
            json.dumps({**json.loads(self.signed("qian", paper)), "operator": "zhao"}),
            json.dumps({**json.loads(self.signed("sun", paper))}),  # a hotline's
            json.dumps({**json.loads(self.signed("li", paper))}),  # a counter's is none for this
            json.dumps({**good, "signatures": []}),
            json.dumps({**good, "signatures": [{**good["signatures"][0], "signature": "00"}]}),
            json.dumps({**good, "signatures": [{**good["signatures"][0], "body": "0" * 64}]}),
        ]
        for answer in bad:
            self.assertEqual(self.sign("wang", number, answer)[0], 403, answer)
        self.assertEqual(self.sign("wang", number, "no json")[0], 400)
        for _ in range(2):  # one person twice is one person
            self.sign("wang", number, json.dumps(good))
        self.assertEqual(self.state(order, cap), "review")

    def test_a_signature_is_for_the_order_as_it_was(self):
        order, cap, number = self.in_review()
        self.ask_for("wang", number, "approve")
        self.sign("wang", number)
        late = self.signed("zhao", self.paper("zhao", number))
        self.assertEqual(self.act(number, "reject", "zhao")[0], 200)
        self.to(order, cap, "hand-in")
        status, _, text = self.sign("zhao", number, late)
        self.assertEqual(status, 403)
        self.assertIn("签名已作废", text)
        self.assertEqual(self.state(order, cap), "review")
        page = self.shown("wang", f"/orders/{number}", Accept_Language="en")
        self.assertIn("void", page)
        self.assertIn("(proof)", page)  # and why

    def test_whose_key_was_lost_has_signed_nothing(self):
        order, cap, number = self.in_review()
        self.list.key("mei")
        self.list.add("mei", "reviewer")
        self.ask_for("wang", number, "approve")
        self.sign("mei", number)
        self.list.act("lost", "mei", signers=("zhao",))
        self.assertEqual(self.page("mei", "GET", "/")[0], 403)
        self.sign("wang", number)
        self.assertEqual(self.state(order, cap), "review")
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "approved")

    def test_rejecting_takes_one_and_says_why(self):
        order, cap, number = self.in_review()
        self.ask_for("zhao", number, "reject", reason="照片不清楚")
        self.assertIn("reason=照片不清楚\n", self.paper("zhao", number)["items"][0]["body"])
        status, _, _ = self.fill("zhao", f"/orders/{number}/ask", act="reject", reason="a\nact=approve")
        self.assertEqual(status, 400)
        self.assertEqual(self.fill("li", f"/orders/{number}/ask", act="hand-over")[0], 409)
        self.assertEqual(self.state(order, cap), "review")

    def test_an_address_is_for_one_operator_and_one_hour(self):
        order, cap, number = self.in_review()
        self.ask_for("wang", number, "approve")
        page = self.text_of(self.shown("wang", f"/orders/{number}/sign"))
        path = re.search(r"ukey approve " + re.escape(self.url) + r"(/t/\S+)", page).group(1)
        _, _, text = self.page(None, "GET", path)
        paper = json.loads(text)
        self.assertEqual(paper["operator"], "wang")
        parts = path.split("/")
        for at, value in ((2, "20250101A000001"), (3, "zhao"), (4, "99999999999"), (5, "0" * 64)):
            wrong = "/".join(value if i == at else part for i, part in enumerate(parts))
            self.assertEqual(self.page(None, "GET", wrong)[0], 403, wrong)
        self.assertEqual(self.page(None, "POST", path, self.signed("zhao", paper))[0], 403)
        self.assertEqual(self.page(None, "POST", path, "x")[0], 403)
        _, _, told = self.page(None, "POST", path, self.signed("wang", paper))
        self.assertEqual(json.loads(told), {"taken": 1, "done": 0})
        self.assertEqual(self.page(None, "GET", path)[0], 404)  # nothing waits any more
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "approved")


class Doors(ConsoleCase):
    def test_only_operators_come_in(self):
        _, _, number = self.in_review()
        stranger = self.cert("qian")
        for headers in ({}, {"X_Client_Verify": "NONE"}, {"X_Client_Verify": "SUCCESS"},
                        {"X_Client_Verify": "SUCCESS", "X_Client_Cert": "%zz"},
                        {"X_Client_Verify": "SUCCESS", "X_Client_Cert": "x" * 20000},
                        {"X_Client_Verify": "SUCCESS", "X_Client_Cert": stranger},
                        {"X_Client_Verify": "FAILED:expired", "X_Client_Cert": self.cert("wang")}):
            for path in ("/", f"/orders/{number}", "/log", "/operators", f"/orders/{number}/paper.json"):
                status, _, text = self.page(None, "GET", path, **headers)
                self.assertIn(status, (403, 431), (headers, path))
                self.assertNotIn(number, text)

    def test_there_is_no_session_to_fix(self):
        """No cookie is ever set or looked at: who comes is in each handshake."""
        for who in ("wang", "sun", None):
            for path in ("/", "/style.css", "/nothing"):
                _, headers, _ = self.page(who, "GET", path, Cookie="session=1; token=2")
                self.assertNotIn("Set-Cookie", headers)
        self.assertEqual(self.page(None, "GET", "/", Cookie="session=wang")[0], 403)

    def test_a_form_that_is_not_ours_does_nothing(self):
        order, cap, number = self.in_review()
        path, page = f"/orders/{number}/ask", f"/orders/{number}"
        token = self.token("wang", page)
        fields = {"act": "approve", "token": token}
        until, mark = token.split(".")
        wrong = [{**fields, "token": value} for value in (
            "", "x", token + "0", f"{int(until) + 1}.{mark}", f"0.{mark}", self.token("zhao", page))]
        for changed in [{"act": "approve"}, *wrong]:
            self.assertEqual(self.page("wang", "POST", path, changed, Origin=self.url)[0], 403, changed)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"},
                        {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}):
            self.assertEqual(self.page("wang", "POST", path, fields, **headers)[0], 403, headers)
        self.assertEqual(self.page("wang", "GET", f"{path}?act=approve&token={token}")[0], 404)
        self.assertEqual(self.page("wang", "GET", f"/orders/{number}/paper.json")[0], 404)  # nothing asked
        self.assertEqual(self.page("wang", "POST", path, fields, Origin=self.url,
                                   Sec_Fetch_Site="same-origin")[0], 303)
        self.assertEqual(self.state(order, cap), "review")

    def test_every_answer_is_framed_by_a_strict_policy(self):
        for who, path in (("wang", "/"), ("wang", "/nothing"), (None, "/"), (None, "/style.css")):
            _, headers, text = self.page(who, "GET", path)
            self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertNotIn("<script", text)
            self.assertNotRegex(text, r"\sstyle=|\son\w+=")

    def test_odd_requests_are_refused(self):
        for method, path in (("PUT", "/"), ("DELETE", "/orders/x"), ("POST", "/"), ("GET", "//"),
                             ("GET", "/orders/" + "x" * 500), ("GET", "/orders/../log")):
            self.assertIn(self.page("wang", method, path)[0], (404, 405), path)
        token = self.token("wang")  if "token" in self.shown("wang", "/") else ""
        status, _, _ = self.page("wang", "POST", "/orders/x/ask", {"token": token, "act": "x" * 70000})
        self.assertEqual(status, 413)


class Hotline(ConsoleCase):
    def test_hotline_sees_states_and_no_persons(self):
        order, cap, number = self.in_review()
        self.ask_for("wang", number, "approve")
        page = self.text_of(self.shown("sun", f"/orders/{number}", Accept_Language="en"))
        for secret in (*SECRETS, cap, order):
            self.assertNotIn(secret, page)
        for shown in ("in review", "138****8000", "李**", "张**", FORM["unit"]):
            self.assertIn(shown, page)
        for path in ("/", "/log", "/operators", f"/orders/{number}/sign"):
            _, _, text = self.page("sun", "GET", path)
            for secret in (*SECRETS, cap):
                self.assertNotIn(secret, text, path)
        self.assertNotIn("<button", self.shown("sun", f"/orders/{number}"))
        self.assertEqual(self.page("sun", "GET", f"/orders/{number}/paper.json")[0], 404)

    def locked(self, **more):
        self.enrol("SN0001")
        order, cap, number = self.order("unlock", **more)
        self.assertEqual(self.to(order, cap, "submit")["state"], "identified")
        return order, cap, number

    def test_hotline_may_send_a_code_to_the_number_on_file_only(self):
        order, cap, number = self.locked()
        status, _, text = self.fill("sun", f"/orders/{number}/resend", phone="13999999999",
                                    to="13999999999")
        self.assertEqual(status, 200)
        letters = [letter for letter in self.letters() if letter["once"].startswith(f"code/{order}/")]
        self.assertEqual([letter["to"] for letter in letters], ["13800138000"])
        code = self.code(order)
        page = text + self.shown("sun", f"/orders/{number}") + self.shown("sun", "/log") + \
            self.shown("wang", f"/orders/{number}")
        self.assertNotIn(code, page)
        self.assertEqual(self.state(order, cap), "code-sent")
        for _ in range(2):
            self.fill("sun", f"/orders/{number}/resend")
        self.assertEqual(self.fill("sun", f"/orders/{number}/resend")[0], 429)

    def test_hotline_can_do_nothing_else(self):
        order, cap, number = self.in_review()
        self.enrol("SN0009")
        _, _, helped = self.order("unlock", sn="SN0009")
        self.ask_for("wang", number, "approve")
        ask = re.search(r'name="id" value="(\w+)"', self.shown("wang", f"/orders/{number}")).group(1)
        self.orders_sql("UPDATE orders SET state = 'identified' WHERE number = ?", helped)
        token = self.token("sun", f"/orders/{helped}")
        for path, fields in (("ask", {"act": "approve"}), ("ask", {"act": "reject"}), ("drop", {"id": ask}),
                             ("carry-out", {"id": ask}), ("resend", {})):
            status, _, _ = self.page("sun", "POST", f"/orders/{number}/{path}", {"token": token, **fields},
                                     Origin=self.url)
            self.assertIn(status, (403, 409), path)
        answer = json.dumps({"operator": "sun", "signatures": []})
        self.assertEqual(self.page("sun", "POST", f"/orders/{number}/answer",
                                   {"token": token, "answer": answer}, Origin=self.url)[0], 403)
        self.assertEqual(self.state(order, cap), "review")


class Counter(ConsoleCase):
    def test_a_key_is_unlocked_at_the_counter(self):
        self.enrol("SN0001")
        order, cap, number = self.order("unlock", form={**FORM, "legal_phone": "13911112222"})
        self.assertEqual(self.to(order, cap, "submit")["state"], "counter-wait")
        self.ask_for("li", number, "unlock")
        self.assertEqual(self.paper("li", number)["items"][0]["body"],
                         f"unlock\norder={order}\nsn=SN0001\n")
        self.sign("li", number)
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "code-ok")
        self.assertIn(f"ukey unlock --counter {number} --operator li --token SN0001",
                      self.text_of(self.shown("li", f"/orders/{number}")))
        at = int(time.time())
        signed = self.approve(f"station\nnumber={number}\nsn=SN0001\nat={at}\nonce=1\n", "li")[0]
        got = self.good("POST", f"/v1/orders/{number}/unlock/counter",
                        {"sn": "SN0001", "at": at, "once": "1", "station": signed})
        self.assertEqual(got["number"], number)
        answer = self.good("POST", f"/v1/orders/{order}/unlock/command",
                           {"grant": got["grant"], "stage": "admin", "random": "0102030405060708",
                            "app": "0001", "admin_left": 10}, got["capability"])
        self.assertEqual(len(answer["data"]), 32)

    def test_a_lost_key_is_found_and_released(self):
        self.enrol("SN0001")
        order, cap, number = self.order("loss")
        self.to(order, cap, "submit")
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        self.good("POST", f"/v1/orders/{order}/unlock/check", {"code": self.code(order)}, cap)
        self.assertEqual(self.state(order, cap), "suspended")
        for act in ("found", "release"):
            self.ask_for("wang", number, act)
            for name in ("wang", "li"):
                self.sign(name, number)
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "active")
        self.assertEqual(self.state(order, cap), "released")

    def test_the_command_line_does_the_same(self):
        order, cap, number = self.in_review()

        def certadm(*words, code=0, who="wang"):
            done = subprocess.run(
                [CERTADM, *words, "--store", self.orders, "--vault", f"{self.folder}/vault.key", "--profile",
                 f"{self.folder}/profile.json", "--operators", f"{self.folder}/operators",
                 *(["--as", who] if who else [])], capture_output=True, check=False)
            self.assertEqual(done.returncode, code, done.stderr.decode())
            return done.stdout.decode()
        self.assertIn(number, certadm("orders", "--state", "review"))
        self.assertIn(number, certadm("orders", UNIT))
        self.assertNotIn(number, certadm("orders", "--kind", "unlock"))
        self.assertEqual(json.loads(certadm("show", number))["form"]["legal_name"], "李四")
        for who in ("sun", None):
            shown = certadm("show", number, who=who)
            for secret in SECRETS:
                self.assertNotIn(secret, shown)
        certadm("ask", number, "approve", who="sun", code=1)
        certadm("ask", number, "approve")
        for who in ("wang", "zhao"):
            (self.path / "answer").write_text(self.signed(who, json.loads(certadm("paper", number, who=who))))
            certadm("answer", number, f"{self.folder}/answer", who=None)
        self.assertEqual(self.state(order, cap), "approved")
        self.assertIn("ask-done", certadm("log", number))
        certadm("answer", number, f"{self.folder}/answer", who=None, code=1)
        certadm("resend", number, who="sun", code=1)
        certadm("show", "20250101A000001", code=1)


def picture(side=200):
    """A PNG in one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\xee\xee\xff" * side) * side
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Documents(ConsoleCase):
    profile = {**PROFILE, "documents": {"change": [{"slot": "licence", "title": "营业执照"}]}}

    def test_a_document_is_seen_by_those_who_review_with_their_name_on_it(self):
        order, cap, number = self.order("change")
        self.to(order, cap, "submit")
        self.assertEqual(self.http("POST", f"/v1/orders/{order}/documents/licence", picture(), cap)[0], 200)
        self.to(order, cap, "consent", "hand-in")
        path = f"/orders/{number}/documents/licence"
        self.assertIn(path, self.shown("zhao", f"/orders/{number}"))
        images = {}
        for who in ("wang", "zhao", "li"):
            status, headers, images[who] = self.raw(who, "GET", path)
            self.assertEqual((status, headers["Content-Type"], headers["Cache-Control"]),
                             (200, "image/jpeg", "no-store"))
            self.assertEqual(images[who][:3], b"\xff\xd8\xff")
        self.assertEqual(len(set(images.values())), 3)  # each with another name across it
        self.assertNotIn(path, self.shown("sun", f"/orders/{number}"))
        self.assertIn("营业执照", self.shown("sun", f"/orders/{number}"))
        for who, wrong, status in (("sun", path, 403), ("qian", path, 403), ("zhao", path + "x", 404),
                                   ("zhao", "/orders/20250101A000001/documents/licence", 404)):
            self.assertEqual(self.page(who, "GET", wrong)[0], status)
        seen = [entry["by"] for entry in self.log_of(number) if entry["event"] == "view"]
        self.assertEqual(sorted(seen), ["li", "wang", "zhao"])
        # Sent back with the document's name, and uploaded again.
        self.ask_for("zhao", number, "reject", slots="licence", reason="照片不清楚")
        self.assertEqual(self.sign("zhao", number)[0], 303)
        self.assertEqual(self.state(order, cap), "correct")
        self.assertIn("照片不清楚", self.shown("sun", f"/orders/{number}"))

    def log_of(self, number):
        text = subprocess.run(
            [CERTADM, "log", number, "--store", self.orders, "--vault", f"{self.folder}/vault.key",
             "--profile", f"{self.folder}/profile.json", "--operators", f"{self.folder}/operators"],
            capture_output=True, check=True).stdout
        return json.loads(text)


class Injection(ConsoleCase):
    EVIL = ('<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'; DROP TABLE orders; --",
            "%s%n%x", "{{7*7}}${7*7}", "\u202eevil", "<b onmouseover='x'>", "\x00\x07")

    def test_nothing_that_is_shown_is_more_than_text(self):
        number_of = {}
        for evil in self.EVIL:
            form = {**FORM, **{name: f"{evil}-{name}" for name in ("note", "handler_name", "address")},
                    evil.replace("\x00", ""): evil.replace("\x00", "")}
            form = {name: value.replace("\x00", "") for name, value in form.items()}
            status, made = self.http("POST", "/v1/orders", {
                "kind": "change", "unit_code": UNIT, "token": {
                    "sn": f"SN{len(number_of):04}", "not_after": 4000000000}, "form": form},
                Idempotency_Key=uuid.uuid4().hex)
            if status in (200, 201):
                number_of[evil] = made["number"]
        self.assertGreater(len(number_of), 5)
        for evil, number in number_of.items():
            for who in ("wang", "sun"):
                page = self.shown(who, f"/orders/{number}")
                self.assertNotRegex(page, r"<script|<img|<b |onerror='|onerror=\"")
                if evil.startswith("<"):
                    self.assertNotIn(evil, page)
        self.assertIn(self.EVIL[0], self.text_of(self.shown("wang", f"/orders/{number_of[self.EVIL[0]]}")
                                                 .replace("&lt;", "\x01").replace("&gt;", "\x02"))
                      .replace("\x01", "<").replace("\x02", ">"))

    def test_what_is_searched_for_is_only_compared(self):
        _, _, number = self.in_review()
        from urllib.parse import quote  # pylint: disable=import-outside-toplevel
        for evil in (*self.EVIL[:-1], "' OR '1'='1", "x' UNION SELECT 1 --", "%", "_"):
            for name in ("kind", "state", "sn", "unit", "before"):
                status, _, text = self.page("wang", "GET", f"/?{name}={quote(evil)}")
                self.assertEqual(status, 200)
                self.assertNotRegex(text, r"<script|<img|<b ")
                if name != "before":
                    self.assertNotIn(f"/orders/{number}", text, (name, evil))
            self.assertNotEqual(self.page("wang", "GET", f"/?number={quote(evil)}")[0], 303)
            self.assertIn(self.page("wang", "GET", f"/orders/{quote(evil, safe='')}")[0], (404, 400))
        self.assertIn(number, self.shown("wang", "/"))

    def test_forms_with_strange_members_are_only_stored_or_refused(self):
        order, cap, number = self.in_review()
        for evil in self.EVIL:
            self.fill("zhao", f"/orders/{number}/ask", act="reject", reason=evil)
            self.fill("zhao", f"/orders/{number}/ask", act=evil)
            self.fill("zhao", f"/orders/{number}/drop", id=evil)
        page = self.shown("zhao", f"/orders/{number}") + self.shown("zhao", f"/orders/{number}/sign")
        self.assertNotRegex(page, r"<script|<img|<b ")
        self.assertEqual(self.state(order, cap), "review")


class Issuing(ConsoleCase):
    """With an openukey-issuerd that has the same list of operators."""

    def setUp(self):
        self.issuer = IssueCase("assertTrue")
        self.issuer.setUp()
        self.addCleanup(self.issuer.doCleanups)
        super().setUp()
        shutil.copy(self.list.path, self.issuer.file("operators/operators"))
        for name in ("one", "console"):
            self.end_certd(name)
        self.common += ["--issue", self.issuer.file("socket")]
        self.port = self.serve("one")
        self.start_console("--issue", self.issuer.file("socket"))

    def signed_by_two(self, number, act, *names, **members):
        self.ask_for(names[0] if names else "wang", number, act, **members)
        for name in names or ("wang", "zhao"):
            self.assertEqual(self.sign(name, number)[0], 303)

    def approved(self, kind, amount=0):
        order, cap, number = self.order(kind)
        self.to(order, cap, "submit", "consent")
        if amount:
            self.notify(self.to(order, cap, "payment")["reference"], amount)
        self.to(order, cap, "hand-in")
        self.signed_by_two(number, "approve")
        self.assertEqual(self.state(order, cap), "approved")
        return order, cap, number

    def renewed(self):
        order, cap, number = self.approved("renewal", 22000)
        self.issuer.old_certificate(self.issuer.soon())
        old = Path(self.issuer.file("old.pem")).read_text()
        old = old[old.index("-----BEGIN"):]
        self.signed_by_two(number, "issue", years="1", old_cert=old)
        self.assertEqual(self.state(order, cap), "ready")
        self.issuer.genkey("new")
        csr = self.issuer.csr("new")
        self.good("POST", f"/v1/orders/{order}/csr",
                  {"csr": csr.hex(), "proof": self.issuer.proof(csr, order=order)}, cap)
        cert = bytes.fromhex(self.good("GET", f"/v1/orders/{order}/result", cap=cap)["sign_cert"])
        self.good("POST", f"/v1/orders/{order}/confirm",
                  {"signature": self.issuer.confirmation(cert, order=order)}, cap)
        self.assertEqual(self.state(order, cap), "confirmed")
        return cert

    def test_a_renewal_is_issued_and_a_revocation_carried_out(self):
        cert = self.renewed()
        # The name is the old certificate's.
        self.assertIn("CN", self.issuer.shown(cert, "-subject"))
        order, cap, number = self.approved("revoke")
        self.ask_for("wang", number, "revoke", reason="cessation")
        self.sign("wang", number)
        self.assertEqual(self.state(order, cap), "approved")
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "revoked")

    def test_what_cannot_be_done_just_now_keeps_its_signatures(self):
        self.renewed()
        order, cap, number = self.approved("revoke")
        self.ask_for("wang", number, "revoke", reason="cessation")
        self.sign("wang", number)
        self.issuer.end()
        status, _, text = self.sign("zhao", number)
        self.assertEqual(status, 503)
        self.assertIn("签名保留", text)
        self.issuer.start()
        ask = re.search(r'name="id" value="([^"]+)"', self.shown("wang", f"/orders/{number}")).group(1)
        self.fill("wang", f"/orders/{number}/carry-out", f"/orders/{number}", id=ask)
        self.assertEqual(self.state(order, cap), "revoked")

    def test_a_loss_ends_with_three_texts_and_two_people_for_each(self):
        self.enrol("SN0001")
        self.renewed()
        order, cap, number = self.order("loss")
        self.to(order, cap, "submit")
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        self.good("POST", f"/v1/orders/{order}/unlock/check", {"code": self.code(order)}, cap)
        held = {"order": order, "sn": "SN0001"}
        self.work(lambda: self.issuer.ok("held", **held)["serials"])
        self.ask_for("wang", number, "release")
        self.sign("wang", number)
        status, _, text = self.sign("zhao", number)
        self.assertEqual(status, 403)
        self.assertIn("签名已作废", text)
        self.assertEqual(self.state(order, cap), "suspended")  # not before the other two
        for act in ("found", "reinstate", "release"):
            self.signed_by_two(number, act, "li", "wang")
        self.assertEqual(self.issuer.ok("held", **held)["serials"], [])
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "active")
        self.assertEqual(self.state(order, cap), "released")


@unittest.skipUnless(os.environ.get("OPENUKEY_TEST_POSTGRES"), "no PostgreSQL beside this test")
class OnPostgres(ConsoleCase):
    """What the pages ask of the database, once more on the other engine."""

    def orders_store(self):
        where = os.environ["OPENUKEY_TEST_POSTGRES"]
        run("psql", where, "-qc", "CREATE DATABASE console")
        return re.sub("dbname=\\S+", "dbname=console", where)

    def test_orders_are_found_and_approved(self):
        order, cap, number = self.in_review()
        for search in ("", "?state=review", "?kind=change&sn=SN0001", f"?unit={UNIT}", "?before=99990101A000001"):
            self.assertIn(number, self.shown("wang", f"/{search}"))
        for search in ("?state=approved", "?kind=unlock", "?sn=x", "?unit=x", "?before=20200101A000001"):
            self.assertNotIn(number, self.shown("wang", f"/{search}"))
        self.ask_for("wang", number, "approve")
        self.sign("wang", number)
        self.sign("zhao", number)
        self.assertEqual(self.state(order, cap), "approved")
        page = self.shown("sun", f"/orders/{number}", Accept_Language="en")
        for words in ("carried out", "approval", "zhao"):
            self.assertIn(words, page)
        self.assertIn(number, self.shown("sun", "/log"))


if __name__ == "__main__":
    unittest.main()
