# SPDX-License-Identifier: LGPL-2.1-or-later
"""openukey-kmcd of the test's own beside its openukey-issuerd; envelopes opened as a key opens them."""
import hashlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from issue_case import IssueCase, openssl
from unlock_case import CERTADM, SOFTHSM, ask_raw, connect, environment, run

KMCD = os.environ.get("OPENUKEY_KMCD", "openukey-kmcd")
PRELOAD = os.environ.get("OPENUKEY_KILLPRELOAD", "")
HSM_PIN = "hsm-pin-4711"
PHONE = "13900139000"


def elements(der):
    """(tag, contents, the whole element) of each element in DER."""
    found = []
    while der:
        length, at = der[1], 2
        if length & 0x80:
            at += length & 0x7F
            length = int.from_bytes(der[2:at], "big")
        found.append((der[0], der[at:at + length], der[:at + length]))
        der = der[at + length:]
    return found


class KmcCase(IssueCase):
    def softhsm(self, *labels):
        tokens = self.path / "tokens"
        tokens.mkdir(exist_ok=True)
        (self.path / "softhsm2.conf").write_text(
            f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
        os.environ["SOFTHSM2_CONF"] = self.file("softhsm2.conf")
        for label in labels:
            run("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", HSM_PIN,
                "--so-pin", "so-pin-4711")
        self.secret("pin", HSM_PIN)

    def secret(self, name, text):
        Path(self.file(name)).write_text(text + "\n")
        os.chmod(self.file(name), 0o600)

    def prepare_files(self):
        self.softhsm("kmc")
        self.hsm = ["--module", SOFTHSM, "--token", "kmc", "--pin-file", self.file("pin")]
        run(CERTADM, "make-key", self.file("vault.key"))
        (self.path / "spool").mkdir(exist_ok=True)
        run(KMCD, "init", *self.hsm, env=environment())
        self.kmcd = None
        self.addCleanup(self.end_kmcd)
        self.start_kmcd()

    def issuerd_words(self):
        return ["--kmc", self.file("kmc.socket"), "--crl-url", "http://127.0.0.1:1/ca.crl",
                "--ocsp-url", "http://127.0.0.1:1/ocsp"]

    def kmcd_words(self, name="kmc"):
        return [KMCD, "run", *self.hsm, "--ca-cert", self.file("ca.pem"), "--operators",
                self.file("operators"), "--vault", self.file("vault.key"), "--store",
                self.store("kmc"), "--socket", self.file(f"{name}.socket"), "--spool",
                self.file("spool"), "--node", name]

    def launch(self, words, path, kill_at=None):
        env = environment()
        if kill_at is not None:
            env = {**env, "LD_PRELOAD": f"{env.get('LD_PRELOAD', '')} {PRELOAD}".strip(),
                   "OPENUKEY_KILL_AT": str(kill_at),
                   "ASAN_OPTIONS": env["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}
        with self.log() as log:
            process = subprocess.Popen(words, env=env, stderr=log)
        for _ in range(3000):
            try:
                connect(path, b"").close()
                break
            except OSError:
                self.assertIsNone(process.poll(), "the daemon has ended")
                time.sleep(0.02)
        else:
            self.fail("the daemon does not listen")
        if kill_at is not None:
            process.send_signal(signal.SIGUSR1)
        return process

    def start_kmcd(self, *more, kill_at=None):
        self.kmcd = self.launch([*self.kmcd_words(), *more], self.file("kmc.socket"), kill_at)

    def end_kmcd(self, how=signal.SIGTERM):
        if self.kmcd is not None:
            self.kmcd.send_signal(how)
            self.assertIn(self.kmcd.wait(), (0, -signal.SIGKILL))
            self.kmcd = None

    def ask_kmc(self, op, /, **members):
        return ask_raw(self.file("kmc.socket"), json.dumps({"op": op, **members}).encode())

    # ---- certificates and envelopes ----

    def pem(self, der, name):
        Path(self.file(f"{name}.der")).write_bytes(der)
        openssl("x509", "-inform", "DER", "-in", self.file(f"{name}.der"), "-out",
                self.file(f"{name}.pem"))
        return self.file(f"{name}.pem")

    def verify(self, der, name):
        words = ["-vfyopt", "distid:1234567812345678"] if self.alg == "sm2" else []
        openssl("verify", *words, "-CAfile", self.file("ca.pem"), self.pem(der, name))

    def spki(self, der):
        self.pem(der, "spki")
        pem = openssl("x509", "-in", self.file("spki.pem"), "-noout", "-pubkey")
        return openssl("pkey", "-pubin", "-outform", "DER", data=pem)

    def decrypt(self, key, cipher):
        Path(self.file("cipher")).write_bytes(cipher)
        words = [] if self.alg == "sm2" else ["-pkeyopt", "rsa_padding_mode:pkcs1"]
        return openssl("pkeyutl", "-decrypt", "-inkey", self.file(f"{key}.key"), *words, "-in",
                       self.file("cipher"))

    def sm4(self, key, cipher):
        return openssl("enc", "-d", "-sm4-ecb", "-nopad", "-K", key.hex(), data=cipher)

    def open_envelope(self, answer, key="new"):
        """The private number inside, opened with the signing key and proved against the public one."""
        if self.alg == "sm2":
            return self.open_sm2(bytes.fromhex(answer["envelope"]), key)
        blob = self.sm4(self.decrypt(key, bytes.fromhex(answer["wrapped_key"])),
                        bytes.fromhex(answer["envelope"]))
        self.assertEqual(len(blob), 1168)
        self.assertEqual(blob[1164:], bytes(4))
        numbers, at = [], 8
        for width in (256, 4, 256, 128, 128, 128, 128, 128):
            numbers.append(int.from_bytes(blob[at:at + width], "big"))
            at += width
        modulus, exponent, private, p, q, dp, dq, inverse = numbers
        self.assertEqual(p * q, modulus)
        self.assertEqual((exponent * private % (p - 1), exponent * private % (q - 1)), (1, 1))
        self.assertEqual((dp, dq, inverse * q % p), (private % (p - 1), private % (q - 1), 1))
        return modulus, blob[268:524]

    def open_sm2(self, envelope, key):
        outer = elements(envelope)
        self.assertEqual([tag for tag, _, _ in outer], [0x30])
        alg, cipher, public, private = elements(outer[0][1])
        self.assertEqual(alg[2].hex(), "300a06082a811ccf55016801")
        number = self.sm4(self.decrypt(key, cipher[2]), private[1][1:])
        point = public[1][1:]
        # SEC 1: version, private number, the curve, the point
        body = bytes.fromhex("020101") + b"\x04\x20" + number + bytes.fromhex(
            "a00a06082a811ccf5501822d") + b"\xa1\x44\x03\x42\x00" + point
        der = b"\x30" + bytes([len(body)]) + body
        Path(self.file("opened.der")).write_bytes(der)
        spki = openssl("pkey", "-inform", "DER", "-in", self.file("opened.der"), "-pubout",
                       "-outform", "DER")
        self.assertEqual(spki[-65:], point)
        self.assertIn(b"", spki)
        return spki, number

    def check_envelope(self, answer, enc_cert, key="new"):
        """It holds the private key of that certificate. Returns the private number's bytes."""
        public, private = self.open_envelope(answer, key)
        if self.alg == "sm2":
            # libcrypto computes the point of the number anew when none is given
            bare = bytes.fromhex("020101") + b"\x04\x20" + private + bytes.fromhex(
                "a00a06082a811ccf5501822d")
            Path(self.file("bare.der")).write_bytes(b"\x30" + bytes([len(bare)]) + bare)
            public = openssl("pkey", "-inform", "DER", "-in", self.file("bare.der"), "-pubout",
                             "-outform", "DER")
            self.assertEqual(public, self.spki(enc_cert))
        else:
            text = openssl("x509", "-in", self.pem(enc_cert, "enc"), "-noout", "-modulus").decode()
            self.assertEqual(int(text.strip().split("=")[1], 16), public)
        return private

    def both(self, order="o1"):
        answer = self.ok("result", order=order)
        return answer, bytes.fromhex(answer["sign_cert"]), bytes.fromhex(answer["enc_cert"])

    # ---- recovery ----

    def replacement(self, order="o2", key="fresh", token="SN0002", sn="SN0001", code=None):
        """A new token with its certificate, in place of the key whose certificate `old` is."""
        members = self.prepare_members(order=order, kind="damaged", old=self.signed)
        self.assertEqual(self.ask("prepare", **members), {})
        self.genkey(key)
        csr = self.csr(key)
        self.ok("request", order=order, csr=csr.hex(), token=token,
                approvals=self.request_approvals(csr, token, order))
        return self.both(order)

    def recovery(self, enc_cert, sign_cert, names=("wang", "zhao"), **other):
        """Members of `recover`, signed by the new key and by operators; to: DER of a public key."""
        members = {"order": "o2", "sn": "SN0002", "notify": PHONE, "key": "fresh", **other}
        enc = hashlib.sha256(enc_cert).hexdigest()
        key = hashlib.sha256(self.spki(sign_cert)).hexdigest()
        to = members.pop("to", None)
        line = f"to={hashlib.sha256(to).hexdigest()}\n" if to else ""
        signature = self.sign(members.pop("key"), "recover",
                              f"order={members['order']}\nsn={members['sn']}\nenc={enc}\n{line}")
        members |= {"to": to.hex()} if to else {}
        body = (f"recover\norder={members['order']}\nsn={members['sn']}\nkey={key}\nenc={enc}\n"
                f"notify={members['notify']}\n{line}")
        return {**members, "enc_cert": enc_cert.hex(), "signature": signature,
                "approvals": self.approvals(body, names)}
