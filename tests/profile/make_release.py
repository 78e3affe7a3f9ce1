#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_release.py SIGN PROFILE.json KEY.pub.pem PROFILE COPY.sig: a release key for a test, and a
profile signed with it. The key is made anew each time and forgotten."""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sign, profile, public, copy, signature = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    key = folder + "/key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)
    shutil.copy(profile, copy)
    subprocess.run([sign, "--key", key, "--out", folder, copy], check=True)
    shutil.move(folder + "/" + Path(copy).name + ".sig", signature)
