# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a screen reader, or a spy, gets from the accessibility bus.

As a program (recorder.py LISTEN): asks for every event there is, reads the text of whatever an
event comes from, and prints a line of JSON for each. Recorder starts it, and a monitor of the raw
bus beside it."""

import json
import os
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, Gio, GLib  # noqa: E402

from processes import wait_for  # noqa: E402

EVENTS = ("object:", "window:", "focus:", "keyboard:", "document:", "terminal:", "mouse:")


def bus_address():
    bus = Gio.bus_get_sync(Gio.BusType.SESSION)
    answer = bus.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None,
                           None, Gio.DBusCallFlags.NONE, 5000)
    return answer.unpack()[0]


class Recorder:
    def __init__(self, desktop, name="recording"):
        self.desktop, self.names = desktop, ("%s-events" % name, "%s-bus" % name)
        here = os.path.abspath(__file__)
        self.parts = [
            desktop.background(self.names[0], "/usr/bin/python3", here, "listen"),
            desktop.background(self.names[1], "dbus-monitor", "--binary", "--address",
                               bus_address())]
        wait_for(lambda: b"listening" in self.bytes(0) and len(self.bytes(1)) > 0,
                 "the recorder")

    def bytes(self, part):
        with open(self.desktop.path("logs", self.names[part] + ".log"), "rb") as file:
            return file.read()

    def events(self):
        return [json.loads(line) for line in self.bytes(0).splitlines() if line.startswith(b"{")]

    def stop(self):
        """Ends the recording: all of its bytes."""
        for part in self.parts:
            part.terminate()
            part.wait()
        return self.bytes(0) + self.bytes(1)


def describe(event):
    source, row = event.source, {"type": event.type, "detail": [event.detail1, event.detail2]}
    data = event.any_data
    row["data"] = data if isinstance(data, (str, int, float)) else type(data).__name__
    try:
        row["role"], row["name"] = source.get_role_name(), source.get_name()
        text = source.get_text_iface()
        if text is not None:
            row["text"] = Atspi.Text.get_text(text, 0, -1)
    except GLib.Error as error:
        row["gone"] = error.message
    return row


def listen():
    Atspi.init()
    listener = Atspi.EventListener.new(
        lambda event: print(json.dumps(describe(event), ensure_ascii=False), flush=True))
    for name in EVENTS:
        listener.register(name)
    print("listening", flush=True)
    Atspi.event_main()


if __name__ == "__main__" and sys.argv[1:] == ["listen"]:
    listen()
