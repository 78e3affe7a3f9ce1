/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/tray.h"

#include "assistant/ui/settings.h"

#include <glib/gi18n.h>

#define WATCHER   "org.kde.StatusNotifierWatcher"
#define ITEM_PATH "/StatusNotifierItem"
#define MENU_PATH "/StatusNotifierItem/Menu"

struct _OukTray {
	GApplication *application; /* borrowed: it owns this */
	GDBusConnection *bus;      /* where the watcher is; NULL: nowhere */
	guint watch, item, menu;
	gulong settings_handler;
};

static const char interfaces[] =
	"<node>"
	"<interface name='org.kde.StatusNotifierItem'>"
	"<property name='Category' type='s' access='read'/>"
	"<property name='Id' type='s' access='read'/>"
	"<property name='Title' type='s' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='IconName' type='s' access='read'/>"
	"<property name='ItemIsMenu' type='b' access='read'/>"
	"<property name='Menu' type='o' access='read'/>"
	"<method name='Activate'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"</method>"
	"<method name='SecondaryActivate'><arg type='i' direction='in'/>"
	"<arg type='i' direction='in'/></method>"
	"<method name='ContextMenu'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"</method>"
	"<method name='Scroll'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"</method>"
	"</interface>"
	"<interface name='com.canonical.dbusmenu'>"
	"<property name='Version' type='u' access='read'/>"
	"<property name='Status' type='s' access='read'/>"
	"<property name='TextDirection' type='s' access='read'/>"
	"<property name='IconThemePath' type='as' access='read'/>"
	"<method name='GetLayout'><arg type='i' direction='in'/><arg type='i' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='u' direction='out'/>"
	"<arg type='(ia{sv}av)' direction='out'/></method>"
	"<method name='GetGroupProperties'><arg type='ai' direction='in'/>"
	"<arg type='as' direction='in'/><arg type='a(ia{sv})' direction='out'/></method>"
	"<method name='GetProperty'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='v' direction='out'/></method>"
	"<method name='Event'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='v' direction='in'/><arg type='u' direction='in'/></method>"
	"<method name='AboutToShow'><arg type='i' direction='in'/><arg type='b' direction='out'/>"
	"</method>"
	"</interface>"
	"</node>";

/* The menu; a row's number here + 1 is its id on the bus. NULL action: a line. */
static const struct {
	const char *label, *action;
} items[] = {
	{N_("My Certificates"), "keys"},
	{N_("Validity Dates"), "timeline"},
	{N_("Halls"), "halls"},
	{N_("Check and Repair"), "doctor"},
	{NULL, NULL},
	{N_("Quit"), "quit"},
};

/* ---- menu ---- */

static GVariant *
item_properties(guint number)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	if (items[number].label != NULL)
		g_variant_dict_insert(&dict, "label", "s", _(items[number].label));
	else
		g_variant_dict_insert(&dict, "type", "s", "separator");
	return g_variant_dict_end(&dict);
}

static GVariant *
layout(void)
{
	GVariantBuilder children;
	GVariantDict root;

	g_variant_builder_init(&children, G_VARIANT_TYPE("av"));
	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		g_variant_builder_add(
			&children, "v",
			g_variant_new("(i@a{sv}av)", (gint32)i + 1, item_properties(i), NULL));
	g_variant_dict_init(&root, NULL);
	g_variant_dict_insert(&root, "children-display", "s", "submenu");
	return g_variant_new("(u(i@a{sv}av))", 1u, 0, g_variant_dict_end(&root), &children);
}

static GVariant *
group_properties(void)
{
	GVariantBuilder all;

	g_variant_builder_init(&all, G_VARIANT_TYPE("a(ia{sv})"));
	for (guint i = 0; i < G_N_ELEMENTS(items); i++)
		g_variant_builder_add(&all, "(i@a{sv})", (gint32)i + 1, item_properties(i));
	return g_variant_new("(a(ia{sv}))", &all);
}

static void
menu_event(OukTray *self, GVariant *parameters)
{
	const char *event = NULL;
	gint32 id = 0;

	g_variant_get_child(parameters, 0, "i", &id);
	g_variant_get_child(parameters, 1, "&s", &event);
	if (strcmp(event, "clicked") != 0 || id < 1 || id > (gint32)G_N_ELEMENTS(items) ||
	    items[id - 1].action == NULL)
		return;
	g_action_group_activate_action(G_ACTION_GROUP(self->application), items[id - 1].action,
				       NULL);
}

static void
dbus_call(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
	  const char *method, GVariant *parameters, GDBusMethodInvocation *invocation,
	  gpointer data)
{
	OukTray *self = data;
	GVariant *answer = NULL;

	if (strcmp(method, "GetLayout") == 0)
		answer = layout();
	else if (strcmp(method, "GetGroupProperties") == 0)
		answer = group_properties();
	else if (strcmp(method, "GetProperty") == 0)
		answer = g_variant_new("(v)", g_variant_new_string(""));
	else if (strcmp(method, "AboutToShow") == 0)
		answer = g_variant_new("(b)", FALSE);
	else if (strcmp(method, "Event") == 0)
		menu_event(self, parameters);
	else if (strcmp(method, "Scroll") != 0)
		g_action_group_activate_action(G_ACTION_GROUP(self->application), "keys", NULL);
	g_dbus_method_invocation_return_value(invocation, answer);
}

static GVariant *
dbus_get(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
	 const char *property, GError **error, gpointer data)
{
	const struct {
		const char *name;
		GVariant *value;
	} values[] = {
		{"Category", g_variant_new_string("Hardware")},
		{"Id", g_variant_new_string("org.openukey.Assistant")},
		{"Title", g_variant_new_string(_("My Certificates"))},
		/* dbusmenu's is "normal"; of the two a panel hides what is not Active */
		{"Status",
		 g_variant_new_string(strcmp(interface, "com.canonical.dbusmenu") == 0 ? "normal"
										       : "Active")},
		{"IconName", g_variant_new_string("org.openukey.Assistant-symbolic")},
		{"ItemIsMenu", g_variant_new_boolean(FALSE)},
		{"Menu", g_variant_new_object_path(MENU_PATH)},
		{"Version", g_variant_new_uint32(3)},
		{"TextDirection", g_variant_new_string("ltr")},
		{"IconThemePath", g_variant_new_strv(NULL, 0)},
	};
	GVariant *found = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
		g_variant_ref_sink(values[i].value);
		if (strcmp(values[i].name, property) == 0)
			found = g_variant_ref(values[i].value);
		g_variant_unref(values[i].value);
	}
	return found;
}

static const GDBusInterfaceVTable vtable = {.method_call = dbus_call, .get_property = dbus_get};

/* ---- item ---- */

static void
hide(OukTray *self)
{
	if (self->item != 0)
		g_dbus_connection_unregister_object(self->bus, self->item);
	if (self->menu != 0)
		g_dbus_connection_unregister_object(self->bus, self->menu);
	self->item = self->menu = 0;
}

static void
show(OukTray *self)
{
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(interfaces, NULL);

	if (self->item != 0 || self->bus == NULL || !ouk_settings_get("show-tray"))
		return;
	self->item = g_dbus_connection_register_object(self->bus, ITEM_PATH, node->interfaces[0],
						       &vtable, self, NULL, NULL);
	self->menu = g_dbus_connection_register_object(self->bus, MENU_PATH, node->interfaces[1],
						       &vtable, self, NULL, NULL);
	g_dbus_connection_call(self->bus, WATCHER, "/StatusNotifierWatcher", WATCHER,
			       "RegisterStatusNotifierItem", g_variant_new("(s)", ITEM_PATH), NULL,
			       G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

static void
on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
	OukTray *self = data;

	self->bus = bus;
	show(self);
}

static void
on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
	OukTray *self = data;

	if (self->bus != NULL)
		hide(self);
	self->bus = NULL;
}

static void
on_setting(OukTray *self)
{
	if (ouk_settings_get("show-tray"))
		show(self);
	else if (self->bus != NULL)
		hide(self);
}

OukTray *
ouk_tray_new(GApplication *application)
{
	OukTray *self = g_new0(OukTray, 1);

	self->application = application;
	self->watch = g_bus_watch_name(G_BUS_TYPE_SESSION, WATCHER, G_BUS_NAME_WATCHER_FLAGS_NONE,
				       on_appeared, on_vanished, self, NULL);
	if (ouk_settings() != NULL)
		self->settings_handler = g_signal_connect_swapped(
			ouk_settings(), "changed::show-tray", G_CALLBACK(on_setting), self);
	return self;
}

void
ouk_tray_free(OukTray *self)
{
	if (self->settings_handler != 0)
		g_signal_handler_disconnect(ouk_settings(), self->settings_handler);
	if (self->bus != NULL)
		hide(self);
	g_bus_unwatch_name(self->watch);
	g_free(self);
}

gboolean
ouk_tray_has_place(OukTray *self)
{
	return self->bus != NULL;
}
