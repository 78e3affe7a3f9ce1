/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/rule_list.h"

#include <glib/gi18n.h>

enum mark { MARK_OPEN, MARK_KEPT, MARK_BROKEN, MARK_ADVICE };

/* Shape and word, for colour alone says nothing to many. */
static const struct {
	const char *icon, *spoken;
} marks[] = {
	[MARK_OPEN] = {"media-record-symbolic", ""},
	[MARK_KEPT] = {"object-select-symbolic", N_("kept")},
	[MARK_BROKEN] = {"window-close-symbolic", N_("not kept yet")},
	[MARK_ADVICE] = {"dialog-information-symbolic", N_("advised")},
};

void
ouk_rule_list_fill(OukRuleList *list, GtkGrid *grid, const OukPinRule *rule)
{
	int row = 0;

	gtk_container_foreach(GTK_CONTAINER(grid), (GtkCallback)(void *)gtk_widget_destroy, NULL);
	for (int id = 0; id < OUK_PIN_RULES; id++) {
		list->marks[id] = NULL;
		list->lines[id] = NULL;
		if (!ouk_pin_rule_applies(rule, (OukPinRuleId)id))
			continue;
		list->marks[id] = gtk_image_new();
		atk_object_set_role(gtk_widget_get_accessible(list->marks[id]),
				    ATK_ROLE_REDUNDANT_OBJECT);
		list->lines[id] = gtk_label_new(ouk_pin_rule_sentence(rule, (OukPinRuleId)id));
		gtk_label_set_xalign(GTK_LABEL(list->lines[id]), 0);
		gtk_label_set_line_wrap(GTK_LABEL(list->lines[id]), TRUE);
		gtk_grid_attach(grid, list->marks[id], 0, row, 1, 1);
		gtk_grid_attach(grid, list->lines[id], 1, row++, 1, 1);
	}
	gtk_widget_show_all(GTK_WIDGET(grid));
}

static void
line_show(OukRuleList *list, const OukPinRule *rule, OukPinRuleId id, enum mark mark)
{
	const char *sentence = ouk_pin_rule_sentence(rule, id);
	g_autofree char *spoken = NULL;

	gtk_image_set_from_icon_name(GTK_IMAGE(list->marks[id]), marks[mark].icon,
				     GTK_ICON_SIZE_MENU);
	gtk_widget_set_opacity(list->marks[id], mark == MARK_OPEN ? 0.25 : 1);
	if (*marks[mark].spoken != '\0')
		spoken = g_strdup_printf("%s: %s", sentence, _(marks[mark].spoken));
	atk_object_set_name(gtk_widget_get_accessible(list->lines[id]),
			    spoken != NULL ? spoken : sentence);
}

void
ouk_rule_list_show(OukRuleList *list, const OukPinRule *rule, guint broken, gboolean typed)
{
	for (int id = 0; id < OUK_PIN_RULES; id++) {
		enum mark mark = MARK_KEPT;

		if (list->lines[id] == NULL)
			continue;
		if (!typed)
			mark = MARK_OPEN;
		else if ((broken & (1U << id)) != 0)
			mark = ouk_pin_rule_is_required((OukPinRuleId)id) ? MARK_BROKEN
									  : MARK_ADVICE;
		line_show(list, rule, (OukPinRuleId)id, mark);
	}
}
