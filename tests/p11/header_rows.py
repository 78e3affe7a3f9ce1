#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What of our PKCS#11 headers another copy also has, as rows of C.

    header_rows.py OURS... --other FILE...

Prints ROW("name", expression) for each constant, each struct's size, each member's offset and size,
and each function's place in its list, wherever all names in it occur in the other copy.
"""
import re
import sys
from pathlib import Path

CONSTANT = re.compile(r"#define (CK[A-Z]?_\w+)[ \t]+[^\s(]|#define (CKA_\w+)[ \t]+\(")
STRUCT = re.compile(r"typedef struct (CK_\w+) \{\n(.*?)\n\} \1;", re.DOTALL)
MEMBER = re.compile(r"^\t.*?(\w+)(?:\[\d+\])?;$", re.MULTILINE)
LISTS = ["CK_FUNCTION_LIST", "CK_FUNCTION_LIST_3_0", "CK_FUNCTION_LIST_3_2"]
CALL = re.compile(r"^CALL(_3_[02])?\((C_\w+),", re.MULTILINE)


def rows_of(text):
    """(the names that must be known, label, expression) of everything in a header of ours"""
    for hit in CONSTANT.finditer(text):
        name = hit.group(1) or hit.group(2)
        yield [name], name, name
    for struct, body in STRUCT.findall(text):
        yield [struct], f"sizeof {struct}", f"sizeof({struct})"
        for member in MEMBER.findall(body):
            names = [struct, member]
            yield names, f"{struct}.{member}", f"offsetof({struct}, {member})"
            yield names, f"sizeof {struct}.{member}", f"sizeof((({struct} *)0)->{member})"
    for since, name in CALL.findall(text):
        for one in LISTS[LISTS.index("CK_FUNCTION_LIST" + (since or "")):]:
            yield [one, name], f"{one}.{name}", f"offsetof({one}, {name})"


def main():
    split = sys.argv.index("--other")
    ours = [Path(name).read_text(encoding="utf-8") for name in sys.argv[1:split]]
    other = "".join(Path(name).read_text(encoding="utf-8") for name in sys.argv[split + 1:])
    known = set(re.findall(r"\w+", re.sub(r"/\*.*?\*/", "", other, flags=re.DOTALL)))
    for text in ours:
        for names, label, expression in rows_of(text):
            if known.issuperset(names):
                print(f'ROW("{label}", {expression})')


main()
