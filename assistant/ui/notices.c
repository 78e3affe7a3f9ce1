/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/notices.h"

#include "assistant/core/memory.h"
#include "assistant/core/reminder.h"
#include "assistant/ui/settings.h"
#include "assistant/ui/status.h"

#include <glib/gi18n.h>

/* Days change at midnight, and computers sleep: hourly is soon enough. */
#define REMIND_SECONDS 3600

struct _OukNotices {
	OukApplication *application; /* borrowed: it owns this */
	GCancellable *cancellable;
	guint timer;
};

/* ---- keys that come and go ---- */

static char *
notice_id(const OukTokenInfo *info)
{
	return g_strdup_printf("key-%s", info->key_id);
}

static char *
plugged_text(OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	OukPairView *best = ouk_token_view_best(view);

	if (info->failed)
		return g_strdup(_("The key cannot be read."));
	if (info->flags & OUK_TOKEN_PIN_LOCKED)
		return g_strdup(_("This key is locked."));
	if (info->flags & OUK_TOKEN_FIRST_PIN)
		return g_strdup(_("It still has its first PIN. Choose your own."));
	if (best == NULL)
		return g_strdup(_("There is no certificate on this key"));
	return ouk_validity_text(ouk_pair_view_info(best));
}

static void
tell_plugged(OukNotices *self, OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	g_autofree char *id = notice_id(info), *body = plugged_text(view);
	g_autofree char *title =
		/* TRANSLATORS: name of the unit or key */
		g_strdup_printf(_("%s: key plugged in"), ouk_token_view_title(view));
	g_autoptr(GNotification) notice = g_notification_new(title);
	g_autoptr(GIcon) icon = g_themed_icon_new("org.openukey.Assistant");

	g_notification_set_body(notice, body);
	g_notification_set_icon(notice, icon);
	g_notification_set_default_action_and_target(notice, "app.show-key", "s", info->key_id);
	if ((info->flags & (OUK_TOKEN_FIRST_PIN | OUK_TOKEN_PIN_LOCKED)) != 0)
		g_notification_add_button_with_target(notice,
						      info->flags & OUK_TOKEN_PIN_LOCKED
							      ? _("How to Unlock It")
							      : _("Set My Own PIN"),
						      "app.show-pin", "s", info->key_id);
	else
		g_notification_add_button_with_target(notice, _("Show"), "app.show-key", "s",
						      info->key_id);
	g_application_send_notification(G_APPLICATION(self->application), id, notice);
}

static gboolean
window_is_looked_at(OukNotices *self)
{
	GtkWindow *window = gtk_application_get_active_window(GTK_APPLICATION(self->application));

	return window != NULL && gtk_window_is_active(window);
}

/* ---- remembering and reminding: files, so on a worker thread ---- */

typedef struct {
	OukMemory *memory;
	OukTokenView *view; /* to remember, or NULL */
	gboolean remind;
} Chore;

static void
chore_free(gpointer data)
{
	Chore *chore = data;

	ouk_memory_unref(chore->memory);
	g_clear_object(&chore->view);
	g_free(chore);
}

static void
do_chore(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Chore *chore = data;
	GPtrArray *due = NULL;

	if (chore->view != NULL)
		ouk_memory_remember(chore->memory, chore->view, NULL);
	if (chore->remind)
		due = ouk_reminders_due(chore->memory, g_get_real_time() / G_USEC_PER_SEC);
	for (guint i = 0; due != NULL && i < due->len; i++) {
		const OukReminder *each = due->pdata[i];

		ouk_memory_set_reminded(chore->memory, each->id, each->stages, NULL);
	}
	g_task_return_pointer(task, due, due != NULL ? (GDestroyNotify)g_ptr_array_unref : NULL);
}

static void
tell_reminder(OukNotices *self, const OukReminder *due)
{
	g_autoptr(GNotification) notice = g_notification_new(due->title);
	g_autoptr(GIcon) icon = g_themed_icon_new("org.openukey.Assistant");
	g_autofree char *id = g_strdup_printf("end-%s", due->id);

	g_notification_set_body(notice, due->body);
	g_notification_set_icon(notice, icon);
	g_notification_set_priority(notice, due->stage_days <= 7 ? G_NOTIFICATION_PRIORITY_HIGH
								 : G_NOTIFICATION_PRIORITY_NORMAL);
	g_notification_set_default_action(notice, "app.timeline");
	g_notification_add_button(notice, _("Show the Dates"), "app.timeline");
	g_application_send_notification(G_APPLICATION(self->application), id, notice);
}

static void
on_chore(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GPtrArray) due = g_task_propagate_pointer(G_TASK(result), NULL);
	OukNotices *self = data;

	if (g_cancellable_is_cancelled(g_task_get_cancellable(G_TASK(result))))
		return; /* self has gone */
	for (guint i = 0; due != NULL && i < due->len; i++)
		tell_reminder(self, due->pdata[i]);
	ouk_application_memory_changed(self->application);
}

static void
start_chore(OukNotices *self, OukTokenView *view)
{
	OukMemory *memory = ouk_application_memory(self->application);
	g_autoptr(GTask) task = NULL;
	Chore *chore = NULL;

	if (memory == NULL || ouk_application_is_practice(self->application))
		return;
	chore = g_new0(Chore, 1);
	chore->memory = ouk_memory_ref(memory);
	if (view != NULL && ouk_settings_get("remember-certificates"))
		chore->view = g_object_ref(view);
	chore->remind = ouk_settings_get("remind");
	task = g_task_new(self->application, self->cancellable, on_chore, self);
	g_task_set_task_data(task, chore, chore_free);
	g_task_run_in_thread(task, do_chore);
}

static gboolean
on_hour(gpointer data)
{
	start_chore(data, NULL);
	return G_SOURCE_CONTINUE;
}

static void
on_plugged(OukWatch *watch, OukTokenView *view, OukNotices *self)
{
	start_chore(self, view);
	if (ouk_watch_settled(watch) && ouk_settings_get("notify-plug") &&
	    !window_is_looked_at(self))
		tell_plugged(self, view);
}

static void
on_pulled(OukWatch *watch, OukTokenView *view, OukNotices *self)
{
	g_autofree char *id = notice_id(ouk_token_view_info(view));

	g_application_withdraw_notification(G_APPLICATION(self->application), id);
}

OukNotices *
ouk_notices_new(OukApplication *application)
{
	OukNotices *self = g_new0(OukNotices, 1);
	OukWatch *watch = ouk_application_watch(application);

	self->application = application;
	self->cancellable = g_cancellable_new();
	g_signal_connect(watch, "plugged", G_CALLBACK(on_plugged), self);
	g_signal_connect(watch, "pulled", G_CALLBACK(on_pulled), self);
	self->timer = g_timeout_add_seconds(REMIND_SECONDS, on_hour, self);
	/* those that were read before the first paint */
	for (guint i = 0; i < g_list_model_get_n_items(G_LIST_MODEL(watch)); i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(watch), i);

		start_chore(self, view);
	}
	return self;
}

void
ouk_notices_free(OukNotices *self)
{
	g_cancellable_cancel(self->cancellable);
	g_object_unref(self->cancellable);
	g_signal_handlers_disconnect_by_data(ouk_application_watch(self->application), self);
	g_source_remove(self->timer);
	g_free(self);
}
