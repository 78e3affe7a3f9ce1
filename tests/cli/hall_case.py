# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rehearsal's hall in a folder of its own, visitors without a browser, and certificates."""

import base64
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import urllib.parse

HALL = os.environ.get("OPENUKEY_REHEARSAL_HALL", "openukey-rehearsal-hall")
CA = os.environ.get("OPENUKEY_REHEARSAL_CA", "openukey-rehearsal-ca")
FIXTURES = os.environ.get("FIXTURES", "")
SM2_ID = "1234567812345678"
UNIT, CODE = "示例果业有限公司", "91650000MA00000000"


def run(*words, data=None):
    done = subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise AssertionError("%s: %d\n%s" % (words, done.returncode, done.stderr.decode()))
    return done.stdout


class Hall:
    """One that runs, until stop()."""

    def __init__(self, folder, *options):
        self.folder = folder
        self.command("start", *options)
        self.about = json.loads(self.command("status", "--json"))

    def command(self, *words):
        env = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
        done = subprocess.run([HALL, "--state", self.folder, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=env, check=False, timeout=120)
        text = done.stdout.decode()
        if done.returncode != 0:
            raise AssertionError("%s: %d\n%s%s" % (words, done.returncode, text, self.log()))
        return text

    def log(self):
        text = ""
        for name in ("hall.log", "front.log", "front-errors.log"):
            try:
                with open(os.path.join(self.folder, "log", name), encoding="utf-8") as file:
                    text += file.read()
            except OSError:
                pass
        return text

    def stop(self):
        self.command("stop")

    def ca(self, alg="rsa"):
        return os.path.join(self.folder, "ca-" + alg)

    # ---- certificates ----

    def certificate(self, name, alg="rsa", days="365", ca=None):
        """A unit's, for the fixtures' signing key: (PEM path, key path)."""
        path, key = os.path.join(self.folder, name), "%s/%s-sign.key" % (FIXTURES, alg)
        run("openssl", "req", "-new", "-utf8", "-key", key, "-out", path + ".csr", "-subj",
            "/C=CN/O=%s/CN=%s" % (UNIT, UNIT),
            *(["-sm3", "-sigopt", "distid:" + SM2_ID] if alg == "sm2" else []))
        run(CA, "sign", ca or self.ca(alg), "--csr", path + ".csr", "--out", path + ".crt",
            "--days", days, "--credit-code", CODE)
        return path + ".crt", key


class Visitor:
    """A browser's manners without a browser: cookies of each listener, no redirects followed."""

    def __init__(self, hall, cert=None, key=None):
        self.hall, self.cookies, self.origin = hall, {}, None
        self.context = ssl.create_default_context(cafile=hall.about["browsers_ca"])
        if cert is not None:
            self.context.load_cert_chain(cert, key)

    def ask(self, method, url, body=None, headers=None):
        """(status, headers, body)"""
        parts = urllib.parse.urlsplit(url if "://" in url else self.hall.about["url"] + url)
        if parts.scheme == "https":
            link = http.client.HTTPSConnection(parts.netloc, timeout=60, context=self.context)
        else:
            link = http.client.HTTPConnection(parts.netloc, timeout=60)
        more = {"Host": parts.netloc, **(headers or {})}
        if self.cookies:
            more.setdefault("Cookie", "; ".join("%s=%s" % pair for pair in self.cookies.items()))
        try:
            path = parts.path + ("?" + parts.query if parts.query else "")
            link.request(method, path or "/", body, more)
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        self.set_cookie = answer.getheader("Set-Cookie") or ""
        name, _, value = self.set_cookie.partition(";")[0].partition("=")
        if name:
            self.cookies[name] = value
        return answer.status, answer.headers, data.decode(errors="replace")

    def challenge(self, way="bjca", base=""):
        return json.loads(self.ask("GET", base + "/api/challenge?way=" + way)[2])

    def login(self, cert, signature, way="bjca", base="", **more):
        fields = {"UserSignedData": base64.b64encode(signature).decode(),
                  "UserCert": base64.b64encode(der(cert)).decode(), "ContainerName": "Unit", **more}
        return self.ask("POST", base + "/login/" + way, urllib.parse.urlencode(fields), {
            "Content-Type": "application/x-www-form-urlencoded"})

    def session(self, base=""):
        """Who the hall takes the visitor for; None: nobody."""
        status, _, body = self.ask("GET", base + "/api/session")
        return json.loads(body) if status == 200 else None


def der(path):
    return run("openssl", "x509", "-in", path, "-outform", "DER")


def sign(alg, key, text):
    """What a key would: PKCS #1 with SHA-256, or SM2 with SM3 as DER."""
    text = text.encode() if isinstance(text, str) else text
    if alg == "rsa":
        return run("openssl", "dgst", "-sha256", "-sign", key, data=text)
    path = "/proc/self/fd/%d" % (file := os.memfd_create("text"))
    os.write(file, text)
    os.lseek(file, 0, os.SEEK_SET)
    try:
        return subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-digest", "sm3", "-pkeyopt",
             "distid:" + SM2_ID, "-in", path], stdout=subprocess.PIPE, pass_fds=[file],
            check=True).stdout
    finally:
        os.close(file)


def halves(signature):
    """r and s of a DER signature."""
    found, at = [], 2
    for _ in range(2):
        length = signature[at + 1]
        found.append(int.from_bytes(signature[at + 2:at + 2 + length], "big"))
        at += 2 + length
    return found


def have_nginx():
    return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin") is not None


def free_port():
    with socket.socket() as link:
        link.bind(("127.0.0.1", 0))
        return link.getsockname()[1]
