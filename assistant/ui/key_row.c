/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/key_row.h"

#include "assistant/ui/mark.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"

#include <glib/gi18n.h>

/* The one thing to know about this key; NULL: nothing. */
static const char *
trouble_icon(OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	OukPairView *best = ouk_token_view_best(view);

	if (info->failed)
		return "ouk-unreadable-symbolic";
	if (info->flags & OUK_TOKEN_PIN_LOCKED)
		return "ouk-locked-symbolic";
	if (best != NULL && ouk_pair_view_info(best)->status != OUK_PAIR_VALID)
		return ouk_status_look(ouk_pair_view_info(best)->status)->icon;
	return NULL;
}

static const char *
trouble_word(OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	OukPairView *best = ouk_token_view_best(view);

	if (info->failed)
		return _("cannot be read");
	if (info->flags & OUK_TOKEN_PIN_LOCKED)
		return _("locked");
	if (info->flags & OUK_TOKEN_BLANK)
		return _("blank");
	if (best == NULL)
		return _("no certificate");
	return ouk_pair_status_text(ouk_pair_view_info(best)->status);
}

static GtkWidget *
line(const char *text, const char *class)
{
	GtkWidget *label = gtk_label_new(text);

	gtk_label_set_xalign(GTK_LABEL(label), 0);
	/* a unit's name is what people look for: two lines of it */
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_lines(GTK_LABEL(label), 2);
	gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
	gtk_label_set_width_chars(GTK_LABEL(label), 20);
	gtk_label_set_max_width_chars(GTK_LABEL(label), 20);
	if (class != NULL)
		ouk_add_class(label, class);
	return label;
}

GtkWidget *
ouk_key_row_new(OukTokenView *view)
{
	const OukTokenInfo *info = ouk_token_view_info(view);
	const char *title = ouk_token_view_title(view), *icon = trouble_icon(view);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 10);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 2);
	/* TRANSLATORS: the end of a serial number, and a state such as "valid" */
	g_autofree char *second =
		g_strdup_printf(_("…%s · %s"), info->serial_end, trouble_word(view));
	g_autofree char *spoken = NULL;

	gtk_container_add(GTK_CONTAINER(box), ouk_mark_new(info->colour, info->shape, 1.6));
	gtk_container_add(GTK_CONTAINER(texts), line(title, NULL));
	if (info->nickname != NULL && info->unit != NULL)
		gtk_container_add(GTK_CONTAINER(texts), line(info->unit, "dim-label"));
	gtk_container_add(GTK_CONTAINER(texts), line(second, "dim-label"));
	gtk_box_pack_start(GTK_BOX(box), texts, TRUE, TRUE, 0);
	if (icon != NULL)
		gtk_container_add(GTK_CONTAINER(box),
				  gtk_image_new_from_icon_name(icon, GTK_ICON_SIZE_MENU));
	gtk_container_add(GTK_CONTAINER(row), box);
	/* TRANSLATORS: read aloud: name of the key, end of its serial number, state */
	spoken = g_strdup_printf(_("%s, serial number ends in %s, %s"), title, info->serial_end,
				 trouble_word(view));
	atk_object_set_name(gtk_widget_get_accessible(row), spoken);
	gtk_widget_set_tooltip_text(row, title);
	gtk_widget_show_all(row);
	return row;
}
