/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Things that leave the program: files and paper. */
#ifndef OUK_UI_PAPER_H
#define OUK_UI_PAPER_H

#include <gtk/gtk.h>

/*
 * Asks where to, writes it there and tells so in the window. name: proposed. The widget's window
 * is the parent.
 */
void ouk_save_as(GtkWidget *widget, const char *title, const char *name, GBytes *content);
/* Asks for a printer; heading, then the text in lines. */
void ouk_print_text(GtkWidget *widget, const char *heading, const char *text);

#endif
