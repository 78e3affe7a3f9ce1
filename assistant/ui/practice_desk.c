/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/practice_desk.h"

#include "assistant/core/profile_json.h"
#include "assistant/ui/parts.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LETTERS_MAX 30
#define LETTER_MAX  ((goffset)16 * 1024)
#define SPACING     12

/* Told by the script that set the practice up. */
#define FOLDER  "OPENUKEY_PRACTICE_SERVICE"
#define PROGRAM "OPENUKEY_REHEARSAL_SERVICE"

typedef struct {
	GtkWidget *window, *outcome;
	GtkBox *letters, *buttons;
	GFileMonitor *monitor;
	guint filling;
} Desk;

static const struct {
	const char *verb, *label, *hint;
} jobs[] = {
	{"pay", N_("_Pay What Is Asked For"), N_("What the unit's bank does in earnest.")},
	{"approve", N_("Let the CA _Approve What Waits"),
	 N_("Two operators of the CA do that in earnest, in days.")},
};

gboolean
ouk_practice_desk_possible(void)
{
	const char *program = g_getenv(PROGRAM);

	return g_getenv(FOLDER) != NULL && program != NULL && access(program, X_OK) == 0;
}

/* ---- messages ---- */

typedef struct {
	char *path;
	gint64 at; /* microseconds */
} Letter;

static void
letter_free(gpointer data)
{
	Letter *letter = data;

	g_free(letter->path);
	g_free(letter);
}

static int
newest_first(gconstpointer a, gconstpointer b)
{
	const Letter *one = *(const Letter *const *)a, *other = *(const Letter *const *)b;

	return one->at < other->at ? 1 : one->at > other->at ? -1 : strcmp(one->path, other->path);
}

static char *
inbox(void)
{
	return g_build_filename(g_getenv(FOLDER), "inbox", NULL);
}

static GPtrArray *
letters_find(void)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(letter_free);
	g_autofree char *folder = inbox();
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat info;
		Letter *letter;

		if (!g_str_has_suffix(name, ".json") || !g_ascii_islower(name[0]) ||
		    stat(path, &info) != 0 || info.st_size > LETTER_MAX)
			continue;
		letter = g_new(Letter, 1);
		letter->path = g_steal_pointer(&path);
		letter->at =
			(gint64)info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
		g_ptr_array_add(list, letter);
	}
	g_ptr_array_sort(list, newest_first);
	return list;
}

static void
letter_show(Desk *desk, const Letter *letter)
{
	g_autoptr(GDateTime) at = g_date_time_new_from_unix_local(letter->at / G_USEC_PER_SEC);
	g_autofree char *when = at != NULL ? g_date_time_format(at, "%H:%M:%S") : g_strdup("");
	g_autofree char *head = NULL;
	g_autoptr(GBytes) bytes = NULL;
	g_autoptr(JsonObject) json = NULL;
	char *text = NULL;
	gsize len = 0;
	GtkBox *card;

	if (!g_file_get_contents(letter->path, &text, &len, NULL))
		return;
	bytes = g_bytes_new_take(text, len);
	json = profile_json_parse(bytes);
	if (json == NULL || profile_json_text(json, "text") == NULL)
		return;
	head = g_strdup_printf("%s  %s", when,
			       profile_json_text(json, "to") != NULL ? profile_json_text(json, "to")
								     : "");
	card = ouk_card_add(desk->letters);
	gtk_container_add(GTK_CONTAINER(card), ouk_label_new(head, "dim-label"));
	gtk_container_add(GTK_CONTAINER(card),
			  ouk_label_new(profile_json_text(json, "text"), NULL));
}

static void
letters_fill(Desk *desk)
{
	g_autoptr(GPtrArray) list = letters_find();

	ouk_clear(desk->letters);
	if (list->len == 0)
		gtk_container_add(GTK_CONTAINER(desk->letters),
				  ouk_label_new(_("No messages yet."), "dim-label"));
	for (guint i = 0; i < MIN(list->len, LETTERS_MAX); i++)
		letter_show(desk, g_ptr_array_index(list, i));
}

static gboolean
on_fill(gpointer data)
{
	Desk *desk = data;

	desk->filling = 0;
	letters_fill(desk);
	return G_SOURCE_REMOVE;
}

/* Several at once are filled in once. */
static void
on_inbox_changed(GFileMonitor *monitor, GFile *file, GFile *other, GFileMonitorEvent event,
		 gpointer data)
{
	Desk *desk = data;

	if (desk->filling == 0)
		desk->filling = g_idle_add(on_fill, desk);
}

/* ---- bank and operators ---- */

static void
say(Desk *desk, const char *text)
{
	gtk_label_set_text(GTK_LABEL(desk->outcome), text);
}

/* What was done to which order is for terminals; without an order nothing was to be done. */
static gboolean
names_order(const char *told)
{
	return strcspn(told, "0123456789") < strlen(told);
}

/* The window may be closed meanwhile: the widget is kept, what it was for is not. */
static void
on_desk_job_ended(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GtkWidget) window = data;
	Desk *desk = g_object_get_data(G_OBJECT(window), "desk");
	g_autofree char *told = NULL;
	g_autoptr(GError) error = NULL;
	gboolean done = g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &told,
							     NULL, &error);

	if (desk == NULL)
		return;
	gtk_widget_set_sensitive(GTK_WIDGET(desk->buttons), TRUE);
	if (!done)
		say(desk, error->message);
	else if (g_subprocess_get_successful(G_SUBPROCESS(source)) && names_order(told))
		say(desk, _("Done. The window goes on by itself, or look again there."));
	else
		say(desk, g_strchomp(told));
}

static void
on_job(GtkButton *button, gpointer data)
{
	Desk *desk = g_object_get_data(G_OBJECT(data), "desk");
	const char *const argv[] = {g_getenv(PROGRAM),
				    "--state",
				    g_getenv(FOLDER),
				    g_object_get_data(G_OBJECT(button), "verb"),
				    "all",
				    NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(GSubprocess) process = g_subprocess_newv(
		argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE, &error);

	if (process == NULL) {
		say(desk, error->message);
		return;
	}
	gtk_widget_set_sensitive(GTK_WIDGET(desk->buttons), FALSE);
	say(desk, _("One moment…"));
	g_subprocess_communicate_utf8_async(process, NULL, NULL, on_desk_job_ended,
					    g_object_ref(data));
}

/* ---- the window ---- */

static void
desk_free(gpointer data)
{
	Desk *desk = data;

	g_clear_handle_id(&desk->filling, g_source_remove);
	if (desk->monitor != NULL)
		g_signal_handlers_disconnect_by_data(desk->monitor, desk);
	g_clear_object(&desk->monitor);
	g_free(desk);
}

static void
on_destroyed(GtkWidget *window, gpointer data)
{
	g_object_set_data(G_OBJECT(window), "desk", NULL);
}

static gboolean
on_key(GtkWidget *window, GdkEventKey *event, gpointer data)
{
	if (event->keyval != GDK_KEY_Escape)
		return GDK_EVENT_PROPAGATE;
	gtk_window_close(GTK_WINDOW(window));
	return GDK_EVENT_STOP;
}

static void
buttons_add(Desk *desk, GtkBox *box)
{
	desk->buttons = GTK_BOX(gtk_box_new(GTK_ORIENTATION_HORIZONTAL, SPACING));
	for (guint i = 0; i < G_N_ELEMENTS(jobs); i++) {
		GtkWidget *button = gtk_button_new_with_mnemonic(_(jobs[i].label));

		gtk_widget_set_tooltip_text(button, _(jobs[i].hint));
		g_object_set_data(G_OBJECT(button), "verb", (gpointer)(uintptr_t)jobs[i].verb);
		g_signal_connect(button, "clicked", G_CALLBACK(on_job), desk->window);
		gtk_container_add(GTK_CONTAINER(desk->buttons), button);
	}
	gtk_container_add(GTK_CONTAINER(box), GTK_WIDGET(desk->buttons));
}

static void
desk_watch(Desk *desk)
{
	g_autofree char *folder = inbox();
	g_autoptr(GFile) file = g_file_new_for_path(folder);

	desk->monitor = g_file_monitor_directory(file, G_FILE_MONITOR_WATCH_MOVES, NULL, NULL);
	if (desk->monitor != NULL)
		g_signal_connect(desk->monitor, "changed", G_CALLBACK(on_inbox_changed), desk);
}

static GtkWidget *
scrolled(GtkWidget *child)
{
	GtkWidget *view = gtk_scrolled_window_new(NULL, NULL);

	gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(view), GTK_POLICY_NEVER,
				       GTK_POLICY_AUTOMATIC);
	gtk_container_add(GTK_CONTAINER(view), child);
	return view;
}

static GtkWidget *
desk_new(GtkWindow *parent)
{
	Desk *desk = g_new0(Desk, 1);
	GtkBox *box = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING));

	desk->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	desk->letters = GTK_BOX(gtk_box_new(GTK_ORIENTATION_VERTICAL, SPACING));
	desk->outcome = ouk_label_new("", "dim-label");
	g_object_set_data_full(G_OBJECT(desk->window), "desk", desk, desk_free);
	g_signal_connect(desk->window, "destroy", G_CALLBACK(on_destroyed), NULL);
	g_signal_connect(desk->window, "key-press-event", G_CALLBACK(on_key), NULL);
	gtk_window_set_title(GTK_WINDOW(desk->window), _("Practice: Messages, Bank and CA"));
	gtk_window_set_transient_for(GTK_WINDOW(desk->window), parent);
	gtk_window_set_destroy_with_parent(GTK_WINDOW(desk->window), TRUE);
	gtk_window_set_type_hint(GTK_WINDOW(desk->window), GDK_WINDOW_TYPE_HINT_UTILITY);
	gtk_window_set_default_size(GTK_WINDOW(desk->window), 480, 460);
	gtk_container_set_border_width(GTK_CONTAINER(box), SPACING + SPACING / 2);
	gtk_container_add(
		GTK_CONTAINER(box),
		ouk_label_new(_("For forms: the legal representative is 李四, telephone "
				"13800138000; the handler is anybody, telephone 13900139000."),
			      NULL));
	buttons_add(desk, box);
	gtk_container_add(GTK_CONTAINER(box), desk->outcome);
	gtk_container_add(GTK_CONTAINER(box),
			  ouk_label_new(_("Messages that came"), "ouk-section"));
	gtk_box_pack_start(box, scrolled(GTK_WIDGET(desk->letters)), TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(desk->window), GTK_WIDGET(box));
	letters_fill(desk);
	desk_watch(desk);
	return desk->window;
}

static void
on_closed(GtkWidget *window, gpointer button)
{
	g_object_set_data(G_OBJECT(button), "window", NULL);
}

static void
on_offered(GtkButton *button, gpointer data)
{
	GtkWidget *window = g_object_get_data(G_OBJECT(button), "window");

	if (window == NULL) {
		window = desk_new(GTK_WINDOW(gtk_widget_get_toplevel(GTK_WIDGET(button))));
		g_object_set_data(G_OBJECT(button), "window", window);
		g_signal_connect_object(window, "destroy", G_CALLBACK(on_closed), button, 0);
	}
	gtk_widget_show_all(window);
	gtk_window_present(GTK_WINDOW(window));
}

void
ouk_practice_desk_offer(GtkInfoBar *bar)
{
	GtkWidget *button;

	if (!ouk_practice_desk_possible())
		return;
	button = gtk_button_new_with_mnemonic(_("_Messages, Bank and CA…"));
	g_signal_connect(button, "clicked", G_CALLBACK(on_offered), NULL);
	gtk_container_add(GTK_CONTAINER(gtk_info_bar_get_action_area(bar)), button);
	gtk_widget_show(button);
}
