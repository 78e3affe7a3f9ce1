# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole desktop for one test process: screen, session bus, accessibility bus, window manager,
notifications, smart card service with keys, a home of its own. Nothing of it outlives the process.

One Desktop at a time in a process, for the accessibility library remembers its first bus."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import processes
from processes import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
REHEARSAL = os.environ.get("OPENUKEY_REHEARSAL", "openukey-rehearsal")
REHEARSAL_WAIT = os.environ.get("OPENUKEY_REHEARSAL_WAIT", "openukey-rehearsal-wait")
VIRTUAL_KEY = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
MODULE = os.environ.get("OPENUKEY_PKCS11_MODULE", "openukey-pkcs11.so")
LOCALEDIR = os.environ.get("OPENUKEY_LOCALEDIR", "")
LOCALES = os.environ.get("OPENUKEY_TEST_LOCALES", "")
PICTURES = os.environ.get("OPENUKEY_TEST_PICTURES", "")
LANGUAGES = {"zh_CN": "zh_CN.UTF-8", "en": "en_US.UTF-8"}
DROPPED = ("DISPLAY", "WAYLAND_DISPLAY", "LANG", "LANGUAGE", "XAUTHORITY", "GTK_THEME",
           "GTK_MODULES", "GTK_IM_MODULE", "XMODIFIERS", "PCSCLITE_CSOCK_NAME")


class Desktop:
    """readers: so many empty readers, or "usb": USB ports, where unmodified libccid sees keys come
    and go through umockdev; tray: a StatusNotifierWatcher; modules: further PKCS#11 modules
    {name: path}; size: of the screen."""

    def __init__(self, readers=2, tray=False, modules=None, size="1280x900"):
        processes.adopt_orphans()
        self.dir = tempfile.mkdtemp(prefix="ouk-ui-", dir="/tmp")  # sockets have short names
        atexit.register(self.stop)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        self.keys, self.states, self.programs, self.mocks = {}, {}, [], None
        self.make_home(modules or {})
        try:
            self.start_service(readers)
            self.start_screen(size)
            self.start_bus()
            self.start_mocks(tray)
            self.manager = self.background("openbox", "openbox", "--sm-disable")
        except BaseException:
            self.stop()
            raise

    # ---- home ----

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def make_home(self, modules):
        for name in ("home", "run", "logs", "keys"):
            os.mkdir(self.path(name), 0o700)
        self.env = {name: value for name, value in os.environ.items()
                    if name not in DROPPED and not name.startswith(("LC_", "XDG_", "DBUS_"))}
        self.env.update(
            HOME=self.path("home"), XDG_RUNTIME_DIR=self.path("run"),
            XDG_CONFIG_HOME=self.path("home", ".config"),
            XDG_DATA_HOME=self.path("home", ".local", "share"),
            XDG_CACHE_HOME=self.path("home", ".cache"), XDG_SESSION_TYPE="x11",
            GSETTINGS_BACKEND="keyfile", NO_AT_BRIDGE="0", LC_ALL="C.UTF-8", LANGUAGE="en",
            OPENUKEY_PKCS11_MODULE=MODULE,
            # for root, whose own configuration p11-kit does not read
            OPENUKEY_MODULE=":".join([MODULE, *(modules or {}).values()]))
        if LOCALES:
            self.env["LOCPATH"] = LOCALES
        # Programs that let nobody look into them cannot be looked at for leaks either.
        self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        folder = self.path("home", ".config", "pkcs11", "modules")
        os.makedirs(folder)
        os.makedirs(self.path("home", ".local", "share", "dbus-1", "services"))
        self.write("home/.config/pkcs11/pkcs11.conf", "user-config: only\n")
        for name, path in {"openukey": MODULE, **modules}.items():
            self.write("home/.config/pkcs11/modules/%s.module" % name, "module: %s\n" % path)

    def write(self, name, text):
        with open(self.path(*name.split("/")), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(self.path(*name.split("/")), encoding="utf-8", errors="replace") as file:
            return file.read()

    def language(self, language):
        """What a program's environment has for a language: zh_CN or en."""
        return {"LANG": LANGUAGES[language], "LC_ALL": LANGUAGES[language] if LOCALES else "C.UTF-8",
                "LANGUAGE": language}

    # ---- parts ----

    def background(self, name, *words, **more):
        return processes.start(words, self.path("logs", name + ".log"), self.env, **more)

    def start_screen(self, size):
        reader, writer = os.pipe()
        self.background("xvfb", "Xvfb", "-displayfd", str(writer), "-screen", "0", size + "x24",
                        "-nolisten", "tcp", "-noreset", pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as file:
            number = file.readline().strip()
        if not number:
            raise AssertionError("no screen\n" + self.read("logs/xvfb.log"))
        self.env["DISPLAY"] = os.environ["DISPLAY"] = ":" + number

    def start_bus(self):
        reader, writer = os.pipe()
        self.background("dbus", "dbus-daemon", "--session", "--nofork", "--print-address=%d" % writer,
                        "--address=unix:path=" + self.path("run", "bus"), pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as file:
            address = file.readline().strip()
        if not address:
            raise AssertionError("no session bus\n" + self.read("logs/dbus.log"))
        self.env["DBUS_SESSION_BUS_ADDRESS"] = os.environ["DBUS_SESSION_BUS_ADDRESS"] = address
        os.environ["XDG_RUNTIME_DIR"] = self.path("run")

    def start_mocks(self, tray):
        words = ["/usr/bin/python3", os.path.join(HERE, "mocks.py")] + ["--tray"] * tray
        self.mocks = self.background("mocks", *words, stdin=subprocess.PIPE)
        wait_for(lambda: self.read("logs/mocks.log").count('"owns"') == 1 + tray, "the mocks")

    def start_service(self, readers):
        self.rig = self.path("rig")
        self.env["PCSCLITE_CSOCK_NAME"] = self.path("rig", "run", "pcscd.comm")
        self.readers = readers
        self.service = None
        if readers:
            self.begin_service()

    def begin_service(self):
        """Starts the smart card service (again)."""
        self.service = self.background("pcscd", REHEARSAL, "serve", self.rig, str(self.readers),
                                       "--die-with-parent")
        self.wait_service()

    def wait_service(self):
        wait_for(lambda: self.service.poll() is not None or
                 os.path.exists(self.env["PCSCLITE_CSOCK_NAME"]), "pcscd's socket")
        if self.service.poll() is not None:
            raise AssertionError("pcscd did not start\n" + self.read("logs/pcscd.log"))

    def end_service(self):
        """Ends the smart card service, as when it is stopped; the keys stay in."""
        self.service.terminate()
        self.service.wait()

    # ---- keys ----

    def provision(self, name, *options):
        """Makes or extends the state file `name`: see openukey-virtual-key provision."""
        state = self.path("keys", name)
        subprocess.run([VIRTUAL_KEY, "provision", "--state", state, *options], check=True,
                       stdout=subprocess.DEVNULL)
        return state

    def plug(self, reader, name, *options, wait=True):
        """Puts the key of the state file `name` into a reader; a missing file is a blank key."""
        if reader in self.keys:
            raise AssertionError("there is a key in reader %d" % reader)
        socket = self.path("rig", "run", "%02d" % reader)
        log = "key-%02d" % reader
        self.write("logs/%s.log" % log, "")
        self.keys[reader] = self.background(
            log, VIRTUAL_KEY, "run", "--state", self.path("keys", name), "--socket",
            socket + ".sock", "--control", socket + ".ctl", *options)
        self.states[reader] = name
        wait_for(lambda: self.keys[reader].poll() is not None or
                 "ready" in self.read("logs/%s.log" % log), "a key that is ready")
        if wait:
            self.wait_reader(reader, "present")

    def pull(self, reader, wait=True):
        key = self.keys.pop(reader)
        key.terminate()
        key.wait()
        if wait:
            self.wait_reader(reader, "absent")

    def wait_reader(self, reader, state):
        mark = ("(VIRTUAL%02d)" if self.readers == "usb" else "OpenUKey Virtual Reader %02d") % reader
        subprocess.run([REHEARSAL_WAIT, mark, state, "10"], env=self.env, check=True)

    def tell(self, reader, *words):
        """Sends a control line to the key in a reader and returns its answer."""
        done = subprocess.run([VIRTUAL_KEY, "ctl", self.path("rig", "run", "%02d.ctl" % reader),
                               *words], stdout=subprocess.PIPE, check=True)
        return done.stdout.decode()

    def status(self, reader):
        return json.loads(self.tell(reader, "status"))

    def tries_left(self, reader, who="user"):
        """Straight from the key's counter."""
        return self.status(reader)["applications"][0][who]["left"]

    # ---- programs ----

    def start(self, *words, language="zh_CN", pass_fds=(), **variables):
        """Starts a program under test; variables that are None are not set."""
        from screen import Program
        env = {**self.env, **self.language(language), **variables}
        if LOCALEDIR:
            env["OPENUKEY_LOCALEDIR"] = LOCALEDIR
        env = {name: value for name, value in env.items() if value is not None}
        log = self.path("logs", "program-%02d.log" % len(self.programs))
        process = processes.start(words, log, env, pass_fds=pass_fds)
        program = Program(self, process, log, words)
        self.programs.append(program)
        return program

    def run(self, *words, language="en", **more):
        """Runs a program to its end; its output (both streams) and exit status."""
        env = {**self.env, **self.language(language)}
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=env, timeout=60, check=False, **more)
        return done.stdout.decode(errors="replace"), done.returncode

    # ---- what a person does and sees ----

    def type(self, text):
        """Real key events, to whatever has the focus."""
        self.xdotool("type", "--delay", "15", text)

    def key(self, *names):
        """Real key events by keysym: Return, Tab, ctrl+a ..."""
        self.xdotool("key", "--delay", "15", *names)

    def xdotool(self, *words):
        subprocess.run(["xdotool", *words], env=self.env, check=True, timeout=30)

    def picture(self, name, window="root"):
        """Saves what the screen shows as NAME.png, in OPENUKEY_TEST_PICTURES if that is set."""
        folder = PICTURES or self.path("pictures")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name + ".png")
        subprocess.run(["import", "-silent", "-window", window, path], env=self.env, check=True,
                       timeout=30)
        return path

    def log(self, name):
        """The mocks' lines of one kind: notify, closed, tray."""
        lines = [json.loads(line) for line in self.read("logs/mocks.log").splitlines()
                 if line.startswith("{")]
        return [line[name] for line in lines if name in line]

    def notifications(self):
        return self.log("notify")

    def invoke(self, number, action="default"):
        """Presses a notification's button."""
        self.mocks.stdin.write(json.dumps(["invoke", number, action]).encode() + b"\n")
        self.mocks.stdin.flush()

    def stop(self):
        atexit.unregister(self.stop)
        if self.mocks is not None:
            self.mocks.stdin.close()
        processes.end_all()
        if os.environ.get("OPENUKEY_TEST_KEEP"):
            print("kept:", self.dir, file=sys.stderr)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
