#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""ukey browsers: telling browsers of the key and taking it back, with NSS's own tools as witness.

The system is a folder that looks like one (--root), the user a home of the test's own.
"""

import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(__file__))

from ukey_case import FILE, USAGE, UkeyCase  # noqa: E402

MODULE = os.environ["OPENUKEY_PKCS11_MODULE"]
FOREIGN = {"policies": {"DisableTelemetry": True, "Homepage": {"URL": "about:blank"},
                        "SecurityDevices": {"Add": {"OpenSC": "/x/opensc.so"}},
                        "Certificates": {"Install": ["a.pem"]}}}
POLICY = "etc/firefox/policies/policies.json"
ESR = "usr/lib/firefox-esr/distribution/policies.json"
MANAGED = "etc/chromium/policies/managed/"


class BrowserCase(UkeyCase):
    def setUp(self):
        super().setUp()
        self.root, self.home = self.box + "/root", self.box + "/home"
        os.makedirs(self.root + "/usr/bin")
        os.makedirs(self.home)
        for name, value in (("HOME", self.home), ("XDG_DATA_HOME", self.home + "/data"),
                            ("XDG_STATE_HOME", self.home + "/state"),
                            ("XDG_CONFIG_HOME", self.home + "/config")):
            self.addCleanup(os.environ.update, {name: os.environ[name]}
                            if name in os.environ else {})
            os.environ[name] = value

        self.preload()

    def preload(self):
        """NSS's tools load the module: under a sanitizer its runtime comes first."""
        runtime = os.environ.get("OPENUKEY_TEST_PRELOAD")
        if not runtime:
            return
        self.addCleanup(os.environ.update, PATH=os.environ["PATH"])
        for tool in ("certutil", "modutil"):
            self.put(f"{self.box}/tools/{tool}",
                     f"#!/bin/sh\nLD_PRELOAD={runtime} ASAN_OPTIONS=detect_leaks=0 exec "
                     f"/usr/bin/{tool} \"$@\"\n".encode(), 0o755)
        os.environ["PATH"] = f"{self.box}/tools:{os.environ['PATH']}"

    def put(self, path, data, mode=0o644):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else json.dumps(data).encode())
        os.chmod(path, mode)

    def install(self, *programs):
        for program in programs:
            self.put(f"{self.root}/usr/bin/{program}", b"\177ELF", 0o755)

    def tree(self, folder):
        """Everything in it but what ukey keeps for itself: bytes and permissions."""
        found = {}
        for where, _, names in os.walk(folder):
            if "/var/lib/openukey" in where or where.startswith(self.home + "/state"):
                continue
            for name in names:
                path = os.path.join(where, name)
                found[path] = (os.stat(path).st_mode, self.read(path))
        return found

    def browsers(self, *words, code=0):
        return self.ukey("browsers", *words, "--root", self.root, "--module", MODULE, code=code)

    def states(self, *words):
        return {each["id"]: each for each in self.browsers("status", "--json", *words).json()}

    def hosts(self):
        """Of the listed halls, in the list's order."""
        halls = self.ukey("halls", "--json").json()
        return list(dict.fromkeys(address.split("/")[2] for hall in halls
                                  for address in hall["addresses"]))

    def system_file(self, path):
        return json.loads(self.read(f"{self.root}/{path}"))


class System(BrowserCase):
    def test_firefox_that_has_no_policy_yet(self):
        self.install("firefox-esr")
        self.assertEqual(self.states()["firefox"]["module"], "missing")
        self.browsers("register", "--system")
        self.assertEqual(self.system_file(POLICY),
                         {"policies": {"SecurityDevices": {"Add": {"OpenUKey": MODULE}},
                                       "LocalNetworkAccess": {"SkipDomains": self.hosts()}}})
        self.assertEqual(os.stat(f"{self.root}/{POLICY}").st_mode & 0o777, 0o644)
        self.assertEqual(self.states()["firefox"]["module"], "ready")
        self.browsers("undo", "--system")
        self.assertFalse(os.path.exists(self.root + "/etc"))

    def test_what_others_set_stays_and_undo_gives_the_same_bytes(self):
        self.install("firefox-esr", "chromium")
        self.put(f"{self.root}/{POLICY}", json.dumps(FOREIGN, indent=7).encode(), 0o640)
        self.put(f"{self.root}/{ESR}", FOREIGN)
        self.put(f"{self.root}/{MANAGED}corp.json",
                 {"LoopbackNetworkAllowedForUrls": ["https://corp.example"],
                  "HomepageLocation": "about:blank"})
        before = self.tree(self.root)
        self.browsers("register", "--system")
        for path in (POLICY, ESR):
            policies = self.system_file(path)["policies"]
            self.assertEqual(policies["SecurityDevices"]["Add"],
                             {"OpenSC": "/x/opensc.so", "OpenUKey": MODULE})
            for name in ("DisableTelemetry", "Homepage", "Certificates"):
                self.assertEqual(policies[name], FOREIGN["policies"][name])
        self.assertEqual(os.stat(f"{self.root}/{POLICY}").st_mode & 0o777, 0o640)
        after = self.tree(self.root)
        self.assertIn("Nothing had", self.browsers("register", "--system").out)
        self.assertEqual(self.tree(self.root), after)
        self.browsers("undo", "--system")
        self.assertEqual(self.tree(self.root), before)

    def test_a_distribution_file_is_not_hidden(self):
        """Firefox stops at /etc/firefox where that is there: making it would undo the other."""
        self.install("firefox-esr")
        self.put(f"{self.root}/{ESR}", FOREIGN)
        self.browsers("register", "--system")
        self.assertFalse(os.path.exists(f"{self.root}/{POLICY}"))
        self.assertIn("OpenUKey", self.system_file(ESR)["policies"]["SecurityDevices"]["Add"])

    def test_the_old_form_of_the_list_keeps_its_form(self):
        self.install("firefox")
        self.put(f"{self.root}/{POLICY}", {"policies": {"SecurityDevices": {"X": "/x.so"}}})
        self.browsers("register", "--system")
        self.assertEqual(self.system_file(POLICY)["policies"]["SecurityDevices"],
                         {"X": "/x.so", "OpenUKey": MODULE})

    def test_a_file_changed_since_loses_only_our_entry(self):
        self.install("firefox-esr", "chromium")
        self.put(f"{self.root}/{POLICY}", FOREIGN)
        self.browsers("register", "--system")
        policies = self.system_file(POLICY)
        policies["policies"]["BlockAboutConfig"] = True
        self.put(f"{self.root}/{POLICY}", policies)
        self.browsers("undo", "--system")
        del policies["policies"]["SecurityDevices"]["Add"]["OpenUKey"]
        del policies["policies"]["LocalNetworkAccess"]
        self.assertEqual(self.system_file(POLICY), policies)
        self.assertFalse(os.path.exists(f"{self.root}/{MANAGED}openukey.json"))

    def test_changed_registered_again_and_undone(self):
        self.install("firefox-esr")
        self.put(f"{self.root}/{POLICY}", FOREIGN)
        self.browsers("register", "--system")
        changed = self.system_file(POLICY)
        changed["policies"]["BlockAboutConfig"] = True
        del changed["policies"]["SecurityDevices"]["Add"]["OpenUKey"]
        del changed["policies"]["LocalNetworkAccess"]
        self.put(f"{self.root}/{POLICY}", changed)
        self.browsers("register", "--system")
        self.browsers("undo", "--system")
        self.assertEqual(self.system_file(POLICY), changed)

    def test_files_that_are_no_policies_are_left_alone(self):
        self.install("firefox-esr", "chromium")
        for data in (b"{", b"[]", b'"x"', b'{"policies": []}', b"{" * 100000, b"\xff\xfe",
                     b'{"policies": {"SecurityDevices": "x"}}', b"\0" * 10):
            self.put(f"{self.root}/{POLICY}", data)
            done = self.browsers("register", "--system", code=FILE)
            self.assertIn("[BROWSER_POLICY]", done.err, data[:20])
            self.assertIn("policies.json", done.err)
            self.assertEqual(self.read(f"{self.root}/{POLICY}"), data)
        # the others are registered all the same
        self.assertTrue(os.path.exists(f"{self.root}/{MANAGED}openukey.json"))

    def test_a_link_stays_a_link(self):
        self.install("firefox-esr")
        self.put(self.root + "/srv/policies.json", FOREIGN)
        os.makedirs(os.path.dirname(f"{self.root}/{POLICY}"))
        os.symlink(self.root + "/srv/policies.json", f"{self.root}/{POLICY}")
        self.browsers("register", "--system")
        self.assertTrue(os.path.islink(f"{self.root}/{POLICY}"))
        self.assertIn("OpenUKey", self.system_file("srv/policies.json")["policies"]
                      ["SecurityDevices"]["Add"])

    def test_chromium_lets_only_known_halls_reach_the_bridge(self):
        self.install("chromium")
        self.browsers("register", "--system")
        policy = self.system_file(MANAGED + "openukey.json")
        hosts = set(self.hosts())
        self.assertNotIn("OverrideSecurityRestrictionsOnInsecureOrigin", policy)
        for name in ("LocalNetworkAccessAllowedForUrls", "LoopbackNetworkAllowedForUrls"):
            self.assertEqual({url.split("/")[2] for url in policy[name]}, hosts)
            self.assertNotIn("*", "".join(policy[name]))
        self.browsers("register", "--system", "--http-halls")
        plain = self.system_file(MANAGED + "openukey.json")[
            "OverrideSecurityRestrictionsOnInsecureOrigin"]
        self.assertEqual({url.split("/")[2] for url in plain}, hosts)
        self.assertEqual({url.split("/")[0] for url in plain}, {"http:"})
        self.browsers("register", "--system", "--rehearsal")
        self.assertGreater(len(self.system_file(MANAGED + "openukey.json")
                               ["LoopbackNetworkAllowedForUrls"]), len(policy[name]))

    def test_another_file_that_has_the_last_word_is_named(self):
        self.install("chromium")
        self.put(f"{self.root}/{MANAGED}zz.json", {"LoopbackNetworkAllowedForUrls": []})
        self.browsers("register", "--system")
        self.assertTrue(self.states()["chromium"]["overridden_by"].endswith("zz.json"))
        self.assertIn("overrides ours", self.browsers().out)

    def test_snap_and_flatpak_are_told_apart(self):
        for folder in ("/snap/firefox", "/var/lib/flatpak/app/org.chromium.Chromium"):
            os.makedirs(self.root + folder)
        # Ubuntu's firefox is a script that starts the Snap
        self.put(self.root + "/usr/bin/firefox", b'#!/bin/sh\nexec /snap/bin/firefox "$@"\n', 0o755)
        states = self.states()
        self.assertEqual(sorted(states), ["chromium-flatpak", "firefox-snap"])
        for state in states.values():
            self.assertEqual((state["module"], state["extension"]), ("shut-off", "shut-off"))
        self.assertIn("Firefox (Snap)", self.browsers().out)
        self.assertIn("shut off from the key", self.browsers().out)

    def test_a_word_that_is_none(self):
        self.browsers("enlist", code=USAGE)


@unittest.skipUnless(os.path.exists("/usr/bin/modutil"), "needs libnss3-tools")
class User(BrowserCase):
    def nss(self, *words):
        return self.run_ok(*words, stdin=subprocess.DEVNULL)

    def database(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.nss("certutil", "-N", "--empty-password", "-d", "sql:" + folder)
        return folder

    def modules(self, folder):
        return self.nss("modutil", "-dbdir", "sql:" + folder, "-list")

    def test_chromium_without_a_data_base(self):
        self.install("chromium")
        self.browsers("register")
        folder = self.home + "/.pki/nssdb"
        self.assertIn(MODULE, self.modules(folder))
        self.assertEqual(os.stat(folder).st_mode & 0o777, 0o700)
        self.assertIn(f"sql:{folder}'", self.read(folder + "/pkcs11.txt").decode())
        self.assertEqual(self.states()["chromium"]["module"], "ready")
        self.browsers("undo")
        self.assertFalse(os.path.exists(self.home + "/.pki"))

    def test_data_bases_that_are_used_already(self):
        self.install("chromium", "firefox-esr")
        chromium = self.database(self.home + "/.pki/nssdb")
        profile = self.database(self.home + "/.mozilla/firefox/ab.default-esr")
        self.put(self.home + "/.mozilla/firefox/profiles.ini", b"[Profile0]\n")
        self.nss("modutil", "-dbdir", "sql:" + chromium, "-force", "-add", "Other", "-libfile",
                 self.softhsm())
        before = self.tree(self.home)
        self.browsers("register")
        for folder in (chromium, profile):
            self.assertIn(MODULE, self.modules(folder))
        self.assertIn("Other", self.modules(chromium))
        changed = {path for path, what in self.tree(self.home).items() if before[path] != what}
        self.assertEqual(changed, {chromium + "/pkcs11.txt", profile + "/pkcs11.txt"})
        self.browsers("undo")
        self.assertEqual(self.tree(self.home), before)

    def softhsm(self):
        for path in ("/usr/lib/softhsm/libsofthsm2.so",
                     "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"):
            if os.path.exists(path):
                return path
        self.skipTest("needs softhsm2")
        return None

    def test_an_entry_made_since_stays(self):
        self.install("chromium")
        folder = self.database(self.home + "/.pki/nssdb")
        self.browsers("register")
        self.nss("modutil", "-dbdir", "sql:" + folder, "-force", "-add", "Other", "-libfile",
                 self.softhsm())
        self.browsers("undo")
        self.assertNotIn(MODULE, self.modules(folder))
        self.assertIn("Other", self.modules(folder))

    def test_firefox_with_a_policy_needs_no_entry(self):
        self.install("firefox-esr")
        profile = self.database(self.home + "/.mozilla/firefox/ab.default-esr")
        before = self.tree(self.home)
        self.browsers("register", "--system")
        self.browsers("register")
        self.assertEqual(self.tree(self.home), before)
        self.assertNotIn("OpenUKey", self.modules(profile))

    def test_who_has_undone_it_is_left_alone_at_the_next_login(self):
        self.install("chromium")
        self.browsers("register", "--quiet")
        self.assertEqual(self.states()["chromium"]["module"], "ready")
        self.browsers("undo")
        self.assertEqual(self.browsers("register", "--quiet").out, "")
        self.assertEqual(self.states()["chromium"]["module"], "missing")
        self.browsers("register")
        self.assertEqual(self.states()["chromium"]["module"], "ready")

    def test_a_snap_gets_no_module(self):
        os.makedirs(self.root + "/snap/firefox")
        profile = self.database(self.home + "/snap/firefox/common/.mozilla/firefox/x.default")
        self.browsers("register")
        self.assertNotIn("OpenUKey", self.modules(profile))

    def leaf(self):
        path = self.home + "/data/openukey/bridge/leaf.pem"
        os.makedirs(os.path.dirname(path))
        self.run_ok("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null", "-out", path,
                    "-days", "1", "-subj", "/CN=127.0.0.1", "-addext",
                    "basicConstraints=critical,CA:FALSE", "-addext",
                    "subjectAltName=IP:127.0.0.1,DNS:localhost")

    def test_the_bridges_certificate_is_a_server_and_never_a_ca(self):
        self.install("chromium", "firefox-esr")
        os.makedirs(self.root + "/snap/firefox")
        folders = [self.database(self.home + path) for path in (
            "/.pki/nssdb", "/.mozilla/firefox/ab.default-esr",
            "/snap/firefox/common/.mozilla/firefox/x.default")]
        self.leaf()
        before = self.tree(self.home)
        self.browsers("register")
        listed = self.nss("certutil", "-L", "-d", "sql:" + folders[0])
        line = [line for line in listed.splitlines() if line.startswith("OpenUKey bridge")]
        self.assertEqual(len(line), 1, listed)
        self.assertEqual(line[0].split()[-1], "P,,")
        # Firefox looks at such trust for CAs only
        for folder in folders[1:]:
            self.assertNotIn("OpenUKey", self.nss("certutil", "-L", "-d", "sql:" + folder))
            lines = self.read(folder + "/cert_override.txt").decode().splitlines()
            self.assertEqual([line.split("\t")[0] for line in lines if line[0] != "#"],
                             ["127.0.0.1:21061:", "localhost:21061:"])
        self.assertIn("Nothing had", self.browsers("register").out)
        self.browsers("undo")
        self.assertEqual(self.tree(self.home), before)

    def test_the_bridges_certificate_goes_also_where_others_came(self):
        self.install("chromium")
        folder = self.database(self.home + "/.pki/nssdb")
        self.leaf()
        self.browsers("register")
        self.nss("certutil", "-A", "-d", "sql:" + folder, "-n", "mine", "-t", "CT,,", "-i",
                 self.home + "/data/openukey/bridge/leaf.pem")
        self.browsers("undo")
        listed = self.nss("certutil", "-L", "-d", "sql:" + folder)
        self.assertNotIn("OpenUKey bridge", listed)

    def test_what_is_no_module_is_not_entered(self):
        self.install("chromium")
        folder = self.database(self.home + "/.pki/nssdb")
        before = self.tree(self.home)
        done = self.ukey("browsers", "register", "--root", self.root, "--module", "/etc/passwd",
                         code=FILE)
        self.assertIn("[BROWSER_DATA]", done.err)
        self.assertEqual(self.tree(self.home), before)
        self.assertNotIn("OpenUKey", self.modules(folder))

    def test_the_tools_are_missing(self):
        self.install("chromium")
        path = os.environ["PATH"]
        self.addCleanup(os.environ.update, PATH=path)
        os.environ["PATH"] = "/nowhere"
        self.assertIn("libnss3-tools", self.browsers("register", code=FILE).err)
        self.assertFalse(os.path.exists(self.home + "/.pki"))


if __name__ == "__main__":
    unittest.main()
