#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make-completion.py UKEY bash|zsh|fish: the shell's completion of ukey(1), out of what ukey --help says."""
import os
import re
import subprocess
import sys

COMMAND = re.compile(r"^  ([a-z]+) +(\S.*)$")
OPTION = re.compile(r"^  (?:-(\w), )?--([\w-]+)(?:=(\S+))?(?: {2,}(.*))?$")
WORDS = re.compile(r"^\[?([a-z]+(?:\|[a-z]+)+)\]?$")
EITHER = re.compile(r"^(\w+) or (\w+)$")
HEAD = "SPDX-License-Identifier: LGPL-2.1-or-later\n# %s completion of ukey(1), made by make-completion.py\n"


class Option:
    """value: None, "" (something that cannot be guessed), "FILE", "DIR", or a list of words."""

    def __init__(self, name, value, about):
        self.name, self.about, self.value = name, about, None
        if value is None:
            return
        either = EITHER.match(about)
        self.value = (value if value in ("FILE", "DIR") else value.split("|") if WORDS.match(value)
                      else list(either.groups()) if either else "")


class Command:
    def __init__(self, name, about, text):
        self.name, self.about = name, about
        usage = re.search(r"^  ukey %s(?: \[OPTION…\])?(?: (.*))?$" % name, text, re.M)
        spec = (usage.group(1) or "").split()
        words = WORDS.match(spec[0]) if spec else None
        self.words = words.group(1).split("|") if words else []
        self.files = any("FILE" in part for part in spec)
        found = (OPTION.match(line) for line in text.splitlines())
        self.options = [Option(*hit.group(2, 3), hit.group(4) or "") for hit in found if hit]


def said(*words):
    env = {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": "en", "OPENUKEY_LOCALEDIR": "/nonexistent",
           "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([*words, "--help"], env=env, check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout


def read(ukey):
    rows = (COMMAND.match(line) for line in said(ukey).partition("Commands:\n")[2].splitlines())
    commands = [Command(*row.groups(), said(ukey, row.group(1))) for row in rows if row]
    assert len(commands) > 10 and all(command.options for command in commands), "ukey --help"
    return commands


def quoted(text, mark="'"):
    return "'%s'" % text.replace("\\", "\\\\" if mark == "\\'" else "\\").replace("'", mark)


# ---- bash ----

BASH = r"""
_ukey() {
	# shellcheck disable=SC2034 # set by _init_completion
	local cur prev words cword
	local command=${COMP_WORDS[1]-} choice

	_init_completion || return
	if [ "$cword" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_ukey_commands) --help --version" -- "$cur")
		return
	fi
	choice=$(_ukey_value "$command" "$prev")
	case $choice in
	-) return ;;
	FILE) _filedir; return ;;
	DIR) _filedir -d; return ;;
	?*) mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$cur"); return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_ukey_options "$command")" -- "$cur")
		return
	fi
	choice=$(_ukey_argument "$command")
	if [ "$choice" = FILE ]; then
		_filedir
	else
		mapfile -t COMPREPLY < <(compgen -W "$choice" -- "$cur")
	fi
}

complete -F _ukey ukey"""


def bash_value(option):
    if isinstance(option.value, list):
        return " ".join(option.value)
    return option.value or "-"


def bash_function(name, rows, subject="$1"):
    print("\n%s() {\n\tcase %s in" % (name, subject))
    for pattern, text in rows:
        print("\t%s) echo '%s' ;;" % (pattern, text))
    print("\tesac\n}")


def bash(commands):
    print("# shellcheck shell=bash\n# " + HEAD % "bash", end="")
    print("\n_ukey_commands() {\n\techo '%s'\n}" % " ".join(each.name for each in commands))
    bash_function("_ukey_options", [(each.name, " ".join("--" + option.name for option in each.options))
                                    for each in commands])
    bash_function("_ukey_value", [("'%s --%s'" % (each.name, option.name), bash_value(option))
                                  for each in commands for option in each.options
                                  if option.value is not None], '"$1 $2"')
    bash_function("_ukey_argument", [(each.name, "FILE" if each.files else " ".join(each.words))
                                     for each in commands if each.files or each.words])
    print(BASH)


# ---- zsh ----

def zsh_spec(option):
    about = re.sub(r"([\[\]:\\])", r"\\\1", option.about)
    value = {None: "", "": ":value: ", "FILE": ":file:_files", "DIR": ":folder:_files -/"}.get(
        option.value if not isinstance(option.value, list) else "list")
    if value is None:
        value = ":value:(%s)" % " ".join(option.value)
    return quoted("*--%s%s[%s]%s" % (option.name, "=" if option.value is not None else "", about, value),
                  "'\\''")


def zsh(commands):
    print("#compdef ukey\n# " + HEAD % "zsh")
    print("local -a commands\n\nif (( CURRENT == 2 )); then\n\tcommands=(")
    for each in commands:
        print("\t\t" + quoted("%s:%s" % (each.name, each.about.replace(":", "\\:")), "'\\''"))
    print("\t)\n\t_describe command commands\n\treturn\nfi\n")
    print('local command=$words[2]\nshift words\n(( CURRENT-- ))\n\ncase $command in')
    for each in commands:
        rest = ["'*:file:_files'"] if each.files else []
        if each.words:
            rest = ["'1:word:(%s)'" % " ".join(each.words)]
        print("%s)\n\t_arguments -s %s ;;" % (
            each.name, " \\\n\t\t".join([zsh_spec(option) for option in each.options] + rest)))
    print("esac")


# ---- fish ----

def fish(commands):
    print("# " + HEAD % "fish")
    print("complete -c ukey -f")
    print("complete -c ukey -n __fish_use_subcommand -l help\n"
          "complete -c ukey -n __fish_use_subcommand -l version")
    for each in commands:
        print("complete -c ukey -n __fish_use_subcommand -a %s -d %s" % (
            each.name, quoted(each.about, "\\'")))
        seen = "complete -c ukey -n '__fish_seen_subcommand_from %s'" % each.name
        if each.words:
            print("%s -a '%s'" % (seen, " ".join(each.words)))
        if each.files:
            print(seen + " -F")
        for option in each.options:
            value = {None: "", "": " -x", "FILE": " -r -F",
                     "DIR": " -x -a '(__fish_complete_directories)'"}.get(
                option.value if not isinstance(option.value, list) else "list")
            if value is None:
                value = " -x -a '%s'" % " ".join(option.value)
            print("%s -l %s%s -d %s" % (seen, option.name, value, quoted(option.about, "\\'")))


if __name__ == "__main__":
    {"bash": bash, "zsh": zsh, "fish": fish}[sys.argv[2]](read(sys.argv[1]))
