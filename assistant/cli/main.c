/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ukey: certificates, PINs and signatures of USB keys on the command line. */
#include "assistant/cli/cli.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"

#include <glib/gi18n.h>
#include <glib/gprintf.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static const CliCommand *const commands[] = {
	&cli_list,   &cli_show,     &cli_info,    &cli_pin,    &cli_sign,     &cli_verify,
	&cli_export, &cli_init,     &cli_unlock,  &cli_renew,  &cli_apply,    &cli_orders,
	&cli_lost,   &cli_revoke,   &cli_approve, &cli_doctor, &cli_explain,  &cli_halls,
	&cli_watch,  &cli_remember, &cli_forget,  &cli_log_in, &cli_browsers, &cli_bridge,
};

/*
 * Chinese also where the locale was never generated, as on a fresh Debian: C.UTF-8 is always there
 * and gettext follows LANGUAGE in it.
 */
static void
choose_language(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *wanted = NULL;

	if (setlocale(LC_ALL, "") != NULL) {
		/* no locale at all still has to show a Chinese name */
		if (strcmp(setlocale(LC_CTYPE, NULL), "C") == 0)
			setlocale(LC_CTYPE, "C.UTF-8");
		return;
	}
	setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < G_N_ELEMENTS(names) && (wanted == NULL || *wanted == '\0'); i++)
		wanted = g_getenv(names[i]);
	if (wanted != NULL)
		g_setenv("LANGUAGE", wanted, FALSE);
}

static void
translations_open(void)
{
	const char *dir = g_getenv("OPENUKEY_LOCALEDIR");

	choose_language();
	bindtextdomain("openukey", dir != NULL ? dir : OPENUKEY_LOCALEDIR);
	bind_textdomain_codeset("openukey", "UTF-8");
	textdomain("openukey");
}

static void
print_usage(FILE *out)
{
	g_fprintf(out, "%s\n  ukey %s\n\n%s\n", _("Usage:"), _("COMMAND [OPTION…]"),
		  _("Commands:"));
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
		g_fprintf(out, "  %-8s %s\n", commands[i]->name, _(commands[i]->summary));
	g_fprintf(out, "\n%s\n", _("\"ukey COMMAND --help\" explains each command."));
}

static int
run(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	const char *word = argc > 1 ? argv[1] : "";

	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "--version") == 0) {
		g_print("ukey %s\n", OPENUKEY_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (strcmp(commands[i]->name, word) != 0)
			continue;
		return commands[i]->run(argc - 1, argv + 1, &error) ? EXIT_SUCCESS
								    : cli_report(error);
	}
	if (argc > 1)
		ouk_fail_with(&error, OUK_E_USAGE, "(%s)", word);
	else
		ouk_fail(&error, OUK_E_USAGE);
	print_usage(stderr);
	return cli_report(error);
}

int
main(int argc, char **argv)
{
	ouk_process_harden();
	translations_open();
	return run(argc, argv);
}
