/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-assistant: the window 我的证书. */
#include "assistant/core/pin.h"
#include "assistant/ui/application.h"

#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/*
 * Chinese also where the locale was never generated, as on a fresh Debian: C.UTF-8 is always there
 * and gettext follows LANGUAGE in it.
 */
static void
choose_language(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *wanted = NULL;

	if (setlocale(LC_ALL, "") != NULL)
		return;
	for (size_t i = 0; i < G_N_ELEMENTS(names) && (wanted == NULL || *wanted == '\0'); i++)
		wanted = g_getenv(names[i]);
	if (wanted != NULL)
		g_setenv("LANGUAGE", wanted, FALSE);
	g_setenv("LC_ALL", "C.UTF-8", TRUE); /* GTK sets the locale once more */
	setlocale(LC_ALL, "");
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

int
main(int argc, char **argv)
{
	OukApplication *application;
	char *anew[] = {argv[0], NULL, NULL};
	const char *option = NULL;
	gboolean again;
	int status;

	ouk_process_harden();
	translations_open();
	application = ouk_application_new(g_getenv("OPENUKEY_PRACTICE_FOLDER") != NULL);
	status = g_application_run(G_APPLICATION(application), argc, argv);
	again = ouk_application_again(application, &option);
	anew[1] = g_strdup(option);
	g_object_unref(application);
	if (again)
		(void)execvp(anew[0], anew);
	return status;
}
