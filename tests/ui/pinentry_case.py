# SPDX-License-Identifier: LGPL-2.1-or-later
"""The PIN prompt, and whoever asks it: this test, over a socket pair."""

import os
import socket
import unittest

from desktop import Desktop
from processes import wait_for

PINENTRY = os.environ["OPENUKEY_PINENTRY"]
WORDS = {
    "zh_CN": {"pin": "UKEY密码…", "login": "登录…", "cancel": "取消…", "change": "修改密码…",
              "new": "新UKEY密码…", "again": "再输一次…"},
    "en": {"pin": "UKEY PIN:", "login": "Log In", "cancel": "Cancel", "change": "Change PIN",
           "new": "New UKEY PIN:", "again": "New UKEY PIN, again:"},
}


class Asker:
    """One conversation with a prompt of its own."""

    def __init__(self, desktop, language="zh_CN", **variables):
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket, self.words = mine, WORDS[language]
        mine.settimeout(10)
        self.program = desktop.start(PINENTRY, "--fd", str(theirs.fileno()), language=language,
                                     pass_fds=(theirs.fileno(),), **variables)
        theirs.close()

    def send(self, **fields):
        lines = ["openukey-prompt=1"] + ["%s=%s" % (name.replace("_", "-"), str(value).replace(
            "\n", "\x1f")) for name, value in fields.items()]
        self.socket.send("".join(line + "\n" for line in lines).encode())

    def ask(self, **fields):
        base = {"reason": "login", "user": "user", "token": "OpenUKey-Rehearsal",
                "serial": "TEST00001234", "unit": "邢台示例商贸有限公司", "left": 10, "max": 10,
                "min_length": 6, "max_length": 16,
                "program": "/usr/lib/firefox-esr/firefox-esr"}
        self.send(**{**base, **fields})

    def tell(self, outcome, **fields):
        self.send(outcome=outcome, **fields)

    def answer(self):
        """The PINs; None when the person stopped."""
        message = self.socket.recv(4096)
        if not message:
            raise AssertionError("the prompt is gone\n" + self.program.log)
        if message[0] != 0:
            return None
        pins, at = [], 1
        while at < len(message):
            pins.append(message[at + 1:at + 1 + message[at]].decode())
            at += 1 + message[at]
        return pins

    def silent(self):
        """Whether nothing has been sent."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
            return False
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(10)

    def close(self):
        self.socket.close()
        self.program.stop()


class PinentryCase(unittest.TestCase):
    readers = 0

    @classmethod
    def setUpClass(cls):
        cls.desktop = Desktop(readers=cls.readers)

    @classmethod
    def tearDownClass(cls):
        cls.desktop.stop()

    def asker(self, language="zh_CN", **variables):
        asker = Asker(self.desktop, language, **variables)
        self.addCleanup(asker.close)
        return asker

    def wait_field(self, asker, word="pin"):
        """The field, when it has the keyboard."""
        def look():
            field = asker.program.focused()
            return field if field and field.role == "password text" else None
        try:
            asker.program.wait_keys()
            return wait_for(look, "a field with the keyboard")
        except AssertionError as error:
            raise AssertionError("%s\n%s%s" % (error, asker.program.tree(),
                                               asker.program.log)) from None

    def wait_number(self, asker):
        """The field for the number of tries, when it has the keyboard."""
        from screen import State
        number = asker.program.wait("text")
        asker.program.wait_keys()
        wait_for(lambda: number.has(State.FOCUSED), "the number's field has the keyboard")
        return number

    def message(self, asker):
        """What is said beside the field."""
        found = asker.program.find("notification")
        return found.name if found else ""
