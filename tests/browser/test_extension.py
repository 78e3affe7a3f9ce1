#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_extension.py firefox|chromium: halls reach the key through the extension, with no port open."""

import sys

import ground

ground.need("firefox-esr", "chromium", "xdotool", "unshare")
ground.enter()

# pylint: disable=wrong-import-position
import json  # noqa: E402
import unittest  # noqa: E402

from devtools import Chromium  # noqa: E402
from extension_case import PIN, ExtensionCase, Pages, serve  # noqa: E402
from marionette import Firefox  # noqa: E402

BROWSER = sys.argv.pop(1)
FIXED_PORTS = {21051, 21061, 17212, 17215}


def listening():
    """Ports of this network that somebody listens on."""
    ports = set()
    for name in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(name, encoding="ascii") as file:
            for line in file.readlines()[1:]:
                words = line.split()
                if words[3] == "0A":
                    ports.add(int(words[1].rpartition(":")[2], 16))
    return ports


class ExtensionTest(ExtensionCase):
    kind = Firefox if BROWSER == "firefox" else Chromium
    alg = "rsa" if BROWSER == "firefox" else "sm2"

    def test_1_bjca_page(self):
        """The PIN typed into the page goes nowhere; the person's counts; cancelling is clean."""
        hall = self.hall.about["http"]
        self.enter(hall, "/bjca/")
        self.data("certs", "1")
        self.assertFalse(FIXED_PORTS & listening())
        self.browser.fill("#pin", "666666")
        # not now
        self.browser.click("#login")
        self.person.wait("password text")
        self.person.press("Cancel")
        self.data("failed")
        self.assertEqual(self.data("left"), "10")
        # a slip first
        self.browser.click("#login")
        self.person.types("Kx83-mq3")
        self.person.wait("notification", "9…")
        self.assertEqual(self.desktop.tries_left(0), 9)
        self.person.types(PIN)
        self.inside("bjca")
        self.assertEqual(self.desktop.tries_left(0), 10)
        signed = [line for line in self.journal()
                  if line["event"] == "sign" and line["result"] == "ok"]
        self.assertEqual([line["origin"] for line in signed], [hall])

    def test_2_hebca_page(self):
        """Over https, where a page could not have opened that socket at all."""
        self.enter(self.hall.about["url"], "/hebca/")
        self.data("certs", "1")
        self.browser.click("#login")
        self.person.types(PIN)
        self.inside("hebca")

    def test_3_modern_login(self):
        self.go(self.hall.about["url"] + "/modern/")
        self.browser.click("#login")
        self.consent(self.hall.about["url"])
        self.person.types(PIN)
        self.inside("modern")

    def test_4_what_a_page_says_of_itself_counts_for_nothing(self):
        """An allowed site that claims to be the hall is asked for under its own name."""
        self.go(self.allowed + "/asking")
        self.person.sees(self.allowed.partition("//")[2])
        self.person.press("Not Now")
        self.browser.wait("return told.length > 2", what="an answer")
        told = self.browser.script("return told")
        self.assertEqual(told[:2], ["extension object", "open"])
        self.assertEqual(json.loads(told[2])["call_cmd_id"], "i_1")
        self.assertEqual(json.loads(told[2])["retVal"], "")
        self.assertIn(self.allowed, [line.get("origin") for line in self.journal()])

    def framed(self, url):
        """What the document in a frame tells, until its socket is closed."""
        self.go(url)
        self.browser.wait("return heard.indexOf('closed') >= 0", what="the frame's answer")
        return self.browser.script("return heard")

    def test_5_frames(self):
        """A frame is served only where it and the page around it are both allowed."""
        for top, inner in ((self.stranger + "/frame", self.allowed),
                           (self.allowed + "/frame", self.stranger),
                           (self.allowed + "/sandbox", self.allowed)):
            heard = self.framed("%s?%s/asking" % (top, inner))
            self.assertNotIn("open", heard, top + " " + inner)
            self.assertFalse([text for text in heard if text.startswith("{")], heard)
        self.assertFalse(self.person.windows())

    def test_6_unplugged_in_the_middle(self):
        self.enter(self.hall.about["http"], "/bjca/")
        self.data("certs", "1")
        self.browser.click("#login")
        self.person.wait("password text")
        self.desktop.pull(0)
        self.data("failed")
        self.person.gone()
        self.data("certs", "0")  # pushed, not asked for
        self.desktop.plug(0, "unit")
        self.data("certs", "1")
        self.browser.click("#login")
        self.person.types(PIN)
        self.inside("bjca")

    def test_7_bridge_that_ends_comes_back(self):
        """And XJCA's control, whose calls go through the port."""
        self.enter(self.hall.about["http"], "/bjca/")
        self.data("certs", "1")
        self.bridge.stop()
        self.data("socket", "closed")
        self.start_bridge("21051,0,0,0")
        self.data("socket", "open")
        self.go(self.hall.about["url"] + "/xjca/")
        self.data("control", "yes")
        self.browser.fill("#password", "88888888")
        self.browser.fill("#pin", "666666")
        self.browser.click("#login")
        self.consent(self.hall.about["url"])
        self.person.types(PIN)
        self.inside("xjca")

    def test_8_other_port_of_an_allowed_host(self):
        """Not served until the person allows it, and no longer when that is withdrawn."""
        site = "http://%s:%d" % (ground.HALL, serve(ground.PUBLIC, Pages))
        page = self.browser.this_tab()
        self.go(site + "/asking")
        self.browser.wait("return told.indexOf('closed') >= 0", what="a refusal")
        self.assertNotIn("open", self.browser.script("return told"))
        # what the button leaves behind once the browser has agreed
        self.browser.new_tab()
        self.extension_page("popup.html")
        self.browser.wait("return document.querySelector('#sites li') !== null", what="the sites")
        self.browser.script("(globalThis.browser || chrome).storage.local.set({ sites: [{ origin: "
                            "arguments[0], control: false }] }); return true;", site)
        settings = self.browser.this_tab()
        self.browser.tab(page)
        self.go(site + "/asking?again")
        self.person.sees(site.partition("//")[2])
        self.person.press("Not Now")
        self.browser.wait("return told.length > 2", what="an answer")
        self.browser.tab(settings)
        self.browser.script("location.reload(); return true;")
        self.browser.click("button.withdraw[aria-label*='%s']" % site)
        self.browser.wait("return document.querySelector('#sites').textContent.indexOf(arguments[0])"
                          " < 0", site, what="the site gone")
        self.browser.tab(page)
        self.browser.wait("return told.indexOf('closed') >= 0", what="its end")


unittest.main()
