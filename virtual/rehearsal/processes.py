# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes of the rehearsal: started where they do not run, ended by their numbers."""
import os
import signal
import socket
import subprocess
import time

from words import Trouble, _

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


class Processes:
    """What runs belongs to a state folder: its run/ has the numbers, its log/ what was said."""

    def __init__(self, folder):
        self.folder = folder

    def commands(self):
        """name -> (command, what shows that it is there: a port, an
        (address, port), a socket in the folder, or None)"""
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def running(self, name):
        """The number of the process, or None."""
        pid, _space, since = (self.folder.read(f"run/{name}.pid") or "").partition(" ")
        return int(pid) if since and start_time(pid) == since else None

    def _answers(self, where):
        if where is None:
            return True
        where = ("127.0.0.1", where) if isinstance(where, int) else where
        kind, address = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET, where
        with socket.socket(kind) as link:
            try:
                link.connect(address)
                return True
            except OSError:
                return False

    def _launch(self, name, command):
        with open(self.folder / f"log/{name}.log", "ab") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with
                command, cwd=str(self.folder), env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.folder.write(f"run/{name}.pid", f"{process.pid} {start_time(process.pid)}")
        return process

    def start_one(self, name):
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

    def end_one(self, name):
        """Asks it to end, and insists after 5 s."""
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

    def why(self, name):
        """What to tell of one that did not start."""
        log = self.folder.read(f"log/{name}.log") or ""
        return "\n".join([_("%s did not start.") % name, *log.splitlines()[-5:]])
