# SPDX-License-Identifier: LGPL-2.1-or-later
"""A provider as deployments have them: HTTP on this machine, JSON, idempotency keys."""
import http.server
import json
import socketserver
import threading


class Provider:
    """Answers by path; remembers each request, and each idempotency key that did something."""

    def __init__(self, case):
        self.requests = []
        self.done = {}  # path -> idempotency keys
        self.answers = {}  # path -> (status, answer), or a function of the request's number
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                length = int(self.headers.get("Content-Length", 0))
                provider.take(self, self.rfile.read(length))

            def log_message(self, *words):  # pylint: disable=arguments-differ
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)

    def take(self, handler, body):
        key = handler.headers["Idempotency-Key"]
        self.requests.append({"path": handler.path, "headers": dict(handler.headers),
                              "raw": body, "body": json.loads(body)})
        answer = self.answers.get(handler.path.split("?")[0], (200, {}))
        if callable(answer):
            answer = answer(len(self.of(handler.path)))
        status, answer = answer
        if status == 200:
            self.done.setdefault(handler.path, set()).add(key)
        text = json.dumps(answer).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def of(self, path):
        return [request for request in self.requests if request["path"] == path]


class Mailbox:
    """As much of SMTP as one message takes."""

    def __init__(self, case):
        self.mails = []
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                lines, data = [], None
                self.say("220 ready")
                for raw in self.rfile:
                    line = raw.decode().rstrip("\r\n")
                    if data is not None and line != ".":
                        data.append(line)
                    elif data is not None:
                        mailbox.mails.append((lines, "\n".join(data)))
                        data = None
                        self.say("250 taken")
                    elif line == "DATA":
                        data = []
                        self.say("354 go on")
                    else:
                        lines.append(line)
                        self.say("221 bye" if line == "QUIT" else "250 fine")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"smtp://127.0.0.1:{self.server.server_address[1]}"
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(self.server.server_close)
        case.addCleanup(self.server.shutdown)
