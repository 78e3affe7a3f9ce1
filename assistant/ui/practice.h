/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Practice: a second instance of the program in the rehearsal world, with a virtual key and a
 * smart card service of its own. Nothing of the real keys is touched.
 */
#ifndef OUK_UI_PRACTICE_H
#define OUK_UI_PRACTICE_H

#include <gtk/gtk.h>

/* Whether the rehearsal world is installed. */
gboolean ouk_practice_possible(void);
/* Starts it; tells in the widget's window what comes of that. */
void ouk_practice_start(GtkWidget *widget);

#endif
