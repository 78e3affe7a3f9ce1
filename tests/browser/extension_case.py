# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser with the extension, the rehearsal's hall, a key, the bridge, and a person at the screen.
Import ground, and enter it, before this."""

import base64
import http.server
import json
import os
import subprocess
import sys
import threading
import unittest

import ground

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

# pylint: disable=wrong-import-position
from desktop import Desktop  # noqa: E402
from devtools import Chromium  # noqa: E402
from hall_case import CODE, FIXTURES, UNIT, Hall, run  # noqa: E402
from marionette import Firefox  # noqa: E402
from processes import wait_for  # noqa: E402

BRIDGE = os.environ.get("OPENUKEY_BRIDGE", "openukey-bridge")
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../assistant/webextension")
PACK = os.environ.get("OPENUKEY_PACK_WEBEXTENSION", os.path.join(SOURCE, "pack.py"))
HOST, FIREFOX_ID = "org.openukey.bridge", "webextension@openukey.org"
STRANGER = "stranger.openukey.test"
PIN, LATE = "Kx83-mq2", 60


class Person:
    """Whoever sits at the screen: reads and answers openukey-pinentry's windows."""

    def __init__(self, desktop):
        self.desktop = desktop

    @staticmethod
    def windows():
        from screen import Atspi, Node
        root = Atspi.get_desktop(0)
        root.clear_cache()
        return [node for node in Node(root).children() if node.name == "openukey-pinentry"]

    def find(self, role, name=None):
        for window in self.windows():
            found = window.find(role, name)
            if found:
                return found
        return None

    def tree(self):
        return "".join(window.tree() for window in self.windows()) or "(no window)"

    def wait(self, role, name=None):
        try:
            return wait_for(lambda: self.find(role, name), "%s %r" % (role, name), LATE)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.tree())) from None

    def sees(self, part):
        return self.wait("label", part + "…")

    def press(self, text):
        self.wait("push button", text).press()

    def gone(self):
        wait_for(lambda: not any(window.find("frame") or window.find("dialog")
                                 for window in self.windows()), "no window any more", LATE)

    def types(self, pin):
        from screen import State

        def ready():
            for window in self.windows():
                for field in window.all("password text"):
                    if field.has(State.FOCUSED):
                        return True
            return False
        try:
            wait_for(ready, "a field with the keyboard", LATE)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.tree())) from None
        self.desktop.type(pin)
        self.desktop.key("Return")


# A page that asks as BJCA's do, with everything wrong in what it says of itself; a page around it
# hears what it was told.
ASKING = """<!doctype html><meta charset=utf-8><title>asking</title><body><script>
var told = [];
function tell(text) { told.push(text); parent.postMessage(text, "*"); }
tell("extension " + typeof window.openukey);
var socket = new WebSocket("ws://127.0.0.1:21051/xtxapp/");
socket.onopen = function () {
	tell("open");
	socket.send(JSON.stringify({call_cmd_id: "i_1", xtx_func_name: "SOF_GetUserList",
		origin: "%(claim)s", top: "%(claim)s", URL: "%(claim)s/bjca/", url: "%(claim)s",
		page: 1, tab: 1, frame: 0, family: "modern", id: 1, param: []}));
};
socket.onmessage = function (event) { tell(event.data); };
socket.onclose = function () { tell("closed"); };
</script>"""
FRAME = """<!doctype html><meta charset=utf-8><title>frame</title><body><script>
var heard = [];
addEventListener("message", function (event) { heard.push(String(event.data)); });
</script><iframe src="%(inner)s"%(sandbox)s></iframe>"""


class Pages(http.server.BaseHTTPRequestHandler):
    """For every name: /blank, /asking, and /frame?URL or /sandbox?URL with that one inside."""

    claim = ""

    def do_GET(self):
        path, _, inner = self.path.partition("?")
        page = {"/asking": ASKING, "/frame": FRAME, "/sandbox": FRAME}.get(
            path, "<!doctype html><meta charset=utf-8><title>blank</title><body>")
        body = (page % {"claim": self.claim, "inner": inner, "sandbox":
                        ' sandbox="allow-scripts"' if path == "/sandbox" else ""}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # the browser has gone on to another page

    def log_message(self, *_):
        pass


def serve(address, handler):
    """A site; its port."""
    site = http.server.ThreadingHTTPServer((address, 0), handler)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    return site.server_port


class ExtensionCase(unittest.TestCase):
    """kind: Firefox or Chromium; alg: of the key."""

    kind, alg, agreed = Firefox, "rsa", set()

    @classmethod
    def setUpClass(cls):
        ground.hosts(STRANGER, ground.PUBLIC)
        cls.desktop = Desktop(readers=1)
        cls.addClassCleanup(cls.desktop.stop)
        cls.desktop.env["XDG_STATE_HOME"] = cls.desktop.path("home", ".local", "state")
        cls.person = Person(cls.desktop)
        cls.hall = Hall(cls.desktop.path("hall"), "--host", ground.HALL, "--address", ground.PUBLIC)
        cls.addClassCleanup(cls.hall.stop)
        cls.port = serve(ground.PUBLIC, Pages)
        cls.allowed = "http://%s:%d" % (ground.HALL, cls.port)
        cls.stranger = "http://%s:%d" % (STRANGER, cls.port)
        Pages.claim = cls.hall.about["http"]
        cls.key()
        cls.start_bridge()
        cls.install(["--control", cls.hall.about["url"], "--site", cls.hall.about["http"], "--site",
                     cls.allowed], cls.hall.about["url"])
        cls.start_browser()

    @classmethod
    def key(cls):
        cert, key = cls.hall.certificate("unit", cls.alg)
        cls.desktop.provision("unit", "--serial", "TEST0001", "--label", "unit", "--pin", PIN,
                              "--container", "Unit", "--sign-key", key, "--sign-cert", cert)
        cls.desktop.plug(0, "unit")

    # ---- the extension ----

    @classmethod
    def install(cls, options, hall):
        """The package with those sites, the program behind it, the hall that may use the port."""
        folder = cls.desktop.path("webextension")
        run(sys.executable, PACK, "--version", "0.1.0", *options, "--folder", folder, "--zip",
            folder + ".xpi")
        cls.chromium_id = run(sys.executable, PACK, "--chromium-id").decode().strip()
        host = cls.desktop.path("browser-host")
        ground.write(host, "#!/bin/sh\nexec '%s' --native-messaging \"$@\"\n" % BRIDGE)
        os.chmod(host, 0o700)
        manifest = {"name": HOST, "description": "OpenUKey", "path": host, "type": "stdio"}
        ground.write(cls.desktop.path("home", ".mozilla/native-messaging-hosts/%s.json" % HOST),
                     json.dumps({**manifest, "allowed_extensions": [FIREFOX_ID]}))
        ground.write("/etc/chromium/native-messaging-hosts/%s.json" % HOST, json.dumps(
            {**manifest, "allowed_origins": ["chrome-extension://%s/" % cls.chromium_id]}))
        # As the manual tells administrators.
        ground.firefox_policy(
            ExtensionSettings={FIREFOX_ID: {"installation_mode": "force_installed",
                                            "install_url": "file://" + folder + ".xpi"}},
            Preferences={"xpinstall.signatures.required": {"Value": False, "Status": "locked"}},
            LocalNetworkAccess={"SkipDomains": [ground.HALL]})
        ground.chromium_policy("openukey", LocalNetworkAccessAllowedForUrls=[hall],
                               LoopbackNetworkAllowedForUrls=[hall])

    @classmethod
    def start_browser(cls):
        env = {**cls.desktop.env, **cls.desktop.language("en")}
        if cls.kind is Firefox:
            cls.browser = Firefox(cls.desktop.dir, env)
            cls.browser.trust(base64.b64encode(run(
                "openssl", "x509", "-in", cls.hall.about["browsers_ca"], "-outform", "DER")).decode())
        else:
            cls.browser = Chromium(cls.desktop.dir, env, extensions=[cls.desktop.path("webextension")],
                                   options=["--ignore-certificate-errors"])
        cls.addClassCleanup(cls.browser.stop)
        cls.ready()

    @classmethod
    def ready(cls):
        """Until our scripts are in the pages of allowed sites: a browser's first minute."""
        def look():
            cls.browser.go(cls.allowed + "/blank")
            cls.browser.wait("return location.href == arguments[0] && document.readyState == "
                             "'complete'", cls.allowed + "/blank")
            return cls.browser.script("return typeof window.openukey") == "object"
        wait_for(look, "the extension", LATE)

    @classmethod
    def extension_page(cls, name):
        """Shows a page of the extension itself in this tab."""
        if cls.kind is Firefox:
            host = cls.browser.chrome("return WebExtensionPolicy.getByID(arguments[0])"
                                      ".mozExtensionHostname", FIREFOX_ID)
            cls.browser.go("moz-extension://%s/%s" % (host, name))
        else:
            cls.browser.tab(cls.browser.call("Target.createTarget", url="chrome-extension://%s/%s" % (
                cls.chromium_id, name))["targetId"])

    # ---- the bridge ----

    @classmethod
    def start_bridge(cls, ports="0,0,0,0"):
        """With no port open, if not said: what pages reach it by is the extension."""
        cls.bridge = cls.desktop.start(BRIDGE, "--ports=" + ports, language="en")
        wait_for(lambda: os.path.exists(cls.desktop.path("run", "openukey", "bridge.sock")) or
                 cls.bridge.process.poll() is not None, "the bridge's socket", LATE)

    def journal(self):
        path = self.desktop.path("home", ".local", "state", "openukey", "journal")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    # ---- what the page shows ----

    def go(self, url):
        self.browser.go(url)
        self.browser.wait("return location.href == arguments[0] && document.readyState == 'complete'",
                          url, what=url)

    def consent(self, site):
        """The first time that a site wants to see certificates, the person is asked under its name."""
        if site not in self.agreed:
            self.person.sees(site.partition("//")[2])
            self.person.press("Allow")
            self.agreed.add(site)

    def enter(self, site, path):
        """A page that asks for certificates as it is loaded."""
        self.go(site + path)
        self.consent(site)

    def data(self, name, value=None):
        """What the hall's page notes of itself (body's data-NAME)."""
        return self.browser.wait("var v = document.body.dataset[arguments[0]];"
                                 "return v !== undefined && (arguments[1] === null || "
                                 "v == arguments[1]) ? '=' + v : ''", name, value,
                                 what="data-%s %s" % (name, value))[1:]

    def inside(self, way):
        """Logged in that way: the hall has checked certificate and signature. And out again."""
        self.browser.wait("return location.pathname == '/inside' && document.readyState == 'complete'",
                          what="the inside of the hall")
        shown = self.browser.script("return document.body.innerText")
        self.assertIn(UNIT, shown)
        self.assertIn(CODE, shown)
        self.assertEqual(self.browser.script("return document.getElementById('way').textContent"), way)
        self.browser.click("#logout")
        self.browser.wait("return location.pathname == '/' && document.readyState == 'complete'",
                          what="the hall's first page")
