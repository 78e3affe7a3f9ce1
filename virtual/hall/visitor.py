# SPDX-License-Identifier: LGPL-2.1-or-later
"""A visitor without a browser: takes the text to be signed, and hands the signature in."""
import base64
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from state import run
from words import Trouble, _

PATIENCE = 60


class _Stay(urllib.request.HTTPRedirectHandler):
    """Where a good login leads to is asked for by itself."""

    def redirect_request(self, *_args):
        return None


def _ask(folder, path, data=None, cookie=None):
    """(status, cookie, body)"""
    context = ssl.create_default_context(cafile=str(folder.browsers_ca() / "root.crt"))
    opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=context),
                                         urllib.request.ProxyHandler({}))
    request = urllib.request.Request(folder.url() + path, data)
    if cookie:
        request.add_header("Cookie", cookie)
    try:
        answer = opener.open(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError as error:
        raise Trouble(_("The hall does not answer: %s") % error) from error
    with answer:
        given = (answer.headers.get("Set-Cookie") or "").partition(";")[0]
        return answer.status, given, answer.read()


def challenge(folder):
    """What is to be signed; the visit is remembered for login()."""
    _status, cookie, body = _ask(folder, "/api/challenge?way=bjca")
    folder.write("visit", cookie)
    return json.loads(body)["random"]


def login(folder, cert, signature):
    """What the hall knows of the visitor; Trouble when it does not let him in."""
    der = run("openssl", "x509", "-in", cert, "-outform", "DER")
    try:
        signed = Path(signature).read_bytes()
    except OSError as error:
        raise Trouble(f"{signature}: {error.strerror}") from error
    fields = urllib.parse.urlencode({"UserSignedData": base64.b64encode(signed),
                                     "UserCert": base64.b64encode(der)}).encode()
    status, cookie, body = _ask(folder, "/login/bjca", fields, folder.read("visit"))
    if status != 303:
        why = body.decode().partition('data-why="')[2].partition('"')[0]
        raise Trouble(_("The hall does not let you in: %s") % why)
    folder.write("visit", cookie)
    return json.loads(_ask(folder, "/api/session", None, cookie)[2])
