# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a CA does on its own page or at its counter: the page that says so, its button, its card."""

import json
import os
import unittest

from assistant_case import CODE, FIXTURES, PIN, UNIT, AssistantCase, long_in_english

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


class ServicesTest(AssistantCase):
    language, readers = LANGUAGE, 1

    def key_of(self, name, issuer, serial):
        """A key whose certificate names that CA."""
        made, request, ca = (self.desktop.path(name + end) for end in (".crt", ".csr", ".ca"))
        self.quiet("openssl", "req", "-x509", "-new", "-utf8", "-key", FIXTURES + "/rsa-enc.key", "-out",
                   ca, "-subj", issuer, "-days", "3650")
        self.quiet("openssl", "req", "-new", "-utf8", "-key", FIXTURES + "/rsa-sign.key", "-out",
                   request, "-subj", "/C=CN/O=%s/CN=%s" % (UNIT, UNIT))
        self.quiet("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey",
                   FIXTURES + "/rsa-enc.key", "-set_serial", "0x" + CODE[2:8], "-days", "40", "-out", made)
        self.desktop.provision(name, "--serial", serial, "--label", name, "--pin", PIN,
                               "--container", "Unit", "--sign-key", FIXTURES + "/rsa-sign.key",
                               "--sign-cert", made)
        self.desktop.plug(0, name)

    def address(self, ca):
        with open(os.path.join(os.environ["OPENUKEY_PROFILES"], ca + ".json"),
                  encoding="utf-8") as file:
            return json.load(file)["unlock"]["url"]

    def test_a_closed_service_has_its_official_page_opened_with_papers_and_numbers(self):
        opened = self.fake_browser()
        self.key_of("web", "/C=CN/O=BJCA/CN=Beijing SM2 CA", "TEST0051")
        self.open()
        self.tab("Services")
        self.picture("services-key")
        self.row(self.word("Renew the Certificate"))
        self.sees_part("220")
        self.sees_part("400-919-7888")
        self.picture("services-web")
        self.press("_Open the CA's Page")
        self.assertEqual(self.opened(opened), [self.address("bjca")])

    @long_in_english
    def test_a_counter_lists_papers_by_kind_of_unit_and_its_number_is_copied(self):
        self.key_of("counter", "/C=CN/O=XJCA/CN=XJCA CA2", "TEST0052")
        self.open()
        self.tab("Services")
        self.row(self.word("Replace a Lost or Broken Key"))
        unit = self.word("What to bring: %s").partition("%")[0]
        self.sees_part(unit)
        self.assertEqual(len([node for node in self.window.all("label", unit + "…", False)]), 2)
        self.assertIsNone(self.window.find("push button", self.word("_Open the CA's Page")))
        self.sees("_Print a Card…", role="push button")
        self.picture("services-counter")
        self.window.wait("push button", self.word("Copy %s", "0991-2819290")).press()
        self.sees("Copied: %s", "0991-2819290")

    @long_in_english
    def test_without_a_key_one_can_still_apply_and_report_a_loss(self):
        self.open()
        self.desktop.key("alt+5")
        self.sees("Report a Key as Lost", role="list item")
        self.assertIsNone(self.window.find("list item", self.word("Unlock the Key")))
        self.picture("services-no-key")
        self.row(self.word("Apply for a New Key"))
        self.sees("_Print a Card…", role="push button")


if __name__ == "__main__":
    unittest.main()
