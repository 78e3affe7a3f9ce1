#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `ukey doctor --report-key` says of keys: known ones, unknown ones, and some that mean ill."""
import json
import os
import sys
import unittest

import world
from desk import SERIAL, UNIT, DeskCase, set_up
from world import read, write

SYS = "/sys/bus/usb/devices/"
NOBODY = 65534
HID = (bytes([18, 1, 0, 2, 0, 0, 0, 64]) + bytes.fromhex("5c0518e6") + bytes([0, 1, 1, 2, 3, 1]) +
       bytes([9, 2, 34, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 1, 3, 0, 0, 4]) +
       bytes([9, 0x21, 0x11, 1, 0, 1, 0x22, 34, 0, 7, 5, 0x82, 3, 64, 0, 1]))
REPORT = bytes.fromhex("06a0ff0901a101c0")


def setUpModule():
    os.umask(0o022)  # the kernel's files are anybody's to read
    set_up()


class KeyReports(DeskCase):
    def device(self, name="1-7", ids=("055c", "0001"), descriptors=HID, **texts):
        """A HID device that no driver of ours knows, as the kernel shows it."""
        folder, interface = SYS + name, SYS + name + ":1.0"
        for path in (folder, interface):
            self.addCleanup(world.shutil.rmtree, path, ignore_errors=True)
        write(folder + "/idVendor", ids[0] + "\n")
        write(folder + "/idProduct", ids[1] + "\n")
        write(folder + "/descriptors", descriptors)
        for text, value in texts.items():
            write(folder + "/" + text, value)
        write(interface + "/bInterfaceClass", "03\n")
        write(interface + "/0003:055C:0001.0001/report_descriptor", REPORT)
        os.symlink("../../../../bus/usb/drivers/usbhid", interface + "/driver")
        os.symlink("..", interface + "/loop")

    def report(self, *args, **how):
        done = self.ukey("doctor", "--report-key", "-", *args, **how)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        out = done.stdout.decode()
        self.assertNotRegex(out, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
        return out

    def json(self, *args, **how):
        return json.loads(self.report("--json", *args, **how))

    def test_a_known_key_is_described_without_a_word_about_its_owner(self):
        self.desk()
        write(SYS + "1-1/serial", SERIAL + "\n")
        for args in ((), ("--json",)):
            report = self.report(*args)
            for private in (SERIAL, SERIAL[-6:], UNIT, "VIRTUAL00", "MII", "/run/"):
                self.assertNotIn(private, report)
            for useful in ("1209", "…" + SERIAL[-4:], "OpenUKey-Rehearsal", "OpenUKey Virtual V0",
                           "3B", "(…)"):
                self.assertIn(useful, report)
        said = self.json()
        self.assertEqual(said["keys"][0]["containers"][0]["name"], "Unit")
        full = self.json("--with-serial")
        self.assertEqual(full["devices"][0]["serial"], SERIAL)
        self.assertIn("VIRTUAL00", full["readers"][0]["name"])

    def test_a_key_that_no_driver_knows_is_described_for_anybody(self):
        self.device(serial="SN-0123456789\n", product="eP\u200bass\n", manufacturer="Maker\n")
        said = self.json(user=NOBODY)  # and no service runs
        device = said["devices"][0]
        self.assertEqual((device["vendor"], device["product"]), ("055c", "0001"))
        self.assertNotIn("known_as", device)
        self.assertEqual(device["serial"], "…6789")
        self.assertEqual(device["interfaces"][0]["driver"], "usbhid")
        self.assertEqual(device["interfaces"][0]["hid_report_descriptor"], REPORT.hex())
        kinds = [row["descriptor"] for row in device["descriptors"]]
        self.assertEqual(kinds, ["device", "configuration", "interface", "other", "endpoint"])
        self.assertEqual(device["descriptors"][4]["address"], "82")
        self.assertEqual((said["readers"], said["keys"]), ([], []))

    def device_of_somebody_else(self):
        self.device("1-8", ("1111", "2222"))

    def test_other_devices_are_left_out_unless_they_are_named(self):
        self.device()
        self.device_of_somebody_else()
        self.assertEqual([row["vendor"] for row in self.json()["devices"]], ["055c"])
        named = self.json("--device", "1111:2222")["devices"]
        self.assertEqual([row["vendor"] for row in named], ["1111"])
        for wrong in ("1111:3333", "1111", "x:y", "11111:2222", ":"):
            done = self.ukey("doctor", "--report-key", "-", "--device", wrong)
            self.assertNotEqual(done.returncode, 0, wrong)
            self.assertEqual(done.stdout, b"")

    def test_nothing_is_saved_unless_it_was_shown_and_agreed_to(self):
        self.device()
        done = self.ukey("doctor", "--report-key", "key.txt")
        self.assertIn(b"NOT_CONFIRMED", done.stderr)
        self.assertIsNone(read("key.txt"))
        for name, args in (("key.txt", ()), ("key.json", ("--json",))):
            self.addCleanup(os.remove, name)
            done = self.ukey("doctor", "--report-key", name, "--yes", *args)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(read(name), done.stdout)

    def test_it_speaks_chinese(self):
        self.device(manufacturer="Maker\n")
        os.environ["LANGUAGE"] = "zh_CN"
        self.addCleanup(os.environ.update, LANGUAGE="en")
        self.assertIn("制造商 Maker", self.report())

    def test_devices_that_mean_ill_are_described_all_the_same(self):
        texts = {"product": b"\x1b]0;x\x07\x9b\xff\xfe\xe2\x80\xae" + b"A" * 100000,
                 "manufacturer": b"\"}],\n{\"x\":\\", "serial": b"\n\n\x00" + b"9" * 5000,
                 "speed": b"\xed\xa0\x80", "bcdDevice": b""}
        for descriptors in (b"", b"\x00", b"\x01\x01", b"\x02", b"\xff" * 70000, HID[:20],
                            b"\x12\x01", b"\x02\x04" * 5000, bytes(range(256)) * 16,
                            HID + b"\x00" * 9, b"\x07\x05\x82\x03\x40\x00\x01" * 3000):
            self.device(descriptors=descriptors, **texts)
            said = self.json()
            self.assertLess(len(said["devices"][0]["descriptors"]), 70)
            self.assertLess(len(self.report()), 60000)
            self.doCleanups()
            os.environ["LANGUAGE"] = "en"


if __name__ == "__main__":
    world.enter()
    sys.argv[0] = "test_key_report.py"
    unittest.main(verbosity=2)
