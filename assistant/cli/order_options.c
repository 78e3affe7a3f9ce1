/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/order.h"

#include <glib/gi18n.h>

CliOrderOptions cli_order_options = {.code_fd = -1, .wait = -1};

const GOptionEntry cli_order_entries[] = {
	{"form", 0, 0, G_OPTION_ARG_FILENAME, &cli_order_options.form,
	 N_("read the form from this file, a MEMBER=TEXT line each, instead of asking (\"-\": "
	    "standard input)"),
	 N_("FILE")},
	{"agree", 0, 0, G_OPTION_ARG_STRING_ARRAY, &cli_order_options.agree,
	 N_("agree to this text, after having read it; once for each"), N_("TEXT")},
	{"document", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &cli_order_options.documents,
	 N_("add this picture (gif, jpg, png, at most 1.5 MB); once for each"), N_("NAME=FILE")},
	{"method", 0, 0, G_OPTION_ARG_STRING, &cli_order_options.method,
	 N_("how the code comes: sms, to the legal representative, or memo, with one cent to the "
	    "company's account"),
	 "sms|memo"},
	{"years", 0, 0, G_OPTION_ARG_INT, &cli_order_options.years,
	 N_("for so many years, instead of asking"), N_("NUMBER")},
	{"way", 0, 0, G_OPTION_ARG_STRING, &cli_order_options.way, N_("how it is paid"),
	 "wechat|alipay"},
	{"transfer", 0, 0, G_OPTION_ARG_NONE, &cli_order_options.transfer,
	 N_("pay by bank transfer"), NULL},
	{"by-post", 0, 0, G_OPTION_ARG_NONE, &cli_order_options.by_post,
	 N_("send the papers by post instead of pictures"), NULL},
	{"code-fd", 0, 0, G_OPTION_ARG_INT, &cli_order_options.code_fd,
	 N_("read the code that came from this descriptor"), N_("FD")},
	{"wait", 0, 0, G_OPTION_ARG_INT, &cli_order_options.wait,
	 N_("wait so long for money or review, then end; the same command goes on later"),
	 N_("SECONDS")},
	{"ca", 0, 0, G_OPTION_ARG_STRING, &cli_order_options.ca, N_("the CA, such as xjca"),
	 N_("NAME")},
	{NULL}};

gboolean
cli_order_parse(const CliCommand *command, int *argc, char ***argv, CliTakes takes,
		const GOptionEntry *own, GError **error)
{
	g_autoptr(GArray) all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

	for (gsize i = 0; own != NULL && own[i].long_name != NULL; i++)
		g_array_append_val(all, own[i]);
	for (gsize i = 0; cli_order_entries[i].long_name != NULL; i++)
		g_array_append_val(all, cli_order_entries[i]);
	return cli_parse(command, argc, argv, takes, (const GOptionEntry *)(void *)all->data,
			 error);
}
