/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/unlock_order.h"

#include "assistant/core/errors.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"

#include <string.h>

static gboolean
command_read(const OukReply *reply, const OukUnlockQuestion *question, OukUnlockAnswer *ret)
{
	g_autoptr(GBytes) data = ouk_reply_bytes(reply, "data", sizeof(ret->data));
	gsize len = 0;
	gconstpointer bytes = data != NULL ? g_bytes_get_data(data, &len) : NULL;

	if (bytes == NULL || len == 0)
		return FALSE;
	memcpy(ret->data, bytes, len);
	ret->data_len = len;
	return strcmp(question->stage, "unblock") != 0 ||
	       ouk_reply_secret(reply, "transport", &ret->transport);
}

static gboolean
command(gpointer context, const OukUnlockQuestion *question, OukUnlockAnswer *ret,
	GCancellable *cancellable, GError **error)
{
	const OukUnlockOrder *with = context;
	g_autoptr(GBytes) random = g_bytes_new(question->random, sizeof(question->random));
	g_autoptr(GBytes) app = g_bytes_new(question->app, sizeof(question->app));
	const OukUnlockCommand words = {with->grant, question->stage, random, app,
					question->admin_left};
	g_autoptr(OukCall) call = ouk_call_unlock_command(with->order, &words);
	g_autoptr(OukReply) reply = ouk_service_ask_sync(with->service, call, cancellable, error);

	if (reply == NULL)
		return FALSE;
	return command_read(reply, question, ret) || ouk_fail(error, OUK_E_UNLOCK_ANSWER);
}

static gboolean
ask(const OukUnlockOrder *with, OukCall *call, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukReply) reply = ouk_service_ask_sync(with->service, call, cancellable, error);

	return reply != NULL;
}

static gboolean
ack(gpointer context, GCancellable *cancellable, GError **error)
{
	const OukUnlockOrder *with = context;
	g_autoptr(OukCall) call = ouk_call_unlock_ack(with->order, with->grant);

	return ask(with, call, cancellable, error);
}

static gboolean
foreign(gpointer context, GCancellable *cancellable, GError **error)
{
	const OukUnlockOrder *with = context;
	g_autoptr(OukCall) call = ouk_call_unlock_foreign(with->order, with->grant);

	return ask(with, call, cancellable, error);
}

OukUnlockService
ouk_unlock_service(OukUnlockOrder *with)
{
	return (OukUnlockService){with, command, ack, foreign};
}

/* That hints of what is over go is ouk_orders_resume_sync's work. */
static void
hint_ask(const OukUnlockHint *hint, GCancellable *cancellable)
{
	g_autoptr(OukProfiles) profiles = ouk_profiles_load_default();
	const OukProfile *profile = ouk_profiles_find(profiles, hint->profile);
	g_autoptr(OukService) service = profile != NULL ? ouk_service_new(profile, NULL) : NULL;
	g_autoptr(OukOrders) orders = service != NULL ? ouk_orders_open(NULL, NULL) : NULL;
	GPtrArray *asked = orders != NULL ? ouk_orders_resume_sync(orders, service, hint->sn,
								   cancellable, NULL)
					  : NULL;

	g_clear_pointer(&asked, g_ptr_array_unref);
}

char *
ouk_unlock_pending_asked(const char *sn, GCancellable *cancellable)
{
	g_autoptr(OukUnlockHint) hint = ouk_unlock_hint(sn);

	if (hint == NULL || !hint->pin_unknown)
		return NULL;
	if (hint->profile != NULL)
		hint_ask(hint, cancellable);
	return ouk_unlock_pending(sn);
}
