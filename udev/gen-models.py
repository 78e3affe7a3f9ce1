#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns keys.tsv into the rows of struct token_model that drivers/gm looks models up in.

Usage: gen-models.py KEYS.TSV OUTPUT
Fails, naming the line, on a row that is out of order, there twice, or makes no sense.
"""
import re
import sys

from key_list import RESETS, fail, read_rows

# flag -> the member of struct token_model it sets; what no flag sets has the usual value
FLAGS = {
    "virtual": ("virtual", None),
    "auth-each-use": ("auth_each_use", None),   # the user right goes after each private-key use
    "admin-first": ("admin_first", "true"),     # unblock needs the admin right besides the MAC
    "le": ("order", "UK_LITTLE_ENDIAN"),        # integers on the wire; else big-endian
    "name48": ("name_len", "48"),               # fixed name fields; else 32
    "new-pin-v1-zero": ("new_pin", "GM_NEW_PIN_V1_ZERO"),        # else len-80
    "new-pin-unverified": ("new_pin", "GM_NEW_PIN_UNVERIFIED"),
    "verify-plain": ("verify_block", "GM_VERIFY_PLAIN"),         # RND8 || 00*8; else len-80
    "sign-no-le": ("sign_without_le", "true"),
    "trim-cert": ("trim_cert", "true"),         # bytes after a certificate's end are dropped
}
CHUNK = re.compile(r"chunk(\d+)$")              # bytes asked for at once of a certificate


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def match_of(row):
    kind, _, value = row["match"].partition(":")
    if kind == "atr":
        if not re.fullmatch(r"([0-9a-f]{2}){1,15}", value):
            fail(row["number"], "atr: takes 1 to 15 bytes in small hex")
        text = "".join(f"\\x{value[i:i + 2]}" for i in range(0, len(value), 2))
        return "GM_MATCH_ATR", f'"{text}"', len(value) // 2
    if kind == "reader" and value:
        return "GM_MATCH_READER", quote(value), len(value.encode())
    if row["match"] == "-":
        return "GM_MATCH_NEVER", '""', 0
    fail(row["number"], f"match {row['match']}?")
    return None


def members_of(row):
    """C initialisers of the row's flags."""
    info_flags = []
    members = {"order": "UK_BIG_ENDIAN", "name_len": "32"}
    for flag in [] if row["flags"] == "-" else row["flags"].split(","):
        chunk = CHUNK.match(flag)
        if chunk:
            members["cert_chunk"] = chunk.group(1)
        elif flag in RESETS:
            continue
        elif flag not in FLAGS:
            fail(row["number"], f"no flag {flag}")
        elif FLAGS[flag][1] is None:
            info_flags.append("TOKEN_MODEL_" + FLAGS[flag][0].upper())
        else:
            members[FLAGS[flag][0]] = FLAGS[flag][1]
    verified = row["verified"] != "no"
    if verified and members.get("new_pin") == "GM_NEW_PIN_UNVERIFIED":
        fail(row["number"], "verified, but the new PIN's padding is not")
    if verified:
        info_flags.append("TOKEN_MODEL_VERIFIED")
    # A new PIN of up to 13 bytes is one block under either padding rule that is known.
    members["info"] = (f"{{.name = {quote(row['name'])}, .flags = {' | '.join(info_flags) or '0'}, "
                       f".pin_min = 6, .pin_max = {16 if verified else 13}}}")
    members["application"] = '""' if row["application"] == "-" else quote(row["application"])
    kind, text, length = match_of(row)
    members.update(match=kind, match_text=text, match_len=str(length))
    return members


def main():
    source, output = sys.argv[1:]
    lines = ["/* SPDX-License-Identifier: LGPL-2.1-or-later */",
             "/* Made from udev/keys.tsv by udev/gen-models.py. */"]
    for row in read_rows(source):
        members = members_of(row)
        lines.append("{" + ", ".join(f".{name} = {members[name]}" for name in sorted(members)) + "},")
    with open(output, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
