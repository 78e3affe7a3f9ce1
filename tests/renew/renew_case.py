# SPDX-License-Identifier: LGPL-2.1-or-later
"""A key at a desk with the rehearsal's certificate service, and a program that renews on it."""
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))

from rig_case import PIN, RigCase  # pylint: disable=wrong-import-position
from service_case import CODE, ServiceCase  # pylint: disable=wrong-import-position
from ukey_case import CA, SM2_ID, TIMEOUT, UNIT  # pylint: disable=wrong-import-position

PROBE = os.environ.get("OPENUKEY_RENEW_PROBE", "renew_probe")
PROFILES = os.environ.get("OPENUKEY_SOURCE_PROFILES", "assistant/data/profiles")
VIRTUAL_KEY = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"
VERIFY_PIN, CHANGE_PIN, UNBLOCK_PIN, IMPORT_CERTIFICATE = "18", "16", "1a", "4c"


class Order:
    def __init__(self, line):
        (self.id, self.number, self.kind, self.state, self.serial, self.cap) = line.split()[1:7]
        self.next = int(line.split("next=")[1])

    def words(self):
        return [self.id, self.number, self.kind, self.serial, self.cap]


class RenewCase(RigCase, ServiceCase):
    keys = 0
    serial, days, model, options, alg = "", 20, "V0", (), "sm2"

    def setUp(self):
        super().setUp()
        os.environ.update(OPENUKEY_PROFILES=PROFILES, PIN=PIN, XDG_DATA_HOME=f"{self.box}/data",
                          DBUS_SESSION_BUS_ADDRESS="disabled:")
        for name in ("sign", "enc"):
            self.certificate(name, self.days)
        self.serial = self.make_key(*self.options)
        self.plug(self.serial, "--model", self.model)

    def service(self, *words, **more):
        if words[0] == "start":
            words += ("--alg", self.alg)  # of its CA, when that is made
        return super().service(*words, **more)

    # ---- keys ----

    def certificate(self, name, days, *usage):
        """A key and a certificate of the service's CA."""
        alg = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"] if self.alg == "sm2" else [
            "-algorithm", "RSA"]
        how = ["-sm3", "-sigopt", "distid:" + SM2_ID] if self.alg == "sm2" else []
        self.run_ok("openssl", "genpkey", *alg, "-out", f"{name}.pem")
        self.run_ok("openssl", "req", "-new", "-key", f"{name}.pem", *how, "-utf8", "-subj",
                    f"/C=CN/O={UNIT}/CN={UNIT}", "-out", f"{name}.csr")
        self.run_ok(CA, "sign", f"{self.state}/ca", "--csr", f"{name}.csr", "--out", f"{name}.crt",
                    "--days", str(days), "--credit-code", CODE, *usage)

    def make_key(self, *more, encryption=True):
        """A key that the service's operators know, with a serial number of its own."""
        RenewCase.keys += 1
        serial = f"SN{RenewCase.keys:04}"
        pair = ["--enc-key", "enc.pem", "--enc-cert", "enc.crt"] if encryption else []
        self.run_ok(VIRTUAL_KEY, "provision", "--state", serial, "--model", self.model, "--serial",
                    serial, "--label", serial, "--application", "OpenUKey-Rehearsal", "--pin", PIN,
                    "--admin-pin", "admin-8421", *more, "--container", "Unit", "--sign-key",
                    "sign.pem", "--sign-cert", "sign.crt", *pair)
        self.run_ok("openssl", "x509", "-in", "sign.crt", "-outform", "DER", "-out",
                    f"{self.state}/certs/{serial}.der")
        return serial

    def another(self):
        """The next key, as the first one was."""
        self.pull()
        self.serial = self.make_key(*self.options)
        self.plug(self.serial, "--model", self.model)

    def replug(self):
        """After a cut: out, and in again."""
        self.pull()
        self.plug(self.serial, "--model", self.model)

    # ---- the program ----

    def with_pin(self, pin=PIN, language="en"):
        """Leaks are looked for, as nothing keeps others from looking into this program."""
        return {**self.environment(language), "PIN": pin,
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}

    def run_probe(self, *words, pin=PIN, language="en"):
        done = subprocess.run([PROBE, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=TIMEOUT,
                              env=self.with_pin(pin, language))
        return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()

    def probe(self, *words, code=0, **more):
        done, lines, error = self.run_probe(*words, **more)
        self.assertEqual(done, code, (words, lines, error))
        return lines

    def not_after(self, name="sign.crt"):
        text = self.run_ok("openssl", "x509", "-in", name, "-noout", "-enddate")
        end = datetime.strptime(text.strip().split("=")[1], "%b %d %H:%M:%S %Y %Z")
        return int(end.replace(tzinfo=timezone.utc).timestamp())

    def opened(self, kind="renewal"):
        """An order as the person leaves it: handed in, paid."""
        order = Order(self.probe("open", kind, self.serial, str(self.not_after()))[-1])
        if kind == "renewal":
            self.service("pay", order.number)
            order = Order(self.probe("hand-in", *order.words())[-1])
        self.assertEqual(order.state, "review")
        return order

    def ready(self, kind="renewal"):
        """One that waits for the key."""
        order = self.opened(kind)
        self.service("approve", order.number)
        return order

    def show(self, order):
        return Order(self.probe("show", *order.words())[-1])

    def renew(self, order, *words):
        """Until it is done; the steps."""
        lines = self.probe("renew", *order.words(), *words)
        self.assertTrue(lines[-1].startswith("done "), lines)
        return [line.split()[1] for line in lines if line.startswith("step")]

    def refused(self, order, name, *words, **more):
        lines = self.probe("renew", *order.words(), *words, code=1, **more)
        self.assertTrue(lines[-1].startswith(f"error {name} "), lines)
        return lines

    def cut_short(self, order, *words):
        """However it ends."""
        return self.run_probe("renew", *order.words(), *words)

    @contextmanager
    def waiting(self, order, step):
        """A renewal that stops at the step; goes on when this ends, and is waited for."""
        program = subprocess.Popen([PROBE, "renew", *order.words(), "--wait", step],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   env=self.with_pin(), text=True)
        try:
            program.lines = []
            for line in program.stdout:
                program.lines.append(line.strip())
                if line.startswith("at "):
                    break
            program.reached = program.lines[-1] == f"at {step}"
            yield program
            if program.reached:
                program.stdin.write("\n")
                program.stdin.close()
            program.lines += [line.strip() for line in program.stdout]
        finally:
            program.kill()
            program.wait()
            program.stdout.close()

    def kill_service(self, name):
        os.kill(int(self.read(f"{self.state}/run/{name}.pid").split()[0]), signal.SIGKILL)

    def cut_and_go_on(self, number, when):
        """Power fails at that write from now; then the same call goes on."""
        order = self.ready()
        self.tell("fault", "write", str(number), when)
        self.cut_short(order)
        self.replug()
        self.assert_usable()  # I1
        self.renew(order)
        self.assert_renewed(order)

    # ---- what is on the key ----

    def wait_for_keys(self, count):
        end = time.monotonic() + TIMEOUT
        while len(self.ukey("list", "--json", code=None).json()) != count:
            self.assertLess(time.monotonic(), end, "the keys do not come or go")
            time.sleep(0.05)

    def der(self, serial):
        """The certificate that the key came with."""
        return f"{self.state}/certs/{serial}.der"

    def commands(self, ins):
        return self.status()["by_ins"].get(ins, 0)

    def certs(self):
        """(container, pair) -> certificate"""
        keys = self.ukey("list", "--json").json()
        return {(cert["container"], cert["pair"]): {
            name: cert[name] for name in ("id", "serial_number", "not_after")}
                for key in keys for cert in key["certificates"]}

    def sign_with(self, cert):
        """The certificate's key is there and works; ukey checks the signature itself."""
        self.write("document", "a document")
        self.ukey("sign", "document", "--cert", cert["id"], "--out", "document.p7s", "--force",
                  pin=PIN)

    def assert_usable(self):
        """I1, I6: the newest certificate's key signs; the old encryption pair is there."""
        certs = self.certs()
        signing = [cert for (_, pair), cert in certs.items() if pair == "sign"]
        self.assertTrue(signing, certs)
        best = max(signing, key=lambda cert: cert["not_after"])
        self.sign_with(best)
        self.assertIn(("Unit", "encrypt"), certs)

    def assert_renewed(self, order):
        """I4, I5, I6: confirmed, the new one works, of the old only the encryption pair stays."""
        self.assertEqual(self.show(order).state, "confirmed")
        self.assert_usable()
        certs = self.certs()
        self.assertEqual([name for name, pair in certs if pair == "sign"], ["P-" + order.number])
        self.assertEqual(self.left(), 10)
        self.assert_one_certificate(order)

    def assert_one_certificate(self, order):
        """I3: one confirmed for each purpose, no other that is not revoked."""
        rows = self.rows("issue.db", "SELECT state, pair FROM certificates WHERE order_id = ?",
                         order.id)
        good = [bool(pair) for state, pair in rows if state == "confirmed"]
        self.assertEqual(sorted(good), [False, True], rows)
        self.assertEqual({state for state, _ in rows} - {"confirmed", "revoked"}, set(), rows)

    def rows(self, database, statement, *values):
        with closing(sqlite3.connect(f"{self.state}/{database}", timeout=20)) as link:
            return link.execute(statement, values).fetchall()
