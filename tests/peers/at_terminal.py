#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""at_terminal.py PIN SECONDS PROGRAM...: runs it at a terminal of its own and types the PIN when asked.

A question is a last line, still unfinished, that speaks of a PIN or password. Somebody who asks for
ever is ended, as is one who takes longer than SECONDS.
"""
import os
import pty
import re
import select
import signal
import sys
import termios
import time

ASKS = re.compile(rb"(pin|password|passphrase)[^\n]*[:?]\s*$", re.I)

QUESTIONS = 10


def wait_for_silence(terminal):
    """Until what is typed is not shown: what was typed before is often thrown away."""
    end = time.monotonic() + 2
    while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < end:
        time.sleep(0.01)


def talk(terminal, pin, deadline):
    """All that was said, or None when it has to be ended."""
    said, asked = b"", 0
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            print("at_terminal.py: took too long", file=sys.stderr)
            return None
        try:
            some = os.read(terminal, 4096)
        except OSError:  # the program closed its end
            return said
        if not some:
            return said
        os.write(1, some)
        said += some
        last = said.replace(b"\r", b"\n").rpartition(b"\n")[2]
        if not ASKS.search(last):
            continue
        asked += 1
        if asked > QUESTIONS:
            print("at_terminal.py: asked again and again", file=sys.stderr)
            return None
        wait_for_silence(terminal)
        os.write(terminal, pin + b"\n")
        said += b"\n"


def main():
    pin, seconds, program = sys.argv[1].encode(), float(sys.argv[2]), sys.argv[3:]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(program[0], program)
    if talk(terminal, pin, time.monotonic() + seconds) is None:
        os.killpg(child, signal.SIGKILL)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)


main()
