#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client of the certificate service, on bad networks and among strangers."""
import json
import os
import shutil
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from bad_network import Lossy, Stranger, reply
from renew_case import PROFILES, Order, RenewCase

ID = "0123456789abcdef"
ORDER = [ID, "20260101A000001", "renewal", "SN", "0" * 64]
SHOWN = {"order": ID, "number": ORDER[1], "kind": "renewal", "state": "ready", "sn": "SN"}


# A bus that starts no programs: else a second keyring may come, a locked one.
BUS = """<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/>
<allow own="*"/></policy></busconfig>
"""


class LostAnswers(RenewCase):
    def test_every_answer_lost_once_makes_one_order_one_payment_one_certificate(self):
        """I3: each question is asked again, or what it did is noticed."""
        straight = os.environ["OPENUKEY_SERVICE"]
        proxy = Lossy(straight)
        self.addCleanup(proxy.end)
        os.environ["OPENUKEY_SERVICE"] = proxy.url()
        order = self.ready()
        self.renew(order)
        self.assert_renewed(order)
        self.assertGreaterEqual(len(proxy.lost), 10)
        self.assertEqual(len(self.rows("orders.db", "SELECT id FROM orders")), 1)
        self.assertEqual(self.rows("orders.db", "SELECT state FROM payments"), [("paid",)])
        # one for signing, one for encryption
        self.assertEqual(len(self.rows("issue.db", "SELECT serial FROM certificates")), 2)

    def test_a_program_killed_after_opening_an_order_finds_it_again(self):
        words = ("open", "renewal", self.serial, str(self.not_after()))
        self.run_probe(*words, "--die", "OPENED")
        self.assertEqual(len(self.rows("orders.db", "SELECT id FROM orders")), 1)
        order = Order(self.probe(*words)[-1])
        self.assertEqual(self.rows("orders.db", "SELECT number FROM orders"), [(order.number,)])
        # the right to it is in a file of this user alone, as there is no keyring here
        kept = Path(self.box, "data", "openukey", "order-capabilities")
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)
        self.assertIn(order.cap, kept.read_text(encoding="ascii"))
        listed = Path(self.box, "data", "openukey", "orders.json").read_text(encoding="utf-8")
        self.assertNotIn(order.cap, listed)
        self.assertIn(order.number, listed)
        self.assertEqual([Order(line).cap for line in self.probe("list")], [order.cap])

    def test_orders_come_back_with_the_key_alone(self):
        order = self.ready()
        shutil.rmtree(f"{self.box}/data")
        self.assertEqual(self.probe("list"), [])
        found = [Order(line) for line in self.probe("by-key")]
        self.assertEqual([one.number for one in found], [order.number])
        self.assertNotEqual(found[0].cap, order.cap)
        self.renew(found[0])
        self.assert_renewed(order)


@unittest.skipUnless(shutil.which("gnome-keyring-daemon") and shutil.which("dbus-daemon"),
                     "there is no keyring on this computer")
class Keyring(RenewCase):
    """A desktop with a keyring: rights to orders are there and in no file."""

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="keyring-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.folder, True)
        for name in (f"{self.folder}/cache", f"{self.box}/data"):
            os.mkdir(name)
        os.environ.update(DBUS_SESSION_BUS_ADDRESS=f"unix:path={self.folder}/bus",
                          XDG_RUNTIME_DIR=self.folder, XDG_CACHE_HOME=f"{self.folder}/cache")
        Path(self.folder, "bus.conf").write_text(BUS % f"{self.folder}/bus", encoding="ascii")
        self.begin("dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork",
                   "--nopidfile", "--nosyslog")
        self.wait(lambda: os.path.exists(f"{self.folder}/bus"))
        self.keyring = self.begin("gnome-keyring-daemon", "--foreground", "--unlock",
                                  "--components=secrets", f"--control-directory={self.folder}/k",
                                  said=b"password")
        self.wait(lambda: b"collection/login" in subprocess.run(
            ["gdbus", "call", "--session", "--dest", "org.freedesktop.secrets", "--object-path",
             "/org/freedesktop/secrets", "--method", "org.freedesktop.Secret.Service.ReadAlias",
             "default"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
            timeout=60).stdout)

    def begin(self, *words, said=None):
        process = subprocess.Popen(  # pylint: disable=consider-using-with
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        if said is not None:
            process.stdin.write(said)
        process.stdin.close()
        return process

    def wait(self, there):
        end = time.monotonic() + 60
        while not there():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_the_right_to_an_order_is_in_the_keyring(self):
        order = Order(self.probe("open", "renewal", self.serial, str(self.not_after()))[-1])
        self.assertEqual(Order(self.probe("list")[0]).cap, order.cap)
        for path in Path(self.box).rglob("*"):
            if path.is_file():
                self.assertNotIn(order.cap.encode(), path.read_bytes(), path)
        # the keyring is gone: the order is known of, the right to it is not
        self.keyring.kill()
        self.keyring.wait()
        os.environ["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        left = Order(self.probe("list")[0])
        self.assertEqual((left.number, left.cap), (order.number, "-"))


class Strangers(unittest.TestCase):
    """Answers that no honest service gives."""

    def setUp(self):
        os.environ["OPENUKEY_PROFILES"] = PROFILES

    def shown(self, said, code, *more):
        server = Stranger(said)
        self.addCleanup(server.end)
        done = subprocess.run(
            [os.environ["OPENUKEY_RENEW_PROBE"], "show", *ORDER], stdout=subprocess.PIPE,
            env={**os.environ, "OPENUKEY_SERVICE": server.url(), "LC_ALL": "C.UTF-8"}, check=False,
            timeout=120)
        self.assertIn(done.returncode, (0, 1))
        self.assertEqual(done.stdout.decode().split()[:len(code)], code, (said[:100], more))
        return server

    def test_what_is_no_answer_is_refused(self):
        refused = ["error", "SERVICE_ANSWER"]
        for said in (reply(b""), reply(b"hello"), reply(b"[]"), reply(b"{" * 5000),
                     reply(b'{"number": 7, "state": []}'), reply(b"\xff\xfe{}"),
                     reply(b"<html>", "500 Internal Server Error"),
                     reply(b"{}", "302 Found", "Location: http://127.0.0.1:1/"),
                     reply(json.dumps({**SHOWN, "order": "another"}).encode()),
                     reply(json.dumps({**SHOWN, "number": "../../etc"}).encode()),
                     reply(b" " * 300000),
                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                     b"ffff\r\n" + b" " * 65535 + b"\r\n" * 1 + b"40000\r\n" + b" " * 262144):
            self.shown(said, refused)

    def test_codes_are_the_services(self):
        self.shown(reply(b'{"error": "too-early"}', "409 Conflict"), ["error", "SERVICE_TOO_EARLY"])
        self.shown(reply(b'{"error": "new one"}', "409 Conflict"), ["error", "SERVICE_INTERNAL"])
        self.shown(reply(b"", "429 Too Many"), ["error", "SERVICE_LIMIT"])

    def test_texts_that_would_lie_are_made_harmless(self):
        said = reply(json.dumps({**SHOWN, "sn": "S\u202eN\n", "created": -1,
                                 "deadline": 1 << 60}).encode())
        self.shown(said, ["order", ID, ORDER[1], "renewal"])

    def test_nobody_there_is_said_so(self):
        server = self.shown(b"", ["error", "SERVICE_OFFLINE"])
        self.assertGreater(len(server.seen), 1)  # asked again


class Tls(unittest.TestCase):
    """Only the profile's anchors are believed."""

    @classmethod
    def setUpClass(cls):
        cls.box = subprocess.run(["mktemp", "-d"], stdout=subprocess.PIPE,
                                 check=True).stdout.decode().strip()
        cls.addClassCleanup(shutil.rmtree, cls.box)
        for name in ("ours", "theirs"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                            f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                            f"{cls.box}/{name}.key", "-out", f"{cls.box}/{name}.pem"], check=True,
                           stderr=subprocess.DEVNULL)

    def shown_by(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.box}/{name}.pem", f"{self.box}/{name}.key")
        server = Stranger(reply(json.dumps(SHOWN).encode()), context)
        self.addCleanup(server.end)
        anchor = Path(self.box, "ours.pem").read_text(encoding="ascii")
        profile = json.loads(Path(PROFILES, "rehearsal.json").read_text(encoding="utf-8"))
        profile["service"].update(url=server.url(),
                                  trust=["".join(anchor.strip().splitlines()[1:-1])])
        folder = Path(self.box, "profiles")
        folder.mkdir(exist_ok=True)
        Path(folder, "rehearsal.json").write_text(json.dumps(profile), encoding="utf-8")
        subprocess.run([Path(PROFILES, "sign"), "--out", folder, folder / "rehearsal.json"],
                       check=True)
        env = {name: value for name, value in os.environ.items() if name != "OPENUKEY_SERVICE"}
        done = subprocess.run([os.environ["OPENUKEY_RENEW_PROBE"], "show", *ORDER], check=False,
                              stdout=subprocess.PIPE, timeout=120,
                              env={**env, "OPENUKEY_PROFILES": str(folder)})
        return done.stdout.decode().split()[:2], server.seen

    def test_the_right_one_is_believed(self):
        self.assertEqual(self.shown_by("ours")[0], ["order", ID])

    def test_another_one_gets_nothing(self):
        self.assertEqual(self.shown_by("theirs"), (["error", "SERVICE_TLS"], []))


if __name__ == "__main__":
    unittest.main()
