# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey watch, remember, forget: keys that come and go, and what is known without them."""

import datetime
import json
import os
import re
import signal
import subprocess
import time
import unittest

from rig_case import PIN, RigCase
from ukey_case import FILE, NO_KEY, UKEY, UNIT, USAGE

SOON = 2.0


class Watching:
    """ukey watch --json in the background; events as they come."""

    def __init__(self, case):
        self.process = subprocess.Popen([UKEY, "watch", "--json"], stdout=subprocess.PIPE,
                                        env=case.environment("en"))
        os.set_blocking(self.process.stdout.fileno(), False)
        self.rest = b""
        self.events = []
        case.addCleanup(self.end)

    def poll(self):
        self.rest += self.process.stdout.read() or b""
        *lines, self.rest = self.rest.split(b"\n")
        self.events += [json.loads(line) for line in lines]

    def wait_for(self, event, seconds=SOON, **members):
        end = time.monotonic() + seconds
        while True:
            self.poll()
            for at, found in enumerate(self.events):
                if found["event"] == event and all(found.get(name) == value
                                                   for name, value in members.items()):
                    del self.events[:at + 1]
                    return found
            if time.monotonic() > end:
                raise AssertionError("no %s %s in %s" % (event, members, self.events))
            time.sleep(0.02)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(10)


class Watch(RigCase):
    readers = 2

    def setUp(self):
        super().setUp()
        os.environ["XDG_DATA_HOME"] = self.box + "/data"
        self.addCleanup(os.environ.pop, "XDG_DATA_HOME")

    def remembered(self):
        return self.ukey("list", "--remembered", "--json").json()

    def test_events(self):
        watching = Watching(self)
        watching.wait_for("state", state="empty", seconds=10)
        self.provision("--default-pin", "no")
        plugged = watching.wait_for("plugged", serial="T1")
        self.assertEqual(plugged["title"], UNIT)
        self.assertEqual(plugged["user_pin"]["left"], 10)
        self.assertFalse(plugged["first_pin"])
        self.assertEqual([cert["status"] for cert in plugged["certificates"]], ["ends-soon"])
        self.pull()
        watching.wait_for("pulled", serial="T1")
        watching.wait_for("state", state="empty")
        self.assertEqual(watching.end(), 0)

    def test_text_in_both_languages_and_an_end(self):
        self.provision("--default-pin", "yes")
        out = self.ukey("watch", "--seconds", "2").out
        self.assertRegex(out, r"\d\d:\d\d:\d\d Plugged in: %s \(…T1\)" % UNIT)
        self.assertIn("Expires soon", out)
        self.assertIn("ukey pin change", out)
        out = self.ukey("watch", "--seconds", "2", language="zh_CN").out
        self.assertIn("已插入", out)
        self.assertIn("即将到期", out)
        self.ukey("watch", "now", code=USAGE)

    def test_remember_and_forget(self):
        self.assertEqual(self.remembered(), [])
        self.ukey("remember", code=NO_KEY)
        self.provision()
        self.assertIn(UNIT, self.ukey("remember", "--nickname", "公积金专用").out)
        self.pull()
        row = self.remembered()[0]
        self.assertEqual((row["unit"], row["nickname"], row["serial_end"], row["status"]),
                         (UNIT, "公积金专用", "T1", "ends-soon"))
        self.assertIn(row["days_left"], (29, 30))
        text = self.ukey("list", "--remembered").out
        self.assertIn("公积金专用", text)
        self.assertIn(UNIT, text)
        # only what is public: neither PIN nor key
        kept = self.read("data/openukey/remembered.json").decode()
        self.assertNotIn(PIN, kept)
        self.assertNotIn("PRIVATE", kept)
        self.plug("key")
        watching = Watching(self)
        self.assertEqual(watching.wait_for("plugged", seconds=10)["nickname"], "公积金专用")
        watching.end()
        self.ukey("forget", "nobody", code=NO_KEY)
        self.ukey("forget", code=USAGE)
        self.ukey("forget", "公积金专用")
        self.assertEqual(self.remembered(), [])
        self.ukey("remember")
        self.ukey("forget", "--all")
        self.assertEqual(self.remembered(), [])
        self.assertNotIn("公积金", self.read("data/openukey/remembered.json").decode())

    def test_a_damaged_file_is_kept_and_told(self):
        self.provision()
        self.ukey("remember")
        path = "data/openukey/remembered.json"
        self.write(path, self.read(path).decode()[:100])
        done = self.ukey("list", "--remembered", "--json")
        self.assertEqual(done.json(), [])
        aside = re.search(r"kept as (\S+\.damaged-\S+)\.\n", done.err).group(1)
        self.assertEqual(len(self.read(aside)), 100)
        self.assertEqual(self.ukey("list", "--remembered").err, "")

    def test_calendar(self):
        self.provision()
        self.ukey("export", "--calendar", "--out", "end.ics")
        not_after = self.ukey("list", "--json").json()[0]["certificates"][0]["not_after"]
        text = self.read("end.ics").decode()
        self.assertIn("DTSTART:" + re.sub(r"[-:]", "", not_after) + "\r\n", text)
        self.ukey("export", "--calendar", "--out", "end.ics", code=FILE)
        try:
            import icalendar
        except ImportError:
            self.skipTest("python3-icalendar is not installed")
        event, = icalendar.Calendar.from_ical(text).walk("VEVENT")
        self.assertEqual(event.decoded("dtstart"), datetime.datetime.fromisoformat(
            not_after.replace("Z", "+00:00")))
        self.assertIn(UNIT, str(event["summary"]))
        alarms = [alarm.decoded("trigger").days for alarm in event.walk("VALARM")]
        self.assertEqual(alarms, [-30, -7, -1])


if __name__ == "__main__":
    unittest.main()
