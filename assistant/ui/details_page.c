/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/details_page.h"

#include "assistant/core/calendar.h"
#include "assistant/core/chain.h"
#include "assistant/core/revocation.h"
#include "assistant/ui/application.h"
#include "assistant/ui/cert_card.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/fact_list.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <openssl/pem.h>

struct _OukDetailsPage {
	GtkScrolledWindow parent;
	GtkBox *card_place, *subject_card, *chain_box, *certs_box;
	GtkMenuButton *export_button;
	GtkSpinner *spinner;
	GtkLabel *asked_label;

	OukPairView *pair;
	const OukProfile *profile;
	GPtrArray *grids; /* of GtkBox, borrowed: all that can be copied */
	GPtrArray *headings;
	GSimpleActionGroup *actions;
	GCancellable *cancellable;
	OukChain *chain;
};

G_DEFINE_TYPE(OukDetailsPage, ouk_details_page, GTK_TYPE_SCROLLED_WINDOW)

static const OukPairInfo *
info_of(OukDetailsPage *self)
{
	return ouk_pair_view_info(self->pair);
}

/* ---- facts ---- */

/* Parts of a name as people call them. */
static const struct {
	const char *part, *name;
} parts[] = {
	{"CN", N_("Name")},
	{"O", N_("Organisation")},
	{"OU", N_("Department")},
	{"L", N_("City")},
	{"ST", N_("Province")},
	{"C", N_("Country")},
	{"serialNumber", N_("Number")},
};

typedef struct {
	char *name, *text;
} Part;

static void
part_free(gpointer data)
{
	Part *part = data;

	g_free(part->name);
	g_free(part->text);
	g_free(part);
}

static void
add_part(const char *part, const char *text, void *data)
{
	Part *each = g_new0(Part, 1);
	const char *name = part;

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		if (strcmp(parts[i].part, part) == 0)
			name = _(parts[i].name);
	each->name = g_strdup(name);
	each->text = g_strdup(text);
	g_ptr_array_add(data, each);
}

/* A name begins with the country; people begin with the unit. */
static void
add_name(GtkBox *grid, X509_NAME *name)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(part_free);

	ouk_name_foreach(name, add_part, found);
	for (guint i = found->len; i > 0; i--) {
		const Part *part = found->pdata[i - 1];

		ouk_fact_list_add(grid, part->name, part->text);
	}
}

static GtkBox *
grid_new(OukDetailsPage *self, const char *heading)
{
	GtkBox *grid = GTK_BOX(ouk_fact_list_new());

	g_ptr_array_add(self->grids, grid);
	g_ptr_array_add(self->headings, g_strdup(heading));
	return grid;
}

static void
fill_subject(OukDetailsPage *self)
{
	const OukPairInfo *info = info_of(self);
	const OukPairCert *cert = ouk_pair_view_cert(self->pair);
	GtkBox *grid = grid_new(self, _("Whose it is"));
	g_autofree char *validity = ouk_validity_text(info);

	add_name(grid, X509_get_subject_name(cert->x509));
	ouk_fact_list_add(grid, _("Unified social credit code"), info->credit_code);
	for (guint i = 0; self->profile != NULL && i < self->profile->extensions->len; i++) {
		const OukExtension *each = self->profile->extensions->pdata[i];
		g_autofree char *value =
			ouk_profile_extension(self->profile, cert->x509, each->kind);

		if (g_strcmp0(value, info->credit_code) != 0)
			ouk_fact_list_add(grid, ouk_words(&each->label), value);
	}
	ouk_fact_list_add(grid, _("Issued by"), info->issuer);
	ouk_fact_list_add(grid, _("Valid"), validity);
	ouk_fact_list_add(grid, _("Status"), ouk_pair_status_text(info->status));
	gtk_container_add(GTK_CONTAINER(self->subject_card), GTK_WIDGET(grid));
}

static void
add_cert(OukDetailsPage *self, const char *heading, const OukPairCert *cert)
{
	GtkWidget *label = NULL, *card = NULL;
	g_autofree char *begins = NULL, *ends = NULL;
	GtkBox *grid = NULL;

	if (cert == NULL)
		return;
	label = gtk_label_new(heading);
	card = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	grid = grid_new(self, heading);
	begins = g_date_time_format(cert->begins, "%Y-%m-%d %H:%M:%S");
	ends = g_date_time_format(cert->ends, "%Y-%m-%d %H:%M:%S");
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	ouk_add_class(label, "ouk-section");
	ouk_add_class(card, "ouk-card");
	ouk_fact_list_add(grid, _("Serial number"), cert->serial);
	ouk_fact_list_add(grid, _("Algorithm"), cert->algorithm);
	ouk_fact_list_add(grid, _("For"), cert->usage);
	ouk_fact_list_add(grid, _("From"), begins);
	ouk_fact_list_add(grid, _("Until"), ends);
	ouk_fact_list_add(grid, _("Fingerprint (SHA-256)"), cert->sha256);
	ouk_fact_list_add(grid, _("Fingerprint (SM3)"), cert->sm3);
	ouk_fact_list_add(grid, _("Place on the key"), cert->id);
	gtk_container_add(GTK_CONTAINER(card), GTK_WIDGET(grid));
	gtk_container_add(GTK_CONTAINER(self->certs_box), label);
	gtk_container_add(GTK_CONTAINER(self->certs_box), card);
	gtk_widget_show(label);
	gtk_widget_show(card);
}

static char *
all_text(OukDetailsPage *self)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < self->grids->len; i++) {
		g_autofree char *part = ouk_fact_list_text(self->grids->pdata[i]);

		g_string_append_printf(text, "%s%s\n%s", i > 0 ? "\n" : "",
				       (const char *)self->headings->pdata[i], part);
	}
	return g_string_free(text, FALSE);
}

/* ---- chain and revocation ---- */

static void
build_chain(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	OukDetailsPage *self = source;
	const OukPairCert *cert = ouk_pair_view_cert(self->pair);

	g_task_return_pointer(task,
			      ouk_chain_build(cert->x509, self->profile, NULL,
					      g_get_real_time() / G_USEC_PER_SEC),
			      (GDestroyNotify)ouk_chain_free);
}

static void
add_link(OukDetailsPage *self, guint depth, const char *text)
{
	GtkWidget *label = ouk_label_new(text, NULL);

	gtk_widget_set_margin_start(label, (int)depth * 18);
	gtk_container_add(GTK_CONTAINER(self->chain_box), label);
}

static void
on_chain(GObject *source, GAsyncResult *result, gpointer data)
{
	OukDetailsPage *self = OUK_DETAILS_PAGE(source);
	OukChain *chain = g_task_propagate_pointer(G_TASK(result), NULL);

	if (chain == NULL || g_cancellable_is_cancelled(self->cancellable)) {
		g_clear_pointer(&chain, ouk_chain_free);
		return;
	}
	self->chain = chain;
	for (guint i = chain->links->len; i > 0; i--) {
		g_autofree char *name = ouk_x509_unit(chain->links->pdata[i - 1]);
		g_autofree char *text =
			i == chain->links->len ? g_strdup(name) : g_strdup_printf("└ %s", name);

		add_link(self, chain->links->len - i, text);
	}
	add_link(self, 0, ouk_chain_sentence(chain->state));
}

static void
show_asking(OukDetailsPage *self, gboolean asking)
{
	GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self->actions), "ask");

	g_simple_action_set_enabled(G_SIMPLE_ACTION(action), !asking);
	gtk_widget_set_visible(GTK_WIDGET(self->spinner), asking);
	g_object_set(self->spinner, "active", asking, NULL);
}

static void
on_asked(GObject *source, GAsyncResult *result, gpointer data)
{
	static const OukAsked asked[] = {
		[OUK_REVOCATION_GOOD] = OUK_ASKED_GOOD,
		[OUK_REVOCATION_REVOKED] = OUK_ASKED_REVOKED,
		[OUK_REVOCATION_NOT_CHECKED] = OUK_ASKED_IN_VAIN,
	};
	g_autoptr(OukDetailsPage) self = data;
	g_autoptr(OukRevocation) answer = ouk_revocation_check_finish(result, NULL);
	g_autofree char *text = NULL;

	if (answer == NULL)
		return; /* cancelled: the page has gone */
	show_asking(self, FALSE);
	text = ouk_revocation_sentence(answer);
	gtk_label_set_text(self->asked_label, text);
	ouk_watch_note_asked(ouk_application_watch(ouk_application_get()),
			     ouk_pair_view_cert(self->pair)->sha256, asked[answer->state]);
}

static void
on_ask(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukDetailsPage *self = data;

	show_asking(self, TRUE);
	gtk_label_set_text(self->asked_label, _("Asking the CA…"));
	ouk_revocation_check_async(ouk_pair_view_cert(self->pair)->x509,
				   self->chain != NULL ? ouk_chain_issuer(self->chain) : NULL,
				   self->cancellable, on_asked, g_object_ref(self));
}

/* ---- copy, export, print ---- */

static void
on_copy(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_autofree char *text = all_text(data);

	gtk_clipboard_set_text(gtk_clipboard_get(GDK_SELECTION_CLIPBOARD), text, -1);
	ouk_window_say(data, GTK_MESSAGE_INFO, _("Copied. You can paste it into a message."));
}

static void
on_print(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_autofree char *text = all_text(data);

	ouk_print_text(data, info_of(data)->unit, text);
}

static void
on_calendar(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const OukPairInfo *info = info_of(data);
	g_autofree char *name = ouk_calendar_file_name(info);
	char *text = ouk_calendar_text(info, g_get_real_time() / G_USEC_PER_SEC);
	g_autoptr(GBytes) content = g_bytes_new_take(text, strlen(text));

	ouk_save_as(data, _("Save the Date"), name, content);
}

static GBytes *
pem_of(X509 *x509)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data = NULL;
	long length = 0;
	GBytes *pem = NULL;

	PEM_write_bio_X509(bio, x509);
	length = BIO_get_mem_data(bio, &data);
	pem = g_bytes_new(data, length > 0 ? (gsize)length : 0);
	BIO_free(bio);
	return pem;
}

/* parameter: "sign.pem", "sign.der", "encrypt.pem" or "encrypt.der" */
static void
on_export(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const char *which = g_variant_get_string(parameter, NULL);
	const OukPairInfo *info = info_of(data);
	gboolean pem = g_str_has_suffix(which, ".pem");
	gboolean encrypt = g_str_has_prefix(which, "encrypt");
	const OukPairCert *cert = encrypt ? info->encrypt : info->sign;
	g_autofree char *name = g_strdup_printf(
		"%s-%s.%s", info->unit, encrypt ? "encryption" : "signing", pem ? "pem" : "cer");
	g_autoptr(GBytes) content = NULL;

	if (cert == NULL)
		return;
	content = pem ? pem_of(cert->x509) : g_bytes_ref(cert->der);
	g_strdelimit(name, "/\\", '-');
	ouk_save_as(data, _("Export the Certificate"), name, content);
}

static void
add_export(GMenu *menu, const char *label, const char *which)
{
	g_autofree char *action = g_strdup_printf("details.export::%s", which);

	g_menu_append(menu, label, action);
}

static void
fill_export(OukDetailsPage *self)
{
	g_autoptr(GMenu) menu = g_menu_new();

	if (info_of(self)->sign != NULL) {
		add_export(menu, _("Signing certificate, PEM"), "sign.pem");
		add_export(menu, _("Signing certificate, DER"), "sign.der");
	}
	if (info_of(self)->encrypt != NULL) {
		add_export(menu, _("Encryption certificate, PEM"), "encrypt.pem");
		add_export(menu, _("Encryption certificate, DER"), "encrypt.der");
	}
	gtk_menu_button_set_menu_model(self->export_button, G_MENU_MODEL(menu));
}

static const GActionEntry actions[] = {
	{.name = "copy", .activate = on_copy},
	{.name = "print", .activate = on_print},
	{.name = "calendar", .activate = on_calendar},
	{.name = "export", .activate = on_export, .parameter_type = "s"},
	{.name = "ask", .activate = on_ask},
};

/* ---- life ---- */

static void
ouk_details_page_dispose(GObject *object)
{
	OukDetailsPage *self = OUK_DETAILS_PAGE(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_object(&self->actions);
	G_OBJECT_CLASS(ouk_details_page_parent_class)->dispose(object);
}

static void
ouk_details_page_finalize(GObject *object)
{
	OukDetailsPage *self = OUK_DETAILS_PAGE(object);

	g_clear_object(&self->pair);
	g_clear_object(&self->cancellable);
	g_clear_pointer(&self->chain, ouk_chain_free);
	g_ptr_array_unref(self->grids);
	g_ptr_array_unref(self->headings);
	G_OBJECT_CLASS(ouk_details_page_parent_class)->finalize(object);
}

static void
ouk_details_page_class_init(OukDetailsPageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	G_OBJECT_CLASS(klass)->dispose = ouk_details_page_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_details_page_finalize;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/details_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, card_place);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, subject_card);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, chain_box);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, certs_box);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, export_button);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, spinner);
	gtk_widget_class_bind_template_child(widget_class, OukDetailsPage, asked_label);
}

static void
ouk_details_page_init(OukDetailsPage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->grids = g_ptr_array_new();
	self->headings = g_ptr_array_new_with_free_func(g_free);
	self->cancellable = g_cancellable_new();
	self->actions = g_simple_action_group_new();
	g_action_map_add_action_entries(G_ACTION_MAP(self->actions), actions, G_N_ELEMENTS(actions),
					self);
	gtk_widget_insert_action_group(GTK_WIDGET(self), "details", G_ACTION_GROUP(self->actions));
}

GtkWidget *
ouk_details_page_new(OukTokenView *view, OukPairView *pair)
{
	OukDetailsPage *self = g_object_new(OUK_TYPE_DETAILS_PAGE, "visible", TRUE, NULL);
	const OukProfiles *profiles = ouk_application_profiles(ouk_application_get());
	g_autoptr(GTask) task = g_task_new(self, self->cancellable, on_chain, NULL);

	self->pair = g_object_ref(pair);
	if (profiles != NULL)
		self->profile = ouk_profiles_for_cert(profiles, ouk_pair_view_cert(pair)->x509);
	gtk_container_add(GTK_CONTAINER(self->card_place), ouk_cert_card_new(view, pair, FALSE));
	fill_subject(self);
	add_cert(self, _("Signing certificate"), info_of(self)->sign);
	add_cert(self, _("Encryption certificate"), info_of(self)->encrypt);
	fill_export(self);
	g_task_run_in_thread(task, build_chain);
	return GTK_WIDGET(self);
}
