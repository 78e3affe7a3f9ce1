#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gen-manual.py KEYS.TSV PAGE.IN PAGE: the manual's table of key models, in place of @KEYS@."""
import re
import sys

from key_list import read_rows

# what a person is told of a model: by transport, and by whether a driver reaches it
WORDS = {
    "en": {"?": "not known", "ccid": "card reader", "hid": "HID", "storage": "storage",
           "drives": "OpenUKey", "library": "a library", "yes": "all",
           "no": "sign", "sighting": "\\-"},
    "zh": {"?": "不详", "ccid": "读卡器", "hid": "HID", "storage": "存储",
           "drives": "OpenUKey", "library": "软件库", "yes": "全部",
           "no": "签名", "sighting": "\\-"},
}


def cell(text):
    return re.sub(r"([\\.'-])", r"\\\1", text) if re.match(r"[.'\\]", text) else text.replace("-", "\\-")


def rows(path, words):
    for row in read_rows(path):
        if row["vendor"] == "-" or "virtual" in row["flags"].split(","):
            continue
        driven = row["match"] != "-"
        what = words["sighting"] if not driven else words[
            "no" if row["verified"] == "no" else "yes"]
        yield "\t".join([f"{row['vendor']}:{row['product']}", cell(row["name"]),
                         words[row["transport"]], words["drives" if driven else "library"], what])


def main(keys, page, out):
    words = WORDS["zh" if "/zh_CN/" in page else "en"]
    with open(page, encoding="utf-8") as file:
        text = file.read()
    with open(out, "w", encoding="utf-8") as file:
        file.write(text.replace("@KEYS@\n", "".join(row + "\n" for row in rows(keys, words))))


main(*sys.argv[1:])
