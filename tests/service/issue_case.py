# SPDX-License-Identifier: LGPL-2.1-or-later
"""An openukey-issuerd of the test's own: a CA, operators, requests and proofs as openssl makes them."""
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

from certd_case import PROFILE
from unlock_case import ask_raw, connect, environment, run

ISSUERD = os.environ.get("OPENUKEY_ISSUERD", "openukey-issuerd")
CODE = "91110000TEST000001"
CHINA = timezone(timedelta(hours=8))


def openssl(*words, data=None):
    return run("openssl", *words, input=data)


class IssueCase(unittest.TestCase):
    alg = "sm2"
    postgres = None

    def setUp(self):
        self.databases = []
        self.folder = tempfile.mkdtemp(prefix="openukey-issuerd-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(self.show_log)
        self.path = Path(self.folder)
        (self.path / "operators").mkdir()
        (self.path / "profile.json").write_text(json.dumps(PROFILE))
        for name in ("wang", "zhao", "qian"):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                    self.file(f"{name}.key"))
            if name != "qian":
                openssl("pkey", "-in", self.file(f"{name}.key"), "-pubout", "-out",
                        self.file(f"operators/{name}.pem"))
        self.genkey("ca")
        openssl("req", "-x509", "-new", "-key", self.file("ca.key"), *self.sign_words(), "-subj",
                "/C=CN/O=Rehearsal/CN=Rehearsal CA", "-days", "3650", "-out", self.file("ca.pem"))
        self.daemon = None
        self.prepare_files()
        self.start()
        self.addCleanup(self.end)

    def log(self):
        """What daemons say: kept, to be looked through, and shown at the end."""
        return open(self.file("daemons.log"), "ab")  # pylint: disable=consider-using-with

    def show_log(self):
        said = Path(self.file("daemons.log"))
        if said.exists():
            sys.stderr.write(said.read_text(errors="replace"))

    def prepare_files(self):
        """What a test needs besides."""

    def issuerd_words(self):
        return []

    def ca_words(self):
        return ["--ca-key", self.file("ca.key")]

    def common_words(self):
        return ["--ca-cert", self.file("ca.pem"), *self.ca_words(), "--operators",
                self.file("operators"), "--profile", self.file("profile.json"), "--store", self.store(),
                *self.issuerd_words()]

    def store(self, schema="issue"):
        """One database for each process; on PostgreSQL where the test says so."""
        if self.postgres is None:
            return f"sqlite:{self.folder}/{schema}.db"
        database = f"{schema}{zlib.crc32(self.folder.encode())}"
        if database not in self.databases:
            run("psql", self.postgres, "-qc", f"CREATE DATABASE {database}")
            self.databases.append(database)
        return re.sub("dbname=\\S+", f"dbname={database}", self.postgres)

    def file(self, name):
        return f"{self.folder}/{name}"

    def sign_words(self):
        return ["-sm3", "-sigopt", "distid:1234567812345678"] if self.alg == "sm2" else ["-sha256"]

    def genkey(self, name, alg=None):
        kind = {"sm2": ("-algorithm", "SM2"), "rsa": ("-algorithm", "RSA"),
                "weak": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"),
                "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")}[alg or self.alg]
        openssl("genpkey", *kind, "-out", self.file(f"{name}.key"))

    def start(self):
        with self.log() as log:
            self.daemon = subprocess.Popen(
                [ISSUERD, "run", *self.common_words(), "--socket", self.file("socket")],
                env=environment(), stderr=log)
        for _ in range(500):
            try:
                connect(self.file("socket"), b"").close()
                return
            except OSError:
                self.assertIsNone(self.daemon.poll(), "the daemon has ended")
                time.sleep(0.02)
        self.fail("the daemon does not listen")

    def end(self, how=signal.SIGTERM):
        if self.daemon is not None:
            self.daemon.send_signal(how)
            self.assertIn(self.daemon.wait(), (0, -signal.SIGKILL))
            self.daemon = None

    def again(self):
        self.end(signal.SIGKILL)
        self.start()

    def ask(self, op, /, **members):
        return ask_raw(self.file("socket"), json.dumps({"op": op, **members}).encode())

    def ok(self, op, /, **members):
        answer = self.ask(op, **members)
        self.assertNotIn("error", answer, op)
        return answer

    def refused(self, why, op, /, **members):
        self.assertEqual(self.ask(op, **members), {"error": why}, op)

    def sign(self, key, purpose, body, sm3=None):
        message = b"OpenUKey-sig-v1\0" + purpose.encode() + b"\0" + body.encode()
        sm3 = self.alg == "sm2" if sm3 is None else sm3
        Path(self.file("message")).write_bytes(message)
        words = ["-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"] if sm3 else [
            "-rawin", "-digest", "sha256"]
        return openssl("pkeyutl", "-sign", "-inkey", self.file(f"{key}.key"), "-in",
                       self.file("message"), *words).hex()

    def subject(self, text="/C=CN/O=示例果业有限公司/CN=示例果业有限公司"):
        """DER of a name, as a throw-away request has it."""
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                self.file("name.key"))
        der = openssl("req", "-new", "-key", self.file("name.key"), "-utf8", "-subj", text, "-outform",
                      "DER")
        parsed = openssl("asn1parse", "-inform", "DER", data=der).decode().splitlines()
        line = [row for row in parsed if "d=2" in row and "SEQUENCE" in row][0]
        at = int(line.split(":")[0])
        length = int(line.split("hl=")[1].split()[0]) + int(line.split(" l=")[1].split()[0])
        return der[at:at + length]

    def approvals(self, body, names=("wang", "zhao")):
        return [{"operator": name, "signature": self.sign(
            name, "operator-approval", body, sm3=False)} for name in names]

    def request_approvals(self, csr, token, order="o1", names=("wang", "zhao")):
        return self.approvals(f"request\norder={order}\ntoken={token}\n"
                              f"csr={hashlib.sha256(csr).hexdigest()}\n", names)

    def prepare_members(self, order="o1", kind="renewal", years=1, old=None,
                        names=("wang", "zhao"), csr_hash=None, paid=22000, transfer=None,
                        code=CODE):
        subject = self.subject()
        members = {"order": order, "kind": kind, "sn": "SN0001", "code": code, "years": years,
                   "paid": paid, "subject": subject.hex()}
        if old is not None:
            members["old_cert"] = old.hex()
        body = ("issue\norder={order}\nkind={kind}\nsn={sn}\nsubject=" +
                hashlib.sha256(subject).hexdigest() + "\ncode={code}\nyears={years}\nold=" +
                (hashlib.sha256(old).hexdigest() if old else "-") + "\npaid={paid}\n"
                ).format(**members)
        if transfer is not None:
            members["transfer"] = transfer
            body += f"transfer={transfer}\n"
        if csr_hash is not None:
            members["csr_hash"] = csr_hash
            body += f"csr={csr_hash}\n"
        members["approvals"] = self.approvals(body, names)
        return members

    def prepare(self, change=None, **more):
        return self.ask("prepare", **{**self.prepare_members(**more), **(change or {})})

    def csr(self, key):
        return openssl("req", "-new", "-key", self.file(f"{key}.key"), *self.sign_words(), "-subj",
                       "/CN=anything", "-outform", "DER")

    def old_certificate(self, end):
        """One of the CA's, from before; ends at that instant."""
        self.genkey("old")
        Path(self.file("old.csr")).write_bytes(self.csr("old"))
        Path(self.file("index.txt")).write_text("")
        Path(self.file("ca.cnf")).write_text(
            f"[ca]\ndefault_ca=c\n[c]\ndatabase={self.folder}/index.txt\nrand_serial=yes\n"
            f"new_certs_dir={self.folder}\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        openssl("req", "-inform", "DER", "-in", self.file("old.csr"), "-out", self.file("old.csr.pem"))
        words = ["-sigopt", "distid:1234567812345678", "-vfyopt", "distid:1234567812345678"] \
            if self.alg == "sm2" else []
        openssl("ca", "-batch", "-config", self.file("ca.cnf"), "-cert", self.file("ca.pem"),
                "-keyfile", self.file("ca.key"), "-md", "sm3" if self.alg == "sm2" else "sha256",
                *words, "-in", self.file("old.csr.pem"), "-startdate", "20240101000000Z", "-enddate",
                end.astimezone(timezone.utc).strftime("%Y%m%d%H%M%SZ"), "-out", self.file("old.pem"))
        return openssl("x509", "-in", self.file("old.pem"), "-outform", "DER")

    def proof(self, csr, order="o1", key="old", sn="SN0001"):
        serial = openssl("x509", "-in", self.file("old.pem"), "-noout", "-serial").decode().strip()
        body = (f"order={order}\nsn={sn}\ncsr={hashlib.sha256(csr).hexdigest()}\n"
                f"old={serial.split('=')[1]}\n")
        return self.sign(key, "renewal", body)

    def soon(self, days=10):
        return (datetime.now(CHINA) + timedelta(days=days)).replace(
            hour=23, minute=59, second=59, microsecond=0)

    def renewal(self, key="new"):
        """Everything until the result can be fetched; its request."""
        self.old = self.old_certificate(self.soon())
        self.assertEqual(self.prepare(old=self.old), {})
        self.genkey(key)
        csr = self.csr(key)
        self.ok("request", order="o1", csr=csr.hex(), proof=self.proof(csr))
        return csr

    def confirmation(self, cert, key="new", order="o1"):
        return self.sign(key, "confirm", f"order={order}\ncert={hashlib.sha256(cert).hexdigest()}\n")

    def confirm(self, cert, key="new"):
        return self.ask("confirm", order="o1", signature=self.confirmation(cert, key))

    def shown(self, cert, *what):
        return openssl("x509", "-inform", "DER", "-noout", *what, "-nameopt", "utf8",
                       data=cert).decode()
