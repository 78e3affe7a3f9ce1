# SPDX-License-Identifier: LGPL-2.1-or-later
"""Child processes that never outlive the test, nor do their children."""

import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None, use_errno=True)
CHILDREN = []


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def adopt_orphans():
    """What a child leaves behind (a daemon, a service that the bus started) becomes ours."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(words, log, env, pass_fds=(), stdin=subprocess.DEVNULL):
    """Starts a program with its output in the file `log`; it dies with this process."""
    with open(log, "ab") as out:
        CHILDREN.append(subprocess.Popen(
            words, stdin=stdin, stdout=out, stderr=out, env=env, pass_fds=pass_fds,
            preexec_fn=die_with_parent))
    return CHILDREN[-1]


def parents():
    """{pid: parent} of everything that runs."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, encoding="utf-8", errors="replace") as file:
                    words = file.read().rpartition(") ")[2].split()
            except OSError:
                continue
            if words[0] != "Z":
                table[int(name)] = int(words[1])
    return table


def descendants():
    table, found = parents(), []
    todo = [os.getpid()]
    while todo:
        parent = todo.pop()
        children = [pid for pid, other in table.items() if other == parent]
        found += children
        todo += children
    return found


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0:
            pass
    except ChildProcessError:
        pass


def end_all(patience=2.0):
    """Ends every descendant: SIGTERM, then SIGKILL."""
    limit = time.monotonic() + patience
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in descendants():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        while descendants() and (number == signal.SIGKILL or time.monotonic() < limit):
            for child in CHILDREN:
                child.poll()
            reap()
            time.sleep(0.01)
    for child in CHILDREN:
        child.poll()
    reap()


def wait_for(test, what, timeout=10.0):
    """Polls until test() is true and returns that; a RuntimeError names what never came."""
    limit = time.monotonic() + timeout
    while True:
        result = test()
        if result:
            return result
        if time.monotonic() > limit:
            raise AssertionError("never seen within %g s: %s" % (timeout, what))
        time.sleep(0.03)
