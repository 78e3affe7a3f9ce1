# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a page may and may not have done with a key."""

import glob
import hashlib
import json
import os
import time
import unittest

from bridge_case import LATE, PIN, SITE, BridgeCase, Error, Page, b64
from processes import wait_for

TAG = "OpenUKey-sig-v1\0"


def ident(page):
    """certID of the first user in the list."""
    return page.call("SOF_GetUserList").split("||")[1].split("&&&")[0]


class ConsentTest(BridgeCase):
    def test_nothing_of_the_key_before_the_person_agrees(self):
        self.plug()
        self.room.hold(True)
        page = self.page()
        listed = page.send("SOF_GetUserList")
        self.assertTrue(page.call("SOF_GetVersion"))  # goes on meanwhile
        self.room.wait_asked(1)
        self.assertNotIn(listed, page.link.answers)
        asked = self.room.asked()[0]
        self.assertEqual((asked["site"], asked["site-state"], asked["asker"]),
                         (SITE, "unlisted", "Firefox"))
        self.room.hold(False)
        self.assertIn("Unit/TEST0001", page.link.wait(listed))  # it never asked again
        wait_for(lambda: page.link.receive(0.05) is None and page.pushed(), "the event", LATE)
        self.assertEqual(page.pushed()[0]["push"], "onUsbkeyChange")

    def test_the_site_is_remembered_for_browsers_only_and_forgotten_by_a_word(self):
        self.plug()
        self.assertIn("TEST0001", self.page().call("SOF_GetUserList"))
        self.assertIn("TEST0001", self.page().call("SOF_GetUserList"))
        self.assertEqual(len(self.room.asked()), 1)
        forged = Page(self.link(forged=True))
        self.assertIn("TEST0001", forged.call("SOF_GetUserList"))
        asked = self.room.asked()[1]
        self.assertIn("python3", asked["asker"])
        self.assertIn("claim", asked["asker"])
        code, out = self.room.ukey("bridge", "sites")
        self.assertEqual((code, SITE in out), (0, True), out)
        page = self.page()
        name = ident(page)
        self.assertEqual(page.call("SOF_Login", name, PIN), "true")
        self.assertEqual(self.room.ukey("bridge", "forget", SITE)[0], 0)
        self.assertEqual(self.room.sessions(), [])
        self.room.rules(question="no")
        self.assertEqual(self.page().refused("SOF_GetUserList"), "PAGE_SITE")

    def test_no_and_never(self):
        self.plug()
        self.room.rules(question="no")
        page = self.page()
        for _ in range(3):
            self.assertEqual(page.refused("SOF_GetUserList"), "PAGE_SITE")
        self.assertEqual(len(self.room.asked()), 1)
        for _ in range(6):  # opened again and again it does not ask again and again
            self.assertEqual(self.page().refused("SOF_GetUserList"), "PAGE_SITE")
        self.assertEqual(len(self.room.asked()), 3)
        self.room.rules(question="never")
        other = "https://other.example"
        self.assertEqual(self.page(origin=other).refused("SOF_GetUserList"), "PAGE_SITE")
        self.room.rules(question=0)
        self.assertEqual(self.page(origin=other).refused("SOF_GetUserList"), "PAGE_SITE")
        self.assertEqual(self.room.ukey("bridge", "forget", "--all")[0], 0)

    def test_one_of_several_keys_is_chosen(self):
        self.room.make_key("second", "rsa", "TEST0002")
        self.plug()
        self.plug("second", 1)
        self.room.rules(question=1)
        page = self.page(origin="https://two.example")
        users = page.call("SOF_GetUserList")
        lines = self.room.asked()[0]["choices"].split("\x1f")
        chosen = "TEST0002" if "0002" in lines[1] else "TEST0001"
        self.assertIn(chosen, users)
        self.assertEqual(users.count("||"), 1)

    def test_a_frame_needs_both(self):
        self.plug()
        origin, top = "https://frame.example", "https://top.example"
        self.room.rules(question=[0, "no"])
        page = self.page(origin=origin, top=top)
        self.assertEqual(page.refused("SOF_GetUserList"), "PAGE_SITE")
        self.assertIn(top, self.room.asked()[1]["text"])

    def test_only_origins_are_served(self):
        link = self.link()
        for bad in ("null", "https://hall.example/path", "file:///x", "hall.example", "https://",
                    "https://a@hall.example", SITE + "?x", "https://hall..example"):
            with self.assertRaises(Error) as caught:
                Page(link, origin=bad)
            self.assertEqual(caught.exception.code, "PAGE_ORIGIN", bad)

    def test_without_a_key_nobody_is_asked(self):
        page = self.page()
        self.assertEqual(page.call("SOF_GetUserList"), "")
        self.assertEqual(self.room.asked(), [])
        self.plug()
        wait_for(lambda: page.link.receive(0.05) is None and page.pushed(), "the event", LATE)
        self.room.pull(0)
        wait_for(lambda: page.link.receive(0.05) is None and len(page.pushed()) > 1, "another",
                 LATE)


class HallTest(BridgeCase):
    def hall(self):
        """(host, name) of a hall in the list."""
        for path in sorted(glob.glob(os.path.join(os.environ["OPENUKEY_PROFILES"], "*.json"))):
            with open(path, encoding="utf-8") as file:
                profile = json.load(file)
            for hall in profile.get("halls", []):
                host = hall["urls"][0].split("/")[2]
                if host.startswith("www."):
                    return host, hall["name"]["en"]
        raise AssertionError("no hall")

    def test_a_hall_s_key_is_remembered_and_another_in_its_place_is_told_of(self):
        self.room.make_key("reissued", self.alg, "TEST0009")
        host, _name = self.hall()
        book = os.path.join("home", ".local", "share", "openukey", "halls.conf")
        self.addCleanup(lambda: os.path.exists(self.room.path(book)) and
                        os.unlink(self.room.path(book)))
        self.plug()
        self.assertEqual(self.page(origin="http://" + host).call("SOF_Login", "Unit/TEST0001", PIN),
                         "true")
        self.assertIn("serial_end=0001", self.room.read(book))
        self.assertNotIn("notice", [line for line in self.room.asked()
                                    if line["reason"] == "login"][0])
        self.room.pull(0)
        self.room.wait_keys(0)
        self.room.forget_asked()
        self.plug("reissued")
        self.room.ukey("bridge", "forget", "--all")
        self.assertEqual(self.page(origin="http://" + host).call("SOF_Login", "Unit/TEST0009", PIN),
                         "true")
        login = [line for line in self.room.asked() if line["reason"] == "login"][0]
        self.assertIn("issued in place of the one that was used here", login["notice"])
        # until the person says that the hall has bound it, it is the old one
        self.assertIn("serial_end=0001", self.room.read(book))
        self.assertNotIn("serial_end=0009", self.room.read(book))

    @staticmethod
    def alike(host):
        """An origin with one letter off."""
        parts = host.split(".")
        parts[1] = parts[1][:-1] + ("i" if parts[1][-1] != "i" else "l")
        return "https://" + ".".join(parts)

    def test_a_hall_is_named_and_its_look_alike_gets_nothing(self):
        self.plug()
        host, name = self.hall()
        page = self.page(origin="http://" + host)
        page.call("SOF_GetUserList")
        asked = self.room.asked()[0]
        self.assertEqual(asked["site-state"], "listed")  # http never gets the mark
        self.assertIn(name, asked["site-name"])
        self.room.forget_asked()
        alike = self.page(origin=self.alike(host))
        self.assertEqual(alike.refused("SOF_GetUserList"), "PAGE_LOOKALIKE")
        asked = self.room.wait_asked(1)[0]
        self.assertEqual(asked["site-state"], "alike")
        self.assertIn(name, asked["heading"])
        self.assertNotIn("yes", asked)
        self.assertEqual(alike.refused("SOF_Login", "Unit/TEST0001", PIN), "PAGE_LOOKALIKE")
        self.assertEqual(len(self.room.asked()), 1)
        self.assertEqual(self.room.tries_left(0), 10)

    def test_the_bridge_ends_with_its_windows_open(self):
        self.plug()
        host, _ = self.hall()
        self.room.hold(True)
        page = self.page(origin="https://open.example")
        page.send("SOF_GetUserList")
        alike = self.page(origin=self.alike(host))
        self.assertEqual(alike.refused("SOF_GetUserList"), "PAGE_LOOKALIKE")
        self.room.wait_asked(1)
        self.room.stop_bridge()
        self.room.hold(False)
        self.room.start_bridge()


class PinTest(BridgeCase):
    def test_twenty_wrong_logins_cost_no_try(self):
        self.plug()
        self.room.rules(login="no")
        page = self.page()
        name = ident(page)
        calls = [page.send("SOF_Login", name, pin) for pin in ["00000%d" % n for n in range(10)] +
                 list(range(123400, 123410))]
        for call in calls:
            try:
                self.assertEqual(page.link.wait(call), "false")
            except Error as error:
                self.assertIn(error.code, ("CANCELLED", "PAGE_BUSY"))
        self.assertEqual(self.room.tries_left(0), 10)
        self.assertLessEqual(len(self.room.asked()), 3)
        self.assertEqual(self.room.sessions(), [])

    def test_the_pin_is_the_person_s(self):
        self.plug()
        self.room.rules(login=["999999", PIN])
        page = self.page()
        name = ident(page)
        self.assertEqual(page.call("SOF_Login", name, 654321), "true")
        told = [line["outcome"] for line in self.room.asked("told")]
        self.assertEqual(told, ["wrong", "right"])
        self.assertEqual(self.room.asked()[2]["left"], "9")
        self.assertEqual(self.room.tries_left(0), 10)
        with open(self.room.path("home", ".local", "state", "openukey", "journal"), "rb") as file:
            journal = file.read()
        for secret in (b"654321", b"999999", PIN.encode()):
            self.assertNotIn(secret, journal)

    def test_few_tries_are_not_a_page_s_to_spend(self):
        self.room.make_key("few", "sm2", "TEST0003", PIN, "--tries", "4")
        self.plug("few")
        self.room.rules(login="999999")
        page = self.page()
        name = ident(page)
        self.assertEqual(page.refused("SOF_Login", name, PIN), "PAGE_TRIES")
        self.assertEqual(self.room.tries_left(0), 3)
        self.room.rules(login=PIN)
        self.assertEqual(page.refused("SOF_Login", name, PIN), "PAGE_TRIES")
        self.assertEqual(self.room.tries_left(0), 3)
        self.assertEqual([a["reason"] for a in self.room.asked()].count("login"), 1)

    def test_the_person_s_own_window_changes_the_pin(self):
        self.room.make_key("change", "sm2", "TEST0004", "old-pin-1")
        self.plug("change")
        page = self.page()
        name = ident(page)
        self.room.rules(change=[["old-pin-1", "New-Pin-77"]])
        page.call("SOF_ChangePassWd", name, "old-pin-1", "page-wants-1")
        self.room.rules(login="New-Pin-77")
        self.assertEqual(page.call("SOF_Login", name, "x"), "true")

    def test_pulled_in_mid_login(self):
        self.plug()
        page = self.page()
        name = ident(page)
        self.room.hold(True)
        call = page.send("SOF_Login", name, PIN)
        self.room.wait_asked(2)
        self.room.pull(0)
        with self.assertRaises(Error) as caught:
            page.link.wait(call)
        self.assertEqual(caught.exception.code, "REMOVED")
        self.room.hold(False)
        self.assertEqual(self.room.sessions(), [])
        self.plug()
        self.assertEqual(page.call("SOF_Login", ident(page), PIN), "true")


class SessionTest(BridgeCase):
    options = ("--session-idle", "3", "--session-limit", "6")

    def test_sessions_are_the_page_s_and_end(self):
        self.plug()
        page, other = self.page(), self.page()
        name = ident(page)
        self.assertEqual(page.call("SOF_Login", name, PIN), "true")
        self.assertEqual(page.call("SOF_IsLogin", name), "true")
        self.assertEqual(other.call("SOF_IsLogin", name), "false")
        status = self.room.sessions()
        self.assertEqual([(s["origin"], s["signatures"]) for s in status], [(SITE, 0)])
        self.assertEqual(self.room.control("end", status[0]["id"]), {"ended": 1})
        self.assertEqual(page.call("SOF_IsLogin", name), "false")
        # the end of the page is the end of its session
        self.assertEqual(page.call("SOF_Login", name, PIN), "true")
        page.close()
        wait_for(lambda: not self.room.sessions(), "no session", LATE)
        # heartbeats and lists do not make it last
        self.assertEqual(other.call("SOF_Login", name, PIN), "true")
        began = time.monotonic()
        while other.call("SOF_IsLogin", name) == "true":
            other.call("SOF_GetVersion")
            other.call("SOF_GetUserList")
            self.assertLess(time.monotonic() - began, LATE)
            time.sleep(0.2)
        wait_for(lambda: [line["result"] for line in self.room.events("session-end")] ==
                 ["person", "page", "idle"], "three ends", LATE)
        # the next signature asks anew
        logins = len([a for a in self.room.asked() if a["reason"] == "login"])
        self.assertTrue(other.call("SOF_SignData", name, "again"))
        self.assertEqual(len([a for a in self.room.asked() if a["reason"] == "login"]), logins + 1)

    def test_a_wrong_pin_elsewhere_ends_what_others_had(self):
        self.plug()
        page, other = self.page(), self.page(origin="https://other.example")
        name = ident(page)
        ident(other)
        self.assertEqual(page.call("SOF_Login", name, PIN), "true")
        self.assertEqual(other.call("SOF_Login", name, PIN), "true")
        self.assertEqual(len(self.room.sessions()), 2)
        self.assertTrue(page.call("SOF_SignData", name, "x"))
        self.assertTrue(other.call("SOF_SignData", name, "x"))
        self.assertEqual(other.call("SOF_Logout", name), "true")
        self.assertTrue(page.call("SOF_SignData", name, "still there"))


class SignTest(BridgeCase):
    def test_more_than_five_a_minute_are_asked_for(self):
        self.plug()
        page = self.page()
        name = ident(page)
        page.call("SOF_Login", name, PIN)
        before = len(self.room.asked())
        for number in range(5):
            self.assertTrue(page.call("SOF_SignData", name, "text %d" % number))
        self.assertEqual(len(self.room.asked()), before)
        self.assertTrue(page.call("SOF_SignData", name, "the sixth"))
        self.assertEqual(len(self.room.asked()), before + 1)
        self.room.rules(question="no")
        self.assertEqual(page.refused("SOF_SignData", name, "the seventh"), "CANCELLED")
        # another page of the site is no way round it
        second = self.page()
        self.assertEqual(second.refused("SOF_SignData", name, "the eighth"), "CANCELLED")
        self.assertEqual(len([line for line in self.room.events("sign")
                              if line["result"] == "ok"]), 6)

    def test_our_own_protocols_are_never_signed_for_a_page(self):
        self.plug()
        page, modern = self.page(), self.page("modern")
        name = ident(page)
        page.call("SOF_Login", name, PIN)
        bodies = {"renewal": "order\0sn", "confirm": "order", "query": "challenge",
                  "login": SITE + "\0" + "c" * 32}
        for purpose, body in bodies.items():
            data = TAG + purpose + "\0" + body
            for call in (("SOF_SignData", name, data), ("SOF_SignMessage", 0, name, data)):
                code = page.refused(*call)
                # NUL in JSON text may end it, or make it nothing the page may say
                self.assertIn(code, ("PAGE_DATA", "PAGE_ARGUMENT"), call)
            hebca = Page(self.link(), "hebca")
            hebca.call("GetSignCert", {"index": 0})
            with self.assertRaises(Error) as caught:
                hebca.call("SignB64", {"b64data": b64(data.encode())})
            self.assertEqual(caught.exception.code, "PAGE_DATA", purpose)
        lines = [line for line in self.room.events("refused") if line["result"] == "PAGE_DATA"]
        self.assertGreaterEqual(len(lines), len(bodies))
        self.assertEqual(self.room.events("sign"), [])
        # the way for it names the page's own origin
        challenge = b64(hashlib.sha256(b"x").digest()).rstrip("=").replace("+", "-").replace(
            "/", "_")
        token = modern.call("login", {"challenge": challenge})
        self.assertEqual(token["format"], "openukey-login-1")
        self.assertEqual(modern.refused("login", {"challenge": "c2hvcnQ"}), "PAGE_ARGUMENT")

    def test_dangerous_calls_are_refused_and_written_down(self):
        self.plug()
        page, hebca = self.page(), self.page("hebca")
        for call in ("SOF_InitDevice", "SOF_InitDeviceEx", "SOF_WriteFile", "SOF_ReadFile",
                     "SOF_SignFile", "SOF_ChangeAdminPass", "SOF_UnlockUserPass",
                     "SOF_SignHashData"):
            self.assertIn(page.refused(call, "TEST0001"), ("PAGE_REFUSED", "PAGE_UNKNOWN"), call)
        for call in ("Execute", "KillProcess", "WriteRegB64", "EncryptFile"):
            self.assertEqual(hebca.refused(call, {}), "PAGE_REFUSED", call)
        names = {line["function"] for line in self.room.events("refused")}
        self.assertLessEqual({"Execute", "KillProcess", "SOF_WriteFile"}, names)
        self.assertEqual(self.room.asked(), [])

    def test_decrypting_is_asked_for_each_time(self):
        self.plug()
        page = self.page("hebca")
        page.call("GetSignCert", {"index": 0})
        crypt = self.page().call("SOF_ExportExChangeUserCert", "Unit/TEST0001")
        sealed = page.call("EnvelopB64", {"b64data": b64(b"from the hall"),
                                          "certs": [{"cert": crypt}]})["b64data"]
        for count in (1, 2):
            opened = page.call("UnEnvelopB64", {"b64data": sealed})
            self.assertIn(b64(b"from the hall"), opened.values())
            self.assertEqual(len([a for a in self.room.asked()
                                  if a["reason"] == "question"]), 1 + count)
        self.room.rules(question="no")
        self.assertEqual(page.refused("UnEnvelopB64", {"b64data": sealed}), "CANCELLED")
        self.assertEqual([line["event"] for line in self.room.journal()][-2:],
                         ["decrypt", "decrypt"])

    def test_signatures_are_what_openssl_takes(self):
        self.plug()
        page = self.page()
        name = ident(page)
        page.call("SOF_Login", name, PIN)
        certificate, signature = page.call("SOF_ExportUserCert", name), page.call(
            "SOF_SignData", name, "stranger")
        for name, text in (("cert.b64", certificate), ("sig.b64", signature)):
            self.room.write(name, text)
        self.room.write("data", "stranger")
        room = self.room
        for words in (["base64", "-d", "-A", "-in", room.path("cert.b64"), "-out",
                       room.path("cert.der")],
                      ["base64", "-d", "-A", "-in", room.path("sig.b64"), "-out", room.path("sig")],
                      ["x509", "-inform", "DER", "-in", room.path("cert.der"), "-pubkey", "-noout",
                       "-out", room.path("pub.pem")]):
            out, code = room.run("openssl", *words)
            self.assertEqual(code, 0, out)
        out, code = room.run("openssl", "dgst", "-sm3", "-verify", room.path("pub.pem"), "-sigopt",
                             "distid:1234567812345678", "-signature", room.path("sig"),
                             room.path("data"))
        self.assertEqual((code, out.strip()), (0, "Verified OK"))


class EachUseTest(BridgeCase):
    key_options = ("--model", "VC")

    def test_a_key_that_wants_its_pin_for_each_use_is_given_it_by_the_person(self):
        self.plug()
        page = self.page()
        name = ident(page)
        self.assertEqual(page.call("SOF_Login", name, PIN), "true")
        self.assertTrue(page.call("SOF_SignData", name, "one"))
        self.assertTrue(page.call("SOF_SignData", name, "two"))
        reasons = [a["reason"] for a in self.room.asked()]
        self.assertEqual(reasons, ["question", "login", "sign", "sign"])


if __name__ == "__main__":
    unittest.main()
