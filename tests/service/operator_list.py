# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signed list of operators, as the ceremonies make it."""
import hashlib
import json
import subprocess
from pathlib import Path

from unlock_case import CERTADM, run


class OperatorList:
    """Files in a folder; `sign(body, name)` gives a signature in hex."""

    def __init__(self, folder, path, sign):
        self.folder, self.path, self.sign = Path(folder), str(path), sign

    def key(self, name):
        """A key of the operator's own, and its public half."""
        run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
            f"{self.folder}/{name}.key")
        return self.public(name)

    def public(self, name):
        run("openssl", "pkey", "-in", f"{self.folder}/{name}.key", "-pubout", "-out",
            f"{self.folder}/{name}.pub")
        return f"{self.folder}/{name}.pub"

    def certadm(self, *words, code=0):
        done = subprocess.run([CERTADM, "operators", *words, "--list", self.path], capture_output=True,
                              check=False)
        assert done.returncode == code, (words, done.stderr.decode())
        return done.stdout.decode()

    def paper(self, act, *people, code=0, **more):
        path = self.folder / "list-paper.json"
        self.certadm(act, *people, "--paper", str(path), *[
            word for name, value in more.items() for word in (f"--{name}", str(value))], code=code)
        return path

    def answer(self, paper, name):
        """What ukey approve makes of it."""
        items = json.loads(Path(paper).read_text())["items"]
        path = self.folder / f"list-answer-{name}.json"
        path.write_text(json.dumps({"operator": name, "signatures": [
            {"body": hashlib.sha256(item["body"].encode()).hexdigest(),
             "signature": self.sign(item["body"], name)} for item in items]}))
        return str(path)

    def take(self, paper, *names, code=0):
        return self.certadm("take", "--paper", str(paper), "--answers",
                            ",".join(self.answer(paper, name) for name in names), code=code)

    def act(self, act, *people, signers=("wang", "zhao"), code=0, **more):
        self.take(self.paper(act, *people, **more), *signers, code=code)

    def begin(self, roles="officer,reviewer"):
        self.act("begin", *(f"{name}={self.public(name)}" for name in ("wang", "zhao")), roles=roles,
                 days=730)

    def add(self, name, roles, days=365, **more):
        self.act("add", f"{name}={self.public(name)}", roles=roles, days=days, **more)
