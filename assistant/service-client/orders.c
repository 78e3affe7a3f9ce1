/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/service-client/orders.h"

#include "assistant/core/errors.h"
#include "assistant/core/memory_file.h"
#include "assistant/core/unlock.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/order_data.h"
#include "assistant/service-client/orders_file.h"
#include "assistant/service-client/vault.h"

#include "common/defs.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

struct _OukOrders {
	gint refs;
	char *dir;
};

OukOrders *
ouk_orders_open(const char *dir, GError **error)
{
	OukOrders *orders;
	g_autofree char *own = g_build_filename(g_get_user_data_dir(), "openukey", NULL);
	const char *where = dir != NULL ? dir : own;

	if (g_mkdir_with_parents(where, 0700) != 0) {
		ouk_fail_with(error, OUK_E_FILE_WRITE, "(%s: %s)", where, g_strerror(errno));
		return NULL;
	}
	orders = g_new0(OukOrders, 1);
	orders->refs = 1;
	orders->dir = g_strdup(where);
	return orders;
}

OukOrders *
ouk_orders_ref(OukOrders *orders)
{
	g_atomic_int_inc(&orders->refs);
	return orders;
}

void
ouk_orders_unref(OukOrders *orders)
{
	if (orders == NULL || !g_atomic_int_dec_and_test(&orders->refs))
		return;
	g_free(orders->dir);
	g_free(orders);
}

/* ---- the list ---- */

/* Changes the list and says whether it must be written. */
typedef gboolean (*Change)(GPtrArray *rows, gpointer data);

static gboolean
list_change(OukOrders *orders, Change change, gpointer data, GError **error)
{
	UK_CLEANUP(memory_file_unlock) int lock = memory_file_lock(orders->dir, error);
	g_autoptr(GPtrArray) rows = NULL;

	if (lock < 0)
		return FALSE;
	rows = orders_file_read(orders->dir);
	return !change(rows, data) || orders_file_write(orders->dir, rows, error);
}

/* What is looked for in the list; NULL fits all. */
typedef struct {
	const char *profile, *kind, *serial, *id;
	char *key; /* out */
	OukOrder *order;
} Wanted;

static gboolean
fits(const char *wanted, const char *text)
{
	return wanted == NULL || strcmp(wanted, text) == 0;
}

/* An order that was begun and not kept; -1: there is none. */
static int
begun_find(const GPtrArray *rows, const Wanted *wanted)
{
	for (guint i = 0; i < rows->len; i++) {
		const OrdersRow *row = g_ptr_array_index(rows, i);

		if (*row->id == '\0' && fits(wanted->profile, row->profile) &&
		    fits(wanted->kind, row->kind) && fits(wanted->serial, row->serial))
			return (int)i;
	}
	return -1;
}

static void
text_set(char **at, const char *text)
{
	g_free(*at);
	*at = g_strdup(text != NULL ? text : "");
}

static gboolean
change_begin(GPtrArray *rows, gpointer data)
{
	Wanted *wanted = data;
	int at = begun_find(rows, wanted);
	OrdersRow *row;

	if (at >= 0) {
		row = g_ptr_array_index(rows, (guint)at);
		wanted->key = g_strdup(row->key);
		return FALSE;
	}
	row = orders_row_new();
	text_set(&row->profile, wanted->profile);
	text_set(&row->kind, wanted->kind);
	text_set(&row->serial, wanted->serial);
	g_free(row->key);
	row->key = g_uuid_string_random();
	row->made = g_get_real_time() / G_USEC_PER_SEC;
	wanted->key = g_strdup(row->key);
	g_ptr_array_add(rows, row);
	return TRUE;
}

char *
ouk_orders_begin(OukOrders *orders, OukService *service, const char *kind, const char *serial,
		 GError **error)
{
	Wanted wanted = {.profile = ouk_service_profile(service),
			 .kind = kind,
			 .serial = serial != NULL ? serial : ""};

	if (list_change(orders, change_begin, &wanted, error))
		return wanted.key;
	g_free(wanted.key);
	return NULL;
}

static gboolean
change_begin_anew(GPtrArray *rows, gpointer data)
{
	int at = begun_find(rows, data);

	if (at < 0)
		return FALSE;
	g_ptr_array_remove_index(rows, (guint)at);
	return TRUE;
}

gboolean
ouk_orders_begin_anew(OukOrders *orders, OukService *service, const char *kind, const char *serial,
		      GError **error)
{
	Wanted wanted = {.profile = ouk_service_profile(service),
			 .kind = kind,
			 .serial = serial != NULL ? serial : ""};

	return list_change(orders, change_begin_anew, &wanted, error);
}

/* The row of an order that has an id; -1: none. */
static int
row_find(const GPtrArray *rows, const char *profile, const char *id)
{
	for (guint i = 0; i < rows->len; i++) {
		const OrdersRow *row = g_ptr_array_index(rows, i);

		if (strcmp(row->id, id) == 0 && strcmp(row->profile, profile) == 0)
			return (int)i;
	}
	return -1;
}

static gboolean
change_keep(GPtrArray *rows, gpointer data)
{
	Wanted *wanted = data;
	const OukOrderInfo *info = ouk_order_info(wanted->order);
	int at = row_find(rows, wanted->profile, info->id);
	const Wanted begun = {
		.profile = wanted->profile, .kind = info->kind, .serial = info->serial};
	OrdersRow *row;

	if (at < 0)
		at = begun_find(rows, &begun);
	if (at < 0) {
		row = orders_row_new();
		row->made = g_get_real_time() / G_USEC_PER_SEC;
		g_ptr_array_add(rows, row);
	} else {
		row = g_ptr_array_index(rows, (guint)at);
	}
	text_set(&row->profile, wanted->profile);
	text_set(&row->id, info->id);
	text_set(&row->number, info->number);
	text_set(&row->kind, info->kind);
	text_set(&row->serial, info->serial);
	text_set(&row->key, "");
	return TRUE;
}

static gboolean
change_forget(GPtrArray *rows, gpointer data)
{
	const Wanted *wanted = data;
	int at = row_find(rows, wanted->profile, wanted->id);

	if (at < 0)
		return FALSE;
	g_ptr_array_remove_index(rows, (guint)at);
	return TRUE;
}

/* ---- capabilities beside it ---- */

gboolean
ouk_orders_keep(OukOrders *orders, OukService *service, OukOrder *order, gboolean *ret_in_file,
		GError **error)
{
	const OukOrderInfo *info = ouk_order_info(order);
	Wanted wanted = {.profile = ouk_service_profile(service), .order = order};
	/* Translators: the name of an entry in the desktop's keyring; an order number */
	g_autofree char *label = g_strdup_printf(_("Certificate order %s"), info->number);
	const VaultPlace place = {orders->dir, wanted.profile, info->id, label};
	gboolean in_file = FALSE;

	/* first what authorises: a list without it would only lead astray */
	if (ouk_order_is_ours(order) &&
	    !vault_put(&place, ouk_order_capability(order), &in_file, error))
		return FALSE;
	if (ret_in_file != NULL)
		*ret_in_file = in_file;
	return list_change(orders, change_keep, &wanted, error);
}

gboolean
ouk_orders_forget(OukOrders *orders, OukService *service, OukOrder *order, GError **error)
{
	const char *profile = ouk_service_profile(service);
	Wanted wanted = {.profile = profile, .id = ouk_order_info(order)->id};
	const VaultPlace place = {orders->dir, profile, wanted.id, ""};

	vault_remove(&place);
	return list_change(orders, change_forget, &wanted, error);
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
	const OrdersRow *const *left = a, *const *right = b;

	if ((*left)->made != (*right)->made)
		return (*left)->made > (*right)->made ? -1 : 1;
	return strcmp((*right)->number, (*left)->number);
}

GPtrArray *
ouk_orders_list(OukOrders *orders, OukService *service, const char *serial, GError **error)
{
	g_autoptr(GPtrArray) rows = orders_file_read(orders->dir);
	GPtrArray *list = g_ptr_array_new_with_free_func(g_object_unref);
	const char *profile = ouk_service_profile(service);

	g_ptr_array_sort(rows, newest_first);
	for (guint i = 0; i < rows->len; i++) {
		const OrdersRow *row = g_ptr_array_index(rows, i);
		const VaultPlace place = {orders->dir, profile, row->id, ""};
		char *capability;

		if (*row->id == '\0' || strcmp(row->profile, profile) != 0 ||
		    !fits(serial, row->serial))
			continue;
		capability = vault_get(&place);
		g_ptr_array_add(list,
				ouk_order_remembered(row->id, row->number, row->kind, row->serial,
						     capability != NULL ? capability : ""));
		order_text_wipe(capability);
	}
	return list;
}

/* ---- what they are now ---- */

/* It may have been finished at another computer. */
static void
unlock_settle(const OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);

	if (ouk_order_is_over(order))
		ouk_unlock_over(info->serial, info->number);
}

GPtrArray *
ouk_orders_resume_sync(OukOrders *orders, OukService *service, const char *serial,
		       GCancellable *cancellable, GError **error)
{
	g_autoptr(GPtrArray) list = ouk_orders_list(orders, service, serial, error);
	GPtrArray *now = g_ptr_array_new_with_free_func(g_object_unref);

	for (guint i = 0; i < list->len; i++) {
		OukOrder *order = g_ptr_array_index(list, i);
		g_autoptr(OukCall) call = ouk_call_order(order);
		g_autoptr(GError) why = NULL;
		g_autoptr(OukReply) reply = NULL;

		if (ouk_order_is_ours(order))
			reply = ouk_service_ask_sync(service, call, cancellable, &why);
		if (reply != NULL && ouk_reply_order(reply) != NULL) {
			g_ptr_array_add(now, g_object_ref(ouk_reply_order(reply)));
			unlock_settle(ouk_reply_order(reply));
		} else if (why == NULL) {
			g_ptr_array_add(now, g_object_ref(order));
		} else if (g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_NOT_FOUND)) {
			(void)ouk_orders_forget(orders, service, order, NULL);
			ouk_unlock_over(ouk_order_info(order)->serial,
					ouk_order_info(order)->number);
		} else {
			g_ptr_array_unref(now);
			g_propagate_error(error, g_steal_pointer(&why));
			return NULL;
		}
	}
	return now;
}

typedef struct {
	OukOrders *orders;
	OukService *service;
	char *serial;
} Resuming;

static void
resuming_free(gpointer data)
{
	Resuming *resuming = data;

	ouk_orders_unref(resuming->orders);
	ouk_service_unref(resuming->service);
	g_free(resuming->serial);
	g_free(resuming);
}

static void
resume_on_worker(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Resuming *resuming = data;
	GError *error = NULL;
	GPtrArray *list = ouk_orders_resume_sync(resuming->orders, resuming->service,
						 resuming->serial, cancellable, &error);

	if (list != NULL)
		g_task_return_pointer(task, list, (GDestroyNotify)g_ptr_array_unref);
	else
		g_task_return_error(task, error);
}

void
ouk_orders_resume_async(OukOrders *orders, OukService *service, const char *serial,
			GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
	Resuming *resuming = g_new0(Resuming, 1);

	resuming->orders = ouk_orders_ref(orders);
	resuming->service = ouk_service_ref(service);
	resuming->serial = g_strdup(serial);
	g_task_set_source_tag(task, ouk_orders_resume_async);
	g_task_set_check_cancellable(task, FALSE);
	g_task_set_task_data(task, resuming, resuming_free);
	g_task_run_in_thread(task, resume_on_worker);
}

GPtrArray *
ouk_orders_resume_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
}
