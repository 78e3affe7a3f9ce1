# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-certd of the test's own beside its openukey-unlockd; HTTP as a client speaks it."""
import hashlib
import hmac
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid
from pathlib import Path

from unlock_case import CERTADM, UnlockCase, environment, run

CERTD = os.environ.get("OPENUKEY_CERTD", "openukey-certd")
UNIT = "91110000TEST000001"
HANDLER = "13700137000"
FORM = {"unit": "示例果业有限公司", "legal_name": "李四", "legal_phone": "13800138000",
        "handler_name": "张三", "handler_phone": HANDLER}
TEXTS = [{"id": name, "version": "1", "sha256": hashlib.sha256(name.encode()).hexdigest()}
         for name in ("agreement", "privacy", "risk")]
PROFILE = {"name": "rehearsal", "offset": 28800, "renew_before": 30, "renew_after": 60,
           "years": [1, 2], "prices": {"renewal": 22000, "new": 22000, "lost": 10000},
           "texts": TEXTS}
PAY_KEY = "sandbox-pay-key"


def free_port():
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


class Desk:
    """What CertdCase and LightCase have in common."""
    rate = "0"
    profile = PROFILE
    errors = None  # a file for what the daemons say

    def begin(self, *more):
        (self.path / "profile.json").write_text(json.dumps(self.profile))
        (self.path / "identities.json").write_text(json.dumps({UNIT: FORM}))
        (self.path / "post").mkdir()
        (self.path / "documents").mkdir()
        self.secret("pay.key", PAY_KEY)
        self.orders = self.orders_store()
        self.common = ["--store", self.orders, "--vault", f"{self.folder}/vault.key", "--profile",
                       f"{self.folder}/profile.json", "--operators", f"{self.folder}/operators",
                       "--identities", f"{self.folder}/identities.json", "--pay-key",
                       f"{self.folder}/pay.key", "--documents", f"{self.folder}/documents", *more]
        self.running = {}
        self.addCleanup(lambda: [self.end_certd(name) for name in list(self.running)])
        self.port = self.serve("one")

    def orders_store(self):
        return f"sqlite:{self.folder}/orders.db"

    def serve(self, name, port=None):
        port = port or free_port()
        self.running[name] = subprocess.Popen(
            [CERTD, "serve", "--node", name, "--listen", f"127.0.0.1:{port}", "--rate", self.rate,
             *self.common], env=environment(), stderr=self.errors)
        for _ in range(3000):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                self.assertIsNone(self.running[name].poll(), "certd has ended")
                time.sleep(0.02)
        return self.fail("certd does not listen")

    def end_certd(self, name, how=signal.SIGTERM):
        process = self.running.pop(name)
        process.send_signal(how)
        self.assertIn(process.wait(), (0, -signal.SIGKILL))

    def work(self, wait=lambda: True):
        """Lets the worker run until the condition holds."""
        worker = subprocess.Popen([CERTD, "work", "--node", "worker", "--spool",
                                   f"{self.folder}/post", *self.common], env=environment(),
                                  stderr=self.errors)
        try:
            for _ in range(2000):
                time.sleep(0.03)
                if wait():
                    return
            self.fail("the worker does not get there")
        finally:
            worker.terminate()
            # it may not have got as far as minding the signal
            self.assertIn(worker.wait(), (0, -signal.SIGTERM))

    def settle(self):
        """Everything that was due has been done: the worker has come past a letter put behind it."""
        probe = uuid.uuid4().hex
        self.orders_sql("INSERT INTO outbox (ca, id, topic, once, due, payload)"
                        " VALUES ('default', ?, 'notice', ?, 1, 'no order')", probe, probe)
        self.work(lambda: not self.orders_sql("SELECT id FROM outbox WHERE done = 0 AND due <= ?",
                                              int(time.time())))

    def post(self):
        return [json.loads(name.read_text()) for name in sorted(self.path.glob("post/sms-*.json"))]

    def http(self, method, path, body=None, cap=None, port=None, **headers):
        """(status, answer)"""
        link = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=20)
        if cap is not None:
            headers["Authorization"] = f"Bearer {cap}"
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        try:
            link.request(method, path, data, {name.replace("_", "-"): value
                                              for name, value in headers.items()})
            answer = link.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        finally:
            link.close()

    def good(self, method, path, body=None, cap=None, **more):
        status, answer = self.http(method, path, body, cap, **more)
        self.assertIn(status, (200, 201, 202), (path, answer))
        return answer

    def bad(self, code, method, path, body=None, cap=None, **more):
        status, answer = self.http(method, path, body, cap, **more)
        self.assertGreaterEqual(status, 400, (path, answer))
        self.assertEqual(answer, {"error": code}, path)

    def order(self, kind="renewal", sn="SN0001", form=None, key=None, token_more=None, **more):
        token = {"sn": sn, "not_after": int(time.time()) + 10 * 86400} if sn else {}
        token.update(token_more or {})
        made = self.good("POST", "/v1/orders",
                         {"kind": kind, "unit_code": UNIT, "token": token, "form": form or FORM,
                          **more}, Idempotency_Key=key or uuid.uuid4().hex)
        return made["order"], made["capability"], made["number"]

    def to(self, order, cap, *steps):
        """Some steps of the way; the last answer."""
        paths = {"submit": ("submit", {}), "consent": ("consent", {"texts": TEXTS}),
                 "payment": ("payment", {}), "hand-in": ("event", {"event": "hand-in"}),
                 "cancel": ("event", {"event": "cancel"})}
        answer = None
        for step in steps:
            path, body = paths[step]
            answer = self.good("POST", f"/v1/orders/{order}/{path}", body, cap)
        return answer

    def state(self, order, cap):
        return self.good("GET", f"/v1/orders/{order}", cap=cap)["state"]

    def notify(self, reference, amount, notice=None, at=None, key=PAY_KEY, port=None):
        body = json.dumps({"reference": reference, "amount": amount,
                           "notice": notice or uuid.uuid4().hex}).encode()
        stamp = str(int(at if at is not None else time.time()))
        signature = hmac.new(key.encode(), stamp.encode() + b"\n" + body, hashlib.sha256)
        return self.http("POST", "/v1/pay/sandbox/notify", body, X_Timestamp=stamp,
                         X_Signature=signature.hexdigest(), port=port)

    def act(self, number, act, *names, ver=None, sn="", lines="", more=None):
        """lines: what is signed besides; more: members that are sent."""
        if ver is None:
            ver = self.version(number)
        body = f"order\nnumber={number}\nver={ver}\nact={act}\nsn={sn}\n{lines}"
        return self.http("POST", f"/v1/operator/{number}", {
            "act": act, "sn": sn, "approvals": self.approve(body, *names), **(more or {})})

    def version(self, number):
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(f"{self.folder}/orders.db", timeout=10) as database:
            return database.execute("SELECT ver FROM orders WHERE number = ?", (number,)).fetchone()[0]

    def orders_sql(self, statement, *values):
        import sqlite3  # pylint: disable=import-outside-toplevel
        with sqlite3.connect(f"{self.folder}/orders.db", timeout=10) as database:
            return database.execute(statement, values).fetchall()


class CertdCase(Desk, UnlockCase):
    """With openukey-unlockd and its HSM."""

    def setUp(self):
        super().setUp()
        self.begin("--unlock", f"{self.folder}/socket")


class LightCase(Desk, unittest.TestCase):
    """openukey-certd alone. The operators' keys are made once for all tests."""
    approve = UnlockCase.approve
    secret = UnlockCase.secret
    more = ()

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.mkdtemp(prefix="openukey-operators-")
        cls.addClassCleanup(shutil.rmtree, cls.keys)
        os.mkdir(f"{cls.keys}/operators")
        for name in ("wang", "zhao", "qian"):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", f"{cls.keys}/{name}.key")
            if name != "qian":
                run("openssl", "pkey", "-in", f"{cls.keys}/{name}.key", "-pubout", "-out",
                    f"{cls.keys}/operators/{name}.pem")

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="openukey-certd-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = Path(self.folder)
        shutil.copytree(self.keys, self.folder, dirs_exist_ok=True)
        run(CERTADM, "make-key", f"{self.folder}/vault.key")
        self.begin(*self.more)
