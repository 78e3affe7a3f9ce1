# SPDX-License-Identifier: LGPL-2.1-or-later
"""The state folder: what the rehearsal's certificate service is made of, made where it is missing."""
import hashlib
import json
import os
import subprocess
from pathlib import Path

from state import State, run

HSM_PIN, HSM_SO_PIN = "hsm-pin-4711", "so-pin-4711"
OPERATORS = ("a", "b")
PROVIDER = "sandbox"  # of payments
TOKENS = {"unlock": "unlockd", "kmc": "kmcd"}  # whose each is
# An invented unit; the check digit of its code is wrong, so that it cannot be anybody's.
UNIT, UNIT_CODE = "示例果业有限公司", "91650000MA00000000"
PERSON = {"legal_name": "李四", "legal_phone": "13800138000"}
CONTACT = {"phone": "13800138000", "account": "6222020000000001", "notify": "13900139000"}
PROFILE = {
    "name": "rehearsal", "offset": 28800, "renew_before": 90, "renew_after": 90, "years": [1, 2, 3],
    # fen
    "prices": {"new": 22000, "renewal": 22000, "lost": 10000, "damaged": 10000, "open": 10000},
    "first_pin": "activate",
    # for bank transfers; nobody's account
    "transfer": {"name": "OpenUKey 演练 CA（虚拟）", "bank": "示例银行示例支行（虚构）",
                 "account": "6222 0200 0000 0000 009"},
}
OWN = "profile-own.json"  # members that go before ours, for other CAs than the rehearsal's
# Those that are asked for, each on its own; what else is to be known of them.
TEXTS = {"agreement": {}, "privacy": {"sensitive": True},
         "bank-data": {"sensitive": True, "if": "bank_account"}, "risk": {}}
TEXT_VERSION = "1"


def text_row(folder, name):
    """A text as the profile has it: its words, and what identifies them."""
    words = (Path(folder) / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in words.splitlines() if not line.startswith("SPDX-")]
    body = "\n".join(lines[1:]).strip() + "\n"
    return {"id": name, "version": TEXT_VERSION, "title": lines[0],
            "sha256": hashlib.sha256(body.encode()).hexdigest(), "text": body, **TEXTS[name]}


class Folder(State):
    """What is in it is only made once; a second start finds it."""

    def prepare(self, ca=None, alg="sm2"):
        """Everything but the processes."""
        os.umask(0o077)
        for name in ("inbox", "operators", "hsm", "run", "log", "certs", "kmc", "uploads", "lists",
                     "payments", "keys"):
            (self / name).mkdir(parents=True, exist_ok=True)
        self._operators()
        self._hsm()
        for name in ("orders", "unlock", "kmc"):
            self.make(f"{name}.vault", lambda to: run(self.programs["certadm"], "make-key", to))
        self.make(f"payments/{PROVIDER}.key", lambda to: self._words(to, os.urandom(24).hex()))
        self._profile()
        if self.identities() is None:
            self.identity_add(UNIT_CODE, UNIT)
        if ca is not None or self.read("ca-folder") is None:
            self.write("ca-folder", str(Path(ca).absolute() if ca else self / "ca"))
        if not (self.ca() / "root.key").exists():
            run(self.programs["ca"], "init", str(self.ca()), "--alg", alg)

    @staticmethod
    def _words(path, text):
        Path(path).write_text(text + "\n", encoding="utf-8")

    def ca(self):
        return Path(self.read("ca-folder"))

    def alg(self):
        """Of the CA's key, and so of keys made here."""
        text = run("openssl", "x509", "-in", str(self.ca() / "root.crt"), "-noout", "-text")
        return "rsa" if b"rsaEncryption" in text else "sm2"

    def _operators(self):
        for name in OPERATORS:
            key = f"operators/{name}.key"
            self.make(key, lambda to: run(
                "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", to))
            self.make(f"operators/{name}.pem", lambda to, key=key: run(
                "openssl", "pkey", "-in", str(self / key), "-pubout", "-out", to))

    def hsm_environment(self):
        return {**os.environ, "SOFTHSM2_CONF": str(self / "softhsm2.conf")}

    def hsm_words(self, token):
        return ["--module", self.programs["softhsm"], "--token", token, "--pin-file", "hsm-pin"]

    def _hsm(self):
        self.write("softhsm2.conf", f"directories.tokendir = {self.path}/hsm\n"
                                    "objectstore.backend = file\nlog.level = ERROR\n")
        self.write("hsm-pin", HSM_PIN + "\n")
        if self.read("hsm-made") is None:
            for left in (self / "hsm").iterdir():  # of one that was killed in the middle
                run("rm", "-r", str(left))
            for token in TOKENS:
                run("softhsm2-util", "--init-token", "--free", "--label", token, "--pin", HSM_PIN,
                    "--so-pin", HSM_SO_PIN, env=self.hsm_environment())
            self.write("hsm-made", "1\n")
        for token, program in TOKENS.items():
            self._hsm_keys(token, [self.programs[program], "init", *self.hsm_words(token)])

    def _hsm_keys(self, token, command):
        """Made once; what was killed in the middle says so when it is started."""
        if self.read(f"hsm-{token}-made") is None:
            subprocess.run(command, cwd=self.path, env=self.hsm_environment(), check=False)
            self.write(f"hsm-{token}-made", "1\n")

    def _profile(self):
        texts = [text_row(self.programs["texts"], name) for name in TEXTS]
        own = json.loads(self.read(OWN) or "{}")
        self.write("profile.json", json.dumps({**PROFILE, "texts": texts, **own},
                                              ensure_ascii=False, indent=1))

    # ---- what the sandbox's identity provider knows ----

    def identities(self):
        text = self.read("identities.json")
        return json.loads(text) if text else None

    def identity_add(self, code, unit):
        """Whether that was news."""
        known = self.identities() or {}
        told = {"unit": unit, **PERSON}
        if known.get(code) == told:
            return False
        known[code] = told
        self.write("identities.json", json.dumps(known, ensure_ascii=False, indent=1))
        return True
