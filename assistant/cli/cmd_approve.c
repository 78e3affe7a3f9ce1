/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey approve: an operator of a CA signs what is to be done. */
#include "assistant/cli/cli.h"
#include "assistant/core/approval.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

static char *out_path, *operator_name, *trust;
static gboolean force, only_show;

static const GOptionEntry entries[] = {
	{"operator", 0, 0, G_OPTION_ARG_STRING, &operator_name,
	 N_("sign as this operator (default: whom the service asks)"), N_("NAME")},
	{"show", 0, 0, G_OPTION_ARG_NONE, &only_show, N_("only show what would be signed"), NULL},
	{"out", 'o', 0, G_OPTION_ARG_FILENAME, &out_path,
	 N_("write the answer here (default: send it back, or standard output)"), N_("FILE")},
	{"force", 0, 0, G_OPTION_ARG_NONE, &force, N_("replace a file that exists"), NULL},
	{"trust", 0, 0, G_OPTION_ARG_FILENAME, &trust,
	 N_("believe the CAs in this file when the service is asked"), N_("FILE")},
	{NULL}};

static gboolean
is_address(const char *where)
{
	return g_str_has_prefix(where, "https://") || g_str_has_prefix(where, "http://");
}

/* On stderr, so that the answer alone is on stdout. */
static void
show(const OukApproval *approval)
{
	for (guint i = 0; i < approval->items->len; i++) {
		const OukApprovalItem *item = g_ptr_array_index(approval->items, i);

		g_printerr("\n%u. %s\n", i + 1, item->title);
		for (guint at = 0; at < item->words->len; at++) {
			const OukApprovalLine *line = g_ptr_array_index(item->words, at);

			g_printerr("     %s: %s\n", line->label, line->value);
		}
		if (!item->known)
			g_printerr("     %s\n",
				   _("This program does not know this kind of text. Sign it "
				     "only if you know what it does."));
	}
	g_printerr("\n");
}

static const char *
name_of(const OukApproval *approval, GError **error)
{
	const char *name = operator_name != NULL ? operator_name : approval->operator_name;

	if (name == NULL)
		ouk_fail_with(error, OUK_E_USAGE, "%s", _("(Say with --operator who you are.)"));
	return name;
}

static GBytes *
sign(const OukApproval *approval, const char *name, GError **error)
{
	UK_CLEANUP(cli_keys_close) CliKeys keys = {0};
	g_autoptr(OukCert) cert = NULL;

	if (!cli_keys_open(&keys, FALSE, error))
		return NULL;
	cert = cli_one_cert(&keys, OUK_PAIR_SIGN, error);
	return cert != NULL ? cli_paper_sign(approval, name, cert, error) : NULL;
}

static gboolean
deliver(const char *where, GBytes *answer, GError **error)
{
	unsigned int done = 0;

	if (out_path != NULL || !is_address(where))
		return cli_write(out_path, answer, force, error);
	if (!ouk_approval_leave(where, trust, answer, &done, error))
		return FALSE;
	g_print("%s\n",
		done > 0 ? _("Signed. There are enough signatures now, and it was carried out.")
			 : _("Signed. It waits for other operators."));
	return TRUE;
}

static gboolean
run(int argc, char **argv, GError **error)
{
	g_autoptr(GBytes) paper = NULL;
	g_autoptr(GBytes) answer = NULL;
	g_autoptr(OukApproval) approval = NULL;
	g_autofree char *question = NULL;
	const char *name;

	if (!cli_parse(&cli_approve, &argc, &argv, CLI_TAKES_CERT | CLI_TAKES_PIN | CLI_TAKES_YES,
		       entries, error) ||
	    !cli_arguments(argc, 1, 1, error))
		return FALSE;
	paper = is_address(argv[1]) ? ouk_approval_fetch(argv[1], trust, error)
				    : cli_read(argv[1], error);
	approval = paper != NULL ? ouk_approval_read(paper, error) : NULL;
	if (approval == NULL)
		return FALSE;
	show(approval);
	if (only_show)
		return TRUE;
	name = name_of(approval, error);
	if (name == NULL)
		return FALSE;
	question = g_strdup_printf(_("Sign this as %s?"), name);
	if (!cli_confirm(question, error))
		return FALSE;
	answer = sign(approval, name, error);
	return answer != NULL && deliver(argv[1], answer, error);
}

const CliCommand cli_approve = {"approve", N_("FILE|ADDRESS"),
				N_("sign what a CA's operators are asked to approve"), run};
