/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Things that leave the program: files, paper, and pages for the browser. */
#ifndef OUK_UI_PAPER_H
#define OUK_UI_PAPER_H

#include <gtk/gtk.h>

/*
 * Asks where to, writes it there and tells so in the window. name: proposed. The widget's window
 * is the parent.
 */
void ouk_save_as(GtkWidget *widget, const char *title, const char *name, GBytes *content);
typedef struct {
	const char *title, *kind; /* of the dialog; what files they are; translated */
	const char *const
		*wanted; /* media types ("image/png") and patterns ("*.crt"), NULL-ended */
	gsize most;      /* bytes; of a longer file one byte more than that is read */
} OukFileWish;
/* content: NULL: it could not be read. */
typedef void (*OukFileTold)(GtkWidget *widget, GBytes *content, gpointer data);
/*
 * Asks for a file and reads it. told is called at most once, while the widget lives; data is freed
 * (free_data may be NULL) in any case.
 */
void ouk_choose_file(GtkWidget *widget, const OukFileWish *wish, OukFileTold told, gpointer data,
		     GDestroyNotify free_data);
/*
 * Opens an address in the program that is meant for it, and tells in the window what came of that:
 * done (NULL: nothing) or failed, both translated.
 */
void ouk_uri_open(GtkWidget *widget, const char *uri, const char *done, const char *failed);
/* Asks for a printer; heading, then the text in lines. */
void ouk_print_text(GtkWidget *widget, const char *heading, const char *text);

#endif
