#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-certd over HTTP, with openukey-unlockd behind it and virtual keys in the client's hand."""
import json
import os
import shutil
import signal
import socket
import threading
import time
import unittest
import uuid

from certd_case import FORM, HANDLER, TEXTS, UNIT, CertdCase, LightCase
from gm_key import ADMIN, USER, Key
from issue_case import IssueCase
from unlock_case import CONTACT, enrol_body, run

NEW_PIN = "brand-new-1"


class Orders(LightCase):
    def test_a_renewal_is_submitted_agreed_paid_and_approved(self):
        order, cap, number = self.order()
        self.assertRegex(number, r"^20\d{6}[A-Z]\d{6}$")
        self.assertEqual(self.to(order, cap, "submit")["state"], "docs")
        asked = self.to(order, cap, "consent", "payment")
        self.assertEqual((asked["amount"], asked["state"]), (22000, "waiting"))
        self.assertEqual(self.notify(asked["reference"], 22000)[0], 200)
        self.assertEqual(self.to(order, cap, "hand-in")["state"], "review")
        status, answer = self.act(number, "approve", "wang", "zhao")
        self.assertEqual((status, answer["state"]), (200, "approved"))
        self.work(lambda: len(self.post()) >= 2)
        self.assertEqual([letter["to"] for letter in self.post()], [HANDLER] * 2)
        self.assertIn(number, self.post()[0]["text"])

    def test_a_request_sent_twice_is_one_order(self):
        key = uuid.uuid4().hex
        first = self.order(key=key)
        again = self.order(key=key)
        self.assertEqual((first[0], first[2]), (again[0], again[2]))
        self.bad("changed", "POST", "/v1/orders",
                 {"kind": "renewal", "unit_code": UNIT, "token": {"sn": "OTHER", "not_after": 1},
                  "form": FORM}, Idempotency_Key=key)
        self.bad("bad-request", "POST", "/v1/orders", {"kind": "renewal", "unit_code": UNIT,
                                                       "token": {"sn": "X"}, "form": FORM})

    def test_one_order_writes_to_a_key(self):
        order, cap, _ = self.order()
        self.bad("open-order", "POST", "/v1/orders",
                 {"kind": "unlock", "unit_code": UNIT, "token": {"sn": "SN0001"}, "form": FORM},
                 Idempotency_Key=uuid.uuid4().hex)
        self.to(order, cap, "cancel")
        self.order("unlock")

    def test_who_has_no_capability_learns_nothing(self):
        order, cap, number = self.order()
        other, other_cap, _ = self.order(sn="SN0002")
        answers = set()
        for path, token in ((order, None), (order, "0" * 64), (order, other_cap), (order, number),
                            (order, ""), ("0" * 32, cap), (number, cap), ("x", None)):
            for method, rest in (("GET", ""), ("POST", "/submit"), ("POST", "/payment")):
                answers.add(json.dumps(self.http(method, f"/v1/orders/{path}{rest}",
                                                 None if method == "GET" else {}, token)))
        self.assertEqual(answers, {'[404, {"error": "not-found"}]'})
        self.assertEqual(self.state(other, other_cap), "draft")

    def test_what_is_not_known_to_the_provider_goes_by_paper(self):
        order, cap, _ = self.order(form={**FORM, "legal_phone": "13912345678"})
        self.assertEqual(self.to(order, cap, "submit")["state"], "paper-wait")

    def test_consent_is_to_the_profiles_words(self):
        order, cap, _ = self.order()
        self.to(order, cap, "submit")
        for texts in ([], TEXTS[:2], [{**TEXTS[0], "sha256": "0" * 64}], [{"id": "x"}], "x",
                      [{**TEXTS[0], "version": "2"}] + TEXTS[1:]):
            status, _ = self.http("POST", f"/v1/orders/{order}/consent", {"texts": texts}, cap)
            self.assertIn(status, (400, 409))
        self.assertEqual(self.to(order, cap, "consent")["state"], "consented")
        edited = self.good("POST", f"/v1/orders/{order}/form", {"form": FORM}, cap)
        self.assertEqual(edited["state"], "docs")  # the consent is void

    def test_an_approval_is_by_two_for_this_order_as_it_is(self):
        order, cap, number = self.order("change")
        self.to(order, cap, "submit", "consent", "hand-in")
        for names, more in ((("wang",), {}), (("wang", "wang"), {}), (("wang", "qian"), {}),
                            (("wang", "zhao"), {"ver": 0})):
            self.assertEqual(self.act(number, "approve", *names, **more), (403, {"error": "proof"}))
        self.assertEqual(self.act("20250101A999999", "approve", "wang", "zhao", ver=1),
                         (403, {"error": "proof"}))
        self.assertEqual(self.state(order, cap), "review")
        ver = self.version(number)
        self.assertEqual(self.act(number, "reject", "zhao")[1]["state"], "correct")
        self.to(order, cap, "hand-in")
        self.assertEqual(self.act(number, "approve", "wang", "zhao", ver=ver)[0], 403)

    # ---- payment ----

    def paying(self):
        order, cap, _ = self.order()
        return order, cap, self.to(order, cap, "submit", "consent", "payment")["reference"]

    def test_forged_and_stale_notices_are_refused(self):
        order, cap, reference = self.paying()
        for notice in (self.notify(reference, 22000, key="guess"), self.notify(reference, 1),
                       self.notify(reference, 22000, at=time.time() - 3600),
                       self.notify(reference, 22000, at=time.time() + 3600),
                       self.notify(reference, 21999)):
            self.assertEqual(notice, (403, {"error": "proof"}))
        self.assertEqual(self.notify("0" * 32, 22000), (404, {"error": "not-found"}))
        self.assertEqual(self.http("POST", "/v1/pay/sandbox/notify", b"{}")[0], 403)
        self.assertEqual(self.state(order, cap), "wait-pay")

    def test_a_notice_may_come_any_number_of_times(self):
        order, cap, reference = self.paying()
        for notice in ("a", "a", "b", "a"):
            self.assertEqual(self.notify(reference, 22000, notice)[0], 200)
        self.assertEqual(self.state(order, cap), "paid")
        self.assertEqual(self.to(order, cap, "payment")["state"], "paid")
        self.assertEqual(self.orders_sql("SELECT count(*) FROM payments"), [(1,)])

    def test_money_that_comes_after_24_hours_goes_back(self):
        order, cap, reference = self.paying()
        self.orders_sql("UPDATE orders SET deadline = 1000")
        self.orders_sql("UPDATE order_deadlines SET at = 1000")
        self.work(lambda: self.state(order, cap) == "cancelled")
        self.assertEqual(self.notify(reference, 22000)[0], 200)
        self.assertEqual(self.state(order, cap), "refunding")

    # ---- queries ----

    def checked(self):
        """An order that the identity provider has looked at."""
        order, cap, _ = self.order()
        self.to(order, cap, "submit")

    def test_a_units_orders_are_listed_after_a_code_to_the_handler(self):
        order, cap, number = self.order()
        self.to(order, cap, "submit")
        grant = self.good("POST", "/v1/query-grants", {"uscc": UNIT})["grant"]
        self.bad("code-wrong", "POST", f"/v1/query-grants/{grant}/code", {"code": "00000000"})
        self.work(lambda: len(self.post()) == 1)
        code = self.post()[0]["text"].split("验证码")[1][:8]
        listed = self.good("POST", f"/v1/query-grants/{grant}/code", {"code": code})["orders"]
        self.assertEqual([order["number"] for order in listed], [number])
        self.assertEqual(self.state(listed[0]["order"], listed[0]["capability"]), "docs")
        self.bad("code-dead", "POST", f"/v1/query-grants/{grant}/code", {"code": code})

    def test_a_query_tells_nobody_which_units_there_are(self):
        self.checked()
        shapes, times = set(), {UNIT: [], "91999999NONE000000": []}
        for _ in range(4):
            for unit, taken in times.items():
                begun = time.monotonic()
                status, answer = self.http("POST", "/v1/query-grants", {"uscc": unit})
                taken.append(time.monotonic() - begun)
                shapes.add((status, tuple(answer), len(answer["grant"])))
                self.bad("code-wrong", "POST", f"/v1/query-grants/{answer['grant']}/code",
                         {"code": "12345678"})
        self.assertEqual(shapes, {(202, ("grant",), 64)})
        self.work(lambda: len(self.post()) == 4)
        self.assertEqual({letter["to"] for letter in self.post()}, {HANDLER})

    def test_a_flood_of_queries_sends_five_messages(self):
        self.checked()
        for _ in range(15):
            self.assertEqual(self.http("POST", "/v1/query-grants", {"uscc": UNIT})[0], 202)
        self.work(lambda: len(self.post()) >= 5)
        time.sleep(0.3)
        self.assertEqual(len(self.post()), 5)

    def test_five_guesses_at_a_query_and_no_more(self):
        self.order()
        grant = self.good("POST", "/v1/query-grants", {"uscc": UNIT})["grant"]
        for _ in range(5):
            self.bad("code-wrong", "POST", f"/v1/query-grants/{grant}/code", {"code": "00000000"})
        self.bad("code-dead", "POST", f"/v1/query-grants/{grant}/code", {"code": "00000000"})

    # ---- what is kept, what is told ----

    def test_no_personal_data_capability_or_code_in_the_database(self):
        order, cap, number = self.order()
        self.to(order, cap, "submit", "consent", "payment")
        grant = self.good("POST", "/v1/query-grants", {"uscc": UNIT})["grant"]
        self.work(lambda: len(self.post()) == 1)
        code = self.post()[0]["text"].split("验证码")[1][:8]
        run(os.environ["OPENUKEY_CERTADM"], "--store", self.orders, "backup", f"{self.folder}/dump")
        files = [f"{self.folder}/dump", *map(str, self.path.glob("orders.db*"))]
        contents = [open(name, "rb").read() for name in files]
        self.assertIn(number.encode(), contents[0])
        for secret in (*FORM.values(), UNIT, cap, grant, code):
            for name, content in zip(files, contents):
                self.assertNotIn(secret.encode(), content, (secret, name))

    # ---- two of them, and one that is killed ----

    def test_a_killed_node_is_not_missed(self):
        other = self.serve("two")
        order, cap, _ = self.order()
        self.to(order, cap, "submit", "consent")
        reference = self.good("POST", f"/v1/orders/{order}/payment", {}, cap)["reference"]
        self.end_certd("one", signal.SIGKILL)
        begun = time.monotonic()
        self.assertEqual(self.notify(reference, 22000, port=other)[0], 200)
        self.assertEqual(self.good("GET", f"/v1/orders/{order}", cap=cap, port=other)["state"], "paid")
        self.assertLess(time.monotonic() - begun, 2)

    def test_two_nodes_and_many_clients_give_out_each_number_once(self):
        ports, made, errors = [self.port, self.serve("two")], [], []

        def client(number):
            for count in range(4):
                status, answer = self.http(
                    "POST", "/v1/orders",
                    {"kind": "renewal", "unit_code": UNIT, "form": FORM,
                     "token": {"sn": f"S{number}-{count}", "not_after": int(time.time())}},
                    port=ports[number % 2], Idempotency_Key=uuid.uuid4().hex)
                (made if status == 201 else errors).append(answer)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len({answer["number"] for answer in made}), 32)

    # ---- hostile clients ----

    def test_what_is_no_request_is_refused(self):
        order, cap, _ = self.order()
        for body in (b"{", b"[]", b"null", b'{"event":"cancel","event":"cancel"}', b"\xff" * 10,
                     b'{"event":"\\u0000"}', b'{"event":"approve"}', b'{"event":7}', b"[" * 50000):
            self.bad("bad-request", "POST", f"/v1/orders/{order}/event", body, cap)
        self.assertEqual(self.http("POST", f"/v1/orders/{order}/event", b"x" * 70000, cap)[0], 413)
        for method, path in (("GET", "/"), ("GET", "/v1/orders"), ("DELETE", f"/v1/orders/{order}"),
                             ("GET", "/v1/orders/../health"), ("GET", "/v1/orders/" + "a" * 500),
                             ("POST", "/v1/orders//submit"), ("GET", "/v1/orders/%00")):
            self.assertEqual(self.http(method, path, None, cap)[0], 404, path)
        hostile = "'; DROP TABLE orders; -- {{7*7}} %s%n ${jndi}"
        made = self.order(sn="SN9", form={**FORM, "unit": hostile})
        self.assertEqual(self.state(made[0], made[1]), "draft")
        self.assertEqual(self.state(order, cap), "draft")

    def test_slow_clients_do_not_stop_the_others(self):
        slow = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(60)]
        for link in slow:
            link.sendall(b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        self.assertEqual(self.http("GET", "/v1/health")[0], 200)
        for link in slow:
            link.close()


class Paced(LightCase):
    rate = "5"

    def test_one_address_gets_so_much_and_no_more(self):
        answers = [self.http("GET", "/v1/health")[0] for _ in range(40)]
        self.assertIn(429, answers)
        self.assertGreaterEqual(answers.count(200), 15)
        self.assertLess(answers.count(200), 30)
        time.sleep(0.5)
        self.assertEqual(self.http("GET", "/v1/health")[0], 200)


class Unlock(CertdCase):
    def key(self, sn="SN0001"):
        key = Key(f"{self.folder}/keys", "V0", sn, self.admin_pin(sn))
        self.addCleanup(key.pull)
        key.lock()
        return key

    def ask_command(self, key, order, cap, grant, stage):
        return self.http("POST", f"/v1/orders/{order}/unlock/command",
                         {"grant": grant, "stage": stage, "random": key.random().hex(),
                          "app": key.app.hex(), "admin_left": key.tries(ADMIN)}, cap)

    def submitted(self):
        self.enrol("SN0001")
        order, cap, number = self.order("unlock", method="sms")
        self.assertEqual(self.to(order, cap, "submit")["state"], "identified")
        return order, cap, number

    def test_a_locked_key_is_unlocked_through_the_web(self):
        key = self.key()
        order, cap, _ = self.submitted()
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        grant = self.good("POST", f"/v1/orders/{order}/unlock/check", {"code": self.code(order)},
                          cap)["grant"]
        status, answer = self.ask_command(key, order, cap, grant, "admin")
        self.assertEqual(status, 200)
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x9000)
        status, answer = self.ask_command(key, order, cap, grant, "unblock")
        self.assertEqual(key.unblock_block(bytes.fromhex(answer["data"])), 0x9000)
        self.assertEqual(key.change(USER, answer["transport"], NEW_PIN), 0x9000)
        key.clear()
        self.assertEqual((key.tries(USER), key.verify(USER, NEW_PIN)), (10, 0x9000))
        self.good("POST", f"/v1/orders/{order}/unlock/ack", {"grant": grant}, cap)
        self.assertEqual(self.state(order, cap), "done")
        self.order()  # the key is free for the next one

    def test_five_wrong_codes_end_the_order(self):
        order, cap, _ = self.submitted()
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        wrong = f"{(int(self.code(order)) + 1) % 10**8:08}"
        for guess in range(5):
            self.bad("code-dead" if guess == 4 else "code-wrong", "POST",
                     f"/v1/orders/{order}/unlock/check", {"code": wrong}, cap)
        self.assertEqual(self.state(order, cap), "dead")

    def test_an_unknown_key_is_sent_to_the_counter(self):
        order, cap, _ = self.order("unlock", sn="SN404", method="sms")
        self.assertEqual(self.to(order, cap, "submit")["state"], "counter-wait")
        self.assertEqual(self.letters(), [])

    def test_a_loss_is_reported_without_the_key_and_stops_everything(self):
        key = self.key()
        order, cap, _ = self.submitted()
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        grant = self.good("POST", f"/v1/orders/{order}/unlock/check", {"code": self.code(order)},
                          cap)["grant"]
        loss, loss_cap, number = self.order("loss", method="sms")
        self.to(loss, loss_cap, "submit")
        self.good("POST", f"/v1/orders/{loss}/unlock/code", {}, loss_cap)
        answer = self.good("POST", f"/v1/orders/{loss}/unlock/check", {"code": self.code(loss)},
                           loss_cap)
        self.assertEqual(answer, {})  # no grant
        self.assertEqual(self.state(loss, loss_cap), "suspended")
        self.assertEqual(self.ask_command(key, order, cap, grant, "admin")[1], {"error": "revoked"})
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "lost")
        for kind in ("unlock", "renewal"):
            self.bad("revoked", "POST", "/v1/orders",
                     {"kind": kind, "unit_code": UNIT, "form": FORM,
                      "token": {"sn": "SN0001", "not_after": int(time.time())}},
                     Idempotency_Key=uuid.uuid4().hex)
        self.order("lost")  # the replacement can begin
        self.assertEqual(self.act(number, "release", "wang")[0], 403)
        # openukey-unlockd wants signatures of its own
        self.assertEqual(self.act(number, "release", "wang", "zhao")[1], {"error": "proof"})
        found = enrol_body("found", "SN0001", self.ok("key", sn="SN0001")["ver"], {})
        for names, why in ((("wang",), "proof"), (("wang", "zhao"), None)):
            answer = self.act(number, "release", "wang", "zhao", more={
                "found": {"approvals": self.approve(found, *names)}})[1]
            self.assertEqual(answer.get("error"), why)
        self.assertEqual(answer["state"], "released")
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "active")

    def test_at_the_counter_two_operators_stand_for_the_code(self):
        key = self.key()
        self.enrol("SN0001")
        order, cap, number = self.order("unlock", form={**FORM, "legal_phone": "13000000000"},
                                        method="sms")
        self.assertEqual(self.to(order, cap, "submit")["state"], "counter-wait")
        body = f"unlock\norder={order}\nsn=SN0001\n"
        path = f"/v1/operator/{number}/unlock"
        self.bad("proof", "POST", path, {"method": "sms", "approvals": self.approve(body, "zhao")})
        self.assertEqual(self.state(order, cap), "counter-wait")
        approvals = {"method": "sms", "approvals": self.approve(body, "wang", "zhao")}
        self.assertNotIn("grant", self.good("POST", path, approvals))
        at = int(time.time())
        station = self.approve(f"station\nnumber={number}\nsn=SN0001\nat={at}\nonce=1\n", "wang")[0]
        grant = self.good("POST", path, {**approvals, "number": number, "at": at, "once": "1",
                                        "station": station})["grant"]
        status, answer = self.ask_command(key, order, cap, grant, "admin")
        self.assertEqual(status, 200)
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x9000)

    def test_without_unlockd_nothing_is_lost(self):
        order, cap, _ = self.submitted()
        self.end(signal.SIGKILL)
        self.bad("unavailable", "POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        self.start()
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)

    def test_with_everything_of_certds_in_hand_no_unlock_comes_out(self):
        """The attacker has the orders' database, the vault's key and the socket."""
        key = self.key()
        order, cap, _ = self.submitted()
        self.good("POST", f"/v1/orders/{order}/unlock/code", {}, cap)
        self.orders_sql("UPDATE orders SET state = 'code-ok'")
        for grant in ("0" * 64, "f" * 64):
            status, answer = self.ask_command(key, order, cap, grant, "admin")
            self.assertEqual((status, answer), (403, {"error": "denied"}))
        # straight to unlockd, with another phone, another operator, no code
        self.refused("proof", "contact", sn="SN0001", contact={**CONTACT, "phone": "13666666666"},
                     approvals=[])
        self.refused("proof", "counter", order=order, approvals=self.approve(
            f"unlock\norder={order}\nsn=SN0001\n", "qian", "qian"))
        self.refused("denied", "command", order=order, sn="SN0001", grant="0" * 64, stage="unblock",
                     random="00" * 8, app="1000", admin_left=10)
        self.assertEqual({letter["to"] for letter in self.letters()}, {CONTACT["phone"]})
        self.assertEqual((key.tries(USER), key.tries(ADMIN)), (0, 10))


class Renewal(CertdCase):
    """With openukey-issuerd behind it: from the order to the confirmed certificate."""

    def setUp(self):
        self.issuer = IssueCase("assertTrue")
        self.issuer.setUp()
        self.addCleanup(self.issuer.doCleanups)
        super().setUp()
        self.end_certd("one")
        self.common += ["--issue", self.issuer.file("socket")]
        # one set of operators for all
        for name in ("wang", "zhao"):
            for kind in (f"{name}.key", f"operators/{name}.pem"):
                shutil.copy(self.issuer.file(kind), f"{self.folder}/{kind}")
        self.port = self.serve("one")

    def approved(self):
        order, cap, number = self.order()
        reference = self.to(order, cap, "submit", "consent", "payment")["reference"]
        self.notify(reference, 22000)
        self.to(order, cap, "hand-in")
        self.assertEqual(self.act(number, "approve", "wang", "zhao")[0], 200)
        return order, cap, number

    def prepared(self):
        order, cap, number = self.approved()
        self.old = self.issuer.old_certificate(self.issuer.soon())
        members = self.issuer.prepare_members(order=order, old=self.old)
        self.good("POST", f"/v1/operator/{number}/issue", members)
        self.assertEqual(self.state(order, cap), "ready")
        return order, cap

    def test_a_renewal_ends_in_a_confirmed_certificate_through_kill_9(self):
        order, cap = self.prepared()
        self.issuer.genkey("new")
        csr = self.issuer.csr("new")
        proof = self.issuer.proof(csr, order=order)
        for _ in range(2):  # the answer was lost
            self.good("POST", f"/v1/orders/{order}/csr", {"csr": csr.hex(), "proof": proof}, cap)
            self.issuer.again()
            self.end_certd("one", signal.SIGKILL)
            self.port = self.serve("one")
        first = self.good("GET", f"/v1/orders/{order}/result", cap=cap)
        self.issuer.again()
        self.assertEqual(self.good("GET", f"/v1/orders/{order}/result", cap=cap), first)
        signature = self.issuer.confirmation(bytes.fromhex(first["sign_cert"]), order=order)
        for _ in range(2):
            self.good("POST", f"/v1/orders/{order}/confirm", {"signature": signature}, cap)
        self.assertEqual(self.state(order, cap), "confirmed")
        self.assertEqual(self.good("GET", f"/v1/orders/{order}/result", cap=cap), first)

    def test_a_key_lost_in_the_middle_gets_no_certificate(self):
        order, cap = self.prepared()
        self.orders_sql("INSERT INTO key_blocks (ca, key_sn, reason, order_id, since)"
                        " VALUES ('default', 'SN0001', 'lost', 'x', 1)")
        self.bad("revoked", "POST", f"/v1/orders/{order}/csr", {"csr": "00", "proof": "00"}, cap)
        self.bad("wrong-state", "GET", f"/v1/orders/{order}/result", cap=cap)

    def test_a_loss_suspends_the_certificate_until_two_operators_release_it(self):
        order, cap = self.prepared()
        self.issuer.genkey("new")
        csr = self.issuer.csr("new")
        self.good("POST", f"/v1/orders/{order}/csr",
                  {"csr": csr.hex(), "proof": self.issuer.proof(csr, order=order)}, cap)
        cert = bytes.fromhex(self.good("GET", f"/v1/orders/{order}/result", cap=cap)["sign_cert"])
        self.good("POST", f"/v1/orders/{order}/confirm",
                  {"signature": self.issuer.confirmation(cert, order=order)}, cap)
        self.again()  # openukey-unlockd reads the operators
        self.enrol("SN0001")
        loss, loss_cap, number = self.order("loss", method="sms")
        self.to(loss, loss_cap, "submit")
        self.good("POST", f"/v1/orders/{loss}/unlock/code", {}, loss_cap)
        self.good("POST", f"/v1/orders/{loss}/unlock/check", {"code": self.code(loss)}, loss_cap)
        self.work(lambda: self.held() == 2)  # the old one and the new
        found = {"approvals": self.approve(
            enrol_body("found", "SN0001", self.ok("key", sn="SN0001")["ver"], {}), "wang", "zhao")}
        self.assertEqual(self.act(number, "release", "wang", "zhao", more={"found": found})[1],
                         {"error": "proof"})
        body = f"release\norder={loss}\nsn=SN0001\n"
        for names, state in ((("wang",), None), (("wang", "zhao"), "released")):
            answer = self.act(number, "release", "wang", "zhao", more={
                "found": found, "certificates": {"approvals": self.approve(body, *names)}})[1]
            self.assertEqual(answer.get("state"), state)
        self.assertEqual(self.held(), 0)

    def held(self):
        """Suspended certificates, as the issuer has them."""
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(self.issuer.file("issue.db"), timeout=10) as database:
            return database.execute("SELECT count(*) FROM revocations WHERE state = 'held'"
                                    ).fetchone()[0]

    def test_with_everything_of_certds_in_hand_no_certificate_comes_out(self):
        order, cap, number = self.approved()
        self.orders_sql("UPDATE orders SET state = 'issued'")
        self.issuer.genkey("evil")
        csr = self.issuer.csr("evil")
        self.bad("not-found", "POST", f"/v1/orders/{order}/csr",
                 {"csr": csr.hex(), "proof": "00"}, cap)
        self.bad("not-found", "GET", f"/v1/orders/{order}/result", cap=cap)
        old = self.issuer.old_certificate(self.issuer.soon())
        for names in ((), ("wang",), ("qian", "wang"), ("wang", "wang")):
            members = self.issuer.prepare_members(order=order, old=old, names=names)
            self.bad("proof", "POST", f"/v1/operator/{number}/issue", members)
        # what was signed for one order is good for no other
        members = self.issuer.prepare_members(order="another", old=old)
        self.bad("proof", "POST", f"/v1/operator/{number}/issue", members)


if __name__ == "__main__":
    unittest.main()
