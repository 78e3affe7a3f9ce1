# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installed packages beside what runs: pcscd, a key that is plugged in, a CA's units, the demo."""
import re

from build import DEVELOPER, build_depends, put, ready
from cases import check, installed, left
from roots import CACHE, HOUSE, Root, grown, run

LISTED, OTHER = ("055c", "e618"), ("046d", "c077")  # a key of udev/keys.tsv, and a mouse
# A udevadm that writes down what it is asked for.
WITNESS = '#!/bin/sh\necho "udevadm $*" >>/var/log/udevadm\n'
# Where the demo runs there is no screen; with DISPLAY set it opens a window instead of taking pictures
# of one, and goes on when that cannot be.
NOWHERE = {"DISPLAY": ":77"}
MOST_EXPOSED = "25"  # of 100, as systemd-analyze counts


def plugged():
    """a key that is there before: udev and a pcscd that runs look again, and nothing else is touched"""
    with Root("plugged", ready()) as root:
        root.mount("-t", "tmpfs", "none", root.path / "sys")
        for port, (vendor, product) in enumerate((LISTED, OTHER), 1):
            device = f"sys/bus/usb/devices/1-{port}"
            root.write(f"{device}/idVendor", vendor + "\n")
            root.write(f"{device}/idProduct", product + "\n")
        root.write("usr/bin/udevadm", WITNESS, 0o755)
        root.write("usr/sbin/runlevel", "#!/bin/sh\necho N 2\n", 0o755)  # init scripts are run in one only
        files = " ".join(put(root))
        told = root.shell(
            "/etc/init.d/pcscd start; pidof pcscd >/before; "
            f"apt-get -y -q install {files}; pidof pcscd >/after; "
            "/etc/init.d/pcscd stop; "
            "while pidof pcscd; do sleep 0.1; done; "
            "/var/lib/dpkg/info/openukey-ifd.postinst configure 0.1; "
            "pidof pcscd >/stopped || true")
        before, after = root.read("before").strip(), root.read("after").strip()
        check(after and before != after, "pcscd was not started anew", before, after, told)
        check(not root.read("stopped").strip(), "a pcscd that was stopped was started")
        asked = root.read("var/log/udevadm").splitlines()
        check("udevadm control --reload" in asked, *asked)
        triggers = [line for line in asked if " trigger " in line]
        check(triggers and all(line.endswith("/sys/bus/usb/devices/1-1") for line in triggers), *asked)


def units():
    """a CA's units are well formed and shut in, their programs take the examples' options, users are there"""
    with installed(root_name="units") as root:
        for user in ("certd", "unlockd", "issuerd", "kmcd", "courier"):
            root.run("getent", "passwd", f"openukey-{user}")
        spool = root.run("stat", "-c", "%U:%G:%a", "/run/openukey-spool/kmcd").strip()
        check(spool == "openukey-kmcd:openukey-courier:2770", spool)
        folder = root.path / "usr/lib/systemd/system"
        found = sorted(path.name for path in folder.glob("openukey-*.service"))
        check(len(found) >= 9, *found)
        for name in found:
            told = root.run("systemd-analyze", "verify", "--man=no", f"/usr/lib/systemd/system/{name}",
                            want=None)
            ours = [line for line in told.splitlines() if "openukey" in line]
            check(not ours, *ours)
            root.run("systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}",
                     f"/usr/lib/systemd/system/{name}")
            takes_example(root, name)


def takes_example(root, name):
    """The unit's command line with the example's options: wrong arguments would end it with 2."""
    text = root.read(f"usr/lib/systemd/system/{name}")
    command = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE).group(1).replace("%i", "certd")
    user = re.search(r"^User=(.*)$", text, re.MULTILINE).group(1)
    plain = name.removesuffix(".service").rstrip("@")
    example = root.read(f"usr/share/doc/openukey/examples/service/{plain}.env")
    options = re.search(r"^OPTIONS=(.*)$", example, re.MULTILINE).group(1)
    told = root.shell(f"status=0; timeout 10 setpriv --reuid={user} --regid={user} --init-groups "
                      f"{command.replace('$OPTIONS', options)} || status=$?; echo status $status",
                      want=None)
    check("status 2" not in told and "sage:" not in told and "status 12" not in told,
          f"{name}: {command} {options}", told)


def _workplace():
    """What ./demo needs, as tests/packages.tsv says, and what our packages need."""
    rows = [line.split("\t")[:2] for line in
            (HOUSE / "tests/packages.tsv").read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]
    wanted = sorted({name for name, use in rows if use == "build"} |
                    {"pcscd", "openssl", "softhsm2", "util-linux", "python3"} | set(DEVELOPER))

    def install(root):
        root.apt("install", *wanted)
        root.apt("install", *[name.split(" ")[0] for name in build_depends() if "(" not in name
                              and ":" not in name])
    return grown("demo", wanted + build_depends(), install)


def plain(told):
    """A story without what differs each time: numbers, times, random names."""
    return [re.sub(r"\b[0-9A-Fa-f]{4,}\b|\d+", "#", line) for line in told.splitlines()]


def demo():
    """./demo tells the same with the packages installed, and they sign while it runs"""
    with Root("demo", _workplace()) as root:
        root.share(CACHE / "ccache-demo", "ccache")
        home = root.path / "root/openukey"
        home.mkdir()
        archive = CACHE / "demo-tree.tar"
        run(["git", "-C", HOUSE, "archive", "-o", archive, "HEAD"])
        run(["tar", "-C", home, "-xf", archive])
        archive.unlink()
        words = {"PATH": "/usr/lib/ccache:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                 "CCACHE_DIR": "/ccache", **NOWHERE}
        tell = "cd /root/openukey; ./demo --no-install"
        first = root.shell(f"{tell}; ./demo --stop; rm -rf demo-state", **words)
        root.apt("update")
        root.apt("install", *put(root))
        before = root.snapshot()
        script = HOUSE / "packaging/debian/tests/sign"
        root.write("root/sign", script.read_text(encoding="utf-8"), 0o755)
        second = root.shell(f"{tell}; echo ==== ; env -u DISPLAY PATH=/usr/bin:/bin:/usr/sbin /root/sign; "
                            'echo ====; eval "$(./demo --env)"; ukey list; ./demo --clean', **words)
        story, smoke, after = second.split("====\n")
        check(plain(first)[:len(plain(story))] == plain(story), "without the packages:", first,
              "with them:", story)
        check("DEMO0001" in after and "DEMO0002" in after and "PACKAGE00001" not in after, after)
        check("PACKAGE00001" in smoke and "DEMO0001" not in smoke, smoke)
        changed = [line for line in left(before, root.snapshot()) if "/root/" not in line]
        check(not changed, "the demo left:", *changed)


CASES = [plugged, units, demo]
