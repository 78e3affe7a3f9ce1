/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/recover_page.h"

#include "assistant/core/errors.h"
#include "assistant/core/memory.h"
#include "assistant/ui/application.h"
#include "assistant/ui/key_prompt.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/recovery.h"
#include "assistant/ui/status.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define OPERATORS   2U
#define FILE_MAX    ((gsize)256 * 1024)
#define PHONE_MAX   20
#define CERTS_SHOWN 100U

typedef enum { FORM, ASKING, PAPER, DONE } State;

struct page {
	GtkWidget *widget;
	GtkBox *body;
	GtkLabel *complaint;
	GtkLabel *sentence; /* while the key is worked on */
	GtkComboBoxText *certs;
	GtkEntry *phone;
	State state;
	const OukProfile *profile;
	OukTokenView *view;
	OukTries tries;
	OukService *service;
	OukOrder *order;    /* NULL: not found yet */
	GPtrArray *old;     /* of GBytes: certificates to choose from, */
	GPtrArray *names;   /* of char *, and their names */
	guint chosen;       /* of them */
	char *notify;       /* the telephone */
	GBytes *paper;      /* NULL: not made yet */
	GPtrArray *answers; /* of GBytes */
	gboolean stays;     /* the auxiliary signing pair */
	OukPromptParent *parent_window;
	OukKeyPrompt *prompt;
	GCancellable *cancellable;
	gint step; /* OukRecoverStep, set on the worker */
	gint refs; /* a job holds one */
};

static void fill(struct page *page);

static void
drop(gpointer data)
{
	struct page *page = data;

	if (!g_atomic_int_dec_and_test(&page->refs))
		return;
	ouk_prompt_parent_free(page->parent_window);
	g_object_unref(page->cancellable);
	g_object_unref(page->view);
	g_clear_object(&page->order);
	ouk_service_unref(page->service);
	g_ptr_array_unref(page->old);
	g_ptr_array_unref(page->names);
	g_ptr_array_unref(page->answers);
	g_clear_pointer(&page->paper, g_bytes_unref);
	g_free(page->notify);
	g_free(page);
}

static void
on_destroy(GtkWidget *widget, struct page *page)
{
	g_cancellable_cancel(page->cancellable);
	g_clear_pointer(&page->prompt, ouk_key_prompt_free);
	drop(page);
}

static void
complain(struct page *page, const char *text)
{
	gtk_label_set_text(page->complaint, text != NULL ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(page->complaint), text != NULL);
}

static void
complain_of(struct page *page, const GError *error)
{
	g_autofree char *text =
		g_strdup_printf("%s\n%s", error->message, _(ouk_error_row(error)->cure));

	complain(page, text);
}

/* ---- on the key ---- */

static gboolean
on_step_here(gpointer data)
{
	struct page *page = data;

	if (!g_cancellable_is_cancelled(page->cancellable) && page->sentence != NULL)
		gtk_label_set_text(
			page->sentence,
			ouk_recover_step_text((OukRecoverStep)g_atomic_int_get(&page->step)));
	return G_SOURCE_REMOVE;
}

static void
on_step(OukRecoverStep step, gpointer data)
{
	struct page *page = data;

	g_atomic_int_set(&page->step, (gint)step);
	g_atomic_int_inc(&page->refs);
	g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, on_step_here, page, drop);
}

/* Where it was before: a PIN was wrong, the key was pulled, the service could not be reached. */
static void
back_to(struct page *page, GError *error)
{
	page->state = page->paper != NULL ? PAPER : FORM;
	fill(page);
	if (error != NULL && !g_error_matches(error, OUK_ERROR, OUK_E_CANCELLED))
		complain_of(page, error);
	g_clear_error(&error);
}

static void
take(struct page *page, OukRecoveryWork *work)
{
	g_set_object(&page->order, work->order);
	page->stays = work->recovered.signing_stays;
	page->state = DONE;
	if (work->recovered.paper != NULL) {
		g_clear_pointer(&page->paper, g_bytes_unref);
		page->paper = g_bytes_ref(work->recovered.paper);
		page->state = PAPER;
	}
	ouk_watch_refresh_async(ouk_application_watch(ouk_application_get()),
				ouk_token_view_info(page->view)->id, OUK_REFRESH_ALL, NULL, NULL);
	fill(page);
}

typedef struct {
	struct page *page;
	OukRecoveryWork *work;
} KeyCall;

static void
on_key(GObject *source, GAsyncResult *result, gpointer data)
{
	KeyCall *call = data;
	struct page *page = call->page;
	GError *error = NULL;
	OukTries after = {0};
	gboolean good = ouk_job_finish(result, &after, &error);

	if (after.max > 0 || after.locked)
		page->tries = after;
	if (g_cancellable_is_cancelled(page->cancellable))
		g_clear_error(&error);
	else if (good)
		take(page, call->work);
	else
		back_to(page, error);
	ouk_recovery_work_free(call->work);
	g_free(call);
	drop(page);
}

static void
start(struct page *page, const OukPromptAnswer *answer)
{
	KeyCall *call = g_new0(KeyCall, 1);
	OukPinJob job = {
		.watch = ouk_application_watch(ouk_application_get()),
		.token_id = ouk_token_view_info(page->view)->id,
		.pin = &answer->pin,
		.new_pin = &answer->new_pin,
		.shown_left = answer->shown_left,
	};
	OukJobTask task = {.work = ouk_recovery_run};

	g_atomic_int_inc(&page->refs);
	call->page = page;
	call->work = g_new0(OukRecoveryWork, 1);
	call->work->service = ouk_service_ref(page->service);
	call->work->order = page->order != NULL ? g_object_ref(page->order) : NULL;
	call->work->old = g_bytes_ref(page->old->pdata[page->chosen]);
	call->work->notify = g_strdup(page->notify);
	call->work->answers = page->paper != NULL ? g_ptr_array_ref(page->answers) : NULL;
	call->work->progress = on_step;
	call->work->progress_data = page;
	task.data = call->work;
	ouk_job_work_async(&job, &task, page->cancellable, on_key, call);
}

static void
on_pin(const OukPromptAnswer *answer, GError *error, gpointer data)
{
	struct page *page = data;

	g_clear_pointer(&page->prompt, ouk_key_prompt_free);
	if (answer == NULL) {
		back_to(page, error);
		return;
	}
	fill(page);
	start(page, answer);
}

static void
ask_pin(struct page *page)
{
	GError *error = NULL;
	const OukKeyPromptSetup setup = {
		.parent = page->parent_window,
		.view = page->view,
		.profile = page->profile,
		.tries = &page->tries,
		.reason = OUK_PROMPT_LOGIN,
		.purpose = _("the old encryption key"),
		.told = on_pin,
		.data = page,
	};

	if (ouk_watch_find(ouk_application_watch(ouk_application_get()),
			   ouk_token_view_info(page->view)->id) == NULL) {
		complain(page, _("Plug in the key first."));
		return;
	}
	page->state = ASKING;
	page->prompt = ouk_key_prompt_start(&setup, &error);
	if (page->prompt == NULL)
		back_to(page, error);
	else
		fill(page);
}

/* ---- what is asked for ---- */

static GtkWidget *
add_go(struct page *page, const char *label, GCallback pressed)
{
	GtkWidget *button = ouk_button_add(page->body, label, NULL);

	ouk_add_class(button, "suggested-action");
	ouk_add_class(button, "ouk-big");
	gtk_widget_set_can_default(button, TRUE);
	g_signal_connect(button, "map", G_CALLBACK(gtk_widget_grab_default), NULL);
	g_signal_connect_swapped(button, "clicked", pressed, page);
	return button;
}

/* Digits, with a plus sign or hyphens. */
static gboolean
is_phone(const char *text)
{
	gsize len = strlen(text);

	return len >= 5 && len <= PHONE_MAX && strspn(text, "+-0123456789") == len;
}

static void
on_ask(struct page *page)
{
	g_autofree char *phone = g_strstrip(g_strdup(gtk_entry_get_text(page->phone)));
	int at = gtk_combo_box_get_active(GTK_COMBO_BOX(page->certs));

	if (at < 0) {
		complain(page, _("Choose the old encryption certificate."));
		return;
	}
	if (!is_phone(phone)) {
		complain(page, _("Type the telephone number that the CA tells of it."));
		gtk_widget_grab_focus(GTK_WIDGET(page->phone));
		return;
	}
	page->chosen = (guint)at;
	g_free(page->notify);
	page->notify = g_steal_pointer(&phone);
	ask_pin(page);
}

/* Takes the name. */
static void
add_cert(struct page *page, GBytes *der, char *name)
{
	g_ptr_array_add(page->old, g_bytes_ref(der));
	g_ptr_array_add(page->names, name);
	page->chosen = page->old->len - 1;
}

/* Of this unit, and of another key: what this computer remembers. */
static void
add_remembered(struct page *page)
{
	OukMemory *memory = ouk_application_memory(ouk_application_get());
	g_autoptr(GPtrArray) list = memory != NULL ? ouk_memory_list(memory) : NULL;
	const OukTokenInfo *key = ouk_token_view_info(page->view);

	for (guint i = 0; list != NULL && i < list->len && page->old->len < CERTS_SHOWN; i++) {
		const OukRemembered *each = list->pdata[i];
		const OukPairInfo *pair = ouk_pair_view_info(each->pair);

		if (pair->encrypt == NULL || g_strcmp0(each->key_id, key->key_id) == 0 ||
		    g_strcmp0(pair->unit, key->unit) != 0)
			continue;
		/* TRANSLATORS: unit, end of the key's serial number */
		add_cert(page, pair->encrypt->der,
			 g_strdup_printf(_("%s · key …%s"), pair->unit, each->serial_end));
	}
	page->chosen = 0;
}

static void
show_certs(struct page *page)
{
	gtk_combo_box_text_remove_all(page->certs);
	for (guint i = 0; i < page->names->len; i++)
		gtk_combo_box_text_append_text(page->certs, page->names->pdata[i]);
	if (page->names->len > 0)
		gtk_combo_box_set_active(GTK_COMBO_BOX(page->certs), (int)page->chosen);
}

static void
on_cert_file(GtkWidget *widget, GBytes *file, gpointer data)
{
	struct page *page = data;
	g_autoptr(GBytes) der = NULL;

	if (page->state != FORM)
		return;
	der = file != NULL && g_bytes_get_size(file) <= FILE_MAX ? ouk_recovery_certificate(file)
								 : NULL;
	complain(page, der != NULL ? NULL
				   : _("This file is no certificate for encryption. The CA has it, "
				       "and so has whoever encrypted to it."));
	if (der == NULL)
		return;
	add_cert(page, der, g_strdup(_("from the file")));
	show_certs(page);
}

static void
on_want_cert(struct page *page)
{
	static const char *const wanted[] = {"*.crt", "*.cer", "*.pem", "*.der", NULL};
	const OukFileWish wish = {_("Choose the Old Certificate"), _("Certificates"), wanted,
				  FILE_MAX};

	ouk_choose_file(page->widget, &wish, on_cert_file, page, NULL);
}

static void
fill_form(struct page *page)
{
	GtkWidget *label = NULL, *button = NULL;

	ouk_label_add(page->body, _("Read Old Documents with This Key"), "ouk-unit");
	ouk_label_add(page->body,
		      _("What was encrypted to a key that is lost or broken can be read again when "
			"the CA puts its old encryption key onto the key that replaced it. Nothing "
			"can be signed with that: keys for signing are never recovered."),
		      NULL);
	ouk_label_add(page->body,
		      _("The unit whose key it was may ask, with the new key plugged in. Two "
			"operators of the CA sign for it, and the CA tells the telephone that you "
			"name here."),
		      NULL);
	label = gtk_label_new_with_mnemonic(_("_Old encryption certificate"));
	page->certs = GTK_COMBO_BOX_TEXT(gtk_combo_box_text_new());
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), GTK_WIDGET(page->certs));
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(page->certs)),
			    gtk_label_get_text(GTK_LABEL(label)));
	gtk_widget_show(label);
	gtk_widget_show(GTK_WIDGET(page->certs));
	gtk_container_add(GTK_CONTAINER(page->body), label);
	gtk_container_add(GTK_CONTAINER(page->body), GTK_WIDGET(page->certs));
	show_certs(page);
	button = ouk_button_add(page->body, _("From a _File…"), NULL);
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(on_want_cert), page);
	label = gtk_label_new_with_mnemonic(_("_Telephone that the CA tells"));
	page->phone = GTK_ENTRY(gtk_entry_new());
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), GTK_WIDGET(page->phone));
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_entry_set_max_length(page->phone, PHONE_MAX);
	gtk_entry_set_input_purpose(page->phone, GTK_INPUT_PURPOSE_PHONE);
	gtk_entry_set_activates_default(page->phone, TRUE);
	gtk_entry_set_text(page->phone, page->notify != NULL ? page->notify : "");
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(page->phone)),
			    gtk_label_get_text(GTK_LABEL(label)));
	gtk_widget_show(label);
	gtk_widget_show(GTK_WIDGET(page->phone));
	gtk_container_add(GTK_CONTAINER(page->body), label);
	gtk_container_add(GTK_CONTAINER(page->body), GTK_WIDGET(page->phone));
	add_go(page, _("_Ask for It"), G_CALLBACK(on_ask));
}

/* ---- the operators ---- */

static void
on_save(struct page *page)
{
	g_autofree char *name =
		g_strdup_printf("recover-%s.json", ouk_order_info(page->order)->number);

	ouk_save_as(page->widget, _("Save the Paper"), name, page->paper);
}

static void
on_answer_file(GtkWidget *widget, GBytes *file, gpointer data)
{
	struct page *page = data;

	if (page->state != PAPER)
		return;
	if (file == NULL || g_bytes_get_size(file) > FILE_MAX ||
	    !ouk_recovery_is_answer(file, page->paper)) {
		complain(page, _("This file is no operator's answer to this paper."));
		return;
	}
	for (guint i = 0; i < page->answers->len; i++)
		if (g_bytes_equal(page->answers->pdata[i], file)) {
			complain(page, _("That answer is here already. The other operator has to "
					 "sign, too."));
			return;
		}
	g_ptr_array_add(page->answers, g_bytes_ref(file));
	fill(page);
}

static void
on_add(struct page *page)
{
	static const char *const wanted[] = {"*.json", NULL};
	const OukFileWish wish = {_("Choose an Operator's Answer"), _("Answers (json)"), wanted,
				  FILE_MAX};

	ouk_choose_file(page->widget, &wish, on_answer_file, page, NULL);
}

static void
on_write(struct page *page)
{
	if (page->answers->len < OPERATORS)
		complain(page, _("The answers of two operators are needed."));
	else
		ask_pin(page);
}

static void
fill_paper(struct page *page)
{
	guint count = page->answers->len;
	g_autofree char *have = g_strdup_printf(
		ngettext("%u answer of two is here.", "%u answers of two are here.", count), count);
	g_autofree char *number =
		g_strdup_printf(_("Order number: %s"), ouk_order_info(page->order)->number);
	GtkWidget *button = NULL;

	ouk_label_add(page->body, _("Waiting for two operators of the CA"), "ouk-unit");
	ouk_label_add(page->body,
		      _("1. Save the paper and send it to the CA, by e-mail for instance. It holds "
			"no secret."),
		      NULL);
	button = ouk_button_add(page->body, _("_Save the Paper…"), NULL);
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(on_save), page);
	ouk_label_add(page->body,
		      _("2. Two operators look into it and sign it. Add the two files that the CA "
			"sends back. When you come back later, ask once more with the same "
			"certificate and telephone: the paper is the same then."),
		      NULL);
	button = ouk_button_add(page->body, _("_Add an Answer…"), NULL);
	g_signal_connect_swapped(button, "clicked", G_CALLBACK(on_add), page);
	ouk_label_add(page->body, have, NULL);
	ouk_label_add(page->body, _("3. Write the old encryption key onto this key."), NULL);
	add_go(page, _("_Write It onto the Key"), G_CALLBACK(on_write));
	ouk_label_add(page->body, number, "dim-label");
}

/* ---- the rest ---- */

static void
fill_asking(struct page *page)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *spinner = gtk_spinner_new();

	page->sentence = GTK_LABEL(ouk_label_new(
		page->prompt != NULL ? _("Type the PIN in the window that has opened.")
				     : _("Working on the key…"),
		NULL));
	gtk_spinner_start(GTK_SPINNER(spinner));
	gtk_container_add(GTK_CONTAINER(row), spinner);
	gtk_container_add(GTK_CONTAINER(row), GTK_WIDGET(page->sentence));
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(page->body), row);
	if (page->prompt == NULL)
		ouk_label_add(page->body,
			      _("Do not unplug the key. Only this key may be plugged in."),
			      "ouk-unit");
}

static void
fill_done(struct page *page)
{
	gtk_container_add(GTK_CONTAINER(page->body),
			  ouk_badge_new("ouk-valid-symbolic", "ouk-good", _("done")));
	ouk_label_add(page->body, _("The old encryption key is on the key."), "ouk-headline");
	ouk_label_add(
		page->body,
		_("It is there for reading only: what was encrypted to the old certificate can "
		  "be opened again, on every computer."),
		NULL);
	if (page->stays)
		ouk_label_add(page->body,
			      _("This model cannot remove the auxiliary signing key. It has no "
				"certificate and is of no use."),
			      "dim-label");
	ouk_button_add(page->body, _("_Back"), "win.back");
}

static void
fill(struct page *page)
{
	static void (*const fills[])(struct page *) = {
		[FORM] = fill_form,
		[ASKING] = fill_asking,
		[PAPER] = fill_paper,
		[DONE] = fill_done,
	};

	page->sentence = NULL;
	page->certs = NULL;
	page->phone = NULL;
	complain(page, NULL);
	ouk_clear(page->body);
	fills[page->state](page);
	gtk_widget_child_focus(GTK_WIDGET(page->body), GTK_DIR_TAB_FORWARD);
}

gboolean
ouk_recover_offered(const OukProfile *profile, OukTokenView *view)
{
	return view != NULL && ouk_token_view_best(view) != NULL && profile != NULL &&
	       profile->service.url != NULL &&
	       (ouk_token_view_info(view)->flags & OUK_TOKEN_VENDOR) != 0;
}

static void
bytes_unref(gpointer data)
{
	g_bytes_unref(data);
}

GtkWidget *
ouk_recover_page_new(GtkWindow *window, const OukProfile *profile, OukTokenView *view,
		     OukOrder *order)
{
	struct page *page = g_new0(struct page, 1);
	GtkBox *box = NULL, *card = NULL;
	GtkWidget *body = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);

	page->refs = 1;
	page->widget = ouk_page_new(&box);
	page->profile = profile;
	page->view = g_object_ref(view);
	page->tries = ouk_token_view_info(view)->tries;
	page->service = ouk_service_new(profile, NULL);
	page->order = order != NULL ? g_object_ref(order) : NULL;
	page->old = g_ptr_array_new_with_free_func(bytes_unref);
	page->names = g_ptr_array_new_with_free_func(g_free);
	page->answers = g_ptr_array_new_with_free_func(bytes_unref);
	page->parent_window = ouk_prompt_parent_new(window);
	page->cancellable = g_cancellable_new();
	card = ouk_card_add(box);
	page->body = GTK_BOX(body);
	gtk_widget_show(body);
	gtk_container_add(GTK_CONTAINER(card), body);
	page->complaint = GTK_LABEL(ouk_label_new("", "ouk-complaint"));
	gtk_container_add(GTK_CONTAINER(card), GTK_WIDGET(page->complaint));
	g_signal_connect(page->widget, "destroy", G_CALLBACK(on_destroy), page);
	ouk_window_keep(page->widget);
	add_remembered(page);
	fill(page);
	return page->widget;
}
