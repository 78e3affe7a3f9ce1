# SPDX-License-Identifier: LGPL-2.1-or-later
"""The ground a browser test stands on: an /etc and a network of its own. Imported first.

The test starts again in new namespaces: /etc is a copy that policies and host names are written
into; the network has nothing but loopback, so that the bridge's fixed ports are free. The loopback
interface also has PUBLIC, an address from a documentation block: to a browser, a page from there
comes from the internet, and what it asks of 127.0.0.1 is a request into the local machine."""

import fcntl
import json
import os
import shutil
import socket
import struct
import sys

HALL, PUBLIC = "hall.openukey.test", "203.0.113.80"
SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
IFF_UP = 1
INSIDE = "OPENUKEY_TEST_GROUND"


def enter():
    """Returns in the namespaces; the process has started again for it."""
    if os.environ.get(INSIDE) == str(os.getppid()) or os.environ.get(INSIDE) == str(os.getpid()):
        _own_etc()
        _own_network()
        return
    root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    os.environ[INSIDE] = str(os.getpid())
    os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", *root, "--",
                          sys.executable, *sys.argv])


def _own_etc():
    """As tests/peers/own_etc.sh does."""
    os.system("mount -t tmpfs none /mnt && { cp -a /etc/. /mnt 2>/dev/null || :; } && "
              "mount --move /mnt /etc")
    # In a network of its own each X server believes to be the first; it keeps files by that number.
    os.makedirs("/tmp/.X11-unix", mode=0o1777, exist_ok=True)
    for folder in ("/tmp/.X11-unix", "/var/lib/xkb"):
        if os.path.isdir(folder):
            os.system("mount -t tmpfs -o mode=1777 none " + folder)
    hosts(HALL, PUBLIC)


def _interface(link, request, name, body):
    return fcntl.ioctl(link, request, struct.pack("16s16s", name.encode(), body))


def _own_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        flags, = struct.unpack("16xh14x", _interface(link, SIOCGIFFLAGS, "lo", b""))
        _interface(link, SIOCSIFFLAGS, "lo", struct.pack("h", flags | IFF_UP))
        for request, address in ((SIOCSIFADDR, PUBLIC), (SIOCSIFNETMASK, "255.255.255.255")):
            _interface(link, request, "lo:1", struct.pack("HH4s", socket.AF_INET, 0,
                                                          socket.inet_aton(address)))


def hosts(name, address):
    """Another name in /etc/hosts."""
    with open("/etc/hosts", "a", encoding="utf-8") as file:
        file.write("%s %s\n" % (address, name))


def write(path, text):
    """A file in this /etc, or anywhere else."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def firefox_policy(**policies):
    """All policies of Firefox; those written before are gone."""
    write("/etc/firefox/policies/policies.json", json.dumps({"policies": policies}))


def chromium_policy(name, **policies):
    """One file of Chromium's managed policies."""
    write("/etc/chromium/policies/managed/%s.json" % name, json.dumps(policies))


def need(*programs):
    """Ends the test as skipped where one of them is not installed."""
    for program in programs:
        if shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            print("SKIPPED: %s is not installed" % program)
            sys.exit(77)
    if os.environ.get("OPENUKEY_TEST_PRELOAD"):
        print("SKIPPED: browsers do not start with AddressSanitizer's runtime")
        sys.exit(77)
