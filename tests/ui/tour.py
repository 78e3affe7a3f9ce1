#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tour of 我的证书 for people who have no screen here: pictures of its main pages, taken of the
real windows with practice keys. ./demo shows them, and assistant/help has them as figures.

    tour.py FOLDER LANGUAGE [NAME...]        zh_CN or en; only these pictures

With OPENUKEY_REHEARSAL_SERVICE set it shows orders instead."""

import os
import re
import subprocess
import sys
import time
import unittest

import desktop
from assistant_case import PIN, UNIT, AssistantCase
from processes import wait_for
from service_case import ServiceCase


class Tour(AssistantCase):
    folder, readers, only = "", 3, ()

    def take(self, name, title=None):
        """The window's own rectangle, after it has come to rest."""
        if self.only and name not in self.only:
            return
        time.sleep(0.6)
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name",
             "^%s$" % re.escape(title or self.word("My Certificates"))],
            env=self.desktop.env, stdout=subprocess.PIPE, check=True).stdout.split()
        desktop.PICTURES = self.folder
        self.desktop.picture(name, found[-1].decode())
        print(os.path.join(self.folder, name + ".png"), flush=True)

    def runTest(self):
        self.open()
        self.sees("Plug in your key")
        self.take("no-key")
        self.key("main", serial="DEMO0001", first=True)
        self.desktop.plug(0, "main")
        self.sees_part(UNIT)
        self.take("main")
        self.press("_Details")
        self.sees("Whose it is")
        self.take("details")
        self.desktop.key("Escape")
        self.tab("UKEY PIN")
        self.press("_Change PIN")
        self.field()
        self.desktop.type(PIN)
        self.desktop.key("Tab")
        self.desktop.type("Wd47")
        self.take("pin", self.word("Change the UKEY PIN"))
        self.desktop.key("Escape")
        self.prompt_gone()
        self.place("Validity Dates")
        self.take("dates")
        self.place("Halls")
        self.take("halls")
        self.place("Check and Repair")
        self.press("_Start the Check")
        self.sees("_Check Again", role="push button", timeout=60)
        self.take("doctor")
        self.key("locked", "--tries", "1", serial="DEMO0002")
        self.desktop.plug(1, "locked")
        self.lock("DEMO0002")
        self.desktop.key("F5")
        self.row("0002…")
        self.press("How to _Unlock It")
        self.sees("What to bring")
        self.take("locked")


class OrdersTour(ServiceCase, Tour):
    """The pages of orders, where there is a rehearsal service."""

    def go(self, text):
        wait_for(lambda: self.window.find("push button", self.word(text), showing=False), text,
                 60).press()

    def unlock(self):
        self.row("0004…")
        self.tab("Services")
        self.sees("Unlock the Key", role="list item")
        self.take("services")
        self.row(self.word("Unlock the Key"))
        self.sees("_Apply for Unlocking", role="push button", timeout=60)
        self.take("unlock-form")
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.sees("_Get the Authorization Code", role="push button", timeout=60)
        self.take("unlock-get-code")
        self.press("_Get the Authorization Code")
        self.sees("_Check the Code and Set a New PIN", role="push button", timeout=60)
        self.fill("_Authorization code", self.service("inbox", "--code", "--wait", "60").strip())
        self.take("unlock-code")
        self.desktop.key("Escape")

    def renew(self):
        self.row("0003…")
        self.tab("Certificates")
        self.go("Re_new…")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.take("renew-form")
        self.fill_person()
        self.go("_Send the Application")
        for box in wait_for(lambda: list(self.window.all("check box", showing=False)), "texts", 60):
            box.press()
        self.take("renew-texts")
        self.go("_Agree and Go On")
        self.sees("_Show the Payment Code", role="push button", timeout=60)
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button", timeout=60)
        self.take("renew-pay")

    def runTest(self):
        self.enrolled_key("renew", serial="DEMO0003", days=20)
        self.enrolled_key("unlock", serial="DEMO0004", tries=1)
        self.desktop.plug(0, "renew")
        self.desktop.plug(1, "unlock")
        self.lock("DEMO0004")
        self.open()
        self.sees_part("0004")
        self.unlock()
        self.desktop.pull(1)  # a renewal wants one key only
        self.renew()


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in desktop.LANGUAGES:
        sys.exit(__doc__)
    Tour.folder, Tour.language, Tour.only = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(Tour.folder, exist_ok=True)
    # one desktop in a process
    unittest.main(argv=[sys.argv[0], "OrdersTour" if "OPENUKEY_REHEARSAL_SERVICE" in os.environ
                        else "Tour"], verbosity=0)
