#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""firefox_login.py FOLDER URL PIN CA.pem: headless Firefox logs in to URL with a key's certificate.

Speaks Marionette itself (length-prefixed JSON); privileged scripts trust the CA and answer the PIN
prompt. The module comes from Firefox's policies. Prints what the prompt and the page said; exit
status 0 when the page greets. The site writes FOLDER/site/visitors when it lets somebody in.
"""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import time

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
}

TRUST = """Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
    .addCertFromBase64(arguments[0], "C,,");"""

# The prompt blocks every command while it is open, so an observer registered before answers it.
VISIT = """let [pin, url] = arguments;
Services.obs.addObserver(function(subject) {
    let win = subject.wrappedJSObject || subject;
    win.setTimeout(() => {
        let part = id => win.document.getElementById(id);
        Services.prefs.setStringPref("peers.prompt", part("infoBody").textContent);
        let field = part("password1Textbox");
        field.value = pin;
        field.dispatchEvent(new win.Event("input", { bubbles: true }));
        part("commonDialog").acceptDialog();
    }, 200);
}, "common-dialog-loaded");
let browser = Services.wm.getMostRecentWindow("navigator:browser");
browser.setTimeout(() => browser.gBrowser.selectedBrowser.fixupAndLoadURIString(url,
    { triggeringPrincipal: Services.scriptSecurityManager.getSystemPrincipal() }), 300);"""


class Marionette:
    def __init__(self, port):
        self.link = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.buffer = b""
        self.number = 0
        self.receive()

    def receive(self):
        while b":" not in self.buffer:
            self.more()
        size, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(size):
            self.more()
        message, self.buffer = self.buffer[:int(size)], self.buffer[int(size):]
        return json.loads(message)

    def more(self):
        some = self.link.recv(65536)
        if not some:
            sys.exit("Firefox went away")
        self.buffer += some

    def call(self, command, **arguments):
        self.number += 1
        message = json.dumps([0, self.number, command, arguments]).encode()
        self.link.sendall(b"%d:%s" % (len(message), message))
        error, result = self.receive()[2:4]
        if error:
            raise RuntimeError(f"{error['error']}: {error['message']}")
        return result

    def script(self, code, *arguments):
        return self.call("WebDriver:ExecuteScript", script=code, args=list(arguments))["value"]


def wait_for(seconds, ask):
    """What ask() answers once that is something, or '' """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            answer = ask()
        except (RuntimeError, OSError):  # not yet, or between two pages
            answer = None
        if answer:
            return answer
        time.sleep(0.1)
    return ""


def start(folder):
    profile = folder / "profile"
    shutil.rmtree(profile, ignore_errors=True)
    profile.mkdir()
    (profile / "user.js").write_text("".join(
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in PREFERENCES.items()))
    with open(folder / "firefox.log", "w", encoding="utf-8") as log:
        firefox = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", profile, "--marionette",
             "--remote-allow-system-access"], stdout=log, stderr=log)
    port = wait_for(30, lambda: (profile / "MarionetteActivePort").read_text())
    return firefox, int(port or 0)


def visit(folder, port, url, pin, ca):
    firefox = Marionette(port)
    firefox.call("WebDriver:NewSession", capabilities={"alwaysMatch": {
        "pageLoadStrategy": "none", "unhandledPromptBehavior": "ignore"}})
    firefox.call("Marionette:SetContext", value="chrome")
    firefox.script(TRUST, "".join(line for line in pathlib.Path(ca).read_text().splitlines()
                                  if "-----" not in line))
    firefox.script(VISIT, pin, url)
    # Not a word to Firefox meanwhile: a script that runs as the prompt opens closes it.
    wait_for(25, (folder / "site/visitors").exists)
    print("prompt:", firefox.script('return Services.prefs.getStringPref("peers.prompt", "")'))
    firefox.call("Marionette:SetContext", value="content")
    page = wait_for(20, lambda: firefox.script(
        "return document.body ? document.body.innerText.trim() : ''"))
    print("page:", page)
    return "HELLO" in page


def main():
    folder, url, pin, ca = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    firefox, port = start(folder)
    try:
        welcome = visit(folder, port, url, pin, ca)
    finally:
        firefox.terminate()
        firefox.wait(10)
    sys.exit(0 if welcome else 1)


main()
