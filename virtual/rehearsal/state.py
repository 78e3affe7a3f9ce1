# SPDX-License-Identifier: LGPL-2.1-or-later
"""A state folder of the rehearsal, and programs that are run to the end."""
import os
import subprocess
from pathlib import Path

from words import Trouble, _


def run(*command, data=None, **more):
    """Its output; a failure is told with what it said."""
    try:
        done = subprocess.run(command, input=data, capture_output=True, check=False, **more)
    except OSError as error:
        raise Trouble("%s: %s" % (command[0], error.strerror)) from error
    if done.returncode != 0:
        raise Trouble(_("%(program)s failed: %(why)s") % {
            "program": os.path.basename(command[0]),
            "why": done.stderr.decode(errors="replace").strip()})
    return done.stdout


class State:
    """Files are written whole or not at all."""

    def __init__(self, path, programs):
        self.path, self.programs = Path(path).absolute(), programs

    def __truediv__(self, name):
        return self.path / name

    def __str__(self):
        return str(self.path)

    def write(self, name, text):
        """Whole or not at all, and readable by its owner only."""
        draft = self / f"{name}.new"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                       encoding="utf-8") as file:
            file.write(text)
        os.replace(draft, self / name)

    def read(self, name):
        try:
            return (self / name).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None

    def make(self, name, maker):
        """maker(path) makes a file that appears only when it is whole."""
        if (self / name).exists():
            return
        draft = str(self / f"{name}.new")
        maker(draft)
        os.chmod(draft, 0o600)
        os.replace(draft, self / name)
