# SPDX-License-Identifier: LGPL-2.1-or-later
"""Firefox, driven by Marionette: length-prefixed JSON over a socket."""

import json
import os
import socket

import processes
from browser import Browser, BrowserError
from processes import wait_for

PREFERENCES = {
    "marionette.port": 0,
    "security.default_personal_cert": "Select Automatically",
    "security.osclientcerts.autoload": False,
    "prompts.windowPromptSubDialog": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.aboutwelcome.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "network.proxy.type": 0,
    "network.manage-offline-status": False,
    "dom.disable_open_during_load": False,
}

TRUST = """Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
    .addCertFromBase64(arguments[0], "C,,");"""

# Answers the next prompts for a PIN with what is in the preference, and notes what they said.
ANSWER = """let pins = arguments[0];
let observer = function(subject) {
    let win = subject.wrappedJSObject || subject;
    win.setTimeout(() => {
        let part = id => win.document.getElementById(id);
        let seen = Services.prefs.getStringPref("test.prompts", "");
        Services.prefs.setStringPref("test.prompts", seen + part("infoBody").textContent + "\\n");
        let pin = pins.shift();
        if (pin === undefined || pin === null) {
            part("commonDialog").cancelDialog();
            return;
        }
        let field = part("password1Textbox");
        field.value = pin;
        field.dispatchEvent(new win.Event("input", { bubbles: true }));
        part("commonDialog").acceptDialog();
    }, 200);
};
Services.obs.addObserver(observer, "common-dialog-loaded");"""

GO = """let browser = Services.wm.getMostRecentWindow("navigator:browser"), url = arguments[0];
browser.setTimeout(() => browser.gBrowser.selectedBrowser.fixupAndLoadURIString(url,
    { triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal() }), 50);"""


class Firefox(Browser):
    """folder: where its log goes, and its profile (where none is named); env: what it is started
    with; preferences: further ones."""

    name = "firefox"

    def __init__(self, folder, env, headless=True, preferences=None, profile=None):
        self.number, self.buffer = 0, b""
        self.profile = profile or os.path.join(folder, "firefox-profile")
        os.makedirs(self.profile, exist_ok=True)
        self._forget_port()
        with open(os.path.join(self.profile, "user.js"), "w", encoding="utf-8") as file:
            for name, value in {**PREFERENCES, **(preferences or {})}.items():
                file.write("user_pref(%s, %s);\n" % (json.dumps(name), json.dumps(value)))
        self.log_path = os.path.join(folder, "firefox.log")
        self.process = processes.start(
            ["firefox-esr", *(["--headless"] if headless else []), "--no-remote", "--profile",
             self.profile, "--marionette", "--remote-allow-system-access"], self.log_path, env)
        self.link = socket.create_connection(("127.0.0.1", self._port()), timeout=120)
        self._receive()
        self.call("WebDriver:NewSession", pageLoadStrategy="none", unhandledPromptBehavior="ignore")

    def _forget_port(self):
        """What the profile's last run left behind."""
        path = os.path.join(self.profile, "MarionetteActivePort")
        if os.path.exists(path):
            os.unlink(path)

    def _port(self):
        def look():
            if self.process.poll() is not None:
                raise BrowserError("Firefox has ended\n" + self.log)
            try:
                with open(os.path.join(self.profile, "MarionetteActivePort"),
                          encoding="ascii") as file:
                    return int(file.read() or 0)
            except OSError:
                return 0
        return wait_for(look, "Firefox's port", 60)

    # ---- the protocol ----

    def _receive(self):
        while b":" not in self.buffer:
            self._more()
        size, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(size):
            self._more()
        message, self.buffer = self.buffer[:int(size)], self.buffer[int(size):]
        return json.loads(message)

    def _more(self):
        some = self.link.recv(65536)
        if not some:
            raise BrowserError("Firefox went away\n" + self.log)
        self.buffer += some

    def call(self, command, **arguments):
        self.number += 1
        message = json.dumps([0, self.number, command, arguments]).encode()
        self.link.sendall(b"%d:%s" % (len(message), message))
        error, result = self._receive()[2:4]
        if error:
            raise BrowserError("%s: %s" % (error["error"], error["message"]))
        return result

    def hang_up(self):
        self.link.close()

    def chrome(self, code, *arguments):
        """A script with the browser's own rights."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            return self.call("WebDriver:ExecuteScript", script=code, args=list(arguments))["value"]
        finally:
            self.call("Marionette:SetContext", value="content")

    # ---- what tests ask for ----

    def script(self, code, *arguments):
        return self.call("WebDriver:ExecuteScript", script=code, args=list(arguments),
                         sandbox=None)["value"]

    def go(self, url):
        """Begins to load it; wait() for what the page shows."""
        self.chrome(GO, url)

    def trust(self, base64_der):
        """Takes a CA as one for web sites."""
        self.chrome(TRUST, base64_der)

    def answer_pins(self, *pins):
        """What the browser's own PIN prompts get, in order; None cancels."""
        self.chrome(ANSWER, list(pins))

    def prompts(self):
        """What the browser's own prompts said."""
        return self.chrome('return Services.prefs.getStringPref("test.prompts", "")').splitlines()

    def add_extension(self, path):
        """Installs an unpacked extension until the browser ends: its id."""
        return self.call("Addon:Install", path=path, temporary=True)["value"]

    def new_tab(self):
        handle = self.call("WebDriver:NewWindow", type="tab")["handle"]
        self.call("WebDriver:SwitchToWindow", handle=handle)
        return handle

    def tab(self, handle):
        self.call("WebDriver:SwitchToWindow", handle=handle)

    def this_tab(self):
        return self.call("WebDriver:GetWindowHandle")["value"]
