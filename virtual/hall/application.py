# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hall itself: pages, challenges, logins. Behind nginx, or (--alone) with TLS of its own.

application.py PROGRAMS.json STATE [--alone] [--challenge-life S] [--extra FOLDER]"""
import argparse
import http.server
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
import urllib.parse

sys.path[:0] = json.loads(os.environ.get("OPENUKEY_HALL_MODULES", "[]"))
# pylint: disable=wrong-import-position
import pages
from folder import LISTENERS, Folder
from judge import Judge, Refused, binary
from visits import CHALLENGE_LIFE, Visits

BODY_MAX = 64 * 1024
PATIENCE = 30
FIELDS_MAX = 20
TEXT_WAYS = ("bjca", "hebca", "xjca")
# What XJCA_CertAuth is asked for: an address of the hall that ends in the text, and an application.
XJCA_PAGE, XJCA_APPLICATION = "/login/xjca?random=", "housing-fund"


class Hall:
    """What all connections share."""

    def __init__(self, folder, options):
        self.folder, self.judge = folder, Judge(folder)
        self.visits = Visits(options.challenge_life)
        self.extra = options.extra


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = PATIENCE
    server_version, sys_version = "hall", ""
    hall, began = None, 0.0

    def parse_request(self):
        """The time that the log names is from here."""
        self.began = time.monotonic()
        return super().parse_request()

    # ---- answers ----

    def _send(self, status, body, kind="text/html; charset=utf-8", **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "same-origin")
        if not self.path.startswith("/extra/"):
            self.send_header("Content-Security-Policy", "frame-ancestors 'none'")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _json(self, status, told, **headers):
        self._send(status, json.dumps(told, ensure_ascii=False), "application/json", **headers)

    def _page(self, status, name, told=None, **headers):
        self._send(status, pages.render(name, self._language(), {**self._about(), **(told or {})}),
                   **headers)

    def _go(self, url, **headers):
        self._send(303, "", Location=url, **headers)

    def _about(self):
        return {f"{name}_url": self.hall.folder.url(name) for name in LISTENERS}

    def _language(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query).get("lang")
        words = asked[0] if asked else self.headers.get("Accept-Language", "")
        return "zh" if words.lower().startswith("zh") else "en"

    # ---- visits ----

    def _cookie_name(self):
        return "hall" if self.server.listener == "http" else "__Host-hall"

    def _visit(self):
        for part in self.headers.get("Cookie", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self._cookie_name():
                return self.hall.visits.find(value)
        return None

    def _cookie(self, visit):
        """The value of Set-Cookie. Lax: a link from elsewhere leads in, a form from elsewhere does not."""
        value, more = (visit.id, "") if visit is not None else ("", "; Max-Age=0")
        secure = "" if self.server.listener == "http" else "; Secure"
        return f"{self._cookie_name()}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}"

    def _holder(self):
        visit = self._visit()
        return visit.holder if visit is not None else None

    # ---- requests ----

    def do_GET(self):  # pylint: disable=invalid-name
        path = urllib.parse.urlsplit(self.path).path
        if self.server.listener == "mutual":
            self._mutual()
        elif path == "/api/challenge":
            self._challenge()
        elif path == "/api/session":
            holder = self._holder()
            self._json(200 if holder else 401, holder or {"error": "not logged in"})
        elif path == "/inside":
            holder = self._holder()
            if holder is None:
                self._go("/")
            else:
                self._page(200, "inside", holder)
        else:
            self._static(path)

    do_HEAD = do_GET

    def _static(self, path):
        found = pages.static(path, self.hall.extra)
        if found is None:
            self._page(404, "refused", {"why": "missing"})
        elif found[0] == "page":
            self._page(200, found[1], found[2])
        else:
            self._send(200, found[2], found[1])

    def _challenge(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        way = query.get("way", [""])[0]
        if way not in (*TEXT_WAYS, "modern"):
            self._json(400, {"error": "way"})
            return
        visit, text = self.hall.visits.challenge(self._visit(), way)
        told = {"random": text, "way": way}
        if way in TEXT_WAYS:
            told.update(pages.signed_by_hall(self.hall.folder, text))
        self._json(200, told, Set_Cookie=self._cookie(visit))

    def do_POST(self):  # pylint: disable=invalid-name
        path = urllib.parse.urlsplit(self.path).path
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self._page(411, "refused", {"why": "size"})
            return
        if int(length) > BODY_MAX:
            self.close_connection = True
            self._page(413, "refused", {"why": "size"})
            return
        body = self.rfile.read(int(length))
        if not self._own_page():
            self._page(403, "refused", {"why": "origin"})
        elif path == "/logout":
            self.hall.visits.end(self._visit())
            self._go("/", Set_Cookie=self._cookie(None))
        elif path.startswith("/login/") and self.server.listener != "mutual":
            self._login(path.removeprefix("/login/"), body)
        else:
            self._page(404, "refused", {"why": "missing"})

    def _own_page(self):
        """What another site's page sends is not looked at."""
        origin = self.headers.get("Origin")
        return origin is None or origin == self._origin()

    def _origin(self):
        """The hall's own, as this visitor's browser writes it."""
        scheme = "http" if self.server.listener == "http" else "https"
        return f"{scheme}://{self.headers.get('Host', '')}"

    # ---- logins ----

    def _fields(self, body):
        try:
            pairs = urllib.parse.parse_qsl(body.decode(), max_num_fields=FIELDS_MAX)
        except ValueError:
            raise Refused("format") from None
        return dict(pairs)

    def _text_login(self, way, text, body):
        """A form with a signature over the text, or with a signed message."""
        fields = self._fields(body)
        if way == "xjca":
            text = "|".join(["XJCA_CertAuth", self._origin(), self._origin() + XJCA_PAGE + text,
                             XJCA_APPLICATION, fields.get("Name", "")])
        signature = binary(fields.get("UserSignedData", ""))
        if fields.get("Kind") == "message":
            told = self.hall.judge.message(text, signature)
        else:
            told = self.hall.judge.signature(binary(fields.get("UserCert", "")), text, signature)
        return {**told, "container": fields.get("ContainerName", "")[:128], "way": way}

    def _login(self, way, body):
        if way not in (*TEXT_WAYS, "modern"):
            self._page(404, "refused", {"why": "missing"})
            return
        visit = self._visit()
        text = self.hall.visits.take(visit, way)
        try:
            if text is None:
                raise Refused("challenge")
            if way == "modern":
                holder = self.hall.judge.modern(self._origin(), text, body)
            else:
                holder = self._text_login(way, text, body)
        except Refused as refused:
            self._refuse(way, refused.why)
            return
        visit = self.hall.visits.login(visit, {**holder, "way": way})
        if way == "modern":
            self._json(200, {"next": "/inside"}, Set_Cookie=self._cookie(visit))
        else:
            self._go("/inside", Set_Cookie=self._cookie(visit))

    def _refuse(self, way, why):
        self.log_message("%s refused: %s", way, why)
        if way == "modern":
            self._json(403, {"error": why})
        else:
            self._page(403, "refused", {"why": why})

    def _certificate(self):
        """What the visitor's certificate says. The certificate itself was proven by TLS."""
        if isinstance(self.connection, ssl.SSLSocket):
            cert = self.connection.getpeercert(binary_form=True)
        else:
            verify = self.headers.get("X-Hall-Verify", "NONE")
            if verify.startswith("FAILED"):
                raise Refused("ended" if "expired" in verify else "foreign")
            cert = urllib.parse.unquote_to_bytes(self.headers.get("X-Hall-Certificate", ""))
        if not cert:
            raise Refused("none")
        return self.hall.judge.certificate(cert)

    def _mutual(self):
        try:
            holder = self._certificate()
        except Refused as refused:
            self._refuse("mutual", refused.why)
            return
        visit = self.hall.visits.login(self._visit(), {**holder, "way": "mutual"})
        self._go(self.hall.folder.url("https") + "/inside", Set_Cookie=self._cookie(visit))

    def address_string(self):
        return self.server.listener

    def log_message(self, *words):
        sys.stderr.write(words[0] % words[1:] + "\n")
        sys.stderr.flush()

    def log_request(self, code="-", size="-"):
        path = urllib.parse.urlsplit(self.path).path
        self.log_message("%s %s %s %s %.1f ms", self.server.listener, self.command, path, code,
                         (time.monotonic() - self.began) * 1000)


class Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    context = None

    def __init__(self, listener, where, handler):
        self.listener = listener
        if isinstance(where, str):
            self.address_family = socket.AF_UNIX
        super().__init__(where, handler)

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "hall", 0

    def get_request(self):
        link, address = super().get_request()
        return link, address or ("", 0)

    def finish_request(self, request, client_address):
        request.settimeout(PATIENCE)
        if self.context is None:
            super().finish_request(request, client_address)
            return
        # Here, in the visitor's thread: browsers open connections in reserve and say nothing.
        with self.context.wrap_socket(request, server_side=True) as link:
            super().finish_request(link, client_address)

    def handle_error(self, request, client_address):
        sys.stderr.write(f"{self.listener}: {sys.exc_info()[1]}\n")


def tls(folder, listener):
    if listener == "http":
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "hall.crt", folder / "hall.key")
    context.options |= ssl.OP_NO_TICKET
    if listener == "mutual":
        context.load_verify_locations(folder.browsers_ca() / "root.crt")
        context.verify_mode = ssl.CERT_OPTIONAL
        # TLS 1.3 wants RSA-PSS, which many keys cannot do.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return context


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs", type=json.loads)
    parser.add_argument("state")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--challenge-life", type=float, default=CHALLENGE_LIFE)
    parser.add_argument("--extra")
    options = parser.parse_args()
    folder = Folder(options.state, options.programs)
    Handler.hall = Hall(folder, options)
    servers = []
    for name in LISTENERS:
        where = (folder.address(), folder.port(name)) if options.alone else f"run/{name}"
        if not options.alone and os.path.exists(where):
            os.unlink(where)
        servers.append(Listener(name, where, Handler))
        servers[-1].context = tls(folder, name) if options.alone else None
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
