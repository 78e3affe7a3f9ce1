#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many renewals and unlocks a second the whole service does, and where the time goes."""
import argparse
import os
import sqlite3
import sys
import time

import fill
from rig import Rig, run, with_postgres

GOAL = 100          # complete renewals a second
GROWTH = 1.3        # times as much CPU time for each order, at most
SMALL, LARGE = 10_000, 2_000_000
# Of a renewal: operators' signatures, those of keys and the CA's own.
SIGNATURES = {"sm2_sign": 2, "sm2_verify": 5, "p256_verify": 4}


def rate(figures):
    seconds = figures["seconds"]
    return figures["done"] / seconds if seconds else 0


def cpu_each(figures):
    """Milliseconds of all but the clients."""
    return 1e3 * sum(figures["cpu_s"].values()) / max(figures["done"], 1)


def show(engine, job, figures):
    if not figures["done"]:
        print(f"{engine} {job}: none was done")
        return
    done = figures["done"]
    cpu = {part: 1e3 * used / done for part, used in figures["cpu_s"].items()}
    clients = 1e3 * figures["client_cpu_s"] / done
    print(f"{engine} {job}: {done} done, {rate(figures):.1f}/s beside {os.getloadavg()[0]:.1f} busy "
          f"programs; CPU {cpu_each(figures):.2f} ms each, so {2e3 / cpu_each(figures):.0f}/s on two "
          f"cores of their own, {2e3 / (cpu_each(figures) + clients):.0f}/s with the clients on them")
    print("  " + ", ".join(f"{part} {ms:.2f}" for part, ms in sorted(cpu.items(), key=lambda one: -one[1])
                           if ms > 0.005) + f"; clients {clients:.2f} ms")
    print(f"  {figures['requests'] / done:.0f} requests each; p99 of a request "
          f"{figures['request_ms']['p99']:.0f} ms (half under {figures['request_ms']['p50']:.1f}), of the "
          f"whole {figures['whole_ms']['p99']:.0f} ms", flush=True)


def commits(rig):
    """Transactions that changed something: each writes the log, or is a letter's."""
    if rig.postgres is not None:
        return sum(int(rig.postgres.sql(name, "SELECT coalesce(sum(seq), 0) FROM audit_heads"
                                        " WHERE chain NOT LIKE 'old-%'")) for name in fill.TABLES)
    total = 0
    for name in fill.TABLES:
        with sqlite3.connect(rig.file(f"{name}.db"), timeout=60) as database:
            total += database.execute("SELECT coalesce(sum(seq), 0) FROM audit_heads"
                                      " WHERE chain NOT LIKE 'old-%'").fetchone()[0]
    return total


def commit_cost(rig, rounds=300):
    """(milliseconds, CPU milliseconds) of the smallest transaction there is, one client."""
    if rig.postgres is not None:
        rig.postgres.sql("postgres", "DROP DATABASE IF EXISTS bare")
        rig.postgres.make("bare")
        rig.postgres.sql("bare", "CREATE TABLE t (id BIGINT PRIMARY KEY, body BYTEA)")
        script = rig.file("bare.sql")
        with open(script, "w", encoding="ascii") as out:
            out.write("BEGIN;\nINSERT INTO t VALUES ((random() * 1e15)::bigint,"
                      " decode(repeat('00', 400), 'hex'));\nCOMMIT;\n")
        before, begun = rig.cpu()["postgres"], time.monotonic()
        run(f"{with_postgres.server_folder()}/pgbench", "-n", "-M", "prepared", "-t", str(rounds), "-f",
            script, "-h", rig.postgres.folder, "-U", "tests", "bare")
        return (1e3 * (time.monotonic() - begun) / rounds,
                1e3 * (rig.cpu()["postgres"] - before) / rounds)
    link = sqlite3.connect(rig.file("bare.db"), isolation_level=None)
    link.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                       "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, body BLOB);")
    cpu, begun = time.process_time(), time.monotonic()
    for _ in range(rounds):
        link.execute("BEGIN IMMEDIATE")
        link.execute("INSERT INTO t (body) VALUES (zeroblob(400))")
        link.execute("COMMIT")
    taken = 1e3 * (time.monotonic() - begun) / rounds, 1e3 * (time.process_time() - cpu) / rounds
    link.close()
    return taken


def distance(rig, figures, committed):
    """What signatures and commits alone would cost, measured now, beside what a renewal costs."""
    bare = rig.load("bare", 1, 1, "B")
    signatures = sum(count * bare[f"{name}_ms"] for name, count in SIGNATURES.items())
    wall, cpu = commit_cost(rig)
    each = committed / max(figures["done"], 1)
    print(f"  signatures alone {signatures:.2f} ms CPU (SM2 {bare['sm2_sign_ms']:.2f} to sign, "
          f"{bare['sm2_verify_ms']:.2f} to verify), {each:.1f} commits {each * cpu:.2f} ms CPU "
          f"({wall:.2f} ms each by the clock): a renewal is "
          f"{cpu_each(figures) / (signatures + each * cpu):.1f} times that", flush=True)


def engine_run(given, engine):
    """True: all is well."""
    well = True
    with Rig(given.build, engine, given.nodes) as rig:
        begun = time.monotonic()
        fill.fill(rig, 1, SMALL)
        small, prefix = {}, 0
        for size in (SMALL, given.orders) if given.long else (SMALL,):
            if size != SMALL:
                begun = time.monotonic()
                fill.fill(rig, SMALL + 1, size)
            print(f"-- {engine}: {size} orders, filled in {time.monotonic() - begun:.0f} s")
            for job in ("renewals", "unlocks"):
                prefix += 1
                before = commits(rig)
                figures = rig.load(job, given.count, given.clients, f"{job[0].upper()}{prefix}")
                show(engine, job, figures)
                well = well and not figures["failed"]
                if job == "renewals":
                    distance(rig, figures, commits(rig) - before)
                growth = cpu_each(figures) / small.setdefault(job, cpu_each(figures))
                if size != SMALL:
                    print(f"  {growth:.2f} times the CPU time of {SMALL} orders, at most {GROWTH}: "
                          f"{'met' if growth <= GROWTH else 'NOT MET'}", flush=True)
    return well


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--build", required=True)
    words.add_argument("--engines", default="sqlite,postgresql")
    words.add_argument("--clients", type=int, default=50)
    words.add_argument("--count", type=int, default=3000)
    words.add_argument("--nodes", type=int, default=2)
    words.add_argument("--long", action="store_true", help="also with two million orders")
    words.add_argument("--orders", type=int, default=LARGE, help="instead of two million")
    given = words.parse_args()
    print(f"goal: {GOAL} complete renewals a second on two cores")
    return 0 if all([engine_run(given, engine) for engine in given.engines.split(",")]) else 1


if __name__ == "__main__":
    sys.exit(main())
