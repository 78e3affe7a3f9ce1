#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""keys_header.py OUT REHEARSAL.pub.pem [RELEASE.pub.pem]: the keys that may sign profiles, in C.

Only ever one is trusted: the release key where there is one, else the rehearsal key.
"""
import base64
import re
import sys

PEM = re.compile(r"-----BEGIN PUBLIC KEY-----(.*?)-----END PUBLIC KEY-----", re.S)
ED25519 = bytes.fromhex("302a300506032b6570032100")


def der_of(path):
    with open(path, encoding="utf-8") as file:
        found = PEM.search(file.read())
    der = base64.b64decode(found.group(1)) if found else b""
    if len(der) != 44 or not der.startswith(ED25519):
        sys.exit(f"{path}: no Ed25519 public key (PEM)")
    return der


def row(der, trusted):
    return "\t{%s, {%s}},\n" % (trusted, ", ".join("0x%02x" % byte for byte in der))


def main():
    out, rehearsal, *release = sys.argv[1:]
    rows = row(der_of(rehearsal), "FALSE" if release else "TRUE")
    if release:
        if der_of(release[0]) == der_of(rehearsal):
            sys.exit(f"{release[0]}: that is the rehearsal key")
        rows += row(der_of(release[0]), "TRUE")
    with open(out, "w", encoding="ascii") as file:
        file.write("/* Made by keys_header.py: SubjectPublicKeyInfo of who may sign profiles. */\n"
                   "static const struct {\n\tgboolean trusted;\n\tguint8 spki[44];\n}"
                   " profile_keys[] = {\n%s};\n" % rows)


main()
