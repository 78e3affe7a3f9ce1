# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of packages share: verdicts, and this computer as a copy that can be spoilt."""
import filecmp
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]


def say(text):
    print(text, flush=True)


def run(command, **options):
    """A finished process with its output as text; errors among it."""
    return subprocess.run([str(word) for word in command], text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          check=False, **options)


def need(command, **options):
    """Output of a command without which nothing further can be said."""
    result = run(command, **options)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {result.returncode}\n"
                         f"{result.stdout[-6000:]}")
    return result.stdout


def alone(*spaces):
    """Starts this program again in namespaces of its own, so that mounts and links end with it."""
    if os.environ.get("OPENUKEY_TEST_ALONE") == "yes":
        return
    os.environ["OPENUKEY_TEST_ALONE"] = "yes"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                          "--mount-proc", "--kill-child", *spaces, "--",
                          "/usr/bin/python3", *sys.argv])


class Verdicts:
    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def check(self, what, right, detail=""):
        """One finding; what was seen is shown where it is wrong."""
        if right:
            self.passed += 1
            say(f"ok   {what}")
        else:
            self.failed += 1
            say(f"FAIL {what}")
            if detail:
                say("     " + "\n     ".join(str(detail).strip().splitlines()[-60:]))
        return right

    def same(self, what, seen, wanted):
        return self.check(what, seen == wanted, f"seen:   {seen}\nwanted: {wanted}")

    def done(self):
        say(f"{self.name}: {self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


class Copy:
    """A folder of files (this computer's, if not said) as they are now, whose changes go to memory
    and are forgotten."""

    def __init__(self, base="/"):
        self.base = str(base).rstrip("/")
        self.house = Path(tempfile.mkdtemp(prefix="openukey-copy-"))
        self.root, self.changed = self.house / "root", self.house / "changed"
        need(["mount", "-t", "tmpfs", "openukey-copy", self.house])
        for folder in (self.root, self.changed, self.house / "work"):
            folder.mkdir(mode=0o755)
        need(["mount", "-t", "overlay", "openukey-copy", "-o",
              f"lowerdir={base},upperdir={self.changed},workdir={self.house}/work", self.root])
        for folder, kind in (("dev", "--rbind"), ("proc", "--rbind")):
            need(["mount", kind, f"/{folder}", self.root / folder])
        need(["mount", "-t", "tmpfs", "openukey-run", self.root / "run"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        run(["umount", "--lazy", "--recursive", self.house])
        self.house.rmdir()

    def run(self, *command, more=(), **options):
        """A command inside, without a network; more: NAME=VALUE for its environment."""
        plain = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
                 "DEBIAN_FRONTEND": "noninteractive"}
        return run(self.inside(*command, more=more), env=plain, **options)

    def inside(self, *command, more=()):
        return ["unshare", "--net", "chroot", self.root, "env", *more, *command]

    def differences(self, ignored=()):
        """Paths that were made, changed or deleted, but for the ignored and what is below them, and
        for empty folders that are gone."""
        found = set()
        for folder, folders, names in os.walk(self.changed):
            for name in names + folders:
                path = Path(folder) / name
                inside = "/" + str(path.relative_to(self.changed))
                if any(inside == skip or inside.startswith(skip + "/") for skip in ignored):
                    continue
                if name in folders and self.base_has(inside):
                    continue
                if self.is_gone(path):
                    if not self.base_has(inside) or os.listdir(self.base + inside):
                        found.add(inside + " (deleted)")
                elif not self.as_before(path, inside):
                    found.add(inside)
        return found

    def base_has(self, inside):
        """Whether it was a folder before; then it is in the changes for what is below it."""
        return os.path.isdir(self.base + inside) and not os.path.islink(self.base + inside)

    def as_before(self, path, inside):
        """Whether a file that was written is what it had been."""
        before = Path(self.base + inside)
        if not path.is_file() or path.is_symlink() or not before.is_file() or before.is_symlink():
            return path.is_symlink() and before.is_symlink() and os.readlink(path) == os.readlink(before)
        return path.stat().st_mode == before.stat().st_mode and filecmp.cmp(path, before, shallow=False)

    @staticmethod
    def is_gone(path):
        """A whiteout of overlayfs: a character device 0, 0."""
        seen = os.lstat(path)
        return stat.S_ISCHR(seen.st_mode) and seen.st_rdev == 0
