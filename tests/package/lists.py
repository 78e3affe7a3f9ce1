#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each file that the build installs is in exactly one Debian package, and no list names another.

lists.py BUILD  (a build folder of any prefix)
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

DEBIAN = pathlib.Path(__file__).resolve().parents[2] / "packaging/debian"
# Where the build puts a thing under another prefix -> where it is under /usr.
PLACES = [
    (r"usr/etc/", "etc/"),
    (r"usr/lib/udev/", "lib/udev/"),
    (r"usr/lib/[^/]+/(pcsc/drivers/)", r"usr/lib/\1"),
]


def installed(build):
    """The paths under /usr, without the first slash."""
    told = subprocess.run(["meson", "introspect", "--installed", "--buildoptions", build],
                          stdout=subprocess.PIPE, check=True, text=True)
    told = json.loads(told.stdout)
    prefix = next(row["value"] for row in told["buildoptions"] if row["name"] == "prefix")
    for path in told["installed"].values():
        path = re.sub(f"^{re.escape(prefix)}/", "/usr/", path).lstrip("/")
        for pattern, place in PLACES:
            path = re.sub("^" + pattern, place, path)
        yield path


def patterns():
    """(package, pattern) of each line of debian/PACKAGE.install and .manpages."""
    for suffix in ("install", "manpages"):
        for file in sorted(DEBIAN.glob("*." + suffix)):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith("#"):
                    yield file.stem, line.split()[0]


def covers(pattern, path):
    """Whether the path or a folder above it is what the pattern names."""
    parts = path.split("/")
    depth = pattern.count("/") + 1
    return len(parts) >= depth and all(
        fnmatch.fnmatchcase(part, wanted) for part, wanted in zip(parts, pattern.split("/")))


def faults(paths, rows):
    for path in sorted(paths):
        homes = sorted({package for package, pattern in rows if covers(pattern, path)})
        if len(homes) != 1:
            yield f"{path} is in {', '.join(homes) or 'no package'}; see packaging/debian/*.install"
    for package, pattern in rows:
        if not any(covers(pattern, path) for path in paths):
            yield f"{package} wants {pattern}, which the build does not install"


def self_test():
    rows = [("a", "usr/bin/x*"), ("b", "usr/bin/xy")]
    found = list(faults({"usr/bin/xy", "usr/bin/z"}, rows + [("c", "usr/q")]))
    assert len(found) == 3, found
    assert not list(faults({"usr/bin/xz", "usr/bin/xy/deep"}, [("a", "usr/bin/x*")]))


def main():
    self_test()
    found = list(faults(set(installed(sys.argv[1])), list(patterns())))
    print("\n".join(found) if found else "each installed file is in one package")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
