/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/cli/cli.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>

CliOptions cli_options = {
	.slot = -1,
	.pin_fd = -1,
	.new_pin_fd = -1,
	.admin_pin_fd = -1,
	.device_key_fd = -1,
	.confirm_tries = -1,
};

#define TEXT(name, where, help, value)                              \
	{                                                           \
		name, 0, 0, G_OPTION_ARG_STRING, where, help, value \
	}
#define NUMBER(name, where, help, value)                         \
	{                                                        \
		name, 0, 0, G_OPTION_ARG_INT, where, help, value \
	}
#define SWITCH(name, where, help)                                \
	{                                                        \
		name, 0, 0, G_OPTION_ARG_NONE, where, help, NULL \
	}
#define END          \
	{            \
		NULL \
	}

static const GOptionEntry key_entries[] = {
	TEXT("token", &cli_options.token, N_("the key with this name or serial number"),
	     N_("NAME")),
	NUMBER("slot", &cli_options.slot, N_("the key in this PKCS #11 slot"), N_("NUMBER")),
	TEXT("module", &cli_options.module,
	     N_("use this PKCS #11 module instead of all that p11-kit lists"), N_("FILE")),
	END};
static const GOptionEntry cert_entries[] = {
	TEXT("cert", &cli_options.cert,
	     N_("the certificate with this ID, container, label or unit name"), N_("NAME")),
	END};
static const GOptionEntry pin_entries[] = {
	NUMBER("pin-fd", &cli_options.pin_fd, N_("read the PIN from this descriptor"), N_("FD")),
	NUMBER("confirm-tries", &cli_options.confirm_tries,
	       N_("spend one of the last tries, of which so many are left"), N_("NUMBER")),
	END};
static const GOptionEntry new_pin_entries[] = {NUMBER("new-pin-fd", &cli_options.new_pin_fd,
						      N_("read the new PIN from this descriptor"),
						      N_("FD")),
					       END};
static const GOptionEntry admin_pin_entries[] = {
	NUMBER("admin-pin-fd", &cli_options.admin_pin_fd,
	       N_("read the administrator PIN from this descriptor"), N_("FD")),
	END};
static const GOptionEntry device_key_entries[] = {
	NUMBER("device-key-fd", &cli_options.device_key_fd,
	       N_("read the device authentication key from this descriptor"), N_("FD")),
	END};
static const GOptionEntry json_entries[] = {
	SWITCH("json", &cli_options.json, N_("print JSON for scripts")), END};
static const GOptionEntry yes_entries[] = {
	SWITCH("yes", &cli_options.yes, N_("do not ask before what cannot be undone")), END};

static const struct {
	CliTakes takes;
	const GOptionEntry *entries;
} groups[] = {
	{CLI_TAKES_CERT, cert_entries},
	{CLI_TAKES_PIN, pin_entries},
	{CLI_TAKES_NEW_PIN, new_pin_entries},
	{CLI_TAKES_ADMIN_PIN, admin_pin_entries},
	{CLI_TAKES_DEVICE_KEY, device_key_entries},
	{CLI_TAKES_JSON, json_entries},
	{CLI_TAKES_YES, yes_entries},
};

gboolean
cli_parse(const CliCommand *command, int *argc, char ***argv, CliTakes takes,
	  const GOptionEntry *own, GError **error)
{
	g_autoptr(GOptionContext) context = g_option_context_new(_(command->arguments));
	g_autofree char *program = g_strdup_printf("ukey %s", command->name);
	g_autoptr(GError) wrong = NULL;

	g_set_prgname(program);
	g_option_context_set_translation_domain(context, "openukey");
	g_option_context_set_summary(context, _(command->summary));
	if (own != NULL)
		g_option_context_add_main_entries(context, own, "openukey");
	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
		if ((takes & groups[i].takes) != 0)
			g_option_context_add_main_entries(context, groups[i].entries, "openukey");
	if ((takes & CLI_TAKES_NO_KEY) == 0)
		g_option_context_add_main_entries(context, key_entries, "openukey");
	if (g_option_context_parse(context, argc, argv, &wrong))
		return TRUE;
	return ouk_fail_with(error, OUK_E_USAGE, "(%s)", wrong->message);
}

gboolean
cli_arguments(int argc, int least, int most, GError **error)
{
	if (argc - 1 < least)
		return ouk_fail_with(error, OUK_E_USAGE, "%s", _("(An argument is missing.)"));
	if (argc - 1 > most)
		return ouk_fail_with(error, OUK_E_USAGE, "%s", _("(Too many arguments.)"));
	return TRUE;
}
