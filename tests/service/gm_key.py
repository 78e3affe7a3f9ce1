# SPDX-License-Identifier: LGPL-2.1-or-later
"""A virtual key of the test's own, spoken to with APDUs; its cryptography is openssl's program."""
import hashlib
import os
import socket
import struct
import subprocess
import time

PROGRAM = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
APPLICATION = "OpenUKey-Rehearsal"
ADMIN, USER = 0, 1


def sm4(mode, key, data, iv=None):
    words = ["openssl", "enc", f"-sm4-{mode}", "-e", "-nopad", "-K", key.hex()]
    if iv is not None:
        words += ["-iv", iv.hex()]
    return subprocess.run(words, input=data, check=True, capture_output=True).stdout


def pin_key(pin):
    return hashlib.sha1(pin.encode().ljust(16, b"\0")).digest()[:16]


def pad80(data):
    data += b"\x80"
    return data + b"\0" * (-len(data) % 16)


class Pulled(Exception):
    """The key was unplugged, or its power went."""


class Key:
    def __init__(self, folder, model="V0", serial="SN0001", admin_pin="admin-8421", pin="123456"):
        self.folder, self.model = folder, model
        self.plain = model == "V1"
        self.state, self.path = f"{folder}/{serial}.key", f"{folder}/{serial}.sock"
        self.control = f"{folder}/{serial}.ctl"
        subprocess.run([PROGRAM, "provision", "--state", self.state, "--model", model, "--serial",
                        serial, "--application", APPLICATION, "--pin", pin, "--admin-pin",
                        admin_pin], check=True, capture_output=True)
        self.process = self.link = None
        self.plug()

    def plug(self):
        self.process = subprocess.Popen(
            [PROGRAM, "run", "--state", self.state, "--socket", self.path, "--control", self.control,
             "--model", self.model], stdout=subprocess.PIPE)
        self.process.stdout.readline()
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(self.path)
        self.frame(b"\x01")
        self.open()

    def pull(self):
        """Power gone, at once."""
        self.link.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def frame(self, data):
        self.link.sendall(struct.pack(">H", len(data)) + data)

    def receive(self, count):
        data = b""
        while len(data) < count:
            more = self.link.recv(count - len(data))
            if not more:
                raise Pulled
            data += more
        return data

    def send(self, cla, ins, p2=0, data=b"", le=False, p1=0):
        """(status word, data)"""
        apdu = bytes([cla, ins, p1, p2])
        if data or le:
            apdu += b"\0"
        if data:
            apdu += struct.pack(">H", len(data)) + data
        if le:
            apdu += b"\0\0"
        self.frame(apdu)
        answer = self.receive(struct.unpack(">H", self.receive(2))[0])
        return struct.unpack(">H", answer[-2:])[0], answer[:-2]

    def open(self):
        status, data = self.send(0x80, 0x26, data=APPLICATION.encode(), le=True)
        assert status == 0x9000, hex(status)
        self.app = data[8:10]

    def random(self):
        # GenRandom's Le says how many bytes
        self.frame(bytes([0x80, 0x50, 0, 0, 0, 0, 8]))
        answer = self.receive(struct.unpack(">H", self.receive(2))[0])
        assert answer[-2:] == b"\x90\0", answer.hex()
        return answer[:-2]

    def tries(self, who):
        status, data = self.send(0x80, 0x14, who, self.app, le=True)
        assert status == 0x9000
        return data[1]

    def verify_block(self, who, block):
        return self.send(0x80, 0x18, who, self.app + block)[0]

    def verify(self, who, pin):
        random = self.random()
        block = random + b"\0" * 8 if self.plain else pad80(b"\x08\0" + random)
        return self.verify_block(who, sm4("ecb", pin_key(pin), block))

    def unblock_block(self, data):
        return self.send(0x84, 0x1a, 0, self.app + data)[0]

    def device_auth(self, block):
        """block: made from the random that was asked for last."""
        return self.send(0x80, 0x10, 2, block)[0]

    def device_auth_with(self, key):
        return self.device_auth(sm4("ecb", key, self.random() + bytes(8)))

    def change_device_key(self, data):
        return self.send(0x84, 0x12, 2, data)[0]

    def change(self, who, old, fresh):
        random = self.random()
        plain = fresh.encode()
        plain = plain.ljust(16, b"\0") if self.plain else pad80(struct.pack("<H", len(plain)) + plain)
        data = self.app + sm4("ecb", pin_key(old), plain)
        head = bytes([0x84, 0x16, 0, who]) + struct.pack(">H", len(data)) + b"\0\0"
        mac = sm4("cbc", pin_key(old), pad80(head + data), random + b"\0" * 8)[-16:][:4]
        return self.send(0x84, 0x16, who, data + mac)[0]

    def clear(self):
        self.link.close()
        time.sleep(0.02)
        self.link = socket.socket(socket.AF_UNIX)
        self.link.connect(self.path)
        self.frame(b"\x01")
        self.open()

    def lock(self):
        while self.tries(USER) > 0:
            self.verify(USER, "wrong-pin")
