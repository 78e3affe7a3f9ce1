# SPDX-License-Identifier: LGPL-2.1-or-later
"""Conversations of hall pages, written by hand from what is known of them (talks/*.txt), replayed
byte for byte through the ports; and every signature that came, by openssl alone."""

import wire

wire.own_network()

import base64  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import subprocess  # noqa: E402
import unittest  # noqa: E402

from bridge_case import FIXTURES, HERE, BridgeCase, b64  # noqa: E402

UNIT = "邢台示例商贸有限公司"
DATA = "随机数 8421".encode()
NAME = re.compile(r"\{([a-z][a-z0-9.]*\??)\}")


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *words], input=stdin, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE).stdout


def fixture(alg, pair, kind="pem"):
    return "%s/%s-%s.%s" % (FIXTURES, alg, pair, kind)


def der(alg, pair):
    return openssl("x509", "-in", fixture(alg, pair), "-outform", "DER")


def local(alg, which, form):
    """A date of the certificate as this computer's clock says it."""
    text = openssl("x509", "-in", fixture(alg, "sign"), "-noout", which).decode().split("=")[1]
    return subprocess.check_output(["date", "-d", text.strip(), form]).decode().strip()


def facts(alg):
    """What {name} stands for in a conversation."""
    return {
        "unit": UNIT, "unit.ascii": UNIT.encode("ascii", "backslashreplace").decode(),
        "sign": b64(der(alg, "sign")), "enc": b64(der(alg, "enc")),
        "serial": openssl("x509", "-in", fixture(alg, "sign"), "-noout",
                          "-serial").decode().strip().split("=")[1],
        "notbefore": local(alg, "-startdate", "+%Y%m%d%H%M%S"),
        "notafter": local(alg, "-enddate", "+%Y%m%d%H%M%S"),
        "notafter.text": local(alg, "-enddate", "+%Y-%m-%d %H:%M:%S"),
    }


class Talk:
    """One file of talks/: lines from the page (>) and to it (<)."""

    def __init__(self, name, known):
        self.known = dict(known)
        with open(os.path.join(HERE, "talks", name), encoding="utf-8") as file:
            lines = [line.rstrip("\n") for line in file]
        self.lines = [(line[0], line[2:]) for line in lines if line[:2] in ("> ", "< ")]

    def said(self, text):
        return NAME.sub(lambda hit: self.known[hit[1]], text)

    def hear(self, case, want, got):
        """The very bytes, but for what is taken down here for the first time."""
        parts, last = [], 0
        for hit in NAME.finditer(want):
            parts.append(re.escape(want[last:hit.start()]))
            parts.append(re.escape(self.known[hit[1]]) if hit[1] in self.known
                         else r"([A-Za-z0-9+/=]+)")
            last = hit.end()
        parts.append(re.escape(want[last:]))
        found = re.fullmatch("".join(parts), got or "")
        case.assertIsNotNone(found, "want %s\n got %s" % (self.said_known(want), got))
        new = [hit[1] for hit in NAME.finditer(want) if hit[1] not in self.known]
        self.known.update(zip(new, found.groups()))

    def said_known(self, text):
        return NAME.sub(lambda hit: self.known.get(hit[1], hit[0]), text)

    def bytes(self, name):
        return base64.b64decode(self.known[name + "?"], validate=True)


class TalksTest(BridgeCase):
    options = ("--ports", wire.REAL_PORTS)

    def setUp(self):
        super().setUp()
        self.folder = self.room.path("signed")
        os.makedirs(self.folder, exist_ok=True)

    def file(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def play(self, name, alg, door, more=()):
        talk = Talk(name, {**facts(alg), **dict(more)})
        page = wire.Socket(door)
        self.addCleanup(page.close)
        for side, text in talk.lines:
            if side == ">":
                page.send(talk.said(text))
            else:
                talk.hear(self, text, page.receive())
        return talk

    def public(self, alg):
        pem = openssl("x509", "-in", fixture(alg, "sign"), "-noout", "-pubkey")
        return self.file(alg + "-public.pem", pem)

    def check_signature(self, alg, data, signature):
        """openssl dgst; SM2's options are those of any SM2 signature."""
        options = ["-sm3", "-sigopt", "distid:1234567812345678"] if alg == "sm2" else ["-sha256"]
        self.assertIn(b"Verified OK", openssl(
            "dgst", *options, "-verify", self.public(alg), "-signature",
            self.file("signature", signature), self.file("data", data)))

    def check_gm_message(self, message, content, attached=True):
        """openssl knows no GM/T 0010; its parts are cut out with asn1parse."""
        path = self.file("message", message)
        lines = openssl("asn1parse", "-inform", "DER", "-in", path).decode().splitlines()
        self.assertIn("1.2.156.10197.6.1.4.2.2", lines[1])
        inner = [line for line in lines if "prim: OCTET STRING" in line]
        for line, want in ((inner[0], content),) if attached else ():
            self.assertEqual(self.cut(path, line), want)
        self.assertEqual(any(b64(self.cut(path, line)) == b64(content) for line in inner), attached)
        self.check_signature("sm2", content, self.cut(path, inner[-1]))

    def cut(self, path, line):
        offset = int(line.split(":")[0])
        head, size = re.search(r"hl=(\d+) l= *(\d+)", line).groups()
        with open(path, "rb") as file:
            return file.read()[offset + int(head):offset + int(head) + int(size)]

    def test_bjca_page_logs_in_with_an_sm2_key(self):
        self.plug()
        talk = self.play("bjca-sm2.txt", "sm2", "bjca")
        self.check_signature("sm2", DATA, talk.bytes("signature"))
        self.check_gm_message(talk.bytes("message"), "原文".encode())
        self.check_gm_message(talk.bytes("detached"), "原文".encode(), attached=False)
        refused = [line.get("function") for line in self.room.events("refused")]
        self.assertIn("InitDevice", refused)
        self.assertIn("SOF_SignHashData", refused)
        # one login was asked for, and the page's PIN is nowhere
        self.assertEqual([note["reason"] for note in self.room.asked()].count("login"), 1)
        self.assertNotIn("9999", str(self.room.journal()) + self.room.read("logs/bridge.log"))

    def test_bjca_page_logs_in_with_an_rsa_key(self):
        self.room.make_key("rsa", "rsa", "TEST0002")
        self.plug("rsa")
        data = self.file("data", DATA)
        known = {"rsa." + digest: b64(openssl("dgst", "-" + digest, "-sign",
                                              fixture("rsa", "sign", "key"), data))
                 for digest in ("sha256", "sha1")}
        talk = self.play("bjca-rsa.txt", "rsa", "bjca", known)
        anchor = ["-CAfile", fixture("rsa", "sign"), "-purpose", "any", "-partial_chain"]
        for name, more in (("message", []), ("detached", ["-content", self.file("c", "原文".encode())])):
            self.assertEqual(openssl("cms", "-verify", "-binary", "-inform", "DER", *anchor, *more,
                                     "-in", self.file(name, talk.bytes(name))), "原文".encode())

    def test_hebca_page_logs_in_with_an_sm2_key(self):
        self.plug()
        talk = self.play("hebca-sm2.txt", "sm2", "hebca")
        for name in ("text", "bytes", "unui"):
            self.check_signature("sm2", "随机数|8421".encode(), talk.bytes(name))
        self.check_gm_message(talk.bytes("message"), "原文".encode())

    def test_blocking_script_logs_in(self):
        self.plug()
        talk = Talk("sync.txt", facts("sm2"))
        body = None
        for side, text in talk.lines:
            if side == ">":
                status, headers, body = wire.post("bjca", talk.said(text).encode())
                self.assertEqual((status, headers["access-control-allow-origin"]), (200, wire.SITE))
            else:
                talk.hear(self, text, body.decode())
        self.check_signature("sm2", DATA, talk.bytes("signature"))

    def test_page_encrypts_and_has_it_opened(self):
        for alg, serial in (("sm2", "TEST0001"), ("rsa", "TEST0003")):
            with self.subTest(alg):
                if alg == "rsa":
                    self.room.make_key("rsa3", alg, serial)
                    self.room.pull(0)
                self.plug("key" if alg == "sm2" else "rsa3")
                self.check_encryption(alg, serial)

    def check_encryption(self, alg, serial):
        page = wire.Socket()
        self.addCleanup(page.close)

        def call(function, *args):
            page.send(json.dumps({"xtx_func_name": function, "call_cmd_id": function,
                                  "param": args}))
            while True:
                answer = json.loads(page.receive())
                if answer["call_cmd_id"] == function:
                    return answer["retVal"]

        secret = "密文 8421"
        enc = b64(der(alg, "enc"))
        cipher = base64.b64decode(call("SOF_PubKeyEncrypt", enc, secret))
        self.assertEqual(openssl("pkeyutl", "-decrypt", "-inkey", fixture(alg, "enc", "key"),
                                 stdin=cipher), secret.encode())
        envelope = call("SOF_EncryptData", enc, secret)
        if alg == "rsa":
            path = self.file("envelope", base64.b64decode(envelope))
            self.assertEqual(openssl("cms", "-decrypt", "-binary", "-inform", "DER", "-in", path,
                                     "-recip", fixture(alg, "enc"), "-inkey",
                                     fixture(alg, "enc", "key")), secret.encode())
        call("SOF_GetUserList")
        self.room.forget_asked()
        got = call("SOF_DecryptData", serial, envelope)
        self.assertEqual(got, secret, call("SOF_GetLastErrMsg"))
        self.assertIn("question", [note["reason"] for note in self.room.asked()])



if __name__ == "__main__":
    unittest.main()
