# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hall's pages: files of pages/ with a frame round them, in the visitor's language."""
import base64
import html
import mimetypes
import re
from pathlib import Path

from state import run

FOLDER = Path(__file__).with_name("pages")
MODERN = Path(__file__).with_name("modern")
NAME = re.compile(r"/([a-z0-9_-]+\.(?:js|css))")
ROUTE = re.compile(r"/(?:([a-z]+)/(?:([a-z-]+)/)?)?")
EXTRA = re.compile(r"/extra/([a-z0-9_-]+\.(?:html|js))")
HIDDEN = {"frame", "inside", "refused"}
# What the pages of a family differ in; see pages/bjca.js and pages/hebca.js.
VARIANTS = {"bjca": ("both", "params", "array", "typed", "number-pin", "serial", "cookie", "once",
                     "message", "blocking"),
            "hebca": ("chooser", "pin", "message")}


def _file(name):
    return (FOLDER / f"{name}.html").read_text(encoding="utf-8").partition("-->\n")[2]


def render(name, language, told):
    """The whole page; every value is text, and escaped."""
    body = _file("frame").replace("@page@", _file(name)).replace("@language@", language)
    title = re.search(r"<h1[^>]*>(.*?)</h1>", _file(name), re.S)
    body = body.replace("@title@", re.sub(r"<[^>]*>", " ", title.group(1)) if title else "")
    return re.sub(r"@([a-z_]+)@", lambda hit: html.escape(str(told.get(hit.group(1), ""))), body)


def _whole(file):
    if not file.is_file():
        return None
    kind = "text/javascript" if file.suffix == ".js" else mimetypes.guess_type(file.name)[0]
    return "file", f"{kind}; charset=utf-8", file.read_bytes()


def static(path, extra):
    """("page", name, what it is told), ("file", type, bytes), or None."""
    hit = EXTRA.fullmatch(path)
    if hit is not None:
        return _whole(Path(extra) / hit.group(1)) if extra else None
    hit = NAME.fullmatch(path)
    if hit is not None:
        return _whole(FOLDER / hit.group(1)) or _whole(MODERN / hit.group(1))
    hit = ROUTE.fullmatch(path)
    name = (hit.group(1) or "index") if hit else ""
    variant = hit.group(2) if hit else None
    if not name or name in HIDDEN or not (FOLDER / f"{name}.html").is_file():
        return None
    known = VARIANTS.get(name, ())
    if variant is not None and variant not in known:
        return None
    return "page", name, {"variant": variant or (known[0] if known else "")}


def signed_by_hall(folder, text):
    """The hall's certificate, and its signature over the text: who asks is what he says he is."""
    cert = run("openssl", "x509", "-in", str(folder / "hall.crt"), "-outform", "DER")
    signature = run("openssl", "dgst", "-sha256", "-sign", str(folder / "hall.key"),
                    data=text.encode())
    return {"serverCert": base64.b64encode(cert).decode(),
            "serverSign": base64.b64encode(signature).decode()}
