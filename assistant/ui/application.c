/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/application.h"

#include "assistant/core/memory.h"
#include "assistant/ui/about.h"
#include "assistant/ui/autostart.h"
#include "assistant/ui/first_start_page.h"
#include "assistant/ui/notices.h"
#include "assistant/ui/orders_page.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/practice.h"
#include "assistant/ui/preferences.h"
#include "assistant/ui/settings.h"
#include "assistant/ui/take_out.h"
#include "assistant/ui/tray.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define APPLICATION_ID "org.openukey.Assistant"
#define FIRST_START    "first-start" /* the option and the action */

struct _OukApplication {
	GtkApplication parent;
	gboolean practice;
	gboolean background;    /* this start shows no window */
	gboolean held;          /* goes on without a window */
	gboolean again;         /* to be started anew once it has ended */
	gboolean again_first;   /* at the first start */
	char *page;             /* of --page */
	GtkWidget *first_start; /* its page while it is open */
	OukMemory *memory;
	OukWatch *watch;
	OukProfiles *profiles;
	OukNotices *notices;
	OukTakeOut *take_out;
	OukResume *resume;
	OukTray *tray;
	guint start; /* of the watch and all that, after the first paint */
};

G_DEFINE_TYPE(OukApplication, ouk_application, GTK_TYPE_APPLICATION)

enum { SIGNAL_PROFILES, SIGNAL_MEMORY, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

/* ---- what the pages ask for ---- */

OukApplication *
ouk_application_get(void)
{
	return OUK_APPLICATION(g_application_get_default());
}

gboolean
ouk_application_again(OukApplication *self, const char **ret_option)
{
	*ret_option = self->again_first ? "--" FIRST_START : NULL;
	return self->again;
}

OukWatch *
ouk_application_watch(OukApplication *self)
{
	return self->watch;
}

OukMemory *
ouk_application_memory(OukApplication *self)
{
	return self->memory;
}

const OukProfiles *
ouk_application_profiles(OukApplication *self)
{
	return self->profiles;
}

const OukProfile *
ouk_application_profile_of(OukApplication *self, OukTokenView *token)
{
	OukPairView *best = token != NULL ? ouk_token_view_best(token) : NULL;
	const OukPairCert *cert = best != NULL ? ouk_pair_view_cert(best) : NULL;

	if (cert == NULL || self->profiles == NULL)
		return NULL;
	return ouk_profiles_for_cert(self->profiles, cert->x509);
}

OukResume *
ouk_application_resume(OukApplication *self)
{
	return self->resume;
}

gboolean
ouk_application_is_practice(OukApplication *self)
{
	return self->practice;
}

void
ouk_application_memory_changed(OukApplication *self)
{
	g_signal_emit(self, signals[SIGNAL_MEMORY], 0);
}

/* ---- profiles: read beside the first paint ---- */

static void
load_profiles(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_task_return_pointer(task, ouk_profiles_load_default(),
			      (GDestroyNotify)ouk_profiles_unref);
}

static void
on_profiles(GObject *source, GAsyncResult *result, gpointer data)
{
	OukApplication *self = OUK_APPLICATION(source);

	self->profiles = g_task_propagate_pointer(G_TASK(result), NULL);
	if (self->profiles != NULL)
		ouk_resume_set_profiles(self->resume, self->profiles);
	g_signal_emit(self, signals[SIGNAL_PROFILES], 0);
}

/* The keys are read on threads of their own while the window is being made. */
static void
read_keys(OukApplication *self)
{
	g_autoptr(GError) error = NULL;

	self->memory = ouk_memory_open(NULL, &error);
	if (self->memory == NULL)
		g_warning("%s", error->message);
	self->watch = ouk_watch_new(NULL, self->memory);
	self->resume = ouk_resume_new(G_APPLICATION(self), self->watch);
}

/* All that the first paint need not wait for. */
static gboolean
start_watching(gpointer data)
{
	OukApplication *self = data;
	GList *windows = gtk_application_get_windows(GTK_APPLICATION(self));
	g_autoptr(GTask) task = NULL;

	self->start = 0;
	self->notices = ouk_notices_new(self);
	self->take_out = ouk_take_out_new(self);
	self->tray = ouk_tray_new(G_APPLICATION(self));
	for (; windows != NULL; windows = windows->next)
		if (OUK_IS_WINDOW(windows->data))
			ouk_window_set_watch(windows->data, self->watch);
	task = g_task_new(self, NULL, on_profiles, NULL);
	g_task_run_in_thread(task, load_profiles);
	return G_SOURCE_REMOVE;
}

/* For everything but the first paint: what is put off until after it is needed now. */
static void
need_watch(OukApplication *self)
{
	if (self->start == 0)
		return;
	g_source_remove(self->start);
	start_watching(self);
}

/* ---- windows ---- */

static OukWindow *
window_open(OukApplication *self)
{
	GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(self));

	if (window != NULL && !OUK_IS_WINDOW(window)) {
		GList *each = gtk_application_get_windows(GTK_APPLICATION(self));

		for (window = NULL; each != NULL && window == NULL; each = each->next)
			window = OUK_IS_WINDOW(each->data) ? each->data : NULL;
	}
	if (window == NULL)
		window = GTK_WINDOW(ouk_window_new(GTK_APPLICATION(self),
						   self->start == 0 ? self->watch : NULL,
						   self->practice));
	gtk_window_present(window);
	return OUK_WINDOW(window);
}

static void
on_quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	GList *windows = NULL;

	while ((windows = gtk_application_get_windows(data)) != NULL)
		gtk_widget_destroy(windows->data);
	g_application_quit(data);
}

static void
on_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ouk_about_show(GTK_WINDOW(window_open(data)));
}

static void
on_preferences(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukApplication *self = data;

	need_watch(self);
	ouk_preferences_show(GTK_WINDOW(window_open(self)), ouk_tray_has_place(self->tray));
}

static void
on_help(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ouk_uri_open(GTK_WIDGET(window_open(data)), "help:openukey", NULL,
		     _("The help pages cannot be shown: no program for them (yelp) is installed."));
}

static void
on_place(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	need_watch(data);
	ouk_window_show_place(window_open(data), g_action_get_name(G_ACTION(action)));
}

/* A notification may have started the program: the keys are not known yet. */
static void
show_key(OukApplication *self, const char *id, const char *tab)
{
	OukWindow *window = window_open(self);

	need_watch(self);
	ouk_window_show_key(window, id, tab);
}

static void
on_show_key(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	show_key(data, g_variant_get_string(parameter, NULL), "certificates");
}

static void
on_show_pin(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	show_key(data, g_variant_get_string(parameter, NULL), "pin");
}

static void
on_refresh(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukApplication *self = data;

	need_watch(self);
	/* p11-kit reads once in a process which modules there are: one that was just installed or
	 * registered is seen by the next process only. */
	if (ouk_watch_state(self->watch) == OUK_WATCH_NO_MODULE) {
		self->again = TRUE;
		self->again_first = self->first_start != NULL;
		g_action_group_activate_action(G_ACTION_GROUP(self), "quit", NULL);
		return;
	}
	ouk_watch_refresh_async(self->watch, NULL, OUK_REFRESH_ALL, NULL, NULL);
}

/* A notification may have started the program. */
static void
on_orders(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukWindow *window = window_open(data);

	need_watch(data);
	ouk_window_push(window, ouk_orders_page_new(NULL, NULL), _("My Orders"));
}

static void
on_first_start(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukApplication *self = data;
	OukWindow *window = window_open(self);

	need_watch(self);
	if (self->first_start != NULL)
		return;
	g_set_weak_pointer(&self->first_start, ouk_first_start_page_new());
	ouk_window_keep(self->first_start);
	ouk_window_push(window, self->first_start, _("Set Up This Computer"));
}

static void
on_practice(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	ouk_practice_start(GTK_WIDGET(window_open(data)));
}

/* The bridge tells that a person is no longer logged in anywhere. */
static void
on_session_ended(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukApplication *self = data;

	if (self->take_out != NULL)
		ouk_take_out_session_ended(self->take_out);
}

static const GActionEntry actions[] = {
	{.name = "quit", .activate = on_quit},
	{.name = "about", .activate = on_about},
	{.name = "preferences", .activate = on_preferences},
	{.name = "help", .activate = on_help},
	{.name = "keys", .activate = on_place},
	{.name = "timeline", .activate = on_place},
	{.name = "halls", .activate = on_place},
	{.name = "services", .activate = on_place},
	{.name = "sites", .activate = on_place},
	{.name = "doctor", .activate = on_place},
	{.name = "show-key", .activate = on_show_key, .parameter_type = "s"},
	{.name = "show-pin", .activate = on_show_pin, .parameter_type = "s"},
	{.name = "refresh", .activate = on_refresh},
	{.name = "orders", .activate = on_orders},
	{.name = FIRST_START, .activate = on_first_start},
	{.name = "practice", .activate = on_practice},
	{.name = "session-ended", .activate = on_session_ended},
};

static const struct {
	const char *action;
	const char *keys[3];
} shortcuts[] = {
	{"app.quit", {"<Primary>q"}},
	{"app.help", {"F1"}},
	{"app.refresh", {"F5"}},
	{"win.back", {"<Alt>Left", "Escape"}},
	{"app.keys", {"<Alt>1"}},
	{"app.timeline", {"<Alt>2"}},
	{"app.halls", {"<Alt>3"}},
	{"app.doctor", {"<Alt>4"}},
	{"app.services", {"<Alt>5"}},
	{"app.sites", {"<Alt>6"}},
	{"app.preferences", {"<Primary>comma"}},
};

/* ---- without a window ---- */

/* Goes on without a window where the person wants reminders: as long as autostart is on. */
static void
update_hold(OukApplication *self)
{
	gboolean wanted = !self->practice && ouk_autostart_enabled();

	if (wanted && !self->held)
		g_application_hold(G_APPLICATION(self));
	if (!wanted && self->held)
		g_application_release(G_APPLICATION(self));
	self->held = wanted;
}

/* The switch in the preferences. */
static void
on_autostart(GSimpleAction *action, GVariant *state, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GtkWindow *window = gtk_application_get_active_window(data);

	if (!ouk_autostart_set(g_variant_get_boolean(state), &error)) {
		if (window != NULL)
			ouk_window_say(GTK_WIDGET(window), GTK_MESSAGE_ERROR, error->message);
		return;
	}
	g_simple_action_set_state(action, state);
	update_hold(data);
}

static void
add_autostart_action(OukApplication *self)
{
	g_autoptr(GSimpleAction) action = g_simple_action_new_stateful(
		"autostart", NULL, g_variant_new_boolean(ouk_autostart_enabled()));

	g_signal_connect(action, "change-state", G_CALLBACK(on_autostart), self);
	g_action_map_add_action(G_ACTION_MAP(self), G_ACTION(action));
	update_hold(self);
}

/* Said once: closing the window is not the end. */
static void
ouk_application_window_removed(GtkApplication *application, GtkWindow *window)
{
	OukApplication *self = OUK_APPLICATION(application);
	g_autoptr(GNotification) notice = NULL;

	GTK_APPLICATION_CLASS(ouk_application_parent_class)->window_removed(application, window);
	if (!OUK_IS_WINDOW(window) || !self->held || ouk_settings() == NULL ||
	    ouk_settings_get("told-background"))
		return;
	g_settings_set_boolean(ouk_settings(), "told-background", TRUE);
	notice = g_notification_new(_("My Certificates goes on without its window"));
	g_notification_set_body(notice,
				_("It tells when a key is plugged in and when a certificate "
				  "ends. \"Start with the session\" in the preferences "
				  "switches that off."));
	g_notification_add_button(notice, _("Preferences"), "app.preferences");
	g_application_send_notification(G_APPLICATION(self), "background", notice);
}

/* ---- start ---- */

static void
load_style(void)
{
	g_autoptr(GtkCssProvider) css = gtk_css_provider_new();

	gtk_css_provider_load_from_resource(css, "/org/openukey/Assistant/style.css");
	gtk_style_context_add_provider_for_screen(gdk_screen_get_default(), GTK_STYLE_PROVIDER(css),
						  GTK_STYLE_PROVIDER_PRIORITY_APPLICATION);
}

static void
ouk_application_startup(GApplication *application)
{
	OukApplication *self = OUK_APPLICATION(application);

	G_APPLICATION_CLASS(ouk_application_parent_class)->startup(application);
	read_keys(self);
	gtk_window_set_default_icon_name(APPLICATION_ID);
	load_style();
	g_action_map_add_action_entries(G_ACTION_MAP(self), actions, G_N_ELEMENTS(actions), self);
	for (size_t i = 0; i < G_N_ELEMENTS(shortcuts); i++)
		gtk_application_set_accels_for_action(GTK_APPLICATION(self), shortcuts[i].action,
						      shortcuts[i].keys);
	if (self->practice || !ouk_practice_possible())
		g_simple_action_set_enabled(
			G_SIMPLE_ACTION(g_action_map_lookup_action(G_ACTION_MAP(self), "practice")),
			FALSE);
	add_autostart_action(self);
	self->start = g_idle_add_full(G_PRIORITY_LOW, start_watching, self, NULL);
}

static void
ouk_application_activate(GApplication *application)
{
	OukApplication *self = OUK_APPLICATION(application);
	OukWindow *window = NULL;

	if (self->background) {
		self->background = FALSE;
		return;
	}
	window = window_open(self);
	if (self->page != NULL && strcmp(self->page, FIRST_START) == 0) {
		on_first_start(NULL, NULL, self);
	} else if (self->page != NULL) {
		need_watch(self);
		ouk_window_show_place(window, self->page);
	}
	g_clear_pointer(&self->page, g_free);
}

static void
ouk_application_shutdown(GApplication *application)
{
	OukApplication *self = OUK_APPLICATION(application);

	g_clear_handle_id(&self->start, g_source_remove);
	g_clear_pointer(&self->tray, ouk_tray_free);
	g_clear_pointer(&self->notices, ouk_notices_free);
	g_clear_pointer(&self->take_out, ouk_take_out_free);
	g_clear_object(&self->resume);
	G_APPLICATION_CLASS(ouk_application_parent_class)->shutdown(application);
	if (self->watch != NULL)
		ouk_watch_close(self->watch);
}

/* In the process that was started: the running one is told through its actions. */
static int
ouk_application_handle_local_options(GApplication *application, GVariantDict *options)
{
	OukApplication *self = OUK_APPLICATION(application);
	g_autoptr(GError) error = NULL;

	if (g_variant_dict_contains(options, "version")) {
		g_print("openukey-assistant %s\n", OPENUKEY_VERSION);
		return 0;
	}
	self->background = g_variant_dict_contains(options, "background");
	g_variant_dict_lookup(options, "page", "s", &self->page);
	if (g_variant_dict_contains(options, FIRST_START)) {
		g_free(self->page);
		self->page = g_strdup(FIRST_START);
	}
	if (!g_application_register(application, NULL, &error)) {
		g_printerr("%s\n", error->message);
		return 1;
	}
	if (!g_application_get_is_remote(application))
		return -1;
	if (self->background)
		return 0;
	g_application_activate(application);
	if (self->page != NULL)
		g_action_group_activate_action(G_ACTION_GROUP(application), self->page, NULL);
	return 0;
}

static void
ouk_application_finalize(GObject *object)
{
	OukApplication *self = OUK_APPLICATION(object);

	g_clear_object(&self->watch);
	g_clear_pointer(&self->memory, ouk_memory_unref);
	g_clear_pointer(&self->profiles, ouk_profiles_unref);
	g_clear_weak_pointer(&self->first_start);
	g_free(self->page);
	G_OBJECT_CLASS(ouk_application_parent_class)->finalize(object);
}

static void
ouk_application_class_init(OukApplicationClass *klass)
{
	GApplicationClass *application_class = G_APPLICATION_CLASS(klass);

	G_OBJECT_CLASS(klass)->finalize = ouk_application_finalize;
	GTK_APPLICATION_CLASS(klass)->window_removed = ouk_application_window_removed;
	application_class->startup = ouk_application_startup;
	application_class->activate = ouk_application_activate;
	application_class->shutdown = ouk_application_shutdown;
	application_class->handle_local_options = ouk_application_handle_local_options;
	signals[SIGNAL_PROFILES] = g_signal_new("profiles", OUK_TYPE_APPLICATION, G_SIGNAL_RUN_LAST,
						0, NULL, NULL, NULL, G_TYPE_NONE, 0);
	signals[SIGNAL_MEMORY] = g_signal_new("memory", OUK_TYPE_APPLICATION, G_SIGNAL_RUN_LAST, 0,
					      NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static const GOptionEntry options[] = {
	{"background", 0, 0, G_OPTION_ARG_NONE, NULL,
	 N_("Show no window; watch keys and remind of dates"), NULL},
	{"page", 0, 0, G_OPTION_ARG_STRING, NULL,
	 N_("Open at a page: keys, timeline, services, sites, halls or doctor"), N_("PAGE")},
	{FIRST_START, 0, 0, G_OPTION_ARG_NONE, NULL,
	 N_("Check this computer, wait for the key, and show that its certificate is ready"), NULL},
	{"version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version"), NULL},
	{NULL},
};

static void
ouk_application_init(OukApplication *self)
{
	g_application_add_main_option_entries(G_APPLICATION(self), options);
}

OukApplication *
ouk_application_new(gboolean practice)
{
	OukApplication *self =
		g_object_new(OUK_TYPE_APPLICATION, "application-id",
			     practice ? APPLICATION_ID ".Rehearsal" : APPLICATION_ID,
			     "resource-base-path", "/org/openukey/Assistant", "flags", 0, NULL);

	self->practice = practice;
	return self;
}
