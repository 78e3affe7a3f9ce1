/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/services_page.h"

#include "assistant/core/memory.h"
#include "assistant/ui/application.h"
#include "assistant/ui/guide_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukServices {
	GtkBox parent;
	GtkListBox *list;
	const OukProfile *profile;
	OukTokenView *view;
	gboolean filled;
};

G_DEFINE_TYPE(OukServices, ouk_services, GTK_TYPE_BOX)

/* ---- the list ---- */

/* What one can ask for without the key in hand. */
static const gboolean keyless[OUK_GUIDES] = {
	[OUK_GUIDE_NEW] = TRUE,
	[OUK_GUIDE_REPLACE] = TRUE,
	[OUK_GUIDE_LOSS] = TRUE,
	[OUK_GUIDE_REVOKE] = TRUE,
};

void
ouk_services_open(GtkWidget *widget, OukGuideKind kind, const OukProfile *profile,
		  OukTokenView *view)
{
	GtkWidget *top = gtk_widget_get_toplevel(widget);

	if (OUK_IS_WINDOW(top))
		ouk_window_push(OUK_WINDOW(top), ouk_guide_page_new(kind, profile, view),
				ouk_guide_title(kind));
}

static void
on_row(GtkListBox *list, GtkListBoxRow *row, OukServices *self)
{
	ouk_services_open(GTK_WIDGET(self),
			  GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(row), "kind")), self->profile,
			  self->view);
}

static void
add_row(OukServices *self, OukGuideKind kind)
{
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	GtkWidget *title = ouk_label_new(ouk_guide_title(kind), "ouk-unit");
	GtkWidget *sentence = ouk_label_new(ouk_guide_sentence(kind), "dim-label");

	/* a click is for the row */
	gtk_label_set_selectable(GTK_LABEL(title), FALSE);
	gtk_label_set_selectable(GTK_LABEL(sentence), FALSE);
	gtk_container_add(GTK_CONTAINER(texts), title);
	gtk_container_add(GTK_CONTAINER(texts), sentence);
	gtk_container_add(GTK_CONTAINER(row), texts);
	g_object_set_data(G_OBJECT(row), "kind", GUINT_TO_POINTER(kind));
	atk_object_set_name(gtk_widget_get_accessible(row), ouk_guide_title(kind));
	atk_object_set_description(gtk_widget_get_accessible(row), ouk_guide_sentence(kind));
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->list), row);
}

void
ouk_services_set(OukServices *self, const OukProfile *profile, OukTokenView *view)
{
	gboolean same =
		self->filled && self->profile == profile && (self->view == NULL) == (view == NULL);

	self->profile = profile;
	g_set_object(&self->view, view);
	if (same)
		return; /* whoever is in the list stays where they are */
	self->filled = TRUE;
	ouk_clear(self->list);
	for (OukGuideKind kind = 0; kind < OUK_GUIDES; kind++)
		if ((view != NULL || keyless[kind]) &&
		    (profile == NULL ? kind == OUK_GUIDE_UNLOCK || keyless[kind]
				     : kind == OUK_GUIDE_UNLOCK ||
					       ouk_profile_guide(profile, kind) != NULL))
			add_row(self, kind);
}

static void
ouk_services_dispose(GObject *object)
{
	g_clear_object(&OUK_SERVICES(object)->view);
	G_OBJECT_CLASS(ouk_services_parent_class)->dispose(object);
}

static void
ouk_services_class_init(OukServicesClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_services_dispose;
}

static void
ouk_services_init(OukServices *self)
{
	GtkWidget *list = gtk_list_box_new();

	gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
	gtk_box_set_spacing(GTK_BOX(self), 14);
	gtk_list_box_set_selection_mode(GTK_LIST_BOX(list), GTK_SELECTION_NONE);
	ouk_add_class(list, "ouk-list");
	atk_object_set_name(gtk_widget_get_accessible(list), _("Services"));
	self->list = GTK_LIST_BOX(list);
	g_signal_connect(list, "row-activated", G_CALLBACK(on_row), self);
	gtk_container_add(GTK_CONTAINER(self), list);
	gtk_widget_show(list);
}

/* ---- the place at the side ---- */

/* The CA of a certificate that this computer remembers, so that most people choose nothing. */
static const OukProfile *
likely_profile(const OukProfiles *profiles)
{
	OukMemory *memory = ouk_application_memory(ouk_application_get());
	g_autoptr(GPtrArray) list = memory != NULL ? ouk_memory_list(memory) : NULL;

	for (guint i = 0; list != NULL && i < list->len; i++) {
		const OukRemembered *each = list->pdata[i];
		const OukPairCert *cert = ouk_pair_view_cert(each->pair);
		const OukProfile *profile =
			cert != NULL ? ouk_profiles_for_cert(profiles, cert->x509) : NULL;

		if (profile != NULL)
			return profile;
	}
	return NULL;
}

static void
on_ca(GtkComboBox *combo, OukServices *services)
{
	const OukProfiles *profiles = ouk_application_profiles(ouk_application_get());
	const char *id = gtk_combo_box_get_active_id(combo);

	ouk_services_set(services, id != NULL ? ouk_profiles_find(profiles, id) : NULL, NULL);
}

static void
fill_cas(GtkComboBox *combo, const OukProfiles *profiles)
{
	const GPtrArray *list = ouk_profiles_list(profiles);
	const OukProfile *likely = likely_profile(profiles);
	gboolean practice = ouk_application_is_practice(ouk_application_get());

	for (guint i = 0; i < list->len; i++) {
		const OukProfile *each = list->pdata[i];

		if (each->rehearsal && !practice && each != likely)
			continue;
		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(combo), each->id,
					  ouk_words(&each->name));
	}
	if (likely == NULL || !gtk_combo_box_set_active_id(combo, likely->id))
		gtk_combo_box_set_active(combo, 0);
}

static void
on_profiles(GtkComboBox *combo)
{
	const OukProfiles *profiles = ouk_application_profiles(ouk_application_get());

	if (profiles != NULL && gtk_combo_box_get_active_id(combo) == NULL)
		fill_cas(combo, profiles);
}

GtkWidget *
ouk_services_page_new(void)
{
	GtkBox *box = NULL;
	GtkWidget *page = ouk_page_new(&box), *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(_("_Who issued it"));
	GtkWidget *combo = gtk_combo_box_text_new();
	GtkWidget *services = g_object_new(OUK_TYPE_SERVICES, "visible", TRUE, NULL);

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), combo);
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_("Services"), "ouk-headline"));
	gtk_container_add(GTK_CONTAINER(box),
			  ouk_label_new(_("What can be done without the key. With the key plugged "
					  "in there is more: see its own page."),
					NULL));
	gtk_container_add(GTK_CONTAINER(row), label);
	gtk_container_add(GTK_CONTAINER(row), combo);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
	gtk_container_add(GTK_CONTAINER(box), services);
	g_signal_connect(combo, "changed", G_CALLBACK(on_ca), services);
	g_signal_connect_object(ouk_application_get(), "profiles", G_CALLBACK(on_profiles), combo,
				G_CONNECT_SWAPPED);
	on_profiles(GTK_COMBO_BOX(combo));
	return page;
}
