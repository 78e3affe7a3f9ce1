# SPDX-License-Identifier: LGPL-2.1-or-later
"""我的证书 with a certificate service: the rehearsal's, with its real processes."""

import json
import os
import subprocess
import time

from assistant_case import PIN, AssistantCase
from processes import wait_for

SERVICE = os.environ.get("OPENUKEY_REHEARSAL_SERVICE", "openukey-rehearsal-service")
PATIENCE = 60
LEGAL_NAME, LEGAL_PHONE, HANDLER_PHONE = "李四", "13800138000", "13900139000"
HANDLER_ID = "650000190001010000"


class ServiceCase(AssistantCase):
    """One service for a class. enrol() keys before they are plugged in."""

    alg = "rsa"
    own = None  # members of the CA's profile, before the rehearsal's

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.state = cls.desktop.path("service")
        folder = cls.desktop.path("ca-" + cls.alg)
        from assistant_case import CA
        cls.quiet(CA, "init", folder, "--alg", cls.alg)
        if cls.own is not None:
            os.makedirs(cls.state)
            cls.desktop.write("service/profile-own.json", json.dumps(cls.own))
        cls.service("start", "--port", "0", "--ca", folder, "--alg", cls.alg)
        cls.addClassCleanup(cls.service, "stop")
        with open(os.path.join(cls.state, "url"), encoding="utf-8") as file:
            cls.desktop.env["OPENUKEY_SERVICE"] = file.read().strip()
        # no keyring answers on this bus: rights to orders lie in a file
        cls.desktop.env["OPENUKEY_REHEARSAL_ANCHORS"] = folder

    @classmethod
    def service(cls, *words):
        done = subprocess.run([SERVICE, "--state", cls.state, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env=cls.desktop.env, check=False)
        assert done.returncode == 0, done.stdout.decode()
        return done.stdout.decode()

    def enrolled_key(self, name, *options, serial, days=365, tries=None):
        self.key(name, *options, *(["--tries", str(tries)] if tries else []), serial=serial,
                 pin=PIN, days=days)
        self.service("enrol", self.desktop.path("keys", name))

    def order(self):
        """The newest one, as the service knows it."""
        return json.loads(self.service("status", "--json"))["orders"][-1]

    def state_is(self, state):
        wait_for(lambda: self.order()["state"] == state, "the order %s" % state, 60)

    # ---- with a service in the way, everything may take longer ----

    def press(self, text, role="push button"):
        self.window.wait(role, self.word(text), PATIENCE).press()

    def sees(self, text, *values, role="label", timeout=PATIENCE):
        return super().sees(text, *values, role=role, timeout=timeout)

    def sees_part(self, text, role="label", timeout=PATIENCE):
        return super().sees_part(text, role, timeout)

    def row(self, name):
        self.window.wait("list item", name, PATIENCE)
        super().row(name)

    def field(self):
        wait_for(lambda: self.prompt() is not None, "the prompt", PATIENCE)
        return super().field()

    # ---- pages ----

    def go(self, text):
        """Presses a button that may be below the edge of the page."""
        wait_for(lambda: self.window.find("push button", self.word(text), showing=False), text,
                 PATIENCE).press()

    def answer(self, text):
        """The button of a question, which has the words of the one that led to it."""
        wait_for(lambda: len(self.window.all("push button", self.word(text))) == 2, "the question",
                 PATIENCE)
        self.window.all("push button", self.word(text))[-1].press()

    def open_service(self, text):
        self.tab("Services")
        self.row(self.word(text))

    def agree(self):
        boxes = wait_for(lambda: self.window.all("check box", showing=False), "boxes", PATIENCE)
        for box in boxes:
            box.press()
        self.go("_Agree and Go On")

    def chooser(self, path, save=False):
        """Types a path into the file chooser that has opened."""
        wait_for(lambda: self.window.find("file chooser") or self.window.find("dialog"),
                 "the file chooser", PATIENCE)
        time.sleep(0.5)
        self.desktop.key("ctrl+a" if save else "ctrl+l")
        wait_for(lambda: (lambda here: here is not None and here.role == "text")(
            self.window.focused()), "the field for a path", PATIENCE)
        self.desktop.type(path)
        time.sleep(0.3)
        self.desktop.key("Return")

    # ---- forms ----

    def fill(self, text, value):
        """Types into a field found by its name."""
        entry = self.window.wait("text", self.word(text), PATIENCE)
        entry.grab()
        self.desktop.key("ctrl+a")
        self.desktop.type(value)

    def fill_person(self, handler_name=True, handler_id=False):
        # Chinese comes through an input method; here it is set as a screen reader would
        self.window.wait("text", self.word("Name of the legal representative")).write(LEGAL_NAME)
        self.fill("Telephone of the legal representative", LEGAL_PHONE)
        if handler_name:
            self.window.wait("text", self.word("Name of the handler")).write("王五")
        self.fill("Telephone of the handler", HANDLER_PHONE)
        if handler_id:  # shown where a new key is handed over
            self.fill("Number of the handler's identity document", HANDLER_ID)
