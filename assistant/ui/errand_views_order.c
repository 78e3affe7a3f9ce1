/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Papers, consent, money, waiting: what the page of an errand shows there. */
#include "assistant/ui/errand_page.h"
#include "assistant/ui/guide_page.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/qr.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define CENTS     100
#define YEARS_MAX 10

static const OukErrandInfo *
info_of(OukErrandPage *page)
{
	return ouk_errand_info(ouk_errand_page_errand(page));
}

static const OukOrderInfo *
order_of(OukErrandPage *page)
{
	return ouk_order_info(info_of(page)->order);
}

static void
say(GtkBox *box, const char *text, const char *class)
{
	if (text != NULL && *text != '\0')
		gtk_container_add(GTK_CONTAINER(box), ouk_label_new(text, class));
}

char *
ouk_yuan_text(gint64 cents)
{
	g_autofree char *number =
		g_strdup_printf("%" G_GINT64_FORMAT ".%02d", cents / CENTS, (int)(cents % CENTS));

	/* TRANSLATORS: a price */
	return g_strdup_printf(_("%s yuan"), number);
}

static void
say_deadline(OukErrandPage *page, GtkBox *box)
{
	gint64 deadline = order_of(page)->deadline;
	g_autoptr(GDateTime) time = deadline > 0 ? g_date_time_new_from_unix_local(deadline) : NULL;
	g_autofree char *when = time != NULL ? g_date_time_format(time, "%x %H:%M") : NULL;
	g_autofree char *text =
		when != NULL ? g_strdup_printf(_("Until %s; afterwards the order is closed."), when)
			     : NULL;

	say(box, text, NULL);
}

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

static const char *
slot_text(const char *slot)
{
	for (gsize i = 0; i < G_N_ELEMENTS(slots); i++)
		if (strcmp(slots[i].slot, slot) == 0)
			return _(slots[i].label);
	return slot;
}

typedef struct {
	OukErrandPage *page;
	char *slot;
} Choosing;

static void
choosing_free(Choosing *choosing)
{
	g_object_unref(choosing->page);
	g_free(choosing->slot);
	g_free(choosing);
}

static void
on_picture(GObject *source, GAsyncResult *result, gpointer data)
{
	Choosing *choosing = data;
	OukErrand *errand = ouk_errand_page_errand(choosing->page);
	g_autoptr(GBytes) picture = g_file_load_bytes_finish(G_FILE(source), result, NULL, NULL);

	if (errand == NULL || picture == NULL) {
		if (errand != NULL)
			ouk_errand_page_complain(choosing->page, _("The file cannot be read."));
	} else if (g_bytes_get_size(picture) > OUK_DOCUMENT_MAX) {
		ouk_errand_page_complain(choosing->page,
					 _("The picture is larger than 1.5 MB. Choose a smaller "
					   "one, or photograph it with a lower resolution."));
	} else {
		ouk_errand_set_picture(errand, choosing->slot, picture);
		ouk_errand_do(errand, OUK_DESK_UPLOAD);
	}
	choosing_free(choosing);
}

static void
on_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	Choosing *choosing = data;
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (file != NULL)
		g_file_load_bytes_async(file, NULL, on_picture, choosing);
	else
		choosing_free(choosing);
	g_object_unref(dialog);
}

static void
on_choose(GtkWidget *button, OukErrandPage *page)
{
	Choosing *choosing = g_new0(Choosing, 1);
	GtkFileFilter *filter = gtk_file_filter_new();
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Choose a Picture"), GTK_WINDOW(gtk_widget_get_toplevel(button)),
		GTK_FILE_CHOOSER_ACTION_OPEN, _("_Choose"), _("_Cancel"));

	choosing->page = g_object_ref(page);
	choosing->slot = g_strdup(g_object_get_data(G_OBJECT(button), "slot"));
	gtk_file_filter_set_name(filter, _("Pictures (gif, jpg, png)"));
	gtk_file_filter_add_mime_type(filter, "image/gif");
	gtk_file_filter_add_mime_type(filter, "image/jpeg");
	gtk_file_filter_add_mime_type(filter, "image/png");
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), choosing);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
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

static void
add_document(OukErrandPage *page, GtkBox *box, const OukDocument *document)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *button = gtk_button_new_with_label(_("Choose a Picture…"));
	/* TRANSLATORS: a document, and whether it is there */
	g_autofree char *text = g_strdup_printf(_("%s: %s"), slot_text(document->slot),
						document_state_text(document->state));
	g_autofree char *why = *document->reason != '\0'
				       ? g_strdup_printf("%s (%s)", text, document->reason)
				       : g_strdup(text);
	GtkWidget *label = ouk_label_new(why, NULL);

	g_object_set_data_full(G_OBJECT(button), "slot", g_strdup(document->slot), g_free);
	atk_object_set_description(gtk_widget_get_accessible(button), slot_text(document->slot));
	g_signal_connect(button, "clicked", G_CALLBACK(on_choose), page);
	gtk_box_pack_start(GTK_BOX(row), label, TRUE, TRUE, 0);
	gtk_box_pack_end(GTK_BOX(row), button, FALSE, FALSE, 0);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
}

void
ouk_errand_view_documents(OukErrandPage *page, GtkBox *box)
{
	const OukOrderInfo *order = order_of(page);
	gboolean correct = info_of(page)->flow.state == OUK_DESK_CORRECT;

	say(box,
	    correct ? _("Some papers were rejected. Hand them in again:")
		    : _("Hand in these papers as pictures (gif, jpg or png, at most 1.5 MB each):"),
	    NULL);
	for (guint i = 0; i < order->documents->len; i++)
		add_document(page, box, order->documents->pdata[i]);
	if (correct)
		ouk_errand_page_go(page, box, _("_Hand In Again"), NULL);
	else
		ouk_errand_page_button(
			page, box, _("By _Post Instead…"), OUK_DESK_OTHER,
			_("Send the papers by post? The form is printed, stamped and "
			  "posted with copies; it takes some days longer."));
	say_deadline(page, box);
}

/* ---- consent ---- */

/* The boxes, each with its text; in the data of the first. */
static gboolean
texts_ready(OukErrandPage *page, gpointer data)
{
	GPtrArray *boxes = data;
	GPtrArray *agreed = g_ptr_array_new();
	GtkEntry *code = g_object_get_data(G_OBJECT(page), "handler-code");

	for (guint i = 0; i < boxes->len; i++) {
		if (!gtk_toggle_button_get_active(boxes->pdata[i])) {
			ouk_errand_page_complain(
				page, _("Each text wants a tick of its own. Who does not agree can "
					"give the order up."));
			gtk_widget_grab_focus(boxes->pdata[i]);
			g_ptr_array_unref(agreed);
			return FALSE;
		}
		g_ptr_array_add(agreed, g_object_get_data(boxes->pdata[i], "agreement"));
	}
	ouk_errand_set_agreed(ouk_errand_page_errand(page), agreed);
	ouk_errand_set_code(ouk_errand_page_errand(page), info_of(page)->asks_code && code != NULL
								  ? gtk_entry_get_text(code)
								  : NULL);
	return TRUE;
}

static GtkWidget *
text_new(const OukAgreement *agreement)
{
	GtkWidget *scrolled = gtk_scrolled_window_new(NULL, NULL);
	GtkWidget *label = ouk_label_new(agreement->text, "ouk-agreement");

	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scrolled), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_scrolled_window_set_shadow_type(GTK_SCROLLED_WINDOW(scrolled), GTK_SHADOW_IN);
	gtk_scrolled_window_set_propagate_natural_height(GTK_SCROLLED_WINDOW(scrolled), TRUE);
	gtk_scrolled_window_set_max_content_height(GTK_SCROLLED_WINDOW(scrolled), 180);
	/* it is scrolled by keyboard, too */
	gtk_widget_set_can_focus(scrolled, TRUE);
	gtk_container_add(GTK_CONTAINER(scrolled), label);
	gtk_widget_show_all(scrolled);
	return scrolled;
}

static GtkWidget *
add_agreement(GtkBox *box, OukAgreement *agreement)
{
	/* TRANSLATORS: the title of a text */
	g_autofree char *text =
		g_strdup_printf(_("I have read \"%s\" and agree"), agreement->title);
	GtkWidget *tick = gtk_check_button_new_with_label(text);

	gtk_label_set_line_wrap(GTK_LABEL(gtk_bin_get_child(GTK_BIN(tick))), TRUE);
	g_object_set_data(G_OBJECT(tick), "agreement", agreement);
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(agreement->title, "ouk-section"));
	gtk_container_add(GTK_CONTAINER(box), text_new(agreement));
	if (agreement->sensitive)
		say(box, _("This is about sensitive data; it needs a consent of its own."),
		    "dim-label");
	gtk_widget_show(tick);
	gtk_container_add(GTK_CONTAINER(box), tick);
	return tick;
}

static void
add_handler_code(OukErrandPage *page, GtkBox *box)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(_("_Code sent to the handler"));
	GtkWidget *entry = gtk_entry_new();

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
	atk_object_set_name(gtk_widget_get_accessible(entry), gtk_label_get_text(GTK_LABEL(label)));
	gtk_entry_set_input_purpose(GTK_ENTRY(entry), GTK_INPUT_PURPOSE_DIGITS);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_container_add(GTK_CONTAINER(row), label);
	gtk_container_add(GTK_CONTAINER(row), entry);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
	g_object_set_data(G_OBJECT(page), "handler-code", entry);
}

static void
boxes_free(gpointer data)
{
	g_ptr_array_unref(data);
}

void
ouk_errand_view_texts(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = info_of(page);
	OukErrand *errand = ouk_errand_page_errand(page);
	GPtrArray *boxes = g_ptr_array_new();

	say(box, _("Read these texts. Each has a tick box of its own."), NULL);
	for (guint i = 0; info->texts != NULL && i < info->texts->len; i++) {
		OukAgreement *each = info->texts->pdata[i];

		if (*each->needed_if == '\0' || ouk_errand_get(errand, each->needed_if) != NULL)
			g_ptr_array_add(boxes, add_agreement(box, each));
	}
	if (info->asks_code)
		add_handler_code(page, box);
	g_object_set_data_full(G_OBJECT(page), "boxes", boxes, boxes_free);
	ouk_errand_page_set_ready(page, texts_ready, boxes);
	ouk_errand_page_go(page, box, _("_Agree and Go On"), NULL);
}

/* ---- money ---- */

static gint64
price_of(OukErrandPage *page, guint years)
{
	const OukErrandInfo *info = info_of(page);
	const GPtrArray *terms = info->profile->service.terms;

	for (guint i = 0; i < terms->len; i++) {
		const OukTerm *each = terms->pdata[i];

		if (strcmp(each->kind, info->kind) == 0 &&
		    (each->years == 0 || each->years == years))
			return each->cents;
	}
	return 0;
}

static gboolean
price_ready(OukErrandPage *page, gpointer data)
{
	const char *years = gtk_combo_box_get_active_id(data);
	GtkToggleButton *wechat = g_object_get_data(G_OBJECT(page), "wechat");

	ouk_errand_set_payment(ouk_errand_page_errand(page),
			       years != NULL ? (guint)g_ascii_strtoull(years, NULL, 10) : 1,
			       gtk_toggle_button_get_active(wechat) ? "wechat" : "alipay");
	return TRUE;
}

static GtkWidget *
years_new(OukErrandPage *page)
{
	GtkWidget *combo = gtk_combo_box_text_new();

	for (guint years = 1; years <= YEARS_MAX; years++) {
		gint64 cents = price_of(page, years);
		g_autofree char *id = g_strdup_printf("%u", years);
		g_autofree char *price = ouk_yuan_text(cents), *text = NULL;

		if (years > 1 && (cents == 0 || cents == price_of(page, 1)))
			break;
		/* TRANSLATORS: number of years, price */
		text = cents > 0 ? g_strdup_printf(ngettext("%u year: %s", "%u years: %s", years),
						   years, price)
				 : g_strdup_printf(ngettext("%u year", "%u years", years), years);
		gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(combo), id, text);
	}
	gtk_combo_box_set_active(GTK_COMBO_BOX(combo), 0);
	gtk_widget_set_halign(combo, GTK_ALIGN_START);
	atk_object_set_name(gtk_widget_get_accessible(combo), _("How long, and what it costs"));
	gtk_widget_show(combo);
	return combo;
}

void
ouk_errand_view_price(OukErrandPage *page, GtkBox *box)
{
	GtkWidget *years = years_new(page), *wechat = NULL, *alipay = NULL;

	say(box, _("How long, and what it costs"), "ouk-section");
	gtk_container_add(GTK_CONTAINER(box), years);
	say(box, _("How you pay"), "ouk-section");
	wechat = gtk_radio_button_new_with_mnemonic(NULL, _("_WeChat"));
	alipay = gtk_radio_button_new_with_mnemonic_from_widget(GTK_RADIO_BUTTON(wechat),
								_("_Alipay"));
	gtk_widget_show(wechat);
	gtk_widget_show(alipay);
	gtk_container_add(GTK_CONTAINER(box), wechat);
	gtk_container_add(GTK_CONTAINER(box), alipay);
	g_object_set_data(G_OBJECT(page), "wechat", wechat);
	ouk_errand_page_set_ready(page, price_ready, years);
	ouk_errand_page_go(page, box, _("_Show the Payment Code"), NULL);
	ouk_errand_page_button(page, box, _("Pay by Bank _Transfer Instead…"), OUK_DESK_OTHER,
			       _("Pay by bank transfer? The order then waits until the CA has seen "
				 "the money; that takes a few days."));
}

void
ouk_errand_view_pay(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = info_of(page);
	const OukOrderInfo *order = order_of(page);
	gint64 cents = order->amount > 0 ? order->amount : info->amount;
	const char *code = *order->payment_code != '\0' ? order->payment_code : info->pay_code;
	g_autofree char *price = ouk_yuan_text(cents);
	g_autofree char *text = g_strdup_printf(_("To be paid: %s"), price);
	g_autofree char *spoken = g_strdup_printf(
		_("QR code to pay %s for the order %s. Scan it with your telephone."), price,
		order->number);
	GtkWidget *qr = code != NULL && *code != '\0' ? ouk_qr_new(code, spoken) : NULL;

	say(box, text, "ouk-unit");
	if (qr != NULL) {
		say(box,
		    _("Scan the code with WeChat or Alipay. This page goes on by itself when "
		      "the money has arrived."),
		    NULL);
		gtk_container_add(GTK_CONTAINER(box), qr);
	} else {
		g_autofree char *reference = g_strdup_printf(
			_("Reference for the payment: %s"),
			info->pay_reference != NULL ? info->pay_reference : order->number);

		say(box, reference, NULL);
	}
	say_deadline(page, box);
	ouk_errand_page_button(page, box, _("I Have _Paid"), OUK_DESK_AGAIN, NULL);
	ouk_errand_page_button(page, box, _("Pay by Bank _Transfer Instead…"), OUK_DESK_OTHER,
			       _("Pay by bank transfer? The order then waits until the CA has seen "
				 "the money; that takes a few days."));
}

void
ouk_errand_view_transfer(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = info_of(page);
	g_autofree char *price =
		ouk_yuan_text(info->amount > 0 ? info->amount : order_of(page)->amount);
	g_autofree char *text =
		g_strdup_printf(_("Transfer the money from the company's account, and write the "
				  "order number %s into the memo."),
				order_of(page)->number);

	say(box, _("Waiting for the bank transfer"), "ouk-unit");
	say(box, text, NULL);
	if (info->amount > 0 || order_of(page)->amount > 0)
		say(box, price, "ouk-unit");
	say(box,
	    _("The account's number you get from the CA. The 24 hours do not run meanwhile; "
	      "this goes on as soon as the CA has seen the money."),
	    NULL);
	ouk_guide_fill_contacts(box, info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

/* ---- somebody else's turn ---- */

void
ouk_errand_view_review(OukErrandPage *page, GtkBox *box)
{
	const OukOrderInfo *order = order_of(page);
	/* TRANSLATORS: what state an order is in */
	g_autofree char *text = g_strdup_printf(_("State: %s"), ouk_order_state_text(order->state));
	gboolean written = ouk_order_writes(info_of(page)->order);

	say(box, _("The CA is working on it"), "ouk-unit");
	say(box, text, NULL);
	say(box,
	    written ? _("When it is approved, the new certificate is written onto the key "
			"here: plug the key in and come back to this page.")
		    : _("When it is approved, you are told how the new key comes to you."),
	    NULL);
	say(box,
	    _("A review takes 3 to 5 working days. You may close this window: as long as My "
	      "Certificates runs, a notification tells you when something has changed."),
	    NULL);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

/* ---- the form on paper ---- */

static void
on_form(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(OukErrandPage) page = data;
	g_autoptr(GError) error = NULL;
	g_autoptr(OukReply) reply = ouk_service_ask_finish(result, &error);
	g_autofree char *name = NULL;

	if (ouk_errand_page_errand(page) == NULL || info_of(page)->order == NULL)
		return;
	if (reply == NULL || ouk_reply_file(reply) == NULL) {
		ouk_errand_page_complain(page, error != NULL ? error->message
							     : _("The file cannot be read."));
		return;
	}
	name = g_strdup_printf("%s.pdf", order_of(page)->number);
	ouk_save_as(GTK_WIDGET(page), _("Save the Form"), name, ouk_reply_file(reply));
}

static void
on_want_form(GtkButton *button, OukErrandPage *page)
{
	g_autoptr(OukCall) call = ouk_call_form_pdf(info_of(page)->order);

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
	const OukErrandInfo *info = info_of(page);

	say(box, _("By post"), "ouk-unit");
	say(box,
	    _("Who you are could not be checked from here. Print the form, have it stamped, and "
	      "send it with the papers; this goes on when they have come."),
	    NULL);
	add_form_button(page, box);
	ouk_guide_fill(box, ouk_errand_guide_kind(info->kind), info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
	say_deadline(page, box);
}

void
ouk_errand_view_collect(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = info_of(page);
	const OukOrderInfo *order = order_of(page);
	gboolean posted = strcmp(order->state, "posted") == 0;
	g_autofree char *tracking =
		*order->tracking != '\0'
			? g_strdup_printf(_("Tracking number: %s"), order->tracking)
			: NULL;

	say(box, posted ? _("The new key is in the post") : _("The new key can be collected"),
	    "ouk-unit");
	say(box, tracking, NULL);
	say(box,
	    posted ? _("Whoever receives it shows an identity card.")
		   : _("Take along the identity card of the handler."),
	    NULL);
	say(box,
	    _("The key comes with its PIN blocked. Plug it in and choose \"Unlock the Key\" in "
	      "its services: with a code you set its PIN yourself."),
	    NULL);
	ouk_guide_fill_contacts(box, info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}
