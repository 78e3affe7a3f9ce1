#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The operators' console in Firefox, with the operator's own UKEY: the key logs in and the key signs."""

import ground

ground.need("firefox-esr", "nginx", "unshare")
ground.enter()

import os  # noqa: E402
import subprocess  # noqa: E402
import unittest  # noqa: E402

import processes  # noqa: E402
import rig_case  # noqa: E402
from certd_case import FORM  # noqa: E402
from console_case import ConsoleCase  # noqa: E402
from marionette import Firefox  # noqa: E402
from nginx_case import NginxCase  # noqa: E402
from rig_case import MODULE, VIRTUAL_KEY  # noqa: E402
from ukey_case import UKEY  # noqa: E402
from unlock_case import environment, run  # noqa: E402

PIN = "Mei-24680"
ID = "650000190001010000"
LANGUAGES = {"intl.accept_languages": "zh-CN"}


def reader():
    """The operator's; only its tools are used."""
    return type("Reader", (rig_case.RigCase,), {"runTest": lambda self: None})()


MODULES = """return Promise.resolve(Cc["@mozilla.org/security/pkcs11moduledb;1"].getService(
    Ci.nsIPKCS11ModuleDB).listModules()).then(found => found.map(each => each.name).join("\\n"));"""


class InFirefox(NginxCase, ConsoleCase):
    comers = ("wang", "zhao")

    def issue(self, name, extensions):
        """A certificate of the house's CA, with a key for it."""
        self.ca("genrsa", "-traditional", "-out", f"{name}.key", "2048")
        self.ca("req", "-new", "-key", f"{name}.key", "-out", "csr", "-subj", f"/O=CA/CN={name}")
        (self.path / "ext").write_text(extensions)
        self.ca("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
                "-CAcreateserial", "-extfile", "ext", "-out", f"{name}.pem")

    def certify(self):
        self.ca("req", "-x509", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                "ca.pem", "-days", "2", "-subj", "/CN=House CA")
        self.issue("console", "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def trusted(self):
        """mei's key is on a UKEY."""
        self.issue("mei", "keyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n")
        self.list.add("mei", "counter,reviewer")
        return super().trusted() + (self.path / "ca.pem").read_text()

    def ca(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

    def setUp(self):
        processes.adopt_orphans()
        self.addCleanup(processes.end_all)
        super().setUp()
        self.desk = reader()
        self.desk.setUp()
        self.addCleanup(self.desk.doCleanups)
        run(VIRTUAL_KEY, "provision", "--state", f"{self.folder}/ukey", "--serial", "MEI1", "--label",
            "mei", "--default-pin", "no", "--pin", PIN, "--container", "Operator", "--sign-key",
            f"{self.folder}/mei.key", "--sign-cert", f"{self.folder}/mei.pem")
        self.desk.plug(f"{self.folder}/ukey")
        ground.firefox_policy(SecurityDevices={"Add": {"OpenUKey": MODULE}},
                              SSLVersionMax="tls1.2")
        os.makedirs(f"{self.folder}/home")
        env = {**os.environ, "HOME": f"{self.folder}/home", "XDG_RUNTIME_DIR": f"{self.folder}/home"}
        self.firefox = Firefox(self.folder, env, preferences=LANGUAGES)
        self.addCleanup(self.firefox.stop)
        pem = (self.path / "ca.pem").read_text()
        self.firefox.trust("".join(line for line in pem.splitlines() if "-----" not in line))

        # policies load it in their own time
        processes.wait_for(lambda: "OpenUKey" in self.firefox.chrome(MODULES), "the module", 60)

    def approve_with_key(self):
        """Runs what the page says, with the key that is plugged in."""
        # whole: a page shows what has come of it so far
        address = self.firefox.wait(
            "var found = document.body.innerText.match("
            "/ukey approve (https:\\S+\\/t\\/\\w+\\/\\w+\\/\\d+\\/[0-9a-f]{64})\\s/); return found && found[1];",
            what="an address for ukey approve")
        read, write = os.pipe()
        os.write(write, PIN.encode())
        os.close(write)
        done = subprocess.run([UKEY, "approve", address, "--yes", "--trust", f"{self.folder}/ca.pem",
                               "--pin-fd", str(read)], capture_output=True, pass_fds=[read], check=False,
                              env={**environment(), "OPENUKEY_MODULE": MODULE, "LC_ALL": "C.UTF-8",
                                   "LANGUAGE": "en"}, start_new_session=True)
        os.close(read)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stderr.decode()

    def ask(self, act, **fields):
        """Fills the form of an act on the order's page, and signs."""
        form = f'form:has(input[name="act"][value="{act}"])'
        for name, value in fields.items():
            self.firefox.fill(f'{form} [name="{name}"]', value)
        self.firefox.click(f"{form} button")
        shown = self.approve_with_key()
        self.firefox.click('a[href^="/orders/"]:not([href$=".json"])')
        return shown

    def laid_out(self):
        """A new key that waits to be collected."""
        order, cap, number = self.order("new", sn=None, form={**FORM, "handler_id": ID})
        self.to(order, cap, "submit", "consent")
        self.notify(self.to(order, cap, "payment")["reference"], 22000)
        self.to(order, cap, "hand-in")
        for act, names, sn in (("approve", ("wang", "zhao"), ""), ("make", ("mei",), "NEW1"),
                               ("lay-out", ("mei",), "")):
            self.assertEqual(self.act(number, act, *names, sn=sn)[0], 200, act)
        return order, cap, number

    def test_review_rejection_hand_over_and_log(self):
        order, cap, number = self.in_review()
        fetched = self.laid_out()
        self.firefox.answer_pins(PIN)
        self.firefox.go(f"{self.url}/")
        # Not a word to Firefox meanwhile: a script that runs as the prompt opens closes it.
        processes.wait_for((self.path / "visits").read_text, "somebody comes in", 60)
        self.firefox.wait_text("证书服务操作台")
        self.firefox.wait_text("mei")
        self.firefox.click(f'a[href="/orders/{number}"]')
        self.firefox.wait_text("点击不等于审批")
        self.firefox.wait_text("13800138000")
        shown = self.ask("reject", reason="营业执照看不清")
        self.assertIn("Send an order back to be corrected", shown)
        self.assertIn("营业执照看不清", shown)
        self.firefox.wait_text("已执行")
        self.assertEqual(self.state(order, cap), "correct")
        # a key is collected
        self.firefox.go(f"{self.url}/orders/{fetched[2]}")
        self.firefox.wait_text("待领取")
        self.ask("hand-over", id_number=ID)
        self.firefox.wait_text("已执行")
        self.assertEqual(self.state(*fetched[:2]), "handed-over")
        # somebody comes to the counter
        self.firefox.click('header a[href="/walk-in"]')
        self.firefox.wait_text("先查看身份证件")
        # all of it is in the log
        self.firefox.click('header a[href="/log"]')
        for words in (number, "退回修改", fetched[2], "mei"):
            self.firefox.wait_text(words)
        self.assertEqual(len(self.firefox.prompts()), 1)  # one PIN for all of it


del ConsoleCase

if __name__ == "__main__":
    unittest.main()
