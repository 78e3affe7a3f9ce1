# SPDX-License-Identifier: LGPL-2.1-or-later
"""Debian's own judges of packages."""
import os

from build import debs, packages, ready
from cases import check
from roots import CACHE, HOUSE, run


def lintian():
    """no errors and no warnings but those that an override gives a reason for"""
    changes = next(packages().glob("*.changes"))
    run(["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
         "bad-distribution-in-changes-file", changes])


def piuparts():
    """piuparts: installs, removes and purges each without a trace"""
    folder = CACHE / "piuparts"
    folder.mkdir(exist_ok=True)
    run(["piuparts", "--no-eatmydata", "--basetgz", ready(), "--distribution", "bookworm",
         "--tmpdir", folder, "--log-level", "info", "--warn-on-leftovers-after-purge", *debs()])


CASES = [lintian, piuparts]
