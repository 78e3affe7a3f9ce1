#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The shipped profiles: signed as they are, nothing misspelt, nothing private, sources and dates.

The C reader leaves members alone that it does not know; here a misspelt one is found.
"""
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

FOLDER = Path(sys.argv.pop(1))
PROFILES = sorted(FOLDER.glob("*.json"))

ORIGIN = {"source", "checked"}
MEMBERS = {
    "": {"format", "id", "serial", "published", "rehearsal", "name", "short_name", "provenance",
         "sources", "match", "extensions", "anchors", "alive", "tries", "first_pin", "pin",
         "renewal", "unlock", "service", "guides", "points", "hotlines", "sites",
         "halls"},
    "match": ORIGIN | {"issuers", "authority_keys"},
    "issuers": {"CN", "O"},
    "extensions": ORIGIN | {"oid", "kind", "label"},
    "alive": ORIGIN | {"text"},
    "tries": ORIGIN | {"limit"},
    "first_pin": ORIGIN | {"kind", "value", "text"},
    "pin": ORIGIN | {"min", "max", "letters_and_digits", "hall_password"},
    "renewal": ORIGIN | {"modes", "utc_offset", "days_before", "days_after", "lifetime_years",
                         "keeps_pin", "url", "text"},
    "unlock": ORIGIN | {"modes", "free", "when_forgotten", "url", "steps", "bring"},
    "service": ORIGIN | {"url", "trust", "kinds", "terms"},
    "terms": {"kind", "years", "cents"},
    "guides": ORIGIN | {"kind", "modes", "url", "fee", "steps", "papers"},
    "papers": {"unit", "items"},
    "points": ORIGIN | {"name", "address", "hours", "number"},
    "hotlines": ORIGIN | {"who", "number"},
    "sites": ORIGIN | {"name", "url"},
    "halls": ORIGIN | {"id", "category", "city", "pinyin", "name", "name_pinyin", "urls", "login",
                       "login_path", "certificate", "hotline", "first_password", "password_help",
                       "first_time", "business"},
}
WORDS = {"zh_CN", "en"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def objects(value, name=""):
    """(name, object) of each object but texts and sources."""
    if isinstance(value, dict):
        if not set(value) <= WORDS:
            yield name, value
        for key, inner in value.items():
            if key != "sources":
                yield from objects(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, name)


def texts(value):
    if isinstance(value, dict):
        if value and set(value) <= WORDS:
            yield value
        else:
            for inner in value.values():
                yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


class Data(unittest.TestCase):
    def each(self):
        for path in PROFILES:
            with self.subTest(path.stem):
                yield path, json.loads(path.read_text(encoding="utf-8"))

    def test_the_four_are_there(self):
        self.assertEqual([path.stem for path in PROFILES], ["bjca", "hebca", "rehearsal", "xjca"])

    def test_signatures_fit_the_files(self):
        done = subprocess.run([FOLDER / "sign", "--check", FOLDER / "rehearsal-signing-key.pub.pem",
                               *PROFILES], stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_members_are_spelt_right(self):
        for _, profile in self.each():
            for name, value in objects(profile):
                self.assertIn(name, MEMBERS)
                self.assertEqual(set(value) - MEMBERS[name], set(), name)

    def test_each_part_has_its_source_and_all_but_guesses_and_halls_a_date(self):
        for _, profile in self.each():
            for name, value in objects(profile):
                if name not in MEMBERS or not ORIGIN <= MEMBERS[name]:
                    continue
                self.assertIn(value["source"], profile["sources"], name)
                if name not in ("match", "halls"):
                    self.assertIn("checked", value, name)

    def test_texts_are_in_both_languages(self):
        for _, profile in self.each():
            for words in texts(profile):
                self.assertEqual(set(words), WORDS, words)
                if "CA" not in words["zh_CN"]:
                    self.assertRegex(words["zh_CN"], CHINESE)

    def test_nothing_private(self):
        for path, _ in self.each():
            text = path.read_text(encoding="utf-8")
            self.assertEqual(re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", text), [], "mobile number")
            self.assertEqual(re.findall(r"(?<!\d)\d{16,19}(?!\d)", text), [], "account")
            self.assertEqual(re.findall(r"[\w.]+@[\w.]+", text), [], "address of a person")

    def test_the_ca_is_named_as_not_having_supplied_it(self):
        for path, profile in self.each():
            words = profile["provenance"]
            if path.stem != "rehearsal":
                self.assertIn("并非由", words["zh_CN"])
                self.assertIn("not supplied by", words["en"])

    def test_pinyin_is_typed_on_any_keyboard(self):
        for _, profile in self.each():
            for hall in profile["halls"]:
                for member in ("pinyin", "name_pinyin"):
                    self.assertRegex(hall[member], r"^[a-z]+( [a-z]+)*$")


if __name__ == "__main__":
    unittest.main()
