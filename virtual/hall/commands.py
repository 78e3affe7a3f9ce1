# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of openukey-rehearsal-hall."""
import argparse
import json
import os
import sys
from pathlib import Path

import front
import visitor
from folder import LISTENERS, Folder
from processes import Processes, free_port
from visits import CHALLENGE_LIFE
from words import Trouble, _, speak

NAME = "openukey-rehearsal-hall"
TRIES = 5


class Daemons(Processes):
    """The hall, and nginx before it where that is installed."""

    def commands(self):
        folder = self.folder
        life = folder.read("challenge-life") or str(CHALLENGE_LIFE)
        hall = [sys.executable, "-B", str(Path(__file__).with_name("application.py")),
                json.dumps(folder.programs), str(folder), "--challenge-life", life]
        if folder.read("extra"):
            hall += ["--extra", folder.read("extra")]
        outside = (folder.address(), folder.port("https"))
        if folder.read("front") == "none":
            return {"hall": ([*hall, "--alone"], outside)}
        return {"hall": (hall, "run/https"), "front": (front.command(folder), outside)}

    def environment(self):
        return {**os.environ, "OPENUKEY_HALL_MODULES": json.dumps(sys.path[:2])}

    def start(self, wanted):
        """wanted: {listener: port or 0}; another free one is taken where somebody was faster."""
        os.chdir(str(self.folder))  # sockets have short names
        for again in range(TRIES):
            if any(self.running(name) for name in self.commands()):
                if not all(self.running(name) for name in self.commands()):
                    self.stop()
            if not any(self.running(name) for name in self.commands()):
                self._ports(wanted, again)
                if self.folder.read("front") != "none":
                    front.write(self.folder)
            failed = next((name for name in self.commands() if not self.start_one(name)), None)
            if failed is None:
                self.folder.write("url", self.folder.url() + "\n")
                return
            self.stop()
        raise Trouble(self.why(failed))

    def _ports(self, wanted, again):
        for name in LISTENERS:
            if wanted.get(name):
                self.folder.write(f"{name}-port", f"{wanted[name]}\n")
            elif again or self.folder.port(name) is None:
                self.folder.write(f"{name}-port", f"{free_port()}\n")

    def stop(self):
        for name in reversed(list(self.commands())):
            self.end_one(name)
        (self.folder / "url").unlink(missing_ok=True)


def cmd_start(options, folder, daemons):
    folder.prepare(options.ca, options.host, options.list)
    for name, value in (("address", options.address), ("challenge-life", options.challenge_life),
                        ("extra", options.extra and os.path.abspath(options.extra))):
        if value is not None:
            folder.write(name, f"{value}\n")
    if options.without_nginx or front.program() is None:
        folder.write("front", "none\n")
    elif folder.read("front") is None:
        folder.write("front", "nginx\n")
    daemons.start({"https": options.port, "mutual": options.mutual_port,
                   "http": options.http_port})
    print(_("The rehearsal's hall is at %s") % folder.url())


def cmd_stop(_options, _folder, daemons):
    daemons.stop()
    print(_("The rehearsal's hall is closed."))


def cmd_challenge(_options, folder, _daemons):
    sys.stdout.write(visitor.challenge(folder))


def cmd_login(options, folder, _daemons):
    told = visitor.login(folder, options.cert, options.signature)
    print(_("Logged in: %(unit)s %(code)s (%(algorithm)s)") % {"code": "", **told})


def cmd_url(options, folder, _daemons):
    print(folder.url(options.listener))


def cmd_status(options, folder, daemons):
    told = {"url": folder.url(), "mutual": folder.url("mutual"), "http": folder.url("http"),
            "hosts": folder.names(), "front": folder.read("front"),
            "cas": [str(path) for path in folder.cas()],
            "browsers_ca": str(folder.browsers_ca() / "root.crt"),
            "running": {name: bool(daemons.running(name)) for name in daemons.commands()}}
    if options.json:
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    print(_("Address: %s") % told["url"])
    print(_("With a certificate in TLS: %s") % told["mutual"])
    print(_("Without TLS: %s") % told["http"])
    print(_("What a browser must trust: %s") % told["browsers_ca"])
    for name, runs in told["running"].items():
        print("  %-9s %s" % (name, _("running") if runs else _("not running")))


def arguments():
    """The commands; what they are for is in openukey-rehearsal-hall(1)."""
    parser = argparse.ArgumentParser(prog=NAME, description=_(
        "A housing fund's hall for rehearsals: pages in the shape of the real ones, and a server "
        "that checks whoever logs in. See openukey-rehearsal-hall(1)."))
    parser.add_argument("--state", metavar=_("FOLDER"), required=True,
                        help=_("where everything of it is kept"))
    commands = parser.add_subparsers(dest="command", required=True, metavar=_("COMMAND"))

    def command(name, run, about):
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        return made

    start = command("start", cmd_start, _("start what does not run yet"))
    start.add_argument("--ca", action="append", metavar=_("FOLDER"),
                       help=_("a rehearsal CA whose certificates it takes; its own, if none is named"))
    start.add_argument("--list", action="append", metavar=_("FILE"),
                       help=_("a further revocation list"))
    start.add_argument("--host", action="append", metavar=_("NAME"),
                       help=_("its name; further ones are other names of it (localhost)"))
    start.add_argument("--address", help=_("the address it listens on (127.0.0.1)"))
    for listener, option in (("https", "--port"), ("mutual", "--mutual-port"),
                             ("http", "--http-port")):
        start.add_argument(option, type=int, metavar="N",
                           help=_("the port of %s (any that is free)") % listener)
    start.add_argument("--without-nginx", action="store_true",
                       help=_("with TLS of its own, even where nginx is installed"))
    start.add_argument("--challenge-life", type=float, metavar=_("SECONDS"),
                       help=_("how long what is to be signed is good (120)"))
    start.add_argument("--extra", metavar=_("FOLDER"), help=_("further pages, under /extra/"))
    command("stop", cmd_stop, _("end it"))
    status = command("status", cmd_status, _("what runs, and where"))
    status.add_argument("--json", action="store_true", help=_("for programs"))
    url = command("url", cmd_url, _("print its address"))
    url.add_argument("listener", nargs="?", choices=LISTENERS, default="https")
    command("challenge", cmd_challenge, _("print what is to be signed, as a visitor"))
    login = command("login", cmd_login, _("hand the signature over it in, as a visitor"))
    login.add_argument("--cert", required=True, metavar=_("FILE"))
    login.add_argument("--signature", required=True, metavar=_("FILE"))
    return parser.parse_args()


def main(programs, localedir):
    """programs: where each of them is."""
    speak(localedir)
    options = arguments()
    folder = Folder(options.state, programs)
    if options.command != "start" and folder.read("names.json") is None:
        if options.command == "stop":
            return 0
        raise Trouble(_("There is no hall in %s; start it first.") % folder)
    options.run(options, folder, Daemons(folder))
    return 0


def guarded(programs, localedir):
    """The exit status."""
    try:
        return main(programs, localedir)
    except Trouble as trouble:
        print(f"{NAME}: {trouble}", file=sys.stderr)
        return 1
