/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/parts.h"

GtkWidget *
ouk_label_new(const char *text, const char *class)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_selectable(GTK_LABEL(label), TRUE);
	/* not a stop on the way with the Tab key */
	gtk_widget_set_can_focus(label, FALSE);
	if (class != NULL)
		ouk_add_class(label, class);
	gtk_widget_show(label);
	return label;
}

void
ouk_add_class(GtkWidget *widget, const char *class)
{
	gtk_style_context_add_class(gtk_widget_get_style_context(widget), class);
}

void
ouk_set_tone(GtkWidget *widget, const char *tone)
{
	static const char *const tones[] = {"ouk-good", "ouk-warn", "ouk-bad", "ouk-neutral"};
	GtkStyleContext *context = gtk_widget_get_style_context(widget);

	for (size_t i = 0; i < G_N_ELEMENTS(tones); i++)
		gtk_style_context_remove_class(context, tones[i]);
	gtk_style_context_add_class(context, tone);
}

static void
destroy(GtkWidget *child, gpointer data)
{
	gtk_widget_destroy(child);
}

void
ouk_clear(gpointer container)
{
	gtk_container_foreach(GTK_CONTAINER(container), destroy, NULL);
}

static void
closure_free(gpointer data, GClosure *closure)
{
	g_free(data);
}

static void
closure_unref(gpointer data, GClosure *closure)
{
	g_object_unref(data);
}

GClosureNotify
ouk_closure_free(void)
{
	return closure_free;
}

GClosureNotify
ouk_closure_unref(void)
{
	return closure_unref;
}
