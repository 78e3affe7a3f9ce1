# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of 我的证书 share: certificates of a unit, keys, the window by its own words."""

import gettext
import os
import subprocess
import time
import unittest

from desktop import LOCALEDIR, Desktop
from processes import wait_for

ASSISTANT = os.environ.get("OPENUKEY_ASSISTANT", "openukey-assistant")
UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
CA = os.environ.get("OPENUKEY_REHEARSAL_CA", "openukey-rehearsal-ca")
FIXTURES = os.environ.get("FIXTURES", "")
UNIT, CODE = "示例果业有限公司", "91650000MA00000000"
PIN, NEW_PIN = "Kx83-mq2", "Wd47-tz9"


def long_in_english(test):
    """What does not depend on the language is tried in the second one only in the long run."""
    return unittest.skipIf(os.environ.get("OPENUKEY_TEST_LANGUAGE") == "en" and
                           not os.environ.get("OPENUKEY_TEST_LONG"), "long")(test)


class AssistantCase(unittest.TestCase):
    """One desktop for a class; language: zh_CN or en."""

    language, readers, tray, modules = "zh_CN", 3, False, None
    size = "1280x900"

    @classmethod
    def setUpClass(cls):
        cls.desktop = Desktop(readers=cls.readers, tray=cls.tray, modules=cls.modules,
                              size=cls.size)
        cls.addClassCleanup(cls.desktop.stop)
        cls.words = gettext.NullTranslations() if cls.language == "en" else gettext.translation(
            "openukey", LOCALEDIR, [cls.language])

    def tearDown(self):
        for reader in list(self.desktop.keys):
            self.desktop.pull(reader)

    # ---- keys ----

    def certificate(self, name, alg="rsa", days=365, unit=UNIT, key="rsa-sign"):
        """A signing certificate of the rehearsal CA for the fixture's key: its path."""
        folder = self.desktop.path("ca-" + alg)
        request, made = self.desktop.path(name + ".csr"), self.desktop.path(name + ".crt")
        key = "%s/%s.key" % (FIXTURES, key.replace("rsa", alg))
        if not os.path.exists(folder):
            self.quiet(CA, "init", folder, "--alg", alg)
        self.quiet("openssl", "req", "-new", "-utf8", "-key", key, "-out", request, "-subj",
                   "/C=CN/L=示例市/O=%s/CN=%s" % (unit, unit),
                   *(["-sm3", "-sigopt", "distid:1234567812345678"] if alg == "sm2" else []))
        self.quiet(CA, "sign", folder, "--csr", request, "--out", made, "--days", str(days),
                   "--credit-code", CODE)
        return made

    def key(self, name, *options, serial="TEST0001", pin=PIN, days=365, first=False, unit=UNIT):
        """Makes a key of the rehearsal CA; it is not plugged in yet."""
        self.desktop.provision(
            name, "--serial", serial, "--label", name, "--pin", pin, "--default-pin",
            "yes" if first else "no", *options, "--container", "Unit", "--sign-key",
            FIXTURES + "/rsa-sign.key", "--sign-cert", self.certificate(name, days=days, unit=unit))

    def lock(self, serial):
        """Spends the one try of a key that has only one."""
        reader, writer = os.pipe()
        os.write(writer, b"000000")
        os.close(writer)
        out, code = self.desktop.run(UKEY, "pin", "test", "--token", serial, "--pin-fd", str(reader),
                                     "--confirm-tries", "1", pass_fds=(reader,))
        os.close(reader)
        self.assertEqual(code, 4, out)

    @staticmethod
    def quiet(*words):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        assert done.returncode == 0, done.stdout.decode()

    # ---- the window ----

    def open(self, *options, **variables):
        self.window = self.desktop.start(ASSISTANT, *options, language=self.language, **variables)
        self.addCleanup(self.window.stop)
        from screen import State
        frame = self.window.wait("frame", self.word("My Certificates"))
        wait_for(lambda: frame.has(State.ACTIVE), "the window with the keyboard")
        return self.window

    def word(self, text, *values):
        """What the window says for an English text of the program."""
        text = self.words.gettext(text)
        return (text % values if values else text).replace("_", "")

    def sees_days(self, one, many, days):
        """A number of days in words; the one before it when midnight is near."""
        texts = [self.words.ngettext(one, many, count) % count for count in (days, days - 1)]
        wait_for(lambda: any(self.window.find("label", text + "…") for text in texts), texts[0])

    def press(self, text, role="push button"):
        self.window.press(role, self.word(text))

    def sees(self, text, *values, role="label", timeout=10.0):
        return self.window.wait(role, self.word(text, *values), timeout)

    def sees_part(self, text, role="label", timeout=10.0):
        return self.window.wait(role, text + "…", timeout)

    def tab(self, text):
        self.press(text, "radio button")

    def row(self, name):
        """Chooses a row at the side by keyboard, as a click would."""
        self.window.wait("list item", name).grab()
        self.desktop.key("space")

    def place(self, text):
        self.row(self.word(text))

    def picture(self, name):
        self.check_texts()
        return self.desktop.picture("%s-%s" % (name, self.language))

    def check_texts(self):
        """No text is cut off at the edge of the window it is in."""
        frame = next((node for node in self.window.all("frame")), None)
        if frame is None:
            return
        left, _, width, _ = frame.box
        for node in frame.all("label"):
            x, _, wide, _ = node.box
            self.assertTrue(wide == 0 or (x >= left and x + wide <= left + width),
                            "%r is cut off" % node)

    # ---- the prompt ----

    def prompt(self):
        """The root of the prompt that the window has started, or None."""
        from screen import Atspi, Node
        desktop = Atspi.get_desktop(0)
        desktop.clear_cache()
        for node in Node(desktop).children():
            if node.name == "openukey-pinentry":
                return node
        return None

    def field(self):
        """Waits until a field of the prompt has the keyboard."""
        from screen import State

        def look():
            prompt = self.prompt()
            fields = prompt.all("password text") if prompt else []
            return next((field for field in fields if field.has(State.FOCUSED)), None)
        return wait_for(look, "the prompt's field with the keyboard")

    def prompt_gone(self):
        wait_for(lambda: self.prompt() is None, "the prompt gone")

    def type_pin(self, *pins):
        for number, pin in enumerate(pins):
            self.field()
            self.desktop.type(pin)
            self.desktop.key("Tab" if number + 1 < len(pins) else "Return")
            time.sleep(0.1)

    def try_pin(self, pin):
        self.press("_Test PIN")
        self.press("_Type the PIN")
        self.type_pin(pin)

    # ---- by keyboard ----

    def go_to(self, role, text, limit=40):
        for _ in range(limit):
            here = self.window.focused()
            if here is not None and here.role == role and here.name == self.word(text):
                return
            self.desktop.key("Tab")
            time.sleep(0.06)
        self.fail("%s %r is not reached by keyboard" % (role, self.word(text)))

    # ---- the browser ----

    def fake_browser(self):
        """A default browser that writes down what it is asked to open; the file's path."""
        opened = self.desktop.path("home", "opened")
        self.desktop.write("home/browser", "#!/bin/sh\necho \"$1\" >> '%s'\n" % opened)
        os.chmod(self.desktop.path("home", "browser"), 0o700)
        os.makedirs(self.desktop.path("home", ".local", "share", "applications"), exist_ok=True)
        self.desktop.write("home/.local/share/applications/browser.desktop",
                           "[Desktop Entry]\nType=Application\nName=Browser\nExec=%s %%u\n"
                           "MimeType=x-scheme-handler/http;x-scheme-handler/https;\n" %
                           self.desktop.path("home", "browser"))
        self.desktop.write("home/.config/mimeapps.list",
                           "[Default Applications]\nx-scheme-handler/http=browser.desktop\n"
                           "x-scheme-handler/https=browser.desktop\n")
        return opened

    def opened(self, path):
        return wait_for(lambda: os.path.exists(path) and open(path, encoding="utf-8").read().split(),
                        "a page in the browser")
