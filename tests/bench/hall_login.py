#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long a login to a hall takes, from the click to the page inside, split by part.

    hall_login.py --build BUILD [--runs N] [--only mutual,ports,extension,modern]

Firefox, the rehearsal's hall behind nginx, and a virtual key with the timing of a full-speed USB
key. The person is scripted and types the PIN at once. A table for
people, not a test, for times depend on the machine."""

import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = {"mutual": "certificate in TLS", "ports": "page at the bridge's ports",
        "extension": "page by the extension", "modern": "modern login"}
TEST = "browser ports FirefoxTest"  # whose environment it is


def surroundings(build):
    """What the meson test has in its environment."""
    told = subprocess.run(["meson", "introspect", build, "--tests"], check=True,
                          stdout=subprocess.PIPE).stdout
    env = next(test["env"] for test in json.loads(told) if test["name"] == TEST)
    return {**os.environ, **env, "PYTHONPATH": env["PYTHONPATH"] + ":" + HERE}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--only", default=",".join(WAYS))
    options = parser.parse_args()
    env = surroundings(options.build)
    parts = None
    for way in options.only.split(","):
        # one desktop in a process
        done = subprocess.run([sys.executable, os.path.join(HERE, "hall_way.py"), way,
                               str(options.runs)], env=env, stdout=subprocess.PIPE, check=False)
        if done.returncode != 0:
            sys.exit("%s: ended with %d\n%s" % (way, done.returncode, done.stdout.decode()))
        told = json.loads(done.stdout.splitlines()[-1])
        if parts is None:
            parts = list(told)
            print("%-28s" % "median, ms" + "".join("%14s" % part for part in parts))
        print("%-28s" % WAYS[way] + "".join("%14.0f" % told[part] for part in parts))


if __name__ == "__main__":
    main()
