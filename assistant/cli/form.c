/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The application form: asked for line by line, or read from a file; shown before it is sent. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"

#include <glib/gi18n.h>
#include <string.h>

/* Longer than any name or address. */
#define TEXT_MAX 200

enum from { FROM_PERSON, FROM_UNIT, FROM_CODE };

/* What is asked, in this order. `only`: for these kinds or this method; NULL: always. */
static const struct {
	const char *member, *prompt, *only;
	enum from from; /* what the certificate says already */
	gboolean may_miss;
} rows[] = {
	{"unit", N_("Name of the unit"), NULL, FROM_UNIT, FALSE},
	{"unit_code", N_("Unified social credit code"), NULL, FROM_CODE, FALSE},
	{"legal_name", N_("Name of the legal representative"), NULL, FROM_PERSON, FALSE},
	{"legal_phone", N_("Telephone of the legal representative"), NULL, FROM_PERSON, FALSE},
	{"bank_account", N_("Number of the company's bank account"), "memo", FROM_PERSON, FALSE},
	{"handler_name", N_("Name of the handler"), NULL, FROM_PERSON, FALSE},
	{"handler_phone", N_("Telephone of the handler"), NULL, FROM_PERSON, FALSE},
	{"handler_id", N_("Number of the handler's identity document"), "new lost damaged",
	 FROM_PERSON, FALSE},
	{"post_address", N_("Address for the post (Enter: none)"), "new lost damaged", FROM_PERSON,
	 TRUE},
};

static gboolean
is_asked(const char *only, const char *kind)
{
	g_auto(GStrv) words = only != NULL ? g_strsplit(only, " ", -1) : NULL;

	return words == NULL || g_strv_contains((const char *const *)words, kind) ||
	       g_strv_contains((const char *const *)words,
			       cli_order_options.method != NULL ? cli_order_options.method : "sms");
}

static char *
from_certificate(const CliClient *client, enum from from)
{
	if (client->x509 == NULL || from == FROM_PERSON)
		return NULL;
	return from == FROM_UNIT ? ouk_x509_unit(client->x509) : ouk_x509_credit_code(client->x509);
}

static gboolean
ask_row(GHashTable *form, guint at, const char *known, GError **error)
{
	g_autofree char *prompt =
		known != NULL ? g_strdup_printf("%s [%s]%s", _(rows[at].prompt), known, _(": "))
			      : g_strconcat(_(rows[at].prompt), _(": "), NULL);
	char *text = NULL;

	do {
		g_free(text);
		text = ouk_terminal_ask(prompt, error);
		if (text == NULL)
			return FALSE;
		g_strstrip(text);
		if (*text == '\0' && known != NULL) {
			g_free(text);
			text = g_strdup(known);
		}
	} while ((*text == '\0' && !rows[at].may_miss) || strlen(text) > TEXT_MAX);
	if (*text != '\0')
		g_hash_table_replace(form, g_strdup(rows[at].member), text);
	else
		g_free(text);
	return TRUE;
}

GHashTable *
cli_members_read(const char *path, GError **error)
{
	g_autoptr(GBytes) bytes = cli_read(path, error);
	g_autoptr(GHashTable) members =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_auto(GStrv) lines = NULL;
	g_autofree char *text = NULL;

	if (bytes == NULL)
		return NULL;
	text = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	lines = g_strsplit(text, "\n", -1);
	for (gsize i = 0; lines[i] != NULL; i++) {
		char *equals = strchr(g_strstrip(lines[i]), '=');

		if (lines[i][0] == '#' || lines[i][0] == '\0')
			continue;
		if (equals == NULL || strlen(equals + 1) > TEXT_MAX ||
		    !g_utf8_validate(lines[i], -1, NULL)) {
			ouk_fail_with(error, OUK_E_FILE_READ, "(%s:%" G_GSIZE_FORMAT ")", path,
				      i + 1);
			return NULL;
		}
		*equals = '\0';
		g_hash_table_replace(members, g_strdup(g_strstrip(lines[i])),
				     g_strdup(g_strstrip(equals + 1)));
	}
	return g_steal_pointer(&members);
}

/* What a file leaves out the certificate may know; nobody is asked then. */
static gboolean
form_complete(const CliClient *client, GHashTable *form, const char *kind, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		char *known;

		if (!is_asked(rows[i].only, kind) || rows[i].may_miss ||
		    g_hash_table_contains(form, rows[i].member))
			continue;
		known = from_certificate(client, rows[i].from);
		if (known == NULL)
			return ouk_fail_with(error, OUK_E_FORM_LACKS, "(%s)", rows[i].member);
		g_hash_table_replace(form, g_strdup(rows[i].member), known);
	}
	return TRUE;
}

static void
form_print(GHashTable *form)
{
	g_print("%s\n", _("This is what will be handed in:"));
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *text = g_hash_table_lookup(form, rows[i].member);

		if (text != NULL)
			g_print("  %s%s%s\n", _(rows[i].prompt), _(": "), text);
	}
}

GHashTable *
cli_form_get(CliClient *client, const char *kind, GError **error)
{
	g_autoptr(GHashTable) form = NULL;
	gboolean good = TRUE;

	if (cli_order_options.form != NULL) {
		form = cli_members_read(cli_order_options.form, error);
		if (form == NULL || !form_complete(client, form, kind, error))
			return NULL;
		form_print(form);
		return g_steal_pointer(&form);
	}
	form = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	for (guint i = 0; i < G_N_ELEMENTS(rows) && good; i++) {
		g_autofree char *known = from_certificate(client, rows[i].from);

		if (is_asked(rows[i].only, kind))
			good = ask_row(form, i, known, error);
	}
	if (!good)
		return NULL;
	form_print(form);
	if (!cli_confirm(_("Is all of it right?"), error))
		return NULL;
	return g_steal_pointer(&form);
}
