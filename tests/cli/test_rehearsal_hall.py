#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whom the rehearsal's hall lets in, and whom not: signatures made by plain openssl, no browser."""

import base64
import json
import os
import shutil
import ssl
import sys
import tempfile
import unittest
import urllib.parse

from hall_case import (CA, CODE, FIXTURES, UNIT, Hall, Visitor, der, halves, have_nginx, run, sign)


class HallCase(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.box = tempfile.mkdtemp(prefix="ouk-hall-", dir="/tmp")
        cls.addClassCleanup(shutil.rmtree, cls.box, ignore_errors=True)
        cls.hall = Hall(os.path.join(cls.box, "hall"), *cls.options)
        cls.addClassCleanup(cls.hall.stop)

    def enter(self, alg="rsa", cert=None, visitor=None, way="bjca", change=bytes):
        """Logs in with a right signature, changed by `change`: (visitor, status, page)."""
        visitor = visitor or Visitor(self.hall)
        cert = cert or self.hall.certificate("unit-" + alg, alg)[0]
        text = visitor.challenge(way)["random"]
        signature = change(sign(alg, "%s/%s-sign.key" % (FIXTURES, alg), text))
        status, _, page = visitor.login(cert, signature, way)
        return visitor, status, page

    def refused(self, why, status, page):
        self.assertEqual(status, 403)
        self.assertIn('data-why="%s"' % why, page)


class LoginTest(HallCase):
    def test_a_unit_with_a_good_certificate_comes_in(self):
        for alg in ("rsa", "sm2"):
            with self.subTest(alg):
                visitor, status, _ = self.enter(alg)
                self.assertEqual(status, 303)
                told = visitor.session()
                self.assertEqual((told["unit"], told["code"], told["way"], told["algorithm"]),
                                 (UNIT, CODE, "bjca", alg.upper()))
                page = visitor.ask("GET", "/inside")[2]
                self.assertIn(UNIT, page)

    def test_sm2_signatures_come_in_three_forms(self):
        def blob(width):
            return lambda signature: b"".join(half.to_bytes(width, "big") for half in
                                              halves(signature))
        for width in (32, 64):
            with self.subTest(width):
                self.assertEqual(self.enter("sm2", change=blob(width))[1], 303)

    def test_a_signed_message_comes_in_and_an_altered_one_does_not(self):
        cert, key = self.hall.certificate("message")
        for attached in (["-nodetach"], []):
            for end, want in ((b"", 303), (b"!", 403)):
                with self.subTest((attached, end)):
                    visitor = Visitor(self.hall)
                    text = visitor.challenge("hebca")["random"].encode()
                    message = run("openssl", "cms", "-sign", "-binary", "-outform", "DER", *attached,
                                  "-signer", cert, "-inkey", key, data=text + end)
                    self.assertEqual(visitor.login(cert, message, "hebca", Kind="message")[0], want)

    def test_an_origin_bound_login_is_good_here_only(self):
        for alg, name in (("rsa", "rsa-sha256"), ("sm2", "sm2-sm3")):
            for origin, want in ((self.hall.about["url"], 200), ("https://other.test", 403)):
                with self.subTest((alg, origin)):
                    visitor = Visitor(self.hall)
                    cert, key = self.hall.certificate("modern-" + alg, alg)
                    text = visitor.challenge("modern")["random"]
                    body = b"OpenUKey-sig-v1\0login\0" + origin.encode() + b"\0"
                    body += base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
                    token = json.dumps({
                        "format": "openukey-login-1", "algorithm": name,
                        "certificate": base64.b64encode(der(cert)).decode(),
                        "signature": base64.b64encode(sign(alg, key, body)).decode()})
                    self.assertEqual(visitor.ask("POST", "/login/modern", token)[0], want)
                    self.assertEqual(visitor.session() is not None, want == 200)

    def test_a_control_s_answer_names_the_hall(self):
        cert, key = self.hall.certificate("control")
        for origin, want in ((self.hall.about["url"], 303), ("https://other.test", 403)):
            visitor = Visitor(self.hall)
            text = visitor.challenge("xjca")["random"]
            data = "XJCA_CertAuth|%s|%s/login/xjca?random=%s|housing-fund|%s" % (
                origin, self.hall.about["url"], text, UNIT)
            status = visitor.login(cert, sign("rsa", key, data), "xjca", Name=UNIT)[0]
            self.assertEqual(status, want)

    def test_what_was_signed_once_is_not_good_again(self):
        visitor, cert = Visitor(self.hall), self.hall.certificate("again")[0]
        signature = sign("rsa", FIXTURES + "/rsa-sign.key", visitor.challenge()["random"])
        first = dict(visitor.cookies)
        self.assertEqual(visitor.login(cert, signature)[0], 303)
        self.refused("challenge", *visitor.login(cert, signature)[::2])
        visitor.cookies = first
        self.refused("challenge", *visitor.login(cert, signature)[::2])

    def test_a_wrong_attempt_uses_the_challenge_up(self):
        visitor, cert = Visitor(self.hall), self.hall.certificate("wrong")[0]
        signature = sign("rsa", FIXTURES + "/rsa-sign.key", visitor.challenge()["random"])
        self.refused("signature", *visitor.login(cert, signature[:-1] + b"\0")[::2])
        self.refused("challenge", *visitor.login(cert, signature)[::2])

    def test_a_challenge_is_for_one_visitor_one_way_and_the_newest_only(self):
        cert, key = self.hall.certificate("other")
        one, other = Visitor(self.hall), Visitor(self.hall)
        text = one.challenge()["random"]
        other.challenge()
        self.refused("signature", *other.login(cert, sign("rsa", key, text))[::2])
        self.refused("challenge", *one.login(cert, sign("rsa", key, text), "hebca")[::2])
        old = one.challenge()["random"]
        self.assertNotEqual(old, one.challenge()["random"])
        self.refused("signature", *one.login(cert, sign("rsa", key, old))[::2])

    def test_certificates_that_are_not_good_do_not_come_in(self):
        stranger = os.path.join(self.box, "stranger")
        run(CA, "init", stranger, "--alg", "rsa")
        revoked = self.hall.certificate("revoked")[0]
        run(CA, "revoke", self.hall.ca(), "--cert", revoked)
        run(CA, "encryption", self.hall.ca(), "--for", revoked, "--out-cert", self.box + "/enc.crt",
            "--out-key", self.box + "/enc.key", "--out-wrapped", self.box + "/w", "--out-blob",
            self.box + "/b")
        rows = {"ended": self.hall.certificate("ended", days="-1")[0],
                "foreign": self.hall.certificate("foreign", ca=stranger)[0],
                "revoked": revoked, "use": self.box + "/enc.crt"}
        for why, cert in rows.items():
            with self.subTest(why):
                self.refused(why, *self.enter(cert=cert)[1:])
        self.refused("foreign", *self.enter(cert=self.hall.ca() + "/root.crt")[1:])

    def test_a_revoked_sm2_certificate_does_not_come_in(self):
        cert = self.hall.certificate("revoked-sm2", "sm2")[0]
        self.assertEqual(self.enter("sm2", cert=cert)[1], 303)
        run(CA, "revoke", self.hall.ca("sm2"), "--cert", cert)
        self.refused("revoked", *self.enter("sm2", cert=cert)[1:])

    def test_another_key_s_signature_is_not_the_holder_s(self):
        cert = self.hall.certificate("mine", "sm2")[0]
        self.refused("signature", *self.enter("rsa", cert=cert)[1:])

    def test_garbage_is_refused(self):
        visitor, cert = Visitor(self.hall), self.hall.certificate("garbage")[0]
        good = base64.b64encode(der(cert)).decode()
        for fields in ({}, {"UserCert": good}, {"UserCert": good, "UserSignedData": "%%%"},
                       {"UserCert": "AAAA", "UserSignedData": "AAAA"},
                       {"UserCert": good + "AAAA", "UserSignedData": "AAAA"},
                       {"UserSignedData": "MAA=", "Kind": "message"}):
            with self.subTest(fields):
                visitor.challenge()
                body = urllib.parse.urlencode(fields)
                status, _, page = visitor.ask("POST", "/login/bjca", body)
                self.assertEqual(status, 403, page)
        self.assertEqual(visitor.ask("POST", "/login/bjca", b"\xff\xfe" * 50)[0], 403)
        self.assertEqual(visitor.ask("POST", "/login/nobody", b"")[0], 404)
        self.assertIsNone(visitor.session())

    def test_too_much_is_not_read(self):
        visitor = Visitor(self.hall)
        visitor.challenge()
        try:
            status = visitor.ask("POST", "/login/bjca", b"x" * 70000)[0]
        except OSError:  # the hall hung up while it was told
            status = 413
        self.assertEqual(status, 413)
        self.assertEqual(self.enter()[1], 303)

    def test_the_session_is_the_browser_s_alone_and_ends(self):
        visitor = Visitor(self.hall)
        visitor.challenge()
        before = visitor.cookies["__Host-hall"]
        self.enter(visitor=visitor)
        for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
            self.assertIn(word, visitor.set_cookie)
        self.assertNotEqual(visitor.cookies["__Host-hall"], before)
        kept = dict(visitor.cookies)
        visitor.cookies = {"__Host-hall": before}
        self.assertIsNone(visitor.session())
        visitor.cookies = dict(kept)
        self.assertEqual(visitor.ask("POST", "/logout", b"")[0], 303)
        visitor.cookies = kept
        self.assertIsNone(visitor.session())

    def test_another_site_s_page_logs_nobody_in(self):
        visitor = Visitor(self.hall)
        visitor.challenge()
        status, _, page = visitor.ask("POST", "/login/bjca", b"", {"Origin": "https://evil.test"})
        self.refused("origin", status, page)

    def test_the_server_s_own_signature_over_the_challenge_is_right(self):
        told = Visitor(self.hall).challenge()
        for name in ("serverCert", "serverSign"):
            with open(os.path.join(self.box, name), "wb") as file:
                file.write(base64.b64decode(told[name]))
        key = run("openssl", "x509", "-inform", "DER", "-in", self.box + "/serverCert", "-pubkey",
                  "-noout")
        with open(self.box + "/server.pub", "wb") as file:
            file.write(key)
        run("openssl", "dgst", "-sha256", "-verify", self.box + "/server.pub", "-signature",
            self.box + "/serverSign", data=told["random"].encode())

    def test_without_tls_the_cookie_is_not_the_other_one(self):
        visitor, base = Visitor(self.hall), self.hall.about["http"]
        cert, key = self.hall.certificate("plain")
        text = visitor.challenge("hebca", base)["random"]
        self.assertEqual(visitor.login(cert, sign("rsa", key, text), "hebca", base)[0], 303)
        self.assertEqual(visitor.session(base)["way"], "hebca")
        self.assertIsNone(visitor.session())

    def test_no_page_is_missing_and_no_file_is_beside_them(self):
        visitor = Visitor(self.hall)
        for path in ("/", "/bjca/", "/bjca/once/", "/hebca/", "/hebca/pin/", "/xjca/", "/modern/",
                     "/hall.js", "/bjca.js", "/hebca.js", "/xjca.js", "/modern.js", "/hall.css"):
            with self.subTest(path):
                self.assertEqual(visitor.ask("GET", path)[0], 200)
        for path in ("/inside/", "/frame/", "/bjca/nothing/", "/../commands.py", "/hall.key",
                     "/extra/a.html", "/%2e%2e/hall.key"):
            with self.subTest(path):
                self.assertIn(visitor.ask("GET", path)[0], (400, 404))

    def test_the_page_speaks_the_visitor_s_language(self):
        visitor = Visitor(self.hall)
        for asked, lang in (({"Accept-Language": "zh-CN,en"}, "zh"), ({}, "en")):
            self.assertIn('<html lang="%s">' % lang, visitor.ask("GET", "/bjca/", None, asked)[2])
        self.assertIn('<html lang="zh">', visitor.ask("GET", "/?lang=zh")[2])


class MutualTest(HallCase):
    """Certificates in TLS, here behind nginx."""

    def mutual(self, cert=None, key=None):
        visitor = Visitor(self.hall, cert, key)
        status, headers, page = visitor.ask("GET", self.hall.about["mutual"] + "/")
        return visitor, status, headers.get("Location"), page

    def test_a_certificate_in_tls_is_enough(self):
        visitor, status, where, _ = self.mutual(*self.hall.certificate("tls"))
        self.assertEqual((status, where), (303, self.hall.about["url"] + "/inside"))
        self.assertEqual(visitor.session()["way"], "mutual")

    def test_none_is_not(self):
        self.refused("none", *self.mutual()[1::2])

    def test_revoked_ended_and_foreign_ones_are_not(self):
        revoked = self.hall.certificate("revoked")
        run(CA, "revoke", self.hall.ca(), "--cert", revoked[0])
        self.refused("revoked", *self.mutual(*revoked)[1::2])
        stranger = os.path.join(self.box, "stranger")
        run(CA, "init", stranger, "--alg", "rsa")
        for why, pair in (("ended", self.hall.certificate("ended", days="-1")),
                          ("foreign", self.hall.certificate("foreign", ca=stranger))):
            with self.subTest(why):
                self.not_let_in(why, pair)

    def not_let_in(self, why, pair):
        self.refused(why, *self.mutual(*pair)[1::2])

    def test_a_header_is_not_a_certificate(self):
        cert = self.hall.certificate("header")[0]
        with open(cert, encoding="ascii") as file:
            told = {"X-Hall-Certificate": urllib.parse.quote(file.read()), "X-Hall-Verify": "SUCCESS"}
        visitor = Visitor(self.hall)
        for base in ("mutual", "url"):
            visitor.ask("GET", self.hall.about[base] + "/", None, told)
            self.assertIsNone(visitor.session())


class AloneTest(MutualTest):
    """The same with the hall's own TLS, which hangs up on certificates that it does not know."""

    options = ("--without-nginx",)

    def not_let_in(self, why, pair):
        with self.assertRaises((ssl.SSLError, OSError)):
            self.mutual(*pair)

    def test_a_header_is_not_a_certificate(self):
        super().test_a_header_is_not_a_certificate()

    def test_a_signature_comes_in_too(self):
        self.assertEqual(self.enter()[1], 303)


class RuleTest(HallCase):
    options = ("--challenge-life", "0")

    def test_a_challenge_that_was_not_answered_in_time_is_void(self):
        self.refused("challenge", *self.enter()[1:])


class ListTest(HallCase):
    def test_without_a_list_that_is_good_today_nobody_comes_in(self):
        run(CA, "crl", self.hall.ca(), "--days", "-1")
        self.refused("no-list", *self.enter()[1:])
        run(CA, "crl", self.hall.ca())
        self.assertEqual(self.enter()[1], 303)


class CommandTest(HallCase):
    def test_it_is_found_again_and_leaves_nothing_running(self):
        hall = self.hall
        self.assertEqual(hall.command("url").strip(), hall.about["url"])
        self.assertIn(hall.about["url"], hall.command("start"))
        self.assertIn("running", hall.command("status"))
        hall.stop()
        self.assertIn("not running", hall.command("status"))
        with self.assertRaises(OSError):
            Visitor(hall).challenge()
        hall.command("start")
        self.assertEqual(hall.command("url").strip(), hall.about["url"])


if not have_nginx():
    print("nginx is not installed: the hall has TLS of its own", file=sys.stderr)
    MutualTest = None
unittest.main()
