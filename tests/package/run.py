#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages of the last commit: built, installed, upgraded, removed and purged.

    tests/package/run.py [--only CASE[,CASE]] [--commit COMMIT] [--list]

As root, on Debian 12, with network for what is not in build-packages/ yet. Nothing is installed on
this machine: all happens in systems of their own in build-packages/roots. The last line is
"packages: N passed, N failed"; exit status 1 when anything failed.
"""
import argparse
import os
import sys
import time
import traceback

import cases
import living
import tools
from build import CHOSEN, commit
from roots import CACHE, Failed

ALONE = "OPENUKEY_PACKAGES_ALONE"


def by_itself(name):
    """Starts again as root with mounts of its own, which end with it; from now on HEAD is that commit."""
    if os.environ.get(ALONE):
        return
    environment = {**os.environ, ALONE: "1", CHOSEN: commit(name) or name,
                   "PYTHONDONTWRITEBYTECODE": "1", "GIT_CONFIG_COUNT": "1",
                   "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
    command = ["unshare", "--mount", "--propagation", "private", "/usr/bin/python3", *sys.argv]
    if os.geteuid() != 0:
        command = ["sudo", "--preserve-env", *command]
    os.execvpe(command[0], command, environment)


def attempt(case):
    """Whether it passed; None when it was left out."""
    started = time.monotonic()
    try:
        case()
        word, told = "ok  ", case.__doc__
    except cases.Skipped as reason:
        word, told = "SKIP", f"{case.__doc__}: {reason}"
    except Failed as failure:
        word, told = "FAIL", f"{case.__doc__}\n{failure}"
    except Exception:  # pylint: disable=broad-exception-caught  # a case must not end the others
        word, told = "FAIL", f"{case.__doc__}\n{traceback.format_exc()}"
    print(f"{word} {case.__name__} ({time.monotonic() - started:.0f} s): {told}", flush=True)
    return {"ok  ": True, "FAIL": False, "SKIP": None}[word]


def main():
    every = {case.__name__: case for case in cases.CASES + living.CASES + tools.CASES}
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", metavar="CASE", action="append", default=[],
                        help="these cases, by commas or several times")
    parser.add_argument("--commit", default="HEAD", help="the packages of this commit, not the last")
    parser.add_argument("--list", action="store_true", help="say what the cases are")
    options = parser.parse_args()
    if options.list:
        for name, case in every.items():
            print(f"{name}: {case.__doc__}")
        return 0
    wanted = [name for words in options.only for name in words.split(",")] or list(every)
    for name in wanted:
        if name not in every:
            parser.error(f"there is no case {name}; --list names them")
    by_itself(options.commit)
    CACHE.mkdir(exist_ok=True)
    results = [attempt(every[name]) for name in wanted]
    skipped = results.count(None)
    print(f"packages: {results.count(True)} passed, {results.count(False)} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
