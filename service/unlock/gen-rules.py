#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of udev/keys.tsv that unlocking by relay is verified on, with what differs between them.

Usage: gen-rules.py KEYS.TSV OUTPUT
"""
import sys


def main():
    source, output = sys.argv[1:]
    with open(source, encoding="utf-8") as file, open(output, "w", encoding="utf-8") as out:
        out.write("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
                  "/* Made from udev/keys.tsv by service/unlock/gen-rules.py. */\n")
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("#") or len(fields) != 10 or fields[8] == "no":
                continue
            flags = fields[6].split(",")
            name = fields[2].replace("\\", "\\\\").replace('"', '\\"')
            out.write('{"%s", %s, %s, %s},\n' % (name, *(
                "true" if flag in flags else "false"
                for flag in ("verify-plain", "new-pin-v1-zero", "admin-first"))))


if __name__ == "__main__":
    main()
