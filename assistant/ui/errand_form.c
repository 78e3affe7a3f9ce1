/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/errand_form.h"

#include "assistant/ui/parts.h"

#include <glib/gi18n.h>
#include <string.h>

#define TEXT_MAX 200

/* Lists of kinds, with a space around each. */
#define ALL      NULL
#define REVIEWED " renewal open change new lost damaged revoke return "
#define POSTED   " new lost damaged "
#define EDITED   " new change "

static const struct {
	const char *name, *label, *kinds;
	const char *fixed_but; /* where the certificate says it already: kinds that may change it */
	gboolean optional;
	const char *method; /* only with this one; NULL: always */
	GtkInputPurpose purpose;
} fields[] = {
	{"unit", N_("Name of the unit"), ALL, EDITED, FALSE, NULL, GTK_INPUT_PURPOSE_FREE_FORM},
	{"unit_code", N_("Unified social credit code"), ALL, EDITED, FALSE, NULL,
	 GTK_INPUT_PURPOSE_FREE_FORM},
	{"legal_name", N_("Name of the legal representative"), ALL, NULL, FALSE, NULL,
	 GTK_INPUT_PURPOSE_NAME},
	{"legal_phone", N_("Telephone of the legal representative"), ALL, NULL, FALSE, NULL,
	 GTK_INPUT_PURPOSE_PHONE},
	{"bank_account", N_("Number of the company's bank account"), ALL, NULL, FALSE, "memo",
	 GTK_INPUT_PURPOSE_DIGITS},
	{"handler_name", N_("Name of the handler"), REVIEWED, NULL, FALSE, NULL,
	 GTK_INPUT_PURPOSE_NAME},
	{"handler_phone", N_("Telephone of the handler"), ALL, NULL, FALSE, NULL,
	 GTK_INPUT_PURPOSE_PHONE},
	/* shown where a new key is handed over */
	{"handler_id", N_("Number of the handler's identity document"), POSTED, NULL, FALSE, NULL,
	 GTK_INPUT_PURPOSE_FREE_FORM},
	{"handler_email", N_("E-mail address of the handler"), REVIEWED, NULL, TRUE, NULL,
	 GTK_INPUT_PURPOSE_EMAIL},
	{"post_address", N_("Address for the post"), POSTED, NULL, TRUE, NULL,
	 GTK_INPUT_PURPOSE_FREE_FORM},
};

static gboolean
holds(const char *kinds, const char *kind)
{
	g_autofree char *word = g_strdup_printf(" %s ", kind);

	return kinds == NULL || strstr(kinds, word) != NULL;
}

static gboolean
is_asked(OukErrand *errand, gsize at)
{
	const OukErrandInfo *info = ouk_errand_info(errand);

	return holds(fields[at].kinds, info->kind) &&
	       (fields[at].method == NULL || strcmp(fields[at].method, info->method) == 0);
}

static void
on_typed(GtkEditable *entry, OukErrand *errand)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_entry_get_text(GTK_ENTRY(entry))));

	ouk_errand_set(errand, g_object_get_data(G_OBJECT(entry), "name"), text);
}

static GtkWidget *
entry_new(OukErrand *errand, gsize at)
{
	const OukErrandInfo *info = ouk_errand_info(errand);
	const char *known = ouk_errand_get(errand, fields[at].name);
	GtkWidget *entry = gtk_entry_new();
	char *name = g_strdup(fields[at].name);

	gtk_entry_set_max_length(GTK_ENTRY(entry), TEXT_MAX);
	gtk_entry_set_input_purpose(GTK_ENTRY(entry), fields[at].purpose);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_widget_set_hexpand(entry, TRUE);
	gtk_entry_set_text(GTK_ENTRY(entry), known != NULL ? known : "");
	/* what the certificate says is what the order is about */
	if (info->pair != NULL && known != NULL && fields[at].fixed_but != NULL &&
	    !holds(fields[at].fixed_but, info->kind))
		gtk_widget_set_sensitive(entry, FALSE);
	g_object_set_data_full(G_OBJECT(entry), "name", name, g_free);
	g_signal_connect_object(entry, "changed", G_CALLBACK(on_typed), errand, 0);
	return entry;
}

GtkWidget *
ouk_errand_form_new(OukErrand *errand)
{
	GtkWidget *grid = gtk_grid_new();
	int row = 0;

	gtk_grid_set_row_spacing(GTK_GRID(grid), 8);
	gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *text = NULL;
		GtkWidget *label = NULL, *entry = NULL;

		if (!is_asked(errand, i))
			continue;
		text = fields[i].optional
			       ? g_strdup_printf(_("%s (may be left out)"), _(fields[i].label))
			       : g_strdup(_(fields[i].label));
		label = gtk_label_new(text);
		entry = entry_new(errand, i);
		gtk_label_set_xalign(GTK_LABEL(label), 1);
		gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
		atk_object_set_name(gtk_widget_get_accessible(entry), text);
		gtk_grid_attach(GTK_GRID(grid), label, 0, row, 1, 1);
		gtk_grid_attach(GTK_GRID(grid), entry, 1, row++, 1, 1);
	}
	gtk_widget_show_all(grid);
	return grid;
}

const char *
ouk_errand_form_missing(OukErrand *errand)
{
	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		if (is_asked(errand, i) && !fields[i].optional &&
		    ouk_errand_get(errand, fields[i].name) == NULL)
			return _(fields[i].label);
	return NULL;
}
