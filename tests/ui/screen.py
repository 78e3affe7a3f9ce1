# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs as a screen reader sees them: found by role and name, pressed, read, walked by keyboard.

Import it when the Desktop is up (Desktop.start does)."""

import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

import processes  # noqa: E402
from processes import wait_for  # noqa: E402

Atspi.init()
State = Atspi.StateType


class Node:
    """One accessible object. What has gone meanwhile reads as nothing."""

    def __init__(self, accessible):
        self.accessible = accessible

    def ask(self, function, default=None):
        try:
            return function(self.accessible)
        except GLib.Error:
            return default

    @property
    def role(self):
        return self.ask(Atspi.Accessible.get_role_name, "")

    @property
    def name(self):
        return self.ask(Atspi.Accessible.get_name, "")

    @property
    def description(self):
        return self.ask(Atspi.Accessible.get_description, "")

    def has(self, *states):
        """Whether it is in all these states: Atspi.StateType.SHOWING and so on."""
        mine = self.ask(Atspi.Accessible.get_state_set)
        return mine is not None and all(mine.contains(state) for state in states)

    @property
    def text(self):
        """What an entry or label holds, as the accessibility bus tells it."""
        return self.ask(lambda a: Atspi.Text.get_text(a, 0, Atspi.Text.get_character_count(a)), "")

    @property
    def box(self):
        """x, y, width, height on the screen."""
        box = self.ask(lambda a: Atspi.Component.get_extents(a, Atspi.CoordType.SCREEN))
        return (box.x, box.y, box.width, box.height) if box else (0, 0, 0, 0)

    def children(self):
        count = self.ask(Atspi.Accessible.get_child_count, 0)
        for index in range(count):
            child = self.ask(lambda a, i=index: Atspi.Accessible.get_child_at_index(a, i))
            if child is not None:
                yield Node(child)

    def all(self, role=None, name=None, showing=True):
        """Everything below with that role and that name (a part of it is enough when it ends in
        '…'); what is not on the screen only with showing=False."""
        if showing and not self.has(State.SHOWING) and self.role not in ("application", ""):
            return
        if (role is None or self.role == role) and name_fits(self.name, name):
            yield self
        for child in self.children():
            yield from child.all(role, name, showing)

    def find(self, role=None, name=None, showing=True):
        return next(self.all(role, name, showing), None)

    def press(self):
        """Does its first action: what a click would."""
        wait_for(lambda: self.has(State.SENSITIVE), "%r can be pressed" % self)
        Atspi.Action.do_action(self.accessible, 0)

    def grab(self):
        """Gives it the keyboard."""
        Atspi.Component.grab_focus(self.accessible)
        wait_for(lambda: self.has(State.FOCUSED), "%r has the focus" % self)

    def write(self, text):
        """Sets what an entry holds, as an input method or a screen reader does."""
        wait_for(lambda: Atspi.EditableText.set_text_contents(self.accessible, text) and
                 self.text == text, "%r holds the text" % self)

    def tree(self, depth=0):
        """All of it as text, for a person to read."""
        line = "%s%s %r%s\n" % ("  " * depth, self.role, self.name,
                                "" if self.has(State.SHOWING) else " (hidden)")
        return line + "".join(child.tree(depth + 1) for child in self.children())

    def __repr__(self):
        return "%s %r" % (self.role, self.name)


def name_fits(name, wanted):
    if wanted is None:
        return True
    return wanted.strip("…") in name if wanted.endswith("…") else name == wanted


class Program:
    """A program under test: its process, its log, its windows."""

    def __init__(self, desktop, process, log, words):
        self.desktop, self.process, self.log_path, self.words = desktop, process, log, words

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def pids(self):
        """Its process and those that it started."""
        own = self.process.pid
        return [own] + [pid for pid, parent in processes.parents().items() if parent == own]

    def application(self):
        """Its root on the accessibility bus, or None; the one with a window where it has several."""
        desktop, pids, found = Atspi.get_desktop(0), self.pids(), None
        desktop.clear_cache()
        for node in Node(desktop).children():
            if node.ask(Atspi.Accessible.get_process_id) in pids:
                if node.ask(Atspi.Accessible.get_child_count, 0) > 0:
                    return node
                found = found or node
        return found

    def all(self, role=None, name=None, showing=True):
        root = self.application()
        return list(root.all(role, name, showing)) if root else []

    def find(self, role=None, name=None, showing=True):
        """The first that fits, or None."""
        found = self.all(role, name, showing)
        return found[0] if found else None

    def wait(self, role=None, name=None, timeout=10.0, **states):
        """The first that fits, as soon as it is there."""
        def look():
            if self.process.poll() is not None:
                raise AssertionError("%s has ended (%d):\n%s" % (
                    self.words[0], self.process.returncode, self.log))
            return self.find(role, name)
        try:
            return wait_for(look, "%s %r" % (role, name), timeout)
        except AssertionError as error:
            raise AssertionError("%s\n%s%s" % (error, self.tree(), self.log)) from None

    def wait_gone(self, role=None, name=None, timeout=10.0):
        wait_for(lambda: self.find(role, name) is None, "%s %r gone" % (role, name), timeout)

    def press(self, role, name):
        self.wait(role, name).press()

    def texts(self):
        """Every text that is on the screen, in reading order."""
        found = []
        for node in self.all():
            for text in (node.name, node.text):
                if text and text not in found:
                    found.append(text)
        return found

    def focused(self):
        return next((node for node in self.all() if node.has(State.FOCUSED)), None)

    def wait_keys(self):
        """Until a window of it has the keyboard: before that, a field is only about to."""
        wait_for(lambda: any(node.has(State.ACTIVE) for node in self.all()
                             if node.role in ("frame", "dialog", "window")),
                 "a window with the keyboard")

    def walk(self, key="Tab", limit=60):
        """Presses the key until the focus is back where it started: [(role, name)] on the way."""
        first, seen = self.focused(), []
        for _ in range(limit):
            self.desktop.key(key)
            time.sleep(0.08)
            here = self.focused()
            if here is None:
                continue
            seen.append((here.role, here.name))
            if first is not None and here.accessible == first.accessible:
                break
        return seen

    def tree(self):
        root = self.application()
        return root.tree() if root else "(nothing on the accessibility bus)\n"

    def end(self, timeout=60.0):
        """Waits for its end: the exit status."""
        return self.process.wait(timeout)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(3)
            except Exception:  # noqa: B902 - the second chance is SIGKILL, whatever the first met
                self.process.kill()
                self.process.wait()
