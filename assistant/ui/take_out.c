/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/take_out.h"

#include "assistant/ui/settings.h"

#include <glib/gi18n.h>
#include <string.h>

#define NOTICE "take-out"
#define LOGIN1 "org.freedesktop.login1"

/* What tells on the session bus that the screen is locked; one desktop has one of them. */
static const char *const savers[] = {
	"org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver", "org.mate.ScreenSaver",
	"org.cinnamon.ScreenSaver",    "org.ukui.ScreenSaver",
};

struct _OukTakeOut {
	OukApplication *application; /* borrowed: it owns this */
	GCancellable *cancellable;
	GDBusConnection *session, *system;
	GArray *on_session, *on_system; /* of guint: subscriptions */
	gboolean told;                  /* since a key was last plugged in */
};

/* ---- the reminder ---- */

static OukTokenView *
first_key(OukTakeOut *self)
{
	OukWatch *watch = ouk_application_watch(self->application);

	return watch != NULL ? g_list_model_get_item(G_LIST_MODEL(watch), 0) : NULL;
}

static void
remind(OukTakeOut *self, const char *why)
{
	g_autoptr(OukTokenView) key = first_key(self);
	g_autoptr(GNotification) notice = NULL;
	g_autoptr(GIcon) icon = NULL;
	g_autofree char *title = NULL;

	if (key == NULL || self->told || !ouk_settings_get("remind-take-out"))
		return;
	self->told = TRUE;
	/* TRANSLATORS: name of the unit or key */
	title = g_strdup_printf(_("Take the key out: %s"), ouk_token_view_title(key));
	notice = g_notification_new(title);
	icon = g_themed_icon_new("org.openukey.Assistant");
	g_notification_set_body(notice, why);
	g_notification_set_icon(notice, icon);
	g_application_send_notification(G_APPLICATION(self->application), NOTICE, notice);
}

void
ouk_take_out_session_ended(OukTakeOut *self)
{
	remind(self, _("You are logged out of the hall. A key that is not in the computer cannot "
		       "be used by anybody else."));
}

static void
on_locked(OukTakeOut *self)
{
	remind(self, _("The screen is locked and the key is still plugged in. Do not leave it in "
		       "the computer when you go."));
}

static void
on_plugged(OukWatch *watch, OukTokenView *view, OukTakeOut *self)
{
	self->told = FALSE;
}

static void
on_pulled(OukWatch *watch, OukTokenView *view, OukTakeOut *self)
{
	g_autoptr(OukTokenView) left = first_key(self);

	if (left == NULL)
		g_application_withdraw_notification(G_APPLICATION(self->application), NOTICE);
}

/* ---- who tells of it ---- */

static void
dbus_active(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
	    const char *signal, GVariant *parameters, gpointer data)
{
	gboolean active;

	if (!g_variant_is_of_type(parameters, G_VARIANT_TYPE("(b)")))
		return;
	g_variant_get(parameters, "(b)", &active);
	if (active)
		on_locked(data);
}

static void
dbus_lock(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
	  const char *signal, GVariant *parameters, gpointer data)
{
	on_locked(data);
}

static void
hear(GArray *list, guint subscription)
{
	g_array_append_val(list, subscription);
}

static void
listen_session(OukTakeOut *self)
{
	for (gsize i = 0; self->session != NULL && i < G_N_ELEMENTS(savers); i++)
		hear(self->on_session,
		     g_dbus_connection_signal_subscribe(
			     self->session, NULL, savers[i], "ActiveChanged", NULL, NULL,
			     G_DBUS_SIGNAL_FLAGS_NONE, dbus_active, self, NULL));
}

/* Only our own session's lock: another user's screen is none of our business. */
static void
on_own_session(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GVariant) answer =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
	OukTakeOut *self = data;
	const char *path;

	if (answer == NULL)
		return; /* self may have gone; or there is no login1 */
	g_variant_get(answer, "(&o)", &path);
	hear(self->on_system, g_dbus_connection_signal_subscribe(
				      self->system, LOGIN1, LOGIN1 ".Session", "Lock", path, NULL,
				      G_DBUS_SIGNAL_FLAGS_NONE, dbus_lock, self, NULL));
}

static void
on_system_bus(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GDBusConnection *bus = g_bus_get_finish(result, &error);
	OukTakeOut *self = data;
	const char *id = g_getenv("XDG_SESSION_ID");

	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
		g_clear_object(&bus);
		return;
	}
	self->system = bus;
	if (bus == NULL)
		return;
	hear(self->on_system, g_dbus_connection_signal_subscribe(
				      bus, LOGIN1, LOGIN1 ".Manager", "PrepareForSleep", NULL, NULL,
				      G_DBUS_SIGNAL_FLAGS_NONE, dbus_active, self, NULL));
	g_dbus_connection_call(bus, LOGIN1, "/org/freedesktop/login1", LOGIN1 ".Manager",
			       id != NULL ? "GetSession" : "GetSessionByPID",
			       id != NULL ? g_variant_new("(s)", id) : g_variant_new("(u)", 0),
			       G_VARIANT_TYPE("(o)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1,
			       self->cancellable, on_own_session, self);
}

/* ---- beginning and end ---- */

OukTakeOut *
ouk_take_out_new(OukApplication *application)
{
	OukTakeOut *self = g_new0(OukTakeOut, 1);
	OukWatch *watch = ouk_application_watch(application);
	GDBusConnection *session = g_application_get_dbus_connection(G_APPLICATION(application));

	self->application = application;
	self->cancellable = g_cancellable_new();
	self->on_session = g_array_new(FALSE, FALSE, sizeof(guint));
	self->on_system = g_array_new(FALSE, FALSE, sizeof(guint));
	self->session = session != NULL ? g_object_ref(session) : NULL;
	g_signal_connect(watch, "plugged", G_CALLBACK(on_plugged), self);
	g_signal_connect(watch, "pulled", G_CALLBACK(on_pulled), self);
	listen_session(self);
	g_bus_get(G_BUS_TYPE_SYSTEM, self->cancellable, on_system_bus, self);
	return self;
}

static void
listen_no_more(GDBusConnection **bus, GArray *list)
{
	for (guint i = 0; *bus != NULL && i < list->len; i++)
		g_dbus_connection_signal_unsubscribe(*bus, g_array_index(list, guint, i));
	g_array_unref(list);
	g_clear_object(bus);
}

void
ouk_take_out_free(OukTakeOut *self)
{
	g_cancellable_cancel(self->cancellable);
	g_object_unref(self->cancellable);
	g_signal_handlers_disconnect_by_data(ouk_application_watch(self->application), self);
	listen_no_more(&self->session, self->on_session);
	listen_no_more(&self->system, self->on_system);
	g_free(self);
}
