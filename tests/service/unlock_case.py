# SPDX-License-Identifier: LGPL-2.1-or-later
"""An openukey-unlockd of the test's own: SoftHSM, a vault, operators, a spool; and how to ask it."""
import json
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

UNLOCKD = os.environ.get("OPENUKEY_UNLOCKD", "openukey-unlockd")
CERTADM = os.environ.get("OPENUKEY_CERTADM", "openukey-certadm")
SOFTHSM = os.environ.get("SOFTHSM_MODULE", "/usr/lib/softhsm/libsofthsm2.so")
HSM_PIN = "hsm-pin-4711"
CONTACT = {"phone": "13800138000", "account": "6222020000000001", "notify": "13900139000"}
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def environment():
    """The daemon lets no other process look into it, so a sanitizer cannot look for leaks either."""
    return {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def run(*words, **more):
    return subprocess.run(words, check=True, capture_output=True, **more).stdout


def enrol_body(what, sn, number, contact):
    return (f"{what}\nsn={sn}\nnumber={number}\nphone={contact.get('phone', '')}\n"
            f"account={contact.get('account', '')}\nnotify={contact.get('notify', '')}\n")


def connect(path, data, timeout=10):
    """Sends the bytes, returns the frames that come back until the other side is done."""
    link = socket.socket(socket.AF_UNIX)
    link.settimeout(timeout)
    link.connect(path)
    link.sendall(data)
    return link


def frame(message):
    return struct.pack(">I", len(message)) + message


def take(link, count):
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def ask_raw(path, message):
    with connect(path, frame(message)) as link:
        return json.loads(take(link, struct.unpack(">I", take(link, 4))[0]))


class UnlockCase(unittest.TestCase):
    store = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="openukey-unlockd-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.path = Path(self.folder)
        for name in ("tokens", "operators", "spool", "keys"):
            (self.path / name).mkdir()
        (self.path / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.folder}/tokens\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = f"{self.folder}/softhsm2.conf"
        run("softhsm2-util", "--init-token", "--free", "--label", "unlock", "--pin", HSM_PIN,
            "--so-pin", "so-pin-4711")
        self.secret("pin", HSM_PIN)
        run(CERTADM, "make-key", f"{self.folder}/vault.key")
        for name in ("wang", "zhao", "qian"):
            run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", f"{self.folder}/{name}.key")
            if name != "qian":  # no operator, or no longer
                run("openssl", "pkey", "-in", f"{self.folder}/{name}.key", "-pubout", "-out",
                    f"{self.folder}/operators/{name}.pem")
        self.where = self.store or f"sqlite:{self.folder}/unlock.db"
        self.hsm = ["--module", SOFTHSM, "--token", "unlock", "--pin-file", f"{self.folder}/pin"]
        run(UNLOCKD, "init", *self.hsm, env=environment())
        self.daemon = None
        self.start()
        self.addCleanup(self.end)

    def secret(self, name, text):
        (self.path / name).write_text(text + "\n")
        os.chmod(self.path / name, 0o600)

    def start(self, *more):
        socket_path = f"{self.folder}/socket"
        self.daemon = subprocess.Popen(
            [UNLOCKD, "run", *self.hsm, "--store", self.where, "--vault", f"{self.folder}/vault.key",
             "--operators", f"{self.folder}/operators", "--socket", socket_path,
             "--spool", f"{self.folder}/spool", *more], env=environment())
        for _ in range(3000):
            try:
                connect(socket_path, b"").close()
                return
            except OSError:
                self.assertIsNone(self.daemon.poll(), "the daemon has ended")
                time.sleep(0.02)
        self.fail("the daemon does not listen")

    def end(self, how=signal.SIGTERM):
        if self.daemon is not None:
            self.daemon.send_signal(how)
            code = self.daemon.wait()
            self.assertIn(code, (0, -signal.SIGKILL))
            self.daemon = None

    def again(self):
        """kill -9, and a new one."""
        self.end(signal.SIGKILL)
        self.start()

    def ask(self, op, /, **members):
        return ask_raw(f"{self.folder}/socket", json.dumps({"op": op, **members}).encode())

    def ok(self, op, /, **members):
        answer = self.ask(op, **members)
        self.assertNotIn("error", answer, op)
        return answer

    def refused(self, why, op, /, **members):
        self.assertEqual(self.ask(op, **members), {"error": why}, op)

    def approve(self, body, *names):
        message = b"OpenUKey-sig-v1\0operator-approval\0" + body.encode()
        return [{"operator": name, "signature": run("openssl", "dgst", "-sha256", "-sign",
                                                    f"{self.folder}/{name}.key", input=message).hex()}
                for name in names]

    def enrol(self, sn, model="V0", contact=None):
        name = f"OpenUKey Virtual {model}"
        contact = contact or CONTACT
        self.ok("enrol", sn=sn, model=name, master=1, contact=contact, approvals=self.approve(
            enrol_body(f"enrol {name}", sn, 1, contact), "wang", "zhao"))

    def admin_pin(self, sn):
        """What the service derives, computed again: the HSM's HMAC, to the base 62."""
        message = f"{self.folder}/message"
        Path(message).write_text(f"OpenUKey-v1 ADMPIN 1 {sn}")
        mac = run("pkcs11-tool", "--module", SOFTHSM, "--token-label", "unlock", "--login", "--pin",
                  HSM_PIN, "--sign", "--mechanism", "SHA256-HMAC", "--id",
                  b"openukey-master-1".hex(), "--input-file", message)
        number, text = int.from_bytes(mac[-32:], "big"), ""
        for _ in range(13):
            number, digit = divmod(number, 62)
            text += DIGITS[digit]
        return text

    def letters(self, topic="sms"):
        names = sorted(self.path.glob(f"spool/{topic}-*.json"))
        return [json.loads(name.read_text()) for name in names]

    def code(self, order, topic="sms"):
        """The newest code that came for the order."""
        found = [letter for letter in self.letters(topic)
                 if letter["once"].startswith(f"code/{order}/")]
        text = found[-1]["text"].split("授权码")[1]
        return text[:8]

    def sql(self, statement, *values):
        with sqlite3.connect(f"{self.folder}/unlock.db", timeout=10) as database:
            return database.execute(statement, values).fetchall()
