# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads keys.tsv; ends the program, naming the line, on a row that makes no sense."""
import re
import sys

COLUMNS = ("vendor", "product", "name", "transport", "framing", "match", "flags", "application",
           "verified", "notes")

# flags of the reader driver, how it ends a login where a card would lose its power: one of them each row; gen-models.py has those of drivers/gm
RESETS = {
    "reset=clear": "IFD_RESET_CLEAR",   # ClearSecureState of each application that was opened
    "reset=usb": "IFD_RESET_USB",       # the port is reset
    "reset=none": "IFD_RESET_NONE",     # not at all: a login outlives the program that made it
}


def fail(number, text):
    sys.exit(f"keys.tsv:{number}: {text}")


def read_rows(path):
    last = ()
    names = set()
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            line = line.rstrip("\n")
            if line.startswith("#") or not line:
                continue
            fields = line.split("\t")
            if len(fields) != len(COLUMNS):
                fail(number, f"{len(fields)} columns, not {len(COLUMNS)}")
            row = dict(zip(COLUMNS, fields), number=number)
            if not re.fullmatch(r"-\t-|[0-9a-f]{4}\t[0-9a-f]{4}", "\t".join(fields[:2])):
                fail(number, "vendor and product are four small hex digits each, or -")
            key = tuple(fields[:3])
            if key <= last or (row["vendor"] != "-" and key[:2] == last[:2]):
                fail(number, "not sorted, or there twice")
            if row["name"] in names:
                fail(number, "this name is taken")
            names.add(row["name"])
            last = key
            yield row
