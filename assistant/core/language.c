/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/language.h"

#include <glib.h>
#include <glib/gi18n.h>
#include <locale.h>

/*
 * Chinese also where the locale was never generated: C.UTF-8 is always there, and gettext follows
 * LANGUAGE in it.
 */
void
ouk_language_open(const char *dir)
{
	const char *own = g_getenv("OPENUKEY_LOCALEDIR");
	const char *wanted = g_getenv("LC_ALL") != NULL ? g_getenv("LC_ALL") : g_getenv("LANG");

	if (setlocale(LC_ALL, "") == NULL) {
		setlocale(LC_ALL, "C.UTF-8");
		if (wanted != NULL)
			g_setenv("LANGUAGE", wanted, FALSE);
	}
	bindtextdomain("openukey", own != NULL ? own : dir);
	bind_textdomain_codeset("openukey", "UTF-8");
	textdomain("openukey");
}
