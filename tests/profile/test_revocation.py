#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Revocation against real responders and servers, RSA and SM2: proven, or not checked."""

import os
import shutil
import tempfile
import time
import unittest

from authority import Authority, Responder, Server, free_port, probe

LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"


class Revocation:
    """Both algorithms run all of it."""

    @classmethod
    def setUpClass(cls):
        cls.box = tempfile.mkdtemp(prefix="revocation-")
        cls.port = free_port()
        cls.ca = Authority(cls.box + "/ca", cls.alg, "http://127.0.0.1:%d/" % cls.port)
        cls.good, cls.bad = cls.ca.issue("good"), cls.ca.issue("bad")
        cls.ca.revoke(cls.bad, "keyCompromise")
        cls.delegate = cls.ca.issue("delegate", "responder")
        cls.plain = cls.ca.issue("plain")
        cls.stranger = Authority(cls.box + "/stranger", cls.alg)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.box)

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)

    def respond(self, words, *more):
        responder = Responder(words, self.port, *more)
        self.addCleanup(responder.stop)

    def ask(self, cert, issuer=None, cancel=0, **env):
        return probe("revocation", cert, issuer or self.ca.ca, cancel, **env)

    def leaf(self, name, ocsp="", crl=""):
        """A certificate with other addresses."""
        self.ca.configure(ocsp, crl)
        self.addCleanup(self.ca.configure, "http://127.0.0.1:%d/" % self.port, "")
        return self.ca.issue(name)

    def judged(self, done, state, why="NONE"):
        self.assertEqual((done["state"], done["why"]), (state, why), done)

    # ---- OCSP ----

    def test_the_responder_says_good_or_revoked_and_why(self):
        self.respond(self.ca.ocsp_words())
        done = self.ask(self.good)
        self.judged(done, "GOOD")
        self.assertEqual((done["by"], done["sentence"]), ("ocsp", "The CA has not revoked it."))
        done = self.ask(self.bad)
        self.judged(done, "REVOKED")
        self.assertEqual(done["reason"], "1")
        self.assertLess(abs(time.time() - int(done["revoked_at"])), 600)
        self.assertIn("the key may be in other hands", done["sentence"])

    def test_a_responder_that_the_ca_appointed_is_believed(self):
        self.respond(self.ca.ocsp_words(self.delegate, self.ca.dir + "/delegate.key"))
        self.judged(self.ask(self.good), "GOOD")
        self.judged(self.ask(self.bad), "REVOKED")

    def test_a_unit_with_a_certificate_is_no_responder(self):
        self.respond(self.ca.ocsp_words(self.plain, self.ca.dir + "/plain.key"))
        self.judged(self.ask(self.good), "NOT_CHECKED", "FOREIGN")

    def test_a_strangers_answer_is_no_answer(self):
        self.respond(self.ca.ocsp_words(self.stranger.ca, self.stranger.key))
        self.judged(self.ask(self.good), "NOT_CHECKED", "FOREIGN")

    def test_a_certificate_the_ca_does_not_know(self):
        with open(self.ca.dir + "/index.txt", encoding="ascii") as file:
            lines = [line for line in file if not line.rstrip().endswith("CN=good")]
        with open(self.box + "/short.txt", "w", encoding="ascii") as file:
            file.writelines(lines)
        words = self.ca.ocsp_words()
        words[words.index("-index") + 1] = self.box + "/short.txt"
        self.respond(words)
        self.judged(self.ask(self.good), "NOT_CHECKED", "UNKNOWN")

    def test_answers_made_beforehand_are_good_for_a_while(self):
        answer = self.ca.ocsp_answer(self.good, "-ndays", 3)
        for offset, state, why in ((0, "GOOD", "NONE"), (2 * 86400, "GOOD", "NONE"),
                                   (4 * 86400, "NOT_CHECKED", "STALE"),
                                   (-86400, "NOT_CHECKED", "STALE")):
            self.judged(probe("ocsp", self.good, self.ca.ca, answer, offset), state, why)
        endless = self.ca.ocsp_answer(self.good)
        self.judged(probe("ocsp", self.good, self.ca.ca, endless, 3600), "GOOD")
        self.judged(probe("ocsp", self.good, self.ca.ca, endless, 2 * 86400), "NOT_CHECKED", "STALE")

    def test_an_answer_about_another_certificate(self):
        answer = self.ca.ocsp_answer(self.good, "-ndays", 3)
        self.judged(probe("ocsp", self.bad, self.ca.ca, answer, 0), "NOT_CHECKED", "BAD_ANSWER")

    def test_a_changed_answer(self):
        with open(self.ca.ocsp_answer(self.bad, "-ndays", 3), "rb") as file:
            data = bytearray(file.read())
        data[-1] ^= 1 # of the certificate that came along: the signature still holds
        path = self.box + "/changed.der"
        for place in range(60, len(data), 97):
            changed = bytearray(data)
            changed[place] ^= 0x40
            with open(path, "wb") as file:
                file.write(changed)
            done = probe("ocsp", self.bad, self.ca.ca, path, 0)
            self.assertNotEqual(done["state"], "GOOD", place)

    # ---- CRL ----

    def test_the_list_says_good_or_revoked(self):
        url = self.server.url("/ca.crl")
        good, bad = self.leaf("listed-good", crl=url), self.leaf("listed-bad", crl=url)
        self.ca.revoke(bad, "superseded")
        self.server.answers["/ca.crl"] = self.ca.crl()
        done = self.ask(good)
        self.judged(done, "GOOD")
        self.assertEqual((done["by"], done["address"]), ("crl", url))
        done = self.ask(bad)
        self.judged(done, "REVOKED")
        self.assertEqual(done["reason"], "4")
        self.server.answers["/ca.crl"] = self.ca.crl(form="PEM")
        self.judged(self.ask(bad), "REVOKED")

    def test_the_list_is_asked_when_the_responder_is_down(self):
        cert = self.leaf("both", "http://127.0.0.1:%d/" % free_port(), self.server.url("/ca.crl"))
        self.server.answers["/ca.crl"] = self.ca.crl()
        done = self.ask(cert)
        self.judged(done, "GOOD")
        self.assertEqual(done["by"], "crl")

    def test_lists_that_prove_nothing(self):
        cert = self.leaf("lists", crl=self.server.url("/ca.crl"))
        old = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"]
        early = ["-crl_lastupdate", "20990101000000Z", "-crl_nextupdate", "20990201000000Z"]
        rows = [(self.ca.crl(*old), "STALE"), (self.ca.crl(*early), "STALE"),
                (self.ca.crl("-crlexts", "part"), "BAD_ANSWER"),
                (self.stranger.crl(), "FOREIGN"), (b"<html>log in first</html>", "BAD_ANSWER"),
                (b"", "BAD_ANSWER"), (self.ca.crl()[:-20], "BAD_ANSWER"), (404, "HTTP"),
                (500, "HTTP"), (b"0" * (17 << 20), "TOO_BIG")]
        for answer, why in rows:
            self.server.answers["/ca.crl"] = answer
            self.judged(self.ask(cert), "NOT_CHECKED", why)

    # ---- the network ----

    def test_nobody_there(self):
        done = self.ask(self.good)
        self.judged(done, "NOT_CHECKED", "OFFLINE")
        self.assertIn("no connection", done["sentence"])

    def test_nobody_is_asked_for_a_certificate_that_nobody_issued(self):
        cert = self.leaf("unasked", self.server.url("/"), self.server.url("/ca.crl"))
        self.judged(self.ask(cert, "-"), "NOT_CHECKED", "NO_ISSUER")
        self.judged(self.ask(cert, self.stranger.ca), "NOT_CHECKED", "NO_ISSUER")
        self.assertEqual(self.server.asked, [])

    def test_no_address_or_one_we_do_not_ask(self):
        self.judged(self.ask(self.leaf("without")), "NOT_CHECKED", "NO_ADDRESS")
        cert = self.leaf("elsewhere", "ldap://127.0.0.1/", "file:///etc/passwd")
        self.judged(self.ask(cert), "NOT_CHECKED", "NO_ADDRESS")

    def test_the_window_goes_on_and_cancel_works_while_a_server_is_silent(self):
        self.server.answers["/"] = "silence"
        cert = self.leaf("silent", self.server.url("/"))
        begin = time.monotonic()
        done = self.ask(cert, cancel=500)
        self.assertEqual(done["state"], "CANCELLED")
        self.assertLess(time.monotonic() - begin, 5)

    @unittest.skipUnless(LONG, "takes 10 seconds")
    def test_a_silent_server_is_given_up(self):
        self.server.answers["/"] = "silence"
        done = self.ask(self.leaf("mute", self.server.url("/")))
        self.judged(done, "NOT_CHECKED", "TIMEOUT")
        self.assertLess(int(done["gap"]), 500)

    def test_the_proxy_is_used(self):
        name = "http://ca.rehearsal.test/ca.crl"
        cert = self.leaf("inside", crl=name)
        self.judged(self.ask(cert), "NOT_CHECKED", "OFFLINE")
        self.server.answers[name] = self.ca.crl()
        self.judged(self.ask(cert, http_proxy=self.server.url("")), "GOOD")
        self.assertEqual(self.server.asked, [name])


class Rsa(Revocation, unittest.TestCase):
    alg = "rsa"


class Sm2(Revocation, unittest.TestCase):
    alg = "sm2"


if __name__ == "__main__":
    unittest.main()
