#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Twelve faults, seeded on a computer of its own; the doctor must name, repair and undo them."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import unittest

import world
from world import Key, Service, read, write

UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
REPAIR = os.environ.get("OPENUKEY_REPAIR", "openukey-repair")
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
OFFSET = "/run/desk/clock"
SLOT = 1 << 18  # of a key's memory
YEAR = 365 * 24 * 3600


def setUpModule():
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


class Faults(unittest.TestCase):
    def setUp(self):
        write(MODULE_FILE, "module: %s\n" % os.environ["OPENUKEY_MODULE"])
        self.addCleanup(Service.stop)
        self.keys = []
        self.addCleanup(lambda: [key.pull() for key in self.keys])

    # ---- the desk ----

    def plug(self, state="good", port=0):
        self.keys.append(Key(port, "/run/desk/" + state))

    def desk(self, state="good"):
        """Everything as it should be."""
        self.plug(state)
        Service.start()

    def ukey(self, *args, user=None, preload=None):
        words = [UKEY, *args]
        if user is not None:
            words = ["setpriv", "--reuid", str(user), "--clear-groups", "--", *words]
        env = dict(os.environ)
        if preload is not None:
            env["LD_PRELOAD"] = preload
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

    # ---- nothing wrong ----

    def test_a_computer_that_works_has_nothing_found(self):
        self.desk()
        self.assertIsNone(self.doctor(), self.said)
        self.assertTrue(self.said["code"].startswith("00-"))

    # ---- the twelve ----

    def test_service_stopped(self):
        self.plug()
        self.repaired_and_undone("SERVICE_STOPPED")

    def test_no_reader_driver(self):
        world.driver_list(False)
        self.addCleanup(world.driver_list, True)
        self.desk()
        self.repaired_and_undone("DRIVER_UNLISTED", DRIVER_LIST)

    def test_permission_denied(self):
        self.desk()
        os.chmod("/run/pcscd/pcscd.comm", 0o600)
        self.assertEqual(self.doctor(user=65534), "SERVICE_DENIED")
        # what pkexec would run; whether polkit lets it is seen in a virtual machine
        done = subprocess.run([REPAIR, "socket-open"], stdout=subprocess.PIPE, check=True)
        self.assertNotEqual(self.doctor(user=65534), "SERVICE_DENIED")
        subprocess.run([REPAIR, *done.stdout.decode().split()], check=True)
        self.assertEqual(os.stat("/run/pcscd/pcscd.comm").st_mode & 0o777, 0o600)

    def test_key_held_by_another_program(self):
        self.desk()
        holder = subprocess.Popen([HOLD_KEY], stdout=subprocess.PIPE)
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.kill)
        self.assertEqual(holder.stdout.readline(), b"held\n")
        self.assertEqual(self.doctor(), "KEY_HELD")
        self.assertEqual(self.text_of("KEY"), "hold_key (process %d)" % holder.pid)
        reaper = subprocess.Popen(["sleep", "0"])
        reaper.wait()
        shown = self.repair_while_waiting(holder)
        self.assertIn("kill -TERM %d" % holder.pid, shown)
        self.assertEqual(holder.returncode, -15)
        self.assertIsNone(self.doctor(), self.said)

    def repair_while_waiting(self, child):
        """A child that has ended is there until it is waited for."""
        words = [UKEY, "doctor", "--repair", "--yes", "--offline"]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            child.wait(timeout=30)
            out = process.stdout.read().decode()
        self.assertEqual(process.returncode, 0, out)
        return out

    def test_wrong_clock_without_network(self):
        self.desk()
        write(OFFSET, "%d\n" % (-20 * YEAR))
        self.addCleanup(write, OFFSET, "0\n")
        self.assertEqual(self.doctor(preload=CLOCK), "CLOCK_BEHIND")
        self.assertIn("clock", self.text_of("CERTIFICATE"))

    def test_certificate_expired(self):
        make_key("expired", offset=-YEAR)
        self.desk("expired")
        self.assertEqual(self.doctor(), "CERT_ENDED")

    def test_pin_locked(self):
        make_key("locked", "--tries", "1")
        self.desk("locked")
        reader, writer = os.pipe()
        os.write(writer, b"000000")
        os.close(writer)
        subprocess.run([UKEY, "pin", "test", "--pin-fd", str(reader), "--confirm-tries", "1"],
                       pass_fds=[reader], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       check=False)
        os.close(reader)
        self.assertEqual(self.doctor(), "PIN_LOCKED")

    def test_module_unregistered(self):
        self.desk()
        os.remove(MODULE_FILE)
        self.repaired_and_undone("MODULE_UNREGISTERED", MODULE_FILE)

    def test_settings_damaged(self):
        self.desk()
        write(SETTINGS, b'{"certificates": [{"id": "\xff\x00')
        self.addCleanup(shutil.rmtree, os.path.dirname(SETTINGS))
        self.repaired_and_undone("SETTINGS_DAMAGED", SETTINGS)

    def test_profile_tampered(self):
        self.desk()
        os.makedirs(ADMIN_PROFILES)
        self.addCleanup(shutil.rmtree, ADMIN_PROFILES)
        tampered = read(PROFILES + "/xjca.json").replace(b"123456", b"654321")
        write(ADMIN_PROFILES + "/xjca.json", tampered)
        write(ADMIN_PROFILES + "/xjca.json.sig", read(PROFILES + "/xjca.json.sig"))
        self.repaired_and_undone("PROFILE_TAMPERED", ADMIN_PROFILES + "/xjca.json",
                                 ADMIN_PROFILES + "/xjca.json.sig")

    def test_two_keys(self):
        make_key("other", serial="K20261122002")
        self.plug("good", 0)
        self.plug("other", 1)
        Service.start()
        world.wait_for("both keys are there", lambda: self.doctor() == "TWO_KEYS")

    def spoil(self, state, der):
        """Half of a certificate is something else, as if a write had been interrupted."""
        memory = bytearray(read(state))
        self.assertEqual(memory.count(der), 1)
        start, half = memory.index(der), len(der) // 2
        memory[start + half:start + len(der)] = b"\xff" * (len(der) - half)
        # magic, sequence, length, SHA-256 of all but itself, body: see virtual/key/store.c
        slot = start // SLOT * SLOT
        size = int.from_bytes(memory[slot + 16:slot + 20], "big")
        body = memory[slot + 52:slot + 52 + size]
        memory[slot + 20:slot + 52] = hashlib.sha256(memory[slot:slot + 20] + body).digest()
        write(state, bytes(memory))

    def test_certificate_unreadable(self):
        make_key("unreadable")
        subprocess.run(["openssl", "x509", "-in", "unreadable.crt", "-outform", "DER", "-out",
                        "unreadable.der"], check=True)
        self.spoil("unreadable", read("unreadable.der"))
        self.desk("unreadable")
        self.assertEqual(self.doctor(), "CERT_UNREADABLE")


if __name__ == "__main__":
    world.enter()
    sys.argv[0] = "test_faults.py"
    unittest.main(verbosity=2)
