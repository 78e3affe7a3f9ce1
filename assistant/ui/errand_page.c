/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/errand_page.h"

#include "assistant/ui/guide_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define CODE_LEN 8
#define CODE_MAX 12 /* with spaces around it */

struct _OukErrandPage {
	GtkBox parent;
	OukErrand *errand;
	GtkBox *stages, *body, *foot;
	GtkLabel *number, *question;
	GtkLabel *complaint; /* beside the first button where the page has one, else below */
	GtkLabel *complaint_below;
	GtkRevealer *asking;
	GtkButton *yes;
	GtkWidget *no, *cancel;
	OukDeskEvent asked;
	OukErrandReady ready;
	gpointer ready_data;
	char *shown; /* what the body was made from */
	OukDeskStage stage;
};

G_DEFINE_TYPE(OukErrandPage, ouk_errand_page, GTK_TYPE_BOX)

OukGuideKind
ouk_errand_guide_kind(const char *kind)
{
	if (strcmp(kind, "lost") == 0 || strcmp(kind, "damaged") == 0)
		return OUK_GUIDE_REPLACE;
	return ouk_guide_kind(kind);
}

OukErrand *
ouk_errand_page_errand(OukErrandPage *self)
{
	return self->errand;
}

const OukErrandInfo *
ouk_errand_page_info(OukErrandPage *self)
{
	return ouk_errand_info(self->errand);
}

const OukOrderInfo *
ouk_errand_page_order(OukErrandPage *self)
{
	return ouk_order_info(ouk_errand_page_info(self)->order);
}

/* What is filled in or pressed first. TRUE: it has the keyboard. */
static gboolean
focus_first(GtkWidget *widget)
{
	g_autoptr(GList) children = NULL;

	if (!gtk_widget_get_visible(widget) || !gtk_widget_get_sensitive(widget))
		return FALSE;
	if (GTK_IS_ENTRY(widget) || GTK_IS_BUTTON(widget) || GTK_IS_COMBO_BOX(widget)) {
		gtk_widget_grab_focus(widget);
		return TRUE;
	}
	if (!GTK_IS_CONTAINER(widget))
		return FALSE;
	children = gtk_container_get_children(GTK_CONTAINER(widget));
	if (GTK_IS_GRID(widget)) /* the last comes first there */
		children = g_list_reverse(children);
	for (GList *each = children; each != NULL; each = each->next)
		if (focus_first(each->data))
			return TRUE;
	return FALSE;
}

/* ---- asking first ---- */

static void
hush(OukErrandPage *self)
{
	gtk_revealer_set_reveal_child(self->asking, FALSE);
}

static void
on_yes(GtkButton *button, OukErrandPage *self)
{
	hush(self);
	ouk_errand_do(self->errand, self->asked);
}

static void
on_no(GtkButton *button, OukErrandPage *self)
{
	hush(self);
	focus_first(GTK_WIDGET(self->body));
}

static void
ask(OukErrandPage *self, const char *question, const char *label, OukDeskEvent event)
{
	g_autofree char *answer = g_strdup(label);

	/* the question has been asked: no dots */
	if (g_str_has_suffix(answer, "…"))
		answer[strlen(answer) - strlen("…")] = '\0';
	self->asked = event;
	gtk_label_set_text(self->question, question);
	gtk_button_set_label(self->yes, answer);
	gtk_revealer_set_reveal_child(self->asking, TRUE);
	gtk_widget_grab_focus(self->no); /* the harmless one */
}

/* ---- buttons ---- */

void
ouk_errand_page_complain(OukErrandPage *self, const char *text)
{
	gtk_label_set_text(self->complaint, text != NULL ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(self->complaint), text != NULL);
}

void
ouk_errand_page_set_ready(OukErrandPage *self, OukErrandReady ready, gpointer data)
{
	self->ready = ready;
	self->ready_data = data;
}

static void
on_button(GtkButton *button, OukErrandPage *self)
{
	OukDeskEvent event = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "event"));
	const char *question = g_object_get_data(G_OBJECT(button), "question");

	ouk_errand_page_complain(self, NULL);
	if (event == OUK_DESK_GO && self->ready != NULL && !self->ready(self, self->ready_data))
		return;
	if (question != NULL)
		ask(self, question, gtk_button_get_label(button), event);
	else
		ouk_errand_do(self->errand, event);
}

GtkWidget *
ouk_errand_page_button(OukErrandPage *self, GtkBox *box, const char *label, OukDeskEvent event,
		       const char *question)
{
	GtkWidget *button = ouk_button_add(box, label, NULL);

	g_object_set_data(G_OBJECT(button), "event", GUINT_TO_POINTER(event));
	g_object_set_data_full(G_OBJECT(button), "question", g_strdup(question), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(on_button), self);
	return button;
}

static GtkLabel *
complaint_add(GtkBox *box)
{
	GtkWidget *label = ouk_label_new("", "ouk-complaint");

	gtk_widget_hide(label);
	gtk_container_add(GTK_CONTAINER(box), label);
	return GTK_LABEL(label);
}

GtkWidget *
ouk_errand_page_go(OukErrandPage *self, GtkBox *box, const char *label, const char *question)
{
	GtkWidget *button = NULL;

	self->complaint = complaint_add(box);
	button = ouk_errand_page_button(self, box, label, OUK_DESK_GO, question);
	ouk_add_class(button, "suggested-action");
	ouk_add_class(button, "ouk-big");
	gtk_widget_set_can_default(button, TRUE);
	gtk_widget_grab_default(button);
	return button;
}

/* ---- codes ---- */

static gboolean
code_ready(OukErrandPage *page, gpointer data)
{
	g_autofree char *text = g_strstrip(g_strdup(gtk_entry_get_text(GTK_ENTRY(data))));

	if (strspn(text, "0123456789") != CODE_LEN || strlen(text) != CODE_LEN) {
		ouk_errand_page_complain(page, _("The code has 8 digits."));
		return FALSE;
	}
	ouk_errand_set_code(ouk_errand_page_errand(page), text);
	return TRUE;
}

void
ouk_errand_page_add_code(OukErrandPage *page, GtkBox *box, const char *name)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(name), *entry = gtk_entry_new();

	gtk_entry_set_max_length(GTK_ENTRY(entry), CODE_MAX);
	gtk_entry_set_width_chars(GTK_ENTRY(entry), CODE_MAX);
	gtk_entry_set_input_purpose(GTK_ENTRY(entry), GTK_INPUT_PURPOSE_DIGITS);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
	atk_object_set_name(gtk_widget_get_accessible(entry), gtk_label_get_text(GTK_LABEL(label)));
	gtk_container_add(GTK_CONTAINER(row), label);
	gtk_container_add(GTK_CONTAINER(row), entry);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(box), row);
	ouk_errand_page_set_ready(page, code_ready, entry);
}

/* ---- the way ---- */

/* While something is under way, or failed, it is where it was. */
static OukDeskStage
stage_of(OukErrandPage *self, const OukErrandInfo *info)
{
	static const gboolean stays[OUK_DESK_STATES] = {
		[OUK_DESK_BUSY] = TRUE,    [OUK_DESK_OFFLINE] = TRUE, [OUK_DESK_TROUBLE] = TRUE,
		[OUK_DESK_LOOKING] = TRUE, [OUK_DESK_ON_KEY] = TRUE,  [OUK_DESK_PULLED] = TRUE,
	};

	return stays[info->flow.state] ? self->stage : ouk_desk_stage(info->flow.state);
}

static void
fill_stages(OukErrandPage *self, const OukErrandInfo *info)
{
	guint number = 0;

	self->stage = stage_of(self, info);
	ouk_clear(self->stages);
	for (OukDeskStage stage = 0; stage < OUK_DESK_STAGES; stage++) {
		g_autofree char *text = NULL, *spoken = NULL;
		GtkWidget *label = NULL;

		if (!ouk_desk_has_stage(info->kind, stage))
			continue;
		/* TRANSLATORS: number and name of a step */
		text = g_strdup_printf(_("%u. %s"), ++number,
				       ouk_desk_stage_text(info->kind, stage));
		label = gtk_label_new(text);
		gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
		ouk_add_class(label, stage == self->stage ? "ouk-stage-now" : "ouk-stage");
		if (stage == self->stage) {
			spoken = g_strdup_printf(_("%s (now)"), text);
			atk_object_set_name(gtk_widget_get_accessible(label), spoken);
		}
		gtk_container_add(GTK_CONTAINER(self->stages), label);
	}
	gtk_widget_show_all(GTK_WIDGET(self->stages));
}

/* ---- the body ---- */

/* The same text: the body would look the same, and whoever is in it stays where they are. */
static char *
fingerprint(const OukErrandInfo *info)
{
	const OukOrderInfo *order = info->order != NULL ? ouk_order_info(info->order) : NULL;
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%d|%s|%s|%s", (int)info->flow.state, info->kind,
			       info->error != NULL ? info->error->message : "",
			       info->sentence != NULL ? info->sentence : "");
	if (order == NULL)
		return g_string_free(text, FALSE);
	g_string_append_printf(text, "|%s|%s|%s|%" G_GINT64_FORMAT "|%" G_GINT64_FORMAT, order->id,
			       order->state, order->tracking, order->handler_code_until,
			       order->handler_code_left);
	for (guint i = 0; i < order->documents->len; i++) {
		const OukDocument *each = order->documents->pdata[i];

		g_string_append_printf(text, "|%s:%s:%s", each->slot, each->state, each->reason);
	}
	return g_string_free(text, FALSE);
}

static void
fill_foot(OukErrandPage *self, const OukErrandInfo *info)
{
	const OukOrderInfo *order = info->order != NULL ? ouk_order_info(info->order) : NULL;
	const char *number = order != NULL ? order->number : NULL;
	g_autofree char *text =
		number != NULL ? g_strdup_printf(_("Order number: %s"), number) : NULL;

	ouk_clear(self->foot);
	if (info->flow.state != OUK_DESK_DONE)
		ouk_guide_add_buttons(self->foot, ouk_errand_guide_kind(info->kind), info->profile,
				      info->view, number);
	gtk_label_set_text(self->number, text != NULL ? text : "");
	gtk_widget_set_visible(GTK_WIDGET(self->number), text != NULL);
	gtk_widget_set_visible(self->cancel,
			       order != NULL &&
				       ouk_desk_can_cancel(&info->flow, order->kind, order->state));
}

static void
refresh(OukErrandPage *self)
{
	const OukErrandInfo *info = ouk_errand_info(self->errand);
	g_autofree char *now = fingerprint(info);

	if (g_strcmp0(now, self->shown) == 0)
		return;
	g_free(self->shown);
	self->shown = g_steal_pointer(&now);
	hush(self);
	self->complaint = self->complaint_below;
	ouk_errand_page_complain(self, NULL);
	self->ready = NULL;
	fill_stages(self, info);
	ouk_clear(self->body);
	ouk_errand_view_fill(self, self->body);
	fill_foot(self, info);
	if (gtk_widget_get_mapped(GTK_WIDGET(self)))
		focus_first(GTK_WIDGET(self->body));
}

static void
on_cancel(GtkButton *button, OukErrandPage *self)
{
	const OukErrandInfo *info = ouk_errand_info(self->errand);
	gboolean paid = info->order != NULL && *ouk_order_info(info->order)->payment_state == 'p';

	ask(self,
	    paid ? _("Give this order up? It cannot be taken back. What was paid is paid back.")
		 : _("Give this order up? It cannot be taken back."),
	    _("_Give It Up"), OUK_DESK_CANCEL);
}

/* ---- life ---- */

static void
ouk_errand_page_dispose(GObject *object)
{
	OukErrandPage *self = OUK_ERRAND_PAGE(object);

	if (self->errand != NULL)
		g_signal_handlers_disconnect_by_data(self->errand, self);
	if (self->errand != NULL)
		ouk_errand_close(self->errand);
	g_clear_object(&self->errand);
	G_OBJECT_CLASS(ouk_errand_page_parent_class)->dispose(object);
}

static void
ouk_errand_page_finalize(GObject *object)
{
	g_free(OUK_ERRAND_PAGE(object)->shown);
	G_OBJECT_CLASS(ouk_errand_page_parent_class)->finalize(object);
}

static void
ouk_errand_page_class_init(OukErrandPageClass *klass)
{
	G_OBJECT_CLASS(klass)->dispose = ouk_errand_page_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_errand_page_finalize;
}

static GtkBox *
add_box(GtkBox *box, GtkOrientation orientation, int spacing)
{
	GtkWidget *child = gtk_box_new(orientation, spacing);

	gtk_widget_show(child);
	gtk_container_add(GTK_CONTAINER(box), child);
	return GTK_BOX(child);
}

/* "Give it up?", with the harmless answer first. */
static void
add_question(OukErrandPage *self, GtkBox *box)
{
	GtkWidget *revealer = gtk_revealer_new();
	GtkWidget *inner = gtk_box_new(GTK_ORIENTATION_VERTICAL, 12);
	GtkBox *buttons = NULL;

	self->asking = GTK_REVEALER(revealer);
	self->question = GTK_LABEL(ouk_label_new("", NULL));
	gtk_container_add(GTK_CONTAINER(inner), GTK_WIDGET(self->question));
	buttons = add_box(GTK_BOX(inner), GTK_ORIENTATION_HORIZONTAL, 12);
	self->no = ouk_button_add(buttons, _("_No, Leave It"), NULL);
	self->yes = GTK_BUTTON(ouk_button_add(buttons, "", NULL));
	gtk_button_set_use_underline(self->yes, TRUE);
	g_signal_connect(self->no, "clicked", G_CALLBACK(on_no), self);
	g_signal_connect(self->yes, "clicked", G_CALLBACK(on_yes), self);
	gtk_container_add(GTK_CONTAINER(revealer), inner);
	gtk_widget_show_all(revealer);
	gtk_container_add(GTK_CONTAINER(box), revealer);
}

static void
ouk_errand_page_init(OukErrandPage *self)
{
	GtkBox *box = NULL, *card = NULL;
	GtkWidget *page = ouk_page_new(&box);

	self->stages = add_box(box, GTK_ORIENTATION_HORIZONTAL, 12);
	card = ouk_card_add(box);
	self->body = add_box(card, GTK_ORIENTATION_VERTICAL, 12);
	self->complaint = self->complaint_below = complaint_add(card);
	add_question(self, card);
	self->number = GTK_LABEL(ouk_label_new("", "dim-label"));
	gtk_container_add(GTK_CONTAINER(box), GTK_WIDGET(self->number));
	self->foot = add_box(box, GTK_ORIENTATION_VERTICAL, 12);
	self->cancel = ouk_button_add(box, _("_Give Up the Order…"), NULL);
	g_signal_connect(self->cancel, "clicked", G_CALLBACK(on_cancel), self);
	gtk_box_pack_start(GTK_BOX(self), page, TRUE, TRUE, 0);
}

GtkWidget *
ouk_errand_page_new(OukErrand *errand)
{
	OukErrandPage *self = g_object_new(OUK_TYPE_ERRAND_PAGE, "visible", TRUE, NULL);

	self->errand = errand;
	ouk_window_keep(GTK_WIDGET(self));
	g_signal_connect_swapped(errand, "changed", G_CALLBACK(refresh), self);
	ouk_errand_begin(errand);
	refresh(self);
	return GTK_WIDGET(self);
}
