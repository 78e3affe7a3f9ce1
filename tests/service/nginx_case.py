# SPDX-License-Identifier: LGPL-2.1-or-later
"""The console behind nginx, with the configuration that is shipped."""
import shutil
import socket
import subprocess
import time
from pathlib import Path

from unlock_case import run

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")


class NginxCase:
    """Before ConsoleCase: a port and folders of the test's own."""

    comers = ("wang", "zhao", "sun", "qian")

    def setUp(self):
        # Held until nginx has it too: nobody else can get the port in between.
        held = socket.socket()
        self.addCleanup(held.close)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        self.https = held.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.https}"
        super().setUp()
        self.certify()
        for name in self.comers:
            self.cert(name)
            (self.path / f"{name}.pem").write_text(self.certs[name])
        (self.path / "operators-ca.pem").write_text(self.trusted())
        shipped = Path(__file__).parents[2] / "service/console/nginx-console.conf"
        server = shipped.read_text().replace("listen 443", f"listen 127.0.0.1:{self.https} reuseport").replace(
            "/run/openukey-console/http", self.console_socket).replace("/etc/openukey", self.folder)
        places = "".join(f"{what}_temp_path {self.folder}/{what};" for what in (
            "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (self.path / "nginx.conf").write_text(
            f"daemon off; master_process off; pid {self.folder}/nginx.pid; error_log {self.folder}/log;"
            f"events {{}} http {{ access_log {self.folder}/visits; {places} {server} }}")
        process = subprocess.Popen([NGINX, "-p", self.folder, "-e", f"{self.folder}/log", "-c",
                                    f"{self.folder}/nginx.conf"])
        self.addCleanup(lambda: (process.terminate(), process.wait()))
        for _ in range(3000):
            try:
                socket.create_connection(("127.0.0.1", self.https), 1).close()
                return
            except OSError:
                self.assertIsNone(process.poll(), "nginx has ended")
                time.sleep(0.02)
        self.fail("nginx does not listen")

    def certify(self):
        """The server's own."""
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", f"{self.folder}/console.key", "-out", f"{self.folder}/console.pem", "-days", "2",
            "-subj", "/CN=console", "-addext", "subjectAltName=IP:127.0.0.1")

    def trusted(self):
        """Whose certificates nginx asks for."""
        return "".join(self.certs.values())
