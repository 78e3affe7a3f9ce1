#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The one file for a computer without network, on the least Debian and with no network there.

OPENUKEY_PACKAGES names a folder with our .deb files; without it they are built.
"""
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import build
import roots
from bench import HOUSE, Copy, Verdicts, alone, need, run

PATIENCE = 600
# What dpkg, apt and ldconfig keep for themselves.
BOOKS = ["/var/log", "/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/etc/ld.so.cache", "/root", "/tmp/run",
         "/etc/.pwd.lock", "/etc/mailcap", "/var/lib/systemd"]
# Packages of Debian's that leave something when they are purged, and what.
DEBIANS = ["/etc/mtab", "/etc/machine-id", "/var/lib/private",  # systemd
           "/etc/xml",  # xml-core
           # users of polkit, dbus and systemd
           *(f"/etc/{name}{old}" for name in ("passwd", "group", "shadow", "gshadow") for old in ("", "-"))]


def signing_key(folder):
    """A key for this test: its name, and its public part in a file."""
    os.environ["GNUPGHOME"] = str(folder / "gnupg")
    (folder / "gnupg").mkdir(mode=0o700)
    need(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "Rehearsal <r@example.invalid>",
          "ed25519", "sign", "never"])
    need(["gpg", "--batch", "--output", folder / "public.gpg", "--export", "r@example.invalid"])
    return "r@example.invalid", folder / "public.gpg"


def make_file(work, name):
    """The .run that this test is about."""
    key, public = signing_key(work)
    packages = os.environ.get("OPENUKEY_PACKAGES") or build.packages()
    need(["packaging/build-offline", "--key", key, "--public-key", public, packages, work / name],
         cwd=HOUSE)
    return next((work / name).glob("*.run"))


class Computer(Copy):
    """The least Debian, with the file on it."""

    def __init__(self, base, file):
        super().__init__(base)
        self.copy_file(file)

    def copy_file(self, file):
        self.file = self.root / "root/openukey.run"
        shutil.copyfile(file, self.file)

    def start(self, *options, more=()):
        return self.run("bash", "/root/openukey.run", *options, more=more, timeout=PATIENCE)

    def changes(self):
        return sorted(self.differences(["/root", "/var/cache/ldconfig"]))

    def leftovers(self):
        return [path for folder in ("tmp", "var/tmp") for path in os.listdir(self.root / folder)]

    def packages(self):
        return self.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\n").stdout


def changed(file, how):
    """A copy of the bytes with one thing wrong."""
    data = bytearray(file.read_bytes())
    if how == "short":
        return data[:-70000]
    if how == "header":
        return data.replace(b"PAYLOAD_SHA256='", b"PAYLOAD_SHA256='0", 1)
    data[len(data) // 2] ^= 1
    return data


def forged(file, work):
    """A file whose archive and checksums fit each other, but not the signature."""
    data = file.read_bytes()
    lines = int(re.search(rb"LINES_HERE='(\d+)'", data).group(1))
    head, payload = b"".join(data.splitlines(True)[:lines]), work / "forged"
    subprocess.run(["bash", file, "--extract", payload], check=True, stdout=subprocess.DEVNULL)
    packages = payload / "Packages"
    packages.write_text(packages.read_text() + "\n")
    need(["sh", "-c", "find . -type f ! -name 'SHA256SUMS*' -printf '%P\\n' | xargs sha256sum >SHA256SUMS"],
         cwd=payload)
    need(["tar", "-C", payload, "-cf", work / "forged.tar", "."])
    digest = need(["sha256sum", work / "forged.tar"]).split()[0].encode()
    head = re.sub(rb"PAYLOAD_SHA256='[0-9a-f]+'", b"PAYLOAD_SHA256='" + digest + b"'", head)
    return head + (work / "forged.tar").read_bytes()


def refuses(verdicts, base, file, work):
    with Computer(base, file) as computer:
        for how in ("byte", "short", "header"):
            computer.file.write_bytes(changed(file, how))
            done = computer.start()
            verdicts.check(f"refused when damaged: {how}", done.returncode == 3, done.stdout)
        computer.file.write_bytes(forged(file, work))
        done = computer.start(more=["LC_ALL=zh_CN.UTF-8"])
        verdicts.check("refused when the signature is not the maker's",
                       done.returncode == 3 and "签名不对" in done.stdout, done.stdout)
        computer.copy_file(file)
        (computer.root / "etc/os-release").unlink()
        (computer.root / "etc/os-release").write_text("VERSION_CODENAME=trixie\nPRETTY_NAME=Other\n")
        done = computer.start()
        verdicts.check("refused on another system", done.returncode == 5, done.stdout)
        (computer.root / "etc/os-release").unlink()
        (computer.root / "etc/os-release").symlink_to("../usr/lib/os-release")
        done = computer.start("--nonsense")
        verdicts.same("an option that there is not", done.returncode, 2)
        verdicts.same("nothing was changed by any of that", computer.changes(), [])
        verdicts.same("nothing is left in temporary folders", computer.leftovers(), [])


def no_room(verdicts, base, file):
    """Little space, and another program that is installing."""
    with Computer(base, file) as computer:
        need(["mount", "-t", "tmpfs", "-o", "size=20m", "none", computer.root / "var/tmp"])
        done = computer.start()
        verdicts.check("refused without room", done.returncode == 6, done.stdout)
        need(["umount", computer.root / "var/tmp"])
        verdicts.same("nothing was changed without room", computer.changes(), [])
        with open(computer.root / "var/lib/dpkg/lock-frontend", "r+b") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            done = computer.start()
        verdicts.check("refused while another program installs",
                       done.returncode == 1 and "Another program" in done.stdout, done.stdout)
        verdicts.same("nothing was installed meanwhile", "openukey" in computer.packages(), False)


def looks(verdicts, base, file):
    with Computer(base, file) as computer:
        done = computer.start("--check")
        verdicts.check("--check says what would be installed",
                       done.returncode == 0 and "openukey-assistant" in done.stdout, done.stdout)
        done = computer.start("--extract", "/root/out")
        verdicts.check("--extract unpacks", done.returncode == 0
                       and (computer.root / "root/out/SHA256SUMS.sig").exists(), done.stdout)
        for language, word in (("zh", "用法"), ("en", "Usage")):
            done = computer.start("--help", "--language", language)
            verdicts.check(f"--help in {language}", done.returncode == 0 and word in done.stdout)
        verdicts.same("looking changes nothing", computer.changes(), [])


def installs(verdicts, base, file):
    with Computer(base, file) as computer:
        done = computer.start("--with-rehearsal")
        if not verdicts.check("installed without a network", done.returncode == 0, done.stdout):
            return
        told = computer.run("ukey", "--version")
        verdicts.check("ukey runs", told.returncode == 0 and "0." in told.stdout, told.stdout)
        told = computer.run("dpkg", "--audit")
        verdicts.same("dpkg has nothing to say", told.stdout, "")
        rehearsal(verdicts, computer)
        before = computer.packages()
        done = computer.start("--with-rehearsal")
        verdicts.check("installed again", done.returncode == 0, done.stdout)
        verdicts.same("nothing new the second time", computer.packages(), before)
        newer(verdicts, computer)
        verdicts.same("nothing is left in temporary folders", computer.leftovers(), [])
        history = (computer.root / "var/log/apt/history.log").read_text()
        verdicts.check("the log of apt names nobody", "Requested-By" not in history, history)
        removes(verdicts, computer)


def rehearsal(verdicts, computer):
    """A virtual key behind the pcscd that came along: made, certified and listed."""
    script = (HOUSE / "packaging/debian/tests/sign").read_text(encoding="utf-8").split("\np11-kit")[0]
    (computer.root / "root/sign").write_text(script)
    told = computer.run("sh", "/root/sign", timeout=PATIENCE)
    listed = told.stdout.rpartition("On the key: signing certificate.")[2]
    verdicts.check("a rehearsal key lists its certificate", told.returncode == 0
                   and "serial number PACKAGE00001" in listed and "State: good" in listed, told.stdout)
    # The module's, which knows no better folder without a session.
    shutil.rmtree(computer.root / "tmp/openukey-0", ignore_errors=True)


def newer(verdicts, computer):
    """A newer version is not replaced."""
    status = computer.root / "var/lib/dpkg/status"
    kept = status.read_text()
    status.write_text(re.sub(r"(Package: openukey-common\n(?:.+\n)*?Version: )\S+", r"\g<1>99.0-1", kept))
    done = computer.start()
    verdicts.check("a newer version stays", done.returncode == 4, done.stdout)
    status.write_text(kept)


def removes(verdicts, computer):
    done = computer.start("--remove")
    verdicts.check("removed", done.returncode == 0, done.stdout)
    left = computer.packages()
    verdicts.check("no package of ours is left", "openukey" not in left, left)
    left = sorted(computer.differences([*BOOKS, *DEBIANS]))
    verdicts.same("files as before", left, [])
    done = computer.start("--remove")
    verdicts.same("removing what is not there", done.returncode, 0)


def cut_off(verdicts, base, file):
    """Killed while dpkg unpacks, as when the power fails; then started once more."""
    with Computer(base, file) as computer:
        before = computer.packages()
        process = subprocess.Popen(
            [str(word) for word in computer.inside("bash", "/root/openukey.run")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"})
        log, deadline = computer.root / "var/log/dpkg.log", time.monotonic() + PATIENCE
        while time.monotonic() < deadline and process.poll() is None:
            if log.exists() and "status half-installed libgtk-3" in log.read_text(errors="replace"):
                break
            time.sleep(0.02)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        verdicts.check("it was cut off in the middle", computer.packages() != before
                       and "openukey-assistant" not in computer.packages().replace("un ", ""))
        done = computer.start()
        verdicts.check("goes on where it was cut off", done.returncode == 0, done.stdout)
        verdicts.same("dpkg has nothing to say", computer.run("dpkg", "--audit").stdout, "")
        verdicts.same("nothing is left in temporary folders", computer.leftovers(), [])
        removes(verdicts, computer)


def as_a_person(verdicts, base, file):
    """Who is no administrator is asked to become one, and gets the window afterwards."""
    with Computer(base, file) as computer:
        programs = computer.root / "root/bin"
        programs.mkdir()
        for name in ("pkexec", "openukey-assistant"):
            (programs / name).write_text(f'#!/bin/sh\necho {name} "$@" >>/tmp/run\n')
            (programs / name).chmod(0o755)
        computer.root.joinpath("root").chmod(0o755)
        done = computer.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash",
                            "/root/openukey.run", "--language", "zh",
                            more=["PATH=/root/bin:/usr/bin:/bin", "DISPLAY=:77"])
        asked = computer.root / "tmp/run"
        for _ in range(600):
            if asked.exists() and "--first-start" in asked.read_text():
                break
            time.sleep(0.1)
        verdicts.same("an administrator is asked for, then the window is opened",
                      asked.read_text().splitlines() if asked.exists() else done.stdout,
                      ["pkexec /bin/bash /root/openukey.run --as-root --language zh",
                       "openukey-assistant --first-start"])
        done = computer.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash",
                            "/root/openukey.run")
        verdicts.check("without a way to become one that is said",
                       done.returncode == 1 and "administrator" in done.stdout, done.stdout)


def texts(verdicts):
    """Each line has both languages, with as many places to fill in."""
    script = (HOUSE / "packaging/offline/installer.sh").read_text(encoding="utf-8")
    table = re.search(r"<<'TABLE'\n(.*?)\nTABLE\n", script, re.DOTALL).group(1).splitlines()
    rows = [line.split("|") for line in table]
    wrong = [row for row in rows if len(row) != 3 or not all(row) or row[1].count("%s") != row[2].count("%s")
             or not re.search("[一-鿿]", row[1])]
    verdicts.same("texts in both languages", wrong, [])
    used = set(re.findall(r"(?:tell|show) ([a-z][a-z-]+)", script))
    verdicts.same("each text is used, and each that is used is there", sorted(used),
                  sorted(row[0] for row in rows))


def main():
    if os.geteuid() != 0:
        print("offline: needs root to make computers of its own")
        return 2
    alone()
    verdicts = Verdicts("offline")
    texts(verdicts)
    with tempfile.TemporaryDirectory(prefix="openukey-offline-", dir="/var/tmp") as work:
        work = Path(work)
        file = make_file(work, "made")
        base = work / "base"
        base.mkdir()
        need(["tar", "-C", base, "--numeric-owner", "-xf", roots.base()])
        refuses(verdicts, base, file, work)
        no_room(verdicts, base, file)
        looks(verdicts, base, file)
        as_a_person(verdicts, base, file)
        installs(verdicts, base, file)
        cut_off(verdicts, base, file)
    return verdicts.done()


if __name__ == "__main__":
    sys.exit(main())
