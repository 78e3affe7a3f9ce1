# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service's processes: started where they do not run, ended by their numbers."""
import os
import sys
from pathlib import Path

from processes import Processes, free_port
from words import Trouble

# who listens where, where nothing else was asked for
PORTS = {"certd": 21181, "lists": 21182}


class Daemons(Processes):
    def environment(self):
        return self.folder.hsm_environment()

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

    # ---- the ports ----

    def port(self, name="certd"):
        text = self.folder.read(f"{name}-port")
        return int(text) if text else PORTS[name]

    def _port_set(self, name, port):
        self.folder.write(f"{name}-port", f"{port}\n")

    # ---- all of them ----

    def _ports_choose(self, port):
        if port is not None and port not in (0, self.port()):
            self.end_one("certd")
            self._port_set("certd", port)
        if port == 0 and not self.running("certd"):
            self._port_set("certd", free_port())
        # Certificates name it: it stays where it was.
        if port is not None and self.folder.read("lists-port") is None:
            self._port_set("lists", free_port())

    def _start_patiently(self, name, tries):
        """On another port, if somebody else has this one."""
        while not self.start_one(name):
            tries -= 1
            if tries == 0:
                raise Trouble(self.why(name))
            self._port_set(name, free_port())
            if name == "lists":
                self.end_one("issuerd")
                self.end_one("publisher")

    def start(self, port=None):
        os.chdir(str(self.folder))  # sockets have short names
        self._ports_choose(port)
        for name in self.commands():
            self._start_patiently(name, 5 if name == "lists" or (port == 0 and name == "certd")
                                  else 1)
        self.folder.write("url", self.url() + "\n")

    def stop(self):
        for name in reversed(list(self.commands())):
            self.end_one(name)
        (self.folder / "url").unlink(missing_ok=True)

    def again(self, *names):
        """What they read at their start has changed."""
        os.chdir(str(self.folder))
        for name in names:
            if self.running(name):
                self.end_one(name)
                if not self.start_one(name):
                    raise Trouble(self.why(name))

    def url(self):
        return f"http://127.0.0.1:{self.port()}"
