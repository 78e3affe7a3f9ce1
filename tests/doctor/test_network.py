#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The way to the hall: clocks, proxies, and devices that read along. All servers are our own."""
import http.server
import os
import select
import socket
import ssl
import subprocess
import sys
import threading
import unittest

import world
from desk import CLOCK, OFFSET, DeskCase, set_up
from world import read, write

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
ADDED = "/usr/local/share/ca-certificates/device.crt"
HALL = "hall.test"


def make_ca(name, words):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                    "-subj", "/CN=" + words, "-keyout", name + ".key", "-out", name + ".crt"],
                   check=True, stderr=subprocess.DEVNULL)
    subprocess.run(["openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + HALL,
                    "-keyout", name + "-hall.key", "-out", name + ".csr"],
                   check=True, stderr=subprocess.DEVNULL)
    write("names", "subjectAltName=DNS:%s\n" % HALL)
    subprocess.run(["openssl", "x509", "-req", "-in", name + ".csr", "-CA", name + ".crt", "-CAkey",
                    name + ".key", "-days", "20", "-extfile", "names", "-out",
                    name + "-hall.crt"], check=True, stderr=subprocess.DEVNULL)


def setUpModule():
    set_up()
    write("/etc/hosts", "127.0.0.1 localhost %s\n" % HALL)
    make_ca("public", "Public CA")
    make_ca("device", "Unit Gateway CA")
    make_ca("stranger", "Somebody CA")


class Page(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


class Proxy(Page):
    """Passes on what goes to the hall, or nothing."""

    def do_CONNECT(self):
        self.server.asked.append(self.path)
        if self.server.refuses:
            self.send_error(403)
            return
        self.send_response(200)
        self.end_headers()
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as other:
            ends = {self.connection: other, other: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)

    def do_HEAD(self):
        if self.server.refuses:
            self.send_error(407)
        else:
            super().do_HEAD()


class Network(DeskCase):
    def setUp(self):
        super().setUp()
        write(BUNDLE, read("public.crt"))
        for name in ("http_proxy", "https_proxy"):
            os.environ.pop(name, None)
            self.addCleanup(os.environ.pop, name, None)
        self.desk()

    def serve(self, handler, certificate=None, refuses=False):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.asked, server.refuses = [], refuses
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + "-hall.crt", certificate + "-hall.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def hall(self, certificate="public"):
        server = self.serve(Page, certificate)
        return "%s://%s:%d/" % ("https" if certificate else "http", HALL, server.server_port)

    def proxy(self, **how):
        server = self.serve(Proxy, **how)
        address = "http://localhost:%d" % server.server_port
        os.environ.update(http_proxy=address, https_proxy=address)
        return server, address

    def found(self, address, **how):
        return self.doctor("--hall", address, **how)

    # ---- the hall ----

    def test_a_hall_that_answers_is_well(self):
        self.assertIsNone(self.found(self.hall()), self.said)
        self.assertIn("Public CA", self.text_of("HALL"))

    def test_no_network_is_told_apart_from_a_hall_that_is_closed(self):
        self.assertEqual(self.found("https://elsewhere.test/"), "NETWORK_NONE")
        self.assertEqual(self.found("http://%s:9/" % HALL), "HALL_UNREACHABLE")

    def test_a_device_that_reads_along_is_named(self):
        with open(BUNDLE, "ab") as file:
            file.write(read("device.crt"))
        write(ADDED, read("device.crt"))
        self.addCleanup(os.remove, ADDED)
        self.assertEqual(self.found(self.hall("device")), "HALL_INTERCEPTED")
        self.assertIn("Unit Gateway CA", self.text_of("HALL"))

    def test_an_issuer_that_nobody_knows_is_named(self):
        self.assertEqual(self.found(self.hall("stranger")), "HALL_INTERCEPTED", self.said)
        self.assertIn("Somebody CA", self.text_of("HALL"))

    # ---- proxies ----

    def test_the_proxy_that_is_set_is_used(self):
        server, address = self.proxy()
        secure, plain = self.hall(), self.hall(None)
        self.assertIsNone(self.found(secure), self.said)
        self.assertIn(address, self.text_of("HALL"))
        self.assertIsNone(self.found(plain), self.said)
        self.assertIn(plain, server.asked)

    def test_a_proxy_that_refuses_is_named(self):
        _, address = self.proxy(refuses=True)
        for hall in (self.hall(), self.hall(None)):
            self.assertEqual(self.found(hall), "HALL_PROXY", hall)
            self.assertIn(address, self.text_of("HALL"))

    # ---- the clock ----

    def test_a_wrong_clock_is_named_and_set(self):
        self.addCleanup(write, OFFSET, "0\n")
        for wrong, finding in ((-40 * 86400, "CLOCK_BEHIND"), (3 * 86400, "CLOCK_AHEAD")):
            write(OFFSET, "%d\n" % wrong)
            hall = self.hall()
            self.assertEqual(self.found(hall, preload=CLOCK), finding)
            shown = self.repair("--hall", hall, preload=CLOCK)
            self.assertIn("\n- 20", shown)
            self.assertLess(abs(int(read(OFFSET))), 5)
            self.assertIsNone(self.found(hall, preload=CLOCK), self.said)

    def test_a_server_that_nobody_vouches_for_does_not_set_the_clock(self):
        self.addCleanup(write, OFFSET, "0\n")
        write(OFFSET, "%d\n" % 86400)
        self.assertNotEqual(self.found(self.hall("stranger"), preload=CLOCK), "CLOCK_AHEAD")


if __name__ == "__main__":
    world.enter()
    sys.argv[0] = "test_network.py"
    unittest.main(verbosity=2)
