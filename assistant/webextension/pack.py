#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packs the browser extension.

    pack.py [--version V] [--site ORIGIN]... [--control ORIGIN]... [--folder DIR] [--zip FILE]
    pack.py --chromium-id

Each --site is a hall that is allowed from the start, for administrators: its host is asked for when
the extension is installed. --control: the same for a hall whose pages use XJCA's old control.
The zip is an .xpi as well; the same input gives the same bytes.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import sys
import urllib.parse
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE / "webextension" if (HERE / "webextension").is_dir() else HERE  # installed, or not
PARTS = ["api.js", "background.js", "control.js", "native.js", "page.js", "pages.js", "popup.css",
         "popup.html", "popup.js", "relay.js", "sites.js", "_locales/en/messages.json",
         "_locales/zh_CN/messages.json", "icons/48.png", "icons/128.png"]
DATE = (1980, 1, 1, 0, 0, 0)


def chromium_id(manifest):
    """Chromium's name for it follows from the public key in the manifest."""
    digest = hashlib.sha256(base64.b64decode(manifest["key"])).hexdigest()[:32]
    return "".join(chr(ord("a") + int(digit, 16)) for digit in digest)


def origin(text):
    """Scheme, host and port as browsers write them; nothing behind."""
    url = urllib.parse.urlsplit(text)
    host = url.hostname or ""
    if (url.scheme not in ("http", "https") or not host or url.path or url.query or url.fragment
            or url.username is not None or "*" in host):
        raise argparse.ArgumentTypeError(f"{text}: not an origin, as https://hall.example")
    host = f"[{host}]" if ":" in host else host.encode("idna").decode().lower()
    port = "" if url.port in (None, {"http": 80, "https": 443}[url.scheme]) else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def pattern(site):
    """The permission for a site's host; browsers' patterns do not all know ports."""
    url = urllib.parse.urlsplit(site)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return f"{url.scheme}://{host}/*"


def contents(options, manifest):
    sites = [{"origin": one, "control": False} for one in options.site]
    sites += [{"origin": one, "control": True} for one in options.control]
    manifest["version"] = options.version
    if sites:
        manifest["host_permissions"] = sorted({pattern(site["origin"]) for site in sites})
    yield "manifest.json", (json.dumps(manifest, indent=2) + "\n").encode()
    yield "sites.json", (json.dumps(sites, indent=2) + "\n").encode()
    for name in PARTS:
        yield name, (SOURCE / name).read_bytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=None)
    parser.add_argument("--site", action="append", default=[], type=origin, metavar="ORIGIN")
    parser.add_argument("--control", action="append", default=[], type=origin, metavar="ORIGIN")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--zip", type=pathlib.Path)
    parser.add_argument("--chromium-id", action="store_true")
    options = parser.parse_args()
    manifest = json.loads((SOURCE / "manifest.json").read_text())
    options.version = options.version or manifest.get("version", "0")
    if options.chromium_id:
        print(chromium_id(manifest))
        return
    if options.folder is None and options.zip is None:
        sys.exit("pack.py: say where to: --folder or --zip")
    files = list(contents(options, manifest))
    if options.folder is not None:
        for name, data in files:
            path = options.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    if options.zip is not None:
        with zipfile.ZipFile(options.zip, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files:
                entry = zipfile.ZipInfo(name, DATE)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data)


if __name__ == "__main__":
    main()
