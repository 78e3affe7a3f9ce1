#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Turns keys.tsv (checked by gen-models.py) into rows for the doctor: USB numbers, name, whether a login stays.

Usage: gen-names.py KEYS.TSV OUTPUT
"""
import sys


def main():
    source, output = sys.argv[1:]
    with open(source, encoding="utf-8") as table, open(output, "w", encoding="utf-8") as out:
        print("/* SPDX-License-Identifier: LGPL-2.1-or-later */", file=out)
        print("/* Made from keys.tsv by gen-names.py. */", file=out)
        for line in table:
            if line.startswith(("#", "-")) or not line.strip():
                continue
            fields = line.split("\t")
            stays = "TRUE" if "reset=none" in fields[6].split(",") else "FALSE"
            print('{0x%s, 0x%s, "%s", %s},' % (*fields[:3], stays), file=out)


if __name__ == "__main__":
    main()
