#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey browsers, and what the browsers make of it: the module is loaded, the bridge's certificate is
believed at its port and nowhere else, a known hall reaches this computer without a question, and
undoing takes all of that away."""

import ground

ground.need("firefox-esr", "chromium", "unshare", "certutil", "modutil")
ground.enter()

import http.server  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import ssl  # noqa: E402
import subprocess  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import unittest  # noqa: E402

import processes  # noqa: E402
from devtools import Chromium  # noqa: E402
from marionette import Firefox  # noqa: E402

UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
MODULE = os.environ.get("OPENUKEY_PKCS11_MODULE", "openukey-pkcs11.so")
PROFILES = os.environ.get("OPENUKEY_PROFILES", "profiles")
BRIDGE = "https://127.0.0.1:21061/"
PAGE = """<!doctype html><meta charset=utf-8><title>厅</title><p id=p>在等</p><script>
new WebSocket("ws://127.0.0.1:%d/").onclose = () => { p.textContent = "断了"; };</script>"""
MODULES = """return Promise.resolve(Cc["@mozilla.org/security/pkcs11moduledb;1"]
    .getService(Ci.nsIPKCS11ModuleDB).listModules()).then(
    modules => Array.from(modules, module => module.name));"""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.headers.get("Origin"))
        body = self.server.body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(address, body, certificate=None):
    server = http.server.ThreadingHTTPServer(address, Answer)
    server.body, server.asked = body, []
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class RegisterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        processes.adopt_orphans()
        cls.addClassCleanup(processes.end_all)
        folder = tempfile.TemporaryDirectory(prefix="ouk-reg-", dir="/tmp",
                                             ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        cls.home = folder.name
        # what is registered for all users is kept in /var/lib
        subprocess.run(["mount", "-t", "tmpfs", "none", "/var/lib"], check=True)
        for path in ("/etc/firefox", "/etc/chromium/policies"):
            shutil.rmtree(path, ignore_errors=True)
        os.makedirs("/etc/firefox/policies")
        with open("/etc/firefox/policies/policies.json", "w", encoding="ascii") as file:
            file.write("{}\n")
        cls.leaf()
        cls.here = serve(("127.0.0.1", 0), "")
        cls.bridge = serve(("127.0.0.1", 21061), "Brücke", cls.certificate)
        cls.other = serve(("127.0.0.1", 0), "other", cls.certificate)
        cls.hall = serve((ground.PUBLIC, 0), PAGE % cls.here.server_port)
        cls.env = {**os.environ, "HOME": cls.home, "XDG_RUNTIME_DIR": cls.home,
                   "XDG_DATA_HOME": cls.home + "/.local/share",
                   "XDG_STATE_HOME": cls.home + "/.local/state",
                   "XDG_CONFIG_HOME": cls.home + "/.config",
                   "OPENUKEY_PROFILES": cls.list_of_halls()}

    @classmethod
    def leaf(cls):
        folder = cls.home + "/.local/share/openukey/bridge"
        os.makedirs(folder)
        cls.certificate = (folder + "/leaf.pem", folder + "/leaf-key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-out", cls.certificate[0], "-keyout",
                        cls.certificate[1], "-days", "30", "-subj", "/CN=OpenUKey page bridge",
                        "-addext", "basicConstraints=critical,CA:FALSE", "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost"], check=True,
                       stderr=subprocess.DEVNULL)

    @classmethod
    def list_of_halls(cls):
        """One CA, whose hall is ours."""
        folder = cls.home + "/profiles"
        os.makedirs(folder)
        with open(PROFILES + "/hebca.json", encoding="utf-8") as file:
            profile = json.load(file)
        profile["halls"][0]["urls"] = ["http://%s:%d/" % (ground.HALL, cls.hall.server_port)]
        with open(folder + "/hebca.json", "w", encoding="utf-8") as file:
            json.dump(profile, file, ensure_ascii=False)
        subprocess.run([PROFILES + "/sign", folder + "/hebca.json"], check=True,
                       stdout=subprocess.DEVNULL)
        return folder

    def ukey(self, *words):
        done = subprocess.run([UKEY, "browsers", *words, "--module", MODULE], env=self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        return done.stdout.decode()

    def state(self, name):
        return next(each for each in json.loads(self.ukey("status", "--json"))
                    if each["id"] == name)

    def test_firefox(self):
        profile = self.home + "/.mozilla/firefox/firefox-profile"
        os.makedirs(profile)
        subprocess.run(["certutil", "-N", "--empty-password", "-d", "sql:" + profile], check=True)
        self.ukey("register", "--system")
        self.ukey("register")
        self.assertEqual(self.state("firefox")["module"], "ready")
        firefox = Firefox(os.path.dirname(profile), self.env)
        self.addCleanup(firefox.stop)
        self.assertIn("OpenUKey", firefox.chrome(MODULES))
        firefox.go(BRIDGE)
        firefox.wait_text("Brücke")
        firefox.go("https://127.0.0.1:%d/" % self.other.server_port)
        firefox.wait("return document.documentURI.startsWith('about:certerror')",
                     what="the refusal at another port")
        firefox.stop()
        self.ukey("undo")
        self.ukey("undo", "--system")
        with open("/etc/firefox/policies/policies.json", encoding="ascii") as file:
            self.assertEqual(file.read(), "{}\n")

    def test_chromium(self):
        """The hall has no https: without --http-halls nothing of this computer is reached."""
        self.ukey("register", "--system", "--http-halls")
        self.ukey("register")
        self.assertEqual(self.state("chromium")["ports"], "ready")
        chromium = Chromium(self.home, self.env)
        self.addCleanup(chromium.stop)
        hall = "http://%s:%d" % (ground.HALL, self.hall.server_port)
        chromium.go(hall + "/")
        # it ends, for nobody there speaks WebSocket; that it arrived is what counts
        chromium.wait("return document.querySelector('#p').textContent == '断了'",
                      what="the end of the socket")
        self.assertEqual(self.here.asked, [hall])
        chromium.go(BRIDGE)
        chromium.wait_text("Brücke")
        chromium.stop()
        self.ukey("undo")
        self.ukey("undo", "--system")
        self.assertFalse(os.path.exists(self.home + "/.pki"))
        self.assertFalse(os.path.exists("/etc/chromium/policies/managed"))


if __name__ == "__main__":
    unittest.main()
