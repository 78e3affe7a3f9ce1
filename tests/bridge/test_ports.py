# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ports as an attacker meets them: who is let in, what is too much, and that the bridge lives."""

import wire

wire.own_network()

import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import ssl  # noqa: E402
import struct  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import threading  # noqa: E402
import time  # noqa: E402
import unittest  # noqa: E402

from bridge_case import BRIDGE, HERE, BridgeCase  # noqa: E402
from processes import wait_for  # noqa: E402

VERSION = '{"xtx_func_name":"SOF_GetVersion","call_cmd_id":"v"}'
LIST = '{"xtx_func_name":"SOF_GetUserList","call_cmd_id":"l"}'
ORIGINS = ["null", "https://hall.example/", "https://HALL.example", "https://hall.example:443",
           "hall.example", "file://", "https://", "", "https://hall.example https://other.example",
           "chrome-extension://abcdefghijklmnop", wire.SITE + ".", "https://h%61ll.example"]
HOSTS = ["evil.example:21051", "127.0.0.1", "localhost", "127.0.0.1:21061", "localhost:80",
         "127.0.0.2:21051", "[::1]:21051", "LOCALHOST:21051", "127.0.0.1:21051:21051", "0:21051",
         "localhost.:21051", "localhost.evil.example:21051"]


def answer_of(page, ident):
    """The answer with this id; None when the page is closed."""
    while (text := page.receive()) is not None:
        answer = json.loads(text)
        if answer["call_cmd_id"] == ident:
            return answer["retVal"]
    return None


class PortsCase(BridgeCase):
    options = ("--ports", wire.REAL_PORTS)

    def socket(self, *words, **names):
        page = wire.Socket(*words, **names)
        self.addCleanup(page.close)
        return page

    def assert_alive(self):
        """A page is served, and nothing was signed."""
        self.assertEqual(answer_of(self.open_and_say(VERSION), "v"), "3.7.0.0")
        self.assertEqual(self.room.events("sign"), [])

    def open_and_say(self, text, door="bjca"):
        page = self.socket(door)
        page.send(text)
        return page

    def state(self, door):
        """How the port fares, as the bridge says it."""
        return next(port for port in self.room.control("status")["ports"] if port["name"] == door)

    def memory(self):
        """kB that the bridge takes now."""
        with open("/proc/%d/status" % self.room.bridge.pid, encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


class WayInTest(PortsCase):
    def test_foreign_origins_are_refused(self):
        self.plug()
        for door in ("bjca", "hebca", "connector"):
            for origin in [None, *ORIGINS]:
                with self.subTest(door, origin=origin), self.assertRaises(wire.Refused) as caught:
                    wire.Socket(door, origin=origin)
                self.assertEqual(caught.exception.status, 403)
                self.assertNotIn("access-control-allow-origin", caught.exception.headers)
        with self.assertRaises(wire.Refused):
            wire.Socket(more=[("Origin", "https://other.example")])
        for origin in ORIGINS:
            status, headers, body = wire.post("bjca", b'{"func":"SOF_GetUserList"}', origin)
            self.assertEqual((status, body), (403, b""), origin)
            self.assertNotIn("access-control-allow-origin", headers)
        self.assertEqual(self.room.asked(), [])
        self.assertTrue(self.room.events("refused"))
        self.assert_alive()

    def test_names_that_lead_here_are_refused(self):
        for host in HOSTS:
            with self.subTest(host), self.assertRaises(wire.Refused) as caught:
                wire.Socket(host=host)
            self.assertIn(caught.exception.status, (400, 403))
            self.assertIn(wire.post("bjca", b'{"func":"SOF_GetVersion"}', host=host)[0], (400, 403))
        with self.assertRaises(wire.Refused):
            wire.Socket(more=[("Host", "evil.example:21051")])
        self.assert_alive()

    def test_only_this_computer_is_listened_on(self):
        with open("/proc/net/tcp", encoding="ascii") as file:
            places = [line.split()[1] for line in file if " 0A " in line]
        self.assertEqual(sorted(places), sorted("0100007F:%04X" % port
                                                for port in wire.PORTS.values()))
        with open("/proc/net/tcp6", encoding="ascii") as file:
            self.assertNotIn(" 0A ", file.read())

    def test_browser_is_told_who_may_ask(self):
        head = [("Host", "localhost:21051"), ("Origin", "https://hall.example"),
                ("Access-Control-Request-Method", "POST"),
                ("Access-Control-Request-Headers", "content-type")]
        for network in ("Private", "Local"):
            status, headers, _ = wire.request(
                "bjca", "OPTIONS", "/synctl",
                [*head, ("Access-Control-Request-%s-Network" % network, "true")])
            self.assertEqual(status, 204)
            self.assertEqual(headers["access-control-allow-origin"], "https://hall.example")
            self.assertEqual(headers["access-control-allow-%s-network" % network.lower()], "true")
            self.assertEqual(headers["access-control-allow-headers"], "content-type")
            self.assertEqual(headers["vary"], "origin")
            self.assertNotIn("access-control-allow-credentials", headers)
        status, headers, _ = wire.request("bjca", "OPTIONS", "/synctl", [head[0], ("Origin", "null")])
        self.assertEqual(status, 403)
        self.assertNotIn("access-control-allow-origin", headers)

    def test_other_paths_and_methods_are_refused(self):
        head = [("Host", "localhost:21051"), ("Origin", "https://hall.example")]
        for method, path, want in (("GET", "/health", 200), ("POST", "/health", 405),
                                   ("GET", "/", 404), ("GET", "/xtxapp/x", 404),
                                   ("GET", "/synctl", 405), ("DELETE", "/synctl", 405),
                                   ("GET", "/xtxapp/", 400), ("GET", "/../etc/passwd", 404)):
            with self.subTest(method + " " + path):
                self.assertEqual(wire.request("bjca", method, path, head)[0], want)
        for body in (b"", b"x", b"[]", b'{"func":1}', b'{"func":"a b"}', b"[" * 100000, b"\xff"):
            self.assertEqual(wire.post("bjca", body)[0], 400, body[:20])
        self.assert_alive()

    def test_another_users_program_gets_nothing(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to be somebody else")
        ask = ("import socket; s = socket.create_connection(('127.0.0.1', 21051), 60)\n"
               "s.sendall(b'GET /health HTTP/1.1\\r\\nHost: localhost:21051\\r\\n"
               "Origin: %s\\r\\n\\r\\n')\n"
               "try: print(len(s.recv(100)))\nexcept ConnectionError: print(0)") % wire.SITE
        heard = subprocess.run(["/usr/bin/python3", "-c", ask], stdout=subprocess.PIPE, check=True,
                               user=65534, group=65534, extra_groups=[], cwd="/").stdout
        self.assertEqual(heard, b"0\n")
        self.assertEqual([line["function"] for line in self.room.events("refused")],
                         ["Another user's program asks for the key."])
        self.assert_alive()

    def test_a_browser_that_closes_early_is_nobody_else(self):
        os.kill(self.room.bridge.pid, signal.SIGSTOP)
        try:
            for linger in (False, True):
                link = wire.connect("bjca")
                if linger: # ends with a reset
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                link.close()
            half = wire.connect("bjca")
            half.sendall(b"GET /health HTTP/1.1\r\nHost: localhost:21051\r\n"
                         b"Origin: %s\r\n\r\n" % wire.SITE.encode())
            half.shutdown(socket.SHUT_WR) # said all, and waits for the answer
        finally:
            os.kill(self.room.bridge.pid, signal.SIGCONT)
        self.assertIn(b"200", half.recv(100))
        half.close()
        self.assert_alive()
        self.assertEqual(self.room.events("refused"), [])

    def test_nothing_is_listed_before_the_person_agrees(self):
        self.plug()
        self.room.rules(question="no")
        page = self.open_and_say(LIST)
        self.assertEqual(answer_of(page, "l"), "")
        hebca = self.socket("hebca")
        self.assertIn('"ret":-', hebca.ask("1|GetCertList"))
        status, _, body = wire.post("bjca", b'{"func":"SOF_GetUserList","param":[]}')
        self.assertEqual((status, json.loads(body)), (200, {"retVal": ""}))
        self.assertEqual([note["site"] for note in self.room.asked()],
                         ["https://hall.example"] * len(self.room.asked()))

    def test_page_that_lists_on_load_and_never_again_is_answered(self):
        self.plug()
        self.room.hold(True)
        page = self.open_and_say(LIST)
        answers = []
        tab = threading.Thread(target=lambda: answers.append(wire.post(
            "bjca", b'{"func":"SOF_GetUserList","param":[]}')))
        tab.start()
        self.room.wait_asked(0)
        self.assertEqual(page.ask(VERSION), '{"call_cmd_id":"v","retVal":"3.7.0.0"}')
        self.room.hold(False)
        self.assertIn("TEST0001", answer_of(page, "l"))
        tab.join()
        self.assertIn(b"TEST0001", answers[0][2])

    def test_page_hears_of_keys_that_come_and_go(self):
        page = self.open_and_say(LIST)
        self.plug()
        self.assertIn("TEST0001", answer_of(page, "l") or answer_of(self.open_and_say(LIST), "l"))
        page = self.open_and_say(LIST)
        self.assertIn("TEST0001", answer_of(page, "l"))
        self.room.pull(0)
        self.assertEqual(json.loads(page.receive())["call_cmd_id"], "onUsbkeyChange")
        self.plug()
        self.assertEqual(json.loads(page.receive())["call_cmd_id"], "onUsbkeyChange")


class DangerTest(PortsCase):
    def test_dangerous_calls_are_refused_and_noted(self):
        self.plug()
        page, hebca = self.socket(), self.socket("hebca")
        names = self.refused_rows("bjca.def", r"^BJCA\((\w+), REFUSED")
        for name in names:
            page.send(json.dumps({"xtx_func_name": name, "call_cmd_id": name,
                                  "param": ["TEST0001", "111111", "111111", "/etc/passwd"]}))
            self.assertIn(answer_of(page, name), ("", "false", "-1"))
        others = self.refused_rows("hebca.c", r'\{"(\w+)", OUK_GATE_REFUSED')
        for name in others:
            self.assertIn('"ret":-1', hebca.ask('1|%s|{"filename":"/bin/sh","pin":"111111"}' % name))
        self.assertGreater(len(names) + len(others), 40)
        self.assertEqual(self.room.asked(), [])
        noted = {line.get("function") for line in self.room.events("refused")}
        self.assertTrue(noted & set(names) and noted & set(others), noted)
        self.assertNotIn("111111", str(self.room.journal()))
        self.assert_alive()

    def refused_rows(self, name, pattern):
        path = os.path.join(HERE, "../../assistant/bridge/families", name)
        with open(path, encoding="utf-8") as file:
            return re.findall(pattern, file.read(), re.M)


class FloodTest(PortsCase):
    def assert_cut(self, payload, door="bjca"):
        page = self.socket(door)
        try:
            page.link.sendall(payload)
        except ConnectionError:
            return
        self.assertTrue(page.is_closed(), payload[:40])

    def test_malformed_messages_end_the_page_and_nothing_else(self):
        frame = wire.Socket.frame
        bad = ["", "x", "{}", "[]", "1", '{"xtx_func_name":"a b"}', "{" * 1000, '{"a":' * 5000,
               '{/*"*/"xtx_func_name":' + "[" * 200000, '{"xtx_func_name":"SOF_GetVersion"',
               '{"xtx_func_name":"SOF_GetVersion","param":[{}]}',
               '{"xtx_func_name":"SOF_GetVersion","call_cmd_id":{}}',
               '{"xtx_func_name":"SOF_GetVersion","param":%s}' % (["x"] * 40)]
        for text in bad:
            self.assert_cut(frame(None, text.encode()))
        for text in ("", "0", "2|x", "0|x", "1|", "1|a b", "1|Login|{", "1|Login|[]", "1|Login|1",
                     "1|Login|" + '{"a":' * 5000, "1|" + "x" * 500):
            self.assert_cut(frame(None, text.encode()), "hebca")
        for payload in (frame(None, b"\xff\xfe"), frame(None, VERSION.encode(), wire.BINARY),
                        b"\x81\x05hello", b"\xff" * 64, frame(None, b"", 3), b"\x00" * 64,
                        frame(None, b"x" * 126, wire.PING)):
            self.assert_cut(payload)
        self.assert_alive()

    def test_long_messages_are_not_taken_in(self):
        before = self.memory()
        frame = wire.Socket.frame
        self.assert_cut(frame(None, b"x" * (3 << 20)))
        page = self.socket()  # one message in parts that never end
        part = frame(None, b"x" * (256 << 10), 0, False)
        try:
            page.link.sendall(frame(None, b"x", wire.TEXT, False))
            for _ in range(200):
                page.link.sendall(part)
        except ConnectionError:
            pass
        self.assertTrue(page.is_closed())
        # a body that is announced too long, one without a length, a head without an end
        head = [("Host", "localhost:21051"), ("Origin", "https://hall.example")]
        for more in (("Content-Length", str(3 << 20)), ("Transfer-Encoding", "chunked")):
            self.assertIsNone(wire.request("bjca", "POST", "/synctl", [*head, more]))
        with wire.connect("bjca") as link:
            try:
                for _ in range(100):
                    link.sendall(b"GET / HTTP/1.1\r\n" + b"x" * 65536)
            except ConnectionError:
                pass
            try:
                self.assertNotIn(b"200 OK", link.recv(100))
            except ConnectionError:
                pass
        self.assertLess(self.memory() - before, 24 * 1024)
        self.assert_alive()

    def test_longest_message_is_taken(self):
        page = self.socket()
        text = "x" * (1 << 20)
        page.send(json.dumps({"xtx_func_name": "Base64Encode", "call_cmd_id": "b", "param": [text]}))
        self.assertEqual(len(answer_of(page, "b")), (len(text) + 2) // 3 * 4)

    def test_a_thousand_calls_a_second(self):
        self.plug()
        sign = json.dumps({"xtx_func_name": "SOF_SignData", "call_cmd_id": "s",
                           "param": ["Unit/TEST0001", "x"]})
        self.room.rules(question="no", login="no")
        page = self.socket()
        flood = b"".join(page.frame(sign.encode()) for _ in range(1000))
        try:
            page.link.sendall(flood)
        except ConnectionError:
            pass
        self.assertTrue(page.is_closed())
        self.assert_alive()
        self.assertLess(len(self.room.asked()), 5)

    def test_page_that_reads_nothing_is_let_go(self):
        page = self.socket()
        page.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        text = json.dumps({"xtx_func_name": "Base64Encode", "call_cmd_id": "b",
                           "param": ["x" * 700000]}).encode()
        frame = page.frame(text)
        try:
            for _ in range(40):
                page.link.sendall(frame)
        except ConnectionError:
            pass
        wait_for(lambda: self.state("bjca")["connections"] == 0, "end of the connection", wire.LATE)
        self.assert_alive()

    def test_slow_and_silent_clients_are_let_go(self):
        slow = [wire.connect(door) for door in wire.PORTS for _ in range(3)]
        for link in slow[1::3]:
            link.sendall(b"GET /xtxapp/ HTTP/1.1\r\nHost: localhost")
        for link in slow[2::3]:
            link.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.assert_alive()
        for link in slow:
            with link:
                try:
                    self.assertNotIn(b"200 OK", link.recv(4096))
                except ConnectionError:
                    pass
        wait_for(lambda: self.state("hebca")["connections"] == 0, "their ends", wire.LATE)
        self.assert_alive()

    @unittest.skipUnless(os.environ.get("OPENUKEY_TEST_LONG"), "takes long where much else runs")
    def test_crowd_of_connections_has_an_end(self):
        crowd = [wire.connect("connector") for _ in range(560)]
        wait_for(lambda: self.state("hebca-connector")["connections"] <= 512, "a limit", wire.LATE)
        self.assertEqual(crowd[-1].recv(1), b"")  # at once
        for link in crowd:
            link.close()
        self.assert_alive()

    def test_two_hundred_tabs(self):
        count = 20 if os.environ.get("OPENUKEY_TEST_PRELOAD") else 200  # sanitizers are slow
        pages = [self.socket() for _ in range(count)]
        for page in pages:
            page.send(VERSION)
        self.assertEqual({answer_of(page, "v") for page in pages}, {"3.7.0.0"})
        self.assertEqual(self.state("bjca")["connections"], count)


class LeafTest(PortsCase):
    def leaf(self, name="leaf.pem"):
        return self.room.path("home", ".local", "share", "openukey", "bridge", name)

    def openssl(self, *words):
        return subprocess.run(["openssl", *words], stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.PIPE).stdout.decode()

    def test_certificate_is_for_this_computer_alone(self):
        text = self.openssl("x509", "-in", self.leaf(), "-noout", "-text")
        self.assertRegex(text, r"Subject Alternative Name: *\n *IP Address:127.0.0.1, DNS:localhost\n")
        self.assertRegex(text, r"Basic Constraints: critical\n *CA:FALSE\n")
        self.assertRegex(text, r"Extended Key Usage: *\n *TLS Web Server Authentication\n")
        self.openssl("x509", "-in", self.leaf(), "-noout", "-checkend", str(360 * 86400))
        with self.assertRaises(subprocess.CalledProcessError):
            self.openssl("x509", "-in", self.leaf(), "-noout", "-checkend", str(366 * 86400))
        self.assertEqual(os.stat(self.leaf("leaf-key.pem")).st_mode & 0o777, 0o600)
        printed = subprocess.run([BRIDGE, "--leaf-certificate"], env=self.room.env, check=True,
                                 stdout=subprocess.PIPE).stdout.decode()
        self.assertEqual(printed.strip(), self.leaf())

    def test_page_comes_in_by_tls(self):
        context = wire.trusting(self.leaf())
        page = self.socket("bjca-tls", context=context)
        self.assertEqual(page.ask(VERSION), '{"call_cmd_id":"v","retVal":"3.7.0.0"}')
        status, _, body = wire.post("bjca-tls", b'{"func":"SOF_GetVersion"}', context=context)
        self.assertEqual((status, body), (200, b'{"retVal":"3.7.0.0"}'))
        with self.assertRaises(ssl.SSLError):
            wire.Socket("bjca-tls", context=ssl.create_default_context())

    def test_anything_wrong_with_it_makes_a_new_one(self):
        def remade(spoil):
            self.room.stop_bridge()
            with open(self.leaf(), encoding="ascii") as file:
                old = file.read()
            spoil()
            self.room.start_bridge(*self.options)
            with open(self.leaf(), encoding="ascii") as file:
                return file.read() != old

        key, other = self.leaf("leaf-key.pem"), self.leaf("other.pem")
        make = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=x", "-keyout", other, "-out", self.leaf()]
        names, ca = "subjectAltName=IP:127.0.0.1,DNS:localhost", "basicConstraints=CA:FALSE"

        def put(*more):
            self.openssl(*make, *more)
            os.chmod(other, 0o600)
            os.rename(other, key)

        self.assertFalse(remade(lambda: None))
        self.assertTrue(remade(lambda: os.chmod(key, 0o644)))
        self.assertTrue(remade(lambda: os.unlink(key)))
        self.assertTrue(remade(lambda: put("-days", "20", "-addext", names, "-addext", ca)))
        self.assertTrue(remade(lambda: put("-days", "300", "-addext", ca, "-addext",
                                           names + ",DNS:hall.example")))
        self.assertTrue(remade(lambda: put("-days", "300", "-addext", names, "-addext",
                                           "basicConstraints=CA:TRUE")))
        self.assertEqual(os.stat(key).st_mode & 0o777, 0o600)


class TakenTest(PortsCase):
    def setUp(self):
        pass  # the port is taken before the bridge starts

    def test_who_has_the_port_is_named(self):
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", wire.PORTS["hebca"]))
            other.listen()
            super().setUp()
            taken = self.state("hebca")
        self.assertFalse(taken["open"])
        self.assertIn(os.path.realpath(sys.executable), taken["holder"])
        self.assertTrue(self.state("bjca")["open"])
        self.assert_alive()


if __name__ == "__main__":
    unittest.main()
