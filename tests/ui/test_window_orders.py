# SPDX-License-Identifier: LGPL-2.1-or-later
"""Errands with the CA from 我的证书: a locked key is unlocked by code, a certificate is renewed, and
what was interrupted is gone on with. The service is the rehearsal's."""

import os
import unittest

from assistant_case import NEW_PIN, UNIT
from processes import wait_for
from service_case import ServiceCase

LANGUAGE = os.environ.get("OPENUKEY_TEST_LANGUAGE", "zh_CN")


class OrdersTest(ServiceCase):
    language = LANGUAGE

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
        self.type_pin(NEW_PIN, NEW_PIN)
        self.sees("The key is unlocked", timeout=60)
        self.picture("order-unlock-done")
        self.assertEqual(self.desktop.tries_left(0), 1)
        self.state_is("done")


if __name__ == "__main__":
    unittest.main()
