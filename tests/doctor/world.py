# SPDX-License-Identifier: LGPL-2.1-or-later
"""A computer of its own for the doctor: mounts and network that nobody else sees.

The ordinary pcscd, libccid and key process run in it. /etc, /run, /var/lib, the drivers' folder and
/sys/bus are copies or empty, so that faults can be seeded and repairs made without harm; USB ports
are virtual/usb's for pcscd, and the same keys are written into /sys/bus for the doctor.
"""
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

INSIDE = "OPENUKEY_TEST_INSIDE"
DRIVERS = "/usr/lib/pcsc/drivers"
VIRTUAL_KEY = os.environ.get("OPENUKEY_VIRTUAL_KEY", "openukey-virtual-key")
VIRTUAL_USB = os.environ.get("OPENUKEY_VIRTUAL_USB", "openukey-virtual-usb")
WAIT = os.environ.get("OPENUKEY_REHEARSAL_WAIT", "wait_reader")
SERVICE = """#!/bin/sh
# in the daemon's place: the daemon, at USB ports of ours
[ "$1" != --version ] || exec /run/desk/pcscd --version
unset OPENUKEY_VIRTUAL_USB # the program has a use of its own for that name
setsid {usb} --socket /run/desk/0.sock --socket /run/desk/1.sock \\
    /run/desk/pcscd --foreground > /run/desk/log 2>&1 < /dev/null &
"""
SKIP = 77  # meson's exit code for a test that cannot run here


def enter():
    """Starts this program again where mounts and network are its own."""
    if os.environ.get(INSIDE):
        return
    if os.geteuid() != 0 or not shutil.which("unshare"):
        print("needs root and unshare(1)")
        sys.exit(SKIP)
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", "--kill-child",
                          "--fork", "--", sys.executable, *sys.argv])


def mount(*args):
    subprocess.run(["mount", *args], check=True)


def copy_over(folder, where):
    """Covers a folder with a copy of it."""
    subprocess.run(["cp", "-a", folder, where], check=True)
    mount("--bind", where, folder)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        flags = struct.pack("16sh", b"lo", 0x1 | 0x40)  # up, running
        fcntl.ioctl(sock, 0x8914, flags)  # SIOCSIFFLAGS


def set_up():
    mount("-t", "tmpfs", "none", "/run")
    os.makedirs("/run/desk")
    os.makedirs("/run/copies")
    copy_over("/etc", "/run/copies/etc")
    copy_over(DRIVERS, "/run/copies/drivers")
    mount("-t", "tmpfs", "none", "/var/lib")
    mount("-t", "tmpfs", "none", "/sys/bus")
    os.makedirs("/usr/local/share/ca-certificates", exist_ok=True)
    mount("-t", "tmpfs", "none", "/usr/local/share/ca-certificates")
    loopback_up()
    shutil.copy("/usr/sbin/pcscd", "/run/desk/pcscd")
    with open("/run/desk/service", "w", encoding="utf-8") as file:
        file.write(SERVICE.format(usb=VIRTUAL_USB))
    os.chmod("/run/desk/service", 0o755)
    mount("--bind", "/run/desk/service", "/usr/sbin/pcscd")
    driver_list(True)


def driver_list(known):
    """libccid's list with or without the virtual key's numbers."""
    path = "/etc/libccid_Info.plist"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for key, value in (("ifdVendorID", "0x1209"), ("ifdProductID", "0x0001"),
                       ("ifdFriendlyName", "Virtual")):
        head = "<key>%s</key>\n\t<array>\n" % key
        line = "\t\t<string>%s</string>\n" % value
        assert head in text, "libccid's list has another form"
        text = text.replace(head + line, head)
        if known:
            text = text.replace(head, head + line)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def wait_for(what, test, seconds=15):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            raise AssertionError("never happened: " + what)
        time.sleep(0.05)


class Service:
    """pcscd, started as the system does it."""

    @staticmethod
    def start():
        subprocess.run(["/usr/sbin/pcscd"], check=True)
        wait_for("pcscd starts", lambda: os.path.exists("/run/pcscd/pcscd.comm"))

    @staticmethod
    def stop():
        try:
            with open("/run/pcscd/pcscd.pid", encoding="ascii") as file:
                pid = int(file.read().strip("\n\0"))
            os.kill(pid, 15)
            wait_for("pcscd ends", lambda: not os.path.exists("/proc/%d" % pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
        shutil.rmtree("/run/pcscd", ignore_errors=True)


def wait_for_key(port=0):
    """Until programs see it."""
    subprocess.run([WAIT, "(VIRTUAL%02d)" % port, "present", "15"], check=True)


class Key:
    """A virtual key in a USB port."""

    def __init__(self, port, state):
        self.port = port
        self.process = subprocess.Popen(
            [VIRTUAL_KEY, "run", "--state", state, "--socket", "/run/desk/%d.sock" % port],
            stdout=subprocess.PIPE)
        self.process.stdout.readline()
        device = "/sys/bus/usb/devices/1-%d" % (port + 1)
        self.folders = [device, device + ":1.0"]
        write(device + "/idVendor", "1209\n")
        write(device + "/idProduct", "0001\n")
        write(device + "/product", "OpenUKey Virtual Key\n")
        write(device + "/authorized", "1\n")
        write(device + ":1.0/bInterfaceClass", "0b\n")

    def pull(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


def write(path, text):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def read(path):
    """None when there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
