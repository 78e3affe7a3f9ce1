# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests have in common: a guest, keys on its desk, and our packages when they are installed."""
import json

from desk import KEYS, PIN, UNIT, Desk
from machine import GuestError

# The clerk's session as a desktop has it.
SESSION = ("export LANG=zh_CN.UTF-8 XDG_RUNTIME_DIR=/run/user/1000 "
           "DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus; ")
INSTALLED = ["openukey-assistant", "openukey-ifd", "openukey-service", "openukey-virtual"]

# The reader driver that is installed leaves virtual keys alone; this one has them, and rules as strict.
VIRTUAL_TOO = """
set -e
drivers=$(dirname $(find /usr/lib/pcsc/drivers -name ifd-openukey.bundle))
virtual=$drivers/ifd-openukey-virtual.bundle/Contents
mkdir -p $virtual
cp -r $drivers/ifd-openukey.bundle/Contents/Linux $virtual
cp /usr/share/openukey/Info-virtual.plist $virtual/Info.plist
cp /host/virtual.rules /etc/udev/rules.d/72-openukey-virtual.rules
udevadm control --reload
systemctl try-restart pcscd.service
"""


class Skipped(Exception):
    """Why something was not tested."""


class Failed(Exception):
    """What was not as it should be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


class World:
    def __init__(self, machine, say):
        self.machine = machine
        self.say = say
        self.desk = Desk(machine)
        self.installed = False
        self.virtual_too = False
        self.pins = dict.fromkeys(KEYS, PIN)

    def install(self):
        """Our packages as somebody installs them, and what they bring."""
        if self.installed:
            return
        self.machine.do("apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y "
                        f"install --no-install-recommends {' '.join(INSTALLED)}", timeout=900)
        self.installed = True

    def with_keys(self, *names):
        """Installed, these keys plugged in and no others, also virtual ones driven."""
        self.install()
        if not self.virtual_too:
            self.machine.do(VIRTUAL_TOO)
            self.virtual_too = True
        self.desk.only(*names)

    def clerk(self, script, timeout=180):
        return self.machine.run(SESSION + script, "clerk", timeout)

    def clerk_does(self, script, timeout=180):
        return self.machine.do(SESSION + script, "clerk", timeout)

    def keys_seen(self):
        """Serial numbers of the keys that `ukey list` shows the clerk with their certificates."""
        status, output = self.clerk("ukey list --json")
        if status != 0 or not output.startswith("["):
            return set()
        return {key["serial"] for key in json.loads(output) if key["certificates"]}

    def await_keys(self, *serials):
        for _ in range(20):
            if (seen := self.keys_seen()) == set(serials):
                return
        raise Failed(f"the clerk sees the keys {sorted(seen)}, and not {sorted(serials)}")

    def signing(self, name, pin=None):
        """The clerk's command that signs a file called paper."""
        return (f"OPENUKEY_UNVERIFIED=1 ukey sign --raw --force --token={name.upper()} --out={name}.sig "
                f"--pin-fd=3 paper 3<<<{pin or self.pins[name]}")

    def sign(self, name, pin=None):
        """(exit status, output) of the clerk's signature with that key, of a file called paper."""
        return self.clerk(f"cd; echo '合计 12000 元' >paper; {self.signing(name, pin)}")

    def verify(self, name, algorithm):
        """By openssl alone, with the certificate that was put on the key."""
        how = ("pkeyutl -verify -pubin -inkey pub -rawin -digest sm3 -pkeyopt "
               f"distid:1234567812345678 -in paper -sigfile {name}.sig")
        if algorithm == "rsa":
            how = f"dgst -sha256 -verify pub -signature {name}.sig paper"
        self.clerk_does(f"cd; openssl x509 -in /host/keys/{name}.pem -noout -pubkey >pub && openssl {how}")

    def signs(self, name, algorithm):
        status, output = self.sign(name)
        expect(status == 0, f"{name} does not sign: {output}")
        self.verify(name, algorithm)


__all__ = ["GuestError", "PIN", "UNIT", "Failed", "Skipped", "World", "expect"]
