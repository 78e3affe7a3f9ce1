/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-pinentry: the only program in which a UKEY PIN is typed. */
#include "assistant/core/pin.h"
#include "assistant/pinentry/conversation.h"
#include "assistant/pinentry/secret_entry.h"
#include "assistant/pinentry/session.h"

#include <glib/gi18n.h>
#include <glib/gprintf.h>
#include <gtk/gtk.h>
#include <locale.h>

/*
 * Chinese also where the locale was never generated: C.UTF-8 is always there, and gettext follows
 * LANGUAGE in it.
 */
static void
translations_open(void)
{
	const char *dir = g_getenv("OPENUKEY_LOCALEDIR");
	const char *wanted = g_getenv("LC_ALL") != NULL ? g_getenv("LC_ALL") : g_getenv("LANG");

	if (setlocale(LC_ALL, "") == NULL) {
		g_setenv("LC_ALL", "C.UTF-8", TRUE);
		if (wanted != NULL)
			g_setenv("LANGUAGE", wanted, FALSE);
	}
	bindtextdomain("openukey", dir != NULL ? dir : OPENUKEY_LOCALEDIR);
	bind_textdomain_codeset("openukey", "UTF-8");
	textdomain("openukey");
}

/* No input method is loaded into this process, and the last character is never shown for a moment.
 */
static gboolean
toolkit_open(void)
{
	g_setenv("GTK_IM_MODULE", "gtk-im-context-simple", TRUE);
	g_unsetenv("GTK_MODULES");
	g_unsetenv("GTK3_MODULES");
	if (!gtk_init_check(NULL, NULL))
		return FALSE;
	g_object_set(gtk_settings_get_default(), "gtk-entry-password-hint-timeout", 0U, NULL);
	ouk_secret_entry_guard();
	return TRUE;
}

int
main(int argc, char **argv)
{
	int fd = -1, answer_fd = -1;
	gboolean session = FALSE, version = FALSE;
	const GOptionEntry entries[] = {
		{"session", 0, 0, G_OPTION_ARG_NONE, &session,
		 N_("Ask for PINs on behalf of other programs, as long as the session lasts"),
		 NULL},
		{"fd", 0, 0, G_OPTION_ARG_INT, &fd, N_("Ask whoever is at this open descriptor"),
		 N_("N")},
		{"answer-fd", 0, 0, G_OPTION_ARG_INT, &answer_fd, N_("Send the answers there"),
		 N_("N")},
		{"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version"), NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	ouk_process_harden();
	translations_open();
	g_option_context_add_main_entries(context, entries, "openukey");
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1 ||
	    (fd < 0 && !session && !version)) {
		g_fprintf(stderr, "openukey-pinentry: %s\n",
			  error != NULL ? error->message : _("use --session or --fd"));
		return 2;
	}
	if (version) {
		g_printf("openukey-pinentry %s\n", OPENUKEY_VERSION);
		return 0;
	}
	/* The listener shows nothing: it only has to notice when the screen goes away. */
	if (!(session ? gdk_init_check(NULL, NULL) : toolkit_open())) {
		g_fprintf(stderr, "openukey-pinentry: %s\n", _("there is no screen"));
		return 1;
	}
	return session ? ouk_session_run() : ouk_conversation_run(fd, answer_fd);
}
