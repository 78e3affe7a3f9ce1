# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's processes: started where they do not run, ended by their numbers."""
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from words import Trouble, _

# who listens where, where nothing else was asked for
PORTS = {"certd": 21181, "lists": 21182}
PATIENCE = 60


def start_time(pid):
    """A number alone may belong to somebody else by now."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(") ")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def free_port():
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]


class Daemons:
    def __init__(self, folder):
        self.folder = folder

    def commands(self):
        """name -> (command, what shows that it is there)"""
        folder, programs, ca = self.folder, self.folder.programs, self.folder.ca()
        orders = ["--store", "sqlite:orders.db", "--vault", "orders.vault", "--profile",
                  "profile.json", "--operators", "operators", "--identities", "identities.json",
                  "--pay-key", "payments/sandbox.key", "--unlock", "run/unlockd", "--issue",
                  "run/issuerd", "--documents", "uploads", "--anchors", str(ca / "root.crt")]
        lists = f"http://127.0.0.1:{self.port('lists')}"
        issue = ["--ca-cert", str(ca / "root.crt"), "--ca-key", str(ca / "root.key"), "--operators",
                 "operators", "--profile", "profile.json", "--store", "sqlite:issue.db", "--crl-url",
                 f"{lists}/ca.crl", "--ocsp-url", f"{lists}/ocsp"]
        return {
            "lists": ([sys.executable, "-B", str(Path(__file__).with_name("lists.py")),
                       str(self.port("lists")), "lists"], self.port("lists")),
            "unlockd": ([programs["unlockd"], "run", *folder.hsm_words("unlock"), "--store",
                         "sqlite:unlock.db", "--vault", "unlock.vault", "--operators", "operators",
                         "--socket", "run/unlockd", "--spool", "inbox"], "run/unlockd"),
            "kmcd": ([programs["kmcd"], "run", *folder.hsm_words("kmc"), "--ca-cert",
                      str(ca / "root.crt"), "--operators", "operators", "--vault", "kmc.vault",
                      "--store", "sqlite:kmc.db", "--socket", "run/kmcd", "--spool", "inbox"],
                     "run/kmcd"),
            "issuerd": ([programs["issuerd"], "run", *issue, "--socket", "run/issuerd", "--kmc",
                         "run/kmcd", "--payments", "payments"], "run/issuerd"),
            "publisher": ([programs["issuerd"], "work", *issue, "--node", "publisher", "--out",
                           "lists"], None),
            "certd": ([programs["certd"], "serve", "--node", "rehearsal", "--rate", "0", "--listen",
                       f"127.0.0.1:{self.port()}", *orders], self.port()),
            "worker": ([programs["certd"], "work", "--node", "worker", "--spool", "inbox", *orders],
                       None),
        }

    # ---- processes ----

    def running(self, name):
        """The number of the process, or None."""
        pid, _space, since = (self.folder.read(f"run/{name}.pid") or "").partition(" ")
        return int(pid) if since and start_time(pid) == since else None

    def _answers(self, where):
        if where is None:
            return True
        kind, address = (socket.AF_INET, ("127.0.0.1", where)) if isinstance(where, int) else (
            socket.AF_UNIX, where)
        with socket.socket(kind) as link:
            try:
                link.connect(address)
                return True
            except OSError:
                return False

    def _launch(self, name, command):
        with open(self.folder / f"log/{name}.log", "ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, cwd=str(self.folder), env=self.folder.hsm_environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.folder.write(f"run/{name}.pid", f"{process.pid} {start_time(process.pid)}")
        return process

    def _start_one(self, name):
        """Whether it came up; a process that ends at once did not."""
        if self.running(name):
            return True
        command, where = self.commands()[name]
        if isinstance(where, int) and self._answers(where):
            return False  # somebody else's
        if isinstance(where, str):
            (self.folder / where).unlink(missing_ok=True)
        process = self._launch(name, command)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if process.poll() is not None:
                return False
            if self._answers(where):
                return process.poll() is None
            time.sleep(0.02)
        return False

    def _end_one(self, name):
        begun = time.monotonic()
        while pid := self.running(name):
            late = time.monotonic() - begun
            try:
                os.kill(pid, signal.SIGKILL if late > 5 else signal.SIGTERM)
            except ProcessLookupError:
                pass
            if late > PATIENCE:
                raise Trouble(_("%s cannot be ended.") % name)
            time.sleep(0.02)
        (self.folder / f"run/{name}.pid").unlink(missing_ok=True)

    # ---- the ports ----

    def port(self, name="certd"):
        text = self.folder.read(f"{name}-port")
        return int(text) if text else PORTS[name]

    def _port_set(self, name, port):
        self.folder.write(f"{name}-port", f"{port}\n")

    # ---- all of them ----

    def _ports_choose(self, port):
        if port is not None and port not in (0, self.port()):
            self._end_one("certd")
            self._port_set("certd", port)
        if port == 0 and not self.running("certd"):
            self._port_set("certd", free_port())
        # Certificates name it: it stays where it was.
        if port is not None and self.folder.read("lists-port") is None:
            self._port_set("lists", free_port())

    def _start_patiently(self, name, tries):
        """On another port, if somebody else has this one."""
        while not self._start_one(name):
            tries -= 1
            if tries == 0:
                raise Trouble(self._why(name))
            self._port_set(name, free_port())
            if name == "lists":
                self._end_one("issuerd")
                self._end_one("publisher")

    def start(self, port=None):
        os.chdir(str(self.folder))  # sockets have short names
        self._ports_choose(port)
        for name in self.commands():
            self._start_patiently(name, 5 if name == "lists" or (port == 0 and name == "certd")
                                  else 1)
        self.folder.write("url", self.url() + "\n")

    def _why(self, name):
        log = self.folder.read(f"log/{name}.log") or ""
        return "\n".join([_("%s did not start.") % name, *log.splitlines()[-5:]])

    def stop(self):
        for name in reversed(list(self.commands())):
            self._end_one(name)
        (self.folder / "url").unlink(missing_ok=True)

    def again(self, *names):
        """What they read at their start has changed."""
        os.chdir(str(self.folder))
        for name in names:
            if self.running(name):
                self._end_one(name)
                if not self._start_one(name):
                    raise Trouble(self._why(name))

    def url(self):
        return f"http://127.0.0.1:{self.port()}"
