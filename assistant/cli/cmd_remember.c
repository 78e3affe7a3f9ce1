/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey remember, ukey forget, ukey list --remembered: certificates known without their keys. */
#include "assistant/cli/cli.h"
#include "assistant/cli/words.h"
#include "assistant/core/errors.h"
#include "assistant/core/hall_book.h"
#include "assistant/core/memory.h"
#include "assistant/core/snapshot.h"

#include <glib/gi18n.h>
#include <string.h>

static char *nickname;
static gboolean all;

static const GOptionEntry remember_entries[] = {
	{"nickname", 0, 0, G_OPTION_ARG_STRING, &nickname,
	 N_("also give the key this name on this computer; \"\" takes it away"), N_("NAME")},
	{NULL}};
static const GOptionEntry forget_entries[] = {
	{"all", 0, 0, G_OPTION_ARG_NONE, &all, N_("forget everything, nicknames included"), NULL},
	{NULL}};

/* Opens the memory, and says so when a damaged file had to be put aside. */
static OukMemory *
memory_open(GError **error)
{
	OukMemory *memory = ouk_memory_open(NULL, error);
	g_autofree char *aside = memory != NULL ? ouk_memory_damaged(memory) : NULL;

	if (aside != NULL)
		g_printerr(_("What was remembered could not all be read. The damaged file is kept "
			     "as %s.\n"),
			   aside);
	return memory;
}

/* ---- the list ---- */

static void
print_row(const OukRemembered *row)
{
	const OukPairInfo *info = ouk_pair_view_info(row->pair);
	const OukPairCert *cert = ouk_pair_view_cert(row->pair);
	g_autofree char *ends = cert != NULL && cert->ends != NULL
					? g_date_time_format(cert->ends, "%Y-%m-%d")
					: g_strdup("?");
	g_autofree char *sentence = ouk_pair_sentence(info);

	g_print("%s%s%s%s\n", info->unit, row->nickname != NULL ? " (" : "",
		row->nickname != NULL ? row->nickname : "", row->nickname != NULL ? ")" : "");
	g_print(_("    Issued by: %s\n"), info->issuer);
	g_print(_("    Ends: %s. %s\n"), ends, sentence);
	g_print(_("    Key: %s, serial number ends in %s\n"), row->label, row->serial_end);
	g_print(_("    ID: %.11s\n"), row->id);
}

static void
json_row(JsonBuilder *json, const OukRemembered *row)
{
	const OukPairInfo *info = ouk_pair_view_info(row->pair);
	const OukPairCert *cert = ouk_pair_view_cert(row->pair);
	g_autofree char *ends = cert != NULL ? cli_timestamp(X509_get0_notAfter(cert->x509)) : NULL;

	json_builder_begin_object(json);
	cli_json_text(json, "id", row->id);
	cli_json_text(json, "unit", info->unit);
	cli_json_text(json, "issuer", info->issuer);
	cli_json_text(json, "credit_code", info->credit_code);
	cli_json_text(json, "not_after", ends);
	cli_json_number(json, "days_left", info->days_left);
	cli_json_text(json, "status", ouk_pair_status_name(info->status));
	cli_json_text(json, "label", row->label);
	cli_json_text(json, "nickname", row->nickname);
	cli_json_text(json, "serial_end", row->serial_end);
	json_builder_end_object(json);
}

gboolean
cli_list_remembered(GError **error)
{
	g_autoptr(OukMemory) memory = memory_open(error);
	g_autoptr(GPtrArray) rows = NULL;
	g_autoptr(JsonBuilder) json = json_builder_new();

	if (memory == NULL)
		return FALSE;
	rows = ouk_memory_list(memory);
	json_builder_begin_array(json);
	for (guint i = 0; i < rows->len; i++) {
		const OukRemembered *row = g_ptr_array_index(rows, i);

		if (cli_options.json)
			json_row(json, row);
		else
			print_row(row);
	}
	json_builder_end_array(json);
	if (cli_options.json)
		cli_print_json(json_builder_get_root(json));
	else if (rows->len == 0)
		g_print("%s\n", _("Nothing is remembered."));
	return TRUE;
}

/* ---- remember ---- */

static void
print_remembered(const OukTokenInfo *info)
{
	guint count = 0;

	for (guint i = 0; i < info->pairs->len; i++) {
		OukPairView *pair = g_ptr_array_index(info->pairs, i);

		if (ouk_pair_view_cert(pair) == NULL)
			continue;
		count++;
		g_print(_("Remembered: %s (key …%s)\n"), ouk_pair_view_info(pair)->unit,
			info->serial_end);
	}
	if (count == 0)
		g_print(_("No certificate on the key …%s.\n"), info->serial_end);
}

static gboolean
remember_token(OukMemory *memory, const OukToken *token, GError **error)
{
	OukPlace place = {
		.module = token->module,
		.vendor = token->vendor,
		.module_name = "",
		.slot = token->slot,
	};
	g_autoptr(OukTokenView) view = ouk_token_view_read(&place, NULL);
	const OukTokenInfo *info;

	if (view == NULL)
		return ouk_fail(error, OUK_E_REMOVED);
	info = ouk_token_view_info(view);
	if (info->failed) {
		g_set_error_literal(error, OUK_ERROR, (int)info->error, info->error_text);
		return FALSE;
	}
	if (!ouk_memory_remember(memory, view, error) ||
	    (nickname != NULL && !ouk_memory_set_nickname(memory, info->key_id, nickname, error)))
		return FALSE;
	print_remembered(info);
	return TRUE;
}

static gboolean
run_remember(int argc, char **argv, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukMemory) memory = NULL;

	if (!cli_parse(&cli_remember, &argc, &argv, 0, remember_entries, error) ||
	    !cli_arguments(argc, 0, 0, error) || !cli_keys_open(&keys, FALSE, error))
		return FALSE;
	/* a name is for one key */
	if (nickname != NULL && cli_one_token(&keys, TRUE, error) == NULL)
		return FALSE;
	memory = memory_open(error);
	if (memory == NULL)
		return FALSE;
	for (guint i = 0; i < keys.tokens->len; i++)
		if (!remember_token(memory, g_ptr_array_index(keys.tokens, i), error))
			return FALSE;
	return TRUE;
}

/* ---- forget ---- */

static gboolean
row_fits(const OukRemembered *row, const char *name)
{
	return g_ascii_strncasecmp(row->id, name, strlen(name)) == 0 ||
	       strcmp(ouk_pair_view_info(row->pair)->unit, name) == 0 ||
	       g_strcmp0(row->nickname, name) == 0 || strcmp(row->serial_end, name) == 0;
}

static gboolean
forget_named(OukMemory *memory, const char *name, GError **error)
{
	g_autoptr(GPtrArray) rows = ouk_memory_list(memory);
	guint count = 0;

	for (guint i = 0; i < rows->len && *name != '\0'; i++) {
		const OukRemembered *row = g_ptr_array_index(rows, i);

		if (!row_fits(row, name))
			continue;
		if (!ouk_memory_forget(memory, row->id, error))
			return FALSE;
		count++;
		g_print(_("Forgotten: %s (key …%s)\n"), ouk_pair_view_info(row->pair)->unit,
			row->serial_end);
	}
	return count > 0 || ouk_fail_with(error, OUK_E_NO_CERT, "(%s)", name);
}

static gboolean
run_forget(int argc, char **argv, GError **error)
{
	g_autoptr(OukMemory) memory = NULL;
	g_autoptr(OukHallBook) book = NULL;

	if (!cli_parse(&cli_forget, &argc, &argv, CLI_TAKES_NO_KEY, forget_entries, error) ||
	    !cli_arguments(argc, all ? 0 : 1, all ? 0 : 1, error))
		return FALSE;
	memory = memory_open(error);
	if (memory == NULL)
		return FALSE;
	if (!all)
		return forget_named(memory, argv[1], error);
	book = ouk_hall_book_open(NULL);
	if (!ouk_memory_forget(memory, NULL, error) || !ouk_hall_book_forget(book, error))
		return FALSE;
	g_print("%s\n", _("Everything is forgotten."));
	return TRUE;
}

const CliCommand cli_remember = {"remember", "",
				 N_("keep what is public of the keys plugged in, for reminders"),
				 run_remember};
const CliCommand cli_forget = {"forget", N_("NAME|--all"), N_("undo that"), run_forget};
