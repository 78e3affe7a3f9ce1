/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/timeline_page.h"

#include "assistant/core/calendar.h"
#include "assistant/core/memory.h"
#include "assistant/ui/application.h"
#include "assistant/ui/cert_card.h"
#include "assistant/ui/clamp.h"
#include "assistant/ui/empty_page.h"
#include "assistant/ui/paper.h"
#include "assistant/ui/parts.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>

struct _OukTimelinePage {
	GtkScrolledWindow parent;
	GtkBox *list;
	GCancellable *cancellable;
};

G_DEFINE_TYPE(OukTimelinePage, ouk_timeline_page, GTK_TYPE_SCROLLED_WINDOW)

static char *
seen_text(const OukRemembered *each)
{
	g_autoptr(GDateTime) seen = g_date_time_new_from_unix_local(each->seen);
	g_autofree char *date = g_date_time_format(seen, _("%-d %B %Y"));
	const char *name = each->nickname != NULL ? each->nickname : each->label;

	/* TRANSLATORS: name of a key, end of its serial number, date */
	return g_strdup_printf(_("Key %s (…%s), seen on %s"), name, each->serial_end, date);
}

/* ---- forget ---- */

typedef struct {
	OukMemory *memory;
	char *id;
} Forgetting;

static void
forgetting_free(gpointer data)
{
	Forgetting *forgetting = data;

	ouk_memory_unref(forgetting->memory);
	g_free(forgetting->id);
	g_free(forgetting);
}

static void
forget(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Forgetting *forgetting = data;
	GError *error = NULL;

	if (ouk_memory_forget(forgetting->memory, forgetting->id, &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void
on_forgotten(GObject *source, GAsyncResult *result, gpointer data)
{
	OukTimelinePage *self = OUK_TIMELINE_PAGE(source);
	g_autoptr(GError) error = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &error);

	if (g_cancellable_is_cancelled(self->cancellable))
		return;
	if (!done)
		ouk_window_report(GTK_WIDGET(self), error);
	else
		ouk_window_say(
			GTK_WIDGET(self), GTK_MESSAGE_INFO,
			_("Forgotten. It comes back when its key is plugged in again, unless "
			  "that is switched off in the preferences."));
	ouk_application_memory_changed(ouk_application_get());
}

static void
on_forget(GtkWidget *button, const char *id)
{
	GtkWidget *self = gtk_widget_get_ancestor(button, OUK_TYPE_TIMELINE_PAGE);
	g_autoptr(GTask) task = NULL;
	Forgetting *forgetting = g_new0(Forgetting, 1);

	forgetting->memory = ouk_memory_ref(ouk_application_memory(ouk_application_get()));
	forgetting->id = g_strdup(id);
	task = g_task_new(self, OUK_TIMELINE_PAGE(self)->cancellable, on_forgotten, NULL);
	g_task_set_task_data(task, forgetting, forgetting_free);
	g_task_run_in_thread(task, forget);
}

static void
on_calendar(GtkWidget *button, OukPairView *pair)
{
	const OukPairInfo *info = ouk_pair_view_info(pair);
	g_autofree char *name = ouk_calendar_file_name(info);
	char *text = ouk_calendar_text(info, g_get_real_time() / G_USEC_PER_SEC);
	g_autoptr(GBytes) content = NULL;

	if (text == NULL)
		return;
	content = g_bytes_new_take(text, strlen(text));
	ouk_save_as(button, _("Save the Date"), name, content);
}

/* ---- list ---- */

static GtkWidget *
entry_new(const OukRemembered *each)
{
	GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 6);
	GtkWidget *line = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 12);
	GtkWidget *label = gtk_label_new(NULL);
	GtkWidget *calendar = gtk_button_new_with_mnemonic(_("Into My Ca_lendar…"));
	GtkWidget *forget_button = gtk_button_new_with_mnemonic(_("_Forget"));
	g_autofree char *seen = seen_text(each);

	gtk_label_set_text(GTK_LABEL(label), seen);
	gtk_label_set_xalign(GTK_LABEL(label), 0);
	gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
	ouk_add_class(label, "dim-label");
	ouk_add_class(forget_button, "flat");
	g_signal_connect_data(calendar, "clicked", G_CALLBACK(on_calendar),
			      g_object_ref(each->pair), ouk_closure_unref(), 0);
	g_signal_connect_data(forget_button, "clicked", G_CALLBACK(on_forget), g_strdup(each->id),
			      ouk_closure_free(), 0);
	gtk_box_pack_start(GTK_BOX(line), label, TRUE, TRUE, 0);
	gtk_container_add(GTK_CONTAINER(line), forget_button);
	gtk_container_add(GTK_CONTAINER(line), calendar);
	gtk_container_add(GTK_CONTAINER(box), ouk_cert_card_new(NULL, each->pair, TRUE));
	gtk_container_add(GTK_CONTAINER(box), line);
	gtk_widget_show_all(box);
	return box;
}

static void
fill(OukTimelinePage *self)
{
	OukMemory *memory = ouk_application_memory(ouk_application_get());
	g_autoptr(GPtrArray) list = NULL;

	ouk_clear(self->list);
	if (memory != NULL)
		list = ouk_memory_list(memory);
	for (guint i = 0; list != NULL && i < list->len; i++)
		gtk_container_add(GTK_CONTAINER(self->list), entry_new(list->pdata[i]));
	if (list == NULL || list->len == 0)
		gtk_container_add(
			GTK_CONTAINER(self->list),
			ouk_empty_new("ouk-timeline-symbolic", _("Nothing is remembered yet"),
				      _("Plug a key in once; from then on its dates are shown here "
					"also without the key."),
				      NULL, NULL));
}

static void
ouk_timeline_page_dispose(GObject *object)
{
	g_cancellable_cancel(OUK_TIMELINE_PAGE(object)->cancellable);
	G_OBJECT_CLASS(ouk_timeline_page_parent_class)->dispose(object);
}

static void
ouk_timeline_page_finalize(GObject *object)
{
	g_object_unref(OUK_TIMELINE_PAGE(object)->cancellable);
	G_OBJECT_CLASS(ouk_timeline_page_parent_class)->finalize(object);
}

static void
ouk_timeline_page_class_init(OukTimelinePageClass *klass)
{
	GtkWidgetClass *widget_class = GTK_WIDGET_CLASS(klass);

	g_type_ensure(OUK_TYPE_CLAMP);
	G_OBJECT_CLASS(klass)->dispose = ouk_timeline_page_dispose;
	G_OBJECT_CLASS(klass)->finalize = ouk_timeline_page_finalize;
	gtk_widget_class_set_template_from_resource(widget_class,
						    "/org/openukey/Assistant/timeline_page.ui");
	gtk_widget_class_bind_template_child(widget_class, OukTimelinePage, list);
}

static void
ouk_timeline_page_init(OukTimelinePage *self)
{
	gtk_widget_init_template(GTK_WIDGET(self));
	self->cancellable = g_cancellable_new();
	g_signal_connect_object(ouk_application_get(), "memory", G_CALLBACK(fill), self,
				G_CONNECT_SWAPPED);
	fill(self);
}

GtkWidget *
ouk_timeline_page_new(void)
{
	return g_object_new(OUK_TYPE_TIMELINE_PAGE, NULL);
}
