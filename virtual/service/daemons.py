# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's processes: started where they do not run, ended by their numbers."""
import os
import signal
import socket
import subprocess
import time

from words import Trouble, _

PORT = 21181
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
        folder, programs = self.folder, self.folder.programs
        orders = ["--store", "sqlite:orders.db", "--vault", "orders.vault", "--profile",
                  "profile.json", "--operators", "operators", "--identities", "identities.json",
                  "--pay-key", "pay.key", "--unlock", "run/unlockd", "--issue", "run/issuerd",
                  "--anchors", str(folder.ca() / "root.crt")]
        ca = folder.ca()
        orders += ["--documents", "uploads", "--anchors", str(ca / "root.crt")]
        return {
            "unlockd": ([programs["unlockd"], "run", *folder.hsm_words("unlock"), "--store",
                         "sqlite:unlock.db", "--vault", "unlock.vault", "--operators", "operators",
                         "--socket", "run/unlockd", "--spool", "inbox"], "run/unlockd"),
            "kmcd": ([programs["kmcd"], "run", *folder.hsm_words("kmc"), "--ca-cert",
                      str(ca / "root.crt"), "--operators", "operators", "--vault", "kmc.vault",
                      "--store", "sqlite:kmc.db", "--socket", "run/kmcd", "--spool", "inbox"],
                     "run/kmcd"),
            "issuerd": ([programs["issuerd"], "run", "--ca-cert", str(ca / "root.crt"), "--ca-key",
                         str(ca / "root.key"), "--operators", "operators", "--profile",
                         "profile.json", "--store", "sqlite:issue.db", "--socket", "run/issuerd",
                         "--kmc", "run/kmcd"],
                        "run/issuerd"),
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

    # ---- the port ----

    def port(self):
        text = self.folder.read("port")
        return int(text) if text else PORT

    def _port_set(self, port):
        self.folder.write("port", f"{port}\n")

    # ---- all of them ----

    def start(self, port=None):
        os.chdir(str(self.folder))  # sockets have short names
        if port is not None and port not in (0, self.port()):
            self._end_one("certd")
            self._port_set(port)
        if port == 0 and not self.running("certd"):
            self._port_set(free_port())
        for name in self.commands():
            tries = 5 if port == 0 and name == "certd" else 1
            while not self._start_one(name):
                tries -= 1
                if tries == 0:
                    raise Trouble(self._why(name))
                self._port_set(free_port())
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
