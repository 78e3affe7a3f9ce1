/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/empty_page.h"

#include "assistant/ui/parts.h"

#include <glib/gi18n.h>

struct _OukEmptyPage {
	GtkBox parent;
	OukWatchState state;
	gboolean filled;
};

G_DEFINE_TYPE(OukEmptyPage, ouk_empty_page, GTK_TYPE_BOX)

static const struct {
	const char *row, *icon, *what, *cure, *label, *action;
} states[OUK_WATCH_STATE_COUNT] = {
	[OUK_WATCH_STARTING] = {N_("Looking for keys…"), NULL, N_("Looking for keys…"),
				N_("This takes a moment."), NULL, NULL},
	[OUK_WATCH_NO_MODULE] = {N_("No driver for keys"), "ouk-unreadable-symbolic",
				 N_("The driver for keys is not installed"),
				 N_("Without it no program on this computer can use a key. "
				    "\"Check and Repair\" says which package is missing."),
				 N_("_Check and Repair"), "app.doctor"},
	[OUK_WATCH_NO_SERVICE] =
		{N_("Service not running"), "ouk-unreadable-symbolic",
		 N_("The smart card service is not running"),
		 N_("The key may be plugged in, but the computer cannot talk to it. \"Check and "
		    "Repair\" can start the service."),
		 N_("_Check and Repair"), "app.doctor"},
	[OUK_WATCH_EMPTY] = {N_("No key plugged in"), "ouk-key-symbolic", N_("Plug in your key"),
			     N_("Put the UKEY into a USB port of this computer. It appears here by "
				"itself. If it is plugged in already, try another port, or let us "
				"look for the reason."),
			     N_("_Check and Repair"), "app.doctor"},
	[OUK_WATCH_READY] = {N_("No key plugged in"), "ouk-key-symbolic", N_("Plug in your key"),
			     "", NULL, NULL},
};

static GtkWidget *
centred(const char *text, const char *class)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 48);
	gtk_label_set_justify(GTK_LABEL(label), GTK_JUSTIFY_CENTER);
	gtk_label_set_selectable(GTK_LABEL(label), FALSE);
	ouk_add_class(label, class);
	return label;
}

static void
fill(GtkBox *box, const char *icon, const char *what, const char *cure)
{
	GtkWidget *image = NULL;

	if (icon != NULL) {
		image = gtk_image_new_from_icon_name(icon, GTK_ICON_SIZE_DIALOG);
		gtk_image_set_pixel_size(GTK_IMAGE(image), 96);
		ouk_add_class(image, "dim-label");
		gtk_box_pack_start(box, image, FALSE, FALSE, 0);
	}
	gtk_box_pack_start(box, centred(what, "ouk-headline"), FALSE, FALSE, 0);
	if (*cure != '\0')
		gtk_box_pack_start(box, centred(cure, "ouk-cure"), FALSE, FALSE, 0);
}

static void
add_button(GtkBox *box, const char *label, const char *action, const char *class)
{
	GtkWidget *button = gtk_button_new_with_mnemonic(label);

	gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(button), action);
	ouk_add_class(button, "ouk-big");
	if (class != NULL)
		ouk_add_class(button, class);
	gtk_widget_set_halign(button, GTK_ALIGN_CENTER);
	gtk_box_pack_start(box, button, FALSE, FALSE, 0);
}

static void
prepare(GtkWidget *box)
{
	gtk_orientable_set_orientation(GTK_ORIENTABLE(box), GTK_ORIENTATION_VERTICAL);
	gtk_box_set_spacing(GTK_BOX(box), 14);
	gtk_widget_set_halign(box, GTK_ALIGN_CENTER);
	gtk_widget_set_valign(box, GTK_ALIGN_CENTER);
	ouk_add_class(box, "ouk-page");
}

GtkWidget *
ouk_empty_new(const char *icon, const char *what, const char *cure, const char *label,
	      const char *action)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 14);

	prepare(box);
	fill(GTK_BOX(box), icon, what, cure);
	if (label != NULL)
		add_button(GTK_BOX(box), label, action, NULL);
	gtk_widget_show_all(box);
	return box;
}

const char *
ouk_empty_page_row_text(OukWatchState state)
{
	return _(states[state].row);
}

void
ouk_empty_page_set_state(OukEmptyPage *self, OukWatchState state)
{
	if (self->filled && self->state == state)
		return;
	self->filled = TRUE;
	self->state = state;
	ouk_clear(self);
	fill(GTK_BOX(self), states[state].icon, _(states[state].what),
	     *states[state].cure != '\0' ? _(states[state].cure) : "");
	if (states[state].label != NULL)
		add_button(GTK_BOX(self), _(states[state].label), states[state].action,
			   state == OUK_WATCH_EMPTY ? NULL : "suggested-action");
	if (state == OUK_WATCH_EMPTY)
		add_button(GTK_BOX(self), _("_Lost, Broken, or No Key Yet…"), "app.services",
			   "flat");
	if (state == OUK_WATCH_EMPTY) {
		GAction *practice = g_action_map_lookup_action(
			G_ACTION_MAP(g_application_get_default()), "practice");

		if (practice != NULL && g_action_get_enabled(practice))
			add_button(GTK_BOX(self), _("_Try It with a Practice Key"), "app.practice",
				   "flat");
	}
	gtk_widget_show_all(GTK_WIDGET(self));
}

static void
ouk_empty_page_class_init(OukEmptyPageClass *klass)
{
}

static void
ouk_empty_page_init(OukEmptyPage *self)
{
	prepare(GTK_WIDGET(self));
}

GtkWidget *
ouk_empty_page_new(void)
{
	return g_object_new(OUK_TYPE_EMPTY_PAGE, "visible", TRUE, NULL);
}
