#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys in a whole computer: a Debian 12 guest with its own kernel under plain emulation, into which the
packages of the last commit are installed. Takes a quarter of an hour; needs root, and no KVM."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import desk
import image
import test_keys
import test_services
from machine import GuestError, Machine
from world import Failed, Skipped, World

HOUSE = pathlib.Path(__file__).resolve().parents[2]
CACHE = HOUSE / "build-vm"
TESTS = test_keys.TESTS + test_services.TESTS
begin = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - begin:5.0f} s] {text}", flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append",
                        help="only tests with this in their name; may come again")
    parser.add_argument("--list", action="store_true", help="name the tests")
    parser.add_argument("--packages", metavar="FOLDER", type=pathlib.Path,
                        help="test these .deb files and build none")
    parser.add_argument("--keep", action="store_true",
                        help="leave the guest running at the end until Enter is pressed")
    parser.add_argument("--fresh", action="store_true",
                        help="throw away build-vm: the guest's disk and the packages of this commit")
    return parser.parse_args()


def packages_in(folder):
    return sorted(path for path in folder.glob("*.deb") if "-dbgsym_" not in path.name)


def build_packages():
    """The packages of the last commit, made when there are none yet."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HOUSE, check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    folder = CACHE / "packages"
    if (folder / "commit").exists() and (folder / "commit").read_text() == commit:
        say(f"packages: of {commit[:12]}, made before")
        return packages_in(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say(f"packages: of {commit[:12]}, takes some minutes")
    log = CACHE / "packages.log"
    with open(log, "wb") as file:
        done = subprocess.run([HOUSE / "packaging/build-deb", folder], check=False, stdout=file,
                              stderr=subprocess.STDOUT)
    if done.returncode != 0:
        print(log.read_text(errors="replace")[-3000:])
        raise SystemExit(f"packaging/build-deb failed, see {log}")
    (folder / "commit").write_text(commit)
    return packages_in(folder)


def share(folder, packages):
    """What the guest finds in /host."""
    image.make_archive(folder / "archive", packages)
    hardware = folder / "hardware"
    virtual = [path for path in packages if path.name.startswith("openukey-virtual_")]
    subprocess.run(["dpkg-deb", "-x", *virtual, hardware], check=True)
    desk.make_keys(folder / "keys", hardware, folder / "fixtures")
    subprocess.run([sys.executable, HOUSE / "udev/gen-readers.py", "rules-virtual",
                    HOUSE / "udev/keys.tsv", folder / "virtual.rules"], check=True)
    for script in (HOUSE / "tests/vm/guest").glob("*"):
        shutil.copy(script, folder)


def run_test(test, world):
    """None: passed; a word and why otherwise."""
    try:
        test(world)
        return None
    except Skipped as why:
        return "SKIP", str(why)
    except (Failed, GuestError) as why:
        return "FAIL", str(why)


def run_tests(tests, machine):
    world = World(machine, say)
    counts = {"ok": 0, "FAIL": 0, "SKIP": 0}
    for test in tests:
        started = time.monotonic()
        word, why = run_test(test, world) or ("ok", "")
        counts[word] += 1
        say(f"{word:4} {test.__name__} ({time.monotonic() - started:.0f} s)")
        if why:
            print(why)
        if word == "FAIL":
            status, journal = machine.run("journalctl -n 60 --no-pager -o short-monotonic")
            print(journal if status == 0 else "", machine.console_tail(), sep="\n")
    return counts


def main():
    options = arguments()
    tests = [test for test in TESTS
             if not options.only or any(name in test.__name__ for name in options.only)]
    if options.list:
        print("\n".join(test.__name__ for test in tests))
        return 0
    if os.geteuid() != 0:
        raise SystemExit("needs root, to make the guest's disk")
    if options.fresh:
        shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir(exist_ok=True)
    packages = packages_in(options.packages) if options.packages else build_packages()
    guest = image.image(CACHE, packages, say)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="run-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "host").mkdir()
        share(folder / "host", packages)
        machine = Machine(folder, guest, folder / "host")
        say("the guest has started")
        try:
            counts = run_tests(tests, machine)
            if options.keep:
                input(f"the guest's agent is at {folder}/agent; Enter ends it ")
        finally:
            machine.stop()
            if machine.console.exists():
                shutil.copy(machine.console, CACHE / "console.log")
    skipped = f", {counts['SKIP']} skipped" if counts["SKIP"] else ""
    print(f"vm: {counts['ok']} passed, {counts['FAIL']} failed{skipped}")
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
