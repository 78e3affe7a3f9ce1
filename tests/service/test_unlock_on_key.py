#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A locked key in the real pcscd, unlocked as the assistant does it with openukey-unlockd: every cut,
kill and lost answer ends with the person's new PIN and all tries, or with the key as it was."""
import os
import signal
import socket
import struct
import subprocess
import threading
import unittest

from rig_case import PIN, RigCase
from unlock_case import UnlockCase, take
from ukey_case import LOCKED

PROGRAM, JOB = os.environ["OPENUKEY_UNLOCK_ON_KEY"], os.environ["OPENUKEY_UNLOCK_JOB"]
LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"
NEW_PIN, WRONG_PIN = "brand-new-1", "wrong-pin-9"
# steps of assistant/core/unlock.h
LOOKING, ASKING, WRITING, TELLING, DONE = range(5)
# writes of an unlock: VerifyPIN(admin), UnblockPIN, ChangePIN, VerifyPIN(user), two of each
WRITES = 8


class Proxy:
    """Between a client and the daemon: what is to be lost is lost here."""

    def __init__(self, folder, target):
        self.path, self.target = f"{folder}/proxy", target
        self.lost = ()         # ops whose answers do not come back
        self.held = None       # a stage whose answer is not given
        self.reached = threading.Event()
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                link, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(link,), daemon=True).start()

    def serve(self, link):
        """As long as the client keeps its connection: it asks over the same one again."""
        with link:
            try:
                while self.answer(link):
                    pass
            except (EOFError, OSError):
                pass

    def answer(self, link):
        message = take(link, struct.unpack(">I", take(link, 4))[0])
        with socket.socket(socket.AF_UNIX) as there:
            there.connect(self.target)
            there.sendall(struct.pack(">I", len(message)) + message)
            answer = take(there, struct.unpack(">I", take(there, 4))[0])
        if self.held is not None and self.held.encode() in message:
            self.reached.set()
            link.settimeout(60)
            link.recv(1)  # until the other side is gone
            return False
        if any(f'"op":"{op}"'.encode() in message for op in self.lost):
            return False
        link.sendall(struct.pack(">I", len(answer)) + answer)
        return True


class UnlockOnKey(RigCase, UnlockCase):
    def setUp(self):
        RigCase.setUp(self)
        UnlockCase.setUp(self)
        os.environ["XDG_DATA_HOME"] = self.folder + "/home"
        self.proxy = Proxy(self.folder, f"{self.folder}/socket")
        self.addCleanup(self.proxy.server.close)
        self.orders = 0

    # ---- a key, an order ----

    def locked_key(self, model="V0", sn="SN0001", admin_pin=None, lock=True, state="key"):
        """Plugged in; its owner has used up all tries."""
        self.run_ok(os.environ["OPENUKEY_VIRTUAL_KEY"], "provision", "--state", state, "--model",
                    model, "--serial", sn, "--label", sn, "--pin", PIN, "--admin-pin",
                    admin_pin or self.admin_pin(sn), "--application", "OpenUKey-Rehearsal",
                    "--tries", "10")
        self.plug(state, "--model", model)
        for left in range(self.left(), 0, -1) if lock else ():
            self.ukey("pin", "test", "--confirm-tries", str(left), pin=WRONG_PIN, code=None)
        self.assertEqual(self.left(), 0 if lock else 10)

    def begin(self, sn="SN0001"):
        self.orders += 1
        order = f"order{self.orders}"
        self.ok("begin", order=order, sn=sn, method="sms")
        self.ok("send", order=order)
        return order, self.grant(order)

    def grant(self, order):
        return self.ok("check", order=order, code=self.code(order))["grant"]

    def command(self, order, grant, *more, sn="SN0001", pin=NEW_PIN):
        return [PROGRAM, self.proxy.path, sn, order, grant, pin, *more]

    def unlock(self, order, grant, *more, **other):
        """(whether it is done, the last line, the steps)"""
        done = subprocess.run(self.command(order, grant, *more, **other), stdout=subprocess.PIPE,
                              timeout=120, check=False)
        lines = done.stdout.decode().splitlines()
        self.assertIn(done.returncode, (0, 1), lines)
        return done.returncode == 0, lines[-1], [int(line.split()[1]) for line in lines[:-1]]

    def assert_error(self, name, outcome):
        self.assertEqual(outcome[1].split()[:2], ["error", name], outcome)

    def assert_new_pin(self, order):
        self.assertEqual((self.left(), self.left("admin")), (10, 10))
        self.ukey("pin", "test", pin=NEW_PIN)
        self.assertEqual(self.ok("status", order=order)["state"], "done")
        self.assertNotIn("unlock_pending", self.ukey("list", "--json").json()[0])

    # ---- what must work ----

    def test_a_locked_key_of_each_model(self):
        for model in ("V0", "VC", "V1"):
            with self.subTest(model):
                sn = f"SN-{model}"
                self.enrol(sn, model, {"phone": f"1380013{model}", "notify": "13900139000"})
                self.locked_key(model, sn, state=model)
                order, grant = self.begin(sn)
                self.assertEqual(self.unlock(order, grant, sn=sn),
                                 (True, "ok", [LOOKING, ASKING, WRITING, TELLING, DONE]))
                self.assert_new_pin(order)
                self.pull()

    def test_the_service_that_was_not_told_is_told_the_next_time(self):
        self.enrol("SN0001")
        self.locked_key()
        order, grant = self.begin()
        self.proxy.lost = ("ack",)
        self.assertTrue(self.unlock(order, grant)[0])
        self.ukey("pin", "test", pin=NEW_PIN)  # the person is not kept waiting for that
        self.proxy.lost = ()
        self.assertEqual(self.unlock(order, grant, "settle")[1], "ok")
        self.assert_new_pin(order)

    # ---- what is refused ----

    def test_another_key_is_not_touched(self):
        self.enrol("SN0001")
        order, grant = self.begin()
        self.locked_key(sn="SN0002", lock=False)
        writes = self.writes()
        self.assert_error("UNLOCK_OTHER_KEY", self.unlock(order, grant))
        self.assertEqual(self.writes(), writes)
        self.assertEqual(self.ok("status", order=order)["attempts"], 0)

    def test_a_pin_that_the_key_cannot_have_costs_nothing(self):
        self.enrol("SN0001")
        order, grant = self.begin()
        self.locked_key(lock=False)
        for pin in ("12345", "12345678901234567"):
            self.assert_error("PIN_LEN", self.unlock(order, grant, pin=pin))
        self.assertEqual(self.ok("status", order=order)["attempts"], 0)

    def test_a_foreign_admin_pin_costs_one_try_ever(self):
        self.enrol("SN0001")
        self.locked_key(admin_pin="of-another-ca")
        order, grant = self.begin()
        self.proxy.lost = ("foreign",)
        self.assert_error("UNLOCK_FOREIGN", self.unlock(order, grant))
        self.assertEqual(self.left("admin"), 9)
        self.again()
        self.assertIn("service-", self.unlock(order, self.grant_or(order, grant))[1])
        self.refused("counter-only", "begin", order="another", sn="SN0001", method="sms")
        self.assertEqual((self.left("admin"), self.left()), (9, 0))

    def grant_or(self, order, grant):
        """A new grant, while the order still gives one."""
        return self.ask("check", order=order, code=self.code(order)).get("grant", grant)

    # ---- cuts, kills, lost answers ----

    def resume(self, order, sn="SN0001", sure=True):
        """A new day: everything is started again, the person types the code again."""
        self.again()
        answer = self.ask("check", order=order, code=self.code(order))
        done, last, _ = self.unlock(order, answer.get("grant", "00" * 32), sn=sn)
        if done:
            self.assert_new_pin(order)
        elif sure:
            self.fail(last)
        return done

    def cut(self, write, where):
        sn = f"SN-{write}-{where}"
        self.enrol(sn, contact={"phone": f"13800{write}{where}", "notify": "13900139000"})
        self.locked_key(sn=sn, state=sn)
        order, grant = self.begin(sn)
        self.tell("fault", "write", str(write), where)
        done, last, _ = self.unlock(order, grant, sn=sn)
        self.pull()
        self.plug(sn)
        if done:
            return self.assert_new_pin(order)
        untouched = self.left() == 0
        if not untouched:
            self.assertTrue(last.startswith("error UNLOCK_UNFINISHED"), last)
            self.ukey("pin", "test", pin=NEW_PIN, code=LOCKED)
        # A cut while the administrator's try was counted looks like a refusal, for good.
        if not self.resume(order, sn, sure=self.left("admin") == 10):
            self.assertTrue(untouched)
            self.assertEqual(self.left(), 0)
        return None

    def test_cut_at_the_writes_and_resumed(self):
        cuts = [(write, where) for write in range(1, WRITES + 1)
                for where in ("before", "inside", "after")]
        for number, (write, where) in enumerate(cuts):
            if LONG or number in (4, 9, 14, 19):
                with self.subTest(write=write, where=where):
                    self.cut(write, where)
                self.pull()

    def approved_again(self, *names, sn="SN0001"):
        ver = self.ok("key", sn=sn)["ver"]
        return self.approve(f"again\nsn={sn}\nnumber={ver}\nphone=\naccount=\nnotify=\n", *names)

    def test_cut_while_our_try_was_counted_operators_let_it_be_tried_again(self):
        self.enrol("SN0001")
        self.locked_key()
        order, grant = self.begin()
        self.tell("fault", "write", "1", "after")
        self.unlock(order, grant)
        self.pull()
        self.plug("key")
        self.assertEqual((self.left("admin"), self.left()), (9, 0))
        self.assertFalse(self.resume(order, sure=False))
        self.assertEqual(self.ok("key", sn="SN0001")["state"], "counter")
        self.refused("counter-only", "begin", order="another", sn="SN0001", method="sms")
        for names in ((), ("wang",), ("wang", "qian")):
            self.refused("proof", "again", sn="SN0001", approvals=self.approved_again(*names))
        signed = self.approved_again("wang", "zhao")
        self.ok("again", sn="SN0001", approvals=signed)
        self.refused("wrong-state", "again", sn="SN0001", approvals=signed)
        order, grant = self.begin()
        done, last, _ = self.unlock(order, grant)
        self.assertTrue(done, last)
        self.assert_new_pin(order)

    def test_a_foreign_key_loses_a_second_try_only_to_two_operators(self):
        self.enrol("SN0001")
        self.locked_key(admin_pin="of-another-ca")
        self.assert_error("UNLOCK_FOREIGN", self.unlock(*self.begin()))
        signed = self.approved_again("wang", "zhao")
        self.ok("again", sn="SN0001", approvals=signed)
        self.assert_error("UNLOCK_FOREIGN", self.unlock(*self.begin()))
        self.assertEqual((self.left("admin"), self.left()), (8, 0))
        self.refused("counter-only", "begin", order="another", sn="SN0001", method="sms")
        self.refused("proof", "again", sn="SN0001", approvals=signed)  # those were for one more

    def test_cut_after_unblocking_everything_killed_the_counter_reads_10(self):
        self.enrol("SN0001")
        self.locked_key()
        order, grant = self.begin()
        self.tell("fault", "ins", "16", "pull-before")  # ChangePIN never comes to it
        self.assert_error("UNLOCK_UNFINISHED", self.unlock(order, grant))
        self.pull()
        self.end(signal.SIGKILL)
        self.rehearsal("stop")
        self.rehearsal("start", str(self.readers))
        self.start()
        self.plug("key")
        self.assertEqual(self.left(), 10)  # of a PIN that nobody knows
        said = self.ukey("pin", "test", pin=PIN, code=LOCKED).err
        self.assertIn("[UNLOCK_UNFINISHED]", said)
        self.assertIn(order, self.ukey("list").out)
        self.assertEqual(self.ukey("list", "--json").json()[0]["unlock_pending"], order)
        self.assertEqual(self.left(), 10)
        done, last, _ = self.unlock(order, self.grant(order))
        self.assertTrue(done, last)
        self.assert_new_pin(order)

    def test_killed_while_the_service_is_asked(self):
        self.enrol("SN0001")
        self.locked_key()
        order, grant = self.begin()
        for stage in ("admin", "unblock"):
            with self.subTest(stage):
                self.proxy.held = f'"stage":"{stage}"'
                self.proxy.reached.clear()
                with subprocess.Popen(self.command(order, grant), stdout=subprocess.PIPE) as process:
                    self.assertTrue(self.proxy.reached.wait(60))
                    process.kill()
                # The key is nobody's, and has given its right to nobody.
                self.assertEqual(self.ukey("pin", "info", "--json").json()["user_pin"]["left"], 0)
        self.proxy.held = None
        self.assertTrue(self.resume(order))

    def test_answers_that_never_come(self):
        self.enrol("SN0001")
        self.locked_key()
        order, grant = self.begin()
        self.proxy.lost = ("command",)
        self.assert_error("SERVICE", self.unlock(order, grant))
        self.proxy.lost = ()
        self.proxy.held = '"stage":"admin"'  # longer than the key is held
        # A slow machine may have no time left for the question: then with more.
        for held in (4000, 16000, 60000):
            process = subprocess.Popen(self.command(order, grant), stdout=subprocess.PIPE,
                                       env={**os.environ, "OPENUKEY_RELAY_MS": str(held)})
            try:
                while not self.proxy.reached.wait(0.1) and process.poll() is None:
                    pass
                # Other programs get at the key although the answer never comes.
                self.assertEqual(self.ukey("pin", "info", "--json").json()["user_pin"]["left"], 0)
            finally:
                process.kill()
                process.communicate()
            if self.proxy.reached.is_set():
                break
        self.assertTrue(self.proxy.reached.is_set())
        self.proxy.held = None
        self.assertTrue(self.resume(order))


class UnlockJob(UnlockOnKey):
    """As the window does it: a worker, a main loop that keeps turning, and a way to stop it."""

    def job(self, order, grant, *more):
        return subprocess.Popen([JOB, self.proxy.path, "SN0001", order, grant, NEW_PIN, *more],
                                stdout=subprocess.PIPE)

    def end_of(self, process):
        """(whether it is done, what it said: {word: [the rest, ...]})"""
        out = process.communicate(timeout=120)[0].decode()
        self.assertIn(process.returncode, (0, 1), out)
        said = {}
        for line in out.splitlines():
            said.setdefault(line.split()[0], []).append(line.partition(" ")[2])
        return process.returncode == 0, said

    def begun(self):
        self.enrol("SN0001")
        self.locked_key()
        return self.begin()

    def test_the_main_loop_is_told_each_step(self):
        order, grant = self.begun()
        done, said = self.end_of(self.job(order, grant))
        self.assertTrue(done, said)
        self.assertEqual([int(step) for step in said["step"]],
                         [LOOKING, ASKING, WRITING, TELLING, DONE])
        self.assertEqual((said["stage"], said["left"]), (["0", "1", "2", "3"], ["10"]))
        self.assert_new_pin(order)

    def test_cancelled_before_it_begins_nothing_is_asked(self):
        order, grant = self.begun()
        writes = self.writes()
        done, said = self.end_of(self.job(order, grant, "at-once"))
        self.assertFalse(done)
        self.assertTrue(said["error"][0].startswith("CANCELLED"), said)
        self.assertNotIn("step", said)
        self.assertEqual(self.writes(), writes)
        self.assertEqual(self.ok("status", order=order)["attempts"], 0)
        self.assertTrue(self.end_of(self.job(order, grant))[0])
        self.assert_new_pin(order)

    def test_cancelled_while_the_service_is_asked_the_key_is_as_it_was(self):
        order, grant = self.begun()
        self.proxy.held = '"stage":"unblock"'
        with self.job(order, grant) as process:
            self.assertTrue(self.proxy.reached.wait(60))
            process.send_signal(signal.SIGUSR1)
            done, said = self.end_of(process)
        self.assertFalse(done, said)
        self.assertTrue(said["error"][0].startswith("CANCELLED"), said)
        self.assertEqual((self.left(), self.left("admin")), (0, 10))
        self.proxy.held = None
        self.assertTrue(self.end_of(self.job(order, self.grant(order)))[0])
        self.assert_new_pin(order)

    def test_unplugged_when_the_services_answer_comes_it_ends_and_goes_on(self):
        order, grant = self.begun()
        self.tell("fault", "ins", "1a", "pull-before")
        done, said = self.end_of(self.job(order, grant))
        self.assertFalse(done, said)
        # whether the key got it nobody knows here
        self.assertTrue(said["error"][0].startswith("UNLOCK_UNFINISHED"), said)
        self.assertEqual(said["left"], ["-1"])
        self.pull()
        self.plug("key")
        self.assertEqual(self.left(), 0)
        self.assertTrue(self.end_of(self.job(order, self.grant(order)))[0])
        self.assert_new_pin(order)


def load_tests(loader, _tests, _pattern):
    """Those that a class inherits are not run again."""
    suite = unittest.TestSuite()
    for case in (UnlockOnKey, UnlockJob):
        suite.addTests(case(name) for name in vars(case) if name.startswith("test"))
    return suite


if __name__ == "__main__":
    unittest.main()
