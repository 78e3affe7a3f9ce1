# SPDX-License-Identifier: LGPL-2.1-or-later
"""The station at the counter: a blank virtual key becomes the key of an order, by ukey init --batch."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from folder import CONTACT, run
from words import Trouble

DEVICE_KEY = b"1234567812345678"  # of every blank virtual key
MODEL = "OpenUKey Virtual V0"
# what openukey-issuerd answers, and the files that ukey init --batch --import looks for
RESULT = {"sign_cert": "sign.crt", "enc_cert": "enc.crt"}


class Rig:
    """with Rig(programs) as rig: a reader of the station's own."""

    def __init__(self, programs):
        self.programs, self.folder = programs, None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="openukey-desk-", dir="/tmp")  # sockets: short names
        try:
            self.tell("start", "1")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_args):
        try:
            self.tell("stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def tell(self, verb, *words):
        # its children keep the output open: a file, so that nobody waits for them
        with tempfile.TemporaryFile() as out:
            done = subprocess.run([self.programs["rehearsal"], verb, self.folder, *words],
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                  check=False)
            out.seek(0)
            if done.returncode != 0:
                raise Trouble(out.read().decode(errors="replace").strip())

    def environment(self, home):
        return {**os.environ, "PCSCLITE_CSOCK_NAME": f"{self.folder}/run/pcscd.comm",
                "OPENUKEY_MODULE": self.programs["module"], "XDG_DATA_HOME": home}


class Station:
    """One key of one order; what was begun is gone on with."""

    def __init__(self, desk, order, sn, state):
        self.desk, self.order, self.sn = desk, order, sn
        self.programs = desk.folder.programs
        self.place = desk.folder / f"keys/{sn}"
        self.state = Path(state) if state else self.place / "key"
        self.place.mkdir(parents=True, exist_ok=True)

    def _path(self, name):
        return str(self.place / name)

    def _ukey(self, rig, *words):
        given, fds = [], []
        if "--unlockd" in words:
            reader, writer = os.pipe()
            os.write(writer, DEVICE_KEY)
            os.close(writer)
            given, fds = ["--device-key-fd", str(reader)], [reader]
        try:
            run(self.programs["ukey"], "init", "--batch", self._path("list.json"), "--out",
                self._path("out"), "--yes", *words, *given, pass_fds=fds,
                env=rig.environment(self._path("home")))
        finally:
            for fd in fds:
                os.close(fd)

    # ---- the parts ----

    def _list(self, form, alg, master):
        contact = {"phone": form.get("legal_phone") or CONTACT["phone"],
                   "account": form.get("bank_account") or CONTACT["account"],
                   "notify": form.get("handler_phone") or CONTACT["notify"]}
        (self.place / "list.json").write_text(json.dumps({
            "master": master, "application": "OpenUKey-Rehearsal", "container": "Unit",
            "algorithm": alg, "keys": [{"sn": self.sn, "model": MODEL, "unit": form["unit"],
                                        "contact": contact}]}, ensure_ascii=False), encoding="utf-8")

    def _sign_papers(self):
        """What both operators do with ukey approve."""
        run(self.programs["ukey"], "init", "--batch", self._path("list.json"), "--papers",
            self._path("papers"))
        answers = self.place / "approvals"
        answers.mkdir(exist_ok=True)
        for file in (self.place / "papers").iterdir():
            paper = json.loads(file.read_text(encoding="utf-8"))
            for name in self.desk.operators:
                rows = [{"body": hashlib.sha256(item["body"].encode()).hexdigest(),
                         "signature": self.desk.signed(item["body"], [name])[0]["signature"]}
                        for item in paper["items"]]
                (answers / f"{name}-{file.name}").write_text(
                    json.dumps({"operator": name, "signatures": rows}), encoding="utf-8")

    def _certificates(self):
        """Both operators sign for this request on this key; then it has its certificates."""
        csr = Path(self._path(f"out/{self.sn}.csr"))
        der = run("openssl", "req", "-in", str(csr), "-outform", "DER").hex()
        if not (self.place / "requested").exists():
            self.desk.ask(self.order, "request", token=self.sn, csr=f"@{csr}")
            (self.place / "requested").touch()
        told = self.desk.http(f"/v1/operator/{self.order['number']}/request", {"csr": der})
        files = {name: told[member] for member, name in RESULT.items() if member in told}
        if "wrapped_key" in told:
            files.update({"wrapped": told["wrapped_key"], "blob": told["envelope"]})
        elif "envelope" in told:
            files["envelope"] = told["envelope"]
        for name, value in files.items():
            Path(self._path(f"out/{self.sn}.{name}")).write_bytes(bytes.fromhex(value))
        return bytes.fromhex(told["sign_cert"])

    def make(self, form, alg, master):
        """The key as it leaves the counter: certificates on it, its PIN for the owner to activate."""
        self._list(form, alg, master)
        self._sign_papers()
        with Rig(self.programs) as rig:
            rig.tell("plug", "0", str(self.state), "--serial", self.sn, "--label", "VIRTUAL")
            self._ukey(rig, "--unlockd", "run/unlockd", "--approvals", self._path("approvals"))
            cert = self._certificates()
            self._ukey(rig, "--import")
            rig.tell("pull", "0")
        (self.desk.folder / f"certs/{self.sn}.der").write_bytes(cert)
        return self.state
