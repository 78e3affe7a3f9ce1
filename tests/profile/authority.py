# SPDX-License-Identifier: LGPL-2.1-or-later
"""A CA out of openssl commands, RSA or SM2: certificates, CRLs, OCSP answers. And servers."""

import os
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROBE = os.environ["OPENUKEY_PROFILE_PROBE"]
SM2_ID = "distid:1234567812345678"
CONFIG = """
[ca]
default_ca = own
[own]
database = {dir}/index.txt
new_certs_dir = {dir}
serial = {dir}/serial
crlnumber = {dir}/crlnumber
certificate = {dir}/ca.pem
private_key = {dir}/ca.key
default_md = {md}
default_days = 30
default_crl_days = 7
policy = any
unique_subject = no
email_in_dn = no
[any]
commonName = supplied
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[unit]
basicConstraints = critical,CA:FALSE
authorityKeyIdentifier = keyid
{places}
[responder]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = OCSPSigning
[part]
issuingDistributionPoint = critical,@point
[point]
fullname = URI:http://127.0.0.1/another-part.crl
"""


def openssl(*words, code=0):
    done = subprocess.run(["openssl", *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, check=False)
    if code is not None and done.returncode != code:
        raise AssertionError("openssl %s\n%s" % (words, done.stderr.decode()))
    return done.stdout


def probe(*words, **env):
    """The probe's line as a dictionary."""
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run([PROBE, *map(str, words)], stdout=subprocess.PIPE, timeout=60, check=True,
                          env={**clean, **env})
    line, _, sentence = done.stdout.decode().strip().partition(" sentence=")
    return {**dict(word.split("=", 1) for word in line.split() if "=" in word),
            "sentence": sentence}


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Authority:
    """dir/ca.pem and what it issues; signed by `parent` where there is one."""

    def __init__(self, folder, alg, ocsp="", crl="", parent=None, name="Test CA"):
        self.dir, self.alg = str(folder), alg
        os.makedirs(self.dir)
        self.md = "sm3" if alg == "sm2" else "sha256"
        self.sig = ["-sigopt", SM2_ID] if alg == "sm2" else []
        self.vfy = ["-vfyopt", SM2_ID] if alg == "sm2" else []
        self.ca, self.key = self.dir + "/ca.pem", self.dir + "/ca.key"
        self.config = self.dir + "/openssl.cnf"
        self.configure(ocsp, crl)
        for file, text in (("index.txt", ""), ("serial", "1000\n"), ("crlnumber", "01\n")):
            with open(self.dir + "/" + file, "w", encoding="ascii") as out:
                out.write(text)
        self.new_key(self.key)
        if parent is None:
            openssl("req", "-x509", "-new", "-config", self.config, "-extensions", "root", "-key",
                    self.key, "-" + self.md, *self.sig, "-days", 3650, "-subj", "/CN=" + name,
                    "-out", self.ca)
        else:
            parent.sign_request(self.request(self.key, name), self.ca, "sub", "-days", "3650")

    def configure(self, ocsp, crl):
        places = ("authorityInfoAccess = OCSP;URI:%s\n" % ocsp if ocsp else "") + \
            ("crlDistributionPoints = URI:%s\n" % crl if crl else "")
        with open(self.config, "w", encoding="ascii") as out:
            out.write(CONFIG.format(dir=self.dir, md=self.md, places=places))

    def new_key(self, path):
        how = ["SM2"] if self.alg == "sm2" else ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        openssl("genpkey", "-algorithm", *how, "-out", path)

    def request(self, key, name):
        openssl("req", "-new", "-config", self.config, "-key", key, "-" + self.md, *self.sig,
                "-subj", "/CN=" + name, "-out", key + ".csr")
        return key + ".csr"

    def sign_request(self, request, out, extensions, *more):
        openssl("ca", "-batch", "-notext", "-config", self.config, "-extensions", extensions,
                *self.sig, *self.vfy, *more, "-in", request, "-out", out)
        return out

    def issue(self, name, extensions="unit", *more):
        key = "%s/%s.key" % (self.dir, name)
        self.new_key(key)
        return self.sign_request(self.request(key, name), "%s/%s.pem" % (self.dir, name),
                                 extensions, *more)

    def revoke(self, cert, reason):
        openssl("ca", "-config", self.config, "-revoke", cert, "-crl_reason", reason)

    def crl(self, *more, form="DER"):
        pem, out = self.dir + "/list.pem", self.dir + "/list.crl"
        openssl("ca", "-gencrl", "-config", self.config, *self.sig, *more, "-out", pem)
        openssl("crl", "-in", pem, "-outform", form, "-out", out)
        with open(out, "rb") as file:
            return file.read()

    def ocsp_words(self, signer=None, key=None):
        """What makes openssl ocsp answer as this CA."""
        sig = ["-rsigopt", SM2_ID] if self.alg == "sm2" else []
        return ["-index", self.dir + "/index.txt", "-CA", self.ca, "-rsigner", signer or self.ca,
                "-rkey", key or self.key, "-rmd", self.md, *sig]

    def ocsp_answer(self, cert, *more):
        """An answer made beforehand, without a nonce."""
        out = self.dir + "/answer.der"
        openssl("ocsp", *self.ocsp_words(), "-issuer", self.ca, "-cert", cert, "-no_nonce",
                "-respout", out, "-noverify", *more)
        return out


class Responder:
    """openssl ocsp as a server."""

    def __init__(self, words, port, *more):
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-port", str(port), *map(str, words), *map(str, more)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        # a connection to try would keep it busy
        if not self.process.stdout.readline().startswith(b"ACCEPT"):
            raise AssertionError("the responder does not listen")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Server:
    """Serves `answers`: path -> bytes, a status, or "silence". As a proxy, any address."""

    def __init__(self):
        server = self
        self.answers, self.asked, self.end = {}, [], threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                server.asked.append(self.path)
                what = server.answers.get(self.path, 404)
                if what == "silence":
                    server.end.wait(60)
                    return
                self.send_response(200 if isinstance(what, bytes) else what)
                self.end_headers()
                try:
                    self.wfile.write(what if isinstance(what, bytes) else b"")
                except OSError:
                    pass

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=[0.02], daemon=True).start()

    def url(self, path):
        return "http://127.0.0.1:%d%s" % (self.port, path)

    def stop(self):
        self.end.set()
        self.http.shutdown()
        self.http.server_close()
