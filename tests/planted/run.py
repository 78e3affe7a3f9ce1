#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A test of the tests: each planted bug must make one of them fail.

    tests/planted/run.py --build DIR [NAME...]

Copies the tree to DIR/tree and builds in DIR/build what the tests need. First the control: without a bug the tests
named by the patches pass. Then for each tests/planted/NAME.patch: patch the copy, build, run the
tests that the patch names, and demand that at least one fails; a patch that no longer applies, or
does not build, fails as well. Prints "planted: N passed, N failed".
"""
import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class Plant(NamedTuple):
    name: str
    path: Path
    bug: str
    tests: list

    @classmethod
    def read(cls, path):
        head = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("--- "):
                break
            key, colon, value = line.partition(": ")
            if colon:
                head[key] = value.strip()
        return cls(path.stem, path, head["Bug"], [name.strip() for name in head["Tests"].split(",")])


def run(argv, **options):
    return subprocess.run([str(word) for word in argv], text=True, errors="replace", check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)


def tail(output, count=30):
    return "\n".join("    " + line for line in output.splitlines()[-count:])


def source_files():
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = run(["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co",
                      "--exclude-standard"], cwd=ROOT)
        if listed.returncode == 0:
            return [name for name in listed.stdout.split("\0") if name]
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [str(path) for path in found if not path.parts[0].startswith(("build", ".git"))]


class Copy:
    """The copied tree and its build folder."""

    def __init__(self, folder):
        self.tree = folder / "tree"
        self.build = folder / "build"
        self.restore()

    def restore(self):
        """Makes the copy equal to the tree; touches only what differs, so that ninja is quick."""
        wanted = {name for name in source_files() if (ROOT / name).is_file()}
        for name in wanted:
            source, target = ROOT / name, self.tree / name
            data = source.read_bytes()
            if not target.is_file() or target.read_bytes() != data:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                target.chmod(source.stat().st_mode & 0o777)
        for path in list(self.tree.rglob("*")):
            if path.is_file() and str(path.relative_to(self.tree)) not in wanted:
                path.unlink()

    def introspect(self, what):
        return json.loads(run(["meson", "introspect", what, self.build]).stdout)

    def needed(self, names):
        """What these tests need, as ninja calls it: a small part of the tree."""
        files = {target["id"]: target["filename"] for target in self.introspect("--targets")}
        wanted = {key for test in self.introspect("--tests") if test["name"] in names
                  for key in test["depends"]}
        return sorted(str(Path(name).relative_to(self.build)) for key in wanted
                      for name in files[key])

    def make(self, names):
        """None, or what went wrong."""
        if not (self.build / "build.ninja").is_file():
            made = run(["meson", "setup", "--wipe" if self.build.exists() else "--buildtype=debug",
                        "-Doptimization=0", self.build, self.tree])
            if made.returncode != 0:
                return made.stdout
        made = run(["ninja", "-C", self.build, *self.needed(names)])
        return made.stdout if made.returncode != 0 else None

    def test(self, names, *options):
        """(results by test name, output)"""
        log = self.build / "meson-logs" / "testlog.json"
        log.unlink(missing_ok=True)
        output = run(["meson", "test", "-C", self.build, "--no-rebuild", *options, *names]).stdout
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        return {test["name"]: test["result"] for test in map(json.loads, lines)}, output


def control(copy, plants):
    """Without a bug, every test that a patch relies on must run and pass."""
    names = sorted({name for plant in plants for name in plant.tests})
    problem = copy.make(names)
    if problem:
        return "does not build\n" + tail(problem)
    results, output = copy.test(names, "--print-errorlogs")
    wrong = {name: result for name, result in results.items() if result != "OK"}
    if wrong or not results:
        return f"the tests do not pass without a bug: {wrong}\n" + tail(output, 60)
    return None


def plant_one(copy, plant):
    """None when a test found the bug."""
    patched = run(["patch", "-p1", "--batch", "--fuzz=2", "--no-backup-if-mismatch", "-i",
                   plant.path], cwd=copy.tree)
    if patched.returncode != 0:
        return "the patch no longer applies\n" + tail(patched.stdout)
    problem = copy.make(plant.tests)
    if problem:
        return "does not build\n" + tail(problem)
    results, _ = copy.test(plant.tests, "--maxfail=1")
    found = [name for name, result in results.items() if result in ("FAIL", "TIMEOUT", "ERROR")]
    if not found:
        return f"NOT FOUND by {', '.join(plant.tests)}: {results}"
    print(f"     found by: {', '.join(found)}")
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=Path)
    parser.add_argument("name", nargs="*", help="patches to try (all)")
    args = parser.parse_args()

    plants = [Plant.read(path) for path in sorted(HERE.glob("*.patch"))
              if not args.name or path.stem in args.name]
    failed = 0
    copy = Copy(args.build.resolve())
    steps = [("control", "no bug: the tests pass", lambda: control(copy, plants))]
    steps += [(plant.name, plant.bug, lambda plant=plant: plant_one(copy, plant))
              for plant in plants]
    for name, text, step in steps if plants else []:
        start = time.monotonic()
        problem = step()
        copy.restore()
        print(f"{'FAIL' if problem else 'ok  '} {name}: {text} ({time.monotonic() - start:.0f} s)",
              flush=True)
        if problem:
            print(f"     {problem}", flush=True)
            failed += 1
            if name == "control":
                break
    print(f"planted: {len(steps) * bool(plants) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
