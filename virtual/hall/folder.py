# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hall's state folder: whose certificates it takes, its own key and certificate, its ports."""
import json
import os
from pathlib import Path

from state import State, run
from words import Trouble, _

ALGORITHMS = ("rsa", "sm2")
LISTENERS = ("https", "mutual", "http")
SERVER_DAYS = "397"  # browsers take no longer ones


class Folder(State):
    """Made by the first start; a later one finds it."""

    def prepare(self, cas, names, lists):
        """cas: folders of rehearsal CAs; names: the hall's hosts; lists: further revocation lists.
        None of each: as it was, or the default."""
        os.umask(0o077)
        for name in ("run", "log"):
            (self / name).mkdir(parents=True, exist_ok=True)
        if cas or self.read("cas.json") is None:
            self._keep("cas.json", cas or [str(self / f"ca-{alg}") for alg in ALGORITHMS])
        if lists is not None or self.read("lists.json") is None:
            self._keep("lists.json", lists or [])
        for path in self.cas():
            self._authority(path)
        self.write("roots.pem", "".join((path / "root.crt").read_text(encoding="ascii")
                                        for path in self.cas()))
        self._certificate(names)

    def _keep(self, name, paths):
        self.write(name, json.dumps([str(Path(path).absolute()) for path in paths]))

    def _authority(self, path):
        """Its root and its list; one of the hall's own is made."""
        program = self.programs["ca"]
        if path.parent == self.path and not (path / "root.crt").exists():
            run(program, "init", str(path), "--alg", path.name.rpartition("-")[2])
        if not (path / "root.crt").exists():
            raise Trouble(_("There is no rehearsal CA in %s.") % path)
        if not (path / "root.crl").exists():
            run(program, "crl", str(path))

    def _certificate(self, names):
        """The hall's own, from the CA with an RSA root: browsers speak nothing else."""
        known = self.names()
        if names is None and known is not None:
            return
        names = names or ["localhost"]
        if names == known and (self / "hall.crt").exists():
            return
        ca = self.browsers_ca()
        run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout",
            str(self / "hall.key"), "-out", str(self / "hall.csr"), "-subj", f"/CN={names[0]}")
        run(self.programs["ca"], "sign", str(ca), "--csr", str(self / "hall.csr"), "--out",
            str(self / "hall.crt"), "--host", ",".join(names), "--days", SERVER_DAYS)
        self.write("names.json", json.dumps(names))

    def browsers_ca(self):
        for path in self.cas():
            if b"rsaEncryption" in run("openssl", "x509", "-in", str(path / "root.crt"), "-noout",
                                       "-text"):
                return path
        raise Trouble(_("A hall needs a rehearsal CA with an RSA root."))

    # ---- what is in it ----

    def _list(self, name):
        text = self.read(name)
        return json.loads(text) if text else None

    def names(self):
        return self._list("names.json")

    def cas(self):
        return [Path(path) for path in self._list("cas.json") or []]

    def roots(self):
        return [str(path / "root.crt") for path in self.cas()]

    def lists(self):
        """Revocation lists: the CAs' own, and further ones that are there."""
        return [str(path / "root.crl") for path in self.cas()] + [
            path for path in self._list("lists.json") or [] if os.path.exists(path)]

    def address(self):
        return self.read("address") or "127.0.0.1"

    def port(self, listener):
        text = self.read(f"{listener}-port")
        return int(text) if text else None

    def url(self, listener="https"):
        scheme = "http" if listener == "http" else "https"
        port = self.port(listener)
        usual = 80 if listener == "http" else 443
        return f"{scheme}://{self.names()[0]}" + ("" if port == usual else f":{port}")
