#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_usbip.py OPENUKEY-VIRTUAL-KEY OPENUKEY-VIRTUAL-USBIP: what a kernel would say to the keys, and what
no kernel would. Written from the protocol's description, not from the program."""
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

PATIENCE = 60
HEADER = ">IIIIIiI20x"
LIST, IMPORT = 0x8005, 0x8003
SUBMIT, UNLINK = 1, 2
OUT, IN = 0, 1
GET_DEVICE_DESCRIPTOR = bytes.fromhex("8006000100001200")
GET_DEV_INFO = bytes.fromhex("80040000000000")


def request(operation, rest=b"", version=0x0111):
    return struct.pack(">HHI", version, operation, 0) + rest


def bus_id(text):
    return text.encode().ljust(32, b"\0")


def submit(sequence, direction, endpoint, length, setup=bytes(8), data=b"", packets=0):
    return struct.pack(">10I", SUBMIT, sequence, 0x10002, direction, endpoint, 0, length, 0,
                       packets, 0) + setup + data


def unlink(sequence, victim):
    return struct.pack(">6I24x", UNLINK, sequence, 0x10002, 0, 0, victim)


def hid_reports(apdu):
    """Of the GM3000's framing (gm-keys 2.6)."""
    payload = b"\x12" + struct.pack(">H", len(apdu)) + apdu
    stream = b"\xfe\x01" + bytes(14) + struct.pack("<HB", len(payload), 0) + b"\x01" + payload
    parts = [stream[at:at + 63] for at in range(0, len(stream), 63)]
    for number, part in enumerate(parts):
        tag = len(part) | (0x80 if number == 0 else 0)
        tag |= 0x40 if number == len(parts) - 1 else 0
        yield bytes([tag]) + part.ljust(63, b"\0")


class Host:
    """A connection as a kernel's."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def send(self, data):
        self.socket.sendall(data)

    def take(self, length):
        data = b""
        while len(data) < length:
            part = self.socket.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionError:
            return True

    def import_key(self, name):
        self.send(request(IMPORT, bus_id(name)))
        status = struct.unpack(">4xI", self.take(8))[0]
        return self.take(312) if status == 0 else status

    def reply(self):
        """(kind, sequence, status, bytes that moved)"""
        kind, sequence, _, _, _, status, moved = struct.unpack(HEADER, self.take(48))
        return kind, sequence, status, moved

    def close(self):
        self.socket.close()


class Usbip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        cls.key = cls.start([sys.argv[1], "run", "--state", cls.path / "key", "--socket",
                             cls.path / "sock", "--control", cls.path / "ctl"], "ready\n")
        cls.server = cls.start([sys.argv[2], "--port", "0", f"hid,055c:e618={cls.path}/sock",
                                f"storage={cls.path}/none"], None)
        cls.port = int(cls.server.stdout.readline().split()[1])
        assert cls.server.stdout.readline() == "plugged 1-1\n"

    @classmethod
    def start(cls, command, line):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert line is None or process.stdout.readline() == line
        return process

    @classmethod
    def tearDownClass(cls):
        for process in (cls.server, cls.key):
            process.terminate()
            process.wait(PATIENCE)
            process.stdout.close()
        cls.folder.cleanup()
        assert cls.server.returncode == 0

    def host(self, name=None):
        host = Host(self.port)
        self.addCleanup(host.close)
        if name is not None:
            while (status := host.import_key(name)) == 2:  # the one before is still being hung up
                host.close()
                host = Host(self.port)
                self.addCleanup(host.close)
            self.assertEqual(len(status), 312)
        return host

    def order(self, word):
        subprocess.run([sys.argv[1], "ctl", self.path / "ctl", word], check=True,
                       stdout=subprocess.DEVNULL)

    def test_a_list_has_the_keys_that_are_there(self):
        host = self.host()
        host.send(request(LIST))
        self.assertEqual(struct.unpack(">HHII", host.take(12)), (0x0111, 5, 0, 1))
        device = host.take(312)
        self.assertEqual(device[256:259], b"1-1")
        self.assertEqual(struct.unpack(">HH", device[300:304]), (0x055c, 0xe618))
        self.assertEqual(host.take(4), bytes([3, 0, 0, 0]))
        self.assertTrue(host.closed())

    def test_a_key_is_imported_by_one_and_free_again_afterwards(self):
        host = self.host("1-1")
        self.assertEqual(self.host().import_key("1-1"), 2)
        self.assertEqual(self.host().import_key("1-2"), 4)
        self.assertEqual(self.host().import_key("9-9"), 4)
        host.close()
        self.host("1-1")

    def test_the_descriptor_has_the_numbers_that_were_wanted(self):
        host = self.host("1-1")
        host.send(submit(1, IN, 0, 18, GET_DEVICE_DESCRIPTOR))
        self.assertEqual(host.reply(), (3, 1, 0, 18))
        descriptor = host.take(18)
        self.assertEqual(descriptor[:2], b"\x12\x01")
        self.assertEqual(struct.unpack("<HH", descriptor[8:12]), (0x055c, 0xe618))
        host.send(submit(2, IN, 0, 18, bytes.fromhex("8006000900001200")))
        self.assertEqual(host.reply(), (3, 2, -32, 0))

    def test_a_command_goes_to_the_key_and_its_answer_to_a_read_that_waits(self):
        host = self.host("1-1")
        host.send(submit(1, IN, 2, 64))
        for number, report in enumerate(hid_reports(GET_DEV_INFO)):
            host.send(submit(2 + number, OUT, 3, 64, data=report, packets=0xffffffff))
            self.assertEqual(host.reply(), (3, 2 + number, 0, 64))
        self.assertEqual(host.reply(), (3, 1, 0, 64))
        self.assertEqual(host.take(64)[1:3], b"\xaa\xaa")

    def test_a_read_that_waits_can_be_taken_back(self):
        host = self.host("1-1")
        host.send(submit(7, IN, 2, 64) + unlink(8, 7) + unlink(9, 7))
        self.assertEqual(host.reply()[:3], (4, 8, -104))
        self.assertEqual(host.reply()[:3], (4, 9, 0))

    def test_pieces_of_any_size_make_a_command(self):
        host = self.host("1-1")
        for byte in submit(1, OUT, 0, 0, bytes.fromhex("0009010000000000")):
            host.send(bytes([byte]))
        self.assertEqual(host.reply(), (3, 1, 0, 0))

    def test_who_does_not_speak_the_protocol_is_hung_up(self):
        for data in (request(LIST, version=0x0106), request(0x8001), b"GET / HTTP/1.0\r\n\r\n",
                     request(IMPORT, b"1" * 32)):
            with self.subTest(data=data[:8]):
                host = self.host()
                host.send(data)
                self.assertTrue(host.closed())
        for data in (submit(1, IN, 2, 1 << 30), submit(1, OUT, 2, 0xffffffff),
                     submit(1, IN, 16, 64), submit(1, 2, 2, 64), bytes(48),
                     submit(1, IN, 2, 64, packets=3), submit(1, IN, 2, 64) * 200):
            with self.subTest(data=data[:48].hex()):
                host = self.host("1-1")
                host.send(data)
                self.assertTrue(host.closed())

    def test_a_key_that_is_pulled_takes_its_connection_with_it(self):
        host = self.host("1-1")
        host.send(submit(1, IN, 2, 64))
        self.order("pull")
        self.assertTrue(host.closed())
        self.assertEqual(self.server.stdout.readline(), "unplugged 1-1\n")
        self.assertEqual(self.host().import_key("1-1"), 4)
        self.order("plug")
        self.assertEqual(self.server.stdout.readline(), "plugged 1-1\n")
        self.host("1-1")

    def test_wrong_arguments_are_refused(self):
        for arguments in ([], ["hid"], ["mouse=x"], ["hid,055c=x"], ["hid,055c:e618z=x"],
                          ["hid=x"] * 9):
            done = subprocess.run([sys.argv[2], "--port", "0", *arguments], check=False,
                                  stderr=subprocess.DEVNULL, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2, arguments)


class SlowKey(unittest.TestCase):
    """A key that takes its time, played by the test."""

    ON, SEND_ATR = b"\0\x01\x01", b"\0\x01\x04"
    CONFIGURE = bytes.fromhex("0009010000000000")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listener.close)
        self.listener.bind(folder.name + "/sock")
        self.listener.listen()
        self.listener.settimeout(PATIENCE)
        self.server = subprocess.Popen([sys.argv[2], "--port", "0", f"ccid={folder.name}/sock"],
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.stdout.close)
        self.addCleanup(self.server.wait, PATIENCE)
        self.addCleanup(self.server.terminate)
        self.port = int(self.server.stdout.readline().split()[1])

    def connection(self):
        connection = self.listener.accept()[0]
        self.addCleanup(connection.close)
        connection.settimeout(PATIENCE)
        return connection

    def expect(self, connection, wanted):
        data = b""
        while len(data) < len(wanted):
            part = connection.recv(len(wanted) - len(data))
            self.assertTrue(part, "hung up")
            data += part
        self.assertEqual(data, wanted)

    def configured(self):
        while True:
            host = Host(self.port)
            self.addCleanup(host.close)
            if host.import_key("1-1") != 2:  # the one before is still being hung up
                break
        host.send(submit(100, OUT, 0, 0, self.CONFIGURE))
        self.assertEqual(host.reply(), (3, 100, 0, 0))
        return host

    def power_on(self, host, sequence):
        message = bytes([0x62, 0, 0, 0, 0, 0, sequence, 0, 0, 0])
        host.send(submit(sequence, OUT, 1, len(message), data=message))
        self.assertEqual(host.reply(), (3, sequence, 0, len(message)))

    def test_an_answer_that_comes_too_late_is_no_atr(self):
        key = self.connection()
        self.assertEqual(self.server.stdout.readline(), "plugged 1-1\n")
        host = self.configured()
        self.power_on(host, 1)
        self.expect(key, self.ON + self.ON + self.SEND_ATR)  # plugged in, then powered
        host.close()  # it did not wait
        host = self.configured()
        self.power_on(host, 2)
        again = self.connection()
        self.expect(again, self.ON + self.SEND_ATR)
        again.sendall(b"\0\x02\x3b\0")
        host.send(submit(3, IN, 2, 64))
        self.assertEqual(host.reply(), (3, 3, 0, 12))
        answer = host.take(12)
        self.assertEqual((answer[0], answer[6], answer[10:]), (0x80, 2, b"\x3b\0"))


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    unittest.main(argv=sys.argv[:1])
