# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stand-ins on the session bus for what a desktop has: notifications, and a tray if asked for.

mocks.py [--tray]: one line of JSON on stdout for each thing that happens, commands on stdin:
["invoke", id, action] and ["close", id] do what a person does to a notification."""

import json
import sys

import gi

gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib  # noqa: E402

TRAY = """<node><interface name='org.kde.StatusNotifierWatcher'>
<method name='RegisterStatusNotifierItem'><arg type='s' direction='in'/></method>
<method name='RegisterStatusNotifierHost'><arg type='s' direction='in'/></method>
<property name='RegisteredStatusNotifierItems' type='as' access='read'/>
<property name='IsStatusNotifierHostRegistered' type='b' access='read'/>
<property name='ProtocolVersion' type='i' access='read'/>
<signal name='StatusNotifierItemRegistered'><arg type='s'/></signal>
<signal name='StatusNotifierItemUnregistered'><arg type='s'/></signal>
<signal name='StatusNotifierHostRegistered'/></interface></node>"""
NOTIFY = """<node><interface name='org.freedesktop.Notifications'>
<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>
<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>
<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/><arg type='i' direction='in'/>
<arg type='u' direction='out'/></method>
<method name='CloseNotification'><arg type='u' direction='in'/></method>
<method name='GetCapabilities'><arg type='as' direction='out'/></method>
<method name='GetServerInformation'><arg type='s' direction='out'/><arg type='s' direction='out'/>
<arg type='s' direction='out'/><arg type='s' direction='out'/></method>
<signal name='ActionInvoked'><arg type='u'/><arg type='s'/></signal>
<signal name='NotificationClosed'><arg type='u'/><arg type='u'/></signal></interface></node>"""
NOTIFY_NAME, NOTIFY_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
TRAY_NAME, TRAY_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"


def say(**what):
    print(json.dumps(what, ensure_ascii=False), flush=True)


class Mocks:
    def __init__(self, bus):
        self.bus, self.items, self.last = bus, [], 0

    def own(self, name, path, xml):
        interface = Gio.DBusNodeInfo.new_for_xml(xml).interfaces[0]
        self.bus.register_object(path, interface, self.call, self.property, None)
        Gio.bus_own_name_on_connection(self.bus, name, Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: say(owns=name), None)

    def call(self, bus, sender, path, interface, method, parameters, invocation):
        answer = getattr(self, "on_" + method, lambda *_: None)(sender, *parameters.unpack())
        invocation.return_value(answer)

    def property(self, bus, sender, path, interface, name):
        return {"RegisteredStatusNotifierItems": GLib.Variant("as", self.items),
                "IsStatusNotifierHostRegistered": GLib.Variant("b", True),
                "ProtocolVersion": GLib.Variant("i", 0)}[name]

    def on_RegisterStatusNotifierItem(self, sender, service):
        item = sender + (service if service.startswith("/") else "/StatusNotifierItem")
        self.items.append(item)
        say(tray=item)
        self.bus.emit_signal(None, TRAY_PATH, TRAY_NAME, "StatusNotifierItemRegistered",
                             GLib.Variant("(s)", (item,)))

    def on_Notify(self, sender, app, replaces, icon, summary, body, actions, hints, timeout):
        if replaces == 0:
            self.last += 1
        number = replaces or self.last
        say(notify={"id": number, "app": app, "icon": icon, "summary": summary, "body": body,
                    "actions": actions, "replaces": replaces,
                    "urgency": hints.get("urgency", 1)})
        return GLib.Variant("(u)", (number,))

    def on_CloseNotification(self, sender, number):
        say(closed=number)
        self.do_close(number)

    def on_GetCapabilities(self, sender):
        return GLib.Variant("(as)", (["body", "actions", "body-markup", "persistence"],))

    def on_GetServerInformation(self, sender):
        return GLib.Variant("(ssss)", ("tests", "OpenUKey", "1", "1.2"))

    def signal(self, name, form, *values):
        self.bus.emit_signal(None, NOTIFY_PATH, NOTIFY_NAME, name, GLib.Variant(form, values))

    def do_invoke(self, number, action):
        self.signal("ActionInvoked", "(us)", number, action)
        self.do_close(number)

    def do_close(self, number):
        self.signal("NotificationClosed", "(uu)", number, 2)

    def command(self, stream, condition):
        line = stream.readline()
        if not line:
            return False
        verb, *arguments = json.loads(line)
        getattr(self, "do_" + verb)(*arguments)
        return True


def main():
    mocks = Mocks(Gio.bus_get_sync(Gio.BusType.SESSION))
    mocks.own(NOTIFY_NAME, NOTIFY_PATH, NOTIFY)
    if "--tray" in sys.argv:
        mocks.own(TRAY_NAME, TRAY_PATH, TRAY)
    GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                      mocks.command)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
