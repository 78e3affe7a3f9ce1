#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey login against the rehearsal's hall over https: whoever answers there is looked at before
anything opens. The browser only writes down what it is asked to open."""

import json
import os
import shutil
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(__file__))

import hall_case  # noqa: E402
from ukey_case import NO_KEY, REFUSED, TIMEOUT, UkeyCase  # noqa: E402

PROFILES = os.environ["OPENUKEY_PROFILES"]
HERE = ("login", "--module", os.environ["OPENUKEY_PKCS11_MODULE"], "--rehearsal")
KNOWN = "known hall: https, its certificate is valid"


class LoginAtTheHall(UkeyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.room = os.path.join(os.environ.get("TMPDIR", "/tmp"), "ukey-hall-%d" % os.getpid())
        os.mkdir(cls.room, 0o700)
        cls.addClassCleanup(shutil.rmtree, cls.room)
        cls.hall = hall_case.Hall(cls.room + "/hall")
        cls.addClassCleanup(cls.hall.stop)
        cls.url = cls.hall.about["url"] + "/"

    def setUp(self):
        super().setUp()
        self.opened = self.box + "/opened"
        self.settings = {"HOME": self.box, "XDG_DATA_HOME": self.box + "/data",
                         "XDG_STATE_HOME": self.box + "/state",
                         "XDG_CONFIG_HOME": self.box + "/config",
                         "PCSCLITE_CSOCK_NAME": self.box + "/none",
                         "OPENUKEY_PROFILES": self.box + "/profiles",
                         "OPENUKEY_REHEARSAL_ANCHORS": self.hall.ca()}
        self.browser()
        self.profile("rehearsal", [self.url])

    def environment(self, language):
        return {**super().environment(language), **self.settings}

    def browser(self):
        os.makedirs(self.box + "/data/applications")
        os.makedirs(self.box + "/config")
        self.write("browser", '#!/bin/sh\necho "$1" >> "%s"\n' % self.opened)
        os.chmod("browser", 0o700)
        self.write("data/applications/browser.desktop", "[Desktop Entry]\nType=Application\n"
                   "Name=B\nExec=%s/browser %%u\n"
                   "MimeType=x-scheme-handler/http;x-scheme-handler/https;\n" % self.box)
        self.write("config/mimeapps.list",
                   "[Default Applications]\nx-scheme-handler/http=browser.desktop\n"
                   "x-scheme-handler/https=browser.desktop\n")

    def profile(self, name, urls):
        """The profile, with its first hall at these addresses."""
        os.makedirs("profiles", exist_ok=True)
        with open("%s/%s.json" % (PROFILES, name), encoding="utf-8") as file:
            profile = json.load(file)
        profile["halls"][0].update(urls=urls, checked=profile["published"])
        profile["halls"] = profile["halls"][:1]
        self.write("profiles/%s.json" % name, json.dumps(profile, ensure_ascii=False))
        self.run_ok(PROFILES + "/sign", "profiles/%s.json" % name)
        return "%s/%s" % (name, profile["halls"][0]["id"])

    def serve(self, *options, ca=None):
        """The hall comes back with another certificate of its own; its first one at the end."""
        folder = self.hall.folder
        kept = self.box + "/hall.crt"
        shutil.copy(folder + "/hall.crt", kept)
        self.addCleanup(self.hall.command, "start")
        self.addCleanup(shutil.copy, kept, folder + "/hall.crt")
        self.addCleanup(self.hall.command, "stop")
        hall_case.run(hall_case.CA, "sign", ca or self.hall.ca(), "--csr", folder + "/hall.csr",
                      "--out", folder + "/hall.crt", *options)
        self.hall.command("stop")
        self.hall.command("start")

    def refused(self, *words):
        """What is said instead of opening."""
        done = self.ukey(*HERE, "sample", code=REFUSED)
        self.assertIn("[HALL_DANGER]", done.err)
        self.assertNotIn(KNOWN, done.out)
        self.assertFalse(os.path.exists(self.opened))
        for word in words:
            self.assertIn(word, done.err)

    def test_a_good_chain_opens_and_gets_the_mark(self):
        done = self.ukey(*HERE, "sample")
        self.assertIn(KNOWN, done.out)
        limit = time.monotonic() + TIMEOUT
        while self.pages() != self.url + "\n" and time.monotonic() < limit:
            time.sleep(0.05)
        self.assertEqual(self.pages(), self.url + "\n")

    def pages(self):
        """What the browser was asked to open."""
        if not os.path.exists(self.opened):
            return ""
        with open(self.opened, encoding="utf-8") as file:
            return file.read()

    def test_another_ca_is_told_before_anything_opens(self):
        other = self.box + "/other"
        hall_case.run(hall_case.CA, "init", other, "--alg", "rsa")
        self.serve("--host", "localhost", ca=other)
        self.refused("reads along")

    def test_an_expired_certificate_is_told_before_anything_opens(self):
        self.serve("--host", "localhost", "--days", "-1")
        self.refused("has expired")

    def test_another_name_is_told_before_anything_opens(self):
        self.serve("--host", "other.openukey.test")
        self.refused("for another name")

    def test_a_real_hall_is_not_vouched_for_by_the_rehearsal(self):
        os.remove("profiles/rehearsal.json")
        name = self.profile("hebca", [self.url])
        done = self.ukey(*HERE, name, code=REFUSED)
        self.assertIn("[HALL_DANGER]", done.err)
        self.assertFalse(os.path.exists(self.opened))

    def test_an_address_that_looks_alike_is_refused_with_the_true_halls_name(self):
        self.profile("rehearsal", ["https://hall.openukey.test/"])
        for address in ("https://ha1l.openukey.test/login", "ha1l.openukey.test",
                        "http://hall.openukey.test.example/"):
            done = self.ukey(*HERE, address, code=REFUSED)
            self.assertIn("[PAGE_LOOKALIKE]", done.err)
            self.assertIn("Sample City housing fund", done.err)
            self.assertIn("https://hall.openukey.test/", done.err)
        self.ukey(*HERE, "https://elsewhere.example/", code=NO_KEY)
        self.assertFalse(os.path.exists(self.opened))
        done = self.ukey(*HERE, "--show", "--offline", "https://hall.openukey.test/any/page")
        self.assertIn("Sample City housing fund", done.out)


if __name__ == "__main__":
    unittest.main()
