/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents as pictures, and the form on paper: what the page of an errand shows there. */
#include "assistant/core/errors.h"
#include "assistant/ui/errand_page.h"
#include "assistant/ui/guide_page.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- documents ---- */

static const struct {
	const char *slot, *label;
} slots[] = {
	{"licence", N_("Business licence, stamped")},
	{"license", N_("Business licence, stamped")},
	{"id-front", N_("The handler's ID card, side with the portrait")},
	{"id-back", N_("The handler's ID card, side with the emblem")},
	{"handler-id-front", N_("The handler's ID card, side with the portrait")},
	{"handler-id-back", N_("The handler's ID card, side with the emblem")},
	{"form", N_("The application form, stamped")},
	{"authority-letter", N_("Letter of authority, stamped")},
};

/* A slot of a CA's own has the CA's own words. */
static const char *
slot_text(const OukDocument *document)
{
	for (gsize i = 0; i < G_N_ELEMENTS(slots); i++)
		if (strcmp(slots[i].slot, document->slot) == 0)
			return _(slots[i].label);
	return *document->title != '\0' ? document->title : document->slot;
}

/* By its first bytes; the service looks closer. */
static gboolean
is_picture(const guint8 *bytes, gsize len)
{
	static const struct {
		const char *magic;
		gsize len;
	} types[] = {{"GIF8", 4}, {"\x89PNG", 4}, {"\xff\xd8\xff", 3}};

	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (len > types[i].len && memcmp(bytes, types[i].magic, types[i].len) == 0)
			return TRUE;
	return FALSE;
}

/* What is wrong with it; NULL: nothing. */
static const char *
picture_fault(const guint8 *bytes, gsize len)
{
	if (len > OUK_DOCUMENT_MAX)
		return _("The picture is larger than 1.5 MB. Choose a smaller one, or photograph "
			 "it with a lower resolution.");
	if (!is_picture(bytes, len))
		return _("This file is no picture of a kind that can be handed in: gif, jpg or "
			 "png. Photograph the paper, or save the scan as jpg.");
	return NULL;
}

static void
on_picture(GtkWidget *widget, GBytes *picture, gpointer slot)
{
	OukErrandPage *page = OUK_ERRAND_PAGE(widget);
	OukErrand *errand = ouk_errand_page_errand(page);
	gsize len = 0;
	const guint8 *bytes = picture != NULL ? g_bytes_get_data(picture, &len) : NULL;
	const char *fault =
		picture != NULL ? picture_fault(bytes, len) : _("The file cannot be read.");

	if (fault != NULL) {
		ouk_errand_page_complain(page, fault);
		return;
	}
	ouk_errand_set_picture(errand, slot, picture);
	ouk_errand_do(errand, OUK_DESK_UPLOAD);
}

static void
on_choose(GtkWidget *button, OukErrandPage *page)
{
	static const char *const types[] = {"image/gif", "image/jpeg", "image/png", NULL};
	const OukFileWish wish = {_("Choose a Picture"), _("Pictures (gif, jpg, png)"), types,
				  OUK_DOCUMENT_MAX};

	ouk_choose_file(GTK_WIDGET(page), &wish, on_picture,
			g_strdup(g_object_get_data(G_OBJECT(button), "slot")), g_free);
}

static const char *
document_state_text(const char *state)
{
	static const struct {
		const char *state, *text;
	} texts[] = {
		{"missing", N_("still missing")},
		{"new", N_("handed in")},
		{"rejected", N_("rejected")},
		{"accepted", N_("accepted")},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(texts[i].state, state) == 0)
			return _(texts[i].text);
	return state;
}

static gboolean
is_rejected(const OukDocument *document)
{
	return strcmp(document->state, "rejected") == 0;
}

static void
add_document(OukErrandPage *page, GtkBox *box, const OukDocument *document)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	GtkWidget *button = gtk_button_new_with_label(_("Choose a Picture…"));
	/* TRANSLATORS: a document, and whether it is there */
	g_autofree char *text = g_strdup_printf(_("%s: %s"), slot_text(document),
						document_state_text(document->state));
	/* TRANSLATORS: why a document was rejected, in the CA's words */
	g_autofree char *why = g_strdup_printf(_("Reason: %s"), document->reason);
	/* TRANSLATORS: a document */
	g_autofree char *name = g_strdup_printf(_("Choose a picture: %s"), slot_text(document));

	g_object_set_data_full(G_OBJECT(button), "slot", g_strdup(document->slot), g_free);
	atk_object_set_name(gtk_widget_get_accessible(button), name);
	g_signal_connect(button, "clicked", G_CALLBACK(on_choose), page);
	gtk_widget_set_valign(button, GTK_ALIGN_CENTER);
	gtk_widget_set_valign(texts, GTK_ALIGN_CENTER);
	ouk_label_add(GTK_BOX(texts), text, NULL);
	if (*document->reason != '\0')
		ouk_label_add(GTK_BOX(texts), why, "ouk-complaint");
	gtk_box_pack_start(GTK_BOX(row), texts, TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(row), button, FALSE, FALSE, 0);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
}

/* The service's word on the last picture. */
static void
say_refusal(OukErrandPage *page)
{
	static const struct {
		OukErrorCode code;
		const char *text;
	} rows[] = {
		{OUK_E_SERVICE_BAD_REQUEST,
		 N_("The CA's service cannot read that picture. Photograph the paper once more, or "
		    "save it as jpg.")},
		{OUK_E_SERVICE_TOO_LARGE,
		 N_("The CA's service does not take that picture: it is too large. Choose a "
		    "smaller one, or photograph it with a lower resolution.")},
		{OUK_E_SERVICE_LIMIT,
		 N_("So many pictures were handed in today that no more are taken. Go on tomorrow, "
		    "or call the CA.")},
	};
	const GError *error = ouk_errand_page_info(page)->error;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_error_matches(error, OUK_ERROR, (int)rows[i].code))
			ouk_errand_page_complain(page, _(rows[i].text));
}

/* What was rejected is replaced before it is handed in again. */
static gboolean
correct_ready(OukErrandPage *page, gpointer data)
{
	const GPtrArray *documents = ouk_errand_page_order(page)->documents;

	for (guint i = 0; i < documents->len; i++) {
		const OukDocument *each = documents->pdata[i];
		g_autofree char *text = NULL;

		if (!is_rejected(each) && strcmp(each->state, "missing") != 0)
			continue;
		/* TRANSLATORS: a document */
		text = g_strdup_printf(_("Choose another picture first: %s"), slot_text(each));
		ouk_errand_page_complain(page, text);
		return FALSE;
	}
	return TRUE;
}

void
ouk_errand_view_documents(OukErrandPage *page, GtkBox *box)
{
	const OukOrderInfo *order = ouk_errand_page_order(page);
	gboolean correct = ouk_errand_page_info(page)->flow.state == OUK_DESK_CORRECT;

	ouk_label_add(box, correct ? _("Some papers were rejected") : _("Papers as pictures"),
		      "ouk-unit");
	ouk_label_add(
		box,
		correct ? _("Choose a new picture for each of them, then hand in again. The "
			    "others stay.")
			: _("Hand in these papers as pictures: gif, jpg or png, at most 1.5 MB "
			    "each. The CA keeps a copy without what a camera writes beside the "
			    "picture (place, time)."),
		NULL);
	for (guint i = 0; i < order->documents->len; i++)
		add_document(page, box, order->documents->pdata[i]);
	if (correct) {
		ouk_errand_page_set_ready(page, correct_ready, NULL);
		ouk_errand_page_go(page, box, _("_Hand In Again"), NULL);
	} else {
		ouk_errand_page_button(
			page, box, _("By _Post Instead…"), OUK_DESK_OTHER,
			_("Send the papers by post? The form is printed, stamped and "
			  "posted with copies; it takes some days longer."));
	}
	say_refusal(page);
	ouk_errand_say_deadline(page, box);
}

/* ---- the form on paper ---- */

static void
on_form(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukErrandPage) page = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(OukReply) reply = ouk_service_ask_finish(result, &error);
	g_autofree char *name = NULL;

	if (ouk_errand_page_errand(page) == NULL || ouk_errand_page_info(page)->order == NULL)
		return;
	if (reply == NULL || ouk_reply_file(reply) == NULL) {
		ouk_errand_page_complain(page, error != NULL ? error->message
							     : _("The file cannot be read."));
		return;
	}
	name = g_strdup_printf("%s.pdf", ouk_errand_page_order(page)->number);
	ouk_save_as(GTK_WIDGET(page), _("Save the Form"), name, ouk_reply_file(reply));
}

static void
on_want_form(GtkButton *button, OukErrandPage *page)
{
	g_autoptr(OukCall) call = ouk_call_form_pdf(ouk_errand_page_info(page)->order);

	ouk_service_ask_async(ouk_errand_service(ouk_errand_page_errand(page)), call, NULL, on_form,
			      g_object_ref(page));
}

static void
add_form_button(OukErrandPage *page, GtkBox *box)
{
	GtkWidget *button = ouk_button_add(box, _("Save the _Form (PDF)…"), NULL);

	g_signal_connect(button, "clicked", G_CALLBACK(on_want_form), page);
}

void
ouk_errand_view_papers(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);

	ouk_label_add(box, _("By post"), "ouk-unit");
	ouk_label_add(box,
		      _("Who you are could not be checked from here. Print the form, have it "
			"stamped, and "
			"send it with the papers; this goes on when they have come."),
		      NULL);
	add_form_button(page, box);
	ouk_guide_fill(box, ouk_errand_guide_kind(info->kind), info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
	ouk_errand_say_deadline(page, box);
}
