#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the guest: look.py SECONDS TEXT... waits until the windows of this session show all the texts; prints
what they show."""
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402


def texts(node, found):
    try:
        if not node.get_state_set().contains(Atspi.StateType.SHOWING) and node.get_role_name() not in (
                "application", "desktop frame"):
            return
        if node.get_name():
            found.append(node.get_name())
        for number in range(node.get_child_count()):
            child = node.get_child_at_index(number)
            if child is not None:
                texts(child, found)
    except GLib.Error:
        return  # it has gone


def main():
    end = time.monotonic() + float(sys.argv[1])
    while True:
        found = []
        texts(Atspi.get_desktop(0), found)
        shown = "\n".join(found)
        if all(text in shown for text in sys.argv[2:]):
            print(shown)
            return 0
        if time.monotonic() > end:
            print(shown)
            return 1
        time.sleep(1)


sys.exit(main())
