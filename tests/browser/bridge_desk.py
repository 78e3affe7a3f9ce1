# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desk with the bridge: its prompts are answered as a person does, its journal is read.

Import it after ground.enter()."""

import json
import os

from assistant_case import AssistantCase
from hall_desk import HallDesk
from processes import wait_for

BRIDGE = os.environ.get("OPENUKEY_BRIDGE", "openukey-bridge")
UKEY = os.environ.get("OPENUKEY_UKEY", "ukey")
PINENTRY = os.environ.get("OPENUKEY_PINENTRY", "openukey-pinentry")
LATE = 60


class BridgeDesk(HallDesk):
    """The bridge runs for the whole class; browser: the one that the tests share."""

    prompt, prompt_field = AssistantCase.prompt, AssistantCase.field
    prompt_gone, type_pin = AssistantCase.prompt_gone, AssistantCase.type_pin
    field = prompt_field

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desktop.env.update(OPENUKEY_PINENTRY=PINENTRY,
                               XDG_STATE_HOME=cls.desktop.path("home", ".local", "state"),
                               **cls.desktop.language("en"))
        from gi import require_version
        require_version("Atspi", "2.0")
        import screen  # noqa: F401 - the accessibility bus is there now
        cls.start_bridge()

    @classmethod
    def start_bridge(cls):
        cls.bridge = cls.desktop.background("bridge", BRIDGE)
        wait_for(lambda: os.path.exists(cls.desktop.path("run", "openukey", "bridge.control")),
                 "the bridge's socket", LATE)

    def setUp(self):
        if 0 not in self.desktop.keys:
            self.desktop.plug(0, "unit", "--timing", self.timing)

    # ---- the person ----

    def wait_prompt(self, button, text=None):
        """The prompt that has this button, and says this somewhere."""
        def look():
            prompt = self.prompt()
            found = prompt.find("push button", button) if prompt else None
            if found is None or (text and prompt.find("label", text + "…") is None):
                return None
            return prompt
        try:
            return wait_for(look, "a prompt with %r that says %r" % (button, text), LATE)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.scene())) from None

    def scene(self):
        """What there is to see when something did not come."""
        prompt, browser = self.prompt(), getattr(self, "browser", None)
        return "\n".join([
            prompt.tree() if prompt else "no prompt", browser.text() if browser else "",
            "\n".join(getattr(browser, "said", list)()), self.hall.log()[-1500:],
            "\n".join(str({name: value for name, value in line.items()
                           if name not in ("hash", "prev", "cert")}) for line in self.journal()[-8:])])

    def press_prompt(self, button, text=None):
        self.wait_prompt(button, text).find("push button", button).press()
        self.prompt_gone()

    def prompt_says(self, text):
        """Waits for it in the prompt that is up."""
        def look():
            prompt = self.prompt()
            return prompt and next((node for node in prompt.all() if text in node.name), None)
        return wait_for(look, "the prompt says %r" % text, LATE)

    def enter_pin(self, pin, site=None):
        """Types it into the prompt, which names the site."""
        self.wait_prompt("Log In", site)
        self.type_pin(pin)

    # ---- what the bridge wrote down ----

    def journal(self):
        try:
            text = self.desktop.read("home/.local/state/openukey/journal")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def events(self, event, since=0):
        return [line for line in self.journal()[since:] if line["event"] == event]

    def forget_sites(self):
        """No site is allowed any more."""
        out, code = self.desktop.run(UKEY, "bridge", "forget", "--all")
        self.assertEqual(code, 0, out)
