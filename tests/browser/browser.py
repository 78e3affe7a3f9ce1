# SPDX-License-Identifier: LGPL-2.1-or-later
"""What Firefox and Chromium have in common for a test."""

import subprocess

from processes import wait_for


class BrowserError(RuntimeError):
    """A script failed in the page, or the browser is gone."""


class Browser:
    """go(url), script(code, argument...), new_tab(), tab(handle) are each browser's own."""

    process = log_path = None

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-4000:]

    def wait(self, code, *arguments, what=None, timeout=60):
        """What a script in the page returns, once that is true; between two pages it is not."""
        def look():
            try:
                return self.script(code, *arguments)
            except BrowserError as error:
                self.trouble = str(error)
                if self.process.poll() is not None:
                    raise
                return None
        self.trouble = ""
        try:
            return wait_for(look, what or code, timeout)
        except AssertionError as error:
            raise AssertionError("%s\n%s\npage: %s" % (error, self.trouble, self.text())) from None

    def text(self):
        """What the page shows."""
        try:
            return self.script("return location.href + '\\n' + "
                               "(document.body ? document.body.innerText : '')")
        except BrowserError as error:
            return str(error)

    def wait_text(self, text, timeout=60):
        return self.wait("return document.body && document.body.innerText.indexOf(arguments[0]) >= 0",
                         text, what="the page shows %r" % text, timeout=timeout)

    def click(self, selector):
        """Presses what a CSS selector finds, as soon as it is there and can be pressed."""
        self.wait("var e = document.querySelector(arguments[0]);"
                  "if (!e || e.disabled) return false; setTimeout(function() { e.click(); }, 0);"
                  "return true;", selector, what="%s can be pressed" % selector)

    def fill(self, selector, value):
        self.wait("var e = document.querySelector(arguments[0]); if (!e) return false;"
                  "e.value = arguments[1];"
                  "e.dispatchEvent(new Event('input', { bubbles: true }));"
                  "e.dispatchEvent(new Event('change', { bubbles: true })); return true;",
                  selector, value, what="%s can be filled in" % selector)

    def hang_up(self):
        """Closes what the test talks to the browser by."""

    def stop(self):
        self.hang_up()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
