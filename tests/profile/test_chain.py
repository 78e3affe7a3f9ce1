#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who vouches for a certificate: root, intermediate and unit, RSA and SM2, and what goes wrong."""

import shutil
import tempfile
import unittest

from authority import Authority, openssl, probe

DAY = 86400


class Chain:
    """Both algorithms run all of it."""

    @classmethod
    def setUpClass(cls):
        cls.box = tempfile.mkdtemp(prefix="chain-")
        cls.root = Authority(cls.box + "/root", cls.alg, name="Test Root")
        cls.sub = Authority(cls.box + "/sub", cls.alg, parent=cls.root, name="Test Sub CA")
        cls.leaf = cls.sub.issue("unit")
        # another root of the same name, as a forger would make it
        cls.forger = Authority(cls.box + "/forger", cls.alg, name="Test Root")
        cls.forged_sub = Authority(cls.box + "/forged", cls.alg, parent=cls.forger,
                                   name="Test Sub CA")
        cls.forged = cls.forged_sub.issue("unit")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.box)

    def bundle(self, *certs):
        path = self.box + "/bundle.pem"
        with open(path, "wb") as out:
            for cert in certs:
                with open(cert, "rb") as file:
                    out.write(file.read())
        return path

    def chain(self, leaf, anchors="-", more="-", published="-", offset=0):
        return probe("chain", leaf, anchors, more, published, offset)

    def judged(self, done, state, links=None, bad=None):
        self.assertEqual(done["state"], state, done)
        if links is not None:
            self.assertEqual(int(done["links"]), links, done)
        if bad is not None:
            self.assertEqual(int(done["bad"]), bad, done)

    def test_up_to_the_root(self):
        done = self.chain(self.leaf, self.root.ca, self.sub.ca)
        self.judged(done, "OK", 3, -1)
        self.assertTrue(done["sentence"].startswith("The CA's root vouches"))
        self.judged(self.chain(self.leaf, self.bundle(self.root.ca, self.sub.ca)), "OK", 3)
        self.judged(self.chain(self.root.ca, self.root.ca), "OK", 1)

    def test_up_to_an_intermediate_that_the_profile_names(self):
        self.judged(self.chain(self.leaf, self.sub.ca), "OK", 2)

    def test_a_link_is_missing(self):
        self.judged(self.chain(self.leaf, self.root.ca), "INCOMPLETE", 1)

    def test_no_root_of_this_ca_here(self):
        self.judged(self.chain(self.leaf), "NO_ANCHOR", 1, -1)
        done = self.chain(self.leaf, "-", self.bundle(self.sub.ca, self.root.ca))
        self.judged(done, "NO_ANCHOR", 3, -1)

    def test_another_root_of_the_same_name(self):
        more = self.bundle(self.forged_sub.ca, self.forger.ca)
        self.judged(self.chain(self.forged, self.root.ca, more), "UNTRUSTED")
        self.judged(self.chain(self.forger.ca, self.root.ca), "UNTRUSTED", 1, 0)
        self.assertNotEqual(self.chain(self.forged, self.root.ca, self.sub.ca)["state"], "OK")

    def test_a_changed_certificate(self):
        der = self.box + "/changed.der"
        openssl("x509", "-in", self.leaf, "-outform", "DER", "-out", der)
        with open(der, "r+b") as file:
            data = bytearray(file.read())
            data[data.index(b"unit")] ^= 2
            file.seek(0)
            file.write(data)
        done = self.chain(der, self.root.ca, self.sub.ca)
        self.judged(done, "BROKEN", bad=0)

    def test_a_unit_that_plays_ca(self):
        child = Authority(self.box + "/child", self.alg, name="never used")
        shutil.copy(self.leaf, child.ca)
        shutil.copy(self.sub.dir + "/unit.key", child.key)
        self.addCleanup(shutil.rmtree, child.dir)
        leaf = child.issue("grandchild")
        done = self.chain(leaf, self.root.ca, self.bundle(self.sub.ca, self.leaf))
        self.assertNotEqual(done["state"], "OK")

    def test_ended_and_not_begun(self):
        done = self.chain(self.leaf, self.root.ca, self.sub.ca, offset=40 * DAY)
        self.judged(done, "EXPIRED_LINK", bad=0)
        self.judged(self.chain(self.leaf, self.root.ca, self.sub.ca, offset=-40 * DAY),
                    "EXPIRED_LINK")
        old = self.sub.issue("old", "unit", "-startdate", "20200101000000Z", "-enddate",
                             "20210101000000Z")
        self.judged(self.chain(old, self.root.ca, self.sub.ca), "EXPIRED_LINK", bad=0)

    def test_a_link_that_has_ended(self):
        old = self.root.sign_request(self.sub.key + ".csr", self.box + "/old-sub.pem", "sub",
                                     "-startdate", "20200101000000Z", "-enddate", "20210101000000Z")
        done = self.chain(self.leaf, self.root.ca, old)
        self.judged(done, "EXPIRED_LINK", bad=1)

    def test_with_a_wrong_clock_nobody_is_said_to_have_ended(self):
        past = -3 * 365 * DAY
        done = self.chain(self.leaf, self.root.ca, self.sub.ca, "2026-01-01", past)
        self.judged(done, "CLOCK")
        self.assertIn("clock", done["sentence"])
        # what is wrong at any time is still wrong
        more = self.bundle(self.forged_sub.ca, self.forger.ca)
        self.judged(self.chain(self.forged, self.root.ca, more, "2026-01-01", past), "UNTRUSTED")
        self.judged(self.chain(self.leaf, self.root.ca, self.sub.ca, "2020-01-01"), "OK")


class Rsa(Chain, unittest.TestCase):
    alg = "rsa"


class Sm2(Chain, unittest.TestCase):
    alg = "sm2"


if __name__ == "__main__":
    unittest.main()
