/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/errand_work.h"

#include "assistant/core/errors.h"

#include "common/secret.h"

#include <string.h>

static void
text_wipe(char *text)
{
	if (text != NULL)
		uk_wipe(text, strlen(text));
	g_free(text);
}

void
ouk_errand_work_free(OukErrandWork *work)
{
	g_clear_pointer(&work->service, ouk_service_unref);
	g_clear_pointer(&work->orders, ouk_orders_unref);
	g_clear_object(&work->order);
	g_free(work->kind);
	g_free(work->serial);
	g_free(work->unit_code);
	g_free(work->method);
	g_clear_pointer(&work->certificate, g_bytes_unref);
	g_clear_pointer(&work->form, g_hash_table_unref);
	text_wipe(work->code);
	g_clear_pointer(&work->agreed, g_ptr_array_unref);
	g_free(work->way);
	g_free(work->slot);
	g_clear_pointer(&work->picture, g_bytes_unref);
	g_clear_pointer(&work->texts, g_ptr_array_unref);
	text_wipe(work->grant);
	g_free(work->pay_code);
	g_free(work->pay_reference);
	g_free(work);
}

gboolean
ouk_errand_unreached(const GError *error)
{
	static const OukErrorCode codes[] = {OUK_E_SERVICE_OFFLINE, OUK_E_SERVICE_TIMEOUT,
					     OUK_E_SERVICE_UNAVAILABLE, OUK_E_SERVICE_BUSY,
					     OUK_E_UNLOCK_LATE};

	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (g_error_matches(error, OUK_ERROR, (int)codes[i]))
			return TRUE;
	return FALSE;
}

/* ---- asking ---- */

/* Takes the call. The order in the answer becomes the work's. */
static OukReply *
ask(OukErrandWork *work, OukCall *taken, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukCall) call = taken;
	OukReply *reply = ouk_service_ask_sync(work->service, call, cancellable, error);

	if (reply != NULL && ouk_reply_order(reply) != NULL)
		g_set_object(&work->order, ouk_reply_order(reply));
	return reply;
}

static gboolean
tell(OukErrandWork *work, OukCall *taken, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukReply) reply = ask(work, taken, cancellable, error);

	return reply != NULL;
}

static gboolean
read_order(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_order(work->order), cancellable, error);
}

/* ---- the actions ---- */

static gboolean
do_look(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autoptr(GPtrArray) list = NULL;

	if (work->order != NULL)
		return read_order(work, cancellable, error);
	if (work->serial == NULL)
		return TRUE;
	list = ouk_orders_resume_sync(work->orders, work->service, work->serial, cancellable,
				      error);
	for (guint i = 0; list != NULL && i < list->len && work->order == NULL; i++) {
		const OukOrderInfo *info = ouk_order_info(list->pdata[i]);

		if (strcmp(info->kind, work->kind) == 0 && !ouk_order_is_over(list->pdata[i]) &&
		    ouk_order_is_ours(list->pdata[i]))
			work->order = g_object_ref(list->pdata[i]);
	}
	return list != NULL;
}

static gboolean
order_new(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autofree char *once =
		ouk_orders_begin(work->orders, work->service, work->kind, work->serial, error);
	OukOrderRequest request = {
		.kind = work->kind,
		.unit_code = work->unit_code,
		.method = work->method,
		.serial = work->serial,
		.not_after = work->not_after,
		.locked = work->locked,
		.name_changed = work->name_changed,
		.code_changed = work->code_changed,
		.form = work->form,
		.certificate = work->certificate,
		.idempotency = once,
	};

	return once != NULL && tell(work, ouk_call_order_new(&request), cancellable, error);
}

static gboolean
do_open(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autoptr(GError) why = NULL;

	g_clear_object(&work->order);
	if (!order_new(work, cancellable, &why)) {
		/* the form was changed since it was sent without an answer */
		if (!g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_CHANGED) &&
		    !g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_EXISTS)) {
			g_propagate_error(error, g_steal_pointer(&why));
			return FALSE;
		}
		if (!ouk_orders_begin_anew(work->orders, work->service, work->kind, work->serial,
					   error) ||
		    !order_new(work, cancellable, error))
			return FALSE;
	}
	return ouk_orders_keep(work->orders, work->service, work->order, &work->kept_in_file,
			       error) &&
	       tell(work, ouk_call_submit(work->order), cancellable, error);
}

static gboolean
do_submit(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_submit(work->order), cancellable, error);
}

static gboolean
do_send_code(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_unlock_code(work->order), cancellable, error) &&
	       read_order(work, cancellable, error);
}

static gboolean
do_check_code(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukReply) reply =
		ask(work, ouk_call_unlock_check(work->order, work->code), cancellable, error);

	if (reply == NULL)
		return FALSE;
	text_wipe(work->grant);
	work->grant = g_strdup(ouk_reply_text(reply, "grant"));
	return read_order(work, cancellable, error);
}

static gboolean
do_upload(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_document(work->order, work->slot, work->picture), cancellable,
		    error) &&
	       read_order(work, cancellable, error);
}

static gboolean
do_consent_code(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	work->asks_code = TRUE;
	return tell(work, ouk_call_consent_code(work->order), cancellable, error) &&
	       read_order(work, cancellable, error);
}

/* A code that is good already is not asked for again: each is a message to somebody. */
static gboolean
has_code(const OukErrandWork *work)
{
	const OukOrderInfo *info = ouk_order_info(work->order);

	return info->handler_code_left > 0 &&
	       info->handler_code_until > g_get_real_time() / G_USEC_PER_SEC;
}

/* What the service says of a guess, with the number that are left now. */
static gboolean
agree(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	if (tell(work, ouk_call_consent(work->order, work->agreed, work->code), cancellable, error))
		return read_order(work, cancellable, error);
	(void)read_order(work, cancellable, NULL);
	return FALSE;
}

static gboolean
do_agree(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	if (work->code != NULL || !ouk_order_info(work->order)->handler_code) {
		work->asks_code = work->code != NULL;
		return agree(work, cancellable, error);
	}
	work->asks_code = TRUE;
	return has_code(work) || do_consent_code(work, cancellable, error);
}

static gboolean
do_pay(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukReply) reply =
		ask(work, ouk_call_payment(work->order, MAX(work->years, 1), work->way),
		    cancellable, error);

	if (reply == NULL)
		return FALSE;
	g_free(work->pay_code);
	g_free(work->pay_reference);
	work->pay_code = g_strdup(ouk_reply_text(reply, "qr"));
	work->pay_reference = g_strdup(ouk_reply_text(reply, "reference"));
	work->amount = ouk_reply_number(reply, "amount", 0);
	return read_order(work, cancellable, error);
}

static gboolean
event(OukErrandWork *work, OukOrderEvent what, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_event(work->order, what), cancellable, error) &&
	       read_order(work, cancellable, error);
}

static gboolean
do_pay_offline(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return tell(work, ouk_call_pay_offline(work->order, MAX(work->years, 1)), cancellable,
		    error) &&
	       read_order(work, cancellable, error);
}

static gboolean
do_to_paper(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return event(work, OUK_EVENT_TO_PAPER, cancellable, error);
}

static gboolean
do_hand_in(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return event(work, OUK_EVENT_HAND_IN, cancellable, error);
}

static gboolean
do_cancel(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	return event(work, OUK_EVENT_CANCEL, cancellable, error);
}

/* ---- what a page needs beside the order ---- */

static gboolean
add_texts(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	g_autoptr(OukReply) reply = NULL;

	if (work->texts != NULL || strcmp(ouk_order_info(work->order)->state, "docs") != 0)
		return TRUE;
	reply = ask(work, ouk_call_texts(), cancellable, error);
	if (reply == NULL)
		return FALSE;
	work->texts = ouk_reply_agreements(reply);
	return TRUE;
}

/* Asking for it once more is how the code of a payment under way is had again. */
static gboolean
add_payment(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	const OukOrderInfo *info = ouk_order_info(work->order);

	if (strcmp(info->state, "wait-pay") != 0 || work->pay_code != NULL ||
	    work->pay_reference != NULL || *info->payment_code != '\0')
		return TRUE;
	return do_pay(work, cancellable, error);
}

gboolean
ouk_errand_work(OukErrandWork *work, GCancellable *cancellable, GError **error)
{
	static gboolean (*const todo[OUK_DESK_DO_LAST])(OukErrandWork *, GCancellable *,
							GError **) = {
		[OUK_DESK_DO_LOOK] = do_look,
		[OUK_DESK_DO_OPEN] = do_open,
		[OUK_DESK_DO_SUBMIT] = do_submit,
		[OUK_DESK_DO_READ] = read_order,
		[OUK_DESK_DO_POLL] = read_order,
		[OUK_DESK_DO_SEND_CODE] = do_send_code,
		[OUK_DESK_DO_CHECK_CODE] = do_check_code,
		[OUK_DESK_DO_UPLOAD] = do_upload,
		[OUK_DESK_DO_AGREE] = do_agree,
		[OUK_DESK_DO_CONSENT_CODE] = do_consent_code,
		[OUK_DESK_DO_PAY] = do_pay,
		[OUK_DESK_DO_PAY_OFFLINE] = do_pay_offline,
		[OUK_DESK_DO_TO_PAPER] = do_to_paper,
		[OUK_DESK_DO_HAND_IN] = do_hand_in,
		[OUK_DESK_DO_CANCEL] = do_cancel,
	};

	if (work->orders == NULL)
		work->orders = ouk_orders_open(NULL, error);
	if (work->orders == NULL)
		return FALSE;
	if (work->action >= OUK_DESK_DO_LAST || todo[work->action] == NULL)
		return TRUE;
	if (work->order == NULL && work->action != OUK_DESK_DO_LOOK &&
	    work->action != OUK_DESK_DO_OPEN)
		return TRUE;
	if (!todo[work->action](work, cancellable, error))
		return FALSE;
	if (work->order == NULL)
		return TRUE;
	if (ouk_order_is_over(work->order))
		(void)ouk_orders_forget(work->orders, work->service, work->order, NULL);
	return add_texts(work, cancellable, error) && add_payment(work, cancellable, error);
}
