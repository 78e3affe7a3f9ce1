# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a page may and may not have done with a key."""

import unittest

from bridge_case import BridgeCase, PIN, b64


class LoginTest(BridgeCase):
    def test_page_lists_logs_in_and_signs(self):
        self.plug()
        page = self.page()
        users = page.call("SOF_GetUserList")
        self.assertIn("||", users)
        ident = users.split("||")[1].split("&&&")[0]
        self.assertEqual(page.call("SOF_Login", ident, "000000"), "true")
        signature = page.call("SOF_SignData", ident, "random of the hall")
        print(users, signature, self.room.journal(), self.room.asked())


if __name__ == "__main__":
    unittest.main()
