#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test_completion.py UKEY FOLDER: what bash, zsh and fish offer is what ukey takes."""
import os
import re
import shutil
import subprocess
import sys
import unittest

UKEY, FOLDER = sys.argv[1:3]
ENV = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en"}

# What bash-completion brings.
BASH = r"""
_init_completion() { cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cword=$COMP_CWORD; }
_filedir() { COMPREPLY=("FILES$1"); }
complete() { :; }
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_ukey
printf '%s\n' "${COMPREPLY[@]}"
"""
# What zsh's own system would be told.
ZSH = r"""
function _arguments { print -rl -- "$@" }
function _describe { print -rl -- ${(P)2} }
file=$1; shift
words=("$@") CURRENT=$#
function _ukey { source $file }
_ukey
"""


def run(*words):
    done = subprocess.run(words, env=ENV, stdout=subprocess.PIPE, encoding="utf-8", check=True, timeout=60)
    return done.stdout


def commands():
    return re.findall(r"^  ([a-z]+) +\S", run(UKEY, "--help").partition("Commands:\n")[2], re.M)


def options(command):
    return set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", run(UKEY, command, "--help"), re.M))


class Shells(unittest.TestCase):
    def need(self, shell):
        if shutil.which(shell) is None:
            self.skipTest(shell + " is not installed")

    def test_bash(self):
        def offered(*words):
            return run("bash", "--norc", "-c", BASH, "bash", f"{FOLDER}/ukey", "ukey", *words).split()
        self.assertEqual(set(offered("")), {*commands(), "--help", "--version"})
        for command in commands():
            self.assertEqual(set(offered(command, "--")), options(command), command)
        self.assertEqual(offered("orders", "--invo"), ["--invoice"])
        self.assertEqual(offered("orders", "--invoice", ""), ["FILES"])
        self.assertEqual(offered("browsers", "--root", ""), ["FILES-d"])
        self.assertEqual(offered("unlock", "--method", "s"), ["sms"])
        self.assertEqual(offered("init", "--alg", ""), ["sm2", "rsa"])
        self.assertEqual(offered("unlock", "--code-fd", ""), [])
        self.assertEqual(offered("apply", "re"), ["replacement", "return"])
        self.assertEqual(offered("sign", ""), ["FILES"])

    def test_fish(self):
        self.need("fish")

        def offered(line):
            told = run("fish", "--no-config", "-c", f"source {FOLDER}/ukey.fish; complete -C '{line}'")
            return {row.split("\t")[0] for row in told.splitlines() if row}
        self.assertEqual(offered("ukey "), set(commands()))
        for command in commands():
            self.assertEqual({word.rstrip("=") for word in offered(f"ukey {command} --")}, options(command),
                             command)
        self.assertEqual(offered("ukey unlock --method "), {"sms", "memo"})
        self.assertEqual(offered("ukey apply re"), {"replacement", "return"})
        self.assertEqual(offered("ukey unlock --code-fd "), set())

    def test_zsh(self):
        self.need("zsh")

        def told(*words):
            return run("zsh", "-f", "-c", ZSH, "zsh", f"{FOLDER}/_ukey", "ukey", *words).splitlines()
        self.assertEqual({row.split(":")[0] for row in told("")}, set(commands()))
        for command in commands():
            rows = [row for row in told(command, "--") if row.startswith("*--")]
            self.assertEqual({re.match(r"\*(--[\w-]+)", row).group(1) for row in rows}, options(command),
                             command)
        rows = told("apply", "")
        self.assertIn("1:word:(new|replacement|change|open|return)".replace("|", " "), rows)
        self.assertTrue(any(row.startswith("*--form=[") and row.endswith("]:file:_files") for row in rows))
        self.assertTrue(any(row.endswith("]:value:(sms memo)") for row in rows))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
