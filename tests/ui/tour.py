#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A tour of 我的证书 for people who have no screen here: pictures of its main pages, taken of the
real windows with practice keys. ./demo shows them, and assistant/help has them as figures.

    tour.py FOLDER LANGUAGE [NAME...]        zh_CN or en; only these pictures"""

import os
import re
import subprocess
import sys
import time
import unittest

import desktop
from assistant_case import PIN, UNIT, AssistantCase


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


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[2] not in desktop.LANGUAGES:
        sys.exit(__doc__)
    Tour.folder, Tour.language, Tour.only = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(Tour.folder, exist_ok=True)
    unittest.main(argv=sys.argv[:1], verbosity=0)
