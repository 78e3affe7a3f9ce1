#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a program beside a PostgreSQL of its own: with_postgres.py PROGRAM [ARGUMENT...]

The server belongs to an unprivileged user, listens on a Unix socket in a new folder only, and is gone
with the program.  OPENUKEY_TEST_POSTGRES tells the program how to connect, OPENUKEY_TEST_PG_DATA where
the data is.
"""
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

SETTINGS = ["listen_addresses=''", "fsync=off", "max_connections=60", "shared_buffers=32MB",
            "autovacuum=off", "max_wal_size=256MB"]


def server_folder():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    return os.path.dirname(found[-1]) if found else None


def user_of_server():
    """root must not run PostgreSQL; anybody else runs it as themselves."""
    if os.getuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        except KeyError:
            continue
    raise SystemExit("no unprivileged user to run PostgreSQL as")


def main():
    programs = server_folder()
    if programs is None:
        print("PostgreSQL is not installed")
        return 77
    as_user = user_of_server()
    folder = tempfile.mkdtemp(prefix="openukey-pg-")
    try:
        os.chmod(folder, 0o777)
        data = f"{folder}/data"
        # The sanitizers' preloaded runtime is for our programs.
        clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        clean["LC_ALL"] = "C.UTF-8"
        subprocess.run([*as_user, f"{programs}/initdb", "-D", data, "-U", "tests", "-A", "trust",
                        "--no-sync", "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL, env=clean,
                       cwd=folder)
        with open(f"{data}/postgresql.auto.conf", "a", encoding="ascii") as settings:
            settings.writelines(f"{line}\n" for line in [*SETTINGS, f"unix_socket_directories='{folder}'"])
        control = [*as_user, f"{programs}/pg_ctl", "-D", data, "-s", "-w", "-l", f"{folder}/log"]
        subprocess.run([*control, "start"], check=True, env=clean, cwd=folder)
        try:
            os.environ["OPENUKEY_TEST_POSTGRES"] = f"host={folder} user=tests dbname=postgres"
            os.environ["OPENUKEY_TEST_PG_CONTROL"] = " ".join(control)
            return subprocess.run(sys.argv[1:], check=False).returncode
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, env=clean, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
