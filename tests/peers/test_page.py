#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_page.py SOURCE: openukey-pkcs11(7), in both languages, names what exists."""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
wrong = []


def read(name):
    return (source / name).read_text(encoding="utf-8")


def same(what, in_page, in_source):
    for name in sorted(in_source - in_page):
        wrong.append(f"{what} {name} is missing in the page")
    for name in sorted(in_page - in_source):
        wrong.append(f"{what} {name} of the page does not exist")


def check(name, heading):
    page = read(name)
    mechanisms = page.split(heading)[1].split(".SS ")[0]
    same(f"{name}: mechanism", set(re.findall(r"\bCKM_\w+", mechanisms)),
         set(re.findall(r"^\t\{(CKM_\w+),", read("pkcs11/mech.c"), re.M)))
    same(f"{name}: number", {(name, number.lower()) for name, number in
                             re.findall(r"(CKM_\w+) \"? ?\((0x\w+)\)", mechanisms)},
         {(name, number.lower()) for name, number in
          re.findall(r"^#define (CKM_\w+)\s+(0x\w+?)UL", read("common/openukey.h"), re.M)})
    same(f"{name}: setting", set(re.findall(r"^\.BR ([a-z-]+) \" = ", page, re.M)),
         set(re.findall(r'^\t\{"([a-z-]+)", set_', read("token-share/policy.c"), re.M)))
    return page


pages = [check("pkcs11/openukey-pkcs11.7", ".SH MECHANISMS"),
         check("pkcs11/openukey-pkcs11.zh_CN.7", ".SH 机制")]
# What is typed in is the same in both, and so the tests that run one page's recipes speak for both.
recipes, translated = (re.findall(r"^(\.RS\n(?:\.[^\n]*recipe[^\n]*\n)?\.EX\n.*?^\.EE)", page,
                                  re.M | re.S) for page in pages)
if recipes != translated:
    wrong.append("the recipes of the two pages differ")
print("\n".join(wrong) or "the pages and the source agree")
sys.exit(bool(wrong))
