#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What ukey show says of the CA of a rehearsal key: profile, hotline, root, revocation."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))

from rig_case import CA, RigCase  # noqa: E402


class Show(RigCase):
    def issued(self, alg):
        self.request(alg)
        self.import_files("--sign-cert", "sign.crt")
        self.anchors(os.path.abspath("ca"))

    def anchors(self, folder):
        os.environ["OPENUKEY_REHEARSAL_ANCHORS"] = folder
        self.addCleanup(os.environ.pop, "OPENUKEY_REHEARSAL_ANCHORS", None)

    def test_the_rehearsals_root_vouches_for_its_keys(self):
        self.issued("sm2")
        shown = self.ukey("show", "--json").json()
        self.assertEqual((shown["chain"], shown["ca"]["profile"]), ("ok", "rehearsal"))
        self.assertNotIn("revocation", shown)
        text = self.ukey("show", language="zh_CN").out
        self.assertIn("担保：证书由 CA 的根证书担保。", text)
        self.assertIn("不属于任何 CA，没有法律效力", text)
        self.assertIn("热线：000-0000", text)
        self.assertIn("Revoked: Not checked: the certificate does not say where to ask.",
                      self.ukey("show", "--check").out)
        self.assertEqual(self.ukey("show", "--check", "--json").json()["revocation"]["state"],
                         "not-checked")

        # another rehearsal's root does not
        self.run_ok(CA, "init", "other", "--alg", "sm2")
        self.anchors(os.path.abspath("other"))
        self.assertEqual(self.ukey("show", "--json").json()["chain"], "incomplete")
        self.anchors("/nowhere")
        self.assertEqual(self.ukey("show", "--json").json()["chain"], "no-anchor")


if __name__ == "__main__":
    unittest.main()
