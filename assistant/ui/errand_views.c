/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the page of an errand shows in each state. */
#include "assistant/core/errors.h"
#include "assistant/core/renew_rule.h"
#include "assistant/ui/errand_form.h"
#include "assistant/ui/errand_page.h"
#include "assistant/ui/guide_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/status.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
is_kind(OukErrandPage *page, const char *kind)
{
	return strcmp(ouk_errand_page_info(page)->kind, kind) == 0;
}

static void
wait(GtkBox *box, const char *text)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *spinner = gtk_spinner_new();

	gtk_spinner_start(GTK_SPINNER(spinner));
	gtk_container_add(GTK_CONTAINER(row), spinner);
	gtk_container_add(GTK_CONTAINER(row), ouk_label_new(text, NULL));
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
}

/* ---- the form ---- */

typedef struct {
	const char *value, *label;
} Choice;

static void
on_choice(GtkToggleButton *button, OukErrandPage *page)
{
	OukErrand *errand = ouk_errand_page_errand(page);
	const char *value = g_object_get_data(G_OBJECT(button), "value");
	GtkContainer *place = g_object_get_data(G_OBJECT(button), "form");

	if (!gtk_toggle_button_get_active(button))
		return;
	if (strcmp(value, "sms") == 0 || strcmp(value, "memo") == 0)
		ouk_errand_set_method(errand, value);
	else
		ouk_errand_set_kind(errand, value);
	ouk_clear(place);
	gtk_container_add(place, ouk_errand_form_new(errand));
}

static void
add_choices(OukErrandPage *page, GtkBox *box, GtkBox *form, const Choice *choices, gsize count)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	GtkWidget *first = NULL;

	for (gsize i = 0; i < count; i++) {
		GtkWidget *button = gtk_radio_button_new_with_mnemonic_from_widget(
			first != NULL ? GTK_RADIO_BUTTON(first) : NULL, _(choices[i].label));

		first = first != NULL ? first : button;
		g_object_set_data_full(G_OBJECT(button), "value", g_strdup(choices[i].value),
				       g_free);
		g_object_set_data(G_OBJECT(button), "form", form);
		gtk_label_set_line_wrap(GTK_LABEL(gtk_bin_get_child(GTK_BIN(button))), TRUE);
		if (strcmp(choices[i].value, info->method) == 0 ||
		    strcmp(choices[i].value, info->kind) == 0)
			gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), TRUE);
		gtk_widget_show(button);
		gtk_container_add(GTK_CONTAINER(box), button);
		g_signal_connect(button, "toggled", G_CALLBACK(on_choice), page);
	}
}

static gboolean
form_ready(OukErrandPage *page, gpointer data)
{
	const char *missing = ouk_errand_form_missing(ouk_errand_page_errand(page));
	g_autofree char *text = NULL;

	if (missing == NULL)
		return TRUE;
	/* TRANSLATORS: the name of a field of a form */
	text = g_strdup_printf(_("Still missing: %s"), missing);
	ouk_errand_page_complain(page, text);
	return FALSE;
}

static const struct {
	const char *kind, *intro, *go, *question;
} forms[] = {
	{"unlock",
	 N_("An authorization code goes to the legal representative. With it you set a new PIN "
	    "here; the certificates on the key stay as they are."),
	 N_("_Apply for Unlocking"), NULL},
	{"loss",
	 N_("A code goes to the legal representative. With it the key is stopped at once; then "
	    "have it replaced, or take the report back when the key is found."),
	 N_("_Report the Loss"), NULL},
	{"renewal",
	 N_("The form is filled in from the certificate. The key stays plugged in; its PIN does "
	    "not change."),
	 N_("_Send the Application"), NULL},
	{"change",
	 N_("Write what is new. The end of the certificate stays. Afterwards the key must be bound "
	    "again at the counter of each hall."),
	 N_("_Send the Application"), NULL},
	{"new",
	 N_("The application is reviewed; then you collect the new key. Its PIN you set yourself, "
	    "with a code, when you have it."),
	 N_("_Send the Application"), NULL},
	{"lost",
	 N_("You get a new key that holds the same. The old certificate is revoked when the "
	    "application is approved."),
	 N_("_Send the Application"),
	 N_("Replace the key? Its certificate is revoked when this is approved, and the old key "
	    "is of no use any more.")},
	{"damaged",
	 N_("You get a new key that holds the same. The old certificate is revoked when the "
	    "application is approved."),
	 N_("_Send the Application"),
	 N_("Replace the key? Its certificate is revoked when this is approved, and the old key "
	    "is of no use any more.")},
	{"revoke",
	 N_("The certificate ends for good. No hall takes it any more, and it cannot be taken "
	    "back."),
	 N_("_Revoke the Certificate"),
	 N_("Revoke the certificate for good? It cannot be taken back.")},
	{"open", N_("The same key comes to work in one more hall."), N_("_Send the Application"),
	 NULL},
	{"return", N_("The certificate is revoked and the money is paid back."),
	 N_("_Send the Application"), N_("Give the certificate back? It is revoked for good.")},
};

static void
add_renewal_window(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukPairCert *cert = info->pair != NULL ? ouk_pair_view_cert(info->pair) : NULL;
	g_autofree char *sentence = NULL;

	if (cert == NULL || !is_kind(page, "renewal"))
		return;
	sentence = ouk_renew_sentence(info->profile, g_date_time_to_unix(cert->ends),
				      g_get_real_time() / G_USEC_PER_SEC);
	ouk_label_add(box, sentence, NULL);
}

static void
view_form(OukErrandPage *page, GtkBox *box)
{
	static const Choice methods[] = {
		{"sms", N_("The code comes to the legal representative's _telephone")},
		{"memo", N_("The code stands in the memo of a _1-cent transfer to the company's "
			    "account")},
	};
	static const Choice reasons[] = {
		{"lost", N_("The key is _lost")},
		{"damaged", N_("The key is _broken")},
	};
	OukErrand *errand = ouk_errand_page_errand(page);
	GtkWidget *form = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
	gsize at = 0;

	while (at + 1 < G_N_ELEMENTS(forms) && !is_kind(page, forms[at].kind))
		at++;
	ouk_label_add(box, _(forms[at].intro), NULL);
	add_renewal_window(page, box);
	if (is_kind(page, "unlock") || is_kind(page, "loss"))
		add_choices(page, box, GTK_BOX(form), methods, G_N_ELEMENTS(methods));
	if (is_kind(page, "lost") || is_kind(page, "damaged"))
		add_choices(page, box, GTK_BOX(form), reasons, G_N_ELEMENTS(reasons));
	gtk_widget_show(form);
	gtk_container_add(GTK_CONTAINER(form), ouk_errand_form_new(errand));
	gtk_container_add(GTK_CONTAINER(box), form);
	ouk_errand_page_set_ready(page, form_ready, NULL);
	ouk_errand_page_go(page, box, _(forms[at].go),
			   forms[at].question != NULL ? _(forms[at].question) : NULL);
}

/* ---- the code ---- */

static const char *
anew_question(void)
{
	return _("Use another way? This order is given up, and you begin a new one.");
}

static gboolean
by_memo(OukErrandPage *page)
{
	return strcmp(ouk_errand_page_info(page)->method, "memo") == 0;
}

static void
view_get_code(OukErrandPage *page, GtkBox *box)
{
	ouk_label_add(box, _("Who you are was checked."), NULL);
	ouk_label_add(
		box,
		by_memo(page)
			? _("One cent is transferred to the company's account on file. The code "
			    "stands in the memo of that transfer and is good for 72 hours.")
			: _("The code goes to the legal representative's number on file and is "
			    "good for 10 minutes. Nobody of the CA ever asks for it."),
		NULL);
	ouk_errand_page_go(page, box, _("_Get the Authorization Code"), NULL);
	ouk_errand_page_button(page, box, _("Use Another _Way…"), OUK_DESK_ANEW, anew_question());
}

static void
view_code(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const char *state = ouk_order_info(info->order)->state;
	gboolean unlock = is_kind(page, "unlock");

	if (strcmp(state, "commanded") == 0) {
		ouk_label_add(box, _("Unlocking is not finished"), "ouk-unit");
		ouk_label_add(
			box,
			_("It was interrupted: the key may have a PIN that nobody knows. Type the "
			  "same code once more and go on; nothing is lost."),
			NULL);
	} else if (info->resumed) {
		ouk_label_add(box, _("You have begun this order already. Go on here."), NULL);
	}
	ouk_label_add(box,
		      by_memo(page)
			      ? _("The code stands in the memo of the transfer of one cent.")
			      : _("The code was sent to the legal representative's telephone."),
		      NULL);
	ouk_errand_page_add_code(page, box, _("_Authorization code"));
	if (unlock)
		ouk_label_add(
			box,
			_("Then a window asks for the new PIN, twice. It is typed nowhere else."),
			"dim-label");
	ouk_errand_page_go(page, box,
			   unlock ? _("_Check the Code and Set a New PIN") : _("_Stop the Key Now"),
			   NULL);
	if (g_error_matches(info->error, OUK_ERROR, OUK_E_SERVICE_CODE_WRONG))
		ouk_errand_page_complain(
			page,
			_("The code was not right. After 5 wrong codes the order is closed."));
	ouk_errand_page_button(page, box, _("_Send the Code Again"), OUK_DESK_OTHER, NULL);
	if (strcmp(state, "commanded") != 0)
		ouk_errand_page_button(page, box, _("Use Another _Way…"), OUK_DESK_ANEW,
				       anew_question());
}

/* ---- the key ---- */

static void
view_prompt(OukErrandPage *page, GtkBox *box)
{
	wait(box, ouk_errand_page_info(page)->flow.state == OUK_DESK_NEW_PIN
			  ? _("Type the new PIN twice in the window that has opened.")
			  : _("Type the PIN in the window that has opened."));
}

static void
view_on_key(OukErrandPage *page, GtkBox *box)
{
	const char *sentence = ouk_errand_page_info(page)->sentence;

	wait(box, sentence != NULL ? sentence : _("Working on the key…"));
	ouk_label_add(box, _("Do not unplug the key. Only this key may be plugged in."),
		      "ouk-unit");
}

static void
view_pulled(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const char *end = info->view != NULL ? ouk_token_view_info(info->view)->serial_end : "";
	g_autofree char *text =
		g_strdup_printf(_("Plug in the same key again (its serial number ends in %s). It "
				  "goes on by itself; nothing is lost."),
				end);

	ouk_label_add(box, _("The key was pulled out"), "ouk-unit");
	ouk_label_add(box, text, NULL);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

static void
view_install(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);

	ouk_label_add(box, _("The new certificate is ready"), "ouk-unit");
	if (strcmp(ouk_order_info(info->order)->state, "issued") == 0)
		ouk_label_add(
			box,
			_("Writing it was interrupted. It goes on where it was; so the PIN is "
			  "asked for again."),
			NULL);
	ouk_label_add(
		box,
		_("Leave only this key plugged in, and do not unplug it until it is done. The old "
		  "certificate works until the new one does."),
		NULL);
	if (info->view == NULL) {
		ouk_label_add(box, _("Plug in the key first."), NULL);
		ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
		return;
	}
	ouk_errand_page_go(page, box, _("_Write It onto the Key"), NULL);
}

/* ---- ends ---- */

static const struct {
	const char *kind, *what, *more;
} ends[] = {
	{"unlock", N_("The key is unlocked"),
	 N_("The new PIN is valid from now on, on every computer. All tries are there again.")},
	{"renewal", N_("The certificate has been renewed"),
	 N_("The PIN is the same as before. Old documents can still be read.")},
	{"change", N_("The certificate with the new data is on the key"),
	 N_("Its end has not changed. Now take the key to the counter of each hall and have it "
	    "bound again: until then the hall knows the old certificate only.")},
	{"open", N_("The key now works for the other application, too"), NULL},
	{"new", N_("The key has been handed over"),
	 N_("Plug it in and set its PIN: choose \"Unlock the Key\" in its services.")},
	{"lost", N_("The new key has been handed over"),
	 N_("Set its PIN with a code, and have it bound again at the counter of each hall.")},
	{"damaged", N_("The new key has been handed over"),
	 N_("Set its PIN with a code, and have it bound again at the counter of each hall.")},
	{"revoke", N_("The certificate is revoked"), NULL},
	{"return", N_("The certificate was given back"), N_("The money is on its way back.")},
	{"loss", N_("The key was replaced"), NULL},
};

static void
view_done(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	gsize at = 0;

	while (at + 1 < G_N_ELEMENTS(ends) && !is_kind(page, ends[at].kind))
		at++;
	gtk_container_add(GTK_CONTAINER(box),
			  ouk_badge_new("ouk-valid-symbolic", "ouk-good", _("done")));
	ouk_label_add(box, _(ends[at].what), "ouk-headline");
	if (info->new_end > 0) {
		g_autoptr(GDateTime) end = g_date_time_new_from_unix_local(info->new_end);
		g_autofree char *date = ouk_date_text(end);
		g_autofree char *text = g_strdup_printf(_("It is now valid until %s."), date);

		ouk_label_add(box, text, "ouk-unit");
	}
	if (ends[at].more != NULL)
		ouk_label_add(box, _(ends[at].more), NULL);
	ouk_button_add(box, _("_Back"), "win.back");
}

static void
view_stopped(OukErrandPage *page, GtkBox *box)
{
	ouk_label_add(box, _("The key is stopped"), "ouk-headline");
	ouk_label_add(
		box,
		_("Nobody can unlock or renew it any more. Have it replaced (\"Replace a Lost or "
		  "Broken Key\"); or, when it is found, take the report back at the CA's counter."),
		NULL);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

static void
view_ended(OukErrandPage *page, GtkBox *box)
{
	static const struct {
		const char *state, *text;
	} texts[] = {
		{"cancelled", N_("The order was given up. Nothing was changed on the key.")},
		{"expired", N_("Its time is over. Nothing was changed on the key.")},
		{"dead",
		 N_("Too many wrong codes were typed. Begin a new order, and make sure that "
		    "the code comes from the newest message.")},
		{"refused", N_("The CA has refused the application. Call the CA and ask why.")},
		{"refunding", N_("The order is given up; the money is on its way back.")},
		{"refunded", N_("The order is given up; the money was paid back.")},
		{"released", N_("The report was taken back: the key can be used again.")},
	};
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const char *state = info->order != NULL ? ouk_order_info(info->order)->state : "cancelled";
	const char *text = N_("The order is closed.");

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		if (strcmp(texts[i].state, state) == 0)
			text = texts[i].text;
	ouk_label_add(box, _("The order is closed"), "ouk-headline");
	ouk_label_add(box, _(text), NULL);
	ouk_errand_page_go(page, box, _("_Begin a New Order"), NULL);
}

static void
view_counter(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);

	ouk_label_add(box, _("This goes on at a counter"), "ouk-unit");
	ouk_label_add(
		box,
		_("Who you are could not be checked from here, or this key can only be helped by "
		  "the CA itself. Take along the key and the papers."),
		NULL);
	ouk_guide_fill(box, ouk_errand_guide_kind(info->kind), info->profile);
	ouk_errand_page_button(page, box, _("_Ask Again"), OUK_DESK_AGAIN, NULL);
}

static void
view_offline(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukErrorRow *row = ouk_error_row(info->error);

	ouk_label_add(box, _("The CA's service cannot be reached"), "ouk-unit");
	ouk_label_add(box, info->error != NULL ? info->error->message : NULL, NULL);
	ouk_label_add(box, info->error != NULL ? _(row->cure) : NULL, NULL);
	ouk_label_add(
		box,
		info->order != NULL
			? _("Nothing is lost. Go on here later, or on another computer that has "
			    "internet: the key and the order number are enough. Or print the card "
			    "and "
			    "go to the counter.")
			: _("Nothing was sent. Do it later, on another computer that has internet, "
			    "or "
			    "print the card and go to the counter."),
		NULL);
	ouk_add_class(ouk_errand_page_button(page, box, _("_Try Again"), OUK_DESK_AGAIN, NULL),
		      "suggested-action");
}

static void
view_trouble(OukErrandPage *page, GtkBox *box)
{
	const OukErrandInfo *info = ouk_errand_page_info(page);
	const OukErrorRow *row = ouk_error_row(info->error);

	ouk_label_add(box, info->error != NULL ? info->error->message : NULL, "ouk-unit");
	ouk_label_add(box, _(row->cure), NULL);
	ouk_errand_page_button(page, box, _("_Try Again"), OUK_DESK_AGAIN, NULL);
	ouk_guide_fill_contacts(box, info->profile);
}

static void
view_busy(OukErrandPage *page, GtkBox *box)
{
	wait(box, _("Asking the CA's service…"));
}

void
ouk_errand_view_fill(OukErrandPage *page, GtkBox *box)
{
	static const OukErrandView views[OUK_DESK_STATES] = {
		[OUK_DESK_LOOKING] = view_busy,
		[OUK_DESK_FORM] = view_form,
		[OUK_DESK_BUSY] = view_busy,
		[OUK_DESK_OFFLINE] = view_offline,
		[OUK_DESK_TROUBLE] = view_trouble,
		[OUK_DESK_GET_CODE] = view_get_code,
		[OUK_DESK_CODE] = view_code,
		[OUK_DESK_NEW_PIN] = view_prompt,
		[OUK_DESK_DOCUMENTS] = ouk_errand_view_documents,
		[OUK_DESK_TEXTS] = ouk_errand_view_texts,
		[OUK_DESK_CONSENT_CODE] = ouk_errand_view_consent_code,
		[OUK_DESK_PRICE] = ouk_errand_view_price,
		[OUK_DESK_PAY] = ouk_errand_view_pay,
		[OUK_DESK_TRANSFER] = ouk_errand_view_transfer,
		[OUK_DESK_REVIEW] = ouk_errand_view_review,
		[OUK_DESK_CORRECT] = ouk_errand_view_documents,
		[OUK_DESK_PAPERS] = ouk_errand_view_papers,
		[OUK_DESK_INSTALL] = view_install,
		[OUK_DESK_PIN] = view_prompt,
		[OUK_DESK_ON_KEY] = view_on_key,
		[OUK_DESK_PULLED] = view_pulled,
		[OUK_DESK_COLLECT] = ouk_errand_view_collect,
		[OUK_DESK_COUNTER] = view_counter,
		[OUK_DESK_STOPPED] = view_stopped,
		[OUK_DESK_DONE] = view_done,
		[OUK_DESK_ENDED] = view_ended,
	};

	views[ouk_errand_page_info(page)->flow.state](page, box);
}
