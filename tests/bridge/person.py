#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""In the place of openukey-pinentry: a person who answers by the rules in $PERSON/rules.json, and
notes every question in $PERSON/asked. What the window looks like is test_window.py's business."""

import json
import os
import socket
import sys
import time

FOLDER = os.environ["PERSON"]
FIRST_LINE = "openukey-prompt=1"
QUESTION, PIN = ("question",), ("login", "sign", "change", "test")


def note(kind, fields):
    line = json.dumps({"kind": kind, **fields}, ensure_ascii=False) + "\n"
    with open(os.path.join(FOLDER, "asked"), "a", encoding="utf-8") as file:
        file.write(line)


def rule_for(reason):
    """The next answer of a list, or the one there is; a file "hold" makes the person wait."""
    while os.path.exists(os.path.join(FOLDER, "hold")):
        time.sleep(0.02)
    path = os.path.join(FOLDER, "rules.json")
    with open(path, encoding="utf-8") as file:
        rules = json.load(file)
    rule = rules.get(reason, "no")
    if isinstance(rule, list):
        rule, rules[reason] = rule[0], rule[1:] or rule[0]
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.rename(path + ".new", path)
    return rule


def answer(reason, rule):
    if rule == "no":
        return b"\1"
    if rule == "never":
        return b"\2"
    if reason in QUESTION:
        return bytes([0, rule if isinstance(rule, int) else 0])
    pins = rule if isinstance(rule, list) else [rule]
    return b"\0" + b"".join(bytes([len(pin)]) + pin.encode() for pin in pins)


def main():
    room = socket.socket(fileno=int(sys.argv[sys.argv.index("--fd") + 1]))
    while True:
        message = room.recv(16385)
        if not message:
            return
        lines = message.decode().splitlines()
        assert lines[0] == FIRST_LINE, message
        fields = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
        if "outcome" in fields:
            note("told", fields)
            continue
        note("asked", fields)
        room.send(answer(fields["reason"], rule_for(fields["reason"])))


main()
