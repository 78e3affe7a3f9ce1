/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/sites_page.h"

#include "assistant/core/bridge_client.h"
#include "assistant/core/consent.h"
#include "assistant/core/journal.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

#define LOOK_SECONDS 3
#define LINES_SHOWN  20

struct page {
	gint refs;
	GtkWidget *widget; /* NULL: it is gone */
	GtkBox *now, *sites, *journal;
	GtkWidget *end_all;
	guint timer;
	gboolean asking;
	char *shown_now, *shown_sites, *shown_journal; /* what each part was made from */
};

static void
page_unref(gpointer data)
{
	struct page *page = data;

	if (--page->refs > 0)
		return;
	g_free(page->shown_now);
	g_free(page->shown_sites);
	g_free(page->shown_journal);
	g_free(page);
}

/* Whether a part must be made anew. Takes the text. */
static gboolean
is_new(char **shown, char *text)
{
	gboolean same = g_strcmp0(*shown, text) == 0;

	g_free(*shown);
	*shown = text;
	return !same;
}

static char *
time_text(gint64 time, const char *format)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_local(time);

	return when != NULL ? g_date_time_format(when, format) : g_strdup("?");
}

static void look(struct page *page);

/* ---- questions to the bridge, off the main thread ---- */

struct question {
	struct page *page;
	const char *what;
	guint id;
	char *forget; /* an origin */
};

static void
question_free(gpointer data)
{
	struct question *question = data;

	page_unref(question->page);
	g_free(question->forget);
	g_free(question);
}

static void
question_run(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	struct question *question = data;
	GError *error = NULL;

	if (question->forget != NULL && !ouk_consents_forget(question->forget, NULL, &error)) {
		g_task_return_error(task, error);
		return;
	}
	g_task_return_pointer(task, ouk_bridge_ask(question->what, question->id, NULL),
			      (GDestroyNotify)json_node_unref);
}

static void
question_ask(struct page *page, const struct question *like, GAsyncReadyCallback callback)
{
	g_autoptr(GTask) task = NULL;
	struct question *question = g_new(struct question, 1);

	*question = *like;
	page->refs++;
	task = g_task_new(NULL, NULL, callback, page);
	g_task_set_task_data(task, question, question_free);
	g_task_run_in_thread(task, question_run);
}

/* ---- who is logged in ---- */

static void
on_changed(GObject *source, GAsyncResult *result, gpointer data)
{
	struct page *page = data;
	g_autoptr(GError) error = NULL;
	JsonNode *answer = g_task_propagate_pointer(G_TASK(result), &error);

	g_clear_pointer(&answer, json_node_unref);
	if (page->widget == NULL)
		return;
	if (error != NULL)
		ouk_window_say(page->widget, GTK_MESSAGE_ERROR, error->message);
	look(page);
}

static void
on_end(GtkButton *button, struct page *page)
{
	guint id = GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(button), "session"));

	question_ask(page, &(struct question){.page = page, .what = "end", .id = id}, on_changed);
}

static void
add_session(struct page *page, JsonObject *session)
{
	GtkBox *card = ouk_card_add(page->now);
	const char *origin = json_object_get_string_member_with_default(session, "origin", "");
	int left = (int)json_object_get_int_member_with_default(session, "left", 0);
	int minutes = (left + 59) / 60;
	g_autofree char *key = g_strdup_printf(
		_("%s, through %s"), json_object_get_string_member_with_default(session, "key", ""),
		json_object_get_string_member_with_default(session, "program", ""));
	g_autofree char *until = g_strdup_printf(
		ngettext("Ends by itself in %d minute at the latest.",
			 "Ends by itself in %d minutes at the latest.", (gulong)minutes),
		minutes);
	g_autofree char *spoken = g_strdup_printf(_("End the session of %s"), origin);
	GtkWidget *button;

	ouk_label_add(card, origin, "ouk-section");
	ouk_label_add(card, key, NULL);
	ouk_label_add(card, until, "dim-label");
	button = ouk_button_add(card, _("_End Now"), NULL);
	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	g_object_set_data(
		G_OBJECT(button), "session",
		GUINT_TO_POINTER((guint)json_object_get_int_member_with_default(session, "id", 0)));
	g_signal_connect(button, "clicked", G_CALLBACK(on_end), page);
}

/* answer NULL: no bridge runs. */
static void
now_show(struct page *page, JsonNode *answer)
{
	JsonNode *list = answer != NULL
				 ? json_object_get_member(json_node_get_object(answer), "sessions")
				 : NULL;
	JsonArray *sessions =
		list != NULL && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
	guint count = sessions != NULL ? json_array_get_length(sessions) : 0;

	if (!is_new(&page->shown_now, list != NULL ? json_to_string(list, FALSE) : g_strdup("-")))
		return;
	ouk_clear(page->now);
	if (answer == NULL)
		ouk_label_add(page->now,
			      _("The page bridge does not run: no page can use a key now."), NULL);
	else if (count == 0)
		ouk_label_add(page->now, _("No page is logged in to a key."), NULL);
	for (guint i = 0; i < count; i++)
		add_session(page, json_array_get_object_element(sessions, i));
	gtk_widget_set_visible(page->end_all, count > 1);
}

/* ---- who may ask ---- */

static void
on_forget(GtkButton *button, struct page *page)
{
	const char *origin = g_object_get_data(G_OBJECT(button), "origin");

	question_ask(
		page,
		&(struct question){.page = page, .what = "recheck", .forget = g_strdup(origin)},
		on_changed);
}

static void
add_site(struct page *page, const OukConsent *consent)
{
	GtkBox *card = ouk_card_add(page->sites);
	gboolean blocked = consent->state == OUK_CONSENT_BLOCKED;
	g_autofree char *since = time_text(consent->since, "%Y-%m-%d");
	g_autofree char *used =
		consent->used > 0 ? time_text(consent->used, "%Y-%m-%d %H:%M") : NULL;
	g_autofree char *text = NULL;
	g_autofree char *spoken = g_strdup_printf(_("Forget %s"), consent->origin);
	GtkWidget *button;

	if (blocked)
		text = g_strdup_printf(_("Never allowed, since %s."), since);
	else if (used != NULL)
		text = g_strdup_printf(_("Allowed since %s, last login %s."), since, used);
	else
		text = g_strdup_printf(_("Allowed since %s, no login yet."), since);
	ouk_label_add(card, consent->name, "ouk-section");
	ouk_label_add(card, consent->origin, consent->name != NULL ? NULL : "ouk-section");
	ouk_label_add(card, text, "dim-label");
	button = ouk_button_add(card, blocked ? _("_Let It Ask Again") : _("_Take Back"), NULL);
	atk_object_set_name(gtk_widget_get_accessible(button), spoken);
	g_object_set_data_full(G_OBJECT(button), "origin", g_strdup(consent->origin), g_free);
	g_signal_connect(button, "clicked", G_CALLBACK(on_forget), page);
}

static void
sites_show(struct page *page)
{
	g_autoptr(GPtrArray) consents = ouk_consents_load(NULL);
	GString *state = g_string_new(NULL);

	for (guint i = 0; consents != NULL && i < consents->len; i++) {
		const OukConsent *consent = g_ptr_array_index(consents, i);

		g_string_append_printf(state, "%s %u %" G_GINT64_FORMAT "\n", consent->origin,
				       consent->state, consent->used);
	}
	if (!is_new(&page->shown_sites, g_string_free(state, FALSE)))
		return;
	ouk_clear(page->sites);
	for (guint i = 0; consents != NULL && i < consents->len; i++)
		add_site(page, g_ptr_array_index(consents, i));
	if (consents == NULL || consents->len == 0)
		ouk_label_add(page->sites,
			      _("No site was allowed yet. A page that wants to see your "
				"certificate is asked about in a window of its own."),
			      NULL);
}

/* ---- what was done ---- */

/* The words of the journal, for people; not: when it failed, NULL where that is said otherwise. */
static const struct {
	const char *event, *text, *not, *begun;
} events[] = {
	{"allowed", N_("allowed"), NULL, NULL},
	{"blocked", N_("blocked"), NULL, NULL},
	{"decrypt", N_("decrypted"), N_("not decrypted"),
	 N_("decryption begun, outcome not recorded")},
	{"login", N_("logged in"), N_("not logged in"), NULL},
	{"pin", N_("PIN changed"), N_("PIN not changed"), NULL},
	{"refused", N_("refused"), NULL, NULL},
	{"session-end", N_("session ended"), NULL, NULL},
	{"sign", N_("signed"), N_("not signed"), N_("signature begun, outcome not recorded")},
};

static const char *
act_member(JsonObject *act, const char *name)
{
	return json_object_get_string_member_with_default(act, name, "");
}

static const char *
act_text(JsonObject *act)
{
	const char *event = act_member(act, "event"), *result = act_member(act, "result");

	for (gsize i = 0; i < G_N_ELEMENTS(events); i++) {
		if (strcmp(events[i].event, event) != 0)
			continue;
		if (events[i].begun != NULL && strcmp(result, OUK_JOURNAL_BEGUN) == 0)
			return _(events[i].begun);
		if (events[i].not != NULL && strcmp(result, "ok") != 0)
			return _(events[i].not );
		return _(events[i].text);
	}
	return event;
}

static void
add_act(struct page *page, JsonObject *act)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_iso8601(act_member(act, "time"), NULL);
	g_autoptr(GDateTime) here = when != NULL ? g_date_time_to_local(when) : NULL;
	g_autofree char *day =
		here != NULL ? g_date_time_format(here, "%m-%d %H:%M") : g_strdup("?");
	g_autofree char *text =
		g_strdup_printf("%s  %s  %s", day, act_text(act), act_member(act, "origin"));

	ouk_label_add(page->journal, text, NULL);
}

static void
journal_show(struct page *page)
{
	g_autoptr(GPtrArray) acts = ouk_journal_acts(LINES_SHOWN, NULL);
	guint count = acts != NULL ? acts->len : 0;
	const char *last =
		count > 0 ? act_member(g_ptr_array_index(acts, count - 1), "hash") : "none";

	if (!is_new(&page->shown_journal, g_strdup(last)))
		return;
	ouk_clear(page->journal);
	for (guint i = count; i > 0; i--)
		add_act(page, g_ptr_array_index(acts, i - 1));
	if (count == 0)
		ouk_label_add(page->journal, _("Nothing is in the journal yet."), NULL);
}

static void
on_check(GtkButton *button, struct page *page)
{
	g_auto(OukJournalCheck) check = {0};
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;

	if (!ouk_journal_verify(NULL, &check, &error)) {
		ouk_window_say(page->widget, GTK_MESSAGE_ERROR, error->message);
		return;
	}
	text = g_strdup_printf(_("Lines: %u, none altered."), check.lines);
	ouk_window_say(page->widget, GTK_MESSAGE_INFO, text);
}

static void
on_save(GtkButton *button, struct page *page)
{
	g_autoptr(GtkFileChooserNative) chooser = gtk_file_chooser_native_new(
		_("Save the Journal"), GTK_WINDOW(gtk_widget_get_toplevel(page->widget)),
		GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);
	g_autofree char *path = ouk_journal_path();
	g_autoptr(GFile) from = g_file_new_for_path(path);
	g_autoptr(GFile) to = NULL;
	g_autoptr(GError) error = NULL;

	gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(chooser), TRUE);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), "openukey-journal.jsonl");
	if (gtk_native_dialog_run(GTK_NATIVE_DIALOG(chooser)) != GTK_RESPONSE_ACCEPT)
		return;
	to = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(chooser));
	if (!g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &error))
		ouk_window_say(page->widget, GTK_MESSAGE_ERROR, error->message);
}

/* ---- the page ---- */

static void
on_status(GObject *source, GAsyncResult *result, gpointer data)
{
	struct page *page = data;
	g_autoptr(JsonNode) answer = g_task_propagate_pointer(G_TASK(result), NULL);

	page->asking = FALSE;
	if (page->widget == NULL)
		return;
	now_show(page, answer);
	sites_show(page);
	journal_show(page);
}

static void
look(struct page *page)
{
	if (page->asking)
		return;
	page->asking = TRUE;
	question_ask(page, &(struct question){.page = page, .what = "status"}, on_status);
}

static gboolean
on_time(gpointer data)
{
	look(data);
	return G_SOURCE_CONTINUE;
}

/* Only while somebody can see it. */
static void
on_map(GtkWidget *widget, struct page *page)
{
	look(page);
	if (page->timer == 0)
		page->timer = g_timeout_add_seconds(LOOK_SECONDS, on_time, page);
}

static void
on_unmap(GtkWidget *widget, struct page *page)
{
	g_clear_handle_id(&page->timer, g_source_remove);
}

static void
on_destroy(GtkWidget *widget, struct page *page)
{
	g_clear_handle_id(&page->timer, g_source_remove);
	page->widget = NULL;
	page_unref(page);
}

static GtkBox *
part_add(GtkBox *box, const char *title)
{
	GtkWidget *part = gtk_box_new(GTK_ORIENTATION_VERTICAL, 10);

	ouk_label_add(box, title, "ouk-section");
	gtk_widget_show(part);
	gtk_container_add(GTK_CONTAINER(box), part);
	return GTK_BOX(part);
}

GtkWidget *
ouk_sites_page_new(void)
{
	struct page *page = g_new0(struct page, 1);
	GtkBox *box;
	GtkWidget *button;

	page->refs = 1;
	page->widget = ouk_page_new(&box);
	ouk_label_add(box,
		      _("Web pages use your key through the page bridge. It asks you before a site "
			"sees a certificate, and the PIN is typed into our own window only."),
		      "dim-label");
	page->now = part_add(box, _("Logged in now"));
	page->end_all = ouk_button_add(box, _("End _All"), NULL);
	gtk_widget_hide(page->end_all);
	g_signal_connect(page->end_all, "clicked", G_CALLBACK(on_end), page);
	page->sites = part_add(box, _("Sites that were asked about"));
	page->journal = part_add(box, _("What was done last"));
	button = ouk_button_add(box, _("Check That Nothing Was A_ltered"), NULL);
	g_signal_connect(button, "clicked", G_CALLBACK(on_check), page);
	button = ouk_button_add(box, _("_Save the Journal…"), NULL);
	g_signal_connect(button, "clicked", G_CALLBACK(on_save), page);
	g_signal_connect(page->widget, "map", G_CALLBACK(on_map), page);
	g_signal_connect(page->widget, "unmap", G_CALLBACK(on_unmap), page);
	g_signal_connect(page->widget, "destroy", G_CALLBACK(on_destroy), page);
	return page->widget;
}
