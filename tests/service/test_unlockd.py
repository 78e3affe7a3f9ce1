#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-unlockd against virtual keys: what unlocks, what never does, and what it costs."""
import os
import re
import struct
import subprocess
import time
import unittest
from pathlib import Path

from gm_key import ADMIN, USER, Key
from unlock_case import CONTACT, HSM_PIN, UnlockCase, ask_raw, connect, enrol_body, frame, run, take

NEW_PIN = "brand-new-1"


class Unlockd(UnlockCase):
    def key(self, sn="SN0001", model="V0", admin_pin=None, locked=True):
        key = Key(f"{self.folder}/keys", model, sn, admin_pin or self.admin_pin(sn))
        self.addCleanup(key.pull)
        if locked:
            key.lock()
        return key

    def granted(self, order="order1", sn="SN0001"):
        self.ok("begin", order=order, sn=sn, method="sms")
        self.ok("send", order=order)
        return self.ok("check", order=order, code=self.code(order))["grant"]

    def command(self, key, stage, grant, order="order1", sn="SN0001", random=None, **other):
        members = {"order": order, "sn": sn, "grant": grant, "stage": stage,
                   "random": (random or key.random()).hex(), "app": key.app.hex(),
                   "admin_left": key.tries(ADMIN)}
        return self.ask("command", **{**members, **other})

    def relay(self, key, grant, order="order1", sn="SN0001"):
        """Both commands: the key has the transport PIN then."""
        answer = self.command(key, "admin", grant, order, sn)
        self.assertNotIn("error", answer)
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x9000)
        answer = self.command(key, "unblock", grant, order, sn)
        self.assertNotIn("error", answer)
        self.assertEqual(key.unblock_block(bytes.fromhex(answer["data"])), 0x9000)
        return answer["transport"]

    def finish(self, key, grant, order="order1", sn="SN0001"):
        self.assertEqual(key.change(USER, self.relay(key, grant, order, sn), NEW_PIN), 0x9000)
        key.clear()
        self.assertEqual(key.tries(USER), 10)
        self.assertEqual(key.verify(USER, NEW_PIN), 0x9000)
        self.ok("ack", order=order, sn=sn, grant=grant)

    # ---- what must work ----

    def test_a_locked_key_of_each_model_is_unlocked(self):
        for model in ("V0", "VC", "V1"):
            with self.subTest(model):
                sn = f"SN-{model}"
                key = self.key(sn, model)
                self.enrol(sn, model, {**CONTACT, "phone": f"1380013{model}"})
                grant = self.granted(f"order-{model}", sn)
                self.finish(key, grant, f"order-{model}", sn)
                self.assertEqual(self.ok("status", order=f"order-{model}")["state"], "done")
                self.assertEqual(key.tries(ADMIN), 10)
        told = [letter["to"] for letter in self.letters() if letter["once"].startswith("done/")]
        self.assertEqual(told, [CONTACT["notify"]] * 3)

    def test_a_forgotten_pin_is_set_anew_before_the_key_locks(self):
        self.enrol("SN0001")
        self.finish(self.key(locked=False), self.granted())

    def test_the_code_comes_as_the_memo_of_a_transfer(self):
        self.enrol("SN0001")
        self.ok("begin", order="o", sn="SN0001", method="memo")
        self.ok("send", order="o")
        self.assertEqual(self.letters("sms"), [])
        self.assertEqual(self.letters("memo")[0]["to"], CONTACT["account"])
        self.ok("check", order="o", code=self.code("o", "memo"))

    def test_two_operators_stand_for_the_code_at_the_counter(self):
        self.enrol("SN0001")
        self.ok("begin", order="o", sn="SN0001", method="sms")
        body = "unlock\norder=o\nsn=SN0001\n"
        self.refused("proof", "counter", order="o", approvals=self.approve(body, "wang"))
        self.refused("proof", "counter", order="o",
                     approvals=self.approve(body.replace("=o\n", "=p\n"), "wang", "zhao"))
        both = self.approve(body, "wang", "zhao")
        self.assertEqual(self.ok("counter", order="o", approvals=both), {})  # a station asks for it
        at = int(time.time())
        station = self.approve(f"station\nnumber=N1\nsn=SN0001\nat={at}\nonce=1\n", "wang")[0]
        grant = self.ok("counter", order="o", approvals=both, number="N1", at=at, once="1",
                        station=station)["grant"]
        self.finish(self.key(), grant, "o")

    def test_a_new_key_gets_its_admin_pin_by_relay(self):
        for model in ("V0", "V1"):
            sn, name = f"NEW-{model}", f"OpenUKey Virtual {model}"
            key = self.key(sn, model, admin_pin="one-time-4711", locked=False)
            members = {"sn": sn, "model": name, "master": 1, "contact": CONTACT,
                       "old": "one-time-4711", "random": key.random().hex(), "app": key.app.hex()}
            body = enrol_body(f"personalise {name}", sn, 1, CONTACT)
            self.refused("proof", "personalise", approvals=self.approve(body, "wang"), **members)
            members["approvals"] = self.approve(body, "wang", "zhao")
            data = bytes.fromhex(self.ok("personalise", **members)["data"])
            self.assertEqual(key.send(0x84, 0x16, ADMIN, key.app + data)[0], 0x9000)
            self.assertEqual(key.verify(ADMIN, self.admin_pin(sn)), 0x9000)
            key.clear()
            key.lock()
            self.enrol(sn, model, {**CONTACT, "phone": f"1390013{model}"})
            self.refused("exists", "personalise", **members)
            self.finish(key, self.granted(f"order-{model}", sn), f"order-{model}", sn)

    def test_a_new_key_gets_its_device_key_by_relay(self):
        factory = b"1234567812345678"
        sn = "SN0100"
        key = self.key(sn, locked=False)
        name = "OpenUKey Virtual V0"
        body = enrol_body(f"device {name}", sn, 1, CONTACT)
        members = {"sn": sn, "model": name, "master": 1, "contact": CONTACT}
        both = self.approve(body, "wang", "zhao")
        self.refused("proof", "device-key", stage="proof", random=key.random().hex(),
                     approvals=self.approve(body, "wang"), **members)
        members["approvals"] = both
        self.refused("bad-request", "device-key", stage="change", random=key.random().hex(), **members)
        self.assertEqual(key.device_auth_with(factory), 0x9000)
        data = self.ok("device-key", stage="change", old=factory.hex(), random=key.random().hex(),
                       **members)["data"]
        self.assertEqual(key.change_device_key(bytes.fromhex(data)), 0x9000)
        self.assertNotEqual(key.device_auth_with(factory), 0x9000)
        data = self.ok("device-key", stage="proof", random=key.random().hex(), **members)["data"]
        self.assertEqual(key.device_auth(bytes.fromhex(data)), 0x9000)
        self.enrol(sn)
        self.refused("exists", "device-key", stage="proof", random=key.random().hex(), **members)

    def memory(self):
        """What the daemon can write to, as it is now; None: a sanitizer keeps more than the program."""
        found = []
        with open(f"/proc/{self.daemon.pid}/maps", encoding="ascii") as maps, \
                open(f"/proc/{self.daemon.pid}/mem", "rb") as memory:
            for line in maps:
                area = re.match("([0-9a-f]+)-([0-9a-f]+) rw", line)
                begin, end = (int(area[1], 16), int(area[2], 16)) if area else (0, 0)
                if end - begin > 1 << 38:
                    return None
                if 0 < end - begin < 1 << 26:
                    memory.seek(begin)
                    found.append(memory.read(end - begin))
        return b"".join(found)

    def test_nothing_secret_stays_in_memory(self):
        os.environ.pop("MALLOC_PERTURB_", None)  # which would write over it
        self.again()
        key = self.key()
        self.enrol("SN0001")
        grant = self.granted()
        transport = self.relay(key, grant)
        self.assertEqual(key.change(USER, transport, NEW_PIN), 0x9000)
        self.ok("ack", order="order1", sn="SN0001", grant=grant)
        for _ in range(1200):  # all letters have been written, and their last words are behind it
            if any(letter["once"].startswith("done/") for letter in self.letters()):
                break
            time.sleep(0.05)
        self.ok("status", order="order1")
        try:
            memory = self.memory()
        except OSError:
            memory = None
        if memory is None:
            self.skipTest("the daemon's memory is not shown here, or not only its own")
        self.assertIn(b"order1", memory)
        for secret in (self.code("order1"), transport, grant, self.admin_pin("SN0001"), HSM_PIN,
                       CONTACT["phone"]):
            self.assertNotIn(secret.encode(), memory)
        self.assertNotIn(bytes.fromhex(grant), memory)

    # ---- power cuts and kill -9 ----

    def test_cut_after_unblocking_and_resumed_the_counter_reads_10(self):
        key = self.key()
        self.enrol("SN0001")
        self.relay(key, self.granted())
        key.pull()
        self.again()
        key.plug()
        # Another PC: the code is the proof, the order is the same one.
        grant = self.ok("check", order="order1", code=self.code("order1"))["grant"]
        self.finish(key, grant)

    def test_killed_after_every_answer_it_goes_on(self):
        key = self.key()
        self.enrol("SN0001")
        self.again()
        self.ok("begin", order="order1", sn="SN0001", method="sms")
        self.again()
        self.ok("send", order="order1")
        self.again()
        grant = self.ok("check", order="order1", code=self.code("order1"))["grant"]
        self.again()
        answer = self.command(key, "admin", grant)
        self.again()
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x9000)
        random = key.random()
        first = self.command(key, "unblock", grant, random=random)
        self.again()
        # The answer got lost: the same question has the same answer, and costs no attempt.
        answer = self.command(key, "unblock", grant, random=random)
        self.assertEqual(first, answer)
        self.assertEqual(self.ok("status", order="order1")["attempts"], 1)
        # Another command in between may have used the random up; asking the tries does not.
        self.assertEqual(key.unblock_block(bytes.fromhex(answer["data"])), 0x9000)
        self.assertEqual(key.change(USER, answer["transport"], NEW_PIN), 0x9000)
        self.ok("ack", order="order1", sn="SN0001", grant=grant)
        self.again()
        self.ok("ack", order="order1", sn="SN0001", grant=grant)
        self.assertEqual(len([l for l in self.letters() if l["once"] == "done/order1"]), 1)

    # ---- the code ----

    def test_the_sixth_guess_is_refused_even_when_it_is_right(self):
        self.enrol("SN0001")
        self.ok("begin", order="o", sn="SN0001", method="sms")
        self.ok("send", order="o")
        right = self.code("o")
        wrong = f"{(int(right) + 1) % 10**8:08}"
        for guess in range(5):
            self.refused("code-dead" if guess == 4 else "code-wrong", "check", order="o", code=wrong)
            self.again()  # a power cut does not give the guess back
        self.refused("code-dead", "check", order="o", code=right)
        self.refused("wrong-state", "send", order="o")

    def test_a_slip_of_the_finger_costs_no_guess(self):
        self.enrol("SN0001")
        self.ok("begin", order="o", sn="SN0001", method="sms")
        self.ok("send", order="o")
        for code in ("", "1234567", "123456789", "1234567a", "１２３４５６７８", None, 12345678):
            self.refused("bad-request", "check", order="o", code=code)
        self.assertEqual(self.ok("status", order="o")["guesses"], 0)

    def test_a_code_is_for_its_order_and_its_time(self):
        self.enrol("SN0001")
        for order in ("a", "b"):
            self.ok("begin", order=order, sn="SN0001", method="sms")
            self.ok("send", order=order)
        self.refused("code-wrong", "check", order="b", code=self.code("a"))
        old = self.code("a")
        self.ok("send", order="a")
        self.refused("code-wrong", "check", order="a", code=old)
        self.sql("UPDATE unlocks SET code_until = ? WHERE order_id = 'a'", 1000)
        self.refused("expired", "check", order="a", code=self.code("a"))

    def test_no_flood_of_messages(self):
        self.enrol("SN0001")
        self.enrol("SN0002")  # the same phone
        answers = []
        for sn in ("SN0001", "SN0002"):
            for order in range(20):
                self.ask("begin", order=f"{sn}-{order}", sn=sn, method="sms")
                answers += [self.ask("send", order=f"{sn}-{order}") for _ in range(5)]
        self.assertEqual(sum("error" not in answer for answer in answers), 5)
        self.assertEqual(len(self.letters()), 5)
        orders = self.sql("SELECT count(*) FROM unlocks")
        self.assertEqual(orders, [(6,)])  # three a day for each key

    # ---- whom it believes ----

    def test_the_contact_needs_two_different_operators(self):
        contact = {**CONTACT, "phone": "13800000666"}
        name = "OpenUKey Virtual V0"
        body = enrol_body(f"enrol {name}", "SN9", 1, contact)
        for approvals in ([], None, "x", self.approve(body, "wang"), self.approve(body, "wang", "wang"),
                          self.approve(body, "wang", "qian"),
                          self.approve(body.replace("666", "667"), "wang", "zhao")):
            self.refused("proof", "enrol", sn="SN9", model=name, master=1, contact=contact,
                         approvals=approvals)
        mixed = self.approve(body, "wang", "zhao")
        mixed[1]["operator"] = "wang"
        self.refused("proof", "enrol", sn="SN9", model=name, master=1, contact=contact,
                     approvals=mixed)
        self.enrol("SN0001")
        old = self.approve(enrol_body(f"enrol {name}", "SN0001", 1, CONTACT), "wang", "zhao")
        self.refused("exists", "enrol", sn="SN0001", model=name, master=1, contact=CONTACT,
                     approvals=old)

    def test_a_new_number_waits_a_day_and_the_old_one_is_told(self):
        self.enrol("SN0001")
        ver = self.ok("key", sn="SN0001")["ver"]
        contact = {**CONTACT, "phone": "13811112222"}
        approvals = self.approve(enrol_body("contact", "SN0001", ver, contact), "wang", "zhao")
        self.ok("contact", sn="SN0001", contact=contact, approvals=approvals)
        self.assertEqual([letter["to"] for letter in self.letters()], [CONTACT["phone"]])
        # the approval was for that change, not for the next one
        self.refused("proof", "contact", sn="SN0001", contact=contact, approvals=approvals)
        self.ok("begin", order="o", sn="SN0001", method="sms")
        self.refused("delay", "send", order="o")
        self.sql("UPDATE keys SET contact_since = contact_since - 86400")
        self.ok("send", order="o")
        self.assertEqual(self.letters()[-1]["to"], "13811112222")

    def test_an_unknown_key_or_model_goes_to_the_counter(self):
        self.refused("counter-only", "begin", order="o", sn="SN404", method="sms")
        model = "Longmai GM3000"  # new PINs are unproven there
        self.refused("counter-only", "enrol", sn="SN1", model=model, master=1, contact=CONTACT,
                     approvals=self.approve(enrol_body(f"enrol {model}", "SN1", 1, CONTACT),
                                            "wang", "zhao"))

    def test_a_lost_key_gets_nothing_until_two_operators_say_it_is_found(self):
        key = self.key()
        self.enrol("SN0001")
        grant = self.granted()
        self.ok("lost", sn="SN0001")
        self.assertEqual(self.command(key, "admin", grant), {"error": "revoked"})
        self.refused("revoked", "begin", order="o2", sn="SN0001", method="sms")
        ver = self.ok("key", sn="SN0001")["ver"]
        self.refused("proof", "found", sn="SN0001", approvals=self.approve(
            enrol_body("found", "SN0001", ver, {}), "wang"))
        self.ok("found", sn="SN0001", approvals=self.approve(
            enrol_body("found", "SN0001", ver, {}), "wang", "zhao"))
        self.finish(key, grant)

    def test_without_its_grant_an_order_gives_nothing(self):
        key = self.key()
        self.enrol("SN0001")
        self.enrol("SN0002")
        grant = self.granted()
        other = self.granted("order2", "SN0002")
        for bad in (other, "0" * 64, grant[:-2] + "00"):
            self.assertEqual(self.command(key, "admin", bad), {"error": "denied"})
            self.refused("denied", "ack", order="order1", sn="SN0001", grant=bad)
            self.refused("denied", "foreign", order="order1", sn="SN0001", grant=bad)
        self.assertEqual(self.command(key, "admin", grant, sn="SN0002"), {"error": "denied"})
        self.assertEqual(self.command(key, "unblock", grant), {"error": "wrong-state"})
        self.refused("wrong-state", "ack", order="order1", sn="SN0001", grant=grant)

    # ---- what it answers ----

    def test_one_answer_for_one_random_and_three_attempts(self):
        key = self.key()
        self.enrol("SN0001")
        grant, random = self.granted(), bytes(8)
        first = self.command(key, "admin", grant, random=random)
        self.assertEqual(self.command(key, "admin", grant, random=random), first)
        self.assertEqual(self.command(key, "unblock", grant, random=random), {"error": "wrong-state"})
        self.assertEqual(self.command(key, "admin", grant, random=random, app="ffff"),
                         {"error": "wrong-state"})
        self.assertNotIn("error", self.command(key, "unblock", grant, random=b"\1" * 8))
        self.assertEqual(self.command(key, "unblock", grant, random=b"\2" * 8),
                         {"error": "wrong-state"})
        for attempt in range(2):
            self.assertNotIn("error", self.command(key, "admin", grant, random=bytes([9 + attempt] * 8)))
        self.assertEqual(self.command(key, "admin", grant, random=b"\3" * 8), {"error": "limit"})
        self.sql("UPDATE unlocks SET until = 1000")
        self.assertEqual(self.command(key, "admin", grant, random=b"\4" * 8), {"error": "expired"})

    def test_a_recorded_unlock_is_of_no_use_later(self):
        key = self.key()
        self.enrol("SN0001")
        grant = self.granted()
        recorded = []
        answer = self.command(key, "admin", grant)
        recorded.append(lambda data=bytes.fromhex(answer["data"]): key.verify_block(ADMIN, data))
        recorded[0]()
        answer = self.command(key, "unblock", grant)
        recorded.append(lambda data=bytes.fromhex(answer["data"]): key.unblock_block(data))
        self.assertEqual(recorded[1](), 0x9000)
        self.assertEqual(key.change(USER, answer["transport"], NEW_PIN), 0x9000)
        for after in (lambda: None, key.random, key.clear):
            for replay in recorded[::-1]:
                after()
                self.assertNotEqual(replay(), 0x9000)
        self.assertEqual(key.verify(USER, NEW_PIN), 0x9000)

    def test_a_foreign_admin_pin_costs_one_try_and_is_told(self):
        key = self.key(admin_pin="foreign-admin")
        self.enrol("SN0001")
        grant = self.granted()
        answer = self.command(key, "admin", grant)
        self.assertEqual(key.verify_block(ADMIN, bytes.fromhex(answer["data"])), 0x63c9)
        self.ok("foreign", order="order1", sn="SN0001", grant=grant)
        self.assertEqual(self.command(key, "admin", grant), {"error": "wrong-state"})
        self.refused("counter-only", "begin", order="o2", sn="SN0001", method="sms")
        self.assertEqual(key.tries(ADMIN), 9)

    def test_a_foreign_admin_pin_costs_one_try_although_nobody_told(self):
        key = self.key(admin_pin="foreign-admin")
        self.enrol("SN0001")
        grant = self.granted()
        answer = self.command(key, "admin", grant)
        key.verify_block(ADMIN, bytes.fromhex(answer["data"]))
        key.pull()  # the PC died with what the key had said
        self.again()
        key.plug()
        self.assertEqual(self.command(key, "admin", grant), {"error": "counter-only"})
        self.refused("counter-only", "begin", order="o2", sn="SN0001", method="sms")
        self.assertEqual(key.tries(ADMIN), 9)

    def test_a_key_with_few_admin_tries_is_left_alone(self):
        key = self.key()
        self.enrol("SN0001")
        self.assertEqual(self.command(key, "admin", self.granted(), admin_left=4),
                         {"error": "counter-only"})

    # ---- what it keeps to itself ----

    def test_no_code_number_or_pin_in_its_database_or_log(self):
        key = self.key()
        self.enrol("SN0001")
        grant = self.granted()
        answer = self.command(key, "admin", grant)
        key.verify_block(ADMIN, bytes.fromhex(answer["data"]))
        answer = self.command(key, "unblock", grant)
        planted = [self.code("order1"), grant, answer["transport"], answer["data"],
                   bytes.fromhex(answer["data"]), bytes.fromhex(grant), self.admin_pin("SN0001"),
                   *CONTACT.values()]
        run(os.environ["OPENUKEY_CERTADM"], "--store", self.where, "--schema", "unlock", "backup",
            f"{self.folder}/dump")
        kept = [path.read_bytes() for path in
                (Path(f"{self.folder}/dump"), *self.path.glob("unlock.db*"))]
        self.assertIn(b"SN0001", kept[0])
        for secret in planted:
            for content in kept:
                self.assertNotIn(secret.encode() if isinstance(secret, str) else secret, content)

    def test_admin_pins_differ_and_are_long(self):
        pins = {self.admin_pin(f"SN{number:04}") for number in range(5)}
        self.assertEqual(len(pins), 5)
        for pin in pins:
            self.assertRegex(pin, "^[0-9A-Za-z]{13}$")

    # ---- strangers ----

    @unittest.skipUnless(os.getuid() == 0, "only root can become somebody else")
    def test_another_user_is_turned_away(self):
        os.chmod(self.folder, 0o755)
        os.chmod(f"{self.folder}/socket", 0o777)
        program = ("import socket,sys\ns=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1])\n"
                   "s.sendall(b'\\0\\0\\0\\x0f{\"op\":\"status\"}')\nprint(s.recv(100))")
        result = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                 "/usr/bin/python3", "-c", program, f"{self.folder}/socket"],
                                capture_output=True, text=True, check=False, env={})
        self.assertNotIn("error\":", result.stdout)
        self.assertTrue(result.stdout.strip() == "b''" or "reset" in result.stderr.lower() or
                        "broken" in result.stderr.lower(), result)

    def test_hostile_messages_are_refused_and_nobody_else_suffers(self):
        path = f"{self.folder}/socket"
        for message in (b"", b"x", b"[]", b"1", b'{"op":1}', b'{"op":"nothing"}', b'{"op":"key"}',
                        b'{"op":"key","op":"key"}', b'{"op":"key","sn":"a\\u0000b"}',
                        b'{"op":"key","sn":"\xff"}', b'{"op":"key","sn":"a b"}', b"[" * 60000,
                        b'{"op":"key","sn":"' + b"9" * 5000 + b'"}',
                        b'{"op":"key","sn":"\'; DROP TABLE keys; --"}',
                        b'{"op":"begin","order":"o","sn":"SN0001","method":"pigeon"}'):
            self.assertIn(ask_raw(path, message)["error"], ("bad-request",), message[:40])
        with connect(path, struct.pack(">I", 70000)) as link:  # too long: hung up on
            self.assertEqual(link.recv(1), b"")
        slow = connect(path, b"\0\0")  # begins a message and says no more
        with connect(path, frame(b'{"op":"x"}') * 3) as link:  # three at once, in order
            for _ in range(3):
                take(link, struct.unpack(">I", take(link, 4))[0])
        self.refused("not-found", "status", order="none")
        slow.close()

    def test_a_master_that_could_be_copied_is_not_used(self):
        self.end()
        run("pkcs11-tool", "--module", self.hsm[1], "--token-label", "unlock", "--login", "--pin",
            "hsm-pin-4711", "--delete-object", "--type", "secrkey", "--label", "openukey-pepper")
        run("pkcs11-tool", "--module", self.hsm[1], "--token-label", "unlock", "--login", "--pin",
            "hsm-pin-4711", "--keygen", "--key-type", "GENERIC:32", "--extractable", "--label",
            "openukey-pepper")
        self.start()
        self.enrol("SN0001")
        self.ok("begin", order="o", sn="SN0001", method="sms")
        self.assertIn(self.ask("send", order="o")["error"], ("denied", "internal"))
        self.assertEqual(self.letters(), [])


class OnPostgres(Unlockd):
    """The main job once more, on the other engine."""
    store = os.environ.get("OPENUKEY_TEST_POSTGRES")

    def setUp(self):
        if self.store is None or not re.search("model|killed", self.id()):
            self.skipTest("shown on SQLite")
        database = "u" + str(abs(hash(self.id())))
        run("psql", self.store, "-qc", f"CREATE DATABASE {database}")
        self.store = re.sub("dbname=\\S+", f"dbname={database}", self.store)
        super().setUp()


if __name__ == "__main__":
    unittest.main()
