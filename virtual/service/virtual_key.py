# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual key that is in no reader, taken into the hand for a moment: the few APDUs of enrolling."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

from words import Trouble, _

OK, MORE = 0x9000, 0x6A9E
OPEN_APPLICATION, GEN_RANDOM, CHANGE_PIN = 0x26, 0x50, 0x16
ENUM_CONTAINER, OPEN_CONTAINER, EXPORT_CERTIFICATE = 0x46, 0x42, 0x4E
ADMIN, SIGNING = 0, 1
WHOLE = 0x1000


class Key:
    """with Key(program, state) as key: ..."""

    def __init__(self, program, state):
        self.program, self.state = program, state
        self.folder = self.process = self.link = None
        self.model = self.serial = self.app = None

    def __enter__(self):
        if not os.path.isfile(self.state):
            raise Trouble(_("There is no virtual key in %s.") % self.state)
        self.folder = tempfile.mkdtemp(prefix="openukey-key-", dir="/tmp")
        try:
            self._plug()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_args):
        if self.link is not None:
            self.link.close()
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _plug(self):
        where, control = f"{self.folder}/key", f"{self.folder}/control"
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            [self.program, "run", "--state", self.state, "--socket", where, "--control", control],
            stdout=subprocess.PIPE)
        if not self.process.stdout.readline().startswith(b"ready"):
            raise Trouble(_("The virtual key %s does not start.") % self.state)
        told = json.loads(subprocess.run([self.program, "ctl", control, "status"], check=True,
                                         stdout=subprocess.PIPE).stdout)
        self.model, self.serial = "OpenUKey Virtual " + told["model"], told["serial"]
        if not told["applications"]:
            raise Trouble(_("The key %s is blank: ukey init first.") % self.serial)
        self.link = socket.socket(socket.AF_UNIX)
        self.link.settimeout(20)
        self.link.connect(where)
        self._frame(b"\x01")  # power
        name = told["applications"][0]["name"]
        self.app = self._good(OPEN_APPLICATION, data=name.encode())[8:10]

    def _frame(self, data):
        self.link.sendall(struct.pack(">H", len(data)) + data)

    def _take(self, count):
        data = b""
        while len(data) < count:
            more = self.link.recv(count - len(data))
            if not more:
                raise Trouble(_("The key %s went away.") % self.serial)
            data += more
        return data

    def _send(self, head, data=b"", expected=0):
        """(status word, answer); expected: how many bytes at most"""
        apdu = bytes(head) + b"\0"
        if data:
            apdu += struct.pack(">H", len(data)) + data
        self._frame(apdu + struct.pack(">H", expected))
        answer = self._take(struct.unpack(">H", self._take(2))[0])
        return struct.unpack(">H", answer[-2:])[0], answer[:-2]

    def _good(self, ins, data=b"", expected=0):
        status, answer = self._send((0x80, ins, 0, 0), data, expected)
        if status != OK:
            raise Trouble(_("The key %(serial)s answers %(status)04X.")
                          % {"serial": self.serial, "status": status})
        return answer

    def random(self):
        return self._good(GEN_RANDOM, expected=8)

    def change_admin_pin(self, data):
        """The relayed cryptogram; whether the key took it."""
        status, _answer = self._send((0x84, CHANGE_PIN, 0, ADMIN), self.app + data)
        return status == OK

    def _certificate(self, container):
        whole, status = b"", MORE
        name = self._good(OPEN_CONTAINER, self.app + container)[:2]
        while status == MORE:
            status, part = self._send((0x80, EXPORT_CERTIFICATE, SIGNING, 0), self.app + name,
                                      WHOLE)
            whole += part
        if status != OK:
            return None
        return whole[4:]

    def certificates(self):
        """The signing certificates, DER."""
        names = self._good(ENUM_CONTAINER, self.app).split(b"\0")
        found = [self._certificate(name) for name in names if name]
        return [cert for cert in found if cert]
