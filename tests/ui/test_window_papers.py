# SPDX-License-Identifier: LGPL-2.1-or-later
"""What leaves 我的证书: exported certificates, calendar files, the hotline's report; the doctor's
page. In the language of OPENUKEY_TEST_LANGUAGE."""

import glob
import os
import re
import subprocess
import time
import unittest

from assistant_case import UNIT, AssistantCase, long_in_english
from processes import wait_for

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


class PapersTest(AssistantCase):
    language = LANGUAGE

    def details(self, name, serial):
        self.key(name, serial=serial)
        self.desktop.plug(0, name)
        self.open()
        self.press("_Details")
        self.sees("Whose it is")

    def save_as(self, path):
        """Types a path into the file chooser that has opened."""
        wait_for(lambda: self.window.find("file chooser") or self.window.find("dialog"),
                 "the file chooser")
        time.sleep(0.5)
        self.desktop.key("ctrl+a")
        self.desktop.type(path)
        time.sleep(0.3)
        self.desktop.key("Return")
        return wait_for(lambda: os.path.exists(path) and os.path.getsize(path) and path, path)

    def choose_export(self, text):
        self.press("_Export…", "toggle button")
        self.window.wait("push button", self.word(text)).press()

    @long_in_english
    def test_certificates_are_exported_as_pem_and_der(self):
        self.details("export", "TEST0031")
        for text, name, form in (("Signing certificate, PEM", "a.pem", "PEM"),
                                 ("Signing certificate, DER", "a.cer", "DER")):
            self.choose_export(text)
            path = self.save_as(self.desktop.path("home", name))
            out = subprocess.run(["openssl", "x509", "-inform", form, "-in", path, "-noout",
                                  "-subject", "-nameopt", "utf8"], stdout=subprocess.PIPE, check=True)
            self.assertIn(UNIT, out.stdout.decode())
            self.sees_part(self.word("Saved as %s.").partition("%")[0])

    @long_in_english
    def test_the_details_are_printed_to_a_file(self):
        """GTK's own printer that makes a PDF, in the folder it proposes."""
        os.makedirs(self.desktop.path("home", "papers"), exist_ok=True)
        self.desktop.write("home/.config/user-dirs.dirs",
                           'XDG_DOCUMENTS_DIR="%s"\n' % self.desktop.path("home", "papers"))
        self.details("print", "TEST0035")
        self.press("_Print…")
        wait_for(lambda: self.window.find("dialog"), "the print dialog")
        time.sleep(1.0)
        self.window.find("table").grab()
        self.desktop.key("Home", "space")
        time.sleep(0.5)
        self.picture("print-dialog")
        self.desktop.key("alt+p")
        made = wait_for(lambda: glob.glob(self.desktop.path("home", "papers", "*.pdf")), "a PDF")
        def whole():
            with open(made[0], "rb") as file:
                return file.read()
        wait_for(lambda: b"%%EOF" in whole(), "the PDF whole")
        self.assertTrue(whole().startswith(b"%PDF-"))
        self.assertIn(b"/FontFile", whole())  # Chinese prints on any printer

    @long_in_english
    def test_the_calendar_has_the_certificates_last_day(self):
        self.details("calendar", "TEST0032")
        self.press("Into My Ca_lendar…")
        path = self.save_as(self.desktop.path("home", "end.ics"))
        end = subprocess.run(["openssl", "x509", "-in", self.desktop.path("calendar.crt"), "-noout",
                              "-enddate", "-dateopt", "iso_8601"], stdout=subprocess.PIPE,
                             check=True).stdout.decode().partition("=")[2].strip()
        with open(path, encoding="utf-8") as file:
            self.assertIn(re.sub("[-:]", "", end).replace(" ", "T"), file.read())

    @long_in_english
    def test_whether_it_is_revoked_cannot_be_asked_offline_and_that_is_said(self):
        self.details("asked", "TEST0033")
        self.press("_Ask the CA Whether It Is Revoked")
        wait_for(lambda: not self.window.find("label", self.word(
            "Not asked yet. This needs the network.")), "an answer")
        wait_for(lambda: not self.window.find("label", self.word("Asking the CA…")), "an answer")
        self.picture("window-asked")

    def test_the_check_runs_says_what_it_found_and_shows_its_report(self):
        self.key("checked", serial="TEST0034")
        self.desktop.plug(0, "checked")
        self.open()
        self.sees_part(UNIT)
        self.desktop.key("alt+4")
        self.press("_Start the Check")
        self.sees("_Check Again", role="push button", timeout=40)
        self.picture("window-doctor")
        code = wait_for(lambda: next((node.name for node in self.window.all("label", showing=False)
                                      if re.fullmatch(r"\d\d-\d\d-\d", node.name)), None), "a code")
        self.assertTrue(code)
        self.press_hidden("Show the _Report")
        report = self.sees("Report for the hotline", role="text").text
        self.assertNotIn("TEST0034", report)
        self.assertNotIn(UNIT, report)
        self.assertIn(code, report)
        self.picture("window-report")

    def press_hidden(self, text):
        """Below the edge of the page: scrolled to when it gets the keyboard."""
        wait_for(lambda: self.window.find("push button", self.word(text), showing=False),
                 text).press()


if __name__ == "__main__":
    unittest.main()
