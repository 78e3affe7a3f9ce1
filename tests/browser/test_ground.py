#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rig itself: both browsers start on the ground, load a page by its name, and tell what it says."""

import ground

ground.need("firefox-esr", "chromium", "unshare")
ground.enter()

import http.server  # noqa: E402
import os  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import unittest  # noqa: E402

import processes  # noqa: E402
from devtools import Chromium  # noqa: E402
from marionette import Firefox  # noqa: E402

PAGE = "<!doctype html><meta charset=utf-8><title>厅</title><button id=b " \
       "onclick=\"document.body.append('按过了')\">按</button>"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class GroundTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        processes.adopt_orphans()
        cls.addClassCleanup(processes.end_all)
        cls.folder = tempfile.TemporaryDirectory(prefix="ouk-ground-", dir="/tmp",
                                                 ignore_cleanup_errors=True)
        cls.addClassCleanup(cls.folder.cleanup)
        cls.site = http.server.ThreadingHTTPServer((ground.PUBLIC, 0), Page)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.env = {**os.environ, "HOME": cls.folder.name, "XDG_RUNTIME_DIR": cls.folder.name}

    def press(self, kind):
        browser = kind(self.folder.name, self.env)
        self.addCleanup(browser.stop)
        browser.go("http://%s:%d/" % (ground.HALL, self.site.server_port))
        browser.click("#b")
        browser.wait_text("按过了")
        self.assertEqual(browser.script("return location.hostname"), ground.HALL)

    def test_firefox(self):
        self.press(Firefox)

    def test_chromium(self):
        self.press(Chromium)


unittest.main()
