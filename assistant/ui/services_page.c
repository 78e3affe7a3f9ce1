/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/services_page.h"

#include "assistant/core/memory.h"
#include "assistant/ui/application.h"
#include "assistant/ui/errand_page.h"
#include "assistant/ui/guide_page.h"
#include "assistant/ui/orders_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/recover_page.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

struct _OukServices {
	GtkBox parent;
	GtkListBox *list;
	const OukProfile *profile;
	OukTokenView *view;
	OukPairView *pair; /* remembered, of a key that is not there */
	char *serial;
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

/* The service's word; a replacement is one of two, and the form asks which. */
static const char *
order_kind(OukGuideKind kind)
{
	return kind == OUK_GUIDE_REPLACE ? "lost" : ouk_guide_word(kind);
}

gboolean
ouk_services_online(OukGuideKind kind, const OukProfile *profile)
{
	return profile != NULL && profile->service.url != NULL &&
	       g_ptr_array_find_with_equal_func(profile->service.kinds, order_kind(kind),
						g_str_equal, NULL);
}

static void
open_service(GtkWidget *widget, OukGuideKind kind, OukErrandSetup *setup)
{
	GtkWidget *top = gtk_widget_get_toplevel(widget);
	OukErrand *errand = NULL;

	if (!OUK_IS_WINDOW(top))
		return;
	setup->kind = order_kind(kind);
	setup->window = GTK_WINDOW(top);
	errand = ouk_errand_new(setup);
	ouk_window_push(OUK_WINDOW(top),
			errand != NULL ? ouk_errand_page_new(errand)
				       : ouk_guide_page_new(kind, setup->profile, setup->view),
			ouk_guide_title(kind));
}

void
ouk_services_open(GtkWidget *widget, OukGuideKind kind, const OukProfile *profile,
		  OukTokenView *view)
{
	OukErrandSetup setup = {
		.profile = profile,
		.view = view,
		.pair = view != NULL ? ouk_token_view_best(view) : NULL,
	};

	/* a new key is about no certificate */
	if (kind == OUK_GUIDE_NEW)
		setup.view = NULL;
	open_service(widget, kind, &setup);
}

static void
open_orders(OukServices *self)
{
	GtkWidget *top = gtk_widget_get_toplevel(GTK_WIDGET(self));
	OukPairView *best = self->view != NULL ? ouk_token_view_best(self->view) : NULL;

	if (OUK_IS_WINDOW(top))
		ouk_window_push(OUK_WINDOW(top),
				ouk_orders_page_new(self->profile,
						    best != NULL
							    ? ouk_pair_view_info(best)->credit_code
							    : NULL),
				_("My Orders"));
}

static void
open_recovery(OukServices *self)
{
	GtkWidget *top = gtk_widget_get_toplevel(GTK_WIDGET(self));

	if (OUK_IS_WINDOW(top) && ouk_recover_offered(self->profile, self->view))
		ouk_window_push(
			OUK_WINDOW(top),
			ouk_recover_page_new(GTK_WINDOW(top), self->profile, self->view, NULL),
			_("Read Old Documents"));
}

static void
on_row(GtkListBox *list, GtkListBoxRow *row, OukServices *self)
{
	OukErrandSetup setup = {NULL};
	OukGuideKind kind;

	if (g_object_get_data(G_OBJECT(row), "orders") != NULL) {
		open_orders(self);
		return;
	}
	if (g_object_get_data(G_OBJECT(row), "recover") != NULL) {
		open_recovery(self);
		return;
	}
	kind = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(row), "kind"));
	if (self->view != NULL || self->pair == NULL || kind == OUK_GUIDE_NEW) {
		ouk_services_open(GTK_WIDGET(self), kind, self->profile, self->view);
		return;
	}
	setup.profile = self->profile;
	setup.pair = self->pair;
	setup.serial = self->serial;
	open_service(GTK_WIDGET(self), kind, &setup);
}

static GtkWidget *
add_row(OukServices *self, const char *name, const char *text)
{
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	GtkWidget *title = ouk_label_new(name, "ouk-unit");
	GtkWidget *sentence = ouk_label_new(text, "dim-label");

	/* a click is for the row */
	gtk_label_set_selectable(GTK_LABEL(title), FALSE);
	gtk_label_set_selectable(GTK_LABEL(sentence), FALSE);
	gtk_container_add(GTK_CONTAINER(texts), title);
	gtk_container_add(GTK_CONTAINER(texts), sentence);
	gtk_container_add(GTK_CONTAINER(row), texts);
	atk_object_set_name(gtk_widget_get_accessible(row), name);
	atk_object_set_description(gtk_widget_get_accessible(row), text);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(self->list), row);
	return row;
}

static void
add_kind(OukServices *self, OukGuideKind kind)
{
	GtkWidget *row = add_row(self, ouk_guide_title(kind), ouk_guide_sentence(kind));

	g_object_set_data(G_OBJECT(row), "kind", GUINT_TO_POINTER(kind));
}

static void
add_orders(OukServices *self)
{
	GtkWidget *row = add_row(self, _("My Orders"),
				 _("What was begun and is not finished, and where it stands."));

	g_object_set_data(G_OBJECT(row), "orders", self);
}

static void
add_recovery(OukServices *self)
{
	GtkWidget *row = add_row(self, _("Read Old Documents"),
				 _("What was encrypted to a key that this one replaced."));

	g_object_set_data(G_OBJECT(row), "recover", self);
}

/* With an unknown CA one can still be told whom to ask. */
static gboolean
is_offered(const OukProfile *profile, OukGuideKind kind, gboolean key)
{
	if (!key && !keyless[kind])
		return FALSE;
	if (profile == NULL || kind == OUK_GUIDE_UNLOCK || ouk_profile_guide(profile, kind) != NULL)
		return kind == OUK_GUIDE_UNLOCK || profile != NULL || keyless[kind];
	return ouk_services_online(kind, profile);
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
		if (is_offered(profile, kind, view != NULL))
			add_kind(self, kind);
	if (ouk_recover_offered(profile, view))
		add_recovery(self);
	if (profile != NULL && profile->service.url != NULL)
		add_orders(self);
}

static void
ouk_services_dispose(GObject *object)
{
	OukServices *self = OUK_SERVICES(object);

	g_clear_object(&self->view);
	g_clear_object(&self->pair);
	g_clear_pointer(&self->serial, g_free);
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

static void
remembered_free(gpointer data)
{
	g_ptr_array_unref(data);
}

/* "maker/serial number" */
static const char *
serial_of(const OukRemembered *remembered)
{
	const char *slash = strrchr(remembered->key_id, '/');

	return slash != NULL ? slash + 1 : NULL;
}

static void
choose_remembered(OukServices *services, const OukRemembered *remembered)
{
	g_clear_object(&services->pair);
	if (remembered != NULL)
		services->pair = g_object_ref(remembered->pair);
	g_free(services->serial);
	services->serial = remembered != NULL ? g_strdup(serial_of(remembered)) : NULL;
}

static void
on_chosen(GtkComboBox *combo, OukServices *services)
{
	const OukProfiles *profiles = ouk_application_profiles(ouk_application_get());
	const GPtrArray *list = g_object_get_data(G_OBJECT(combo), "remembered");
	const char *id = gtk_combo_box_get_active_id(combo);
	const OukProfile *profile = id != NULL ? ouk_profiles_find(profiles, id) : NULL;
	const OukRemembered *remembered = NULL;

	for (guint i = 0; id != NULL && profile == NULL && i < list->len; i++) {
		const OukRemembered *each = list->pdata[i];

		if (strcmp(each->id, id) == 0)
			remembered = each;
	}
	if (remembered != NULL)
		profile =
			ouk_profiles_for_cert(profiles, ouk_pair_view_cert(remembered->pair)->x509);
	choose_remembered(services, remembered);
	ouk_services_set(services, profile, NULL);
}

static void
add_remembered(GtkComboBoxText *combo, const OukProfiles *profiles)
{
	OukMemory *memory = ouk_application_memory(ouk_application_get());
	GPtrArray *list = memory != NULL ? ouk_memory_list(memory) : g_ptr_array_new();

	g_object_set_data_full(G_OBJECT(combo), "remembered", list, remembered_free);
	for (guint i = 0; i < list->len; i++) {
		const OukRemembered *each = list->pdata[i];
		const OukPairCert *cert = ouk_pair_view_cert(each->pair);
		const OukProfile *profile =
			cert != NULL ? ouk_profiles_for_cert(profiles, cert->x509) : NULL;
		g_autofree char *text = NULL;

		if (profile == NULL)
			continue;
		/* TRANSLATORS: unit, CA, end of the key's serial number */
		text = g_strdup_printf(_("%s · %s · key …%s"), ouk_pair_view_info(each->pair)->unit,
				       ouk_words(&profile->short_name), each->serial_end);
		gtk_combo_box_text_append(combo, each->id, text);
	}
}

/* The certificates this computer remembers come first, so that most people choose nothing. */
static void
fill_choices(GtkComboBoxText *combo, const OukProfiles *profiles)
{
	const GPtrArray *list = ouk_profiles_list(profiles);

	add_remembered(combo, profiles);
	for (guint i = 0; i < list->len; i++) {
		const OukProfile *each = list->pdata[i];
		g_autofree char *text = NULL;

		if (each->rehearsal && !ouk_application_is_practice(ouk_application_get()))
			continue;
		/* TRANSLATORS: name of a CA */
		text = g_strdup_printf(_("A unit without a key, with %s"), ouk_words(&each->name));
		gtk_combo_box_text_append(combo, each->id, text);
	}
	gtk_combo_box_set_active(GTK_COMBO_BOX(combo), 0);
}

/* Profiles were read, or a certificate is remembered that was not: what was chosen stays chosen. */
static void
refill(GtkComboBox *combo)
{
	const OukProfiles *profiles = ouk_application_profiles(ouk_application_get());
	g_autofree char *chosen = g_strdup(gtk_combo_box_get_active_id(combo));
	gboolean untouched;

	if (profiles == NULL)
		return;
	untouched = gtk_combo_box_get_active(combo) <= 0;
	gtk_combo_box_text_remove_all(GTK_COMBO_BOX_TEXT(combo));
	fill_choices(GTK_COMBO_BOX_TEXT(combo), profiles);
	if (!untouched)
		gtk_combo_box_set_active_id(combo, chosen);
}

GtkWidget *
ouk_services_page_new(void)
{
	GtkBox *box = NULL;
	GtkWidget *page = ouk_page_new(&box), *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(_("_For"));
	GtkWidget *combo = gtk_combo_box_text_new();
	GtkWidget *services = g_object_new(OUK_TYPE_SERVICES, "visible", TRUE, NULL);

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), combo);
	gtk_widget_set_hexpand(combo, TRUE);
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
	g_signal_connect(combo, "changed", G_CALLBACK(on_chosen), services);
	g_signal_connect_object(ouk_application_get(), "profiles", G_CALLBACK(refill), combo,
				G_CONNECT_SWAPPED);
	g_signal_connect_object(ouk_application_get(), "memory", G_CALLBACK(refill), combo,
				G_CONNECT_SWAPPED);
	refill(GTK_COMBO_BOX(combo));
	return page;
}
