#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_page.py SOURCE: openukey-pkcs11(7) names the mechanisms, numbers and settings that exist."""
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


page = read("pkcs11/openukey-pkcs11.7")
mechanisms = page.split(".SH MECHANISMS")[1].split(".SS ")[0]
same("mechanism", set(re.findall(r"\bCKM_\w+", mechanisms)),
     set(re.findall(r"^\t\{(CKM_\w+),", read("pkcs11/mech.c"), re.M)))
same("number", {(name, number.lower()) for name, number in
                re.findall(r"(CKM_\w+) \"? ?\((0x\w+)\)", mechanisms)},
     {(name, number.lower()) for name, number in
      re.findall(r"^#define (CKM_\w+)\s+(0x\w+?)UL", read("common/openukey.h"), re.M)})
same("setting", set(re.findall(r"^\.BR ([a-z-]+) \" = ", page, re.M)),
     set(re.findall(r'^\t\{"([a-z-]+)", set_', read("pkcs11/policy.c"), re.M)))
print("\n".join(wrong) or "the page and the source agree")
sys.exit(bool(wrong))
