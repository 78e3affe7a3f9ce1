/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Labels and boxes as all pages have them. */
#ifndef OUK_UI_PARTS_H
#define OUK_UI_PARTS_H

#include <gtk/gtk.h>

/* Starts at the start side, wraps, can be selected with the mouse. class: CSS, or NULL. Shown. */
GtkWidget *ouk_label_new(const char *text, const char *class);
/* The same, added to the box; nothing where text is NULL or "". */
void ouk_label_add(GtkBox *box, const char *text, const char *class);
void ouk_add_class(GtkWidget *widget, const char *class);
/* One of ouk-good, ouk-warn, ouk-bad, ouk-neutral instead of the one it has. */
void ouk_set_tone(GtkWidget *widget, const char *tone);
/*
 * A page that scrolls and is never wider than can be read with ease. *ret_box: where its parts go.
 * Shown.
 */
GtkWidget *ouk_page_new(GtkBox **ret_box);
/* A framed box of parts, added to the box. Shown. */
GtkBox *ouk_card_add(GtkBox *box);
/* A button with a mnemonic at the start side; action: detailed name, or NULL. Shown. */
GtkWidget *ouk_button_add(GtkBox *box, const char *label, const char *action);
/* Destroys the children. */
void ouk_clear(gpointer container);
/* GTK gives the cross of an info bar no name. other: its button that has one. */
void ouk_name_cross(GtkWidget *info_bar, gpointer other);
/* For g_signal_connect_data: frees, drops the reference. */
GClosureNotify ouk_closure_free(void);
GClosureNotify ouk_closure_unref(void);

#endif
