# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages and programs that mean no good: the bridge stays alive, and nothing is signed."""

import json
import os
import pwd
import signal
import struct
import subprocess
import sys
import unittest

from bridge_case import LATE, PIN, SITE, BridgeCase, Error, Link, Page
import processes
from processes import wait_for


def memory(pid, name="Pss"):
    """KiB that are a process's own, as the kernel counts."""
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name + ":"))


def sanitized(pid):
    """Sanitizers have memory of their own."""
    with open("/proc/%d/maps" % pid, encoding="utf-8", errors="replace") as file:
        maps = file.read()
    return any(word in maps for word in ("libasan", "libtsan", "libclang_rt"))


class FrameTest(BridgeCase):
    def frame(self, text):
        return struct.pack("=I", len(text)) + text

    def test_frames_that_are_none_end_the_connection_only(self):
        bad = (struct.pack("=I", 2 * 1024 * 1024 + 1) + b"x", struct.pack("=I", 0),
               self.frame(b"not json"), self.frame(b"[1]"), self.frame(b"\xff\xfe{}"),
               self.frame(b'{"call":"SOF_Login"}'), self.frame(b"{" * 5000),
               self.frame(b'{"id":1.5,"hello":1}'), self.frame(b'{"id":-1,"hello":1}'))
        for frame in bad:
            link = Link(self.room, forged=True)
            link.raw(frame)
            self.assertTrue(link.closed(), frame[:40])
            link.close()
        good = self.link()
        self.assertEqual(good.ask(hello=1, version="1", browser="firefox")["protocol"], 1)
        self.assertTrue(self.room.events("refused"))

    def test_forms_that_are_wrong_are_told(self):
        link = self.link()
        for members in ({"open": 1}, {"open": "1", "family": "bjca", "origin": SITE},
                        {"open": 1, "family": "nobody", "origin": SITE},
                        {"open": 1, "family": "bjca", "origin": SITE, "top": 7},
                        {"page": 99, "call": "SOF_Login", "args": []},
                        {"page": 99, "call": "SOF_Login"}, {"page": 99, "call": 1, "args": {}}):
            with self.assertRaises(Error) as caught:
                link.ask(**members)
            self.assertEqual(caught.exception.code, "PAGE_ARGUMENT", members)
        page = Page(link)
        with self.assertRaises(Error):
            link.ask(open=page.number, family="bjca", origin=SITE)  # a number in use
        self.assertEqual(page.refused("sof_getversion"), "PAGE_UNKNOWN")
        for args in ([{}], [[]], [None] * 40, ["x" * 1000000]):
            try:
                page.call("SOF_Login", *args)
            except Error as error:
                self.assertTrue(error.code)

    def test_in_pieces_and_many_at_once(self):
        link = self.link()
        frame = self.frame(json.dumps({"id": 77, "hello": 1}).encode())
        for byte in frame:
            link.raw(bytes([byte]))
        self.assertEqual(link.wait(77)["protocol"], 1)
        link.raw(b"".join(self.frame(json.dumps({"id": 100 + n, "hello": 1}).encode())
                          for n in range(300)))
        for number in range(300):
            link.wait(100 + number)


class FloodTest(BridgeCase):
    def test_a_thousand_calls_are_bounded(self):
        self.plug()
        page = self.page()
        self.assertIn("TEST0001", page.call("SOF_GetUserList"))
        calls = [page.send("SOF_GetVersion" if n % 2 else "SOF_GetUserList")
                 for n in range(1000)]
        calls += [page.send("SOF_SignData", "Unit/TEST0001", "x") for n in range(200)]
        ends = {}
        for call in calls:
            try:
                page.link.wait(call)
                code = "ok"
            except Error as error:
                code = error.code
            ends[code] = ends.get(code, 0) + 1
        self.assertGreater(ends.get("PAGE_BUSY", 0), 500, ends)
        self.assertEqual(sum(ends.values()), 1200)
        self.assertLessEqual(len(self.room.events("sign")), 64)
        self.assertLess(len(self.room.events("refused")), 100)  # the disk is not filled
        # others are served meanwhile
        self.assertTrue(self.page(origin="https://quiet.example").call("SOF_GetVersion"))

    def test_two_hundred_pages(self):
        self.plug()
        link = self.link()
        pages = [Page(link) for _ in range(200)]
        listed = [page.send("SOF_GetUserList") for page in pages]
        for call in listed:
            self.assertIn("TEST0001", link.wait(call))
        self.assertEqual(len(self.room.asked()), 1)
        self.assertEqual(len(self.room.control("status")["pages"]), 200)
        logins = [page.send("SOF_Login", "Unit/TEST0001", "1") for page in pages[:20]]
        for call in logins:
            try:
                link.wait(call)
            except Error as error:
                self.assertEqual(error.code, "PAGE_BUSY")
        self.assertGreater(len(self.room.sessions()), 10)
        link.close()
        wait_for(lambda: not self.room.control("status")["pages"], "no pages", LATE)
        wait_for(lambda: not self.room.sessions(), "no sessions", LATE)
        if not sanitized(self.room.bridge.pid):
            self.assertLess(memory(self.room.bridge.pid), 40 * 1024)

    def test_idle_it_is_small(self):
        wait_for(lambda: self.room.control("status"), "an answer", LATE)
        if sanitized(self.room.bridge.pid):
            self.skipTest("a sanitizer has memory of its own")
        self.assertLess(memory(self.room.bridge.pid), 20 * 1024)


class StrangerTest(BridgeCase):
    def test_a_program_is_named_and_what_it_may_holds_for_itself(self):
        self.plug()
        self.assertIn("TEST0001", self.page().call("SOF_GetUserList"))
        self.room.rules(question="no")
        forged = Page(self.link(forged=True))
        self.assertEqual(forged.refused("SOF_SignData", "Unit/TEST0001", "x"), "PAGE_SITE")
        asked = self.room.asked()[-1]
        self.assertIn(os.path.realpath(sys.executable), asked["asker"])
        self.assertEqual(self.room.events("sign"), [])

    def test_another_user_is_not_answered(self):
        if os.geteuid() != 0:
            self.skipTest("only root can be somebody else")
        nobody = pwd.getpwnam("nobody")
        path = self.room.path("run", "openukey", "bridge.sock")
        for name in (self.room.dir, self.room.path("run"), self.room.path("run", "openukey")):
            os.chmod(name, 0o755)
        os.chmod(path, 0o777)
        script = ("import os, socket, sys\n"
                  "os.setgid(%d); os.setuid(%d)\n"
                  "link = socket.socket(socket.AF_UNIX)\n"
                  "link.settimeout(%d)\n"
                  "link.connect(%r)\n"
                  "sys.exit(0 if link.recv(1) == b'' else 1)\n"
                  % (nobody.pw_gid, nobody.pw_uid, LATE, path))
        done = subprocess.run(["/usr/bin/python3", "-c", script], stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        self.assertEqual([line["function"] for line in self.room.events("refused")],
                         ["connection"])

    def test_a_second_bridge_of_the_user_ends_at_once(self):
        out, code = self.room.run(os.environ["OPENUKEY_BRIDGE"], "--ports", "0,0,0,0")
        self.assertEqual(code, 1, out)
        self.assertTrue(self.room.control("status"))

    def test_what_the_dead_left_is_no_hindrance(self):
        self.room.bridge.kill()
        self.room.bridge.wait(LATE)
        self.room.start_bridge()
        self.assertTrue(self.room.control("status"))


class StartTest(BridgeCase):
    def test_the_relay_starts_a_bridge_where_none_runs(self):
        if os.geteuid() != 0:
            self.skipTest("the ports of this computer are not a test's to take")
        self.room.stop_bridge()
        link = Link(self.room, wrapper=["unshare", "-n"])
        self.addCleanup(self.room.start_bridge)
        self.assertEqual(link.ask(hello=1)["protocol"], 1)
        self.assertEqual(self.room.control("status")["pages"], [])
        link.close()
        self.assertTrue(self.room.control("status"))  # it outlives the browser
        started = [pid for pid in processes.descendants() if self.is_bridge(pid)]
        self.assertEqual(len(started), 1)
        os.kill(started[0], signal.SIGTERM)
        wait_for(lambda: started[0] not in processes.descendants(), "the end of the bridge", LATE)

    @staticmethod
    def is_bridge(pid):
        with open("/proc/%d/cmdline" % pid, "rb") as file:
            words = file.read().split(b"\0")
        return words[0].endswith(b"openukey-bridge") and b"--native-messaging" not in words


class JournalTest(BridgeCase):
    def test_an_altered_line_is_named(self):
        self.plug()
        page = self.page()
        page.call("SOF_GetUserList")
        page.call("SOF_Login", "Unit/TEST0001", PIN)
        for number in range(3):
            page.call("SOF_SignData", "Unit/TEST0001", "text %d" % number)
        code, out = self.room.ukey("bridge", "journal", "--verify")
        self.assertEqual(code, 0, out)
        path = self.room.path("home", ".local", "state", "openukey", "journal")
        with open(path, encoding="utf-8") as file:
            lines = file.readlines()
        at = len(lines) - 3
        changes = {
            "altered": lines[:at] + [lines[at].replace("hall.example", "hull.example")] +
            lines[at + 1:],
            "taken out": lines[:at] + lines[at + 1:],
            "put in twice": lines[:at + 1] + lines[at:],
            "changed about": lines[:at] + [lines[at + 1], lines[at]] + lines[at + 2:],
            "cut": lines[:-1] + [lines[-1][:40]],
        }
        for what, changed in changes.items():
            with open(path, "w", encoding="utf-8") as file:
                file.writelines(changed)
            code, out = self.room.ukey("bridge", "journal", "--verify")
            self.assertEqual(code, 5, what)
            wrong = {"put in twice": at + 2, "cut": len(lines)}.get(what, at + 1)
            self.assertIn("(%d)" % wrong, out, what)
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(lines)
        copy = self.room.path("copy")
        self.assertEqual(self.room.ukey("bridge", "journal", "--export", copy)[0], 0)
        with open(copy, encoding="utf-8") as file:
            self.assertEqual(file.readlines(), lines)
        self.assertNotIn("text 1", "".join(lines))
        # a power cut in the middle of a line: the next bridge goes on behind the one before
        self.room.stop_bridge()
        with open(path, "a", encoding="utf-8") as file:
            file.write('{"n":')
        self.room.start_bridge()
        page = self.page()
        page.refused("SOF_WriteFile", "x")
        self.assertEqual(self.room.ukey("bridge", "journal", "--verify")[0], 0)


if __name__ == "__main__":
    unittest.main()
