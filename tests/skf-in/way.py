#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs one of the module's own suites with its keys reached by way of a library (drivers/skf).

way.py CONFIGURATION SUITE PROGRAM: the configuration's text is for a file of its own. A test may
fail only if apart.tsv says why it cannot hold there; one of a suite whose reason begins with
"not run:" is left out.
"""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def apart(suite):
    """The names of a suite's tests that cannot hold, each with the reason; "*" stands for all."""
    rows = {}
    with open(os.path.join(HERE, "apart.tsv"), encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#") and line.strip():
                of, name, reason = line.rstrip("\n").split("\t")
                if of == suite:
                    rows[name] = reason
    return rows


def main():
    configuration, suite, program = sys.argv[1:]
    excused = apart(suite)
    with tempfile.TemporaryDirectory(prefix="openukey-way-") as folder:
        with open(os.path.join(folder, "way.conf"), "w", encoding="utf-8") as file:
            file.write(configuration.replace(";", "\n") + "\n")
        env = dict(os.environ, OPENUKEY_SKF_DIR=folder, OPENUKEY_WAYS="skf")
        for name, reason in excused.items():
            if reason.startswith("not run:"):
                env["OPENUKEY_TEST_SKIP"] = name
        run = subprocess.run([program], env=env, stdout=subprocess.PIPE, text=True, check=False)
    print(run.stdout)
    ran = set(re.findall(r"^\[ RUN      \] (\w+)", run.stdout, re.M))
    failed = set(re.findall(r"^\[  FAILED  \] (\w+)$", run.stdout, re.M))
    whole = re.search(r"^\[==========\].* \d+ test\(s\) run\.", run.stdout, re.M)
    for name in sorted(failed & excused.keys()):
        print(f"apart: {name}: {excused[name]}")
    bad = failed - excused.keys()
    for name in sorted(bad):
        print(f"FAILED by this way: {name}")
    if not ran or not whole or run.returncode < 0:
        print(f"it ended with {run.returncode} before all had run")
        return 1
    if run.returncode != 0 and not failed:
        print(f"it ended with {run.returncode}")
        return 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
