#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""recipe.py PAGE NAME: the commands that a manual page shows, for a shell.

A recipe is what stands between .EX and .EE after a comment line '.\\" recipe: NAME'.
"""
import pathlib
import re
import sys

GLYPHS = {r"\-": "-", r"\e": "\\", r"\&": "", r"\(aq": "'", r"\(dq": '"', r"\(ti": "~", r"\(ha": "^"}


def plain(line):
    def glyph(hit):
        if hit.group() not in GLYPHS:
            sys.exit(f"recipe.py: no idea what {hit.group()} prints")
        return GLYPHS[hit.group()]
    return re.sub(r"\\(\(..|.)", glyph, line)


def main():
    page, name = sys.argv[1:]
    text = pathlib.Path(page).read_text(encoding="utf-8")
    found = re.findall(rf'^\.\\" recipe: {re.escape(name)}\n\.EX\n(.*?)^\.EE$', text, re.M | re.S)
    if len(found) != 1:
        sys.exit(f"recipe.py: {page} has {len(found)} recipes called {name}")
    for line in found[0].splitlines():
        if line.startswith((".", "'")):
            sys.exit(f"recipe.py: roff inside recipe {name}: {line}")
        print(plain(line))


main()
