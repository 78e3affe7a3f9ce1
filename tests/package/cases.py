# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is shown of the packages: each function is a case, its docstring what must hold."""
import contextlib
import fnmatch
import re

from build import UNSPLIT, commit, debs, packages, put, ready
from roots import Failed, Root, base

NAMES = ["openukey-assistant", "openukey-bridge", "openukey-common", "openukey-doc", "openukey-ifd",
         "openukey-pkcs11", "openukey-provider", "openukey-service", "openukey-skf", "openukey-virtual"]

# What may differ after installing and purging, and why.
LEFT_BEHIND = [
    ("/var/log/*", "apt and dpkg write down what they did"),
    ("/var/cache/*", "caches of apt, debconf, fonts, manual pages and the loader"),
    ("/var/lib/apt/*", "apt's lists, and which packages came by themselves"),
    ("/var/lib/dpkg/*", "dpkg's own state; the packages must be unknown to it, which is looked at too"),
    ("/etc/ld.so.cache", "a cache"),
    ("/etc/opt", "made by base-files and in nobody's list: dpkg takes it away with Chrome's manifest"),
    ("/etc/*-", "copies that useradd and userdel keep of the lists of users"),
    ("/packages*", "the packages themselves, put there by the test"),
]


# Between removing and purging: which units were enabled.
STATE_OF_UNITS = "/var/lib/systemd/deb-systemd-"


class Skipped(Exception):
    """A case that this clone or machine cannot show."""


def check(truth, *told):
    if not truth:
        raise Failed("\n".join(str(line) for line in told))


@contextlib.contextmanager
def installed(name="HEAD", system=ready, before=lambda root: None, root_name="system"):
    """A system with all packages of a commit."""
    with Root(root_name, system()) as root:
        before(root)
        root.apt("install", *put(root, name))
        yield root


def browsers(root):
    """Two browsers as far as registering looks, and what an administrator had set for them."""
    for program in ("firefox-esr", "chromium"):
        root.write(f"usr/bin/{program}", "#!/bin/sh\n", 0o755)
    root.write("etc/firefox/policies/policies.json",
               '{"policies": {"DisableTelemetry": true,   "Homepage": {"URL": "https://intranet.example/"}}}')
    root.write("etc/chromium/policies/managed/site.json", '{"HomepageLocation": "about:blank"}')


def differences(before, after):
    for path in sorted(set(before) | set(after)):
        if before.get(path) != after.get(path):
            yield path, before.get(path), after.get(path)


def left(before, after):
    return [f"{path}: was {old}, is {new}" for path, old, new in differences(before, after)
            if not any(fnmatch.fnmatch(path, pattern) for pattern, _ in LEFT_BEHIND)]


# ---- the cases ----

def build():
    """the last commit builds in a clean system, into exactly the packages it should"""
    found = sorted(path.name.partition("_")[0] for path in debs())
    check(set(NAMES) <= set(found), f"made: {found}", f"wanted: {NAMES}")


def install():
    """on the least Debian: apt finds all they need, and the programs start"""
    with Root("fresh", base()) as root:
        root.apt("update")
        told = root.apt("install", *put(root))
        check("\nE: " not in told and "dpkg: error" not in told, told)
        root.run("dpkg", "--audit")
        version = root.run("ukey", "--version")
        check(re.match(r"ukey .*\d+\.\d+\.\d+", version), version)
        root.apt("install", "p11-kit")
        modules = root.run("p11-kit", "list-modules")
        check("openukey: openukey-pkcs11.so" in modules and "library-manufacturer: OpenUKey" in modules,
              modules)
        programs_start(root)


def programs_start(root):
    listed = root.shell("dpkg -L $(dpkg-query -W -f '${Package}\\n' 'openukey-*') | "
                        "grep -E '^/usr/s?bin/.|^/usr/libexec/openukey/openukey-.' | sort -u").split()
    check(len(listed) > 15, listed)
    bad = []
    for program in listed:
        told = root.run("timeout", "20", program, "--help", want=None)
        if re.search(r"error while loading|not found|Traceback|symbol lookup", told):
            bad.append(f"{program}: {told}")
    check(not bad, *bad)


def twice():
    """configuring a second time changes nothing"""
    with installed(before=browsers) as root:
        before = root.snapshot()
        for name in sorted(path.name.partition("_")[0] for path in debs()):
            script = root.path / f"var/lib/dpkg/info/{name}.postinst"
            if script.exists():
                root.run(f"/var/lib/dpkg/info/{name}.postinst", "configure", "0.1.0",
                         DPKG_MAINTSCRIPT_PACKAGE=name, DPKG_MAINTSCRIPT_NAME="postinst")
        changed = left(before, root.snapshot())
        check(not changed, *changed)


SPLIT_OFF = {"openukey-bridge", "openukey-doc"}  # once parts of others, which recommend them
SETTINGS = {
    "/etc/openukey/policy.conf": "min-tries = 4\n",
    "/etc/openukey/service/openukey-kmcd.env": "OPTIONS=--node mine\n",
    "/etc/xdg/autostart/openukey-bridge.desktop":
        "[Desktop Entry]\nType=Application\nName=mine\nExec=/bin/true\nHidden=true\n",
    "/etc/chromium/native-messaging-hosts/org.openukey.bridge.json": '{"name": "mine"}\n',
}


def upgrade_from(name, root_name):
    with installed(name, before=browsers, root_name=root_name) as root:
        for path, text in SETTINGS.items():
            root.write(path, text)
        ours = root.read("etc/firefox/policies/policies.json")
        check("openukey" in ours, "Firefox was not told of the module", ours)
        root.write("etc/apt/sources.list.d/ours.list", "deb [trusted=yes] file:///newer ./\n")
        put(root, "HEAD", "newer")
        # As in a folder of its own: names in the list are from there.
        listing = root.read("newer/Packages").replace("Filename: ./newer/", "Filename: ./")
        root.write("newer/Packages", listing)
        root.apt("update")
        told = root.apt("dist-upgrade", recommends=True)
        audit = root.run("dpkg", "--audit")
        check(not audit, audit, told)
        have = root.run("dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Abbrev}\\n",
                        "openukey-*")
        version = next(iter(debs())).name.split("_")[1]
        had = {path.name.partition("_")[0] for path in debs(name)}
        for package in sorted(had | SPLIT_OFF):
            check(f"{package} {version} ii" in have, f"{package} is not there in its new version", have,
                  told)
        for path, text in SETTINGS.items():
            check(root.read(path) == text, f"{path} was changed by the upgrade", root.read(path))
        check(root.read("etc/firefox/policies/policies.json") == ours, "Firefox's policies changed")
        leftovers = root.shell("find /etc -name '*.dpkg-*' -o -name '*.ucf-*'")
        check(not leftovers, leftovers)
        verified = root.shell("dpkg --verify $(dpkg-query -W -f '${Package}\\n' 'openukey-*') || true")
        stray = [line for line in verified.splitlines() if line.split()[-1] not in SETTINGS]
        check(not stray, *stray)
        programs_start(root)


def upgrade_last():
    """from the commit before; what was set by hand stays"""
    if commit("HEAD~1") is None:
        raise Skipped("this clone has no commit before the last")
    upgrade_from("HEAD~1", "upgrade")


def upgrade_unsplit():
    """from before the packages were split: files that moved are taken over"""
    if commit(UNSPLIT) is None:
        raise Skipped("this clone does not reach back so far")
    upgrade_from(UNSPLIT, "upgrade")


def remove():
    """removing leaves settings only; purging leaves nothing, and browsers' policies byte for byte"""
    with Root("purge", ready()) as root:
        browsers(root)
        before = root.snapshot()
        root.apt("install", *put(root))
        root.apt("remove", "openukey-*")
        kept = [path for path, _, new in differences(before, root.snapshot())
                if new and not any(fnmatch.fnmatch(path, pattern) for pattern, _ in LEFT_BEHIND)]
        stray = [path for path in kept if not path.startswith(("/etc/", STATE_OF_UNITS))]
        check(not stray, "removing left what is no setting:", *stray)
        root.apt("purge", "openukey-*")
        check("openukey" not in root.run("dpkg-query", "-W", "-f", "${Package}\\n"), "dpkg knows of it")
        remains = left(before, root.snapshot())
        check(not remains, "purging left:", *remains)


def purge_whole():
    """purging at once, with what an administrator wrote: that alone stays"""
    with installed(root_name="purge") as root:
        root.write("etc/openukey/policy.conf", "min-tries = 4\n")
        root.apt("purge", "openukey-*")
        found = root.shell("find / -xdev -path /packages -prune -o -iname '*openukey*' -print").split()
        found = [path for path in found
                 if not any(fnmatch.fnmatch(path, pattern) for pattern, _ in LEFT_BEHIND)]
        check(found == ["/etc/openukey"], *found)
        check(root.read("etc/openukey/policy.conf") == "min-tries = 4\n", "the policy is gone")


CASES = [build, install, twice, upgrade_last, upgrade_unsplit, remove, purge_whole]
