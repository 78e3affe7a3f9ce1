/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/hall_open.h"

#include "assistant/core/browsers/choose.h"
#include "assistant/ui/application.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

/* ---- facts ---- */

typedef struct {
	const OukHall *hall;
	gboolean network;
} Looking;

static OukHallBook *
book_open(void)
{
	return ouk_hall_book_open(NULL);
}

void
ouk_hall_facts_free(OukHallFacts *facts)
{
	if (facts == NULL)
		return;
	ouk_visit_free(facts->visit);
	g_ptr_array_unref(facts->uses);
	g_ptr_array_unref(facts->browsers);
	g_free(facts);
}

static void
look(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Looking *looking = data;
	const OukBrowserSetup setup = {
		.ground = {.root = "", .home = g_get_home_dir(), .module = ouk_browsers_module()}};
	g_autoptr(OukHallBook) book = book_open();
	OukHallFacts *facts = g_new0(OukHallFacts, 1);

	facts->visit = ouk_visit_check(looking->hall, !looking->network, cancellable);
	facts->uses = ouk_hall_book_uses(book, looking->hall);
	facts->risk_taken = ouk_hall_book_risk_taken(book, looking->hall, facts->visit->url);
	facts->browsers = ouk_browsers_look(&setup);
	g_task_return_pointer(task, facts, (GDestroyNotify)ouk_hall_facts_free);
}

void
ouk_hall_facts_async(const OukHall *hall, gboolean network, GCancellable *cancellable,
		     GAsyncReadyCallback callback, gpointer data)
{
	g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, data);
	Looking *looking = g_new0(Looking, 1);

	*looking = (Looking){hall, network};
	g_task_set_source_tag(task, ouk_hall_facts_async);
	g_task_set_task_data(task, looking, g_free);
	g_task_run_in_thread(task, look);
}

OukHallFacts *
ouk_hall_facts_finish(GAsyncResult *result)
{
	return g_task_propagate_pointer(G_TASK(result), NULL);
}

void
ouk_hall_facts_key(const OukHall *hall, const OukHallFacts *facts, OukHallKey *ret)
{
	OukApplication *application = ouk_application_get();
	OukWatch *watch = ouk_application_watch(application);
	g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(g_object_unref);

	for (guint i = 0; watch != NULL && i < g_list_model_get_n_items(G_LIST_MODEL(watch)); i++)
		g_ptr_array_add(tokens, g_list_model_get_item(G_LIST_MODEL(watch), i));
	ouk_hall_key_choose(ouk_application_profiles(application), hall, tokens, facts->uses, ret);
}

/* ---- opening ---- */

typedef struct {
	GtkWidget *widget; /* in whose window it is told */
	const OukHall *hall;
	OukHallFacts *facts;
	OukHallKey key;
	gboolean take_risk, note; /* to be remembered */
} Opening;

static void
opening_free(gpointer data)
{
	Opening *opening = data;

	g_object_unref(opening->widget);
	g_clear_pointer(&opening->facts, ouk_hall_facts_free);
	ouk_hall_key_clear(&opening->key);
	g_free(opening);
}

static void
keep(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Opening *opening = data;
	g_autoptr(OukHallBook) book = book_open();

	if (opening->take_risk)
		ouk_hall_book_take_risk(book, opening->hall, opening->facts->visit->url, NULL);
	if (opening->note && opening->key.token != NULL)
		ouk_hall_book_note(book, opening->hall, opening->key.token, opening->key.pair,
				   NULL);
	g_task_return_boolean(task, TRUE);
}

static void
on_kept(GObject *source, GAsyncResult *result, gpointer data)
{
	OukApplication *application = ouk_application_get();

	if (application != NULL)
		g_signal_emit_by_name(application, "memory");
}

/* What is remembered is written on a worker thread, which lets go of it all. */
static void
keep_and_free(Opening *opening)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_kept, NULL);

	g_task_set_task_data(task, opening, opening_free);
	g_task_run_in_thread(task, keep);
}

static void
start_browser(Opening *opening)
{
	const char *url = opening->facts->visit->url;
	g_autoptr(GdkAppLaunchContext) context =
		gdk_display_get_app_launch_context(gtk_widget_get_display(opening->widget));
	g_autofree char *why = NULL;
	g_autoptr(GAppInfo) browser = ouk_browser_choose(opening->facts->browsers, &why);
	g_autofree char *text = NULL;

	gdk_app_launch_context_set_timestamp(context, gtk_get_current_event_time());
	if (!ouk_browser_open(browser, url, G_APP_LAUNCH_CONTEXT(context), NULL)) {
		text = g_strdup_printf(_("No browser could be started. The address is %s"), url);
		ouk_window_say(opening->widget, GTK_MESSAGE_ERROR, text);
		opening_free(opening);
		return;
	}
	text = g_strdup_printf(_("%s opens in your browser."), ouk_words(&opening->hall->name));
	ouk_window_say(opening->widget, why != NULL ? GTK_MESSAGE_WARNING : GTK_MESSAGE_INFO,
		       why != NULL ? why : text);
	keep_and_free(opening);
}

/* ---- what has to be asked first ---- */

#define RESPONSE_BOUND 1

static void
on_answer(GtkDialog *dialog, int response, gpointer data)
{
	Opening *opening = data;

	gtk_widget_destroy(GTK_WIDGET(dialog));
	if (response != GTK_RESPONSE_ACCEPT && response != RESPONSE_BOUND) {
		opening_free(opening);
		return;
	}
	if (response == RESPONSE_BOUND)
		opening->note = TRUE;
	start_browser(opening);
}

static void
ask(Opening *opening, const char *heading, const char *text, gboolean binding)
{
	GtkWidget *top = gtk_widget_get_toplevel(opening->widget);
	GtkWidget *dialog =
		gtk_message_dialog_new(GTK_IS_WINDOW(top) ? GTK_WINDOW(top) : NULL,
				       GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT,
				       GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE, "%s", heading);

	gtk_message_dialog_format_secondary_text(GTK_MESSAGE_DIALOG(dialog), "%s", text);
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Cancel"), GTK_RESPONSE_CANCEL);
	if (binding)
		gtk_dialog_add_button(GTK_DIALOG(dialog), _("It Is _Bound Again"), RESPONSE_BOUND);
	gtk_dialog_add_button(GTK_DIALOG(dialog), _("_Open All the Same"), GTK_RESPONSE_ACCEPT);
	gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_CANCEL);
	atk_object_set_name(gtk_widget_get_accessible(dialog), heading);
	g_signal_connect(dialog, "response", G_CALLBACK(on_answer), opening);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void
ask_or_start(Opening *opening)
{
	const OukVisit *visit = opening->facts->visit;
	gboolean due = ouk_hall_bind_is_due(opening->key.bind);
	const char *bind = due ? ouk_hall_bind_text(opening->key.bind) : NULL;
	g_autofree char *both = NULL;

	opening->take_risk = visit->state == OUK_VISIT_PLAIN && !opening->facts->risk_taken;
	/* what the hall cannot know yet is remembered when the person says that it does */
	opening->note = !due;
	if (!opening->take_risk && bind == NULL) {
		start_browser(opening);
		return;
	}
	both = g_strconcat(bind != NULL ? bind : "",
			   bind != NULL && opening->take_risk ? "\n\n" : "",
			   opening->take_risk ? ouk_visit_text(visit) : "", NULL);
	ask(opening, ouk_words(&opening->hall->name), both, bind != NULL);
}

static void
on_facts(GObject *source, GAsyncResult *result, gpointer data)
{
	Opening *opening = data;

	gtk_widget_set_sensitive(opening->widget, TRUE);
	opening->facts = ouk_hall_facts_finish(result);
	/* the person has gone elsewhere meanwhile */
	if (opening->facts == NULL || !OUK_IS_WINDOW(gtk_widget_get_toplevel(opening->widget))) {
		opening_free(opening);
		return;
	}
	if (ouk_visit_is_dangerous(opening->facts->visit)) {
		ouk_window_say(opening->widget, GTK_MESSAGE_ERROR,
			       ouk_visit_text(opening->facts->visit));
		opening_free(opening);
		return;
	}
	ouk_hall_facts_key(opening->hall, opening->facts, &opening->key);
	ask_or_start(opening);
}

void
ouk_hall_open(GtkWidget *widget, const OukHall *hall)
{
	Opening *opening = g_new0(Opening, 1);

	opening->widget = g_object_ref(widget);
	opening->hall = hall;
	/* once is enough */
	gtk_widget_set_sensitive(widget, FALSE);
	ouk_hall_facts_async(hall, TRUE, NULL, on_facts, opening);
}
