#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""House rules that a compiler does not know.

    tests/lint/run.py [--build DIR | --without-build] [RULE...]   look at this tree (all rules)
    tests/lint/run.py --self-test               each rule must flag its bad samples
    tests/lint/run.py --list                    names and what they ask for

Prints file:line: what, then "lint: N passed, N failed"; exit status 1 when something failed.
A rule that needs a program which is not installed fails: ./check installs them all.
"""
import argparse
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

import layers  # noqa: E402
import source  # noqa: E402
import tools  # noqa: E402
from tree import Tree, run  # noqa: E402

ROWS = [*layers.RULES, *source.RULES, *tools.RULES]
ROOT = Path(__file__).resolve().parents[2]


def rules():
    return {rule.__name__: rule for rule, _ in ROWS}


def findings_of(rule, tree):
    try:
        return [str(hit) for hit in rule(tree)]
    except FileNotFoundError as error:
        return [f"{error}"]


def write_sample(folder, files):
    """Makes the sample's tree; a file named build/*.so is C to be compiled into one."""
    for name, text in files.items():
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith("build/"):
            (path.parent / "sample.c").write_text(text, encoding="utf-8")
            run(["gcc", "-shared", "-fPIC", "-o", str(path), str(path.parent / "sample.c")])
        else:
            path.write_text(text, encoding="utf-8")


def self_test():
    """Each bad sample must be flagged by its rule; what is missing is a rule that sleeps."""
    asleep = []
    for rule, sample in ROWS:
        with tempfile.TemporaryDirectory() as folder:
            write_sample(folder, sample)
            hits = findings_of(rule, Tree(folder, Path(folder) / "build"))
            if not hits or any("not installed" in hit for hit in hits):
                asleep.append(f"{rule.__name__} does not flag its sample {', '.join(sample)} {hits}")
    return asleep


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", help="build folder with the shared objects to look at")
    parser.add_argument("--without-build", action="store_true",
                        help="leave out the rules that look at a build folder")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("rule", nargs="*")
    args = parser.parse_args()
    if args.list:
        for name, rule in rules().items():
            print(f"{name:24} {rule.__doc__}")
        return 0

    passed = failed = 0
    if args.self_test:
        results = [("lint self-test", self_test())]
    else:
        tree = Tree(ROOT, args.build)
        chosen = args.rule or list(rules())
        if args.without_build:
            chosen = [name for name in chosen if rules()[name] is not tools.exported_symbols]
        results = [(name, findings_of(rules()[name], tree)) for name in chosen]
    for name, hits in results:
        for hit in hits:
            print(hit)
        print(f"{'FAIL' if hits else 'ok  '} {name}")
        passed, failed = passed + (not hits), failed + bool(hits)
    print(f"lint: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
