#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The RPM packages: made, installed into a copy of this computer, verified, upgraded, erased.

Debian's packages are not in RPM's database, so one that is made up stands for them. It provides
what a look at this computer's libraries shows, so that our packages' wishes are really weighed.
"""
import os
import re
import sys
import tempfile
from pathlib import Path

from bench import HOUSE, Copy, Verdicts, alone, need, run, say

# what Fedora calls it -> a file that shows that this computer has it
HOST = {
    "dbus": "/usr/bin/dbus-daemon", "glib-networking": "/usr/lib", "librsvg2": "/usr/lib",
    "openssl": "/usr/bin/openssl", "openssl-libs = 3.0": "/usr/lib", "p11-kit": "/usr/lib",
    "pcsc-lite": "/usr/sbin/pcscd", "python3": "/usr/bin/python3", "softhsm": "/usr/lib",
    "/usr/bin/pkg-config": "/usr/bin/pkg-config", "/bin/sh": "/bin/sh", "/usr/bin/python3": "/usr/bin/python3", "rtld(GNU_HASH)": "/usr/lib",
}
USERS = ["openukey-certd", "openukey-courier", "openukey-issuerd", "openukey-kmcd", "openukey-unlockd"]
# RPM's own books, and users, who stay
IGNORED = ["/var/lib/rpm", "/root/.rpmdb", *(f"/etc/{name}{old}" for old in ("", "-")
           for name in ("passwd", "group", "shadow", "gshadow")), "/etc/.pwd.lock",
           "/usr/lib/sysimage", "/var/cache", "/var/lib/systemd"]
SETTING = "/etc/xdg/autostart/openukey-bridge.desktop"


def build(folder, commit="HEAD"):
    """The binary packages of a commit; None where it makes none."""
    made = run(["packaging/build-rpm", "--commit", commit, folder], cwd=HOUSE)
    if made.returncode != 0:
        say(made.stdout[-4000:])
        return None
    return sorted(path for path in folder.glob("*.rpm") if not path.name.endswith(".src.rpm"))


def host_package(work, packages):
    """The made-up package, and wishes that this computer cannot fulfil."""
    wishes = set(need(["rpm", "-qp", "--requires", *packages]).split("\n"))
    libraries = dict(re.findall(r"^\s+(\S+) \(.*x86-64\) => (\S+)$", need(["ldconfig", "-p"]), re.M))
    given, missing = set(), []
    for library in sorted({wish.split("(")[0] for wish in wishes if re.match(r"\S+\.so", wish)}):
        if library in libraries:
            given.update(run(["sh", "-c", f"echo {libraries[library]} | /usr/lib/rpm/elfdeps -P"])
                         .stdout.split("\n"))
        elif not library.startswith("libifd-openukey"):
            missing.append(library)
    given.update(name for name, sign in HOST.items() if os.path.exists(sign))
    spec = work / "host.spec"
    spec.write_text("Name: host\nVersion: 1\nRelease: 1\nSummary: This computer\nLicense: none\n"
                    "BuildArch: noarch\n" + "".join(f"Provides: {one}\n" for one in sorted(given) if one)
                    + "%description\nThis computer.\n%install\nmkdir -p %{buildroot}/usr/share/licenses\n"
                    "%files\n%dir /usr/share/licenses\n")
    need(["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {work}/host",
          "--define", f"_rpmdir {work}", "--define", "_rpmfilename host.rpm", spec])
    return work / "host.rpm", missing


def listed(package):
    """(programs, other files) of a package."""
    names = need(["rpm", "-qpl", package]).split()
    return [name for name in names if re.match(r"/usr/s?bin/", name)], names


def install(verdicts, copy, packages, host):
    # Without the computer's libraries nothing is installed.
    refused = run(["rpm", "--root", copy.root, "-i", *packages])
    verdicts.check("rpm: refused where pcsc-lite is not there",
                   refused.returncode != 0 and "pcsc-lite is needed by" in refused.stdout,
                   refused.stdout)
    need(["rpm", "--root", copy.root, "-i", host])
    done = run(["rpm", "--root", copy.root, "-i", *packages])
    verdicts.check("rpm: all packages install, with all that they need",
                   done.returncode == 0 and "scriptlet failed" not in done.stdout, done.stdout)


def verify(verdicts, copy, names, what, changed=()):
    seen = run(["rpm", "--root", copy.root, "-V", *names]).stdout
    wrong = [line for line in seen.splitlines() if not any(path in line for path in changed)]
    verdicts.same(f"rpm -V: {what}", wrong, [])


def programs(verdicts, copy, packages):
    for package in packages:
        for program in listed(package)[0]:
            for option in ("--version", "--help"):
                answer = copy.run("timeout", "60", program, option)
                if answer.returncode == 0:
                    break
            # The service's programs tell how they are used, but call it a mistake.
            verdicts.check(f"{program} runs from there",
                           answer.returncode == 0 or f"Usage: {Path(program).name} " in answer.stdout,
                           answer.stdout)
    module = need(["rpm", "--root", copy.root, "-ql", "openukey-pkcs11"]).split()
    module = next(name for name in module if name.endswith("openukey-pkcs11.so"))
    answer = copy.run("/usr/bin/python3", "-c",
                      f"import ctypes; p = ctypes.c_void_p(); m = ctypes.CDLL({module!r}); "
                      "print(m.C_GetFunctionList(ctypes.byref(p)), bool(p))")
    verdicts.same("the module answers", answer.stdout.strip(), "0 True")
    answer = copy.run("getent", "passwd", *USERS).stdout
    verdicts.same("the service's users are there", sorted(re.findall(r"^(.+?):", answer, re.M)), USERS)


def main():
    if os.geteuid() != 0:
        print("rpm: needs root to change a copy of this computer")
        return 2
    alone("--net")
    verdicts = Verdicts("rpm")
    with tempfile.TemporaryDirectory(prefix="openukey-rpm-") as work, Copy() as copy:
        work = Path(work)
        new = build(work / "new")
        if not verdicts.check("packages are built", new):
            return verdicts.done()
        # The commit before may make none, as when it is the one that is put right now.
        old = build(work / "old", "HEAD~1") or new
        control = (HOUSE / "packaging/debian/control").read_text(encoding="utf-8")
        wanted = sorted(re.findall(r"^Package: (\S+)$", control, re.M))
        names = sorted(need(["rpm", "-qp", "--qf", "%{NAME}\\n", *new]).split())
        verdicts.same("the same packages as Debian's", names, wanted)

        host, missing = host_package(work, [*old, *new])
        verdicts.same("libraries that this computer lacks", missing, [])
        install(verdicts, copy, old, host)
        verify(verdicts, copy, need(["rpm", "-qp", "--qf", "%{NAME}\\n", *old]).split(), "as installed")

        setting = copy.root / SETTING[1:]
        setting.write_text(setting.read_text() + "X-Administrator=true\n")
        done = run(["rpm", "--root", copy.root, "-U", *new])
        verdicts.check("upgraded from the commit before", done.returncode == 0, done.stdout)
        verdicts.check("what the administrator wrote is kept", "X-Administrator" in setting.read_text())
        verify(verdicts, copy, names, "after upgrading", [SETTING])
        programs(verdicts, copy, new)
        again = run(["rpm", "--root", copy.root, "-U", "--replacepkgs", *new])
        verdicts.check("installed once more over itself", again.returncode == 0, again.stdout)

        done = run(["rpm", "--root", copy.root, "-e", *names, "host"])
        verdicts.check("erased", done.returncode == 0, done.stdout)
        kept = copy.root / (SETTING[1:] + ".rpmsave")
        verdicts.check("what the administrator wrote is set aside", kept.exists())
        kept.unlink(missing_ok=True)
        verdicts.same("files left", sorted(copy.differences(IGNORED)), [])
    return verdicts.done()


if __name__ == "__main__":
    sys.exit(main())
