#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey init --batch: blank keys at a CA's counter, personalised with openukey-unlockd, whatever is cut
on the way; then activated by their owners with an authorization code."""
import hashlib
import json
import os
import unittest

from gm_key import pin_key
from rig_case import DEVICE_KEY, RigCase
from test_unlock_on_key import UnlockOnKey
from ukey_case import CA, REFUSED, UNIT, WRONG_PIN
from unlock_case import CONTACT, UnlockCase

LONG = os.environ.get("OPENUKEY_TEST_LONG") == "1"
NAME = "OpenUKey Virtual %s"
WRITES_MAX = 60


class Batch(RigCase, UnlockCase):
    begin, grant, unlock, command = (UnlockOnKey.begin, UnlockOnKey.grant, UnlockOnKey.unlock,
                                     UnlockOnKey.command)

    def setUp(self):
        RigCase.setUp(self)
        UnlockCase.setUp(self)
        os.environ["XDG_DATA_HOME"] = self.folder + "/home"
        self.run_ok(CA, "init", "ca", "--alg", "sm2")
        self.orders = 0

    class proxy:  # the program asks the daemon itself
        path = None

    def make_list(self, *keys):
        self.write("list.json", json.dumps({
            "master": 1, "application": "OpenUKey-Rehearsal", "container": "Unit",
            "keys": [{"sn": sn, "model": NAME % model, "unit": UNIT,
                      "contact": {**CONTACT, "phone": "138" + sn}} for sn, model in keys]}))

    def batch(self, *args, **more):
        return self.ukey("init", "--batch", "list.json", "--out", "out", "--yes", *args, **more)

    def personalise(self, **more):
        return self.batch("--unlockd", f"{self.folder}/socket", "--approvals", "approvals",
                          device_key=DEVICE_KEY, **more)

    def sign(self, *names):
        """What operators do with ukey approve."""
        self.batch("--papers", "papers")
        os.makedirs("approvals", exist_ok=True)
        for file in os.listdir("papers"):
            paper = json.loads(self.read(f"papers/{file}"))
            for name in names:
                rows = [{"body": hashlib.sha256(item["body"].encode()).hexdigest(),
                         "signature": self.approve(item["body"], name)[0]["signature"]}
                        for item in paper["items"]]
                self.write(f"approvals/{name}-{file}", json.dumps({"operator": name,
                                                                   "signatures": rows}))

    def blank(self, sn, model="V0"):
        self.plug(sn, "--serial", sn, "--label", "blank", "--model", model)

    def issue(self, sn):
        """The CA's part."""
        self.run_ok(CA, "sign", "ca", "--csr", f"out/{sn}.csr", "--out", f"out/{sn}.sign.crt")
        self.run_ok(CA, "encryption", "ca", "--for", f"out/{sn}.sign.crt", "--out-cert",
                    f"out/{sn}.enc.crt", "--out-envelope", f"out/{sn}.envelope")

    def activate(self, sn):
        """Its owner: code, new PIN."""
        self.proxy.path = f"{self.folder}/socket"
        order, grant = self.begin(sn)
        done, last, _ = self.unlock(order, grant, sn=sn)
        self.assertTrue(done, last)
        self.ukey("pin", "test", pin="brand-new-1")
        self.assertEqual(self.left("admin"), 10)
        self.assertEqual(set(self.shown_certs()), {"sign", "encrypt"})

    def test_two_keys_from_blank_to_activated(self):
        keys = (("B-0001", "V0"), ("B-0002", "V1"))
        self.make_list(*keys)
        self.sign("wang", "zhao")
        shown = self.ukey("approve", "--show", "papers/B-0001.paper.json").err
        self.assertIn("B-0001", shown)
        for sn, model in keys:
            self.blank(sn, model)
            self.personalise()
            self.assertEqual(self.ok("key", sn=sn)["state"], "active")
            self.issue(sn)
            self.batch("--import")
            self.assertNotIn(b"pin=", self.read(f"out/{sn}.state"))
            # Nobody has a PIN, and nobody can find one out.
            self.assertEqual(self.left(), 0)
            self.activate(sn)
            self.assertIn(sn, self.batch("--import").out)
            self.pull()

    def test_nothing_derived_is_left_on_the_station(self):
        self.make_list(("B-0003", "V0"))
        self.sign("wang", "zhao")
        self.blank("B-0003")
        done = self.personalise()
        admin = self.admin_pin("B-0003")
        for folder, _, files in os.walk("."):
            for name in files:
                if name != "B-0003":  # the key itself
                    data = self.read(os.path.join(folder, name))
                    self.assertNotIn(admin.encode(), data)
                    self.assertNotIn(pin_key(admin), data)
        self.assertNotIn(admin, done.out + done.err)
        self.assertEqual(os.stat("out/B-0003.state").st_mode & 0o777, 0o600)
        # The key it was bought with opens it no more.
        self.pull()
        self.plug("B-0003")
        self.ukey("pin", "test", pin="123456", code=WRONG_PIN)

    def test_one_operator_or_a_foreign_key_is_not_enough(self):
        self.make_list(("B-0004", "V0"))
        self.sign("wang", "qian")  # qian is none
        self.blank("B-0004")
        self.assertIn("SERVICE_PROOF", self.personalise(code=11).err)
        self.refused("not-found", "key", sn="B-0004")
        self.sign("zhao")
        os.unlink("approvals/qian-B-0004.paper.json")
        self.personalise()
        self.pull()
        # A key that somebody else personalised is not touched.
        self.provision("--serial", "B-0005")
        self.make_list(("B-0005", "V0"))
        self.sign("wang", "zhao")
        writes = self.writes()
        self.assertIn("NOT_BLANK", self.personalise(code=REFUSED).err)
        self.assertEqual(self.writes(), writes)

    def cut(self, write):
        """False when it was finished before it came to that write."""
        sn = f"C-{write}"
        self.make_list((sn, "V0"))
        self.sign("wang", "zhao")
        self.blank(sn)
        self.tell("fault", "write", str(write), "inside")
        self.personalise(code=None)
        if self.status()["plugged"]:
            self.pull()
            return False
        self.pull()
        self.again()
        self.plug(sn)
        self.personalise()
        self.issue(sn)
        self.batch("--import")
        self.activate(sn)
        self.pull()
        return True

    def test_cut_at_the_writes_and_run_again(self):
        writes = range(1, WRITES_MAX) if LONG else (1, 3, 9, 12)
        last = 0
        for write in writes:
            if not self.cut(write):
                break
            last = write
        self.assertGreater(last, 8)


del UnlockOnKey

if __name__ == "__main__":
    unittest.main()
