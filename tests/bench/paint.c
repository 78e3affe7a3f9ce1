/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A GTK module (GTK_MODULES) for any program with windows: says on standard error how long after
 * the program's start its first window was painted, and when a label with the text of
 * OPENUKEY_BENCH_TEXT was, in microseconds. The program is not changed, so ours and a bare window
 * are timed alike.
 */
#include <gmodule.h>
#include <gtk/gtk.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *wanted;
static gboolean painted, listed;

/* CLOCK_MONOTONIC just before the program was started, as the bench took it. */
static gint64
started_us(void)
{
	const char *given = g_getenv("OPENUKEY_BENCH_START_US");

	return given != NULL ? g_ascii_strtoll(given, NULL, 10) : 0;
}

static gint64
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

static void
look(GtkWidget *widget, gpointer found)
{
	if (!gtk_widget_get_mapped(widget) || *(gboolean *)found)
		return;
	if (GTK_IS_LABEL(widget) && strstr(gtk_label_get_text(GTK_LABEL(widget)), wanted) != NULL)
		*(gboolean *)found = TRUE;
	else if (GTK_IS_CONTAINER(widget))
		gtk_container_forall(GTK_CONTAINER(widget), look, found);
}

static void
on_painted(GdkFrameClock *clock, gpointer window)
{
	if (!painted)
		(void)fprintf(stderr, "bench painted %" G_GINT64_FORMAT "\n",
			      now_us() - started_us());
	painted = TRUE;
	if (wanted == NULL || listed)
		return;
	look(window, &listed);
	if (listed)
		(void)fprintf(stderr, "bench listed %" G_GINT64_FORMAT "\n",
			      now_us() - started_us());
}

static gboolean
on_mapped(GSignalInvocationHint *hint, guint count, const GValue *values, gpointer data)
{
	GtkWidget *widget = g_value_get_object(values);

	if (GTK_IS_WINDOW(widget) && gtk_widget_is_toplevel(widget) &&
	    g_object_get_data(G_OBJECT(widget), "bench") == NULL) {
		g_object_set_data(G_OBJECT(widget), "bench", widget);
		g_signal_connect(gtk_widget_get_frame_clock(widget), "after-paint",
				 G_CALLBACK(on_painted), widget);
	}
	return TRUE;
}

G_MODULE_EXPORT void gtk_module_init(gint *argc, gchar ***argv);

G_MODULE_EXPORT void
gtk_module_init(gint *argc, gchar ***argv)
{
	wanted = g_getenv("OPENUKEY_BENCH_TEXT");
	/* the signal is there once the class is */
	g_type_class_unref(g_type_class_ref(GTK_TYPE_WIDGET));
	(void)g_signal_add_emission_hook(g_signal_lookup("map", GTK_TYPE_WIDGET), 0, on_mapped,
					 NULL, NULL);
}
