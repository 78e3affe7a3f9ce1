# SPDX-License-Identifier: LGPL-2.1-or-later
"""Networks between a person and the service: one that loses answers, one where somebody else answers."""
import socket
import ssl
import threading

ENOUGH = 20


def receive(link):
    """One HTTP message, whole; b"" when the other side went away."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        more = link.recv(65536)
        if not more:
            return b""
        body += more
    return head + b"\r\n\r\n" + body


class Server:
    """Takes connections, each on a thread of its own, until it is ended."""

    def __init__(self, context=None):
        self.link = socket.create_server(("127.0.0.1", 0))
        self.port = self.link.getsockname()[1]
        self.context = context
        self.seen = []
        self.closed = False
        threading.Thread(target=self._run, daemon=True).start()

    def url(self):
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.port}"

    def _run(self):
        while not self.closed:
            try:
                link, _ = self.link.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(link,), daemon=True).start()

    def _one(self, link):
        link.settimeout(ENOUGH)
        try:
            if self.context is not None:
                link = self.context.wrap_socket(link, server_side=True)
            with link:
                while request := receive(link):
                    self.seen.append(request.split(b"\r\n")[0].decode())
                    if not self.answer(link, request):
                        return
        except (OSError, ssl.SSLError):
            pass

    def answer(self, link, request):
        """Whether the connection goes on."""
        raise NotImplementedError

    def end(self):
        self.closed = True
        self.link.close()


class Lossy(Server):
    """Each request reaches the service; the first answer to each is lost on the way back."""

    def __init__(self, upstream):
        self.host, self.to = upstream.rpartition("/")[2].split(":")
        self.lost = set()
        super().__init__()

    def answer(self, link, request):
        line = request.split(b"\r\n")[0]
        with socket.create_connection((self.host, int(self.to)), ENOUGH) as service:
            service.sendall(request)
            answer = receive(service)
        if line not in self.lost:
            self.lost.add(line)
            return False
        link.sendall(answer)
        return True


class Stranger(Server):
    """Says the same to everything."""

    def __init__(self, said, context=None):
        self.said = said
        super().__init__(context)

    def answer(self, link, request):
        link.sendall(self.said)
        return False


def reply(body, status="200 OK", *headers):
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: application/json",
            *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
