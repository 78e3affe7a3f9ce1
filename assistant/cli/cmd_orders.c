/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey orders: what was asked of a CA, how far it is, and going on with it. */
#include "assistant/cli/order.h"
#include "assistant/cli/words.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"

#include <glib/gi18n.h>
#include <string.h>

static struct {
	gboolean query, by_key, go_on, cancel, force;
	char *unit_code, *phone, *form_pdf, *invoice;
	char *recover, *notify, *paper, **approvals;
} options;

static const GOptionEntry entries[] = {
	{"query", 0, 0, G_OPTION_ARG_NONE, &options.query,
	 N_("ask the CA for the unit's orders; a code comes to the handler"), NULL},
	{"by-key", 0, 0, G_OPTION_ARG_NONE, &options.by_key,
	 N_("ask the CA for the orders of the key that is plugged in; needs its PIN, no code"),
	 NULL},
	{"unit-code", 0, 0, G_OPTION_ARG_STRING, &options.unit_code,
	 N_("unified social credit code, for --query"), N_("CODE")},
	{"phone", 0, 0, G_OPTION_ARG_STRING, &options.phone,
	 N_("which handler's telephone, for --query"), N_("NUMBER")},
	{"go-on", 0, 0, G_OPTION_ARG_NONE, &options.go_on, N_("do what comes next"), NULL},
	{"cancel", 0, 0, G_OPTION_ARG_NONE, &options.cancel, N_("give the order up"), NULL},
	{"form-pdf", 0, 0, G_OPTION_ARG_FILENAME, &options.form_pdf,
	 N_("write the form to print into this file"), N_("FILE")},
	{"invoice", 0, 0, G_OPTION_ARG_FILENAME, &options.invoice,
	 N_("ask for an invoice; the file has MEMBER=TEXT lines: title, tax_number, address, bank, "
	    "email"),
	 N_("FILE")},
	{"recover", 0, 0, G_OPTION_ARG_FILENAME, &options.recover,
	 N_("bring the old encryption key, whose certificate this is, onto the key that replaced "
	    "the "
	    "lost one"),
	 N_("FILE")},
	{"notify", 0, 0, G_OPTION_ARG_STRING, &options.notify,
	 N_("telephone number that the CA tells of --recover"), N_("NUMBER")},
	{"paper", 0, 0, G_OPTION_ARG_FILENAME, &options.paper,
	 N_("write here what operators sign for --recover (default: standard output)"), N_("FILE")},
	{"approval", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.approvals,
	 N_("an operator's answer for --recover; once for each"), N_("FILE")},
	{"force", 0, 0, G_OPTION_ARG_NONE, &options.force, N_("write over a file that is there"),
	 NULL},
	{NULL}};

#define TAKES (CLI_TAKES_CERT | CLI_TAKES_PIN | CLI_TAKES_NEW_PIN | CLI_TAKES_JSON | CLI_TAKES_YES)

/* ---- finding them ---- */

/* Those that were found are remembered here from now on. */
static GPtrArray *
orders_keep(CliClient *client, const OukReply *reply, GError **error)
{
	const GPtrArray *found = ouk_reply_orders(reply);
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_object_unref);

	for (guint i = 0; i < found->len; i++) {
		OukOrder *order = g_ptr_array_index(found, i);

		if (!ouk_orders_keep(client->orders, client->service, order, NULL, error))
			return NULL;
		g_ptr_array_add(list, g_object_ref(order));
	}
	return g_steal_pointer(&list);
}

static char *
unit_code_get(const CliClient *client, GError **error)
{
	char *code = client->x509 != NULL ? ouk_x509_credit_code(client->x509) : NULL;

	if (options.unit_code != NULL) {
		g_free(code);
		return g_strdup(options.unit_code);
	}
	return code != NULL ? code : ouk_terminal_ask(_("Unified social credit code: "), error);
}

static char *
code_get(GError **error)
{
	UK_SECRET code = {0};

	if (cli_order_options.code_fd < 0)
		return ouk_terminal_ask(_("Code from the text message: "), error);
	if (!ouk_pin_read(cli_order_options.code_fd, &code, error))
		return NULL;
	return g_strndup((const char *)code.bytes, code.len);
}

static GPtrArray *
query(CliClient *client, GError **error)
{
	g_autofree char *unit_code = unit_code_get(client, error);
	g_autoptr(OukCall) begin =
		unit_code != NULL ? ouk_call_query(unit_code, options.phone) : NULL;
	g_autoptr(OukReply) begun =
		begin != NULL ? ouk_service_ask_sync(client->service, begin, NULL, error) : NULL;
	g_autofree char *code = NULL;
	g_autoptr(OukCall) call = NULL;
	g_autoptr(OukReply) reply = NULL;

	if (begun == NULL)
		return NULL;
	if (ouk_reply_text(begun, "grant") == NULL) {
		ouk_fail(error, OUK_E_SERVICE_ANSWER);
		return NULL;
	}
	g_printerr("%s\n", _("If the CA knows orders of this unit, a code is on its way to the "
			     "handler's telephone."));
	code = code_get(error);
	if (code == NULL)
		return NULL;
	call = ouk_call_query_code(ouk_reply_text(begun, "grant"), g_strstrip(code));
	reply = ouk_service_ask_sync(client->service, call, NULL, error);
	return reply != NULL ? orders_keep(client, reply, error) : NULL;
}

static GPtrArray *
by_key(CliClient *client, GError **error)
{
	g_autoptr(OukReply) reply = cli_orders_by_key(client, error);

	return reply != NULL ? orders_keep(client, reply, error) : NULL;
}

static GPtrArray *
find(CliClient *client, GError **error)
{
	if (options.query)
		return query(client, error);
	if (options.by_key)
		return by_key(client, error);
	return ouk_orders_resume_sync(client->orders, client->service, NULL, NULL, error);
}

/* ---- showing them ---- */

static void
json_order(JsonBuilder *json, const OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);

	json_builder_begin_object(json);
	cli_json_text(json, "number", info->number);
	cli_json_text(json, "kind", info->kind);
	cli_json_text(json, "state", info->state);
	cli_json_text(json, "key", info->serial);
	cli_json_text(json, "payment", info->payment_state);
	cli_json_text(json, "reference", info->payment_reference);
	cli_json_number(json, "amount", info->amount);
	cli_json_number(json, "deadline", info->deadline);
	cli_json_flag(json, "over", ouk_order_is_over(order));
	json_builder_end_object(json);
}

static void
print_all(const GPtrArray *list)
{
	g_autoptr(JsonBuilder) json = NULL;

	if (cli_options.json) {
		json = json_builder_new();
		json_builder_begin_array(json);
		for (guint i = 0; i < list->len; i++)
			json_order(json, g_ptr_array_index(list, i));
		json_builder_end_array(json);
		cli_print_json(json_builder_get_root(json));
		return;
	}
	if (list->len == 0)
		g_print("%s\n",
			_("No orders are known here. \"ukey orders --query\" asks the CA."));
	for (guint i = 0; i < list->len; i++)
		cli_order_print(g_ptr_array_index(list, i));
}

/* ---- one of them ---- */

static gboolean
ask(CliClient *client, OukCall *call, GBytes **ret_file, GError **error)
{
	g_autoptr(OukCall) mine = call;
	g_autoptr(OukReply) reply = ouk_service_ask_sync(client->service, mine, NULL, error);

	if (reply != NULL && ret_file != NULL && ouk_reply_file(reply) != NULL)
		*ret_file = g_bytes_ref(ouk_reply_file(reply));
	return reply != NULL;
}

static gboolean
form_write(CliClient *client, OukOrder *order, GError **error)
{
	g_autoptr(GBytes) file = NULL;

	if (!ask(client, ouk_call_form_pdf(order), &file, error))
		return FALSE;
	if (file == NULL)
		return ouk_fail(error, OUK_E_SERVICE_ANSWER);
	return cli_write(options.form_pdf, file, options.force, error);
}

static gboolean
invoice(CliClient *client, OukOrder *order, GError **error)
{
	g_autoptr(GHashTable) members = cli_members_read(options.invoice, error);

	if (members == NULL || !ask(client, ouk_call_invoice(order, members), NULL, error))
		return FALSE;
	g_print("%s\n", _("The CA will make the invoice."));
	return TRUE;
}

static gboolean
work(CliClient *client, OukOrder *order, GError **error)
{
	if (options.form_pdf != NULL)
		return form_write(client, order, error);
	if (options.invoice != NULL)
		return invoice(client, order, error);
	if (options.recover != NULL)
		return cli_order_recover(client, order,
					 &(CliRecover){options.recover, options.notify,
						       options.paper, options.approvals,
						       options.force},
					 error);
	if (options.cancel)
		return cli_confirm(_("Give this order up?"), error) &&
		       ask(client, ouk_call_event(order, OUK_EVENT_CANCEL), NULL, error);
	if (options.go_on)
		return cli_order_go_on(client, order, error);
	return TRUE;
}

static gboolean
one(CliClient *client, const GPtrArray *list, const char *number, GError **error)
{
	for (guint i = 0; i < list->len; i++) {
		OukOrder *order = g_ptr_array_index(list, i);
		g_autoptr(GPtrArray) alone = g_ptr_array_new();

		if (strcmp(ouk_order_info(order)->number, number) != 0)
			continue;
		g_ptr_array_add(alone, order);
		if (!options.go_on && options.recover == NULL)
			print_all(alone);
		return work(client, order, error);
	}
	return ouk_fail(error, OUK_E_SERVICE_NOT_OURS);
}

/* The CA of the key that is plugged in, if there is one; --ca says more than that. */
static gboolean
client_open(CliClient *client, GError **error)
{
	if (cli_order_options.ca == NULL && (cli_client_of_key(client, NULL) || options.by_key))
		return client->orders != NULL || cli_client_of_key(client, error);
	if (client->orders == NULL && cli_order_options.ca == NULL) {
		cli_client_close(client);
		*client = (CliClient){0};
	}
	return cli_client_of_ca(client, error);
}

static gboolean
run(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_client_close) CliClient client = {0};
	g_autoptr(GPtrArray) list = NULL;

	if (!cli_order_parse(&cli_orders, &argc, &argv, TAKES, entries, error) ||
	    !cli_arguments(argc, 0, 1, error) || !client_open(&client, error))
		return FALSE;
	if (client.service == NULL)
		return ouk_fail(error, OUK_E_SERVICE_NONE);
	list = find(&client, error);
	if (list == NULL)
		return FALSE;
	if (argc > 1)
		return one(&client, list, argv[1], error);
	print_all(list);
	return TRUE;
}

const CliCommand cli_orders = {"orders", N_("[NUMBER]"),
			       N_("what was asked of a CA, how far it is, and going on"), run};
