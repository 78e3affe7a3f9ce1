/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/take_out.h"

#include <gio/gio.h>
#include <glib/gi18n.h>

#define ASSISTANT "org.openukey.Assistant"
#define NOTIFY    "org.freedesktop.Notifications"

/* Without 我的证书: the desktop's own notification, with no button and no memory. */
static void
notify(GDBusConnection *bus, const char *title)
{
	g_autofree char *heading =
		/* TRANSLATORS: name of the unit or key */
		g_strdup_printf(_("Take the key out: %s"), title);
	GVariantBuilder actions, hints;

	g_variant_builder_init(&actions, G_VARIANT_TYPE("as"));
	g_variant_builder_init(&hints, G_VARIANT_TYPE("a{sv}"));
	g_dbus_connection_call(
		bus, NOTIFY, "/org/freedesktop/Notifications", NOTIFY, "Notify",
		g_variant_new("(susssasa{sv}i)", "OpenUKey", 0, ASSISTANT, heading,
			      _("You are logged out of the hall. A key that is not in the computer "
				"cannot be used by anybody else."),
			      &actions, &hints, -1),
		NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
}

static void
on_told(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autofree char *title = data;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, NULL);

	if (answer == NULL)
		notify(G_DBUS_CONNECTION(source), title);
}

static void
on_bus(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GDBusConnection) bus = g_bus_get_finish(result, NULL);
	GVariantBuilder parameter, platform;

	if (bus == NULL) {
		g_free(data);
		return;
	}
	g_variant_builder_init(&parameter, G_VARIANT_TYPE("av"));
	g_variant_builder_init(&platform, G_VARIANT_TYPE("a{sv}"));
	g_dbus_connection_call(bus, ASSISTANT, "/org/openukey/Assistant", "org.gtk.Actions",
			       "Activate",
			       g_variant_new("(sava{sv})", "session-ended", &parameter, &platform),
			       NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, on_told, data);
}

void
ouk_take_out_tell(const char *title)
{
	g_bus_get(G_BUS_TYPE_SESSION, NULL, on_bus, g_strdup(title));
}
