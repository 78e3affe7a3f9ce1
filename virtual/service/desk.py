# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the rehearsal's two operators, its bank and its postman do to an order."""
import hashlib
import hmac
import http.client
import json
import re
import socket
import sqlite3
import struct
import time
import uuid
from contextlib import closing

import certs
from folder import CONTACT, OPERATORS, PROVIDER, run
from station import Station
from words import Trouble, _

YEARLY = ("renewal", "new")
WRITING = ("renewal", "change", "open")
MADE = ("new", "lost", "damaged")
AWAY = ("revoke", "return")
REASON = "cessation"
MASTER = 1
ID_NUMBER = "650000190001010000"  # an invented one, for forms and for the counter


class Desk:
    def __init__(self, folder, daemons):
        self.folder, self.daemons, self.operators = folder, daemons, OPERATORS
        self.made = None

    # ---- reading ----

    def _rows(self, database, statement, *values):
        path = self.folder / database
        if not path.exists():
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as link:
            link.row_factory = sqlite3.Row
            return [dict(row) for row in link.execute(statement, values)]

    def orders(self):
        return self._rows("orders.db", "SELECT number, kind, state, key_sn, created FROM orders"
                                       " ORDER BY created, number")

    def keys(self):
        return self._rows("unlock.db", "SELECT key_sn, model, state FROM keys ORDER BY key_sn")

    def order(self, number):
        """By its number; "last" is the newest."""
        if number == "last":
            found = self._rows("orders.db", "SELECT * FROM orders ORDER BY created DESC, number DESC"
                                            " LIMIT 1")
        else:
            found = self._rows("orders.db", "SELECT * FROM orders WHERE number = ? OR id = ?",
                               number, number)
        if not found:
            raise Trouble(_("There is no order %s.") % number)
        return found[0]

    def payment(self, order):
        found = self._rows("orders.db", "SELECT * FROM payments WHERE order_id = ?", order["id"])
        return found[0] if found else None

    def certificate(self, sn):
        """The newest one for signing of a key: issued here, or found on the key when it was enrolled."""
        issued = self._rows("issue.db", "SELECT c.cert FROM certificates c JOIN issue_orders o"
                            " ON o.ca = c.ca AND o.order_id = c.order_id WHERE o.key_sn = ?"
                            " AND c.state = 'confirmed' AND COALESCE(c.pair, '') = ''"
                            " ORDER BY c.changed DESC LIMIT 1", sn)
        path = self.folder / f"certs/{sn}.der"
        if issued:
            return bytes(issued[0]["cert"])
        return path.read_bytes() if path.exists() else None

    # ---- the service ----

    def http(self, path, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        link = http.client.HTTPConnection("127.0.0.1", self.daemons.port(), timeout=60)
        try:
            link.request("POST", path, data, {name.replace("_", "-"): value
                                              for name, value in headers.items()})
            answer = link.getresponse()
            text = answer.read()
        except OSError as error:
            raise Trouble(_("The service does not run; start it first.")) from error
        finally:
            link.close()
        told = json.loads(text) if text else {}
        if answer.status >= 300:
            raise Trouble(_("The service refuses: %s") % told.get("error", answer.status))
        return told

    def ask_unlockd(self, op, /, **members):
        message = json.dumps({"op": op, **members}).encode()
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(60)
            try:
                link.connect("run/unlockd")
            except OSError as error:
                raise Trouble(_("The service does not run; start it first.")) from error
            link.sendall(struct.pack(">I", len(message)) + message)
            file = link.makefile("rb")
            answer = json.loads(file.read(struct.unpack(">I", file.read(4))[0]))
        if "error" in answer:
            raise Trouble(_("The service refuses: %s") % answer["error"])
        return answer

    # ---- operators ----

    def signed(self, body, names=OPERATORS):
        """D12: a signature says what it is for."""
        message = b"OpenUKey-sig-v1\0operator-approval\0" + body.encode()
        return [{"operator": name,
                 "signature": run("openssl", "dgst", "-sha256", "-sign",
                                  str(self.folder / f"operators/{name}.key"), data=message).hex()}
                for name in names]

    def act(self, number, name, sn="", id_number=None, slots=(), reason=""):
        """An act on the order as it is now; id_number: of the document shown at the counter;
        slots, reason: which documents are rejected, and why."""
        order = self.order(number)
        body = f"order\nnumber={order['number']}\nver={order['ver']}\nact={name}\nsn={sn}\n"
        told = {"act": name, "sn": sn}
        if name == "hand-over" and order["state"] == "to-collect":
            told["id_number"] = id_number or ID_NUMBER
            body += f"identity={hashlib.sha256(told['id_number'].encode()).hexdigest()}\n"
        if slots:
            told["slots"] = list(slots)
            body += f"slots={','.join(slots)}\n"
        if reason:
            told["reason"] = reason
            body += f"reason={reason}\n"
        if name == "release":
            told["found"] = {"approvals": self._found(order["key_sn"])}
        return self.http(f"/v1/operator/{order['number']}",
                         {**told, "approvals": self.signed(body)})

    def _found(self, sn):
        """openukey-unlockd lets go of a lost key by signatures for it alone."""
        ver = self._rows("unlock.db", "SELECT ver FROM keys WHERE key_sn = ?", sn)
        number = ver[0]["ver"] if ver else 0
        return self.signed(f"found\nsn={sn}\nnumber={number}\nphone=\naccount=\nnotify=\n")

    # What takes more than an act is asked for and signed as at the operators' console.

    def _certadm(self, *words, name):
        return run(self.folder.programs["certadm"], *words, "--as", name, "--store",
                   "sqlite:orders.db", "--vault", "orders.vault", "--profile", "profile.json",
                   "--operators", "operators", "--unlock", "run/unlockd", "--issue", "run/issuerd")

    def _sign_paper(self, number, name):
        paper = json.loads(self._certadm("paper", number, name=name))
        signatures = [{"body": hashlib.sha256(item["body"].encode()).hexdigest(),
                       "signature": self.signed(item["body"], [name])[0]["signature"]}
                      for item in paper["items"]]
        self.folder.write("answer.json", json.dumps({"operator": name, "signatures": signatures}))
        self._certadm("answer", number, "answer.json", name=name)

    def ask(self, order, act, **members):
        """Asked for, signed by both, carried out."""
        words = [f"{name}={value}" for name, value in members.items()]
        self._certadm("ask", order["number"], act, *words, name=OPERATORS[0])
        for name in OPERATORS:
            self._sign_paper(order["number"], name)

    def _ask_of_old(self, order, act, **members):
        """What is about the certificate that is on the order's key."""
        old = self.certificate(order["key_sn"])
        if old is None:
            raise Trouble(_("The certificate of the key %s is not known here: enrol the key.")
                          % order["key_sn"])
        self.folder.write("old.hex", old.hex())
        self.ask(order, act, old_cert="@old.hex", **members)

    def _prepare(self, order):
        """The years that were paid for."""
        paid = self.payment(order)
        price = json.loads(self.folder.read("profile.json"))["prices"].get(order["kind"], 0)
        years = max(1, paid["amount"] // price) if order["kind"] in YEARLY and paid and price else 1
        if order["kind"] == "new":
            self.ask(order, "issue", years=years)
        else:
            self._ask_of_old(order, "issue", years=years)

    def _make(self, order, sn, state):
        """A blank key gets what the order is for, at the counter."""
        sn = sn or f"K{order['number']}"
        station = Station(self, order, sn, state)
        if not (station.place / "prepared").exists():
            self._prepare(order)
            (station.place / "prepared").touch()
        form = json.loads(self._certadm("show", order["number"], name=OPERATORS[0]))["form"]
        self.made = station.make(form, self.folder.alg(), MASTER)
        self.act(order["number"], "make", sn)

    def _step(self, order, sn, id_number, state_file):
        """One step of the operators; None: it is not their turn."""
        kind, state = order["kind"], order["state"]
        act = {"review": "approve", "wait-transfer": "transfer-seen", "paper-wait": "paper-came",
               "made": "lay-out", "to-collect": "hand-over", "posted": "hand-over"}.get(state)
        if act is not None:
            self.act(order["number"], act, id_number=id_number)
        elif state == "approved" and kind in WRITING:
            self._prepare(order)
        elif state == "approved" and kind in AWAY:
            self._ask_of_old(order, "revoke", reason=REASON)
        elif state == "approved" and kind in MADE:
            self._make(order, sn, state_file)
        elif state == "counter-wait" and kind == "unlock":
            self.ask(order, "unlock")
        elif state == "counter-wait":
            self.act(order["number"], "approve")
        else:
            return False
        return True

    def approve(self, number, sn="", id_number=None, key=None):
        """On and on, until it is somebody else's turn; the state it is in then. made: a new key."""
        order = self.order(number)
        while self._step(order, sn, id_number, key):
            after = self.order(order["number"])
            if after["state"] == order["state"]:
                break
            order = after
        return order

    def approve_all(self):
        """Whatever waits for the operators; those orders, as they are then."""
        moved = []
        for before in self.orders():
            after = self.approve(before["number"])
            if after["state"] != before["state"]:
                moved.append(after)
        return moved

    # ---- the bank ----

    def unpaid(self):
        rows = self._rows("orders.db", "SELECT o.number FROM orders o JOIN payments p ON p.order_id = o.id"
                          " WHERE o.state = 'wait-pay' AND p.state = 'waiting' ORDER BY o.created")
        return [row["number"] for row in rows]

    def pay(self, number):
        order = self.order(number)
        asked = self.payment(order)
        if asked is None:
            raise Trouble(_("Nothing is to be paid for the order %s.") % order["number"])
        body = json.dumps({"reference": asked["reference"], "amount": asked["amount"],
                           "notice": uuid.uuid4().hex}).encode()
        stamp = str(int(time.time()))
        key = self.folder.read(f"payments/{PROVIDER}.key").encode()
        signature = hmac.new(key, stamp.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        self.http(f"/v1/pay/{PROVIDER}/notify", body, X_Timestamp=stamp, X_Signature=signature)
        return self.order(order["number"]), asked["amount"]

    # ---- the inbox ----

    def letters(self, number=None):
        """Oldest first; of an order, or those with the codes of queries."""
        names = sorted((self.folder / "inbox").glob("[a-z]*.json"),
                       key=lambda name: (name.stat().st_mtime_ns, name.name))
        found = [{**json.loads(name.read_text(encoding="utf-8")), "file": name.name,
                  "at": name.stat().st_mtime} for name in names]
        if number is None:
            return found
        if number == "query":
            return [letter for letter in found if "查询" in letter["text"]]
        order = self.order(number)
        return [letter for letter in found
                if order["id"] in letter.get("once", "") or order["number"] in letter["text"]]

    def code(self, number=None, patience=0.0):
        """The newest code that came, waiting for one; None: none came."""
        end = time.monotonic() + patience
        while True:
            found = [hit.group(1) for letter in self.letters(number)
                     if (hit := re.search(r"(?:授权码|验证码)\D{0,4}(\d{8})", letter["text"]))]
            if found or time.monotonic() > end:
                return found[-1] if found else None
            time.sleep(0.05)

    # ---- the inventory ----

    def _personalise(self, key, first_admin_pin, body, members):
        """Once: a key that was killed for before it was enrolled has its admin PIN already."""
        mark = f"certs/{key.serial}.personalised"
        if self.folder.read(mark) is not None:
            return
        told = self.ask_unlockd(
            "personalise", old=first_admin_pin, random=key.random().hex(), app=key.app.hex(),
            approvals=self.signed(f"personalise {key.model}\n{body}"), **members)
        if not key.change_admin_pin(bytes.fromhex(told["data"])):
            raise Trouble(_("The key %s does not take the admin PIN.") % key.serial)
        self.folder.write(mark, "1\n")

    def enrol(self, key, first_admin_pin, unit, code):
        """A personalised key gets its derived admin PIN by relay, and comes into the inventory."""
        body = "\n".join((f"sn={key.serial}", f"number={MASTER}", f"phone={CONTACT['phone']}",
                          f"account={CONTACT['account']}", f"notify={CONTACT['notify']}")) + "\n"
        members = {"sn": key.serial, "model": key.model, "master": MASTER, "contact": CONTACT}
        found = key.certificates()
        if not any(row["key_sn"] == key.serial for row in self.keys()):
            self._personalise(key, first_admin_pin, body, members)
            self.ask_unlockd("enrol", approvals=self.signed(f"enrol {key.model}\n{body}"), **members)
        if found:
            (self.folder / f"certs/{key.serial}.der").write_bytes(found[-1])
        unit = unit or (certs.unit(found[-1]) if found else None)
        code = code or (certs.credit_code(found[-1]) if found else None)
        if unit and code and self.folder.identity_add(code, unit):
            self.daemons.again("certd", "worker")
        return unit, code
