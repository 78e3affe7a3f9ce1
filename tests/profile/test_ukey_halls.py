#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey halls and what ukey show says of the CA, as a clerk sees them. No key, no network."""

import os
import shutil
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))

from ukey_case import FILE, NO_KEY, UkeyCase  # noqa: E402

PROFILES = os.environ["OPENUKEY_PROFILES"]


class Halls(UkeyCase):
    def names(self, *words):
        return [hall["id"] for hall in self.ukey("halls", "--json", *words).json()]

    def test_all_of_them_in_the_clerks_language(self):
        text = self.ukey("halls", language="zh_CN").out
        self.assertIn("公积金\n  百色：百色市住房公积金\n", text)
        self.assertIn("www.xtsgjj.org.cn/\n", text)
        self.assertIn("已列出，未核实", text)
        self.assertIn("摘自公开的用户手册，并非由河北CA（HEBCA）提供", text)
        self.assertNotIn("演练", text)
        self.assertIn("示例市", self.ukey("halls", "--rehearsal", language="zh_CN").out)

    def test_in_english(self):
        text = self.ukey("halls", "xingtai").out
        self.assertIn("housing fund\n  Xingtai: Xingtai housing fund\n", text)
        self.assertIn("listed, not verified", text)
        self.assertIn("not supplied by HEBCA", text)

    def test_by_chinese_city_and_pinyin(self):
        for words in (["邢台"], ["xt"], ["xing", "tai"], ["公积金", "邢台"], ["gjj", "xt"]):
            self.assertEqual(self.names(*words), ["xingtai"], words)
        self.assertEqual(self.names("公积金"), ["baise", "btgjj", "xingtai"])

    def test_json_for_scripts(self):
        hall = self.ukey("halls", "--json", "兵团").json()[0]
        self.assertIn("www.xjbtgjj.com/", hall["addresses"][0])
        self.assertEqual((hall["login"], hall["verified"]), ("password-and-pin", False))
        self.assertEqual(hall["profile"], "xjca")

    def test_what_is_not_there(self):
        self.assertIn("[NO_HALL]", self.ukey("halls", "上海", code=NO_KEY).err)

    def profiles_in(self, folder):
        shutil.copytree(PROFILES, folder)
        os.environ["OPENUKEY_PROFILES"] = os.path.abspath(folder)
        self.addCleanup(os.environ.update, OPENUKEY_PROFILES=PROFILES)

    def test_a_changed_profile_is_said_and_the_others_work(self):
        self.profiles_in("p")
        with open("p/hebca.json", "r+", encoding="utf-8") as file:
            text = file.read().replace("www.xtsgjj.org.cn", "www.xtsgij.org.cn")
            file.seek(0)
            file.write(text)
        done = self.ukey("halls", "--json")
        self.assertIn("[PROFILE_TAMPERED]", done.err)
        self.assertIn("hebca.json", done.err)
        self.assertEqual([hall["id"] for hall in done.json()], ["baise", "btgjj"])

    def test_without_any_data(self):
        os.environ["OPENUKEY_PROFILES"] = "/nowhere"
        self.addCleanup(os.environ.update, OPENUKEY_PROFILES=PROFILES)
        self.assertIn("[NO_PROFILE]", self.ukey("halls", code=FILE).err)


if __name__ == "__main__":
    unittest.main()
