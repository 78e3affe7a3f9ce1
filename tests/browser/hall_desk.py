# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desk in front of a hall: keys, browsers that know the hall's CA, the hall behind nginx.

Import it after ground.enter()."""

import base64
import os
import subprocess
import unittest

import ground
import hall_case
from desktop import MODULE, Desktop
from devtools import Chromium
from marionette import Firefox
from processes import wait_for

PIN, SERIAL = "Kx83-mq2", "HALL0001"
MUTUAL_PORT = "8443"
URL, PLAIN = "https://" + ground.HALL, "http://" + ground.HALL
MUTUAL = URL + ":" + MUTUAL_PORT
NEAR = "ha1l.openukey.test"  # one letter off


class HallDesk(unittest.TestCase):
    """One desktop, one hall and one key in reader 0 for a class."""

    alg, timing, readers, extra, pin = "rsa", "none", 1, None, PIN

    @classmethod
    def setUpClass(cls):
        ground.hosts(NEAR, ground.PUBLIC)
        cls.desktop = Desktop(readers=cls.readers)
        cls.addClassCleanup(cls.desktop.stop)
        options = ["--host", ground.HALL, "--host", NEAR, "--address", ground.PUBLIC, "--port", "443",
                   "--mutual-port", MUTUAL_PORT, "--http-port", "80"]
        if cls.extra:
            options += ["--extra", cls.extra]
        cls.hall = hall_case.Hall(cls.desktop.path("hall"), *options)
        cls.addClassCleanup(cls.hall.stop)
        cls.root = cls.hall.about["browsers_ca"]
        cls.make_key("unit")
        cls.desktop.plug(0, "unit", "--timing", cls.timing)
        cls.prepare_firefox()
        cls.prepare_chromium()

    @classmethod
    def make_key(cls, name, alg=None, serial=SERIAL):
        """A key of the hall's CA; it is not plugged in yet."""
        cert, key = cls.hall.certificate(name, alg or cls.alg)
        cls.desktop.provision(name, "--serial", serial, "--label", name, "--pin", cls.pin,
                              "--default-pin", "no", "--container", "Unit", "--sign-key", key,
                              "--sign-cert", cert)

    # ---- browsers ----

    firefox_policies, chromium_policies = {}, {}

    @classmethod
    def prepare_firefox(cls):
        """Firefox's policies, as the module's manual page has them."""
        ground.firefox_policy(Certificates={"Install": [cls.root]},
                              SecurityDevices={"Add": {"OpenUKey": MODULE}}, **cls.firefox_policies)

    @classmethod
    def prepare_chromium(cls):
        """Chromium's own certificate store in the desktop's home, and its policies."""
        folder = "sql:" + cls.desktop.path("home", ".pki", "nssdb")
        os.makedirs(cls.desktop.path("home", ".pki", "nssdb"))
        for words in (["certutil", "-N", "--empty-password", "-d", folder],
                      ["certutil", "-A", "-d", folder, "-n", "hall", "-t", "CT,,", "-i", cls.root],
                      ["modutil", "-force", "-dbdir", folder, "-add", "OpenUKey", "-libfile",
                       MODULE]):
            subprocess.run(words, env=cls.desktop.env, check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, timeout=60)
        ground.chromium_policy("hall", AutoSelectCertificateForUrls=[
            '{"pattern":"%s","filter":{}}' % MUTUAL], **cls.chromium_policies)

    def folder(self, name):
        path = self.desktop.path(name + "-" + self.id().rpartition(".")[2])
        os.mkdir(path)
        return path

    def firefox(self, **more):
        browser = Firefox(self.folder("firefox"), self.desktop.env, **more)
        self.addCleanup(browser.stop)
        return browser

    def chromium(self, **more):
        browser = Chromium(self.folder("chromium"), self.desktop.env, **more)
        self.addCleanup(browser.stop)
        return browser

    # ---- what a test looks at ----

    def logged_in(self, browser, way, timeout=60):
        """Waits for the page inside, and looks at what the hall says there."""
        browser.wait("return document.getElementById('unit') && location.pathname == '/inside'",
                     what="the page inside", timeout=timeout)
        self.assertEqual(browser.script("return document.getElementById('unit').textContent"),
                         hall_case.UNIT)
        self.assertEqual(browser.script("return document.getElementById('way').textContent"), way)

    def nobody_inside(self, browser, base=None):
        """The hall takes this browser for a stranger."""
        browser.go((base or browser.script("return location.origin")) + "/inside")
        browser.wait("return document.querySelector('.ways') != null", what="the hall's first page")

    def logout(self, browser):
        browser.click("#logout")
        browser.wait("return document.querySelector('.ways') != null", what="the hall's first page")

    def key_tries(self):
        return self.desktop.tries_left(0)

    @staticmethod
    def pem_base64(path):
        return base64.b64encode(hall_case.der(path)).decode()

    def type_into_window(self, title, text, timeout=60):
        """Types into a window that is found by its title, such as Chromium's own for a PIN."""
        def look():
            found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", title],
                                   env=self.desktop.env, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, check=False, timeout=30)
            return found.stdout.split()[:1]
        window = wait_for(look, "a window %r" % title, timeout)[0].decode()
        self.desktop.xdotool("windowfocus", "--sync", window)
        self.desktop.type(text)
        self.desktop.key("Return")
        return window
