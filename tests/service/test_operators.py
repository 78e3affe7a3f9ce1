#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is an operator: the signed list, its ceremonies, and what each role may sign."""
import json
import unittest
from pathlib import Path

from operator_list import OperatorList
from unlock_case import CONTACT, UnlockCase, enrol_body

MODEL = "OpenUKey Virtual V0"


class Operators(UnlockCase):
    def setUp(self):
        super().setUp()
        self.list = OperatorList(self.folder, f"{self.folder}/operators/operators",
                                 lambda body, name: self.approve(body, name)[0]["signature"])
        self.number = 0

    def enrolled(self, *names):
        """Whether openukey-unlockd takes those people's word; it runs all the time."""
        self.number += 1
        sn = f"SN{self.number:04}"
        body = enrol_body(f"enrol {MODEL}", sn, 1, CONTACT)
        answer = self.ask("enrol", sn=sn, model=MODEL, master=1, contact=CONTACT,
                          approvals=self.approve(body, *names))
        self.assertIn(answer, ({}, {"error": "proof"}))
        return answer == {}

    def test_the_list_counts_alone_once_it_has_begun(self):
        self.assertTrue(self.enrolled("wang", "zhao"))  # keys in a folder
        self.list.begin()
        self.assertTrue(self.enrolled("wang", "zhao"))
        self.list.key("mei")
        self.list.act("add", f"mei={self.list.public('mei')}", roles="officer,reviewer", days=365)
        self.assertTrue(self.enrolled("mei", "zhao"))
        self.assertFalse(self.enrolled("qian", "zhao"))
        self.assertFalse(self.enrolled("wang"))
        self.assertFalse(self.enrolled("wang", "wang"))

    def test_each_role_signs_what_is_its_own(self):
        self.list.begin(roles="officer")
        for name, roles in (("mei", "reviewer"), ("tao", "counter"), ("sun", "hotline"), ("he", "auditor")):
            self.list.key(name)
            self.list.add(name, roles)
        self.assertTrue(self.enrolled("mei", "tao"))
        for pair in (("wang", "zhao"), ("mei", "wang"), ("mei", "sun"), ("tao", "he")):
            self.assertFalse(self.enrolled(*pair), pair)
        self.list.key("yu")
        for pair in (("mei", "tao"), ("wang", "mei"), ("wang",), ("sun", "he")):
            self.list.act("add", f"yu={self.list.public('yu')}", roles="reviewer", days=1, signers=pair,
                          code=1)

    def test_a_lost_key_is_stopped_by_one_and_never_comes_back(self):
        self.list.begin()
        self.list.key("mei")
        self.list.add("mei", "officer,reviewer")
        self.assertTrue(self.enrolled("mei", "wang"))
        self.list.act("lost", "mei", signers=("zhao",))
        self.assertFalse(self.enrolled("mei", "wang"))
        self.list.act("add", f"mei={self.list.public('mei')}", roles="reviewer", days=9, code=1)
        self.list.act("add", f"tao={self.list.public('mei')}", roles="reviewer", days=9, code=1)
        self.list.key("mei")  # a new one for the same person
        self.list.add("mei", "reviewer")
        self.assertTrue(self.enrolled("mei", "wang"))
        self.assertIn("gone", self.list.certadm("list"))

    def test_two_officers_stay(self):
        self.list.begin()
        self.list.act("remove", "zhao", code=1)
        self.list.key("mei")
        self.list.add("mei", "officer,reviewer")
        self.list.act("remove", "zhao", signers=("wang", "mei"))
        self.assertFalse(self.enrolled("zhao", "wang"))
        self.assertTrue(self.enrolled("mei", "wang"))
        self.list.paper("remove", "nobody", code=1)

    def test_one_person_is_one_key_and_one_name(self):
        paper = self.list.paper("begin", *[f"{name}={self.list.public('wang')}" for name in ("wang", "zhao")],
                                roles="officer", days=9)
        self.list.take(paper, "wang", "zhao", code=1)
        paper = self.list.paper("begin", f"wang={self.list.public('wang')}", f"zhao={self.list.public('zhao')}",
                                roles="officer,reviewer", days=9)
        self.list.take(paper, "wang", code=1)  # one founder alone
        self.list.take(paper, "wang", "zhao")
        self.list.key("mei")
        self.list.act("add", f"wang={self.list.public('mei')}", roles="reviewer", days=9, code=1)
        self.list.act("add", f"mei={self.list.public('wang')}", roles="reviewer", days=9, code=1)

    def test_a_list_that_was_touched_makes_nobody_an_operator(self):
        self.list.begin()
        self.list.key("mei")
        self.list.add("mei", "reviewer")
        path = Path(self.list.path)
        lines = path.read_text().splitlines()
        third = json.loads(lines[2])

        def changed(**more):
            return [*lines[:2], json.dumps({**third, **more}, separators=(",", ":"))]
        for wrong in (lines[1:], [lines[1], lines[0], lines[2]], lines[:1], [*lines, lines[2]], [],
                      changed(body=third["body"].replace("roles=reviewer", "roles=officer,reviewer")),
                      changed(approvals=third["approvals"][:1]), changed(approvals=[]),
                      changed(approvals=third["approvals"][:1] * 2), changed(key="00"),
                      changed(body=third["body"] + "x=1\n"), [*lines, "not json"]):
            path.write_text("".join(f"{line}\n" for line in wrong))
            self.assertFalse(self.enrolled("wang", "zhao"), wrong)
        path.write_text("".join(f"{line}\n" for line in lines))
        self.assertTrue(self.enrolled("wang", "mei"))

    def test_other_founders_are_not_believed(self):
        self.list.begin()
        begun = [line.split()[1] for line in self.list.certadm("list").splitlines()
                 if line.startswith("begun")][0]
        self.end()
        where = f"{self.list.path}#{begun}"
        self.start("--operators", where)
        self.assertTrue(self.enrolled("wang", "zhao"))
        Path(self.list.path).unlink()
        self.assertFalse(self.enrolled("wang", "zhao"))
        for name in ("wang", "zhao"):
            self.list.key(name)
        self.list.begin()
        self.assertFalse(self.enrolled("wang", "zhao"))

    def test_time_is_up_for_an_operator(self):
        self.list.begin()
        self.list.key("mei")
        self.list.add("mei", "officer,reviewer", days=0)  # without end
        self.assertTrue(self.enrolled("mei", "wang"))
        # A day has to pass for the shortest time: the line is made with an end in the past instead.
        path = self.list.paper("add", f"mei={self.list.public('mei')}", roles="reviewer", days=1)
        paper = json.loads(path.read_text())
        lines = dict(line.split("=", 1) for line in paper["items"][0]["body"].splitlines()[1:])
        paper["items"][0]["body"] = paper["items"][0]["body"].replace(
            f"from={lines['from']}\nuntil={lines['until']}", "from=1000\nuntil=2000")
        path.write_text(json.dumps(paper))
        self.list.take(path, "wang", "zhao")
        self.assertFalse(self.enrolled("mei", "wang"))
        self.assertIn("expired", self.list.certadm("list"))


if __name__ == "__main__":
    unittest.main()
