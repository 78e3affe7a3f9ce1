# SPDX-License-Identifier: LGPL-2.1-or-later
"""hall_way.py WAY RUNS: one way to log in to the hall, for hall_login.py, which sets its environment.

Every instant between click and page inside belongs to one part, the first of these that it fits:
the person (from a prompt that has the keyboard to Return), the key (a command is with it), the prompt
on its way to the screen, a call to the bridge, the server. The rest is browser and page."""

import json
import os
import re
import socket
import statistics
import struct
import sys
import threading
import time

WAY, RUNS = sys.argv[1], int(sys.argv[2])

import ground  # noqa: E402

ground.enter()

# pylint: disable=wrong-import-position
from extension_case import ExtensionCase  # noqa: E402
from bridge_desk import BridgeDesk  # noqa: E402
from hall_desk import PIN, HallDesk  # noqa: E402
from marionette import Firefox  # noqa: E402
from processes import wait_for  # noqa: E402

LATE = 60
SIGNATURES, MINUTE = 4, 65  # more in a minute are asked about

# Notes in the page when calls begin and end; it is kept over the way to the page inside.
WATCH = """var notes = [];
function keep() { sessionStorage.setItem("notes", JSON.stringify(notes)); }
document.addEventListener("click", function () { notes.push(["click", Date.now()]); keep(); }, true);
if (typeof call == "function") {
	var bridgeCall = call;
	call = function (name, values, done) {
		var began = Date.now();
		bridgeCall(name, values, function (value) {
			notes.push([name, began, Date.now()]);
			keep();
			done(value);
		});
	};
}
if (document.body.dataset.ready) {
	var plain = window.fetch, last = 0;
	window.fetch = function (url, options) {
		if (last) { notes.push(["login", last, Date.now()]); keep(); }
		return plain.call(window, url, options).then(function (answer) {
			last = Date.now();
			return answer;
		});
	};
}"""
INSIDE = """var timing = performance.timing;
return location.pathname == '/inside' && timing.loadEventEnd ?
	[sessionStorage.getItem('notes'), timing.loadEventEnd] : null"""
# Firefox's own prompt for a PIN: when it is there, and when it is answered.
OWN_PROMPT = """let pin = arguments[0];
let observer = function(subject) {
    let win = subject.wrappedJSObject || subject;
    let shown = Date.now();
    win.setTimeout(() => {
        let field = win.document.getElementById("password1Textbox");
        field.value = pin;
        field.dispatchEvent(new win.Event("input", { bubbles: true }));
        Services.prefs.setStringPref("test.person", JSON.stringify([shown, Date.now()]));
        win.document.getElementById("commonDialog").acceptDialog();
    }, 50);
};
Services.obs.addObserver(observer, "common-dialog-loaded");"""


def now():
    return time.time() * 1000


class Tap:
    """Sits between the reader and the key, and notes when a command is with the key."""

    def __init__(self, outside, inside):
        self.busy, self.inside = [], inside
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(outside)
        self.server.listen(1)
        threading.Thread(target=self.serve, daemon=True).start()

    @staticmethod
    def frame(link):
        data = b""
        while len(data) < 2 or len(data) < 2 + struct.unpack(">H", data[:2])[0]:
            size = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 0
            some = link.recv(2 + size - len(data))
            if not some:
                raise OSError("closed")
            data += some
        return data

    def serve(self):
        while True:
            reader, _ = self.server.accept()
            with reader, socket.socket(socket.AF_UNIX) as key:
                key.connect(self.inside)
                try:
                    self.carry(reader, key)
                except OSError:
                    pass

    def carry(self, reader, key):
        while True:
            frame = self.frame(reader)
            began = now()
            key.sendall(frame)
            if len(frame) >= 6 or frame[2:] == b"\x04":
                answer = self.frame(key)
                self.busy.append((began, now()))
                reader.sendall(answer)


def plug(desktop):
    """The key with real timing, behind a tap."""
    outside = desktop.path("rig", "run", "00.sock")
    inside = desktop.path("rig", "run", "00.key.sock")
    desktop.plug(0, "unit", "--timing", "full-speed", "--socket", inside, wait=False)
    tap = Tap(outside, inside)
    desktop.wait_reader(0, "present")
    return tap


class Steps:
    """One login: what is asked of browser and person."""

    def timed_pinentry(self):
        """Notes when the prompt's program is started, and becomes it."""
        spawned, path = self.desktop.path("spawned"), self.desktop.path("pinentry")
        ground.write(path, "#!/bin/sh\ndate +%%s%%3N > '%s'\nexec '%s' \"$@\"\n" % (
            spawned, os.environ["OPENUKEY_PINENTRY"]))
        os.chmod(path, 0o700)
        self.desktop.env["OPENUKEY_PINENTRY"] = path
        return spawned

    def focused(self):
        from screen import Atspi, Node, State
        root = Atspi.get_desktop(0)
        root.clear_cache()
        for node in Node(root).children():
            if node.name == "openukey-pinentry":
                return any(field.has(State.FOCUSED) for field in node.all("password text"))
        return False

    def types_pin(self):
        wait_for(self.focused, "a field with the keyboard", LATE)
        shown = now()
        self.desktop.xdotool("type", "--delay", "1", PIN)
        self.desktop.key("Return")
        return shown, now()


class MutualWay(HallDesk):
    """A new browser each time: it remembers that the key is logged in."""

    def runTest(self):
        pass

    def folder(self, name):
        path = self.desktop.path("%s-%d" % (name, len(os.listdir(self.desktop.dir))))
        os.mkdir(path)
        return path

    def once(self):
        browser = self.firefox()
        browser.chrome(OWN_PROMPT, PIN)
        browser.go(self.hall.about["url"] + "/")
        browser.wait("return document.getElementById('way-mutual') != null && "
                     "document.readyState == 'complete'")
        browser.script("var own = document.createElement('script'); own.textContent = arguments[0];"
                       "document.head.appendChild(own);", WATCH)
        browser.click("#way-mutual")
        notes, end = browser.wait(INSIDE, what="the page inside")
        person = json.loads(browser.chrome(
            'return Services.prefs.getStringPref("test.person", "[0,0]")'))
        browser.stop()
        return json.loads(notes), end, person, None


class PageWay(Steps):
    """A page that asks the bridge; its person types into the bridge's prompt."""

    path, consented = "/bjca/", False

    def once(self):
        self.browser.go("about:blank")
        self.browser.wait("return location.href == 'about:blank'")
        self.browser.go(self.site() + self.path)
        self.browser.wait("return document.body.dataset.ready || document.body.dataset.socket == 'open'",
                          what="a page that is ready")
        if not self.consented and self.path == "/bjca/":
            self.allow()
        if self.path == "/bjca/":
            self.browser.wait("return document.body.dataset.certs == '1'", what="one certificate")
        self.browser.script("var own = document.createElement('script'); own.textContent = arguments[0];"
                            "document.head.appendChild(own);", WATCH)
        self.browser.click("#login")
        if not self.consented:
            self.allow()
        person = self.types_pin()
        notes, end = self.browser.wait(INSIDE, what="the page inside")
        with open(self.spawned, encoding="ascii") as file:
            spawned = float(file.read())
        return json.loads(notes), end, person, (spawned, person[0])

    def allow(self):
        """The site's first question; a run with it does not count."""
        def look():
            from screen import Atspi, Node
            root = Atspi.get_desktop(0)
            root.clear_cache()
            prompt = next((node for node in Node(root).children()
                           if node.name == "openukey-pinentry"), None)
            return prompt and prompt.find("push button", "Allow")
        wait_for(look, "the question", LATE).press()
        type(self).consented = True


class PortsWay(PageWay, BridgeDesk):
    firefox_policies = {"LocalNetworkAccess": {"Enabled": True, "SkipDomains": [ground.HALL]}}

    def runTest(self):
        pass

    @classmethod
    def start_bridge(cls):
        cls.spawned = cls.timed_pinentry(cls)
        super().start_bridge()
        cls.browser = Firefox(cls.desktop.path("home"), cls.desktop.env)
        cls.addClassCleanup(cls.browser.stop)

    def site(self):
        return self.hall.about["http"]


class ExtensionWay(PageWay, ExtensionCase):
    def runTest(self):
        pass

    @classmethod
    def start_bridge(cls, ports="0,0,0,0"):
        cls.spawned = cls.timed_pinentry(cls)
        super().start_bridge(ports)

    def site(self):
        return self.hall.about["http"]


class ModernWay(ExtensionWay):
    path = "/modern/"

    def site(self):
        return self.hall.about["url"]


# ---- what the time went to ----

def covers(pieces, at):
    return any(began <= at < ended for began, ended in pieces)


def split(once, busy, served):
    """{part: ms}; a step is a fifth of a millisecond."""
    notes, end, person, prompt = once
    click = next(note[1] for note in notes if note[0] == "click")
    calls = [(note[1], note[2]) for note in notes if len(note) == 3]
    kinds = [("person", [person]), ("key", busy), ("prompt shown", [prompt] if prompt else []),
             ("bridge", calls)]
    told = dict.fromkeys(["all", "person", "key", "prompt shown", "bridge", "server", "page"], 0.0)
    told["all"] = end - click
    at = float(click)
    while at < end:
        told[next((name for name, pieces in kinds if covers(pieces, at)), "page")] += 0.2
        at += 0.2
    told["server"] = served
    told["page"] = max(0.0, told["page"] - served)
    told["calls"] = len(calls)
    return told


def served(hall, before):
    """Milliseconds that the hall itself was busy with this login, by its log."""
    lines = hall.log()[before:].splitlines()
    hits = [re.search(r"(?:GET|POST) (/\S*) \d+ ([0-9.]+) ms", line) for line in lines]
    return sum(float(hit.group(2)) for hit in hits if hit and (
        hit.group(1) in ("/api/challenge", "/inside") or hit.group(1).startswith("/login/")) or
        hit and " mutual " in " " + hit.string)


def main():
    kind = {"mutual": MutualWay, "ports": PortsWay, "extension": ExtensionWay,
            "modern": ModernWay}[WAY]
    kind.setUpClass()
    try:
        case, runs, signed = kind(), [], []
        case.desktop.pull(0)
        tap = plug(case.desktop)
        for _ in range(RUNS + 1):  # the first one warms up
            while WAY != "mutual" and len([at for at in signed if now() - at < MINUTE * 1000]) >= \
                    SIGNATURES:
                time.sleep(1)
            before = len(case.hall.log())
            once = case.once()
            signed.append(now())
            runs.append(split(once, list(tap.busy), served(case.hall, before)))
            print(json.dumps(runs[-1]), file=sys.stderr)
    finally:
        kind.doClassCleanups()
    print(json.dumps({part: statistics.median(run[part] for run in runs[1:]) for part in runs[0]}))


main()
