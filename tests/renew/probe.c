/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person's program does, for the tests to drive: opens orders, renews on a key. Prints a
 *line for each step and for the end: "done CONTAINER ..." or "error NAME".
 *
 *	probe open KIND SERIAL NOT_AFTER        -> order ID NUMBER CAPABILITY, in review
 *	probe show ID NUMBER KIND SERIAL CAP    -> order as it is
 *	probe renew ID NUMBER KIND SERIAL CAP   [--die STEP] [--wait STEP]
 *	probe check                             -> whether the key can be renewed
 *	probe list                              -> orders that this computer knows
 *	probe by-key                            -> orders that the service finds for the key
 *
 * $OPENUKEY_MODULE, $OPENUKEY_PROFILES, $OPENUKEY_SERVICE; $PIN. --wait: prints "at STEP" and goes
 *on after a line of input; --die: ends at once, as by kill -9.
 */
#include "assistant/core/errors.h"
#include "assistant/core/module.h"
#include "assistant/core/query.h"
#include "assistant/core/renew.h"
#include "assistant/core/renew_rule.h"
#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STEP(name, text) #name,
static const char *const steps[] = {
#include "assistant/core/renew.def"
};
#undef STEP

static char *die_at, *wait_at, *key_wanted;
static const GOptionEntry options[] = {
	{"die", 0, 0, G_OPTION_ARG_STRING, &die_at, NULL, NULL},
	{"wait", 0, 0, G_OPTION_ARG_STRING, &wait_at, NULL, NULL},
	{"key", 0, 0, G_OPTION_ARG_STRING, &key_wanted, NULL, NULL},
	{NULL},
};

static int
tell(const GError *error)
{
	printf("error %s %s\n", ouk_error_row(error)->name, error->message);
	return 1;
}

static void
on_step(OukRenewStep step, gpointer data)
{
	char line[16];

	printf("step %s\n", steps[step]);
	fflush(stdout);
	if (g_strcmp0(die_at, steps[step]) == 0)
		raise(SIGKILL);
	if (g_strcmp0(wait_at, steps[step]) != 0)
		return;
	printf("at %s\n", steps[step]);
	fflush(stdout);
	if (fgets(line, sizeof(line), stdin) == NULL)
		raise(SIGKILL);
}

static OukService *
service_of(GError **error)
{
	g_autoptr(OukProfiles) profiles = ouk_profiles_load_default();
	const OukProfile *profile = ouk_profiles_find(profiles, "rehearsal");

	if (profile == NULL) {
		ouk_fail(error, OUK_E_NO_PROFILE);
		return NULL;
	}
	return ouk_service_new(profile, error);
}

static void
print_order(OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);

	printf("order %s %s %s %s %s %s next=%d\n", info->id, info->number, info->kind,
	       *info->state != '\0' ? info->state : "-", info->serial,
	       ouk_order_is_ours(order) ? ouk_order_capability(order) : "-", (int)info->next);
}

/* ---- keys ---- */

static OukToken *
token_of(GPtrArray *tokens, GError **error)
{
	for (guint i = 0; i < tokens->len; i++) {
		OukToken *token = g_ptr_array_index(tokens, i);

		if (key_wanted == NULL || strcmp(token->serial, key_wanted) == 0)
			return token;
	}
	ouk_fail(error, OUK_E_OTHER_KEY);
	return NULL;
}

static int
with_key(int (*fn)(OukToken *token, gpointer data, GError **error), gpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(OukModules) modules = ouk_modules_load(g_getenv("OPENUKEY_MODULE"), &error);
	g_autoptr(GPtrArray) tokens = modules != NULL ? ouk_modules_tokens(modules, &error) : NULL;
	OukToken *token = tokens != NULL ? token_of(tokens, &error) : NULL;
	int code = token != NULL ? fn(token, data, &error) : 1;

	if (error != NULL)
		(void)tell(error);
	g_clear_pointer(&tokens, g_ptr_array_unref);
	return code;
}

static int
renew(OukToken *token, gpointer data, GError **error)
{
	g_autoptr(OukService) service = service_of(error);
	UK_SECRET pin = {0};
	const OukRenewal renewal = {.token = token,
				    .service = service,
				    .order = data,
				    .pin = &pin,
				    .progress = on_step};
	OukRenewed renewed = {0};

	if (service == NULL || uk_secret_set(&pin, uk_span_str(g_getenv("PIN"))) != UK_OK ||
	    !ouk_renew_run(&renewal, &renewed, error))
		return 1;
	printf("done %" G_GINT64_FORMAT " %s\n", renewed.not_after,
	       renewed.old_stays ? "old-stays" : "clean");
	ouk_renewed_clear(&renewed);
	return 0;
}

static int
by_key(OukToken *token, gpointer data, GError **error)
{
	g_autoptr(OukService) service = service_of(error);
	UK_SECRET pin = {0};
	const OukKeyQuery query = {.token = token, .service = service, .pin = &pin};
	g_autoptr(GPtrArray) found = NULL;

	if (service != NULL && uk_secret_set(&pin, uk_span_str(g_getenv("PIN"))) == UK_OK)
		found = ouk_query_by_key(&query, error);
	for (guint i = 0; found != NULL && i < found->len; i++)
		print_order(g_ptr_array_index(found, i));
	return found != NULL ? 0 : 1;
}

static int
check(OukToken *token, gpointer data, GError **error)
{
	if (!ouk_renew_check(token, error))
		return 1;
	puts("done");
	return 0;
}

/* ---- orders ---- */

static OukReply *
ask(OukService *service, OukCall *call, GError **error)
{
	g_autoptr(OukCall) taken = call;

	return ouk_service_ask_sync(service, taken, NULL, error);
}

static gboolean
step_of(OukService *service, OukOrder **order, OukCall *call, GError **error)
{
	g_autoptr(OukReply) reply = ask(service, call, error);

	if (reply != NULL && ouk_reply_order(reply) != NULL)
		g_set_object(order, ouk_reply_order(reply));
	return reply != NULL;
}

/* All texts are agreed to; none needs a bank account. */
static gboolean
consent(OukService *service, OukOrder **order, GError **error)
{
	g_autoptr(OukReply) reply = ask(service, ouk_call_texts(), error);
	g_autoptr(GPtrArray) texts = reply != NULL ? ouk_reply_agreements(reply) : NULL;

	if (texts == NULL)
		return FALSE;
	return step_of(service, order, ouk_call_consent(*order, texts, NULL), error);
}

static GHashTable *
form_of_unit(void)
{
	static const char *const members[][2] = {
		{"unit", "示例果业有限公司"},     {"legal_name", "李四"},
		{"legal_phone", "13800138000"},   {"handler_name", "张三"},
		{"handler_phone", "13700137000"},
	};
	GHashTable *form = g_hash_table_new(g_str_hash, g_str_equal);

	for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
		g_hash_table_insert(form, (char *)(uintptr_t)members[i][0],
				    (char *)(uintptr_t)members[i][1]);
	return form;
}

static gboolean
open_order(OukOrders *orders, OukService *service, char **words, OukOrder **ret, GError **error)
{
	g_autoptr(GHashTable) form = form_of_unit();
	g_autofree char *key = ouk_orders_begin(orders, service, words[0], words[1], error);
	const OukOrderRequest request = {
		.kind = words[0],
		.unit_code = "91650000MA00000000",
		.serial = words[1],
		.not_after = g_ascii_strtoll(words[2], NULL, 10),
		.form = form,
		.idempotency = key,
	};

	if (key == NULL || !step_of(service, ret, ouk_call_order_new(&request), error))
		return FALSE;
	if (g_strcmp0(die_at, "OPENED") == 0)
		raise(SIGKILL);
	return ouk_orders_keep(orders, service, *ret, NULL, error);
}

static int
open_all(char **words)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(OukService) service = service_of(&error);
	g_autoptr(OukOrders) orders = ouk_orders_open(NULL, &error);
	g_autoptr(OukOrder) order = NULL;
	gboolean paid = strcmp(words[0], "renewal") == 0 || strcmp(words[0], "damaged") == 0;

	if (service == NULL || orders == NULL ||
	    !open_order(orders, service, words, &order, &error) ||
	    !step_of(service, &order, ouk_call_submit(order), &error) ||
	    !consent(service, &order, &error) ||
	    (paid && !step_of(service, &order, ouk_call_payment(order, 1, NULL), &error)) ||
	    (!paid && !step_of(service, &order, ouk_call_event(order, OUK_EVENT_HAND_IN), &error)))
		return tell(error);
	print_order(order);
	return 0;
}

static int
event(OukOrder *order, OukOrderEvent what)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(OukService) service = service_of(&error);
	g_autoptr(OukOrder) now = g_object_ref(order);

	if (service == NULL || !step_of(service, &now, ouk_call_event(order, what), &error))
		return tell(error);
	print_order(now);
	return 0;
}

static int
show(OukOrder *order)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(OukService) service = service_of(&error);
	g_autoptr(OukOrder) now = g_object_ref(order);

	if (service == NULL || !step_of(service, &now, ouk_call_order(order), &error))
		return tell(error);
	print_order(now);
	return 0;
}

static int
list(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(OukService) service = service_of(&error);
	g_autoptr(OukOrders) orders = ouk_orders_open(NULL, &error);
	g_autoptr(GPtrArray) found = NULL;

	if (service != NULL && orders != NULL)
		found = ouk_orders_resume_sync(orders, service, NULL, NULL, &error);
	if (found == NULL)
		return tell(error);
	for (guint i = 0; i < found->len; i++)
		print_order(g_ptr_array_index(found, i));
	return 0;
}

int
main(int argc, char **argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(OukOrder) order = NULL;
	const char *verb;

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, NULL) || argc < 2)
		return 2;
	verb = argv[1];
	if (strcmp(verb, "check") == 0)
		return with_key(check, NULL);
	if (strcmp(verb, "by-key") == 0)
		return with_key(by_key, NULL);
	if (strcmp(verb, "list") == 0)
		return list();
	if (strcmp(verb, "open") == 0 && argc == 5)
		return open_all(argv + 2);
	if (argc != 7)
		return 2;
	order = ouk_order_remembered(argv[2], argv[3], argv[4], argv[5], argv[6]);
	if (strcmp(verb, "renew") == 0)
		return with_key(renew, order);
	if (strcmp(verb, "hand-in") == 0)
		return event(order, OUK_EVENT_HAND_IN);
	return show(order);
}
