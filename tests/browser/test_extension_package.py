#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is packed: no site by default, exact origins only, all texts in both languages."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile

SOURCE = pathlib.Path(__file__).resolve().parents[2] / "assistant/webextension"
LANGUAGES = ("en", "zh_CN")


class PackageTest(unittest.TestCase):
    def setUp(self):
        room = tempfile.TemporaryDirectory(prefix="ouk-pack-")
        self.addCleanup(room.cleanup)
        self.room = pathlib.Path(room.name)

    def pack(self, *options):
        """Exit status; what is packed is in self.room / "it"."""
        done = subprocess.run([sys.executable, SOURCE / "pack.py", "--version", "1.2.3", *options,
                               "--folder", self.room / "it", "--zip", self.room / "it.zip"],
                              stderr=subprocess.PIPE, check=False)
        return done.returncode

    def packed(self, name):
        return json.loads((self.room / "it" / name).read_text(encoding="utf-8"))

    def test_no_site_is_allowed_by_default(self):
        self.assertEqual(self.pack(), 0)
        manifest = self.packed("manifest.json")
        self.assertNotIn("host_permissions", manifest)
        self.assertNotIn("content_scripts", manifest)
        self.assertNotIn("externally_connectable", manifest)
        self.assertNotIn("web_accessible_resources", manifest)
        self.assertEqual(self.packed("sites.json"), [])
        self.assertEqual(manifest["version"], "1.2.3")

    def test_administrators_halls(self):
        self.assertEqual(self.pack("--site", "https://Hall.example:443", "--control",
                                   "http://old.hall.example:8080", "--site", "https://大厅.example",
                                   "--site", "http://127.0.0.1:80"), 0)
        self.assertEqual(self.packed("sites.json"), [
            {"origin": "https://hall.example", "control": False},
            {"origin": "https://xn--imrx4k.example", "control": False},
            {"origin": "http://127.0.0.1", "control": False},
            {"origin": "http://old.hall.example:8080", "control": True}])
        self.assertEqual(self.packed("manifest.json")["host_permissions"], [
            "http://127.0.0.1/*", "http://old.hall.example/*", "https://hall.example/*",
            "https://xn--imrx4k.example/*"])

    def test_what_is_no_origin_is_refused(self):
        for text in ("https://*.example", "*", "https://hall.example/", "https://hall.example/x",
                     "file:///etc", "https://", "hall.example", "https://a@hall.example",
                     *("https://hall.example" + end for end in "?x #x".split()), "ws://hall.example"):
            self.assertNotEqual(self.pack("--site", text), 0, text)

    def test_same_input_gives_same_bytes(self):
        digests = set()
        for _ in range(2):
            self.assertEqual(self.pack(), 0)
            digests.add(hashlib.sha256((self.room / "it.zip").read_bytes()).digest())
        self.assertEqual(len(digests), 1)
        with zipfile.ZipFile(self.room / "it.zip") as archive:
            inside = sorted(archive.namelist())
        folder = self.room / "it"
        self.assertEqual(inside, sorted(str(path.relative_to(folder)) for path in
                                        folder.rglob("*") if path.is_file()))

    def test_nothing_that_is_needed_is_left_out(self):
        self.assertEqual(self.pack(), 0)
        folder = self.room / "it"
        manifest = self.packed("manifest.json")
        self.assertTrue((folder / manifest["background"]["service_worker"]).is_file())
        for path in folder.rglob("*.js"):
            text = path.read_text(encoding="utf-8")
            names = re.findall(r'from "\./([\w.]+)"', text) + re.findall(r'js: \["([\w.]+)"\]', text)
            for name in names:
                self.assertTrue((folder / name).is_file(), name)

    def test_all_texts_in_both_languages(self):
        texts = {language: json.loads((SOURCE / "_locales" / language / "messages.json")
                                      .read_text(encoding="utf-8")) for language in LANGUAGES}
        self.assertEqual(texts["en"].keys(), texts["zh_CN"].keys())
        code = "".join((SOURCE / name).read_text(encoding="utf-8")
                       for name in ("popup.js", "popup.html", "manifest.json"))
        for name, entry in texts["en"].items():
            self.assertRegex(code, r'["_]%s["_]' % name, "nobody says it")
            self.assertEqual(entry.keys(), texts["zh_CN"][name].keys(), name)
            self.assertEqual("$WORD$" in entry["message"],
                             "$WORD$" in texts["zh_CN"][name]["message"], name)
            self.assertRegex(texts["zh_CN"][name]["message"], "[\u4e00-\u9fff]", name)
        for name in re.findall(r'\btext\("(\w+)"|data-text="(\w+)"|__MSG_(\w+)__', code):
            self.assertIn("".join(name), texts["en"])

    def test_browsers_are_told_the_same_names(self):
        manifest = json.loads((SOURCE / "manifest.json").read_text(encoding="utf-8"))
        firefox = (SOURCE / "native-host.firefox.json").read_text(encoding="utf-8")
        self.assertIn(manifest["browser_specific_settings"]["gecko"]["id"], firefox)
        told = subprocess.run([sys.executable, SOURCE / "pack.py", "--chromium-id"], check=True,
                              stdout=subprocess.PIPE).stdout.decode().strip()
        self.assertRegex(told, "^[a-p]{32}$")
        # named after the folder that it is installed into
        host = next(pathlib.Path(os.environ["OPENUKEY_NATIVE_HOST"]).glob("*etc_chromium.json"))
        native = json.loads(host.read_text(encoding="utf-8"))
        self.assertEqual(native["allowed_origins"], ["chrome-extension://%s/" % told])
        self.assertEqual(native["name"], "org.openukey.bridge")


unittest.main()
