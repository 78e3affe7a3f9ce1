#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tls_server.py FOLDER: a site on 127.0.0.1 that lets nobody in without a certificate of its CA.

FOLDER has ca.pem, server.pem and server.key; the port goes to FOLDER/port, and each visitor to
FOLDER/visitors as "TLS-VERSION COMMON-NAME". It speaks TLS 1.2 and 1.3, as sites do.
"""
import contextlib
import http.server
import os
import pathlib
import ssl
import sys

folder = pathlib.Path(sys.argv[1])
parent = os.getppid()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        names = dict(field[0] for field in self.connection.getpeercert()["subject"])
        with open(folder / "visitors", "a", encoding="utf-8") as log:
            log.write(f"{self.connection.version()} {names['commonName']}\n")
        body = f"HELLO {names['commonName']}\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Site(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def finish_request(self, request, address):
        # Here, in the visitor's thread: browsers open connections in reserve and say nothing.
        request.settimeout(60)
        with context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, address)
            with contextlib.suppress(OSError):
                connection.unwrap()  # GnuTLS wants a proper goodbye

    def service_actions(self):
        if os.getppid() != parent:  # the test was killed
            sys.exit()

    def handle_error(self, request, address):
        with open(folder / "refused", "a", encoding="utf-8") as log:
            log.write(f"{sys.exc_info()[1]}\n")


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "server.pem", folder / "server.key")
context.load_verify_locations(folder / "ca.pem")
context.verify_mode = ssl.CERT_REQUIRED
site = Site(("127.0.0.1", 0), Page)
(folder / "port.new").write_text(f"{site.server_port}\n")
(folder / "port.new").rename(folder / "port")
site.serve_forever()
