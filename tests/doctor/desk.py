# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the doctor's tests share: keys, the doctor's words, repairs and their undoing."""
import json
import os
import shutil
import subprocess
import unittest

import world
from world import Key, Service, read, write

UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
REPAIR = os.environ.get("OPENUKEY_REPAIR", "openukey-repair")
MODULE = os.environ.get("OPENUKEY_MODULE", "openukey-pkcs11.so")
HOLD_KEY = os.environ.get("OPENUKEY_HOLD_KEY", "hold_key")
CLOCK = os.environ.get("OPENUKEY_CLOCK_PRELOAD", "clock_preload.so")
PROFILES = os.environ.get("OPENUKEY_SHIPPED_PROFILES", "profiles")
UNIT = "示例果业有限公司"
SERIAL = "K20261122001"
HOME = "/run/home"
SETTINGS = HOME + "/.local/share/openukey/remembered.json"
MODULE_FILE = "/etc/pkcs11/modules/openukey.module"
DRIVER_LIST = "/etc/libccid_Info.plist"
ADMIN_PROFILES = "/etc/openukey/profiles"
POLICIES = "/etc/firefox/policies/policies.json"
NSS_LIST = HOME + "/.pki/nssdb/pkcs11.txt"
OFFSET = "/run/desk/clock"
# GIO asks libproxy, which is C++: a sanitizer has to meet its runtime early
THROWS = "libstdc++.so.6"
YEAR = 365 * 24 * 3600


def set_up():
    world.set_up()
    os.environ.update(HOME=HOME, LC_ALL="C.UTF-8", LANGUAGE="en", OPENUKEY_TEST_CLOCK=OFFSET,
                      OPENUKEY_PROFILES=PROFILES + ":" + ADMIN_PROFILES)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "PCSCLITE_CSOCK_NAME"):
        os.environ.pop(name, None)
    os.makedirs(HOME)
    os.chdir("/run/desk")
    make_key("good")


def certificate(name, offset=0):
    """A certificate of 300 days, made by a clock that is off by so many seconds."""
    write(OFFSET, "%d\n" % offset)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-utf8", "-days",
                    "300", "-subj", "/C=CN/O=%s/CN=%s" % (UNIT, UNIT), "-keyout", name + ".pem",
                    "-out", name + ".crt"], check=True, stderr=subprocess.DEVNULL,
                   env=dict(os.environ, LD_PRELOAD=CLOCK))
    write(OFFSET, "0\n")


def make_key(name, *args, serial=SERIAL, offset=0):
    certificate(name, offset)
    provision(name, "--sign-cert", name + ".crt", *args, serial=serial)


def provision(name, *args, serial=SERIAL):
    subprocess.run([world.VIRTUAL_KEY, "provision", "--state", name, "--serial", serial, "--label",
                    name, "--default-pin", "no", *args[2:], "--container", "Unit", "--sign-key",
                    name + ".pem", *args[:2]], check=True, stdout=subprocess.DEVNULL)


class DeskCase(unittest.TestCase):
    def setUp(self):
        shutil.rmtree(HOME + "/.local/state", ignore_errors=True)
        write(MODULE_FILE, "module: %s\n" % MODULE)
        write(POLICIES, '{"policies": {"SecurityDevices": {"Add": {"k": "%s"}}}}' % MODULE)
        write(NSS_LIST, "library=%s\nname=k\n" % MODULE)
        self.addCleanup(Service.stop)
        self.keys, self.said = [], None
        self.addCleanup(lambda: [key.pull() for key in self.keys])

    # ---- the desk ----

    def plug(self, state="good", port=0):
        self.keys.append(Key(port, "/run/desk/" + state))

    def desk(self, state="good", known=True):
        """Everything as it should be."""
        self.plug(state)
        Service.start()
        if known:
            world.wait_for_key()

    def ukey(self, *args, user=None, preload=None):
        words = [UKEY, *args]
        if user is not None:
            words = ["setpriv", "--reuid", str(user), "--clear-groups", "--", *words]
        env = dict(os.environ)
        before = [preload] if preload is not None else []
        if os.environ.get("OPENUKEY_TEST_PRELOAD"):
            before.append(THROWS)
        if before:
            env["LD_PRELOAD"] = ":".join(before)
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                              timeout=60)

    def doctor(self, *args, **how):
        """The finding's name, or None."""
        args = args or ("--offline",)
        done = self.ukey("doctor", "--json", *args, **how)
        self.said = json.loads(done.stdout or b"{}")
        self.assertIn("code", self.said, done.stderr.decode())
        return self.said.get("finding")

    def text_of(self, link):
        return next(row["text"] for row in self.said["links"] if row["link"] == link)

    def repair(self, *args, **how):
        done = self.ukey("doctor", "--repair", "--yes", *(args or ("--offline",)), **how)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
        return done.stdout.decode()

    def undo(self):
        done = self.ukey("doctor", "--undo", "--yes")
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def repaired_and_undone(self, finding, *files):
        """Named, repaired, well; undone: the files are as before to the byte, the fault is back."""
        before = {path: (read(path), os.path.exists(path) and os.stat(path).st_mode)
                  for path in files}
        self.assertEqual(self.doctor(), finding)
        shown = self.repair()
        for path in files:
            self.assertIn(path, shown)
        self.assertIsNone(self.doctor(), self.said)
        self.undo()
        for path, was in before.items():
            self.assertEqual((read(path), os.path.exists(path) and os.stat(path).st_mode), was)
        self.assertEqual(self.doctor(), finding)
