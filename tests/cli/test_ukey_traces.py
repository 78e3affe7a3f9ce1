#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""After an unlock and a renewal nothing that was typed or sent lies where it has no business."""
import base64
import re
import unittest
from pathlib import Path

from test_ukey_orders import NEW_PIN, TEXTS, OrdersCase

PERSONAL = ("13800138000", "13700137000", "李四", "张三")
# the provider who knows people, what reaches their telephones, and the key with its own PINs
ALLOWED = re.compile(r"/(identities\.json|inbox/.*|.*\.key-state|form)$")


def spellings(text):
    """The ways in which bytes could lie in a file."""
    raw = text.encode()
    return {raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw).rstrip(b"="),
            text.encode("utf-16-le"), text.encode("unicode_escape")}


def found(folders, words):
    """(file, word) of each word in each file, those of databases included."""
    hits = set()
    for folder in folders:
        for path in Path(folder).rglob("*"):
            if not path.is_file() or path.is_symlink() or ALLOWED.search(str(path)):
                continue
            content = path.read_bytes()
            hits |= {(str(path), word) for word in words
                     if any(spelling in content for spelling in spellings(word))}
    return hits


class Traces(OrdersCase):
    def test_no_code_no_pin_and_no_person_is_found_afterwards(self):
        self.lock()
        self.ukey("unlock", "--form", "form")
        code = self.code()
        wrong = f"{(int(code) + 1) % 10**8:08}"
        self.ukey("unlock", code_=wrong, new_pin=NEW_PIN, code=None)
        self.ukey("unlock", code_=code, new_pin=NEW_PIN)
        self.ukey("renew", "--form", "form", "--years", "1", *TEXTS)
        self.service("pay", "last")
        self.ukey("renew")
        self.service("approve", "last")
        self.ukey("renew", pin=NEW_PIN)
        self.assertEqual(self.orders()["renewal"]["state"], "confirmed")

        data = f"{self.box}/data"
        running = found([self.state, data], [NEW_PIN, code, wrong])
        service = found([self.state], PERSONAL)
        self.service("stop")
        stopped = found([self.state, data], [NEW_PIN, code, wrong]) | found([self.state], PERSONAL)
        self.assertEqual(running | service | stopped, set())

    def test_what_is_looked_for_would_be_found(self):
        self.write("planted", f"x{NEW_PIN}x")
        self.assertTrue(found([self.box], [NEW_PIN]))
        self.assertTrue(found([self.state], ["SN0001"]))


if __name__ == "__main__":
    unittest.main()
