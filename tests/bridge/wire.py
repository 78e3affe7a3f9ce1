# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages at the ports: HTTP and WebSockets by hand, so that nothing is done for us."""

import base64
import fcntl
import hashlib
import os
import socket
import ssl
import struct
import sys
import time

PORTS = {"bjca": 21051, "bjca-tls": 21061, "hebca": 17212, "connector": 17215}
REAL_PORTS = ",".join(str(port) for port in PORTS.values())
SITE = "https://hall.example"
LATE = 60
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def own_network():
    """Starts this program again in a network of its own, where the ports are free."""
    if os.environ.get("WIRE_NETWORK") != str(os.getpid()):
        os.environ["WIRE_NETWORK"] = str(os.getpid()) # unshare(1) and what it starts are one process
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        os.execvp("unshare", ["unshare", "--net", *user, "--", sys.executable, *sys.argv])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        request = struct.pack("16sh14x", b"lo", IFF_UP)
        fcntl.ioctl(link, SIOCSIFFLAGS, request)


class Refused(Exception):
    """An HTTP status where a WebSocket was wanted."""

    def __init__(self, status, headers=None):
        super().__init__(str(status))
        self.status, self.headers = status, headers or {}


def connect(door, context=None):
    link = socket.create_connection(("127.0.0.1", PORTS[door]), LATE)
    link.settimeout(LATE)
    return context.wrap_socket(link, server_hostname="127.0.0.1") if context else link


def read_head(link):
    """Status, headers (lower case), and what came behind them; None where the end came first."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            part = link.recv(65536)
        except ConnectionError:
            part = b""
        if not part:
            return None
        data += part
    head, _, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, rest


def request(door, method, path, headers, body=b"", context=None):
    """One request; (status, headers, body), or None where the connection just ended."""
    with connect(door, context) as link:
        lines = ["%s %s HTTP/1.1" % (method, path)] + ["%s: %s" % pair for pair in headers]
        link.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return read_answer(link)


def read_answer(link):
    found = read_head(link)
    if found is None:
        return None
    status, headers, rest = found
    while len(rest) < int(headers.get("content-length", 0)):
        part = link.recv(65536)
        if not part:
            break
        rest += part
    return status, headers, rest


def post(door, body, origin=SITE, host=None, context=None):
    host = host or "127.0.0.1:%d" % PORTS[door]
    return request(door, "POST", "/synctl",
                   [("Host", host), ("Origin", origin), ("Content-Type", "application/json"),
                    ("Content-Length", str(len(body)))], body, context)


class Socket:
    """A page's WebSocket."""

    def __init__(self, door="bjca", path=None, origin=SITE, host=None, context=None, more=()):
        path = path or ("/xtxapp/" if door.startswith("bjca") else "/test")
        host = host or "localhost:%d" % PORTS[door]
        self.link, self.rest = connect(door, context), b""
        key = base64.b64encode(os.urandom(16)).decode()
        headers = [("Host", host), ("Connection", "Upgrade"), ("Upgrade", "websocket"),
                   ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]
        if origin is not None:
            headers.append(("Origin", origin))
        lines = ["GET %s HTTP/1.1" % path] + ["%s: %s" % pair for pair in [*headers, *more]]
        self.link.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        found = read_head(self.link)
        if found is None:
            self.link.close()
            raise Refused(0)
        status, self.headers, self.rest = found
        if status != 101:
            self.link.close()
            raise Refused(status, self.headers)
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert self.headers["sec-websocket-accept"] == accept.lower()

    def frame(self, payload, kind=TEXT, final=True):
        """Masked, as browsers do."""
        mask = os.urandom(4)
        head = bytes([(0x80 if final else 0) | kind])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        elif len(payload) < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", len(payload))
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", len(payload))
        long_mask = int.from_bytes(mask * (len(payload) // 4 + 1), "big") >> (
            8 * (4 * (len(payload) // 4 + 1) - len(payload)))
        masked = int.from_bytes(payload, "big") ^ long_mask if payload else 0
        return head + mask + masked.to_bytes(len(payload), "big")

    def send(self, text):
        self.link.sendall(self.frame(text.encode() if isinstance(text, str) else text))

    def take(self, size):
        while len(self.rest) < size:
            part = self.link.recv(65536)
            if not part:
                raise EOFError
            self.rest += part
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def receive(self):
        """The next message; None when the other end has closed."""
        try:
            while True:
                first, second = self.take(2)
                size = second & 0x7f
                if size == 126:
                    size = struct.unpack(">H", self.take(2))[0]
                elif size == 127:
                    size = struct.unpack(">Q", self.take(8))[0]
                payload = self.take(size)
                if first & 0x0f == CLOSE:
                    return None
                if first & 0x0f in (TEXT, BINARY):
                    return payload.decode()
        except (EOFError, ConnectionError):
            return None

    def ask(self, text):
        self.send(text)
        return self.receive()

    def is_closed(self):
        """Whether it ends now; messages that were on their way are skipped."""
        limit = time.monotonic() + LATE
        while time.monotonic() < limit:
            if self.receive() is None:
                return True
        return False

    def close(self):
        self.link.close()


def trusting(leaf):
    """A TLS client that trusts this one certificate."""
    context = ssl.create_default_context(cafile=leaf)
    context.verify_flags |= ssl.VERIFY_X509_STRICT if hasattr(ssl, "VERIFY_X509_STRICT") else 0
    return context
