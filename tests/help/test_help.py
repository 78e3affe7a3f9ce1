#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The help pages: complete in both languages, no dead link, and every button they name exists."""
import pathlib
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
HELP = ROOT / "assistant" / "help"
LANGUAGES = ("C", "zh_CN")
MALLARD = "{http://projectmallard.org/1.0/}"


def pages(language):
    return {path.stem: ElementTree.parse(path).getroot()
            for path in sorted((HELP / language).glob("*.page"))}


def shown(text):
    """A label as it is seen: without the mnemonic and the dots of a dialog to come."""
    return re.sub(r"\(_\w\)|_", "", text).rstrip("…").strip()


def labels():
    """msgid -> msgstr of every text of the program, as seen on the screen."""
    catalogue = subprocess.run(["msgcat", "--no-wrap", ROOT / "po" / "zh_CN.po"], check=True,
                               capture_output=True, text=True).stdout
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', catalogue, re.M)
    return {shown(english): shown(chinese) for english, chinese in pairs}


class Help(unittest.TestCase):
    def setUp(self):
        self.pages = {language: pages(language) for language in LANGUAGES}

    def each(self):
        for language, named in self.pages.items():
            for name, page in named.items():
                yield language, name, page

    def test_both_languages_have_the_same_pages(self):
        self.assertGreater(len(self.pages["C"]), 5)
        self.assertEqual(*(sorted(named) for named in self.pages.values()))

    def test_a_page_is_called_like_its_file(self):
        for _, name, page in self.each():
            self.assertEqual(page.get("id"), name)

    def test_every_link_leads_to_a_page(self):
        for language, _, page in self.each():
            for link in page.iter(MALLARD + "link"):
                self.assertIn(link.get("xref"), self.pages[language])

    def test_every_page_is_reached_from_the_index(self):
        for _, name, page in self.each():
            guides = [link.get("xref") for link in page.iter(MALLARD + "link")
                      if link.get("type") == "guide"]
            self.assertTrue(name == "index" or "index" in guides)

    def test_every_picture_is_there(self):
        for language, _, page in self.each():
            for media in page.iter(MALLARD + "media"):
                self.assertTrue((HELP / language / media.get("src")).is_file(), media.get("src"))

    def test_both_languages_show_the_same_pictures(self):
        for name, page in self.pages["C"].items():
            sources = [[media.get("src") for media in one.iter(MALLARD + "media")]
                       for one in (page, self.pages["zh_CN"][name])]
            self.assertEqual(*sources, name)

    def test_every_button_named_is_in_the_program(self):
        known = labels()
        sides = {"C": set(known), "zh_CN": set(known.values())}
        for language, _, page in self.each():
            for gui in list(page.iter(MALLARD + "gui")) + list(page.iter(MALLARD + "app")):
                self.assertTrue(gui.text in sides[language], (language, page.get("id"), gui.text))


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
