#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the window costs beside a bare window of GTK, by turns in one run: time to the first paint,
from there to the listed certificates (beside what the key's answers take by themselves), memory,
CPU with nothing happening. Started by meson with the environment of tests/ui; numbers are printed
for people, and only that all of it happens is asserted.

    meson compile -C BUILD bench-window       five turns
    tests/bench/window.py --smoke             one turn"""

import json
import os
import statistics
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ui"))
# pylint: disable=wrong-import-position
from assistant_case import ASSISTANT, UNIT, AssistantCase
from processes import wait_for

SAMPLE = os.environ["OPENUKEY_TEST_SAMPLE"]
PAINT = os.environ["OPENUKEY_BENCH_PAINT"]
TURNS = 1 if "--smoke" in sys.argv else 5
IDLE_SECONDS = 0 if "--smoke" in sys.argv else 10
PAINT_GOAL, LIST_GOAL, MEMORY_GOAL_KIB, IDLE_GOAL = 1.6, 1.3, 40 * 1024, 0.5


def resident_kib(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
        words = file.read().rpartition(") ")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Bench(AssistantCase):
    language, readers = "zh_CN", 1

    def started(self, *words):
        """Starts a program with the paint module; waits for its first paint: (program, ms)."""
        program = self.desktop.start(
            *words, language=self.language, GTK_MODULES=PAINT, OPENUKEY_BENCH_TEXT=UNIT,
            OPENUKEY_BENCH_START_US=str(time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000))
        return program, self.told(program, "painted")

    def told(self, program, what):
        """Milliseconds after the start, as the paint module said."""
        def look():
            with open(program.log_path, encoding="utf-8", errors="replace") as file:
                return [line.split() for line in file if line.startswith("bench " + what)]
        return int(wait_for(look, what, 20.0)[0][2]) / 1000

    def bare(self):
        program, painted = self.started(SAMPLE)
        time.sleep(0.3)
        row = {"painted": painted, "memory": resident_kib(program.process.pid)}
        program.stop()
        return row

    def ours(self):
        self.desktop.tell(0, "count", "reset")
        program, painted = self.started(ASSISTANT)
        row = {"painted": painted, "listed": self.told(program, "listed") - painted}
        time.sleep(0.3)
        row["key"] = json.loads(self.desktop.tell(0, "count"))["due_us"] / 1000
        row["memory"] = resident_kib(program.process.pid)
        if IDLE_SECONDS:
            before = cpu_seconds(program.process.pid)
            time.sleep(IDLE_SECONDS)
            row["idle"] = 100 * (cpu_seconds(program.process.pid) - before) / IDLE_SECONDS
        program.stop()
        return row

    def runTest(self):
        self.key("bench")
        self.desktop.plug(0, "bench", "--timing", "full-speed")
        self.bare()  # once each, so that files are in memory
        self.ours()
        rows = [(self.bare(), self.ours()) for _ in range(TURNS)]
        middle = lambda side, name: statistics.median(row[side][name] for row in rows)
        ratio = statistics.median(ours["painted"] / bare["painted"] for bare, ours in rows)
        slower = statistics.median(ours["listed"] / ours["key"] for _, ours in rows)
        more = middle(1, "memory") - middle(0, "memory")
        print("first paint: bare %.0f ms, ours %.0f ms: %.2f times (goal %.1f)" % (
            middle(0, "painted"), middle(1, "painted"), ratio, PAINT_GOAL))
        print("certificates listed: %.0f ms after that; the key alone takes %.0f ms: %.2f times "
              "(goal %.1f)" % (middle(1, "listed"), middle(1, "key"), slower, LIST_GOAL))
        print("memory: bare %.1f MiB, ours %.1f MiB: %.1f MiB more (goal %d)" % (
            middle(0, "memory") / 1024, middle(1, "memory") / 1024, more / 1024,
            MEMORY_GOAL_KIB // 1024))
        if IDLE_SECONDS:
            print("idle: %.2f %% of a CPU (goal %.1f)" % (middle(1, "idle"), IDLE_GOAL))


if __name__ == "__main__":
    sys.argv = sys.argv[:1]
    unittest.main(verbosity=0)
