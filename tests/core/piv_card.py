#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A card of another kind, which OpenSC drives: PIV (NIST SP 800-73-4), one certificate, one PIN.

piv_card.py SOCKET CERT.DER: listens where a virtual reader looks for a key. The PIN is 123456,
three tries. What a person who only looks and changes the PIN does not need is not there.
"""

import os
import socket
import sys

AID = bytes.fromhex("a0000003080000100001 00".replace(" ", ""))
ATR_HISTORY = b"A-CARD-1"
OK, NOT_FOUND, UNKNOWN, BLOCKED, WRONG_DATA = 0x9000, 0x6a82, 0x6d00, 0x6983, 0x6a80
TRIES = 3


def atr():
    body = bytes([0x88, 0x80, 0x01]) + ATR_HISTORY
    check = 0
    for byte in body:
        check ^= byte
    return b"\x3b" + body + bytes([check])


def tlv(tag, value):
    size = len(value)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = bytes([0x82]) + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + length + value


class Card:
    def __init__(self, cert):
        chuid = (tlv("30", bytes(range(1, 26))) + tlv("34", bytes(range(16))) + tlv("35", b"20301231") +
                 tlv("3e", b"") + tlv("fe", b""))
        self.objects = {
            "7e": tlv("7e", tlv("4f", AID) + tlv("5f2f", b"\x40\x00")),
            "5fc102": tlv("53", chuid),
            "5fc105": tlv("53", tlv("70", cert) + tlv("71", b"\x00") + tlv("fe", b"")),
        }
        self.pin, self.left = b"123456\xff\xff", TRIES
        self.verified = False
        self.rest = b""

    def reset(self):
        self.verified, self.rest = False, b""

    def check(self, pin):
        if self.left == 0:
            return BLOCKED
        self.verified = pin == self.pin
        self.left = TRIES if self.verified else self.left - 1
        return OK if self.verified else 0x63c0 | self.left

    def select(self, p1, data):
        if p1 != 4 or not AID.startswith(data) or len(data) < 5:
            return NOT_FOUND, b""
        return OK, tlv("61", tlv("4f", AID[5:]) + tlv("79", tlv("4f", AID[:5])))

    def verify(self, _p1, data):
        if not data:
            return OK if self.verified else (0x63c0 | self.left if self.left else BLOCKED), b""
        return self.check(data), b""

    def change(self, _p1, data):
        if len(data) != 16:
            return WRONG_DATA, b""
        status = self.check(data[:8])
        if status == OK:
            self.pin = data[8:]
        return status, b""

    def get_data(self, _p1, data):
        found = self.objects.get(data[2:].hex()) if data[:1] == b"\x5c" else None
        return (OK, found) if found else (NOT_FOUND, b"")

    COMMANDS = {0xa4: select, 0x20: verify, 0x24: change, 0xcb: get_data}

    def answer(self, command):
        """Short form only; what is longer than 256 bytes comes in parts (61xx, GET RESPONSE)."""
        ins, p1 = command[1], command[2]
        size = command[4] if len(command) > 5 else 0
        expected = command[-1] if len(command) == 5 or len(command) > 5 + size else 0
        if ins == 0xc0:
            status, data = OK, self.rest
        elif ins in self.COMMANDS:
            status, data = self.COMMANDS[ins](self, p1, command[5:5 + size])
        else:
            status, data = UNKNOWN, b""
        expected = expected or 256
        data, self.rest = data[:expected], data[expected:]
        if self.rest:
            status = 0x6100 | min(len(self.rest), 255)
        return data + status.to_bytes(2, "big")


def serve(card, connection):
    def take(size):
        data = b""
        while len(data) < size:
            part = connection.recv(size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    while True:
        frame = take(int.from_bytes(take(2), "big"))
        if len(frame) == 1:
            card.reset()
            reply = atr() if frame == b"\x04" else None
        else:
            reply = card.answer(frame)
        if reply is not None:
            connection.sendall(len(reply).to_bytes(2, "big") + reply)


def main():
    path, cert = sys.argv[1:]
    with open(cert, "rb") as file:
        card = Card(file.read())
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    serve(card, connection)
                except (EOFError, OSError):
                    pass


if __name__ == "__main__":
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    main()
