# SPDX-License-Identifier: LGPL-2.1-or-later
"""What "openukey-issuerd work" has written, handed out as service/issue/nginx-lists.conf does."""
import http.server
import re
import sys
from pathlib import Path

ASKED_OF = re.compile(r"/ocsp/([0-9A-F]{2,40})(?:/.*)?")
QUESTION_MAX = 4096
PATIENCE = 30


class Lists(http.server.BaseHTTPRequestHandler):
    timeout = PATIENCE
    folder = Path(".")

    def _file(self):
        """(file, its type) for the address."""
        asked = ASKED_OF.fullmatch(self.path)
        if asked is not None:
            return self.folder / f"ocsp/{asked.group(1)}.ors", "application/ocsp-response"
        return (self.folder / "ca.crl" if self.path == "/ca.crl" else None), "application/pkix-crl"

    def _answer(self):
        path, kind = self._file()
        try:
            body = path.read_bytes() if path is not None else None
        except FileNotFoundError:
            body = None
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):  # pylint: disable=invalid-name
        self._answer()

    def do_POST(self):  # pylint: disable=invalid-name
        """The question is thrown away: the address has said which certificate is meant."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > QUESTION_MAX:
            self.send_error(413)
            return
        self.rfile.read(int(length))
        self._answer()


def main(port, folder):
    Lists.folder = Path(folder)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Lists).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
