# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line of openukey-rehearsal-service."""
import argparse
import json
import os
import sys
import time

from daemons import Daemons
from desk import Desk
from folder import CONTACT, PERSON, Folder
from virtual_key import Key
from words import Trouble, _, speak

FIRST_ADMIN_PIN = "admin-8421"


def cmd_start(options, folder, daemons, _desk):
    folder.prepare(options.ca, options.alg)
    daemons.start(options.port)
    print(_("The rehearsal's certificate service is at %s") % daemons.url())


def cmd_stop(_options, _folder, daemons, _desk):
    daemons.stop()
    print(_("The rehearsal's certificate service is stopped."))


def cmd_env(_options, folder, daemons, _desk):
    print(f"export OPENUKEY_SERVICE='{daemons.url()}'")
    print(f"export OPENUKEY_REHEARSAL_ANCHORS='{folder.ca()}'"
          '"${OPENUKEY_REHEARSAL_ANCHORS:+:$OPENUKEY_REHEARSAL_ANCHORS}"')


def cmd_status(options, folder, daemons, desk):
    told = {"url": daemons.url(), "ca": str(folder.ca()),
            "running": {name: bool(daemons.running(name)) for name in daemons.commands()},
            "units": folder.identities(), "keys": desk.keys(), "orders": desk.orders()}
    if options.json:
        json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    print(_("Address: %s") % told["url"])
    print(_("Its CA: %s") % told["ca"])
    for name, runs in told["running"].items():
        print("  %-9s %s" % (name, _("running") if runs else _("not running")))
    print(_("Units whose identity is known:"))
    for code, unit in told["units"].items():
        print(f"  {code}  {unit['unit']}  {unit['legal_name']}  {unit['legal_phone']}")
    print(_("Keys in the inventory:"))
    for key in told["keys"]:
        print(f"  {key['key_sn']}  {key['model']}  {key['state']}")
    print(_("Orders:"))
    for order in told["orders"]:
        print(f"  {order['number']}  {order['kind']}  {order['state']}  {order['key_sn']}")


def cmd_inbox(options, _folder, _daemons, desk):
    if options.code:
        code = desk.code(options.order, options.wait)
        if code is None:
            raise Trouble(_("No code has come."))
        print(code)
        return
    letters = desk.letters(options.order)
    if options.json:
        json.dump(letters, sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    if not letters:
        print(_("Nothing has come."))
    for letter in letters:
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(letter["at"]))
        print(f"{when}  {letter['file'].split('-')[0]}  {letter.get('to', '')}\n    {letter['text']}")


def told(order):
    print(_("Order %(number)s (%(kind)s): %(state)s") % order)


def cmd_approve(options, _folder, _daemons, desk):
    if options.order == "all":
        moved = desk.approve_all()
        for order in moved:
            told(order)
        if not moved:
            print(_("Nothing waits for the operators."))
        return
    told(desk.approve(options.order, options.sn, options.id, options.key))
    if desk.made is not None:
        print(_("The new key is in %s: plug it in, and set its PIN with \"ukey unlock\".") % desk.made)


def cmd_act(options, _folder, _daemons, desk):
    desk.act(options.order, options.act, options.sn, slots=options.slot, reason=options.reason)
    told(desk.order(options.order))


def cmd_pay(options, _folder, _daemons, desk):
    numbers = desk.unpaid() if options.order == "all" else [options.order]
    for number in numbers:
        order, amount = desk.pay(number)
        print(_("Paid: %(yuan)d.%(fen)02d yuan") % {"yuan": amount // 100, "fen": amount % 100})
        told(order)
    if not numbers:
        print(_("Nothing is to be paid."))


def cmd_enrol(options, folder, _daemons, desk):
    pin = FIRST_ADMIN_PIN
    if options.admin_pin_fd is not None:
        with os.fdopen(options.admin_pin_fd, encoding="utf-8") as file:
            pin = file.read().rstrip("\n")
    for state in options.states:
        with Key(folder.programs["key"], state) as key:
            unit, code = desk.enrol(key, pin, options.unit, options.unit_code)
            print(_("The key %(serial)s is in the inventory: %(unit)s %(code)s") % {
                "serial": key.serial, "unit": unit or "-", "code": code or "-"})
    print(_("Codes go to %(phone)s; the unit's legal representative is %(name)s.") % {
        "phone": CONTACT["phone"], "name": PERSON["legal_name"]})


def arguments():
    """The commands; what they are for is in openukey-rehearsal-service(1)."""
    parser = argparse.ArgumentParser(
        prog="openukey-rehearsal-service",
        description=_("The certificate service of the rehearsal, with two operators, a bank and an "
                      "inbox that are not real. See openukey-rehearsal-service(1)."))
    parser.add_argument("--state", required=True, metavar=_("FOLDER"),
                        help=_("where everything of it is kept"))
    commands = parser.add_subparsers(dest="command", required=True, metavar=_("COMMAND"))

    def command(name, run, about):
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        return made

    start = command("start", cmd_start, _("start what does not run yet"))
    start.add_argument("--port", type=int, help=_("where it listens on 127.0.0.1 (21181); "
                                                  "0: one that is free"))
    start.add_argument("--ca", metavar=_("FOLDER"), help=_("made by openukey-rehearsal-ca init"))
    start.add_argument("--alg", choices=("sm2", "rsa"), default="sm2",
                       help=_("of a CA that is made now"))
    command("stop", cmd_stop, _("end it; everything is kept"))
    command("env", cmd_env, _("print what a shell must set to use it"))
    status = command("status", cmd_status, _("what runs, units, keys and orders"))
    status.add_argument("--json", action="store_true")
    inbox = command("inbox", cmd_inbox, _("the text messages and transfers that were sent"))
    inbox.add_argument("order", nargs="?", metavar=_("ORDER"))
    inbox.add_argument("--json", action="store_true")
    inbox.add_argument("--code", action="store_true", help=_("only the newest code"))
    inbox.add_argument("--wait", type=float, default=60, metavar=_("SECONDS"),
                       help=_("for a code, at most (60)"))
    approve = command("approve", cmd_approve, _("do what the two operators can do for an order"))
    approve.add_argument("order", metavar=_("ORDER"))
    approve.add_argument("--sn", default="", help=_("the new key's serial number"))
    approve.add_argument("--id", metavar=_("NUMBER"),
                         help=_("of the identity document shown at the counter"))
    approve.add_argument("--key", metavar=_("KEY"),
                         help=_("the blank virtual key that becomes the new one; made if missing"))
    act = command("act", cmd_act, _("one act of the operators: reject, refuse, release, post..."))
    act.add_argument("order", metavar=_("ORDER"))
    act.add_argument("act", metavar=_("ACT"))
    act.add_argument("--sn", default="")
    act.add_argument("--slot", action="append", default=[], metavar=_("DOCUMENT"),
                     help=_("of reject: a document that is not accepted; once for each"))
    act.add_argument("--reason", default="", metavar=_("TEXT"), help=_("of reject: why"))
    pay = command("pay", cmd_pay, _("the bank's notice that an order is paid"))
    pay.add_argument("order", metavar=_("ORDER"))
    enrol = command("enrol", cmd_enrol, _("put virtual keys that are in no reader into the inventory"))
    enrol.add_argument("states", nargs="+", metavar=_("KEY"))
    enrol.add_argument("--unit", help=_("the unit's name, if not the certificate's"))
    enrol.add_argument("--unit-code", help=_("the unit's code, if not the certificate's"))
    enrol.add_argument("--admin-pin-fd", type=int, metavar="N",
                       help=_("the key's first admin PIN, if not the rehearsal's"))
    return parser.parse_args()


def main(programs, localedir):
    """programs: where each of them is."""
    speak(localedir)
    options = arguments()
    folder = Folder(options.state, programs)
    daemons = Daemons(folder)
    if getattr(options, "key", None):
        options.key = os.path.abspath(options.key)
    if options.command == "enrol":
        options.states = [os.path.abspath(state) for state in options.states]
    if options.command != "start":
        if not (folder / "profile.json").exists():
            if options.command == "stop":
                return 0
            raise Trouble(_("There is no rehearsal in %s; start it first.") % folder)
        os.chdir(str(folder))
    options.run(options, folder, daemons, Desk(folder, daemons))
    return 0


def guarded(programs, localedir):
    """The exit status."""
    try:
        return main(programs, localedir)
    except Trouble as trouble:
        print("openukey-rehearsal-service: %s" % trouble, file=sys.stderr)
        return 1
