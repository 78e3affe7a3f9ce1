/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/pinentry/dialog.h"

#include "assistant/core/flow.h"
#include "assistant/core/pin_rule.h"
#include "assistant/core/unlock.h"
#include "assistant/pinentry/choices.h"
#include "assistant/pinentry/fields.h"
#include "assistant/pinentry/lock_label.h"
#include "assistant/pinentry/parent.h"
#include "assistant/pinentry/words.h"

#include <gdk/gdkkeysyms.h>
#include <glib/gi18n.h>

struct _OukPromptDialog {
	GtkWindow parent;
	OukPromptAnswered answered;
	gpointer data;
	OukPromptRequest request;
	OukPinRule *rule;
	OukPinFields fields;
	char *notice;               /* what came of the last answer, shown with the next question */
	gboolean open;              /* a question waits for its answer */
	gboolean ended;             /* the last page */
	OukPromptDecision decision; /* the last question's */
	const char *showing;        /* page */

	GtkWidget *practice, *heading, *facts, *pages, *pin_label, *pin, *new_label, *new_pin;
	GtkWidget *again_label, *again, *rules, *message_box, *message, *caps, *hint, *num;
	GtkWidget *question_text, *choices;
	GtkWidget *guard_text, *guard_route_text, *guard_label, *guard_number, *end_text;
	GtkWidget *busy, *cancel, *insist, *ok;
};

G_DEFINE_TYPE(OukPromptDialog, ouk_prompt_dialog, GTK_TYPE_WINDOW)

/* ---- parts ---- */

static void
fact_add(OukPromptDialog *dialog, const char *name, const char *value, gboolean strong)
{
	GtkGrid *grid = GTK_GRID(dialog->facts);
	GtkWidget *label, *text;
	int row = 0;

	if (value == NULL || *value == '\0')
		return;
	while (gtk_grid_get_child_at(grid, 0, row) != NULL)
		row++;
	label = gtk_label_new(name);
	text = gtk_label_new(value);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_yalign(GTK_LABEL(label), 0);
	gtk_style_context_add_class(gtk_widget_get_style_context(label), "dim-label");
	gtk_label_set_xalign(GTK_LABEL(text), 0);
	gtk_label_set_line_wrap(GTK_LABEL(text), TRUE);
	gtk_label_set_line_wrap_mode(GTK_LABEL(text), PANGO_WRAP_WORD_CHAR);
	gtk_label_set_max_width_chars(GTK_LABEL(text), 34);
	if (strong) {
		PangoAttrList *attributes = pango_attr_list_new();

		pango_attr_list_insert(attributes, pango_attr_weight_new(PANGO_WEIGHT_BOLD));
		gtk_label_set_attributes(GTK_LABEL(text), attributes);
		pango_attr_list_unref(attributes);
	}
	gtk_grid_attach(grid, label, 0, row, 1, 1);
	gtk_grid_attach(grid, text, 1, row, 1, 1);
}

static void
facts_show(OukPromptDialog *dialog)
{
	const OukPromptRequest *request = &dialog->request;
	g_autofree char *asker = ouk_words_asker(request);
	g_autofree char *key = ouk_words_key(request);
	g_autofree char *tries = ouk_words_tries(request->left, request->max);
	g_autofree char *site = ouk_words_site(request);
	gboolean counts = request->reason != OUK_PROMPT_UNBLOCK &&
			  request->reason != OUK_PROMPT_QUESTION && !dialog->ended;

	gtk_container_foreach(GTK_CONTAINER(dialog->facts), (GtkCallback)(void *)gtk_widget_destroy,
			      NULL);
	fact_add(dialog, _("Asked by"), asker, FALSE);
	fact_add(dialog, _("Site"), request->site, TRUE);
	fact_add(dialog, _("Hall"), site, FALSE);
	fact_add(dialog, _("Connection"), ouk_words_connection(request), FALSE);
	fact_add(dialog, _("For"), request->purpose, FALSE);
	fact_add(dialog, _("Key"), key, FALSE);
	fact_add(dialog, _("Unit"), request->unit, FALSE);
	if (counts)
		fact_add(dialog, _("Tries"), tries, TRUE);
	gtk_widget_show_all(dialog->facts);
}

static void
message_show(OukPromptDialog *dialog, const char *message)
{
	gtk_label_set_text(GTK_LABEL(dialog->message), message != NULL ? message : "");
	gtk_widget_set_visible(dialog->message_box, message != NULL);
	/* What a screen reader says of the field that the person is sent back to. */
	ouk_pin_fields_describe(&dialog->fields, message != NULL ? message : "");
}

static void
page_show(OukPromptDialog *dialog, const char *page)
{
	gtk_stack_set_visible_child_name(GTK_STACK(dialog->pages), page);
	dialog->showing = page;
	gtk_widget_hide(dialog->insist);
	gtk_widget_set_sensitive(dialog->pages, TRUE);
	gtk_widget_set_sensitive(dialog->ok, TRUE);
	gtk_spinner_stop(GTK_SPINNER(dialog->busy));
	gtk_widget_hide(dialog->busy);
}

/* ---- pages ---- */

static void
fields_show(OukPromptDialog *dialog)
{
	g_autofree char *hint = ouk_words_hint(&dialog->request);

	gtk_button_set_label(GTK_BUTTON(dialog->ok), ouk_words_verb(dialog->request.reason));
	gtk_label_set_text(GTK_LABEL(dialog->hint), hint);
	gtk_widget_set_visible(dialog->hint, ouk_pin_fields_asks_old(&dialog->fields));
	page_show(dialog, "fields");
	message_show(dialog, dialog->notice);
	g_clear_pointer(&dialog->notice, g_free);
	ouk_pin_fields_focus(&dialog->fields);
	gtk_window_set_default(GTK_WINDOW(dialog), dialog->ok);
}

static gboolean
guard_agrees(OukPromptDialog *dialog)
{
	g_autofree char *wanted = g_strdup_printf("%d", dialog->request.left);

	return g_strcmp0(gtk_entry_get_text(GTK_ENTRY(dialog->guard_number)), wanted) == 0;
}

static void
on_guard_changed(GtkEditable *editable, gpointer data)
{
	OukPromptDialog *dialog = data;

	gtk_widget_set_sensitive(dialog->ok, guard_agrees(dialog));
}

static void
guard_show(OukPromptDialog *dialog)
{
	g_autofree char *guard = ouk_words_guard(dialog->request.left);
	g_autofree char *route = ouk_words_route(&dialog->request);
	g_autofree char *text = NULL;
	g_autofree char *label =
		g_strdup_printf(_("To use one, type the number _%d:"), dialog->request.left);

	/* The last answer's end comes first: it is why there are so few. */
	text = dialog->notice != NULL ? g_strdup_printf("%s\n%s", dialog->notice, guard)
				      : g_strdup(guard);
	gtk_label_set_text(GTK_LABEL(dialog->guard_text), text);
	gtk_label_set_text(GTK_LABEL(dialog->guard_route_text), route);
	gtk_label_set_text_with_mnemonic(GTK_LABEL(dialog->guard_label), label);
	gtk_entry_set_text(GTK_ENTRY(dialog->guard_number), "");
	gtk_button_set_label(GTK_BUTTON(dialog->ok), _("_Go On"));
	page_show(dialog, "guard");
	gtk_widget_set_sensitive(dialog->ok, FALSE);
	gtk_window_set_default(GTK_WINDOW(dialog), dialog->ok);
	gtk_widget_grab_focus(dialog->guard_number);
}

static void
end_show(OukPromptDialog *dialog, const char *heading, const char *text)
{
	dialog->ended = TRUE;
	gtk_label_set_text(GTK_LABEL(dialog->heading), heading);
	gtk_label_set_text(GTK_LABEL(dialog->end_text), text);
	facts_show(dialog);
	gtk_widget_hide(dialog->ok);
	gtk_button_set_label(GTK_BUTTON(dialog->cancel), _("_Close"));
	page_show(dialog, "end");
	gtk_widget_grab_focus(dialog->cancel);
	gtk_widget_set_can_default(dialog->cancel, TRUE);
	gtk_window_set_default(GTK_WINDOW(dialog), dialog->cancel);
}

static void
locked_show(OukPromptDialog *dialog)
{
	g_autofree char *route = ouk_words_route(&dialog->request);
	g_autofree char *text = g_strdup_printf(
		"%s\n\n%s",
		_("A wrong UKEY PIN was typed too many times, so the key has locked itself. "
		  "The certificates on it are not lost."),
		route);

	end_show(dialog, _("The UKEY PIN is locked"), text);
}

/* Any PIN would be wrong now; no field. FALSE: there is no such thing. */
static gboolean
unfinished_show(OukPromptDialog *dialog)
{
	const OukPromptRequest *request = &dialog->request;
	g_autofree char *order = NULL;
	g_autofree char *text = NULL;

	if (request->reason == OUK_PROMPT_UNBLOCK || request->serial == NULL)
		return FALSE;
	order = ouk_unlock_pending(request->serial);
	if (order == NULL)
		return FALSE;
	text = g_strdup_printf(
		_("Unlocking this key was interrupted, so its PIN is one that nobody knows. "
		  "Continue with order %s and its authorization code."),
		order);
	end_show(dialog, _("Unlocking is not finished"), text);
	return TRUE;
}

static void
question_show(OukPromptDialog *dialog)
{
	const OukPromptRequest *request = &dialog->request;

	gtk_label_set_text(GTK_LABEL(dialog->question_text),
			   request->text != NULL ? request->text : "");
	ouk_choices_show(GTK_BOX(dialog->choices), request->choices);
	page_show(dialog, "question");
	gtk_widget_set_visible(dialog->ok, request->yes != NULL);
	gtk_button_set_label(GTK_BUTTON(dialog->ok), request->yes != NULL ? request->yes : "");
	gtk_button_set_label(GTK_BUTTON(dialog->cancel),
			     request->no != NULL ? request->no : _("_Close"));
	gtk_button_set_label(GTK_BUTTON(dialog->insist),
			     request->never != NULL ? request->never : "");
	gtk_widget_set_visible(dialog->insist, request->never != NULL);
	/* Enter must not agree to what nobody has read. */
	gtk_widget_set_can_default(dialog->cancel, TRUE);
	gtk_window_set_default(GTK_WINDOW(dialog), dialog->cancel);
	gtk_widget_grab_focus(dialog->cancel);
}

/* ---- what is told ---- */

static void
page_choose(OukPromptDialog *dialog)
{
	const OukPromptRequest *request = &dialog->request;

	if (request->reason == OUK_PROMPT_QUESTION) {
		question_show(dialog);
		return;
	}
	if (unfinished_show(dialog))
		return;
	if (request->reason == OUK_PROMPT_UNBLOCK || request->left < 0 ||
	    request->left > OUK_LAST_TRIES)
		fields_show(dialog);
	else if (request->left > 0)
		guard_show(dialog);
	else
		locked_show(dialog);
}

void
ouk_prompt_dialog_ask(OukPromptDialog *dialog, const OukPromptRequest *request)
{
	g_autofree char *heading = NULL;

	ouk_prompt_request_clear(&dialog->request);
	ouk_prompt_request_copy(&dialog->request, request);
	g_clear_pointer(&dialog->rule, ouk_pin_rule_free);
	if (request->rule != NULL)
		dialog->rule = ouk_pin_rule_unpack(request->rule);
	if (dialog->rule == NULL)
		dialog->rule = ouk_pin_rule_new(NULL, (guint)request->min_length,
						(guint)request->max_length, NULL);
	heading = ouk_words_heading(request);
	gtk_label_set_text(GTK_LABEL(dialog->heading), heading);
	gtk_window_set_title(GTK_WINDOW(dialog), ouk_words_title(request->reason));
	gtk_widget_set_visible(dialog->practice, request->rehearsal);
	if (dialog->notice == NULL)
		dialog->notice = g_strdup(request->notice);
	dialog->ended = FALSE;
	dialog->open = TRUE;
	facts_show(dialog);
	if (request->reason != OUK_PROMPT_QUESTION)
		ouk_pin_fields_ask(&dialog->fields, request, dialog->rule);
	page_choose(dialog);
	ouk_parent_set(GTK_WINDOW(dialog), request->parent);
	gtk_window_set_keep_above(GTK_WINDOW(dialog), TRUE);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void
notice_set(OukPromptDialog *dialog, char *notice)
{
	g_free(dialog->notice);
	dialog->notice = notice;
	message_show(dialog, notice);
}

static void
told_right(OukPromptDialog *dialog, const OukPromptResult *result)
{
	g_autofree char *done = ouk_words_done(&dialog->request);

	if (done != NULL)
		end_show(dialog, ouk_words_title(dialog->request.reason), done);
	else
		gtk_widget_hide(GTK_WIDGET(dialog));
}

static void
told_wrong(OukPromptDialog *dialog, const OukPromptResult *result)
{
	if (result->left == 0)
		locked_show(dialog);
	else
		notice_set(dialog, ouk_words_wrong(result->left, result->max));
}

static void
told_refused(OukPromptDialog *dialog, const OukPromptResult *result)
{
	notice_set(dialog, g_strdup(result->text));
}

static void
told_locked(OukPromptDialog *dialog, const OukPromptResult *result)
{
	locked_show(dialog);
}

static void
told_failed(OukPromptDialog *dialog, const OukPromptResult *result)
{
	end_show(dialog, _("That did not work"), result->text != NULL ? result->text : "");
}

void
ouk_prompt_dialog_tell(OukPromptDialog *dialog, const OukPromptResult *result)
{
	static void (*const told[OUK_PROMPT_OUTCOMES])(OukPromptDialog *,
						       const OukPromptResult *) = {
		[OUK_PROMPT_RIGHT] = told_right,     [OUK_PROMPT_WRONG] = told_wrong,
		[OUK_PROMPT_REFUSED] = told_refused, [OUK_PROMPT_LOCKED] = told_locked,
		[OUK_PROMPT_FAILED] = told_failed,
	};

	dialog->request.left = result->left;
	if (result->max >= 0)
		dialog->request.max = result->max;
	told[result->outcome](dialog, result);
}

gboolean
ouk_prompt_dialog_ended(OukPromptDialog *dialog)
{
	return dialog->ended;
}

/* ---- what the person does ---- */

static void
answer_give(OukPromptDialog *dialog)
{
	struct uk_secret pins[OUK_PROMPT_PINS_MAX] = {0};

	dialog->open = FALSE;
	ouk_pin_fields_take(&dialog->fields, pins);
	message_show(dialog, NULL);
	gtk_widget_hide(dialog->insist);
	gtk_widget_set_sensitive(dialog->pages, FALSE);
	gtk_widget_set_sensitive(dialog->ok, FALSE);
	gtk_widget_show(dialog->busy);
	gtk_spinner_start(GTK_SPINNER(dialog->busy));
	dialog->answered(pins, dialog->data);
	uk_wipe(pins, sizeof(pins));
}

static void
fields_try(OukPromptDialog *dialog, gboolean insist)
{
	gboolean may_insist = FALSE;
	const char *refusal = ouk_pin_fields_check(&dialog->fields, insist, &may_insist);

	if (refusal == NULL) {
		answer_give(dialog);
		return;
	}
	message_show(dialog, refusal);
	gtk_widget_set_visible(dialog->insist, may_insist);
}

static void
decide(OukPromptDialog *dialog, OukPromptDecision decision)
{
	dialog->decision = decision;
	dialog->open = FALSE;
	gtk_widget_hide(GTK_WIDGET(dialog));
	dialog->answered(NULL, dialog->data);
}

OukPromptDecision
ouk_prompt_dialog_decision(OukPromptDialog *dialog, guint *ret_choice)
{
	*ret_choice = ouk_choices_chosen(GTK_BOX(dialog->choices));
	return dialog->decision;
}

static void
on_insist(OukPromptDialog *dialog)
{
	if (g_strcmp0(dialog->showing, "question") == 0)
		decide(dialog, OUK_PROMPT_NEVER);
	else
		fields_try(dialog, TRUE);
}

static void
on_ok(OukPromptDialog *dialog)
{
	if (!dialog->open || dialog->ended)
		return;
	if (g_strcmp0(dialog->showing, "question") == 0)
		decide(dialog, OUK_PROMPT_YES);
	else if (g_strcmp0(dialog->showing, "guard") != 0)
		fields_try(dialog, FALSE);
	else if (guard_agrees(dialog))
		fields_show(dialog);
}

static void
on_cancel(OukPromptDialog *dialog)
{
	ouk_pin_fields_clear(&dialog->fields);
	decide(dialog, OUK_PROMPT_NO);
}

static gboolean
on_delete(GtkWidget *widget, GdkEvent *event, gpointer data)
{
	on_cancel(OUK_PROMPT_DIALOG(widget));
	return TRUE;
}

static gboolean
on_key(GtkWidget *widget, GdkEventKey *event, gpointer data)
{
	if (event->keyval != GDK_KEY_Escape)
		return GDK_EVENT_PROPAGATE;
	on_cancel(OUK_PROMPT_DIALOG(widget));
	return GDK_EVENT_STOP;
}

/* Something else is being typed: what was said of the last is not true of it any more. */
static void
on_typed(gpointer data)
{
	OukPromptDialog *dialog = data;

	if (gtk_widget_get_visible(dialog->insist))
		message_show(dialog, NULL);
	gtk_widget_hide(dialog->insist);
}

/* ---- class ---- */

static void
dialog_finalize(GObject *object)
{
	OukPromptDialog *dialog = OUK_PROMPT_DIALOG(object);

	ouk_prompt_request_clear(&dialog->request);
	g_clear_pointer(&dialog->rule, ouk_pin_rule_free);
	g_free(dialog->notice);
	G_OBJECT_CLASS(ouk_prompt_dialog_parent_class)->finalize(object);
}

#define BIND(class, name) gtk_widget_class_bind_template_child(class, OukPromptDialog, name)

static void
ouk_prompt_dialog_class_init(OukPromptDialogClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->finalize = dialog_finalize;
	gtk_widget_class_set_template_from_resource(widget, "/org/openukey/pinentry/dialog.ui");
	BIND(widget, practice);
	BIND(widget, heading);
	BIND(widget, facts);
	BIND(widget, pages);
	BIND(widget, pin_label);
	BIND(widget, pin);
	BIND(widget, new_label);
	BIND(widget, new_pin);
	BIND(widget, again_label);
	BIND(widget, again);
	BIND(widget, rules);
	BIND(widget, message_box);
	BIND(widget, message);
	BIND(widget, caps);
	BIND(widget, hint);
	BIND(widget, num);
	BIND(widget, question_text);
	BIND(widget, choices);
	BIND(widget, guard_text);
	BIND(widget, guard_route_text);
	BIND(widget, guard_label);
	BIND(widget, guard_number);
	BIND(widget, end_text);
	BIND(widget, busy);
	BIND(widget, cancel);
	BIND(widget, insist);
	BIND(widget, ok);
	gtk_widget_class_bind_template_callback(widget, on_cancel);
	gtk_widget_class_bind_template_callback(widget, on_insist);
	gtk_widget_class_bind_template_callback(widget, on_ok);
}

static void
ouk_prompt_dialog_init(OukPromptDialog *dialog)
{
	gtk_widget_init_template(GTK_WIDGET(dialog));
	ouk_prompt_request_init(&dialog->request);
	dialog->fields = (OukPinFields){
		.old = {GTK_LABEL(dialog->pin_label), GTK_ENTRY(dialog->pin)},
		.fresh = {GTK_LABEL(dialog->new_label), GTK_ENTRY(dialog->new_pin)},
		.again = {GTK_LABEL(dialog->again_label), GTK_ENTRY(dialog->again)},
		.rules = GTK_GRID(dialog->rules),
		.typed = on_typed,
		.data = dialog,
	};
	ouk_pin_fields_make(&dialog->fields);
	ouk_lock_labels_watch(GTK_LABEL(dialog->caps), GTK_LABEL(dialog->num));
	g_signal_connect(dialog, "delete-event", G_CALLBACK(on_delete), NULL);
	g_signal_connect(dialog, "key-press-event", G_CALLBACK(on_key), NULL);
	g_signal_connect(dialog->guard_number, "changed", G_CALLBACK(on_guard_changed), dialog);
}

OukPromptDialog *
ouk_prompt_dialog_new(OukPromptAnswered answered, gpointer data)
{
	OukPromptDialog *dialog = g_object_new(OUK_TYPE_PROMPT_DIALOG, NULL);

	dialog->answered = answered;
	dialog->data = data;
	return dialog;
}
