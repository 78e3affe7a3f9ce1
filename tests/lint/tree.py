# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a rule sees: the files of a source tree, and how it reports what it does not like."""
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple


class Finding(NamedTuple):
    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """The files git knows or would add (all files where there is no git)."""

    def __init__(self, root, build=None):
        self.root = Path(root).resolve()
        self.build = Path(build).resolve() if build else None
        self.files = sorted(self._list())
        self._lines = {}

    def _list(self):
        if (self.root / ".git").exists() and shutil.which("git"):
            listed = run(["git", "-c", f"safe.directory={self.root}", "ls-files", "-z", "-co",
                          "--exclude-standard"], cwd=self.root)
            if listed.returncode == 0:
                names = [name for name in listed.stdout.split("\0") if name]
                return [name for name in names if (self.root / name).is_file()]
        found = (p.relative_to(self.root) for p in self.root.rglob("*") if p.is_file())
        return [str(p) for p in found if not p.parts[0].startswith(("build", ".git", "demo-state"))]

    def match(self, *suffixes):
        return [name for name in self.files if name.endswith(suffixes)]

    def lines(self, name):
        if name not in self._lines:
            data = (self.root / name).read_bytes()
            text = "" if b"\0" in data else data.decode("utf-8", "replace")
            self._lines[name] = text.splitlines()
        return self._lines[name]

    def numbered(self, name):
        return enumerate(self.lines(name), 1)

    def code(self, name):
        """The file's numbered lines with C comments and string contents blanked out."""
        blank = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', _blank, "\n".join(self.lines(name)),
                       flags=re.S)
        return enumerate(blank.split("\n"), 1)

    def shebang(self, name):
        lines = self.lines(name)
        return lines[0] if lines and lines[0].startswith("#!") else ""

    def scripts(self, *words):
        """Files whose first line starts an interpreter with one of the words in its name."""
        return [name for name in self.files
                if any(re.search(rf"[/ ]{word}\b", self.shebang(name)) for word in words)]


def _blank(match):
    text = match.group(0)
    if text.startswith('"'):
        return '""'
    return "\n" * text.count("\n")


def run(argv, **options):
    return subprocess.run(argv, text=True, errors="replace", capture_output=True, check=False,
                          **options)


def grep(tree, names, pattern, text, code=False):
    """A finding for each line that matches."""
    regex = re.compile(pattern)
    for name in names:
        for number, line in tree.code(name) if code else tree.numbered(name):
            hit = regex.search(line)
            if hit:
                yield Finding(name, number, text.format(hit.group(0).strip()))
