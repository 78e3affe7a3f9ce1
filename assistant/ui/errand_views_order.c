/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Consent, money, waiting: what the page of an errand shows there. */
#include "assistant/core/errors.h"
#include "assistant/ui/errand_page.h"
#include "assistant/ui/fact_list.h"
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

/* "220.00" */
static char *
cents_text(gint64 cents)
{
	return g_strdup_printf("%" G_GINT64_FORMAT ".%02d", cents / CENTS, (int)(cents % CENTS));
}

char *
ouk_yuan_text(gint64 cents)
{
	g_autofree char *number = cents_text(cents);

	/* TRANSLATORS: a price */
	return g_strdup_printf(_("%s yuan"), number);
}

void
ouk_errand_say_deadline(OukErrandPage *page, GtkBox *box)
{
	gint64 deadline = ouk_errand_page_order(page)->deadline;
	g_autoptr(GDateTime) time = deadline > 0 ? g_date_time_new_from_unix_local(deadline) : NULL;
	g_autofree char *when = time != NULL ? g_date_time_format(time, "%x %H:%M") : NULL;
	g_autofree char *text =
		when != NULL ? g_strdup_printf(_("Until %s; afterwards the order is closed."), when)
			     : NULL;

	ouk_label_add(box, text, NULL);
}

/* ---- consent ---- */

/* The boxes, each with its text; in the data of the first. */
static gboolean
texts_ready(OukErrandPage *page, gpointer data)
{
	GPtrArray *boxes = data;
	GPtrArray *agreed = g_ptr_array_new();

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
	ouk_errand_set_code(ouk_errand_page_errand(page), NULL);
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
		ouk_label_add(box,
			      _("This is about sensitive data; it needs a consent of its own."),
			      "dim-label");
	gtk_widget_show(tick);
	gtk_container_add(GTK_CONTAINER(box), tick);
	return tick;
}

static void
boxes_free(gpointer data)
{
	g_ptr_array_unref(data);
}

void
ouk_errand_view_texts(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	OukErrand *errand = ouk_errand_page_errand(page);
	GPtrArray *boxes = g_ptr_array_new();

	ouk_label_add(box, _("Read these texts. Each has a tick box of its own."), NULL);
	for (guint i = 0; info->texts != NULL && i < info->texts->len; i++) {
		OukAgreement *each = info->texts->pdata[i];

		if (*each->needed_if == '\0' || ouk_errand_get(errand, each->needed_if) != NULL)
			g_ptr_array_add(boxes, add_agreement(box, each));
	}
	g_object_set_data_full(G_OBJECT(page), "boxes", boxes, boxes_free);
	ouk_errand_page_set_ready(page, texts_ready, boxes);
	ouk_errand_page_go(page, box, _("_Agree and Go On"), NULL);
}

/* What the service says of the code that was typed. */
static void
say_code_refusal(OukErrandPage *page)
{
	static const struct {
		OukErrorCode code;
		const char *text;
	} rows[] = {
		{OUK_E_SERVICE_CODE_WRONG,
		 N_("The code was not right. Look at the newest message to the handler.")},
		{OUK_E_SERVICE_CODE_DEAD, N_("The wrong code was typed too often: this code is of "
					     "no use any more. Send another one.")},
		{OUK_E_SERVICE_EXPIRED, N_("The time of this code is over. Send another one.")},
	};
	const GError *error = ouk_errand_page_info(page)->error;

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_error_matches(error, OUK_ERROR, (int)rows[i].code))
			ouk_errand_page_complain(page, _(rows[i].text));
}

void
ouk_errand_view_consent_code(OukErrandPage *page, GtkBox *box)
{
	const OukOrderInfo *order = ouk_errand_page_order(page);
	g_autoptr(GDateTime) end = g_date_time_new_from_unix_local(order->handler_code_until);
	g_autofree char *time = end != NULL ? g_date_time_format(end, "%H:%M") : g_strdup("");
	g_autofree char *until = g_strdup_printf(
		_("A code was sent to the handler's telephone. It is good until %s."), time);
	guint left = (guint)order->handler_code_left;
	g_autofree char *tries = g_strdup_printf(
		ngettext("It may be typed %u more time.", "It may be typed %u more times.", left),
		left);
	gboolean usable = order->handler_code_until > 0 && left > 0;

	ouk_label_add(box, _("The handler confirms"), "ouk-unit");
	if (order->handler_code_until == 0)
		ouk_label_add(box,
			      _("The CA has sent no code: the number of a new handler gets codes "
				"after 24 hours, and no number gets more than a few a day. What "
				"you agreed to is kept while this page is open."),
			      NULL);
	else if (usable)
		ouk_label_add(box, until, NULL);
	if (usable) {
		ouk_label_add(box, tries, NULL);
		ouk_errand_page_add_code(page, box, _("_Code sent to the handler"));
		ouk_errand_page_go(page, box, _("C_onfirm and Go On"), NULL);
	}
	say_code_refusal(page);
	ouk_errand_page_button(page, box, _("_Send the Code Again"), OUK_DESK_OTHER, NULL);
	ouk_errand_page_button(page, box, _("_Back to the Texts"), OUK_DESK_REREAD, NULL);
}

/* ---- money ---- */

static gint64
price_of(OukErrandPage *page, guint years)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const GPtrArray *terms = info->profile->service.terms;

	for (guint i = 0; i < terms->len; i++) {
		const OukTerm *each = terms->pdata[i];

		if (strcmp(each->kind, info->kind) == 0 &&
		    (each->years == 0 || each->years == years))
			return each->cents;
	}
	return 0;
}

/* Kept as it is chosen: a bank transfer is for so many years, too. */
static void
on_price(GtkWidget *widget, OukErrandPage *page)
{
	GtkComboBox *combo = g_object_get_data(G_OBJECT(page), "years");
	GtkToggleButton *wechat = g_object_get_data(G_OBJECT(page), "wechat");
	const char *years = gtk_combo_box_get_active_id(combo);

	ouk_errand_set_payment(ouk_errand_page_errand(page),
			       years != NULL ? (guint)g_ascii_strtoull(years, NULL, 10) : 1,
			       gtk_toggle_button_get_active(wechat) ? "wechat" : "alipay");
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

	ouk_label_add(box, _("How long, and what it costs"), "ouk-section");
	gtk_container_add(GTK_CONTAINER(box), years);
	ouk_label_add(box, _("How you pay"), "ouk-section");
	wechat = gtk_radio_button_new_with_mnemonic(NULL, _("_WeChat"));
	alipay = gtk_radio_button_new_with_mnemonic_from_widget(GTK_RADIO_BUTTON(wechat),
								_("_Alipay"));
	gtk_widget_show(wechat);
	gtk_widget_show(alipay);
	gtk_container_add(GTK_CONTAINER(box), wechat);
	gtk_container_add(GTK_CONTAINER(box), alipay);
	g_object_set_data(G_OBJECT(page), "wechat", wechat);
	g_object_set_data(G_OBJECT(page), "years", years);
	on_price(years, page);
	g_signal_connect(years, "changed", G_CALLBACK(on_price), page);
	g_signal_connect(wechat, "toggled", G_CALLBACK(on_price), page);
	ouk_errand_page_go(page, box, _("_Show the Payment Code"), NULL);
	ouk_errand_page_button(page, box, _("Pay by Bank _Transfer Instead…"), OUK_DESK_OTHER,
			       _("Pay by bank transfer? The order then waits until the CA has seen "
				 "the money; that takes a few days."));
}

void
ouk_errand_view_pay(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukOrderInfo *order = ouk_errand_page_order(page);
	gint64 cents = order->amount > 0 ? order->amount : info->amount;
	const char *code = *order->payment_code != '\0' ? order->payment_code : info->pay_code;
	g_autofree char *price = ouk_yuan_text(cents);
	g_autofree char *text = g_strdup_printf(_("To be paid: %s"), price);
	g_autofree char *spoken = g_strdup_printf(
		_("QR code to pay %s for the order %s. Scan it with your telephone."), price,
		order->number);
	GtkWidget *qr = code != NULL && *code != '\0' ? ouk_qr_new(code, spoken) : NULL;

	ouk_label_add(box, text, "ouk-unit");
	if (qr != NULL) {
		ouk_label_add(
			box,
			_("Scan the code with WeChat or Alipay. This page goes on by itself when "
			  "the money has arrived."),
			NULL);
		gtk_container_add(GTK_CONTAINER(box), qr);
	} else {
		g_autofree char *reference = g_strdup_printf(
			_("Reference for the payment: %s"),
			info->pay_reference != NULL ? info->pay_reference : order->number);

		ouk_label_add(box, reference, NULL);
	}
	ouk_errand_say_deadline(page, box);
	ouk_errand_page_button(page, box, _("I Have _Paid"), OUK_DESK_AGAIN, NULL);
	ouk_errand_page_button(page, box, _("Pay by Bank _Transfer Instead…"), OUK_DESK_OTHER,
			       _("Pay by bank transfer? The order then waits until the CA has seen "
				 "the money; that takes a few days."));
}

void
ouk_errand_view_transfer(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukOrderInfo *order = ouk_errand_page_order(page);
	gint64 cents = order->transfer_amount > 0 ? order->transfer_amount : order->amount;
	g_autofree char *price = cents > 0 ? ouk_yuan_text(cents) : NULL;
	g_autofree char *digits = cents_text(cents);
	const char *memo = *order->transfer_memo != '\0' ? order->transfer_memo : order->number;
	GtkWidget *facts = ouk_fact_list_new();

	ouk_label_add(box, _("Waiting for the bank transfer"), "ouk-unit");
	ouk_label_add(box,
		      _("Transfer the money from the company's account. Write nothing but the "
			"order number into the purpose: that is how the CA finds the payment."),
		      NULL);
	ouk_fact_list_add_copyable(GTK_BOX(facts), _("Payee"), order->transfer_name, NULL);
	ouk_fact_list_add_copyable(GTK_BOX(facts), _("Bank"), order->transfer_bank, NULL);
	ouk_fact_list_add_copyable(GTK_BOX(facts), _("Account number"), order->transfer_account,
				   NULL);
	ouk_fact_list_add_copyable(GTK_BOX(facts), _("Amount"), price, digits);
	ouk_fact_list_add_copyable(GTK_BOX(facts), _("Purpose"), memo, NULL);
	gtk_container_add(GTK_CONTAINER(box), facts);
	if (*order->transfer_account == '\0')
		ouk_label_add(box, _("The account's number you get from the CA."), NULL);
	if (order->deadline > 0)
		ouk_errand_say_deadline(page, box);
	else
		ouk_label_add(box,
			      _("There is no deadline any more: the 24 hours do not run while you "
				"pay by transfer. This goes on as soon as the CA has seen the "
				"money; that takes a few days."),
			      NULL);
	ouk_guide_fill_contacts(box, info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

/* ---- somebody else's turn ---- */

void
ouk_errand_view_review(OukErrandPage *page, GtkBox *box)
{
	const OukOrderInfo *order = ouk_errand_page_order(page);
	/* TRANSLATORS: what state an order is in */
	g_autofree char *text = g_strdup_printf(_("State: %s"), ouk_order_state_text(order->state));
	gboolean written = ouk_order_writes(ouk_errand_page_info(page)->order);

	ouk_label_add(box, _("The CA is working on it"), "ouk-unit");
	ouk_label_add(box, text, NULL);
	ouk_label_add(
		box,
		written ? _("When it is approved, the new certificate is written onto the key "
			    "here: plug the key in and come back to this page.")
			: _("When it is approved, you are told how the new key comes to you."),
		NULL);
	ouk_label_add(
		box,
		_("A review takes 3 to 5 working days. You may close this window: as long as My "
		  "Certificates runs, a notification tells you when something has changed."),
		NULL);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

void
ouk_errand_view_collect(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukOrderInfo *order = ouk_errand_page_order(page);
	gboolean posted = strcmp(order->state, "posted") == 0;
	g_autofree char *tracking =
		*order->tracking != '\0'
			? g_strdup_printf(_("Tracking number: %s"), order->tracking)
			: NULL;

	ouk_label_add(box,
		      posted ? _("The new key is in the post") : _("The new key can be collected"),
		      "ouk-unit");
	ouk_label_add(box, tracking, NULL);
	ouk_label_add(box,
		      posted ? _("Whoever receives it shows an identity card.")
			     : _("Take along the identity card of the handler."),
		      NULL);
	ouk_label_add(
		box,
		_("The key comes with its PIN blocked. Plug it in and choose \"Unlock the Key\" in "
		  "its services: with a code you set its PIN yourself."),
		NULL);
	ouk_guide_fill_contacts(box, info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}
