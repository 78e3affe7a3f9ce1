/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/ui/paper.h"

#include "assistant/core/errors.h"
#include "assistant/ui/window.h"

#include <glib/gi18n.h>
#include <string.h>

/* ---- files ---- */

typedef struct {
	GtkWidget *widget;
	GBytes *content;
} Saving;

static void
saving_free(Saving *saving)
{
	g_object_unref(saving->widget);
	g_bytes_unref(saving->content);
	g_free(saving);
}

static void
on_written(GObject *source, GAsyncResult *result, gpointer data)
{
	Saving *saving = data;
	g_autoptr(GError) error = NULL, told = NULL;
	g_autofree char *name = g_file_get_parse_name(G_FILE(source)), *text = NULL;

	if (g_file_replace_contents_finish(G_FILE(source), result, NULL, &error)) {
		text = g_strdup_printf(_("Saved as %s."), name);
		ouk_window_say(saving->widget, GTK_MESSAGE_INFO, text);
	} else {
		ouk_fail_with(&told, OUK_E_FILE_WRITE, "(%s)", error->message);
		ouk_window_report(saving->widget, told);
	}
	saving_free(saving);
}

static void
on_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	Saving *saving = data;
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT) {
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
		g_file_replace_contents_bytes_async(file, saving->content, NULL, FALSE,
						    G_FILE_CREATE_REPLACE_DESTINATION, NULL,
						    on_written, saving);
	} else {
		saving_free(saving);
	}
	g_object_unref(dialog);
}

void
ouk_save_as(GtkWidget *widget, const char *title, const char *name, GBytes *content)
{
	Saving *saving = g_new0(Saving, 1);
	GtkWindow *parent = GTK_WINDOW(gtk_widget_get_toplevel(widget));
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		title, parent, GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), _("_Cancel"));

	saving->widget = g_object_ref(widget);
	saving->content = g_bytes_ref(content);
	gtk_file_chooser_set_do_overwrite_confirmation(GTK_FILE_CHOOSER(dialog), TRUE);
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect(dialog, "response", G_CALLBACK(on_chosen), saving);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- reading ---- */

typedef struct {
	GtkWidget *widget;
	OukFileTold told;
	gpointer data;
	GDestroyNotify free_data;
	gsize most;
	guint8 *bytes;
} Choosing;

static void
choosing_end(Choosing *choosing, GBytes *content)
{
	if (choosing->told != NULL && !gtk_widget_in_destruction(choosing->widget) &&
	    gtk_widget_get_parent(choosing->widget) != NULL)
		choosing->told(choosing->widget, content, choosing->data);
	if (choosing->free_data != NULL)
		choosing->free_data(choosing->data);
	g_object_unref(choosing->widget);
	g_free(choosing->bytes);
	g_free(choosing);
}

static void
on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	Choosing *choosing = data;
	gsize len = 0;
	gboolean read = g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &len, NULL);
	g_autoptr(GBytes) content = read ? g_bytes_new(choosing->bytes, len) : NULL;

	g_object_unref(source);
	choosing_end(choosing, content);
}

/* Never more of it than is wanted, however large it is. */
static void
on_file_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	Choosing *choosing = data;
	GFileInputStream *stream = g_file_read_finish(G_FILE(source), result, NULL);

	if (stream == NULL) {
		choosing_end(choosing, NULL);
		return;
	}
	choosing->bytes = g_malloc(choosing->most + 1);
	g_input_stream_read_all_async(G_INPUT_STREAM(stream), choosing->bytes, choosing->most + 1,
				      G_PRIORITY_DEFAULT, NULL, on_read, choosing);
}

static void
on_file_chosen(GtkNativeDialog *dialog, int response, gpointer data)
{
	Choosing *choosing = data;
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (file != NULL) {
		g_file_read_async(file, G_PRIORITY_DEFAULT, NULL, on_file_opened, choosing);
	} else {
		choosing->told = NULL;
		choosing_end(choosing, NULL);
	}
	g_object_unref(dialog);
}

void
ouk_choose_file(GtkWidget *widget, const OukFileWish *wish, OukFileTold told, gpointer data,
		GDestroyNotify free_data)
{
	Choosing *choosing = g_new0(Choosing, 1);
	GtkFileFilter *filter = gtk_file_filter_new();
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		wish->title, GTK_WINDOW(gtk_widget_get_toplevel(widget)),
		GTK_FILE_CHOOSER_ACTION_OPEN, _("_Choose"), _("_Cancel"));

	*choosing = (Choosing){g_object_ref(widget), told, data, free_data, wish->most, NULL};
	gtk_file_filter_set_name(filter, wish->kind);
	for (gsize i = 0; wish->wanted[i] != NULL; i++)
		if (strchr(wish->wanted[i], '*') != NULL)
			gtk_file_filter_add_pattern(filter, wish->wanted[i]);
		else
			gtk_file_filter_add_mime_type(filter, wish->wanted[i]);
	gtk_file_chooser_add_filter(GTK_FILE_CHOOSER(dialog), filter);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect(dialog, "response", G_CALLBACK(on_file_chosen), choosing);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- pages ---- */

typedef struct {
	GtkWidget *widget;
	char *done, *failed;
} Opening;

static void
on_opened(GObject *source, GAsyncResult *result, gpointer data)
{
	Opening *opening = data;

	if (!g_app_info_launch_default_for_uri_finish(result, NULL))
		ouk_window_say(opening->widget, GTK_MESSAGE_ERROR, opening->failed);
	else if (opening->done != NULL)
		ouk_window_say(opening->widget, GTK_MESSAGE_INFO, opening->done);
	g_object_unref(opening->widget);
	g_free(opening->done);
	g_free(opening->failed);
	g_free(opening);
}

/* gtk_show_uri_on_window() would keep the failure to itself. */
void
ouk_uri_open(GtkWidget *widget, const char *uri, const char *done, const char *failed)
{
	Opening *opening = g_new0(Opening, 1);
	g_autoptr(GdkAppLaunchContext) context =
		gdk_display_get_app_launch_context(gtk_widget_get_display(widget));

	opening->widget = g_object_ref(widget);
	opening->done = g_strdup(done);
	opening->failed = g_strdup(failed);
	gdk_app_launch_context_set_timestamp(context, gtk_get_current_event_time());
	g_app_info_launch_default_for_uri_async(uri, G_APP_LAUNCH_CONTEXT(context), NULL, on_opened,
						opening);
}

/* ---- paper ---- */

typedef struct {
	char *heading, *text;
	GPtrArray *pages; /* of PangoLayout */
} Printing;

static void
printing_free(gpointer data)
{
	Printing *printing = data;

	g_free(printing->heading);
	g_free(printing->text);
	g_ptr_array_unref(printing->pages);
	g_free(printing);
}

static PangoLayout *
layout_of(GtkPrintContext *context, const char *text, const char *font)
{
	PangoLayout *layout = gtk_print_context_create_pango_layout(context);
	PangoFontDescription *face = pango_font_description_from_string(font);

	pango_layout_set_font_description(layout, face);
	pango_font_description_free(face);
	pango_layout_set_width(layout, (int)gtk_print_context_get_width(context) * PANGO_SCALE);
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	pango_layout_set_text(layout, text, -1);
	return layout;
}

/* One layout a page, as many lines as fit. */
static void
begin_print(GtkPrintOperation *operation, GtkPrintContext *context, Printing *printing)
{
	double height = gtk_print_context_get_height(context);
	g_auto(GStrv) lines = g_strsplit(printing->text, "\n", -1);
	g_autoptr(GString) page = g_string_new(NULL);
	gboolean first = TRUE;

	for (guint i = 0; lines[i] != NULL; i++) {
		gsize before = page->len;
		g_autoptr(PangoLayout) layout = NULL;
		int used = 0;

		g_string_append_printf(page, "%s\n", lines[i]);
		layout = layout_of(context, page->str, "Sans 10");
		pango_layout_get_pixel_size(layout, NULL, &used);
		if (used <= height - (first ? 60 : 0) || before == 0)
			continue;
		g_string_truncate(page, before);
		g_ptr_array_add(printing->pages, layout_of(context, page->str, "Sans 10"));
		g_string_printf(page, "%s\n", lines[i]);
		first = FALSE;
	}
	g_ptr_array_add(printing->pages, layout_of(context, page->str, "Sans 10"));
	gtk_print_operation_set_n_pages(operation, (int)printing->pages->len);
}

static void
draw_page(GtkPrintOperation *operation, GtkPrintContext *context, int number, Printing *printing)
{
	cairo_t *cr = gtk_print_context_get_cairo_context(context);

	cairo_set_source_rgb(cr, 0, 0, 0);
	if (number == 0) {
		g_autoptr(PangoLayout) heading =
			layout_of(context, printing->heading, "Sans Bold 16");

		cairo_move_to(cr, 0, 0);
		pango_cairo_show_layout(cr, heading);
	}
	cairo_move_to(cr, 0, number == 0 ? 50 : 0);
	pango_cairo_show_layout(cr, printing->pages->pdata[number]);
}

void
ouk_print_text(GtkWidget *widget, const char *heading, const char *text)
{
	g_autoptr(GtkPrintOperation) operation = gtk_print_operation_new();
	g_autoptr(GError) error = NULL;
	Printing *printing = g_new0(Printing, 1);

	printing->heading = g_strdup(heading);
	printing->text = g_strdup(text);
	printing->pages = g_ptr_array_new_with_free_func(g_object_unref);
	g_object_set_data_full(G_OBJECT(operation), "printing", printing, printing_free);
	g_signal_connect(operation, "begin-print", G_CALLBACK(begin_print), printing);
	g_signal_connect(operation, "draw-page", G_CALLBACK(draw_page), printing);
	gtk_print_operation_set_job_name(operation, heading);
	gtk_print_operation_set_allow_async(operation, TRUE);
	if (gtk_print_operation_run(operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG,
				    GTK_WINDOW(gtk_widget_get_toplevel(widget)),
				    &error) == GTK_PRINT_OPERATION_RESULT_ERROR)
		ouk_window_say(widget, GTK_MESSAGE_ERROR, error->message);
}
