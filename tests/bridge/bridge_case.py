# SPDX-License-Identifier: LGPL-2.1-or-later
"""A room without a screen: smart card service, keys, the bridge, and pages that talk to it as the
extension does, over the relay's frames."""

import atexit
import base64
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "ui"))

import processes  # noqa: E402
from desktop import Desktop  # noqa: E402
from processes import wait_for  # noqa: E402

BRIDGE = os.environ.get("OPENUKEY_BRIDGE", "openukey-bridge")
BROWSER = os.environ.get("OPENUKEY_BRIDGE_BROWSER", "firefox")
UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
FIXTURES = os.environ.get("FIXTURES", "")
PIN = "123456"
SITE = "https://hall.example"
LATE = 60


class Bridged:
    """What a desktop has when the bridge runs on it."""

    bridge, lines_before = None, 0

    # ---- the bridge ----

    def start_bridge(self, *options):
        self.bridge = self.background("bridge", BRIDGE, "--ports", "0,0,0,0", *options)
        self.wait_bridge()

    def wait_bridge(self):
        def look():
            if self.bridge.poll() is not None:
                raise AssertionError("no bridge\n" + self.read("logs/bridge.log"))
            try:
                return self.control("status")
            except OSError:
                return None
        wait_for(look, "the bridge", LATE)

    def stop_bridge(self):
        self.bridge.terminate()
        if self.bridge.wait(LATE) != 0:
            raise AssertionError("the bridge ended badly\n" + self.read("logs/bridge.log"))
        self.bridge = None

    def control(self, ask, number=0):
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(LATE)
            link.connect(self.path("run", "openukey", "bridge.control"))
            link.sendall(json.dumps({"ask": ask, "id": number}).encode() + b"\n")
            parts = []
            while part := link.recv(65536):
                parts.append(part)
        return json.loads(b"".join(parts))

    def sessions(self):
        return self.control("status")["sessions"]

    def wait_keys(self, count):
        wait_for(lambda: self.control("status")["keys"] == count, "%d keys" % count, LATE)

    def ukey(self, *words):
        done = subprocess.run([UKEY, *words], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
        return done.returncode, done.stdout.decode()

    def journal(self):
        path = self.path("home", ".local", "state", "openukey", "journal")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def events(self, event):
        """The journal's lines of one kind, of this test."""
        return [line for line in self.journal()[self.lines_before:] if line["event"] == event]

    # ---- keys ----

    def make_key(self, name, alg="sm2", serial="TEST0001", pin=PIN, *options):
        self.provision(name, "--serial", serial, "--label", name, "--pin", pin, *options,
                       "--container", "Unit", "--sign-key", "%s/%s-sign.key" % (FIXTURES, alg),
                       "--sign-cert", "%s/%s-sign.pem" % (FIXTURES, alg), "--enc-key",
                       "%s/%s-enc.key" % (FIXTURES, alg), "--enc-cert",
                       "%s/%s-enc.pem" % (FIXTURES, alg))


class Room(Bridged, Desktop):
    """A home, keys, and a person who answers; no screen."""

    def __init__(self, readers=2):  # pylint: disable=super-init-not-called
        processes.adopt_orphans()
        self.dir = tempfile.mkdtemp(prefix="ouk-br-", dir="/tmp")
        atexit.register(self.stop)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.keys, self.states, self.programs, self.mocks = {}, {}, [], None
        self.make_home({})
        os.mkdir(self.path("person"), 0o700)
        self.env.update(PERSON=self.path("person"),
                        XDG_STATE_HOME=self.path("home", ".local", "state"),
                        OPENUKEY_PINENTRY=os.path.join(HERE, "person.py"))
        self.env.pop("DISPLAY", None)
        self.rules()
        try:
            self.start_service(readers)
        except BaseException:
            self.stop()
            raise

    # ---- the person ----

    def rules(self, **rules):
        """What the person answers, by reason: a PIN, "no", "never", a choice; lists in turn."""
        rules = {"question": 0, "login": PIN, "sign": PIN, "change": "no", **rules}
        self.write("person/rules.next", json.dumps(rules))
        os.rename(self.path("person", "rules.next"), self.path("person", "rules.json"))

    def hold(self, held):
        if held:
            self.write("person/hold", "")
        elif os.path.exists(self.path("person", "hold")):
            os.unlink(self.path("person", "hold"))

    def asked(self, kind="asked"):
        """What the person was asked (or told) so far."""
        if not os.path.exists(self.path("person", "asked")):
            return []
        notes = [json.loads(line) for line in self.read("person/asked").splitlines()]
        return [entry for entry in notes if entry["kind"] == kind]

    def wait_asked(self, count):
        wait_for(lambda: len(self.asked()) >= count, "question %d" % count, LATE)
        return self.asked()

    def forget_asked(self):
        if os.path.exists(self.path("person", "asked")):
            os.unlink(self.path("person", "asked"))

    def begin(self):
        """Sites are strangers again, the person answers as people mostly do."""
        self.rules()
        self.hold(False)
        self.forget_asked()
        self.lines_before = len(self.journal())
        path = self.path("home", ".config", "openukey", "sites.json")
        if os.path.exists(path):
            os.unlink(path)


class Error(Exception):
    """What the bridge answered instead."""

    def __init__(self, error, result):
        super().__init__("%s: %s" % (error["code"], error["message"]))
        self.code, self.result = error["code"], result


class Link:
    """The extension's end of one connection: through a browser and the relay that it started, or
    (forged) a program that went straight to the socket."""

    def __init__(self, room, forged=False, wrapper=()):
        self.room, self.last, self.answers, self.pushes, self.rest = room, 0, {}, [], b""
        self.program = self.socket = None
        if not forged:
            self.program = subprocess.Popen(
                [*wrapper, BROWSER, BRIDGE, "--native-messaging"], env=room.env,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=processes.die_with_parent)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(room.path("run", "openukey", "bridge.sock"))

    def raw(self, frame):
        if self.program:
            self.program.stdin.write(frame)
            self.program.stdin.flush()
        else:
            self.socket.sendall(frame)

    def send(self, **members):
        self.last += 1
        text = json.dumps({"id": self.last, **members}).encode()
        self.raw(struct.pack("=I", len(text)) + text)
        return self.last

    def receive(self, timeout=LATE):
        """One more piece; False when the other end has closed, None when nothing came."""
        source = self.program.stdout if self.program else self.socket
        if not select.select([source], [], [], timeout)[0]:
            return None
        part = os.read(source.fileno(), 65536)
        if not part:
            return False
        self.rest += part
        while len(self.rest) >= 4:
            size = struct.unpack("=I", self.rest[:4])[0]
            if len(self.rest) < 4 + size:
                break
            frame, self.rest = json.loads(self.rest[4:4 + size]), self.rest[4 + size:]
            if "push" in frame:
                self.pushes.append(frame)
            else:
                self.answers[frame["id"]] = frame
        return True

    def wait(self, number):
        """The result of a question."""
        limit = time.monotonic() + LATE
        while number not in self.answers:
            if not self.receive() or time.monotonic() > limit:
                raise AssertionError("no answer to %d" % number)
        frame = self.answers.pop(number)
        if "error" in frame:
            raise Error(frame["error"], frame.get("result"))
        return frame["result"]

    def ask(self, **members):
        return self.wait(self.send(**members))

    def closed(self):
        """Whether the other end closes now."""
        limit = time.monotonic() + LATE
        while time.monotonic() < limit:
            try:
                if self.receive() is False:
                    return True
            except ConnectionError:
                return True
        return False

    def close(self):
        if self.program:
            self.program.stdin.close()
            self.program.wait(LATE)
            self.program.stdout.close()
        else:
            self.socket.close()


class Page:
    """One page of a connection."""

    def __init__(self, link, family="bjca", origin=SITE, top=None):
        self.link = link
        Page.count = getattr(Page, "count", 0) + 1
        self.number = Page.count
        link.ask(open=self.number, family=family, tab=1, frame=0, origin=origin, top=top or origin)

    def send(self, call, *args):
        return self.link.send(page=self.number, call=call, args=list(args))

    def call(self, call, *args):
        return self.link.wait(self.send(call, *args))

    def refused(self, call, *args):
        """The error's code."""
        try:
            result = self.call(call, *args)
        except Error as error:
            return error.code
        raise AssertionError("%s was answered: %r" % (call, result))

    def close(self):
        self.link.ask(close=self.number)

    def pushed(self):
        return [push for push in self.link.pushes if push["page"] == self.number]


def b64(data):
    return base64.b64encode(data).decode()


class BridgeCase(unittest.TestCase):
    """One room for a class, with a key of its own for each test that wants one."""

    readers, options, alg, key_options = 2, (), "sm2", ()

    @classmethod
    def setUpClass(cls):
        cls.room = Room(cls.readers)
        cls.addClassCleanup(cls.room.stop)
        cls.room.make_key("key", cls.alg, "TEST0001", PIN, *cls.key_options)

    def setUp(self):
        self.room.begin()
        self.room.start_bridge(*self.options)
        self.addCleanup(self.room.stop_bridge)

    def tearDown(self):
        for reader in list(self.room.keys):
            self.room.pull(reader)

    def link(self, *words, **names):
        link = Link(self.room, *words, **names)
        self.addCleanup(link.close)
        return link

    def page(self, *words, **names):
        return Page(self.link(), *words, **names)

    def plug(self, name="key", reader=0):
        self.room.plug(reader, name)
        self.room.wait_keys(len(self.room.keys))
