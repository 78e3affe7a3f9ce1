#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How 我的证书 looks to those who see it otherwise: dark, in high contrast, with large letters, twice
as large, mirrored for a language that runs from the right, narrow, in grey. Nothing is cut off, no
text is left in English, each status has a shape and a word of its own. The ordinary run tries the
hardest mixtures, the long one (OPENUKEY_TEST_LONG=1) every one of them in both languages."""

import itertools
import os
import re
import time
import unittest

import gi

from assistant_case import FIXTURES, AssistantCase
from processes import wait_for

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf  # noqa: E402

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")
LONG = bool(os.environ.get("OPENUKEY_TEST_LONG"))
UI = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "assistant", "ui")
LONG_NAME = "新疆维吾尔自治区示例市示例区示例街道办事处下属示例果业种植加工储藏运输销售及进出口贸易综合服务农民专业合作社联合社有限责任公司"
LOOKS = {
    "dark": {"GTK_THEME": "Adwaita:dark"},
    "contrast": {"GTK_THEME": "HighContrast"},
    "contrast-dark": {"GTK_THEME": "HighContrastInverse"},
    "large-letters": {"GDK_DPI_SCALE": "1.25"},
    "twice": {"GDK_SCALE": "2"},
    # GTK's own words in Hebrew, which turn the window round; ours in the language of the test
    "mirrored": {"LANGUAGE": "he:" + LANGUAGE},
}
MIXED = {
    "zh_CN": {"mixed": {"GTK_THEME": "HighContrastInverse", "GDK_DPI_SCALE": "1.25"}},
    "en": {"mixed": {"GTK_THEME": "Adwaita:dark", "LANGUAGE": "he:en", "GDK_DPI_SCALE": "1.25"}},
}
# Names that are data, in the certificate or on the key.
DATA = re.compile(r"^UKEY$|[Oo]pen[Uu][Kk]ey|-symbolic$|VIRTUAL|TEST\d|https?:|CN=|RSA|SM2|SHA|/|^[0-9A-F:. ]+$")


def is_english(text):
    """Whether it is a sentence or a word that a person reads, and not Chinese."""
    return (re.search(r"[A-Za-z]{3,}", text) is not None and
            re.search(r"[\u4e00-\u9fff]", text) is None and DATA.search(text) is None)


class LooksTest(AssistantCase):
    language, readers, size = LANGUAGE, 4, "2560x1800" if LONG else "1280x900"

    def setUp(self):
        self.key("long-name", serial="TEST0101", first=True, unit=LONG_NAME)
        self.desktop.plug(0, "long-name")
        self.key("several", "--container", "Old", "--sign-key", FIXTURES + "/rsa-enc.key",
                 "--sign-cert", self.certificate("old", days=10, key="rsa-enc"),
                 serial="TEST0102", days=700)
        self.desktop.plug(1, "several")
        self.key("ended", "--tries", "1", serial="TEST0103", days=-3)
        self.desktop.plug(2, "ended")
        self.lock("TEST0103")

    def look_at(self, name):
        self.check_texts()
        self.check_ends()
        if LANGUAGE == "zh_CN":
            left = [text for text in self.window.texts() if is_english(text)]
            self.assertEqual(left, [], "not translated")
        time.sleep(0.3)
        self.desktop.picture("looks-%s-%s-%s" % (self.variant, name, self.language))

    def check_ends(self):
        """The last letter of a label is inside the label."""
        from screen import Atspi
        for node in self.window.all("label"):
            text, (x, y, wide, high) = node.text, node.box
            if not text or wide <= 0:
                continue
            last = node.ask(lambda a, n=len(text): Atspi.Text.get_character_extents(
                a, n - 1, Atspi.CoordType.SCREEN))
            if last is not None and last.width > 0:
                self.assertLessEqual(last.x + last.width, x + wide + 2, "%r is cut off" % node)
                self.assertLessEqual(last.y + last.height, y + high + 2, "%r is cut off" % node)

    def walk_round(self):
        self.sees_part("0103")
        self.row("0101…")
        self.sees_part(LONG_NAME)
        self.look_at("first-pin")
        self.press("_Details")
        self.sees("Whose it is")
        self.look_at("details")
        self.desktop.key("Escape")
        self.row("0102…")
        self.sees("Valid")
        self.look_at("two")
        self.tab("UKEY PIN")
        self.look_at("pin")
        self.row("0103…")
        self.press("How to _Unlock It")
        self.sees("What to bring")
        self.look_at("locked")
        self.tab("Certificates")
        self.sees("Expired")
        self.look_at("ended")
        for place in ("Validity Dates", "Halls", "Check and Repair"):
            self.place(place)
            self.look_at(place.split()[0].lower())

    def narrow(self):
        """As small as it can be made."""
        self.desktop.xdotool("search", "--onlyvisible", "--name",
                             "^%s$" % self.word("My Certificates"), "windowsize", "%@", "300", "300")
        time.sleep(0.5)
        for row in ("0101…", "0103…"):
            self.row(row)
            self.look_at("narrow-" + row[:4])

    def prompt(self):
        from screen import Atspi, Node
        bus = Atspi.get_desktop(0)
        bus.clear_cache()
        return next((n for n in Node(bus).children() if n.name == "openukey-pinentry"), None)

    def look_at_prompt(self):
        self.row("0102…")
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        wait_for(lambda: self.prompt() and list(self.prompt().all("password text")), "the prompt")
        time.sleep(0.5)
        self.desktop.picture("looks-%s-prompt-%s" % (self.variant, self.language))
        self.desktop.key("Escape")
        wait_for(lambda: self.prompt() is None, "the prompt gone")

    def test_nothing_is_cut_off_or_left_in_english(self):
        looks = LOOKS if LONG else MIXED[LANGUAGE]
        for self.variant, variables in looks.items():
            with self.subTest(self.variant):
                try:
                    self.open(**variables)
                    self.walk_round()
                    self.look_at_prompt()
                    self.narrow()
                finally:
                    self.window.stop()

    @unittest.skipIf(LANGUAGE == "en" and not LONG, "shapes have no language")
    def test_each_status_has_a_shape_of_its_own_in_grey(self):
        with open(os.path.join(UI, "status.c"), encoding="utf-8") as file:
            rows = re.findall(r'\[OUK_PAIR_(\w+)\] = \{"([a-z-]+)"', file.read())
        self.assertGreaterEqual(len(rows), 9)
        shapes = {status: self.grey("%s/icons/%s.svg" % (UI, icon)) for status, icon in rows}
        for one, other in itertools.combinations(shapes, 2):
            differ = sum(abs(a - b) > 96 for a, b in zip(shapes[one], shapes[other]))
            self.assertGreater(differ, 0.06 * len(shapes[one]), "%s and %s" % (one, other))

    @staticmethod
    def grey(path):
        """How much ink each of 24 x 24 points has."""
        pixels = GdkPixbuf.Pixbuf.new_from_file_at_size(path, 24, 24)
        data, line, step = pixels.get_pixels(), pixels.get_rowstride(), pixels.get_n_channels()
        return [data[y * line + x * step + 3] for y in range(24) for x in range(24)]


if __name__ == "__main__":
    unittest.main()
