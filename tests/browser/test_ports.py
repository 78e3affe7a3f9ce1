#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages of both families ask the bridge at this computer's ports: real browsers, real prompts."""

import ground

ground.need("firefox-esr", "chromium", "nginx", "unshare", "certutil", "modutil", "openbox", "xdotool",
            "Xvfb")
ground.enter()

import json  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import unittest  # noqa: E402

from bridge_desk import LATE, UKEY, BridgeDesk  # noqa: E402
from browser import BrowserError  # noqa: E402
from desktop import MODULE  # noqa: E402
from hall_desk import NEAR, PIN, PLAIN, URL  # noqa: E402
from processes import wait_for  # noqa: E402

PROFILES = os.environ.get("OPENUKEY_PROFILES", "profiles")
STRANGER = "stranger.openukey.test"
# Pages of an attacker: a frame of another site, which asks the bridge for certificates by itself.
PAGES = {
    "top.html": """<!doctype html><meta charset=utf-8><title>top</title><body><script>
var heard = [];
addEventListener("message", function (event) { heard.push(String(event.data)); });
</script><iframe src="http://%s/extra/asking.html"></iframe>""" % STRANGER,
    "asking.html": """<!doctype html><meta charset=utf-8><title>asking</title><body><script>
var socket = new WebSocket("ws://127.0.0.1:21051/xtxapp/");
socket.onopen = function () {
	parent.postMessage("open", "*");
	socket.send(JSON.stringify({call_cmd_id: "i_1", xtx_func_name: "SOF_GetUserList", param: [],
		URL: "%s/bjca/"}));
};
socket.onmessage = function (event) { parent.postMessage(event.data, "*"); };
</script>""" % PLAIN}
WRONG, FROM_PAGE = "000000", "123456"
LONG = os.environ.get("OPENUKEY_TEST_LONG")


class PortsCase(BridgeDesk):
    """One browser for all tests of a class; each begins with a page of its own."""

    @classmethod
    def share(cls, browser):
        cls.browser = browser
        cls.addClassCleanup(browser.stop)

    def open(self, path, base=PLAIN):
        """Loads the page; the site is allowed when the bridge asks."""
        self.browser.go("about:blank")
        self.browser.wait("return location.href == 'about:blank'")
        self.browser.go(base + path)
        self.browser.wait("return document.getElementById('login') != null")
        if not getattr(type(self), "allowed", {}).get(base):
            self.press_prompt("Allow", base)
            type(self).allowed = {**getattr(type(self), "allowed", {}), base: True}
        self.has_certificate()

    def has_certificate(self):
        self.browser.wait("return document.body.dataset.certs == '1'", what="one certificate")

    def log_in(self, site=PLAIN, pin=PIN):
        self.browser.fill("#pin", FROM_PAGE)
        self.browser.click("#login")
        self.enter_pin(pin, site)

    def inside(self, way):
        """Waits until the hall lets in; more than five signatures in a minute are asked about."""
        def look():
            prompt = self.prompt()
            more = prompt.find("push button", "Sign") if prompt else None
            if more is not None:
                more.press()
            try:
                return self.browser.script("return location.pathname == '/inside'")
            except BrowserError:  # between two pages
                return None
        wait_for(look, "the page inside", LATE)
        self.logged_in(self.browser, way)

    def failed(self):
        """What the page says went wrong."""
        return self.browser.wait("return document.body.dataset.failed", what="the page gives up")


class FirefoxTest(PortsCase):
    """Sockets are free; for requests Firefox asks, unless a policy names the hall."""

    firefox_policies = {"LocalNetworkAccess": {"Enabled": True, "SkipDomains": [ground.HALL]}}

    @classmethod
    def setUpClass(cls):
        ground.hosts(STRANGER, ground.PUBLIC)
        cls.extra = tempfile.mkdtemp(prefix="ouk-pages-")
        cls.addClassCleanup(shutil.rmtree, cls.extra)
        for name, text in PAGES.items():
            ground.write(os.path.join(cls.extra, name), text)
        super().setUpClass()
        from marionette import Firefox
        cls.share(Firefox(cls.desktop.path("home"), cls.desktop.env))

    @classmethod
    def start_bridge(cls):
        """With a list of halls that has this one."""
        folder = cls.desktop.path("profiles")
        os.mkdir(folder)
        with open(PROFILES + "/hebca.json", encoding="utf-8") as file:
            profile = json.load(file)
        profile["halls"][0]["urls"] = [URL + "/"]
        cls.listed = profile["halls"][0]["name"]["en"]
        path = ground.write(folder + "/hebca.json", json.dumps(profile, ensure_ascii=False))
        subprocess.run([PROFILES + "/sign", path], check=True, stdout=subprocess.DEVNULL)
        cls.desktop.env["OPENUKEY_PROFILES"] = folder
        super().start_bridge()

    def test_one_letter_off_the_hall_is_shown_nothing(self):
        before = len(self.journal())
        self.browser.go("http://" + NEAR + "/bjca/")
        self.press_prompt("Close", "This is not " + self.listed)
        self.browser.wait("return document.body.dataset.certs == '0'", what="an empty list")
        self.browser.click("#login")
        self.failed()
        self.assertIsNone(self.prompt())
        self.assertEqual([line["event"] for line in self.journal()[before:]
                          if line["event"] != "refused"], [])
        self.assertIn("PAGE_LOOKALIKE", [line["result"] for line in self.journal()[before:]])

    def test_a_stranger_s_frame_in_the_hall_has_no_part_in_its_consent(self):
        self.open("/bjca/array/")
        before = len(self.journal())
        site = "http://" + STRANGER
        self.browser.go(PLAIN + "/extra/top.html")
        self.wait_prompt("Allow", site)
        self.assertEqual(self.browser.script("return heard"), ["open"])
        self.press_prompt("Not Now", site)
        self.browser.wait("return heard.length == 2", what="the frame's answer")
        told = json.loads(self.browser.script("return heard[1]"))
        self.assertEqual((told["call_cmd_id"], told["retVal"]), ("i_1", ""))
        self.assertNotIn(PLAIN, [line["origin"] for line in self.journal()[before:]])

    def test_a_first_list_works_when_the_person_answers_late(self):
        self.browser.go(PLAIN + "/bjca/once/")
        self.wait_prompt("Allow", PLAIN)
        self.browser.wait("return document.body.dataset.socket == 'open'")
        self.assertIsNone(self.browser.script("return document.body.dataset.certs || null"))
        self.press_prompt("Allow", PLAIN)
        type(self).allowed = {PLAIN: True}
        self.has_certificate()
        self.log_in()
        self.inside("bjca")
        self.assertEqual(self.key_tries(), 10)

    def test_a_wrong_pin_costs_a_try_and_the_right_one_logs_in(self):
        self.open("/bjca/typed/")
        self.log_in(pin=WRONG)
        self.prompt_says("9")
        self.assertEqual(self.key_tries(), 9)
        self.type_pin(PIN)
        self.inside("bjca")
        self.assertEqual(self.key_tries(), 10)

    def test_cancel_tells_the_page_no_and_costs_nothing(self):
        self.open("/bjca/number-pin/")
        self.browser.fill("#pin", FROM_PAGE)
        self.browser.click("#login")
        self.press_prompt("Cancel", PLAIN)
        self.assertIn("10 tries", self.failed())
        self.assertEqual(self.key_tries(), 10)
        self.log_in()
        self.inside("bjca")

    def test_the_key_is_pulled_in_mid_login(self):
        self.open("/bjca/")
        self.browser.fill("#pin", FROM_PAGE)
        self.browser.click("#login")
        self.wait_prompt("Log In", PLAIN)
        self.desktop.pull(0)
        self.failed()
        self.prompt_gone()
        self.browser.wait("return document.body.dataset.certs == '0'", what="no certificate")
        self.desktop.plug(0, "unit")
        self.has_certificate()
        self.log_in()
        self.inside("bjca")
        self.assertEqual(self.key_tries(), 10)

    def test_habits_of_real_pages(self):
        names = ["message", "blocking"]
        if LONG:
            names += ["serial", "params", "array", "cookie"]
        for name in names:
            with self.subTest(name):
                self.open("/bjca/%s/" % name)
                self.log_in()
                self.inside("bjca")

    def inject(self, code):
        """Runs in the page, as its own."""
        self.browser.script("var own = document.createElement('script');"
                            "own.textContent = arguments[0]; document.body.appendChild(own);", code)

    def test_twenty_wrong_pins_of_the_page_cost_no_try(self):
        self.open("/bjca/array/")
        self.inject("var id = chosenId(), said = []; for (var i = 0; i < 20; i++)"
                    "call('SOF_Login', [id, '00000' + i], function (value) { said.push(value);"
                    "document.body.dataset.said = said.join(); });")

        def answered():
            prompt = self.prompt()
            cancel = prompt.find("push button", "Cancel") if prompt else None
            if cancel is not None:
                cancel.press()
            said = self.browser.script("return document.body.dataset.said || ''")
            return said if len(said.split(",")) == 20 else None
        said = wait_for(answered, "twenty answers", LATE)
        self.assertNotIn("true", said)
        self.assertEqual(self.key_tries(), 10)

    def test_a_page_gets_none_of_our_own_protocols_signed(self):
        self.open("/bjca/array/")
        self.inject("call('SOF_Login', [chosenId(), ''], function (value) {"
                    "document.body.dataset.inside = value; });")
        self.enter_pin(PIN, PLAIN)
        self.browser.wait("return document.body.dataset.inside == 'true'")
        before = len(self.journal())
        self.inject(
            "var id = chosenId(), said = [];"
            "['renewal', 'confirm', 'query', 'recover', 'login'].forEach(function (purpose) {"
            "call('SOF_SignData', [id, 'OpenUKey-sig-v1\\0' + purpose + '\\0https://other.test\\0x'],"
            "function (value) { said.push(value ? 'signed' : 'refused');"
            "document.body.dataset.said = said.join(); }); });")

        def answered():
            prompt = self.prompt()
            more = prompt.find("push button", "Sign") if prompt else None
            if more is not None:  # even then
                more.press()
            said = self.browser.script("return document.body.dataset.said || ''")
            return said if len(said.split(",")) == 5 else None
        said = wait_for(answered, "five answers", LATE)
        self.assertNotIn("signed", said)
        self.assertGreaterEqual(len(self.journal()) - before, 5, self.journal()[before:])
        self.assertEqual(self.events("sign", before), [])

    def test_hebca_s_pages(self):
        for name in ["", "message/", "pin/"] if LONG else ["message/"]:
            with self.subTest(name):
                self.open("/hebca/" + name)
                self.log_in()
                self.inside("hebca")


class ChromiumTest(PortsCase):
    """With the policy that lets a hall reach this computer, and the bridge's certificate as
    registered for the user. Pages without TLS are never let through, policy or not."""

    chromium_policies = {"LocalNetworkAccessAllowedForUrls": [URL, PLAIN],
                         "LoopbackNetworkAllowedForUrls": [URL, PLAIN]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        out, code = cls.desktop.run(UKEY, "browsers", "register", "--module", MODULE)
        assert code == 0, out
        from devtools import Chromium
        cls.share(Chromium(cls.desktop.path("home"), cls.desktop.env))

    def test_beijing_s_page(self):
        self.open("/bjca/", URL)
        self.log_in(URL)
        self.inside("bjca")
        self.assertEqual(self.key_tries(), 10)

    def test_hebei_s_page(self):
        self.open("/hebca/", URL)
        self.log_in(URL)
        self.inside("hebca")

    def test_a_page_without_tls_is_kept_from_the_ports(self):
        self.browser.go(PLAIN + "/bjca/")
        self.browser.wait("return document.body.dataset.socket == 'closed'")
        self.assertTrue(any("LOCAL_NETWORK_ACCESS" in text for text in self.browser.said()))
        self.assertIsNone(self.prompt())


unittest.main()
