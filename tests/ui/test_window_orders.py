# SPDX-License-Identifier: LGPL-2.1-or-later
"""Errands with the CA from 我的证书: a locked key is unlocked by code, a certificate is renewed, and
what was interrupted is gone on with. The service is the rehearsal's."""

import json
import os
import shutil
import unittest

from assistant_case import CODE, NEW_PIN, PIN, UNIT, long_in_english
from processes import wait_for
from service_case import ServiceCase

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


@long_in_english
class OrdersTest(ServiceCase):
    language = LANGUAGE

    def kill(self):
        """As when the power fails: nothing is said, nothing is written."""
        self.window.process.kill()
        self.window.process.wait()
        self.prompt_gone()

    def test_a_locked_key_is_unlocked_by_code(self):
        self.enrolled_key("locked", serial="TEST0061", tries=1)
        self.desktop.plug(0, "locked")
        self.lock("TEST0061")
        self.open()
        self.tab("Services")
        self.row(self.word("Unlock the Key"))
        self.sees("_Apply for Unlocking", role="push button", timeout=60)
        self.picture("order-unlock-form")
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.sees("_Get the Authorization Code", role="push button", timeout=60)
        self.picture("order-unlock-get-code")
        self.press("_Get the Authorization Code")
        self.sees("_Check the Code and Set a New PIN", role="push button", timeout=60)
        code = self.service("inbox", "--code", "--wait", "60").strip()
        self.fill("_Authorization code", code)
        self.picture("order-unlock-code")
        self.press("_Check the Code and Set a New PIN")
        self.field()
        self.picture("order-unlock-pin")
        self.kill()
        self.open()
        self.sees("Unlocking this key is not finished.", timeout=60)
        self.picture("order-resume-card")
        self.press("_Continue")
        self.sees("You have begun this order already. Go on here.", timeout=60)
        self.fill("_Authorization code", code)
        self.press("_Check the Code and Set a New PIN")
        self.type_pin(NEW_PIN, NEW_PIN)
        self.sees("The key is unlocked", timeout=60)
        self.picture("order-unlock-done")
        self.assertEqual(self.desktop.tries_left(0), 1)
        self.state_is("done")

    # ---- renewal ----

    def tick(self, count):
        """None is ticked before; one is not enough."""
        from screen import State
        boxes = wait_for(lambda: (lambda found: found if len(found) == count else None)(
            list(self.window.all("check box", showing=False))), "%d tick boxes" % count, 60)
        for box in boxes:
            self.assertFalse(box.has(State.CHECKED))
        boxes[0].press()
        self.window.find("push button", self.word("_Agree and Go On"), showing=False).press()
        self.sees("Each text wants a tick of its own. Who does not agree can give the order up.",
                  timeout=60)
        for box in boxes[1:]:
            box.press()

    def renew_until_ready(self):
        self.fill_person()
        self.go("_Send the Application")
        self.tick(3)
        self.picture("order-renew-texts")
        self.go("_Agree and Go On")
        self.sees("_Show the Payment Code", role="push button", timeout=60)
        self.picture("order-renew-price")
        self.press("_Show the Payment Code")
        self.sees("I Have _Paid", role="push button", timeout=60)
        self.picture("order-renew-pay")
        number = self.order()["number"]
        self.service("pay", number)
        self.go("I Have _Paid")
        self.sees("The CA is working on it", timeout=60)
        self.picture("order-renew-review")
        self.service("approve", number)
        self.sees("_Write It onto the Key", role="push button", timeout=60)
        self.picture("order-renew-install")

    def test_a_certificate_is_renewed_onto_its_key(self):
        self.enrolled_key("renew", serial="TEST0062", days=20)
        self.desktop.plug(0, "renew")
        self.open()
        self.go("Re_new…")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.picture("order-renew-form")
        self.renew_until_ready()
        self.service("stop")
        self.press("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The CA's service cannot be reached", timeout=60)
        self.picture("order-offline")
        self.kill()
        self.service("start")
        self.open()
        self.sees("The renewal of this key's certificate is not finished.", timeout=60)
        self.press("_Continue")
        self.sees("_Write It onto the Key", role="push button", timeout=60)
        self.press("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The certificate has been renewed", timeout=120)
        self.picture("order-renew-done")
        self.state_is("confirmed")
        self.assertEqual(self.desktop.tries_left(0), 10)


def only_long(test):
    return unittest.skipUnless(os.environ.get("OPENUKEY_TEST_LONG"), "long")(test)


@only_long
class OtherOrdersTest(ServiceCase):
    language = LANGUAGE

    def type_code(self, button):
        self.press("_Get the Authorization Code")
        self.sees(button, role="push button", timeout=60)
        code = self.service("inbox", "last", "--code", "--wait", "60").strip()
        self.fill("_Authorization code", code)
        self.press(button)

    def test_a_lost_key_is_stopped_without_it(self):
        self.enrolled_key("lost", serial="TEST0071")
        self.desktop.plug(0, "lost")
        self.open()
        self.sees_part("0071")
        self.desktop.pull(0)
        self.press("_Lost, Broken, or No Key Yet…")
        self.row(self.word("Report a Key as Lost"))
        self.sees("_Report the Loss", role="push button", timeout=60)
        self.picture("order-loss-form")
        self.fill_person(handler_name=False)
        self.press("_Report the Loss")
        self.sees("_Get the Authorization Code", role="push button", timeout=60)
        self.type_code("_Stop the Key Now")
        self.sees("The key is stopped", timeout=60)
        self.picture("order-loss-stopped")
        self.state_is("suspended")

    def test_another_way_gives_the_order_up_after_a_question(self):
        self.enrolled_key("way", serial="TEST0072", tries=1)
        self.desktop.plug(0, "way")
        self.lock("TEST0072")
        self.open()
        self.open_service("Unlock the Key")
        self.sees("_Apply for Unlocking", role="push button", timeout=60)
        self.fill_person(handler_name=False)
        self.press("_Apply for Unlocking")
        self.press_when("Use Another _Way…")
        self.sees("Use another way? This order is given up, and you begin a new one.", timeout=60)
        self.picture("order-another-way")
        self.press("_No, Leave It")
        self.assertEqual(self.order()["state"], "identified")
        self.press("Use Another _Way…")
        wait_for(lambda: len([node for node in self.window.all(
            "push button", self.word("Use Another _Way…"))]) == 2, "the answer")
        list(self.window.all("push button", self.word("Use Another _Way…")))[-1].press()
        self.sees("_Apply for Unlocking", role="push button", timeout=60)
        self.state_is("cancelled")

    def press_when(self, text):
        self.sees(text, role="push button", timeout=60)
        self.press(text)

    def test_new_data_come_onto_the_key_and_the_hall_is_named(self):
        self.enrolled_key("change", serial="TEST0073")
        self.desktop.plug(0, "change")
        self.open()
        self.open_service("Change the Unit's Data")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.picture("order-change-form")
        self.fill_person()
        self.go("_Send the Application")
        self.agree()
        self.sees("The CA is working on it", timeout=60)
        self.service("approve", "last")
        self.press_when("_Write It onto the Key")
        self.type_pin(PIN)
        self.sees("The certificate with the new data is on the key", timeout=120)
        self.picture("order-change-done")

    def test_a_new_key_is_applied_for_and_collected(self):
        self.enrolled_key("new", serial="TEST0074")
        self.desktop.plug(0, "new")
        self.open(OPENUKEY_ORDER_POLL="2")
        self.open_service("Apply for a New Key")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.window.wait("text", self.word("Name of the unit")).write(UNIT)
        self.fill("Unified social credit code", CODE)
        self.fill_person(handler_id=True)
        self.picture("order-new-form")
        self.go("_Send the Application")
        self.agree()
        self.press_when("Pay by Bank _Transfer Instead…")
        self.picture("order-transfer-question")
        list(self.window.all("push button", self.word("Pay by Bank _Transfer Instead…")))[-1].press()
        self.sees("Waiting for the bank transfer", timeout=60)
        self.picture("order-transfer")
        number = self.order()["number"]
        self.service("act", number, "transfer-seen")
        self.sees("The CA is working on it", timeout=60)
        # whoever looks at something else is told
        self.desktop.key("Escape")
        self.service("act", number, "approve")
        wait_for(lambda: [each for each in self.desktop.notifications() if number in each["summary"]],
                 "a notification", 60)
        self.open_service("My Orders")
        self.window.wait("list item", number + "…", 60).grab()
        self.desktop.key("space")
        self.sees("The CA is working on it", timeout=60)
        self.service("act", number, "make", "--sn", "TEST0075")
        self.service("act", number, "lay-out")
        self.sees("The new key can be collected", timeout=60)
        self.picture("order-collect")

    def test_who_cannot_be_checked_goes_on_by_post(self):
        self.enrolled_key("post", serial="TEST0077", days=20)
        self.desktop.plug(0, "post")
        self.open()
        self.open_service("Renew the Certificate")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.go("_Send the Application")
        missing = self.word("Still missing: %s").partition("%")[0]
        self.sees_part(missing, timeout=60)
        self.fill_person()
        self.fill("Telephone of the legal representative", "13000000000")
        self.go("_Send the Application")
        self.sees("By post", timeout=60)
        self.picture("order-papers")
        self.go("_Give Up the Order…")
        self.go("_Give It Up")
        self.sees("The order is closed", timeout=60)
        self.picture("order-given-up")

    def test_orders_are_found_by_a_code_to_the_handler(self):
        self.enrolled_key("query", serial="TEST0076", days=20)
        self.desktop.plug(0, "query")
        self.open()
        self.open_service("Renew the Certificate")
        self.sees("_Send the Application", role="push button", timeout=60)
        self.fill_person()
        self.go("_Send the Application")
        self.sees("_Agree and Go On", role="push button", timeout=60)
        self.window.stop()
        shutil.rmtree(self.desktop.path("home", ".local", "share", "openukey"))
        self.open()
        self.open_service("My Orders")
        self.sees("No order is open on this computer.", timeout=60)
        before = len(json.loads(self.service("inbox", "--json")))
        self.press("_Send the Code")
        self.sees("If the unit has orders, a code is on its way to the handler's telephone.",
                  timeout=60)
        wait_for(lambda: len(json.loads(self.service("inbox", "--json"))) > before, "a letter", 60)
        code = self.service("inbox", "--code").strip()
        self.fill("_Code sent to the handler", code)
        self.press("Show the _Orders")
        number = self.order()["number"]
        row = self.window.wait("list item", number + "…", 60)
        self.picture("orders-found")
        row.grab()
        self.desktop.key("space")
        self.sees("_Agree and Go On", role="push button", timeout=60)


if __name__ == "__main__":
    unittest.main()
