# SPDX-License-Identifier: LGPL-2.1-or-later
"""The first start: from a computer without a key to a certificate that is ready, by accessible
names, in the language of OPENUKEY_TEST_LANGUAGE."""

import os
import sys
import unittest

from assistant_case import UNIT, AssistantCase, long_in_english

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")
MODULE = os.environ.get("OPENUKEY_PKCS11_MODULE", "")
REGISTERED = "/etc/pkcs11/modules/openukey.module"
SLOW = 60


def own_etc():
    """The test goes on with an /etc that is its own copy."""
    if os.environ.get("OPENUKEY_TEST_ETC") == str(os.getpid()):
        os.system("mount -t tmpfs none /mnt && { cp -a /etc/. /mnt 2>/dev/null || :; } && "
                  "mount --move /mnt /etc")
        return
    root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.environ["OPENUKEY_TEST_ETC"] = str(os.getpid())
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", *root, "--",
                          sys.executable, *sys.argv])


class FirstStartTest(AssistantCase):
    language = LANGUAGE

    def setUp(self):
        self.register()

    @staticmethod
    def register(there=True):
        """As the package has it, or as before it was installed; /etc is the test's own."""
        os.makedirs(os.path.dirname(REGISTERED), exist_ok=True)
        with open(REGISTERED, "w", encoding="utf-8") as file:
            file.write("module: %s\n" % MODULE)
        if not there:
            os.remove(REGISTERED)

    def ready(self):
        return self.word("The certificate of %s is ready", UNIT)

    def test_what_is_missing_is_repaired_here_then_it_waits_for_the_key(self):
        self.register(there=False)
        self.open("--first-start")
        self.window.wait("label", self.word("One thing is missing before keys work here"), SLOW)
        self.picture("first-start-repair")
        self.press("Register OpenUKey")
        self.window.wait("label", self.word("This computer is ready. Plug in your key"), SLOW)
        self.assertTrue(os.path.exists(REGISTERED))

    @long_in_english
    def test_it_waits_for_the_key_and_ends_at_a_certificate_that_is_ready(self):
        self.key("first", serial="TEST0101", first=True)
        self.open("--first-start")
        self.window.wait("label", self.word("This computer is ready. Plug in your key"), SLOW)
        self.picture("first-start-waits")
        self.desktop.plug(0, "first")
        self.window.wait("label", self.ready(), SLOW)
        self.sees("_Open a Hall…", role="push button")
        self.picture("first-start-ready")
        self.press("_Change the PIN…")
        self.sees("_Change PIN", role="push button")

    @long_in_english
    def test_a_key_whose_certificate_ended_is_not_called_ready(self):
        self.key("over", serial="TEST0102", days=-3)
        self.desktop.plug(0, "over")
        self.open("--first-start")
        self.window.wait("label", self.word("The key is there, its certificate cannot be used"),
                         SLOW)
        self.assertIsNone(self.window.find("label", self.ready()))
        self.picture("first-start-ended")

    @long_in_english
    def test_a_service_that_is_down_is_named_and_looking_again_goes_on(self):
        self.key("down", serial="TEST0103")
        self.desktop.plug(0, "down")
        self.desktop.end_service()
        try:
            self.open("--first-start")
            self.window.wait("label", self.word("One thing is missing before keys work here"),
                             SLOW)
            self.sees("The smart card service is not running.")
            self.picture("first-start-service")
        finally:
            self.desktop.begin_service()
        self.desktop.wait_service()
        self.press("Check _Again")
        self.window.wait("label", self.ready(), SLOW)

    @long_in_english
    def test_the_menus_entry_opens_it_once(self):
        self.key("menu", serial="TEST0104")
        self.desktop.plug(0, "menu")
        self.open()
        self.sees_part(UNIT)
        for _ in range(2):
            self.desktop.run(os.environ.get("OPENUKEY_ASSISTANT", "openukey-assistant"),
                             "--first-start")
        self.window.wait("label", self.ready(), SLOW)
        self.desktop.key("Escape")
        self.sees("_Details", role="push button")


if __name__ == "__main__":
    own_etc()
    unittest.main(verbosity=2)
