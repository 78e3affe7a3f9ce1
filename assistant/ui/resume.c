/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/resume.h"

#include "assistant/core/unlock.h"
#include "assistant/service-client/orders.h"

#include <glib/gi18n.h>
#include <string.h>

#define FIRST_SECONDS 15
#define POLL_SECONDS  300
#define POLL_MOST     86400

struct _OukResume {
	GObject parent;
	GApplication *application;
	OukWatch *watch;
	const OukProfiles *profiles;
	GCancellable *cancellable;
	GPtrArray *list;       /* of OukResumed */
	GHashTable *unlocking; /* serial numbers */
	GHashTable *states;    /* order's id -> its state when it was told last */
	guint poll;
	gboolean busy, again;
};

G_DEFINE_TYPE(OukResume, ouk_resume, G_TYPE_OBJECT)

enum { SIGNAL_CHANGED, SIGNAL_COUNT };
static guint signals[SIGNAL_COUNT];

static void
resumed_free(gpointer data)
{
	OukResumed *resumed = data;

	g_object_unref(resumed->order);
	g_free(resumed);
}

/* ---- on a worker ---- */

typedef struct {
	const OukProfiles *profiles;
	GStrv serials;
	gboolean ask; /* the services, not the disk alone */
	GPtrArray *list;
	GHashTable *unlocking;
} Look;

static void
look_free(gpointer data)
{
	Look *look = data;

	g_strfreev(look->serials);
	g_ptr_array_unref(look->list);
	g_hash_table_unref(look->unlocking);
	g_free(look);
}

static void
add_orders(Look *look, OukOrders *orders, const OukProfile *profile, GCancellable *cancellable)
{
	g_autoptr(OukService) service = ouk_service_new(profile, NULL);
	g_autoptr(GPtrArray) found = NULL;

	if (service == NULL)
		return;
	if (look->ask)
		found = ouk_orders_resume_sync(orders, service, NULL, cancellable, NULL);
	if (found == NULL)
		found = ouk_orders_list(orders, service, NULL, NULL);
	for (guint i = 0; found != NULL && i < found->len; i++) {
		OukResumed *resumed = NULL;

		if (ouk_order_is_over(found->pdata[i]))
			continue;
		resumed = g_new0(OukResumed, 1);
		resumed->profile = profile;
		resumed->order = g_object_ref(found->pdata[i]);
		g_ptr_array_add(look->list, resumed);
	}
}

static void
add_unlocking(Look *look)
{
	for (guint i = 0; look->serials[i] != NULL; i++) {
		g_autofree char *number = ouk_unlock_pending(look->serials[i]);

		if (number != NULL)
			g_hash_table_add(look->unlocking, g_strdup(look->serials[i]));
	}
}

static void
look_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Look *look = data;
	g_autoptr(OukOrders) orders = ouk_orders_open(NULL, NULL);
	const GPtrArray *profiles =
		look->profiles != NULL ? ouk_profiles_list(look->profiles) : NULL;

	for (guint i = 0; orders != NULL && profiles != NULL && i < profiles->len; i++)
		add_orders(look, orders, profiles->pdata[i], cancellable);
	add_unlocking(look);
	g_task_return_boolean(task, TRUE);
}

/* ---- what came of it ---- */

static void
notify(OukResume *self, const OukOrderInfo *order)
{
	g_autoptr(GNotification) notice = NULL;
	/* TRANSLATORS: kind of an order, its number, its state */
	g_autofree char *title =
		g_strdup_printf(_("%s, order %s: %s"), ouk_order_kind_text(order->kind),
				order->number, ouk_order_state_text(order->state));

	notice = g_notification_new(title);
	g_notification_set_body(notice, ouk_next_text(order->next));
	g_notification_set_default_action(notice, "app.orders");
	g_application_send_notification(self->application, order->id, notice);
}

static void
compare(OukResume *self)
{
	for (guint i = 0; i < self->list->len; i++) {
		const OukOrderInfo *order =
			ouk_order_info(((const OukResumed *)self->list->pdata[i])->order);
		const char *before = g_hash_table_lookup(self->states, order->id);

		if (*order->state == '\0')
			continue; /* not asked */
		if (before != NULL && strcmp(before, order->state) != 0)
			notify(self, order);
		g_hash_table_replace(self->states, g_strdup(order->id), g_strdup(order->state));
	}
}

static void look_start(OukResume *self, gboolean ask);

static void
on_looked(GObject *source, GAsyncResult *result, gpointer data)
{
	OukResume *self = OUK_RESUME(source);
	Look *look = g_task_get_task_data(G_TASK(result));

	self->busy = FALSE;
	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	g_ptr_array_unref(self->list);
	self->list = g_ptr_array_ref(look->list);
	g_hash_table_unref(self->unlocking);
	self->unlocking = g_hash_table_ref(look->unlocking);
	if (look->ask)
		compare(self);
	g_signal_emit(self, signals[SIGNAL_CHANGED], 0);
	if (self->again) {
		self->again = FALSE;
		look_start(self, FALSE);
	} else if (!look->ask && g_hash_table_size(self->unlocking) > 0) {
		/* shown at once, and asked whether it was finished elsewhere */
		look_start(self, TRUE);
	}
}

static GStrv
serials_of(OukWatch *watch)
{
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	guint count = g_list_model_get_n_items(G_LIST_MODEL(watch));

	for (guint i = 0; i < count; i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(watch), i);

		g_strv_builder_add(builder, ouk_token_view_info(view)->serial);
	}
	return g_strv_builder_end(builder);
}

static void
look_start(OukResume *self, gboolean ask)
{
	g_autoptr(GTask) task = NULL;
	Look *look = NULL;

	if (self->busy) {
		self->again = TRUE;
		return;
	}
	self->busy = TRUE;
	look = g_new0(Look, 1);
	look->profiles = self->profiles;
	look->serials = serials_of(self->watch);
	look->ask = ask;
	look->list = g_ptr_array_new_with_free_func(resumed_free);
	look->unlocking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	task = g_task_new(self, self->cancellable, on_looked, NULL);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, look, look_free);
	g_task_run_in_thread(task, look_run);
}

/* ---- what is asked of it ---- */

void
ouk_resume_refresh(OukResume *self)
{
	look_start(self, FALSE);
}

void
ouk_resume_note(OukResume *self, OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);

	g_hash_table_replace(self->states, g_strdup(info->id), g_strdup(info->state));
}

const char *
ouk_resume_state(OukResume *self, OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);
	const char *known = g_hash_table_lookup(self->states, info->id);

	return *info->state != '\0' ? info->state : known != NULL ? known : "";
}

gboolean
ouk_resume_is_unlocking(OukResume *self, const char *serial)
{
	return serial != NULL && g_hash_table_contains(self->unlocking, serial);
}

OukOrder *
ouk_resume_order(OukResume *self, const char *serial, const char *kind)
{
	for (guint i = 0; i < self->list->len; i++) {
		const OukResumed *each = self->list->pdata[i];
		const OukOrderInfo *order = ouk_order_info(each->order);

		if (strcmp(order->serial, serial) == 0 && strcmp(order->kind, kind) == 0)
			return each->order;
	}
	return NULL;
}

const GPtrArray *
ouk_resume_list(OukResume *self)
{
	return self->list;
}

/* ---- life ---- */

/* $OPENUKEY_ORDER_POLL: seconds between two looks. */
static guint
seconds_between(guint otherwise)
{
	const char *text = g_getenv("OPENUKEY_ORDER_POLL");
	guint64 seconds = 0;

	if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 1, POLL_MOST, &seconds, NULL))
		return otherwise;
	return (guint)seconds;
}

static gboolean
on_poll(gpointer data)
{
	OukResume *self = data;

	/* nobody is asked for nothing */
	if (self->list->len > 0)
		look_start(self, TRUE);
	self->poll = g_timeout_add_seconds(seconds_between(POLL_SECONDS), on_poll, self);
	return G_SOURCE_REMOVE;
}

void
ouk_resume_set_profiles(OukResume *self, const OukProfiles *profiles)
{
	self->profiles = profiles;
	look_start(self, FALSE);
	if (self->poll == 0)
		self->poll = g_timeout_add_seconds(seconds_between(FIRST_SECONDS), on_poll, self);
}

OukResume *
ouk_resume_new(GApplication *application, OukWatch *watch)
{
	OukResume *self = g_object_new(OUK_TYPE_RESUME, NULL);

	self->application = application;
	self->watch = watch;
	g_signal_connect_object(watch, "changed", G_CALLBACK(ouk_resume_refresh), self,
				G_CONNECT_SWAPPED);
	return self;
}

static void
ouk_resume_dispose(GObject *object)
{
	OukResume *self = OUK_RESUME(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_handle_id(&self->poll, g_source_remove);
	G_OBJECT_CLASS(ouk_resume_parent_class)->dispose(object);
}

static void
ouk_resume_finalize(GObject *object)
{
	OukResume *self = OUK_RESUME(object);

	g_object_unref(self->cancellable);
	g_ptr_array_unref(self->list);
	g_hash_table_unref(self->unlocking);
	g_hash_table_unref(self->states);
	G_OBJECT_CLASS(ouk_resume_parent_class)->finalize(object);
}

static void
ouk_resume_class_init(OukResumeClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_resume_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_resume_finalize;
	signals[SIGNAL_CHANGED] = g_signal_new("changed", OUK_TYPE_RESUME, G_SIGNAL_RUN_LAST, 0,
					       NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
ouk_resume_init(OukResume *self)
{
	self->cancellable = g_cancellable_new();
	self->list = g_ptr_array_new_with_free_func(resumed_free);
	self->unlocking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->states = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}
