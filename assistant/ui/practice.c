/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/practice.h"

#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <unistd.h>

/* The script that sets up the world; in the build tree another one. */
static const char *
script(void)
{
	const char *path = g_getenv("OPENUKEY_PRACTICE");

	return path != NULL ? path : OPENUKEY_PRACTICE_SCRIPT;
}

gboolean
ouk_practice_possible(void)
{
	return access(script(), X_OK) == 0;
}

static void
on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GtkWidget) widget = data;
	GSubprocess *process = G_SUBPROCESS(source);
	g_autoptr(GError) error = NULL;
	g_autofree char *told = NULL, *text = NULL;

	if (!g_subprocess_communicate_utf8_finish(process, result, NULL, &told, &error) ||
	    g_subprocess_get_successful(process))
		return;
	g_strchomp(told);
	text = g_strdup_printf(_("The practice key could not be started. (%s)"), told);
	ouk_window_say(widget, GTK_MESSAGE_ERROR, text);
}

void
ouk_practice_start(GtkWidget *widget)
{
	const char *const argv[] = {script(), NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) process =
		g_subprocess_newv(argv, G_SUBPROCESS_FLAGS_STDERR_PIPE, &error);

	if (process == NULL) {
		ouk_window_say(widget, GTK_MESSAGE_ERROR, error->message);
		return;
	}
	ouk_window_say(widget, GTK_MESSAGE_INFO,
		       _("A practice key is being made. It appears in a window of its own in a few "
			 "seconds."));
	g_subprocess_communicate_utf8_async(process, NULL, NULL, on_ended, g_object_ref(widget));
}
