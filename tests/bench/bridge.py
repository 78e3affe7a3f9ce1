#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the page bridge adds to a call: each part of the way of a call.

    bridge.py [COUNT]        with the environment of the meson test "bridge rules"

The relay, the frames, the gate, the worker and the journal are all in it. Of a signature the key's
time (and the module's), as the bridge measures it around the key's work, is taken off: what is left
is what the page would not wait for without a bridge. Once with a key at the pace of USB full speed,
once with one that has no delays. A table for people, not a test, for times depend on the machine."""

import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "bridge"))

from bridge_case import PIN, Link, Page, Room  # noqa: E402


PAUSE = 0.02  # between calls: stays under the pages' rate
GOAL = 5      # ms that the bridge may add
A_MINUTE = 5  # signatures of a site, without a question


def times(function, count):
    """Milliseconds of each call."""
    found = []
    for number in range(count):
        time.sleep(PAUSE)
        began = time.perf_counter()
        function(number)
        found.append((time.perf_counter() - began) * 1000)
    return found


def row(name, found, goal=False):
    median = statistics.median(found)
    met = "" if not goal else "   goal %d ms: %s" % (GOAL, "met" if median < GOAL else "MISSED")
    print("%-44s median %6.2f ms   worst %6.2f ms%s" % (name, median, max(found), met))


def key_times(room):
    """What the key took each time, as the bridge says."""
    return [int(line.split()[-2]) / 1000 for line in room.read("logs/bridge.log").splitlines()
            if line.endswith(" us") and "key " in line]


def log_in(room, site):
    page = Page(Link(room), origin="https://%s.example" % site)
    ident = page.call("SOF_GetUserList").split("||")[1].split("&&&")[0]
    page.call("SOF_Login", ident, PIN)
    return page, ident


def signatures(room, name, sites):
    known, found = len(key_times(room)), []
    for site in range(sites):
        page, ident = log_in(room, "%s-%d" % (name, site))
        found += times(lambda n, p=page, i=ident: p.call("SOF_SignData", i, "text %d" % n), A_MINUTE)
    took = key_times(room)[known:]
    row("SOF_SignData, key: %s" % name, found)
    row("    of it the key", took)
    row("    added by the bridge", [total - key for total, key in zip(found, took)], True)


def free_calls(room, count):
    page, _ = log_in(room, "free")
    row("hello (frames and relay alone)", times(lambda n: page.link.ask(hello=1), count), True)
    row("SOF_GetVersion (gate, worker)", times(lambda n: page.call("SOF_GetVersion"), count), True)
    row("SOF_GetUserList (consent, keys)", times(lambda n: page.call("SOF_GetUserList"), count),
        True)
    row("a refused call (journal)",
        times(lambda n: page.refused("SOF_WriteFile"), min(count, 50)), True)


def main(count):
    room = Room(1)
    room.env["G_MESSAGES_DEBUG"] = "all"
    try:
        room.make_key("key")
        room.start_bridge()
        for name, pace in (("no delays", "none"), ("full speed", "full-speed")):
            room.plug(0, "key", "--timing", pace)
            room.wait_keys(1)
            if pace == "none":
                free_calls(room, count)
            signatures(room, name.replace(" ", "-"), max(1, count // 25))
            room.pull(0)
    finally:
        room.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
