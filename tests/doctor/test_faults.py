#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Twelve faults, seeded on a computer of its own; the doctor must name, repair and undo them."""
import hashlib
import os
import shutil
import subprocess
import sys
import unittest

import world
from desk import (ADMIN_PROFILES, CLOCK, DRIVER_LIST, HOLD_KEY, MODULE_FILE, OFFSET, PROFILES, REPAIR,
                  SETTINGS, UKEY, YEAR, DeskCase, make_key, set_up)
from world import Service, read, write

SKF_LIBRARY = os.environ.get("OPENUKEY_SKF_LIBRARY", "libopenukey-skf.so")
LIBRARY, LIBRARY_FILE = "/opt/maker/lib/libskf_maker.so", "/etc/openukey/skf.d/libskf_maker.conf"
SLOT = 1 << 18  # of a key's memory


def setUpModule():
    set_up()


class Faults(DeskCase):
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
        self.desk(known=False)
        self.repaired_and_undone("DRIVER_UNLISTED", DRIVER_LIST)

    def test_a_key_of_another_maker_is_reached_by_the_makers_library(self):
        world.mount("-t", "tmpfs", "none", "/opt")
        self.addCleanup(subprocess.run, ["umount", "/opt"], check=True)
        Service.start()
        self.foreign_device()
        self.assertEqual(self.doctor(), "DRIVER_NONE")
        os.makedirs("/opt/maker/lib")
        shutil.copy(SKF_LIBRARY, LIBRARY)
        os.chmod(LIBRARY, 0o777)
        self.assertEqual(self.doctor(), "DRIVER_NONE", "anybody could exchange that one")
        os.chmod(LIBRARY, 0o644)
        self.assertEqual(self.doctor(), "MAKER_LIBRARY")
        self.assertEqual(self.text_of("READER"), LIBRARY)
        done = self.ukey("doctor", "--repair", "--yes", "--offline")
        self.assertIn("+library = " + LIBRARY, done.stdout.decode())
        self.assertEqual(read(LIBRARY_FILE), b"library = %s\n" % LIBRARY.encode())
        # the library is a copy of ours, which finds no reader either
        self.assertEqual(self.doctor(), "LIBRARY_SILENT")
        self.undo()
        self.assertIsNone(read(LIBRARY_FILE))

    def foreign_device(self):
        """A key of the list that is no CCID device and that nothing of ours drives."""
        folders = ["/sys/bus/usb/devices/1-3", "/sys/bus/usb/devices/1-3:1.0"]
        for name, text in (("idVendor", "055c"), ("idProduct", "e917"), ("product", "USB Key"),
                           ("authorized", "1")):
            write(folders[0] + "/" + name, text + "\n")
        write(folders[1] + "/bInterfaceClass", "ff\n")
        for folder in folders:
            self.addCleanup(shutil.rmtree, folder)

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
        world.wait_for_key(0)
        world.wait_for_key(1)
        self.assertEqual(self.doctor(), "TWO_KEYS")

    def test_login_stays(self):
        self.desk()
        write("/sys/bus/usb/devices/1-1/idProduct", "0005\n")  # a model that nothing switches off
        self.assertEqual(self.doctor(), "LOGIN_STAYS")
        said = self.ukey("doctor", "--offline").stdout.decode()
        self.assertIn("until it is unplugged", said)
        os.environ["LANGUAGE"] = "zh_CN"
        self.addCleanup(os.environ.update, LANGUAGE="en")
        self.assertIn("直到拔下为止", self.ukey("doctor", "--offline").stdout.decode())

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
