# SPDX-License-Identifier: LGPL-2.1-or-later
"""An openukey-console beside its openukey-certd; requests as nginx would pass them on."""
import hashlib
import html
import http.client
import json
import os
import re
import socket
import subprocess
import time
import urllib.parse
import uuid

from certd_case import CERTD, CertdCase
from operator_list import OperatorList
from unlock_case import environment, run

CONSOLE = os.environ.get("OPENUKEY_CONSOLE", "openukey-console")
URL = "https://console.example"


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def multipart(fields):
    mark = uuid.uuid4().hex
    body = b"".join(b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
                    % (mark.encode(), name.encode(), value.encode()) for name, value in fields.items())
    return body + b"--%s--\r\n" % mark.encode(), f"multipart/form-data; boundary={mark}"


class ConsoleCase(CertdCase):
    """Operators: wang (reviewer, counter, officer), zhao (reviewer, officer), sun (hotline), and li
    (counter); qian is none."""
    roles = {"wang": "counter,officer,reviewer", "zhao": "officer,reviewer", "sun": "hotline",
             "li": "counter"}
    url = URL

    def setUp(self):
        self.certs = {}
        super().setUp()
        self.list = OperatorList(self.folder, f"{self.folder}/operators/operators",
                                 lambda body, name: self.approve(body, name)[0]["signature"])
        self.list.begin()
        for name, roles in self.roles.items():
            if name not in ("wang", "zhao"):
                self.list.key(name)
            self.list.add(name, roles)
        self.start_console()

    def start_console(self, *more):
        self.console_socket = f"{self.folder}/console"
        process = subprocess.Popen(
            [CONSOLE, "serve", "--socket", self.console_socket, "--url", self.url, "--store", self.orders,
             "--vault", f"{self.folder}/vault.key", "--profile", f"{self.folder}/profile.json",
             "--operators", f"{self.folder}/operators", "--unlock", f"{self.folder}/socket",
             "--documents", f"{self.folder}/documents", "--papers",
             os.path.join(os.path.dirname(CERTD), "openukey-papers"), *more],
            env=environment())
        self.running["console"] = process
        for _ in range(3000):
            try:
                with socket.socket(socket.AF_UNIX) as link:
                    link.connect(self.console_socket)
                return
            except OSError:
                self.assertIsNone(process.poll(), "the console has ended")
                time.sleep(0.02)
        self.fail("the console does not listen")

    def cert(self, name):
        """A certificate of the operator's key, as nginx passes it on."""
        if name not in self.certs:
            pem = run("openssl", "req", "-x509", "-new", "-key", f"{self.folder}/{name}.key", "-sha256",
                      "-days", "2", "-subj", f"/CN={name}").decode()
            self.certs[name] = pem
        return urllib.parse.quote(self.certs[name])

    def page(self, who, method, path, fields=None, **headers):
        """(status, headers, text)"""
        status, got, body = self.raw(who, method, path, fields, **headers)
        return status, got, body.decode()

    def raw(self, who, method, path, fields=None, **headers):
        link = UnixHTTP(self.console_socket)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent.setdefault("X-Client-Verify", "SUCCESS")
            sent.setdefault("X-Client-Cert", self.cert(who))
        body = None
        if isinstance(fields, dict):
            body, sent["Content-Type"] = multipart(fields)
        elif fields is not None:
            body = fields
        try:
            link.request(method, path, body, sent)
            answer = link.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            link.close()

    def shown(self, who, path, **headers):
        status, _, text = self.page(who, "GET", path, **headers)
        self.assertEqual(status, 200, text)
        return text

    def token(self, who, path="/"):
        """The token of a page's forms; the order's page always has one for those who may act."""
        found = re.search(r'name="token" value="([^"]+)"', self.shown(who, path))
        self.assertIsNotNone(found, f"{path} has no form for {who}")
        return found.group(1)

    def fill(self, who, path, page=None, **fields):
        """A form of that page, sent."""
        token = self.token(who, page or path.rsplit("/", 1)[0])
        return self.page(who, "POST", path, {"token": token, **fields}, Origin=self.url)

    def ask_for(self, who, number, act, **members):
        status, headers, text = self.fill(who, f"/orders/{number}/ask", act=act, **members)
        self.assertEqual((status, headers.get("Location")), (303, f"/orders/{number}/sign"), text)

    def paper(self, who, number):
        status, _, text = self.page(who, "GET", f"/orders/{number}/paper.json")
        self.assertEqual(status, 200, text)
        return json.loads(text)

    def signed(self, who, paper):
        """What ukey approve makes of a paper, with the operator's key."""
        return json.dumps({"operator": who, "signatures": [
            {"body": hashlib.sha256(item["body"].encode()).hexdigest(),
             "signature": self.approve(item["body"], who)[0]["signature"]} for item in paper["items"]]})

    def sign(self, who, number, answer=None):
        answer = answer or self.signed(who, self.paper(who, number))
        return self.fill(who, f"/orders/{number}/answer", f"/orders/{number}", answer=answer)

    def in_review(self, **more):
        order, cap, number = self.order("change", **more)
        self.to(order, cap, "submit", "consent", "hand-in")
        return order, cap, number

    def text_of(self, page):
        return html.unescape(re.sub(r"<[^>]+>", " ", page))
