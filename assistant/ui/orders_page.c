/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/orders_page.h"

#include "assistant/service-client/calls.h"
#include "assistant/service-client/orders.h"
#include "assistant/ui/application.h"
#include "assistant/ui/errand_page.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define CODE_LEN 8

struct page {
	GtkWidget *widget;
	GtkListBox *list;
	GtkLabel *empty, *told;
	GtkEntry *unit_code, *code;
	GtkWidget *ask, *check, *code_row;
	const OukProfile *profile;
	OukService *service;
	GCancellable *cancellable;
	char *grant;
	GPtrArray *found; /* of OukOrder, by the query */
	char *shown;      /* what the list was made from */
};

static void
page_free(gpointer data)
{
	struct page *page = data;

	g_signal_handlers_disconnect_by_data(ouk_application_resume(ouk_application_get()), page);
	g_cancellable_cancel(page->cancellable);
	g_object_unref(page->cancellable);
	g_clear_pointer(&page->service, ouk_service_unref);
	g_clear_pointer(&page->found, g_ptr_array_unref);
	g_free(page->grant);
	g_free(page->shown);
	g_free(page);
}

/* ---- the list ---- */

static void
on_row(GtkListBox *list, GtkListBoxRow *row, struct page *page)
{
	OukOrder *order = g_object_get_data(G_OBJECT(row), "order");
	const OukProfile *profile = g_object_get_data(G_OBJECT(row), "profile");
	const OukOrderInfo *info = ouk_order_info(order);
	GtkWidget *top = gtk_widget_get_toplevel(page->widget);
	OukWatch *watch = ouk_application_watch(ouk_application_get());
	OukErrandSetup setup = {.kind = info->kind,
				.profile = profile,
				.order = order,
				.serial = *info->serial != '\0' ? info->serial : NULL};
	OukErrand *errand = NULL;
	guint count = g_list_model_get_n_items(G_LIST_MODEL(watch));

	for (guint i = 0; i < count; i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(watch), i);

		if (strcmp(ouk_token_view_info(view)->serial, info->serial) == 0)
			setup.view = view; /* the list keeps it */
	}
	if (!OUK_IS_WINDOW(top))
		return;
	setup.window = GTK_WINDOW(top);
	setup.pair = setup.view != NULL ? ouk_token_view_best(setup.view) : NULL;
	errand = ouk_errand_new(&setup);
	if (errand != NULL)
		ouk_window_push(OUK_WINDOW(top), ouk_errand_page_new(errand),
				ouk_order_kind_text(info->kind));
}

static void
add_order(struct page *page, const OukProfile *profile, OukOrder *order)
{
	const OukOrderInfo *info = ouk_order_info(order);
	GtkWidget *row = gtk_list_box_row_new();
	GtkWidget *texts = gtk_box_new(GTK_ORIENTATION_VERTICAL, 4);
	/* TRANSLATORS: kind of an order, its number */
	g_autofree char *title =
		g_strdup_printf(_("%s, order %s"), ouk_order_kind_text(info->kind), info->number);
	GtkWidget *head = ouk_label_new(title, "ouk-unit");
	const char *word = ouk_resume_state(ouk_application_resume(ouk_application_get()), order);
	const char *state = *word != '\0' ? ouk_order_state_text(word) : "";
	GtkWidget *below = ouk_label_new(state, "dim-label");

	gtk_label_set_selectable(GTK_LABEL(head), FALSE);
	gtk_label_set_selectable(GTK_LABEL(below), FALSE);
	gtk_container_add(GTK_CONTAINER(texts), head);
	if (*state != '\0')
		gtk_container_add(GTK_CONTAINER(texts), below);
	gtk_container_add(GTK_CONTAINER(row), texts);
	g_object_set_data_full(G_OBJECT(row), "order", g_object_ref(order), g_object_unref);
	g_object_set_data_full(G_OBJECT(row), "id", g_strdup(info->id), g_free);
	/* profiles live as long as the program */
	g_object_set_data(G_OBJECT(row), "profile", (gpointer)(guintptr)profile);
	atk_object_set_name(gtk_widget_get_accessible(row), title);
	atk_object_set_description(gtk_widget_get_accessible(row), state);
	gtk_widget_show_all(row);
	gtk_container_add(GTK_CONTAINER(page->list), row);
}

static gboolean
is_found(const struct page *page, OukOrder *order)
{
	for (guint i = 0; page->found != NULL && i < page->found->len; i++)
		if (strcmp(ouk_order_info(page->found->pdata[i])->id, ouk_order_info(order)->id) ==
		    0)
			return TRUE;
	return FALSE;
}

/* Of OukResumed: what the query found, then what was begun here. */
static GPtrArray *
orders_of(struct page *page)
{
	const GPtrArray *begun = ouk_resume_list(ouk_application_resume(ouk_application_get()));
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; page->found != NULL && i < page->found->len; i++) {
		OukResumed *each = g_new0(OukResumed, 1);

		*each = (OukResumed){page->profile, page->found->pdata[i]};
		g_ptr_array_add(list, each);
	}
	for (guint i = 0; i < begun->len; i++)
		if (!is_found(page, ((const OukResumed *)begun->pdata[i])->order))
			g_ptr_array_add(list, g_memdup2(begun->pdata[i], sizeof(OukResumed)));
	return list;
}

/* The same list stays: whoever is in it keeps their place. */
static void
fill(struct page *page)
{
	OukResume *resume = ouk_application_resume(ouk_application_get());
	g_autoptr(GPtrArray) list = orders_of(page);
	g_autoptr(GString) text = g_string_new("=");

	for (guint i = 0; i < list->len; i++) {
		const OukResumed *each = list->pdata[i];

		g_string_append_printf(text, "%s:%s|", ouk_order_info(each->order)->id,
				       ouk_resume_state(resume, each->order));
	}
	if (g_strcmp0(text->str, page->shown) == 0)
		return;
	g_free(page->shown);
	page->shown = g_strdup(text->str);
	ouk_clear(page->list);
	for (guint i = 0; i < list->len; i++) {
		const OukResumed *each = list->pdata[i];

		add_order(page, each->profile, each->order);
	}
	gtk_widget_set_visible(GTK_WIDGET(page->list), list->len > 0);
	gtk_widget_set_visible(GTK_WIDGET(page->empty), list->len == 0);
}

/* ---- the query ---- */

static void
tell(struct page *page, const char *text)
{
	gtk_label_set_text(page->told, text);
}

static void
tell_error(struct page *page, const GError *error)
{
	g_autofree char *text =
		g_strdup_printf("%s\n%s", error->message, _(ouk_error_row(error)->cure));

	tell(page, text);
}

static void
on_asked(GObject *source, GAsyncResult *result, gpointer data)
{
	GCancellable *cancellable = g_task_get_cancellable(G_TASK(result));
	g_autoptr(GError) error = NULL;
	g_autoptr(OukReply) reply = ouk_service_ask_finish(result, &error);
	struct page *page = data;

	if (g_cancellable_is_cancelled(cancellable))
		return;
	gtk_widget_set_sensitive(page->ask, TRUE);
	if (reply == NULL) {
		tell_error(page, error);
		return;
	}
	g_free(page->grant);
	page->grant = g_strdup(ouk_reply_text(reply, "grant"));
	gtk_widget_show(page->code_row);
	gtk_widget_grab_focus(GTK_WIDGET(page->code));
	tell(page, _("If the unit has orders, a code is on its way to the handler's telephone."));
}

static void
on_ask(GtkButton *button, struct page *page)
{
	g_autofree char *code = g_strstrip(g_strdup(gtk_entry_get_text(page->unit_code)));
	g_autoptr(OukCall) call = NULL;

	if (*code == '\0') {
		tell(page, _("Type the unit's unified social credit code."));
		return;
	}
	gtk_widget_set_sensitive(page->ask, FALSE);
	call = ouk_call_query(code, NULL);
	ouk_service_ask_async(page->service, call, page->cancellable, on_asked, page);
}

/* What was found is remembered, with the right to it. */
static void
keep(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	g_autoptr(OukOrders) orders = ouk_orders_open(NULL, NULL);
	OukService *service = g_object_get_data(source, "service");
	const GPtrArray *found = data;

	for (guint i = 0; orders != NULL && i < found->len; i++)
		if (!ouk_order_is_over(found->pdata[i]))
			(void)ouk_orders_keep(orders, service, found->pdata[i], NULL, NULL);
	g_task_return_boolean(task, TRUE);
}

static void
on_kept(GObject *source, GAsyncResult *result, gpointer data)
{
	ouk_resume_refresh(ouk_application_resume(ouk_application_get()));
}

static void
service_unref(gpointer data)
{
	ouk_service_unref(data);
}

static void
array_unref(gpointer data)
{
	g_ptr_array_unref(data);
}

static void
keep_found(struct page *page)
{
	g_autoptr(GObject) holder = g_object_new(G_TYPE_OBJECT, NULL);
	g_autoptr(GTask) task = g_task_new(holder, NULL, on_kept, NULL);

	g_object_set_data_full(holder, "service", ouk_service_ref(page->service), service_unref);
	g_task_set_task_data(task, g_ptr_array_ref(page->found), array_unref);
	g_task_run_in_thread(task, keep);
}

static void
on_checked(GObject *source, GAsyncResult *result, gpointer data)
{
	GCancellable *cancellable = g_task_get_cancellable(G_TASK(result));
	g_autoptr(GError) error = NULL;
	g_autoptr(OukReply) reply = ouk_service_ask_finish(result, &error);
	struct page *page = data;
	const GPtrArray *orders = NULL;

	if (g_cancellable_is_cancelled(cancellable))
		return;
	gtk_widget_set_sensitive(page->check, TRUE);
	if (reply == NULL) {
		tell_error(page, error);
		return;
	}
	orders = ouk_reply_orders(reply);
	g_clear_pointer(&page->found, g_ptr_array_unref);
	page->found = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < orders->len; i++)
		g_ptr_array_add(page->found, g_object_ref(orders->pdata[i]));
	gtk_widget_hide(page->code_row);
	tell(page, page->found->len > 0 ? "" : _("The unit has no orders."));
	fill(page);
	keep_found(page);
}

static void
on_check(GtkButton *button, struct page *page)
{
	g_autofree char *code = g_strstrip(g_strdup(gtk_entry_get_text(page->code)));
	g_autoptr(OukCall) call = NULL;

	if (strlen(code) != CODE_LEN || strspn(code, "0123456789") != CODE_LEN) {
		tell(page, _("The code has 8 digits."));
		return;
	}
	gtk_widget_set_sensitive(page->check, FALSE);
	call = ouk_call_query_code(page->grant, code);
	ouk_service_ask_async(page->service, call, page->cancellable, on_checked, page);
}

static GtkEntry *
add_entry(GtkBox *box, const char *name, GtkWidget **ret_row, const char *button_label,
	  GtkWidget **ret_button)
{
	GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new_with_mnemonic(name), *entry = gtk_entry_new();

	gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
	atk_object_set_name(gtk_widget_get_accessible(entry), gtk_label_get_text(GTK_LABEL(label)));
	gtk_entry_set_max_length(GTK_ENTRY(entry), 32);
	gtk_container_add(GTK_CONTAINER(row), label);
	gtk_box_pack_start(GTK_BOX(row), entry, TRUE, TRUE, 0);
	gtk_widget_show_all(row);
	*ret_button = ouk_button_add(GTK_BOX(row), button_label, NULL);
	gtk_container_add(GTK_CONTAINER(box), row);
	*ret_row = row;
	return GTK_ENTRY(entry);
}

static void
add_query(struct page *page, GtkBox *box, const char *unit_code)
{
	GtkBox *card = ouk_card_add(box);
	GtkWidget *row = NULL;

	gtk_container_add(GTK_CONTAINER(card), ouk_label_new(_("Find Orders"), "ouk-unit"));
	gtk_container_add(
		GTK_CONTAINER(card),
		ouk_label_new(
			_("Orders that were begun elsewhere are found with a code that is sent "
			  "to the handler's telephone."),
			NULL));
	page->unit_code = add_entry(card, _("_Unified social credit code"), &row,
				    _("_Send the Code"), &page->ask);
	page->code = add_entry(card, _("_Code sent to the handler"), &page->code_row,
			       _("Show the _Orders"), &page->check);
	gtk_widget_hide(page->code_row);
	if (unit_code != NULL)
		gtk_entry_set_text(page->unit_code, unit_code);
	page->told = GTK_LABEL(ouk_label_new("", NULL));
	gtk_container_add(GTK_CONTAINER(card), GTK_WIDGET(page->told));
	g_signal_connect(page->ask, "clicked", G_CALLBACK(on_ask), page);
	g_signal_connect(page->check, "clicked", G_CALLBACK(on_check), page);
}

GtkWidget *
ouk_orders_page_new(const OukProfile *profile, const char *unit_code)
{
	struct page *page = g_new0(struct page, 1);
	GtkBox *box = NULL;

	page->widget = ouk_page_new(&box);
	page->profile = profile;
	page->cancellable = g_cancellable_new();
	page->service = profile != NULL ? ouk_service_new(profile, NULL) : NULL;
	page->list = GTK_LIST_BOX(gtk_list_box_new());
	gtk_list_box_set_selection_mode(page->list, GTK_SELECTION_NONE);
	ouk_add_class(GTK_WIDGET(page->list), "ouk-list");
	atk_object_set_name(gtk_widget_get_accessible(GTK_WIDGET(page->list)), _("My Orders"));
	g_signal_connect(page->list, "row-activated", G_CALLBACK(on_row), page);
	page->empty = GTK_LABEL(ouk_label_new(_("No order is open on this computer."), NULL));
	gtk_container_add(GTK_CONTAINER(box), ouk_label_new(_("My Orders"), "ouk-headline"));
	gtk_container_add(GTK_CONTAINER(box), GTK_WIDGET(page->list));
	gtk_container_add(GTK_CONTAINER(box), GTK_WIDGET(page->empty));
	if (page->service != NULL)
		add_query(page, box, unit_code);
	g_object_set_data_full(G_OBJECT(page->widget), "page", page, page_free);
	g_signal_connect_swapped(ouk_application_resume(ouk_application_get()), "changed",
				 G_CALLBACK(fill), page);
	fill(page);
	return page->widget;
}
