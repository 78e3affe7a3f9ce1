#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Explores each model whole: as it is no assertion may fail, with each of its mistakes one must.

    run.py FOLDER-FOR-BUILDING
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MODELS = {"renewal": 4, "unlock": 4}  # name -> number of mistakes
HERE = Path(__file__).resolve().parent


def explore(name, bug, folder):
    """(states, errors) of the model with that mistake."""
    def run(*command):
        return subprocess.run(command, cwd=folder, check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT).stdout

    shutil.copy(HERE / f"{name}.pml", folder)
    run("spin", f"-DBUG={bug}", "-a", f"{name}.pml")
    run("gcc", "-O1", "-w", "-DSAFETY", "-o", "pan", "pan.c")
    out = run("./pan", "-m200000")
    errors = int(re.search(r"errors: (\d+)", out).group(1))
    states = int(re.search(r"(\d+) states, stored", out).group(1))
    if "max search depth too small" in out or "Search not completed" in out and not errors:
        raise SystemExit(f"{name}: not explored whole\n{out}")
    return states, errors


def main():
    failed = 0
    if shutil.which("spin") is None:
        print("spin is not installed")
        return 77
    for name, bugs in MODELS.items():
        for bug in range(bugs + 1):
            with tempfile.TemporaryDirectory(dir=sys.argv[1]) as folder:
                states, errors = explore(name, bug, folder)
            good = (errors == 0) == (bug == 0)
            failed += not good
            print(f"{'ok' if good else 'FAIL'} {name}, mistake {bug}: {states} states, {errors} errors")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
