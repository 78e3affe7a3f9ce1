#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey orders with pictures, a bank transfer and an invoice, and the real service behind it."""
import json
import os
import struct
import time
import unittest
import zlib

from test_ukey_orders import PATIENCE, SERVICE_EXIT, TEXTS, OrdersCase
from ukey_case import UNIT

DOCUMENTS = {"documents": {"renewal": [{"slot": "licence", "title": "营业执照"},
                                       {"slot": "letter", "title": "授权书"}]}}


def picture(side=16):
    """A PNG of one colour."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\0" + b"\xee\xee\xff" * side) * side
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class Papers(OrdersCase):
    own = {}

    def setUp(self):
        super().setUp()
        if self.own:
            with open(f"{self.state}/profile-own.json", "w", encoding="utf-8") as file:
                json.dump(self.own, file)
            self.service("stop")
            self.service("start")

    def files(self, **contents):
        for name, content in contents.items():
            with open(name, "wb") as file:
                file.write(content)

    def renewal(self, key="state"):
        return self.orders()["renewal"][key]


class Money(Papers):
    def test_a_bank_transfer_with_an_invoice(self):
        self.ukey("renew", "--form", "form", "--years", "1", *TEXTS)
        number = self.renewal("number")
        asked = self.ukey("orders", number, "--go-on", "--transfer")
        self.assertIn("220.00 yuan", asked.out)
        self.assertIn(number, asked.out)
        self.assertEqual(self.renewal(), "wait-transfer")
        # the 24 hours have ended with it
        self.assertEqual(self.renewal("deadline"), 0)
        self.write("invoice", "tax_number=91650000MA00000000\n")
        self.ukey("orders", number, "--invoice", "invoice", code=SERVICE_EXIT)
        self.write("invoice", f"title={UNIT}\ntax_number=91650000MA00000000\nemail=a@example.org\n")
        self.assertIn("The CA will make the invoice",
                      self.ukey("orders", number, "--invoice", "invoice").out)
        self.assertIn("Invoice: wanted", self.ukey("orders", number).out)
        self.service("approve", number)  # an operator has seen the money
        self.assertEqual(self.renewal(), "paid")
        end = time.monotonic() + PATIENCE
        while "Number of the invoice" not in (told := self.ukey("orders", number).out):
            self.assertLess(time.monotonic(), end, told)
            time.sleep(0.2)
        self.assertIn("Invoice: issued", told)
        # it cannot be another one any more
        self.ukey("orders", number, "--invoice", "invoice", code=SERVICE_EXIT)
        self.ukey("orders", number, "--go-on")
        self.assertIn("ready", self.service("approve", number))
        self.ukey("orders", number, "--go-on", pin="123456")
        self.assertEqual(self.renewal(), "confirmed")

    def test_an_invoice_needs_its_file(self):
        self.ukey("renew", "--form", "form", "--years", "1", *TEXTS)
        number = self.renewal("number")
        self.assertIn("FILE_READ", self.ukey("orders", number, "--invoice", "nothing", code=None).err)
        self.write("invoice", "no member\n")
        self.assertNotEqual(self.ukey("orders", number, "--invoice", "invoice", code=None).code, 0)
        self.assertNotIn("Invoice:", self.ukey("orders", number).out)


class Documents(Papers):
    own = DOCUMENTS

    def test_pictures_are_sent_refused_and_sent_again(self):
        self.files(licence=picture(), letter=picture(8), text=b"not a picture",
                   huge=picture() + os.urandom(1600 * 1024))
        told = self.ukey("renew", "--form", "form", *TEXTS, "--document", "licence=licence")
        self.assertIn("Documents are missing", told.out)
        self.assertRegex(told.out, "letter: missing")
        self.assertRegex(told.out, "licence: new")
        number = self.renewal("number")
        for file, why in (("text", "SERVICE_BAD_REQUEST"), ("huge", "SERVICE_TOO_LARGE")):
            refused = self.ukey("orders", number, "--go-on", "--document", f"letter={file}",
                                code=SERVICE_EXIT)
            self.assertIn(why, refused.err)
        self.ukey("orders", number, "--go-on", "--document", "letter=nothing", code=None)
        self.assertEqual(self.renewal(), "docs")
        self.ukey("orders", number, "--go-on", "--document", "letter=letter", "--years", "1", *TEXTS)
        self.service("pay", number)
        self.ukey("orders", number, "--go-on")
        self.assertEqual(self.renewal(), "review")
        # one of them is not accepted
        self.service("act", number, "reject", "--slot", "letter", "--reason", "看不清")
        again = self.ukey("orders", number, "--go-on", "--document", "other=letter")
        self.assertIn('"letter" was rejected: 看不清', again.out)
        self.assertEqual(self.renewal(), "correct")
        self.ukey("orders", number, "--go-on", "--document", "letter=letter")
        self.assertIn("ready", self.service("approve", number))


del OrdersCase, Papers

if __name__ == "__main__":
    unittest.main()
