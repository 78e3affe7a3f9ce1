/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An order with a CA's service: opened or found again, and gone on with as the service says. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

/* More steps than any order has. */
#define STEPS_MAX 40

/* ---- asking ---- */

static void
order_take(CliOrder *order, OukOrder *now)
{
	g_object_ref(now);
	g_set_object(&order->order, now);
	g_object_unref(now);
}

OukReply *
cli_order_ask(CliOrder *order, OukCall *call, GError **error)
{
	g_autoptr(OukReply) reply = ouk_service_ask_sync(order->client->service, call, NULL, error);

	if (reply == NULL)
		return NULL;
	if (ouk_reply_order(reply) != NULL)
		order_take(order, ouk_reply_order(reply));
	return g_steal_pointer(&reply);
}

/* Some answers do not say what the order is now. */
static gboolean
order_refresh(CliOrder *order, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_order(order->order);
	g_autoptr(OukReply) reply = cli_order_ask(order, call, error);

	return reply != NULL;
}

gboolean
cli_order_do(CliOrder *order, OukCall *call, GError **error)
{
	g_autoptr(OukCall) mine = call;
	g_autoptr(OukReply) reply = cli_order_ask(order, mine, error);

	return reply != NULL && order_refresh(order, error);
}

/* ---- showing ---- */

static void
print_line(const char *name, const char *text)
{
	if (text != NULL && *text != '\0')
		g_print("    %s%s%s\n", name, _(": "), text);
}

static char *
when_text(gint64 at)
{
	g_autoptr(GDateTime) time = at > 0 ? g_date_time_new_from_unix_local(at) : NULL;

	return time != NULL ? g_date_time_format(time, "%Y-%m-%d %H:%M") : NULL;
}

void
cli_order_print(const OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);
	g_autofree char *created = when_text(info->created);
	g_autofree char *deadline = when_text(info->deadline);

	g_print(_("Order %s: %s\n"), info->number, ouk_order_kind_text(info->kind));
	print_line(_("State"), ouk_order_state_text(info->state));
	if (!ouk_order_is_over(order))
		print_line(_("What comes next"), ouk_next_text(info->next));
	print_line(_("Key"), info->serial);
	print_line(_("Begun"), created);
	print_line(_("Until"), deadline);
	for (guint i = 0; i < info->documents->len; i++) {
		const OukDocument *document = g_ptr_array_index(info->documents, i);

		g_print("    %s%s%s %s\n", document->slot, _(": "), document->state,
			document->reason);
	}
	print_line(_("New key"), info->new_serial);
	print_line(_("Post"), info->tracking);
	if (g_strcmp0(info->invoice_state, "none") != 0)
		print_line(_("Invoice"), info->invoice_state);
	print_line(_("Number of the invoice"), info->invoice_number);
}

/* What a guide is called by, for each kind of order. */
void
cli_guide_print(const CliClient *client, const char *kind, const char *number)
{
	static const struct {
		const char *kind;
		OukGuideKind guide;
	} guides[] = {
		{"unlock", OUK_GUIDE_UNLOCK}, {"renewal", OUK_GUIDE_RENEWAL},
		{"change", OUK_GUIDE_CHANGE}, {"open", OUK_GUIDE_OPEN},
		{"new", OUK_GUIDE_NEW},       {"lost", OUK_GUIDE_REPLACE},
		{"loss", OUK_GUIDE_LOSS},     {"damaged", OUK_GUIDE_REPLACE},
		{"revoke", OUK_GUIDE_REVOKE}, {"return", OUK_GUIDE_RETURN},
	};
	g_autofree char *unit = client->x509 != NULL ? ouk_x509_unit(client->x509) : NULL;
	OukGuideCard card = {client->profile, OUK_GUIDE_UNLOCK, unit, client->serial, number};
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(guides); i++)
		if (strcmp(guides[i].kind, kind) == 0)
			card.kind = guides[i].guide;
	text = ouk_guide_card_text(&card);
	g_print("%s\n", text);
}

/* ---- opening ---- */

static gboolean
differs(GHashTable *form, const char *member, const char *before)
{
	return before != NULL && g_strcmp0(g_hash_table_lookup(form, member), before) != 0;
}

static OukReply *
order_post(CliClient *client, OukOrderRequest *request, GError **error)
{
	g_autofree char *key = ouk_orders_begin(client->orders, client->service, request->kind,
						request->serial, error);
	g_autoptr(OukCall) call = NULL;

	if (key == NULL)
		return NULL;
	request->idempotency = key;
	call = ouk_call_order_new(request);
	return ouk_service_ask_sync(client->service, call, NULL, error);
}

static OukReply *
order_send(CliClient *client, OukOrderRequest *request, GError **error)
{
	g_autoptr(GError) first = NULL;
	OukReply *reply = order_post(client, request, &first);

	if (reply != NULL)
		return reply;
	/* one that was begun here before, with another form */
	if (g_error_matches(first, OUK_ERROR, OUK_E_SERVICE_CHANGED) &&
	    ouk_orders_begin_anew(client->orders, client->service, request->kind, request->serial,
				  NULL))
		return order_post(client, request, error);
	g_propagate_error(error, g_steal_pointer(&first));
	return NULL;
}

static gint64
unix_time(const ASN1_TIME *time)
{
	g_autoptr(GDateTime) local = ouk_x509_time(time);

	return local != NULL ? g_date_time_to_unix(local) : 0;
}

/* Facts of the key and its certificate that decide whether the order may be. */
static void
request_fill(OukOrderRequest *request, const CliClient *client, GHashTable *form)
{
	g_autofree char *unit = NULL, *code = NULL;
	OukTries tries = {0};

	request->serial = client->serial;
	request->method = cli_order_options.method;
	request->unit_code = g_hash_table_lookup(form, "unit_code");
	if (client->token != NULL) {
		ouk_token_tries(client->token, CKU_USER, &tries);
		request->locked = tries.locked;
	}
	if (client->x509 == NULL)
		return;
	unit = ouk_x509_unit(client->x509);
	code = ouk_x509_credit_code(client->x509);
	request->not_after = unix_time(X509_get0_notAfter(client->x509));
	request->name_changed = differs(form, "unit", unit);
	request->code_changed = differs(form, "unit_code", code);
	if (client->cert != NULL)
		request->certificate = client->cert->der;
}

static gboolean
order_keep(CliClient *client, OukOrder *order, GError **error)
{
	gboolean in_file = FALSE;

	if (!ouk_orders_keep(client->orders, client->service, order, &in_file, error))
		return FALSE;
	if (in_file)
		g_printerr("%s\n",
			   _("There is no keyring here: what this order is gone on with lies in a "
			     "file that only you can read."));
	return TRUE;
}

static OukOrder *
order_open(CliClient *client, const char *kind, GHashTable *form, GError **error)
{
	OukOrderRequest request = {.kind = kind, .form = form};
	g_autoptr(OukReply) reply = NULL;

	request_fill(&request, client, form);
	if (strcmp(kind, "new") == 0)
		request.serial = NULL;
	reply = order_send(client, &request, error);
	if (reply == NULL || !order_keep(client, ouk_reply_order(reply), error))
		return NULL;
	return g_object_ref(ouk_reply_order(reply));
}

/* The open one of that kind. NULL without an error: there is none. */
static OukOrder *
order_find(CliClient *client, const char *kind, GError **error)
{
	g_autoptr(GPtrArray) list = ouk_orders_resume_sync(
		client->orders, client->service, strcmp(kind, "new") == 0 ? NULL : client->serial,
		NULL, error);

	for (guint i = 0; list != NULL && i < list->len; i++) {
		OukOrder *order = g_ptr_array_index(list, i);

		if (!ouk_order_is_over(order) && ouk_order_is_ours(order) &&
		    strcmp(ouk_order_info(order)->kind, kind) == 0)
			return g_object_ref(order);
	}
	return NULL;
}

/* ---- step by step ---- */

static CliStep
stop(CliOrder *order, GError **error)
{
	return CLI_STEP_STOP;
}

static CliStep
counter(CliOrder *order, GError **error)
{
	const OukOrderInfo *info = ouk_order_info(order->order);

	cli_guide_print(order->client, info->kind, info->number);
	return CLI_STEP_STOP;
}

static const CliStepFn steps[OUK_NEXT_COUNT] = {
	[OUK_NEXT_UNKNOWN] = stop,
	[OUK_NEXT_SUBMIT] = cli_step_submit,
	[OUK_NEXT_DOCUMENTS] = cli_step_documents,
	[OUK_NEXT_CONSENT] = cli_step_consent,
	[OUK_NEXT_PAY] = cli_step_pay,
	[OUK_NEXT_WAIT_MONEY] = cli_step_wait_money,
	[OUK_NEXT_TRANSFER] = cli_step_transfer,
	[OUK_NEXT_HAND_IN] = cli_step_hand_in,
	[OUK_NEXT_CORRECT] = cli_step_correct,
	[OUK_NEXT_PAPERS] = cli_step_papers,
	[OUK_NEXT_WAIT] = cli_step_wait,
	[OUK_NEXT_CODE] = cli_step_code,
	[OUK_NEXT_COMMAND] = cli_step_code,
	[OUK_NEXT_INSTALL] = cli_step_install,
	[OUK_NEXT_COLLECT] = stop,
	[OUK_NEXT_RECEIVE] = stop,
	[OUK_NEXT_COUNTER] = counter,
	[OUK_NEXT_NONE] = stop,
};

/* Offline, or the service is down: how it goes on, here or elsewhere. */
static void
say_elsewhere(const CliOrder *order, const GError *error)
{
	if (!g_error_matches(error, OUK_ERROR, OUK_E_SERVICE_OFFLINE) &&
	    !g_error_matches(error, OUK_ERROR, OUK_E_SERVICE_TIMEOUT))
		return;
	g_printerr(_("It can also be done at another computer with internet: take the key and the "
		     "order's number, %s, and run \"ukey orders --query\" there.\n"),
		   ouk_order_info(order->order)->number);
}

static void
order_clear(CliOrder *order)
{
	g_clear_object(&order->order);
	g_clear_pointer(&order->form, g_hash_table_unref);
}

static gboolean
order_steps(CliOrder *order, GError **error)
{
	CliStep step = CLI_STEP_ON;
	g_autoptr(GError) why = NULL;

	for (guint count = 0; step == CLI_STEP_ON && count < STEPS_MAX; count++)
		step = steps[ouk_order_info(order->order)->next](order, &why);
	if (step != CLI_STEP_FAILED) {
		cli_order_print(order->order);
		return TRUE;
	}
	say_elsewhere(order, why);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}

gboolean
cli_order_go_on(CliClient *client, OukOrder *order, GError **error)
{
	UK_CLEANUP(order_clear) CliOrder going = {.client = client, .order = g_object_ref(order)};

	return order_refresh(&going, error) && order_steps(&going, error);
}

gboolean
cli_order_run(CliClient *client, const char *kind, GError **error)
{
	UK_CLEANUP(order_clear) CliOrder order = {.client = client};
	g_autoptr(GError) why = NULL;

	if (!ouk_service_offers(client->service, kind)) {
		cli_guide_print(client, kind, NULL);
		return TRUE;
	}
	order.order = order_find(client, kind, &why);
	if (order.order != NULL) {
		g_printerr(_("Going on with order %s.\n"), ouk_order_info(order.order)->number);
		return order_steps(&order, error);
	}
	if (why == NULL)
		order.form = cli_form_get(client, kind, &why);
	if (order.form != NULL)
		order.order = order_open(client, kind, order.form, &why);
	if (order.order != NULL)
		return order_refresh(&order, error) && order_steps(&order, error);
	if (g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_OFFLINE) ||
	    g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_COUNTER_ONLY))
		cli_guide_print(client, kind, NULL);
	g_propagate_error(error, g_steal_pointer(&why));
	return FALSE;
}
