/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/parts.h"

#include "assistant/ui/clamp.h"

#include <glib/gi18n.h>

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
ouk_label_add(GtkBox *box, const char *text, const char *class)
{
	if (text != NULL && *text != '\0')
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(text, class));
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

GtkWidget *
ouk_page_new(GtkBox **ret_box)
{
	GtkWidget *page = gtk_scrolled_window_new(NULL, NULL);
	GtkWidget *clamp = g_object_new(OUK_TYPE_CLAMP, "visible", TRUE, NULL);
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 18);

	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(page), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	ouk_add_class(box, "ouk-page");
	gtk_widget_show(box);
	gtk_container_add(GTK_CONTAINER(clamp), box);
	gtk_container_add(GTK_CONTAINER(page), clamp);
	gtk_widget_show_all(page);
	*ret_box = GTK_BOX(box);
	return page;
}

GtkBox *
ouk_card_add(GtkBox *box)
{
	GtkWidget *card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);

	ouk_add_class(card, "ouk-card");
	gtk_widget_show(card);
	gtk_container_add(GTK_CONTAINER(box), card);
	return GTK_BOX(card);
}

GtkWidget *
ouk_button_add(GtkBox *box, const char *label, const char *action)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	if (action != NULL)
		gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), action);
	gtk_widget_set_halign(button, GTK_ALIGN_START);
	gtk_widget_show(button);
	gtk_container_add(GTK_CONTAINER(box), button);
	return button;
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

void
ouk_name_cross(GtkWidget *widget, gpointer other)
{
	if (widget == other)
		return;
	if (GTK_IS_BUTTON(widget))
		atk_object_set_name(gtk_widget_get_accessible(widget), _("Close"));
	else if (GTK_IS_CONTAINER(widget))
		gtk_container_forall(GTK_CONTAINER(widget), ouk_name_cross, other);
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
