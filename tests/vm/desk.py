# SPDX-License-Identifier: LGPL-2.1-or-later
"""The keys on the guest's desk: virtual ones, which the guest's kernel imports by USB/IP. Their programs
are unpacked and not installed, as a key brings nothing to a computer."""
import pathlib
import subprocess

from machine import GuestError

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = "/host/hardware/usr/bin"
PIN = "123456"
UNIT = "邢台示例商贸有限公司"

# name: port, what it is on the bus, its numbers, application, algorithm, the kernel's driver. The first has
# the numbers of a real model, so that what is installed for that one is what is tested.
KEYS = {
    "gm3000": ("1-1", "hid", "055c:e618", "BJCA-Application", "sm2", "usbhid"),
    "disc": ("1-2", "storage", "1209:0003", "OpenUKey-Rehearsal", "rsa", "usb-storage"),
    "ccid": ("1-3", "ccid", "096e:0807", "OpenUKey-Rehearsal", "rsa", None),
}

START = """
set -e
mkdir -p /run/desk
cp /host/keys/* /run/desk
modprobe vhci-hcd
for key in {names}; do
	systemd-run -q --unit=key-$key {programs}/openukey-virtual-key run --state /run/desk/$key.key \\
		--socket /run/desk/$key.sock --control /run/desk/$key.ctl
done
systemd-run -q --unit=ports {programs}/openukey-virtual-usbip {ports}
"""

DEVICE = """
for device in /sys/bus/usb/devices/*; do
	[ "$(cat $device/idVendor 2>/dev/null):$(cat $device/idProduct 2>/dev/null)" = {numbers} ] &&
		basename $device && exit 0
done
exit 1
"""


def make_keys(folder, hardware, fixtures):
    """State files of keys with a certificate each; made by the programs of the packages."""
    folder.mkdir(parents=True, exist_ok=True)
    fixtures.mkdir(parents=True, exist_ok=True)
    subprocess.run([HERE.parent / "fixtures/make-fixtures", fixtures], check=True)
    for name, (_, _, _, application, alg, _) in KEYS.items():
        state = folder / f"{name}.key"
        state.unlink(missing_ok=True)
        subprocess.run([hardware / "usr/bin/openukey-virtual-key", "provision", "--state", state,
                        "--serial", name.upper(), "--label", name, "--application", application,
                        "--container", "Unit", "--sign-key", fixtures / f"{alg}-sign.key",
                        "--sign-cert", fixtures / f"{alg}-sign.pem"], check=True,
                       stdout=subprocess.DEVNULL)
        (folder / f"{name}.pem").write_bytes((fixtures / f"{alg}-sign.pem").read_bytes())


class Desk:
    def __init__(self, machine):
        self.machine = machine
        ports = " ".join(f"{kind},{numbers}=/run/desk/{name}.sock"
                         for name, (_, kind, numbers, *_) in KEYS.items())
        machine.do(START.format(names=" ".join(KEYS), programs=PROGRAMS, ports=ports))

    def order(self, name, words):
        """Tells the key's own program."""
        return self.machine.do(f"{PROGRAMS}/openukey-virtual-key ctl /run/desk/{name}.ctl {words}")

    def device(self, name):
        """Its name in /sys/bus/usb/devices; None when it is not plugged in."""
        status, output = self.machine.run(DEVICE.format(numbers=KEYS[name][2]))
        return output.strip() if status == 0 else None

    def plug(self, name):
        if self.device(name) is not None:
            return
        self.order(name, "plug")
        self.machine.until(f"usbip attach -r 127.0.0.1 -b {KEYS[name][0]}")
        self.machine.until(DEVICE.format(numbers=KEYS[name][2]))
        self.machine.do("udevadm settle -t 120")

    def pull(self, name):
        if self.device(name) is None:
            return
        self.order(name, "pull")
        self.machine.until(f"! ({DEVICE.format(numbers=KEYS[name][2])})")
        self.machine.do("udevadm settle -t 120")

    def only(self, *names):
        """These are plugged in, and no others."""
        for name in KEYS:
            if name not in names:
                self.pull(name)
        for name in names:
            self.plug(name)

    def driver(self, name):
        """The kernel's driver that has its interface, or None."""
        status, output = self.machine.run(
            f"basename $(readlink /sys/bus/usb/devices/{self.device(name)}:1.0/driver)")
        return output.strip() if status == 0 else None

    def await_driver(self, name, driver):
        device = self.device(name)
        self.machine.until(f"[ $(basename $(readlink /sys/bus/usb/devices/{device}:1.0/driver)) "
                           f"= {driver} ]")

    def node(self, name):
        """/dev/bus/usb/…, what libusb opens."""
        if (device := self.device(name)) is None:
            raise GuestError(f"{name} is not plugged in")
        return "/dev/" + self.machine.do(
            f"sed -n s/DEVNAME=//p /sys/bus/usb/devices/{device}/uevent")

    def nodes(self, name):
        """The other nodes that are made of it: hidraw, discs and what speaks SCSI."""
        found = self.machine.do(
            f"find /sys/bus/usb/devices/{self.device(name)}/ -name uevent "
            "-exec sed -n 's/DEVNAME=/\\/dev\\//p' {} + | sort -u").split()
        return [node for node in found if not node.startswith("/dev/bus/usb")]
