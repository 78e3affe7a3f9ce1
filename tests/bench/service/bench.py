#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many renewals and unlocks a second the whole service does, and where the time goes."""
import argparse
import sys

from rig import Rig

GOAL = 100


def rate(figures):
    seconds = sum(figures["phases_s"])
    return figures["done"] / seconds if seconds else 0


def show(engine, job, figures):
    if not figures["done"]:
        print(f"{engine} {job}: none was done")
        return
    done = max(figures["done"], 1)
    cpu = {part: 1e3 * used / done for part, used in figures["cpu_s"].items()}
    print(f"{engine} {job}: {figures['done']} done, {rate(figures):.1f}/s, "
          f"{figures['requests'] / done:.0f} requests each; p99 of a request "
          f"{figures['request_ms']['p99']:.0f} ms (p50 {figures['request_ms']['p50']:.1f}), of the whole "
          f"{figures['whole_ms']['p99']:.0f} ms")
    print(f"  CPU each: {sum(cpu.values()):.2f} ms = " + ", ".join(
        f"{part} {ms:.2f}" for part, ms in sorted(cpu.items(), key=lambda one: -one[1])) +
        f"; the clients {1e3 * figures['client_cpu_s'] / done:.2f}", flush=True)


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--build", required=True)
    words.add_argument("--engines", default="sqlite,postgresql")
    words.add_argument("--clients", type=int, default=50)
    words.add_argument("--count", type=int, default=1500)
    words.add_argument("--nodes", type=int, default=2)
    given = words.parse_args()
    failed = False
    for engine in given.engines.split(","):
        with Rig(given.build, engine, given.nodes) as rig:
            for job in ("renewals", "unlocks"):
                figures = rig.load(job, given.count, given.clients, job[0].upper())
                show(engine, job, figures)
                failed = failed or figures["failed"]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
