/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/window.h"

#include "assistant/ui/application.h"
#include "assistant/ui/buttons.h"
#include "assistant/ui/doctor_page.h"
#include "assistant/ui/empty_page.h"
#include "assistant/ui/halls_page.h"
#include "assistant/ui/key_page.h"
#include "assistant/ui/key_row.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/place_row.h"
#include "assistant/ui/practice_desk.h"
#include "assistant/ui/rows.h"
#include "assistant/ui/services_page.h"
#include "assistant/ui/sidebar.h"
#include "assistant/ui/sites_page.h"
#include "assistant/ui/timeline_page.h"

#include <glib/gi18n.h>

struct _OukWindow {
	GtkApplicationWindow parent;
	GtkHeaderBar *header;
	GtkWidget *back_button, *practice_bar;
	GtkMenuButton *menu_button;
	GtkInfoBar *notice_bar;
	GtkImage *notice_icon;
	GtkLabel *notice_label;
	GtkButton *notice_button;
	GtkListBox *sidebar;
	GtkStack *pages;

	OukWatch *watch;
	OukEmptyPage *empty_page;
	OukKeyPage *key_page;
	char *key_id;           /* of the key that is shown */
	char *wanted_id;        /* a key to show as soon as it is there, */
	const char *wanted_tab; /* and where */
	char *place;            /* "key" or the place that is shown */
	GPtrArray *way;         /* of char *: names of the pages below the present one */
	guint notice_timer;
	gboolean chosen;  /* the person chose the key, not we */
	gboolean filling; /* rows are being replaced: nobody chose anything */
};

G_DEFINE_TYPE(OukWindow, ouk_window, GTK_TYPE_APPLICATION_WINDOW)

/* Pages that stay; made when they are first looked at. */
static const struct {
	const char *name, *label, *icon;
	GtkWidget *(*make)(void);
} places[] = {
	{"timeline", N_("Validity Dates"), "ouk-timeline-symbolic", ouk_timeline_page_new},
	{"halls", N_("Halls"), "ouk-hall-symbolic", ouk_halls_page_new},
	{"doctor", N_("Check and Repair"), "ouk-doctor-symbolic", ouk_doctor_page_new},
	{"services", N_("Services"), "ouk-certificate-symbolic", ouk_services_page_new},
	{"sites", N_("Sites"), "ouk-site-symbolic", ouk_sites_page_new},
};

/* ---- messages ---- */

static gboolean
hide_notice(gpointer data)
{
	OukWindow *self = data;

	self->notice_timer = 0;
	gtk_info_bar_set_revealed(self->notice_bar, FALSE);
	return G_SOURCE_REMOVE;
}

static void
on_notice_response(GtkInfoBar *bar, int response, OukWindow *self)
{
	gtk_info_bar_set_revealed(bar, FALSE);
}

static OukWindow *
window_of(GtkWidget *widget)
{
	GtkWidget *top = gtk_widget_get_toplevel(widget);

	return OUK_IS_WINDOW(top) ? OUK_WINDOW(top) : NULL;
}

void
ouk_window_offer(GtkWidget *widget, GtkMessageType kind, const char *text, const char *label,
		 const char *action)
{
	OukWindow *self = window_of(widget);
	AtkObject *spoken = NULL;

	if (self == NULL)
		return;
	g_clear_handle_id(&self->notice_timer, g_source_remove);
	gtk_info_bar_set_message_type(self->notice_bar, kind);
	gtk_image_set_from_icon_name(self->notice_icon,
				     kind == GTK_MESSAGE_INFO ? "ouk-valid-symbolic"
							      : "ouk-unreadable-symbolic",
				     GTK_ICON_SIZE_LARGE_TOOLBAR);
	gtk_label_set_text(self->notice_label, text);
	gtk_widget_set_visible(GTK_WIDGET(self->notice_button), label != NULL);
	if (label != NULL) {
		gtk_button_set_label(self->notice_button, label);
		gtk_actionable_set_detailed_action_name(GTK_ACTIONABLE(self->notice_button),
							action);
	}
	gtk_info_bar_set_revealed(self->notice_bar, TRUE);
	spoken = gtk_widget_get_accessible(GTK_WIDGET(self->notice_label));
	atk_object_notify_state_change(spoken, ATK_STATE_SHOWING, TRUE);
	/* good news goes away by itself, the rest stays until it was read */
	if (kind == GTK_MESSAGE_INFO)
		self->notice_timer = g_timeout_add_seconds(12, hide_notice, self);
}

void
ouk_window_say(GtkWidget *widget, GtkMessageType kind, const char *text)
{
	ouk_window_offer(widget, kind, text, NULL, NULL);
}

void
ouk_window_report(GtkWidget *widget, const GError *error)
{
	const OukErrorRow *row = ouk_error_row(error);
	const OukButton *button = ouk_button_find(row->button);
	g_autofree char *text = g_strdup_printf("%s\n%s", error->message, _(row->cure));

	ouk_window_offer(widget, GTK_MESSAGE_ERROR, text, button != NULL ? _(button->label) : NULL,
			 button != NULL ? button->action : NULL);
}

/* ---- pages ---- */

static void
show_page(OukWindow *self, const char *name)
{
	gtk_stack_set_visible_child_name(self->pages, name);
	gtk_widget_set_visible(self->back_button, self->way->len > 0);
}

/* Takes the pages away that were on top. */
static void
unwind(OukWindow *self)
{
	while (self->way->len > 0) {
		g_autofree char *name = g_strdup_printf("top-%u", self->way->len);
		GtkWidget *page = gtk_stack_get_child_by_name(self->pages, name);

		g_ptr_array_remove_index(self->way, self->way->len - 1);
		if (page != NULL)
			gtk_widget_destroy(page);
	}
	gtk_header_bar_set_subtitle(self->header, NULL);
}

void
ouk_window_push(OukWindow *self, GtkWidget *page, const char *title)
{
	g_autofree char *name = NULL;

	self->chosen = TRUE; /* somebody is reading */
	g_ptr_array_add(self->way, g_strdup(gtk_stack_get_visible_child_name(self->pages)));
	name = g_strdup_printf("top-%u", self->way->len);
	gtk_widget_show(page);
	gtk_stack_add_named(self->pages, page, name);
	gtk_header_bar_set_subtitle(self->header, title);
	show_page(self, name);
	gtk_widget_child_focus(page, GTK_DIR_TAB_FORWARD);
}

#define KEPT "ouk-kept"

void
ouk_window_keep(GtkWidget *page)
{
	g_object_set_data(G_OBJECT(page), KEPT, page);
}

/* Whether the pages on top stay whatever becomes of the key. */
static gboolean
is_kept(OukWindow *self)
{
	for (guint i = 1; i <= self->way->len; i++) {
		g_autofree char *name = g_strdup_printf("top-%u", i);
		GtkWidget *page = gtk_stack_get_child_by_name(self->pages, name);

		if (page != NULL && g_object_get_data(G_OBJECT(page), KEPT) != NULL)
			return TRUE;
	}
	return FALSE;
}

static void show_keys(OukWindow *self);

static void
go_back(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukWindow *self = data;
	g_autofree char *below = NULL, *name = NULL;
	GtkWidget *page = NULL;

	if (self->way->len == 0)
		return;
	name = g_strdup_printf("top-%u", self->way->len);
	below = g_ptr_array_steal_index(self->way, self->way->len - 1);
	page = gtk_stack_get_child_by_name(self->pages, name);
	if (self->way->len == 0)
		gtk_header_bar_set_subtitle(self->header, NULL);
	show_page(self, below);
	if (page != NULL)
		gtk_widget_destroy(page);
	/* its key may have gone meanwhile */
	if (self->way->len == 0 && strcmp(self->place, "keys") == 0)
		show_keys(self);
}

static void
note_place(OukWindow *self, const char *place)
{
	g_free(self->place);
	self->place = g_strdup(place);
}

static OukWatchState
state_of(OukWindow *self)
{
	return self->watch != NULL ? ouk_watch_state(self->watch) : OUK_WATCH_STARTING;
}

static guint
key_count(OukWindow *self)
{
	return self->watch != NULL ? g_list_model_get_n_items(G_LIST_MODEL(self->watch)) : 0;
}

static OukTokenView *
find_key(OukWindow *self, const char *id)
{
	return self->watch != NULL && id != NULL ? ouk_watch_find(self->watch, id) : NULL;
}

static void
show_empty(OukWindow *self)
{
	if (self->empty_page == NULL) {
		self->empty_page = OUK_EMPTY_PAGE(ouk_empty_page_new());
		gtk_stack_add_named(self->pages, GTK_WIDGET(self->empty_page), "empty");
	}
	ouk_empty_page_set_state(self->empty_page, state_of(self));
	show_page(self, "empty");
}

static void
show_key(OukWindow *self, OukTokenView *view)
{
	if (self->key_page == NULL) {
		self->key_page = OUK_KEY_PAGE(ouk_key_page_new());
		gtk_stack_add_named(self->pages, GTK_WIDGET(self->key_page), "key");
	}
	ouk_key_page_set_token(self->key_page, view);
	if (self->way->len == 0)
		show_page(self, "key");
}

static void
show_place(OukWindow *self, const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		GtkWidget *page = NULL;

		if (strcmp(places[i].name, name) != 0)
			continue;
		if (gtk_stack_get_child_by_name(self->pages, name) == NULL) {
			page = places[i].make();
			gtk_widget_show(page);
			gtk_stack_add_named(self->pages, page, name);
		}
		show_page(self, name);
	}
}

static void
on_row_selected(GtkListBox *box, GtkListBoxRow *row, OukWindow *self)
{
	const char *id = row != NULL ? g_object_get_data(G_OBJECT(row), "key-id") : NULL;
	const char *place = row != NULL ? g_object_get_data(G_OBJECT(row), "place") : NULL;

	if (row == NULL || self->filling)
		return;
	unwind(self);
	gtk_info_bar_set_revealed(self->notice_bar, FALSE);
	note_place(self, place);
	if (strcmp(place, "keys") != 0) {
		show_place(self, place);
	} else if (id != NULL && find_key(self, id) != NULL) {
		g_free(self->key_id);
		self->key_id = g_strdup(id);
		self->chosen = TRUE;
		show_key(self, find_key(self, id));
	} else {
		show_empty(self);
	}
}

/* ---- the side ---- */

static void
fill_keys(OukWindow *self)
{
	guint count = key_count(self);
	GtkListBoxRow *chosen = NULL;

	self->filling = TRUE;
	ouk_sidebar_remove_keys(self->sidebar);
	for (guint i = 0; i < count; i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(self->watch), i);
		GtkWidget *row = ouk_key_row_new(view);

		g_object_set_data_full(G_OBJECT(row), "place", g_strdup("keys"), g_free);
		g_object_set_data_full(G_OBJECT(row), "key-id",
				       g_strdup(ouk_token_view_info(view)->id), g_free);
		gtk_list_box_insert(self->sidebar, row, (int)i);
	}
	if (count == 0)
		gtk_list_box_insert(self->sidebar,
				    ouk_place_row_new("keys", "ouk-key-symbolic",
						      ouk_empty_page_row_text(state_of(self))),
				    0);
	if (self->watch != NULL)
		ouk_sidebar_draw_icons(self->sidebar);
	if (strcmp(self->place, "keys") == 0)
		chosen = self->key_id != NULL
				 ? ouk_sidebar_find(self->sidebar, "keys", self->key_id)
				 : NULL;
	else
		chosen = ouk_sidebar_find(self->sidebar, self->place, NULL);
	if (chosen == NULL)
		chosen = ouk_sidebar_find(self->sidebar, "keys", NULL);
	gtk_list_box_select_row(self->sidebar, chosen);
	self->filling = FALSE;
}

/* Until somebody chooses, the key that most likely is meant: one with a certificate. */
static OukTokenView *
likely_key(OukWindow *self)
{
	OukTokenView *first = NULL;
	guint count = key_count(self);

	for (guint i = 0; i < count; i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(self->watch), i);

		if (ouk_token_view_best(view) != NULL)
			return view; /* the list keeps it */
		first = first != NULL ? first : view;
	}
	return first;
}

static OukTokenView *
settle_key(OukWindow *self)
{
	OukTokenView *view = find_key(self, self->key_id);
	g_autofree char *before = g_strdup(self->key_id);

	if (view == NULL)
		self->chosen = FALSE;
	if (!self->chosen && (view == NULL || ouk_token_view_best(view) == NULL))
		view = likely_key(self);
	g_free(self->key_id);
	self->key_id = view != NULL ? g_strdup(ouk_token_view_info(view)->id) : NULL;
	if (g_strcmp0(before, self->key_id) != 0 && strcmp(self->place, "keys") == 0 &&
	    !is_kept(self))
		unwind(self);
	return view;
}

static void
show_keys(OukWindow *self)
{
	GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(self));
	gboolean in_sidebar =
		focus != NULL && gtk_widget_is_ancestor(focus, GTK_WIDGET(self->sidebar));
	OukTokenView *view = settle_key(self);

	fill_keys(self);
	if (in_sidebar)
		gtk_widget_grab_focus(GTK_WIDGET(gtk_list_box_get_selected_row(self->sidebar)));
	/* the page of the chosen key follows what happens to the key */
	if (strcmp(self->place, "keys") != 0)
		return;
	if (view != NULL)
		show_key(self, view);
	else if (!is_kept(self))
		show_empty(self);
}

static void
on_watch_changed(OukWatch *watch, OukWindow *self)
{
	g_autofree char *wanted = g_strdup(self->wanted_id);

	show_keys(self);
	if (wanted != NULL && find_key(self, wanted) != NULL)
		ouk_window_show_key(self, wanted, self->wanted_tab);
}

gboolean
ouk_window_show_place(OukWindow *self, const char *place)
{
	GtkListBoxRow *row = ouk_sidebar_find(self->sidebar, place, NULL);

	if (row == NULL)
		return FALSE;
	if (gtk_list_box_get_selected_row(self->sidebar) == row)
		on_row_selected(self->sidebar, row, self);
	else
		gtk_list_box_select_row(self->sidebar, row);
	return TRUE;
}

void
ouk_window_show_key(OukWindow *self, const char *id, const char *tab)
{
	OukTokenView *view = find_key(self, id);
	GtkListBoxRow *row = NULL;

	if (view == NULL) {
		g_free(self->wanted_id);
		self->wanted_id = g_strdup(id);
		self->wanted_tab = tab;
		return;
	}
	g_clear_pointer(&self->wanted_id, g_free);
	row = ouk_sidebar_find(self->sidebar, "keys", ouk_token_view_info(view)->id);
	gtk_list_box_select_row(self->sidebar, row);
	if (self->way->len > 0)
		unwind(self);
	show_key(self, view);
	if (tab != NULL)
		ouk_key_page_show_tab(self->key_page, tab);
}

/* ---- life ---- */

static void
on_unlock_help(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukWindow *self = data;

	if (self->key_id != NULL)
		ouk_window_show_key(self, self->key_id, "pin");
}

/* The page for something that is asked of the CA of the key that is shown. */
static void
on_service(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	OukWindow *self = data;
	OukTokenView *view = find_key(self, self->key_id);
	OukGuideKind kind = ouk_guide_kind(g_variant_get_string(parameter, NULL));

	if (kind < OUK_GUIDES && view != NULL)
		ouk_services_open(GTK_WIDGET(self), kind,
				  ouk_application_profile_of(ouk_application_get(), view), view);
}

static const GActionEntry actions[] = {
	{.name = "back", .activate = go_back},
	{.name = "unlock-help", .activate = on_unlock_help},
	{.name = "service", .activate = on_service, .parameter_type = "s"},
};

static void
ouk_window_dispose(GObject *object)
{
	OukWindow *self = OUK_WINDOW(object);

	g_clear_handle_id(&self->notice_timer, g_source_remove);
	if (self->watch != NULL)
		g_signal_handlers_disconnect_by_data(self->watch, self);
	self->filling = TRUE; /* rows that go are not a choice */
	G_OBJECT_CLASS(ouk_window_parent_class)->dispose(object);
}

static void
ouk_window_finalize(GObject *object)
{
	OukWindow *self = OUK_WINDOW(object);

	g_clear_object(&self->watch);
	g_clear_pointer(&self->way, g_ptr_array_unref);
	g_free(self->key_id);
	g_free(self->wanted_id);
	g_free(self->place);
	G_OBJECT_CLASS(ouk_window_parent_class)->finalize(object);
}

static void
ouk_window_class_init(OukWindowClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_ROWS);
	G_OBJECT_CLASS(klass)->dispose = ouk_window_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_window_finalize;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/window.ui");
	gtk_widget_class_bind_template_child(widget_class, OukWindow, header);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, back_button);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, practice_bar);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, menu_button);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, notice_bar);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, notice_icon);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, notice_label);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, notice_button);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, sidebar);
	gtk_widget_class_bind_template_child(widget_class, OukWindow, pages);
	gtk_widget_class_bind_template_callback(widget_class, on_row_selected);
	gtk_widget_class_bind_template_callback(widget_class, on_notice_response);
}

static void
ouk_window_init(OukWindow *self)
{
	self->way = g_ptr_array_new_with_free_func(g_free);
	self->place = g_strdup("keys");
	self->filling = TRUE;
	gtk_widget_init_template(GTK_WIDGET(self));
	g_action_map_add_action_entries(G_ACTION_MAP(self), actions, G_N_ELEMENTS(actions), self);
	gtk_list_box_set_header_func(self->sidebar, ouk_sidebar_section, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(places); i++)
		gtk_container_add(
			GTK_CONTAINER(self->sidebar),
			ouk_place_row_new(places[i].name, places[i].icon, _(places[i].label)));
	ouk_name_cross(GTK_WIDGET(self->notice_bar), GTK_WIDGET(self->notice_button));
	self->filling = FALSE;
}

/* A menu is many widgets, and nobody opens it before the first paint. */
static void
add_menu(OukWindow *self)
{
	g_autoptr(GtkBuilder) builder =
		gtk_builder_new_from_resource("/org/openukey/Assistant/menu.ui");

	gtk_menu_button_set_menu_model(self->menu_button,
				       G_MENU_MODEL(gtk_builder_get_object(builder, "menu")));
}

void
ouk_window_set_watch(OukWindow *self, OukWatch *watch)
{
	add_menu(self);
	self->watch = g_object_ref(watch);
	g_signal_connect(watch, "changed", G_CALLBACK(on_watch_changed), self);
	on_watch_changed(watch, self);
}

OukWindow *
ouk_window_new(GtkApplication *application, OukWatch *watch, gboolean practice)
{
	OukWindow *self = g_object_new(OUK_TYPE_WINDOW, "application", application, NULL);

	gtk_widget_set_visible(self->practice_bar, practice);
	if (practice)
		ouk_practice_desk_offer(GTK_INFO_BAR(self->practice_bar));
	if (watch != NULL)
		ouk_window_set_watch(self, watch);
	else
		show_keys(self);
	return self;
}
