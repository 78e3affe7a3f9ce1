# SPDX-License-Identifier: LGPL-2.1-or-later
"""Chromium, driven over its DevTools pipe: JSON messages that end in a zero byte."""

import json
import os
import select
import time

import processes
from browser import Browser, BrowserError

OPTIONS = ["--no-first-run", "--no-default-browser-check", "--disable-gpu", "--no-sandbox",
           "--password-store=basic", "--disable-background-networking", "--disable-component-update",
           "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server"]
PATIENCE = 120


class Chromium(Browser):
    """folder: the profile's place; env: what it is started with; extensions: unpacked folders."""

    name = "chromium"

    def __init__(self, folder, env, headless=True, extensions=(), options=()):
        self.number, self.buffer, self.events, self.session = 0, b"", [], None
        self.log_path = os.path.join(folder, "chromium.log")
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        words = ["chromium", *OPTIONS, "--user-data-dir=" + os.path.join(folder, "chromium-profile"),
                 "--remote-debugging-pipe", *(["--headless=new"] if headless else []), *options]
        if extensions:
            words += ["--load-extension=" + ",".join(extensions),
                      "--disable-features=DisableLoadExtensionCommandLineSwitch"]
        # The pipe is descriptors 3 and 4.
        plumb = "exec 60<&%d 61>&%d; exec \"$@\" 3<&60 4>&61 60<&- 61>&-" % (commands, answers)
        self.process = processes.start(["bash", "-c", plumb, "chromium", *words], self.log_path, env,
                                       pass_fds=(commands, answers))
        self.ends = [self.commands, self.answers]
        os.close(commands)
        os.close(answers)
        self.call("Target.setDiscoverTargets", discover=True)
        self.new_tab()

    # ---- the protocol ----

    def _message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, until - time.monotonic()))
            some = os.read(self.answers, 1 << 20) if ready else b""
            if not some:
                raise BrowserError("Chromium %s\n%s" % (
                    "went away" if ready else "does not answer", self.log))
            self.buffer += some
        message, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(message)

    def call(self, method, session=None, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if session:
            request["sessionId"] = session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        until = time.monotonic() + PATIENCE
        while True:
            message = self._message(until)
            if message.get("id") == request["id"]:
                break
            self.events.append(message)
        if "error" in message:
            raise BrowserError("%s: %s" % (method, message["error"]["message"]))
        return message["result"]

    def hang_up(self):
        for end in self.ends:
            os.close(end)
        self.ends = []

    def page(self, method, **parameters):
        """To the tab that is looked at."""
        return self.call(method, self.session, **parameters)

    # ---- what tests ask for ----

    def script(self, code, *arguments):
        words = "(function() { %s }).apply(null, %s)" % (code, json.dumps(list(arguments)))
        done = self.page("Runtime.evaluate", expression=words, returnByValue=True)
        if "exceptionDetails" in done:
            told = done["exceptionDetails"]
            raise BrowserError(told.get("exception", {}).get("description") or told["text"])
        return done["result"].get("value")

    def go(self, url):
        """Begins to load it; wait() for what the page shows."""
        self.script("setTimeout(function() { location.href = %s; }, 0)" % json.dumps(url))

    def new_tab(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.tab(target)
        return target

    def tab(self, target):
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.target = target
        for domain in ("Page", "Runtime", "Log"):
            self.page(domain + ".enable")

    def this_tab(self):
        return self.target

    def permit(self, origin, *permissions):
        """Grants a page what the browser would ask the person for."""
        self.call("Browser.grantPermissions", origin=origin, permissions=list(permissions))

    def targets(self):
        return self.call("Target.getTargets")["targetInfos"]

    def said(self):
        """What the console and the browser's log have: texts."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
            elif event.get("method") == "Runtime.consoleAPICalled":
                found += [str(part.get("value", part.get("description", "")))
                          for part in parameters["args"]]
        return found
