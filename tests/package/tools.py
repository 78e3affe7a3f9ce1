# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's own judges of packages, and the tests beside this file that are programs of their own."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from build import debs, depended_on, packages, ready
from cases import check
from roots import CACHE, HOUSE, Failed, grown, run, tail, unpacked

TESTER = ("openukey-tester", 59999)  # exists in this program's own mounts only
SUBORDINATE = 10000000
# What the smoke tests ask for besides our packages.
SMOKE = ["p11-kit", "openssl", "xauth", "xvfb", "build-essential"]


def lintian():
    """lintian: no errors and no warnings but those that an override gives a reason for"""
    changes = next(packages().glob("*.changes"))
    run(["lintian", "--allow-root", "--fail-on", "error,warning", "--display-level", ">=warning",
         "--suppress-tags", "bad-distribution-in-changes-file", changes])
    for overrides in (HOUSE / "packaging/debian").rglob("*lintian-overrides"):
        for before, line in _pairs(overrides.read_text(encoding="utf-8").splitlines()):
            reasoned = line.startswith("#") or before.startswith(("#", "openukey"))
            check(reasoned, f"{overrides.name}: no reason is given for {line}")


def _pairs(lines):
    return zip([""] + lines, lines)


def apparmor():
    """AppArmor's own parser takes each profile that is installed"""
    with tempfile.TemporaryDirectory() as folder:
        for path in debs():
            run(["dpkg-deb", "-x", path, folder])
        profiles = sorted((Path(folder) / "etc/apparmor.d").glob("openukey-*"))
        check(len(profiles) == 3, *profiles)
        for profile in profiles:
            run(["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--quiet", profile])


def piuparts():
    """piuparts: installs, removes and purges all of them without a trace"""
    folder = CACHE / "piuparts"
    folder.mkdir(exist_ok=True)
    run(["piuparts", "--no-eatmydata", "--existing-chroot", unpacked(ready()), "--distribution",
         "bookworm", "--no-upgrade-test", "--keep-sources-list", "--tmpdir", folder, "--log-level", "info",
         "--ignore", "/etc/opt/", *debs()])  # as in cases.LEFT_BEHIND


def _tester():
    """A user with subordinate ids, who exists only where this program's mounts are seen."""
    name, number = TESTER
    home = CACHE / "tester"
    home.mkdir(exist_ok=True)
    os.chown(home, number, number)
    lines = {
        "passwd": f"{name}:x:{number}:{number}::{home}:/bin/sh",
        "group": f"{name}:x:{number}:",
        "subuid": f"{name}:{SUBORDINATE}:65536",
        "subgid": f"{name}:{SUBORDINATE}:65536",
    }
    for file, line in lines.items():
        real, own = Path("/etc") / file, home / file
        if real.exists() and name in real.read_text(encoding="utf-8"):
            continue
        real.touch()
        own.write_text(real.read_text(encoding="utf-8").rstrip("\n") + "\n" + line + "\n",
                       encoding="utf-8")
        own.chmod(0o644)
        run(["mount", "--bind", own, real])
    return name, home


def autopkgtest():
    """autopkgtest: the packages' own smoke tests, in a system that is thrown away"""
    wanted = depended_on() + SMOKE
    system = grown("smoke", wanted, lambda root: root.apt("install", *wanted))
    name, home = _tester()
    work = home / "work"
    run(["rm", "-rf", work])
    work.mkdir()
    for path in packages().iterdir():
        shutil.copyfile(path, work / path.name)
    # Each folder above must let the user in.
    place = Path(tempfile.mkdtemp(prefix="openukey-autopkgtest-"))
    try:
        place.chmod(0o755)
        (place / "home").mkdir()
        (place / "work").mkdir()
        (place / "system.tar").touch()
        for inside, source in (("work", work), ("home", home), ("system.tar", system)):
            run(["mount", "--bind", source, place / inside])
        run(["chown", "-R", name, place / "work", place / "home"])
        done = subprocess.run(
            ["setpriv", f"--reuid={TESTER[1]}", f"--regid={TESTER[1]}", "--clear-groups",
             "env", "-i", "PATH=/usr/bin:/bin:/usr/sbin:/sbin", f"HOME={place}/home", "LC_ALL=C.UTF-8",
             "autopkgtest", f"--output-dir={place}/work/out", *place.glob("work/*.dsc"),
             *place.glob("work/*.deb"), "--", "unshare", "--tarball", place / "system.tar"],
            text=True, errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=1800, check=False)
        summary = place / "work/out/summary"
        told = summary.read_text(encoding="utf-8") if summary.exists() else ""
        check(done.returncode == 0 and "FAIL" not in told, told, tail(done.stdout, 80))
    finally:
        for inside in ("work", "home", "system.tar"):
            subprocess.run(["umount", "--lazy", place / inside], check=False)
        run(["rm", "-rf", place])


def beside(program):
    """A case out of a test_*.py: it prints "NAME: N passed, N failed" itself."""
    def case():
        done = subprocess.run(["/usr/bin/python3", program], text=True, errors="replace", check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=3600)
        if done.returncode != 0:
            raise Failed(tail(done.stdout, 60))
        case.__doc__ += ": " + (done.stdout.strip().splitlines() or [""])[-1]
    case.__name__ = program.stem.removeprefix("test_")
    case.__doc__ = f"tests/package/{program.name}"
    return case


CASES = [lintian, apparmor, piuparts, autopkgtest,
         *(beside(path) for path in sorted(Path(__file__).parent.glob("test_*.py")))]
