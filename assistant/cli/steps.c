/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the owner of an order does when it is their turn, but for what happens on the key. */
#include "assistant/cli/order.h"
#include "assistant/cli/qr.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#define POLL_SECONDS  2
#define MONEY_SECONDS 900 /* how long a person at a terminal is waited for */
#define YEARS_MAX     10

static CliStep
done(gboolean good)
{
	return good ? CLI_STEP_ON : CLI_STEP_FAILED;
}

CliStep
cli_step_submit(CliOrder *order, GError **error)
{
	return done(cli_order_do(order, ouk_call_submit(order->order), error));
}

/* ---- consent ---- */

static gboolean
yes_at_terminal(const char *title, gboolean *ret, GError **error)
{
	g_autofree char *prompt =
		g_strdup_printf(_("I have read \"%s\" and agree to it [y/N] "), title);
	g_autofree char *answer = ouk_terminal_ask(prompt, error);

	if (answer == NULL)
		return FALSE;
	*ret = g_ascii_strcasecmp(answer, "y") == 0 || g_ascii_strcasecmp(answer, "yes") == 0 ||
	       strcmp(answer, "是") == 0 || strcmp(answer, "同意") == 0;
	return TRUE;
}

/* Each text has a yes of its own; no answer is a no. */
static gboolean
text_agreed(const OukAgreement *text, gboolean *ret, GError **error)
{
	g_print("\n── %s ──\n%s\n", text->title, text->text);
	if (cli_order_options.agree == NULL)
		return yes_at_terminal(text->title, ret, error);
	*ret = g_strv_contains((const char *const *)cli_order_options.agree, text->id);
	return TRUE;
}

/* Whether the form has what the text is about; not known of an order that was begun elsewhere. */
static gboolean
is_about(const CliOrder *order, const OukAgreement *text)
{
	return text->needed_if[0] == '\0' || order->form == NULL ||
	       g_hash_table_contains(order->form, text->needed_if);
}

static GPtrArray *
texts_agreed(const CliOrder *order, const GPtrArray *texts, GError **error)
{
	g_autoptr(GPtrArray) agreed = g_ptr_array_new();

	for (guint i = 0; i < texts->len; i++) {
		OukAgreement *text = g_ptr_array_index(texts, i);
		gboolean yes = FALSE;

		if (!is_about(order, text))
			continue;
		if (!text_agreed(text, &yes, error))
			return NULL;
		if (yes) {
			g_ptr_array_add(agreed, text);
		} else if (text->needed_if[0] == '\0') {
			ouk_fail_with(error, OUK_E_NOT_AGREED, "(%s: %s)", text->id, text->title);
			return NULL;
		}
	}
	return g_steal_pointer(&agreed);
}

/* From the descriptor, or typed. The caller frees. */
static char *
code_get(const char *prompt, GError **error)
{
	UK_SECRET code = {0};

	if (cli_order_options.code_fd < 0)
		return ouk_terminal_ask(prompt, error);
	if (!ouk_pin_read(cli_order_options.code_fd, &code, error))
		return NULL;
	return g_strndup((const char *)code.bytes, code.len);
}

/* The handler confirms by telephone. The caller frees. */
static char *
consent_code(CliOrder *order, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_consent_code(order->order);
	g_autoptr(OukReply) reply = cli_order_ask(order, call, error);

	if (reply == NULL)
		return NULL;
	g_printerr("%s\n", _("A code was sent to the handler's telephone."));
	return code_get(_("Code from the text message: "), error);
}

/* A CA that wants a code with the consent refuses one without. */
static gboolean
consent_send(CliOrder *order, const GPtrArray *agreed, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *code = NULL;

	if (cli_order_do(order, ouk_call_consent(order->order, agreed, NULL), &why))
		return TRUE;
	if (!g_error_matches(why, OUK_ERROR, OUK_E_SERVICE_CODE_WRONG)) {
		g_propagate_error(error, g_steal_pointer(&why));
		return FALSE;
	}
	code = consent_code(order, error);
	return code != NULL &&
	       cli_order_do(order, ouk_call_consent(order->order, agreed, g_strstrip(code)), error);
}

CliStep
cli_step_consent(CliOrder *order, GError **error)
{
	g_autoptr(OukCall) call = ouk_call_texts();
	g_autoptr(OukReply) reply = ouk_service_ask_sync(order->client->service, call, NULL, error);
	g_autoptr(GPtrArray) texts = NULL;
	g_autoptr(GPtrArray) agreed = NULL;

	if (reply == NULL)
		return CLI_STEP_FAILED;
	texts = ouk_reply_agreements(reply);
	agreed = texts_agreed(order, texts, error);
	return done(agreed != NULL && consent_send(order, agreed, error));
}

/* ---- documents ---- */

/* The file given for a slot. NULL: none. The caller frees. */
static char *
document_file(const char *slot, GError **error)
{
	g_autofree char *prompt = NULL;

	for (char **at = cli_order_options.documents; at != NULL && *at != NULL; at++)
		if (g_str_has_prefix(*at, slot) && (*at)[strlen(slot)] == '=')
			return g_strdup(*at + strlen(slot) + 1);
	if (cli_order_options.documents != NULL || !isatty(STDIN_FILENO))
		return NULL;
	prompt = g_strdup_printf(_("Picture for \"%s\" (file; Enter: later): "), slot);
	return ouk_terminal_ask(prompt, error);
}

static gboolean
document_send(CliOrder *order, const char *slot, const char *file, GError **error)
{
	g_autoptr(GBytes) bytes = cli_read(file, error);

	if (bytes == NULL)
		return FALSE;
	if (g_bytes_get_size(bytes) > OUK_DOCUMENT_MAX)
		return ouk_fail_with(error, OUK_E_SERVICE_TOO_LARGE, "(%s)", file);
	return cli_order_do(order, ouk_call_document(order->order, slot, bytes), error);
}

/* *ret_left: how many are still missing. */
static gboolean
documents_send(CliOrder *order, guint *ret_left, GError **error)
{
	g_autoptr(OukOrder) before = g_object_ref(order->order);
	const GPtrArray *list = ouk_order_info(before)->documents;
	guint left = 0;

	for (guint i = 0; i < list->len; i++) {
		const OukDocument *document = g_ptr_array_index(list, i);
		g_autofree char *file = NULL;

		if (strcmp(document->state, "missing") != 0 &&
		    strcmp(document->state, "rejected") != 0)
			continue;
		if (document->reason[0] != '\0')
			g_print(_("\"%s\" was rejected: %s\n"), document->slot, document->reason);
		file = document_file(document->slot, error);
		if (file == NULL || *file == '\0') {
			left++;
			continue;
		}
		if (!document_send(order, document->slot, file, error))
			return FALSE;
	}
	*ret_left = left;
	return TRUE;
}

static gboolean
by_post(CliOrder *order, GError **error)
{
	return cli_order_do(order, ouk_call_event(order->order, OUK_EVENT_TO_PAPER), error);
}

CliStep
cli_step_documents(CliOrder *order, GError **error)
{
	guint left = 0;

	if (cli_order_options.by_post)
		return done(by_post(order, error));
	if (!documents_send(order, &left, error))
		return CLI_STEP_FAILED;
	if (left == 0)
		return CLI_STEP_ON;
	g_print("%s\n", _("Documents are missing: add them with --document NAME=FILE, or take "
			  "--by-post. The names are below."));
	return CLI_STEP_STOP;
}

CliStep
cli_step_correct(CliOrder *order, GError **error)
{
	guint left = 0;

	if (!documents_send(order, &left, error))
		return CLI_STEP_FAILED;
	return left > 0 ? CLI_STEP_STOP : cli_step_hand_in(order, error);
}

CliStep
cli_step_hand_in(CliOrder *order, GError **error)
{
	return done(cli_order_do(order, ouk_call_event(order->order, OUK_EVENT_HAND_IN), error));
}

CliStep
cli_step_papers(CliOrder *order, GError **error)
{
	g_print(_("This goes on by post: \"ukey orders %s --form-pdf FILE\" makes the form to "
		  "print, "
		  "sign and stamp. The papers:\n"),
		ouk_order_info(order->order)->number);
	cli_guide_print(order->client, ouk_order_info(order->order)->kind,
			ouk_order_info(order->order)->number);
	return CLI_STEP_STOP;
}

/* ---- money ---- */

static void
print_price(const OukTerm *term)
{
	if (term->years > 0)
		g_print(ngettext("  %u year: %.2f yuan\n", "  %u years: %.2f yuan\n", term->years),
			term->years, (double)term->cents / 100);
	else
		g_print(_("  %.2f yuan\n"), (double)term->cents / 100);
}

/* The number of years among those the CA has prices for. */
static gboolean
years_get(const CliOrder *order, guint *ret, GError **error)
{
	const GPtrArray *terms = order->client->profile->service.terms;
	const char *kind = ouk_order_info(order->order)->kind;
	guint choices = 0, only = 1;
	g_autofree char *answer = NULL;
	guint64 years = 0;

	for (guint i = 0; i < terms->len; i++) {
		const OukTerm *term = g_ptr_array_index(terms, i);

		if (strcmp(term->kind, kind) != 0)
			continue;
		print_price(term);
		choices++;
		only = term->years;
	}
	*ret = choices == 1 && only > 0 ? only : 1;
	if (cli_order_options.years > 0) {
		*ret = (guint)cli_order_options.years;
		return TRUE;
	}
	if (choices < 2)
		return TRUE;
	answer = ouk_terminal_ask(_("For how many years? "), error);
	if (answer == NULL)
		return FALSE;
	if (!g_ascii_string_to_unsigned(answer, 10, 1, YEARS_MAX, &years, NULL))
		return ouk_fail(error, OUK_E_CANCELLED);
	*ret = (guint)years;
	return TRUE;
}

CliStep
cli_step_pay(CliOrder *order, GError **error)
{
	guint years = 1;

	if (!cli_key_has_room(order, error))
		return CLI_STEP_FAILED;
	if (!years_get(order, &years, error))
		return CLI_STEP_FAILED;
	return done(
		cli_order_do(order,
			     cli_order_options.transfer
				     ? ouk_call_pay_offline(order->order, years)
				     : ouk_call_payment(order->order, years, cli_order_options.way),
			     error));
}

/* Until the service says that something else comes next, or the time is over. */
static CliStep
wait_for(CliOrder *order, int seconds, GError **error)
{
	OukNext next = ouk_order_info(order->order)->next;
	gint64 end = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;

	for (;;) {
		if (!cli_order_do(order, ouk_call_order(order->order), error))
			return CLI_STEP_FAILED;
		if (ouk_order_info(order->order)->next != next)
			return CLI_STEP_ON;
		if (g_get_monotonic_time() >= end)
			return CLI_STEP_STOP;
		g_usleep(POLL_SECONDS * G_USEC_PER_SEC);
	}
}

CliStep
cli_step_wait_money(CliOrder *order, GError **error)
{
	const OukOrderInfo *info = ouk_order_info(order->order);
	int seconds = cli_order_options.wait;

	if (cli_order_options.transfer)
		/* the years were chosen before */
		return done(cli_order_do(order, ouk_call_pay_offline(order->order, 1), error));
	if (info->payment_code[0] != '\0') {
		g_print("%s\n", _("Pay with this code:"));
		if (!cli_qr_print(info->payment_code))
			g_print("%s\n", info->payment_code);
	}
	g_print(_("To be paid: %.2f yuan. Reference: %s\n"), (double)info->amount / 100,
		info->payment_reference);
	if (seconds < 0)
		seconds = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) ? MONEY_SECONDS : 0;
	if (seconds > 0)
		g_print("%s\n",
			_("Waiting for the payment. Ctrl-C ends this; the same command goes "
			  "on later, and you are not charged twice."));
	return wait_for(order, seconds, error);
}

CliStep
cli_step_transfer(CliOrder *order, GError **error)
{
	const OukOrderInfo *info = ouk_order_info(order->order);

	g_print(_("To be transferred: %.2f yuan, with the order's number %s as purpose. The CA "
		  "confirms that it has come.\n"),
		(double)info->amount / 100, info->number);
	return wait_for(order, MAX(cli_order_options.wait, 0), error);
}

CliStep
cli_step_wait(CliOrder *order, GError **error)
{
	CliStep step = wait_for(order, MAX(cli_order_options.wait, 0), error);

	if (step == CLI_STEP_STOP)
		g_print("%s\n", _("The CA is working on it. The same command goes on when it is "
				  "done."));
	return step;
}
