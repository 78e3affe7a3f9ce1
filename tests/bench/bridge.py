#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the page bridge adds to a call: each part of the way of a call.

    bridge.py [COUNT]        with the environment of the meson test "bridge rules"

The relay, the frames, the gate, the worker and the journal are all in it; the virtual key has no
delays. What a signature takes beyond a refused call is the key and the module. A table for people,
not a test, for times depend on the machine."""

import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bridge"))

from bridge_case import PIN, Link, Page, Room  # noqa: E402


PAUSE = 0.02  # between calls: stays under the pages' rate


def times(function, count):
    """Milliseconds of each call."""
    found = []
    for number in range(count):
        time.sleep(PAUSE)
        began = time.perf_counter()
        function(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


def row(name, found):
    print("%-40s median %6.2f ms   worst %6.2f ms" % (name, statistics.median(found), max(found)))


def main(count):
    room = Room(1)
    try:
        room.make_key("key")
        room.start_bridge()
        room.plug(0, "key")
        room.wait_keys(1)
        link = Link(room)
        page = Page(link)
        ident = page.call("SOF_GetUserList").split("||")[1].split("&&&")[0]
        page.call("SOF_Login", ident, PIN)
        row("hello (frames and relay alone)", times(lambda n: link.ask(hello=1), count))
        row("SOF_GetVersion (gate, worker)", times(lambda n: page.call("SOF_GetVersion"), count))
        row("SOF_GetUserList (consent, keys)",
            times(lambda n: page.call("SOF_GetUserList"), count))
        row("a refused call (journal on the disk)",
            times(lambda n: page.refused("SOF_WriteFile"), min(count, 50)))
        row("SOF_SignData (all of it, and the key)",
            times(lambda n: page.call("SOF_SignData", ident, "text %d" % n), 5))
    finally:
        room.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
