# SPDX-License-Identifier: LGPL-2.1-or-later
"""The journal and the key at work beside each other: what is written when, and what remains of it
when something ends in between."""

import os
import subprocess
import unittest

from bridge_case import LATE, PIN, SITE, BridgeCase, Error
from processes import wait_for

NAME = "Unit/TEST0001"
SLOW = "20000" # ms: what is done meanwhile is done in time on any computer


class JournalCase(BridgeCase):
    def ready(self, origin=SITE):
        """A page that is logged in."""
        page = self.page(origin=origin)
        page.call("SOF_GetUserList")
        self.assertEqual(page.call("SOF_Login", NAME, PIN), "true")
        return page

    def lines(self):
        return self.room.journal()[self.room.lines_before:]

    def wait_begun(self):
        """Until a signature is begun; its line."""
        def look():
            lines = self.lines()
            return lines[-1] if lines and lines[-1]["result"] == "begun" else None
        return wait_for(look, "a signature that is begun", LATE)

    def slow_signature(self):
        """A page, its call while the key is at work, and the line."""
        self.plug()
        page = self.ready()
        self.room.tell(0, "fault", "slow", SLOW)
        call = page.send("SOF_SignData", NAME, "text")
        return page, call, self.wait_begun()

    def error_of(self, page, call):
        with self.assertRaises(Error) as caught:
            page.link.wait(call)
        return caught.exception.code

    def shown(self):
        """The last thing that people are told."""
        code, out = self.room.ukey("bridge", "journal")
        self.assertEqual(code, 0, out)
        return out.splitlines()[-1]

    def assert_whole(self):
        code, out = self.room.ukey("bridge", "journal", "--verify")
        self.assertEqual(code, 0, out)

    def limit(self, size):
        subprocess.run(["prlimit", "--pid", str(self.room.bridge.pid), "--fsize=%s:unlimited" % size],
                       check=True)


class LinesTest(JournalCase):
    def test_a_signature_is_a_line_before_and_one_behind(self):
        self.plug()
        sites = ["https://%s.example" % name for name in ("one", "two", "three")]
        pages = [self.ready(site) for site in sites]
        calls = [(page, page.send("SOF_SignData", NAME, "text %d" % number))
                 for number in range(4) for page in pages]
        for page, call in calls:
            self.assertTrue(page.link.wait(call))
        begun = {line["n"]: line for line in self.lines() if line["result"] == "begun"}
        ended = [line for line in self.lines() if "begun" in line]
        self.assertEqual((len(begun), len(ended)), (12, 12))
        self.assertEqual({line["begun"] for line in ended}, set(begun))
        for line in ended:
            first = begun[line["begun"]]
            self.assertLess(first["n"], line["n"])
            self.assertEqual(line["result"], "ok")
            for member in ("event", "origin", "function", "key", "cert", "program"):
                self.assertEqual(first[member], line[member])
        self.assert_whole()
        code, out = self.room.ukey("bridge", "journal")
        shown = [line for line in out.splitlines() if " sign " in line][-12:]
        self.assertEqual((code, [line.split()[2] for line in shown]), (0, ["ok"] * 12), out)

    def test_a_bridge_that_dies_while_the_key_works(self):
        _, _, begun = self.slow_signature()
        self.room.bridge.kill()
        self.room.bridge.wait(LATE)
        self.room.pull(0)
        self.assertEqual(self.lines()[-1], begun)
        self.room.start_bridge()
        self.assert_whole()
        self.assertIn("outcome not recorded", self.shown())
        self.plug()
        self.assertTrue(self.ready().call("SOF_SignData", NAME, "again"))
        self.assert_whole()
        code, out = self.room.ukey("bridge", "journal")
        self.assertEqual((code, out.count("outcome not recorded")), (0, 1), out)

    def test_a_key_that_fails_at_it(self):
        page, call, begun = self.slow_signature()
        self.room.pull(0)
        code = self.error_of(page, call)
        ended = self.room.events("sign")[-1]
        self.assertEqual((ended["begun"], ended["result"]), (begun["n"], code))
        self.assertNotIn("outcome", self.shown())
        self.assert_whole()

    def test_a_disk_that_fills_up(self):
        self.plug()
        page = self.ready()
        before = self.lines()
        self.limit(1)
        self.assertEqual(page.refused("SOF_SignData", NAME, "x"), "FILE_WRITE")
        self.assertEqual(self.lines(), before)
        self.limit("unlimited")
        self.assertTrue(page.call("SOF_SignData", NAME, "x"))
        self.assert_whole()
        # ... while the key works: then nobody says how it ended, and the page does not have it
        self.room.tell(0, "fault", "slow", "2000")
        call = page.send("SOF_SignData", NAME, "text")
        begun = self.wait_begun()
        self.limit(1)
        self.room.tell(0, "fault", "clear")
        self.assertEqual(self.error_of(page, call), "FILE_WRITE")
        self.assertEqual(self.lines()[-1], begun)
        self.limit("unlimited")
        self.assertIn("outcome not recorded", self.shown())
        self.assert_whole()


@unittest.skipIf(os.environ.get("OPENUKEY_TEST_PRELOAD"), "a sanitizer's runtime must be first")
class DiskTest(JournalCase):
    """With a disk that does as the test says."""

    def setUp(self):
        env = self.room.env
        os.makedirs(self.room.path("disk"), exist_ok=True)
        env["SLOW_DISK"] = self.room.path("disk")
        asan = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0")))
        env.update(LD_PRELOAD=os.environ["OPENUKEY_SLOW_DISK"], ASAN_OPTIONS=asan)
        try:
            super().setUp()
        finally:
            del env["LD_PRELOAD"]
        self.addCleanup(self.disk, "hold", False)
        self.addCleanup(self.disk, "fail", False)

    def disk(self, what, on):
        path = self.room.path("disk", what)
        if on:
            with open(path, "w", encoding="ascii"):
                pass
        elif os.path.exists(path):
            os.unlink(path)

    def test_the_answer_waits_for_the_disk_and_the_key_does_not(self):
        self.plug()
        pages = [self.ready("https://%s.example" % name) for name in ("one", "two", "three")]
        self.disk("hold", True)
        calls = [page.send("SOF_SignData", NAME, "text") for page in pages]
        # each has had the key, which is free for the next while the disk is busy
        wait_for(lambda: len([line for line in self.lines() if line["result"] == "begun"]) == 3,
                 "three signatures that are begun", LATE)
        for page, call in zip(pages, calls):
            while page.link.receive(0.2): # what is pushed
                pass
            self.assertNotIn(call, page.link.answers)
        self.assertEqual([line for line in self.lines() if "begun" in line], [])
        # what needs no private key goes on, refusals too
        self.assertTrue(self.page().call("SOF_GetVersion"))
        self.assertEqual(self.page().refused("SOF_WriteFile", "x"), "PAGE_REFUSED")
        self.disk("hold", False)
        for page, call in zip(pages, calls):
            self.assertTrue(page.link.wait(call))
        self.assert_whole()

    def test_a_disk_that_fails(self):
        self.plug()
        page = self.ready()
        self.disk("hold", True)
        call = page.send("SOF_SignData", NAME, "text")
        begun = self.wait_begun()
        self.disk("fail", True)
        self.disk("hold", False)
        self.assertEqual(self.error_of(page, call), "FILE_WRITE")
        self.assertNotIn(begun, self.lines())
        self.disk("fail", False)
        self.assertTrue(page.call("SOF_SignData", NAME, "again"))
        self.assertEqual([line["result"] for line in self.room.events("sign")], ["begun", "ok"])
        self.assert_whole()


if __name__ == "__main__":
    unittest.main()
