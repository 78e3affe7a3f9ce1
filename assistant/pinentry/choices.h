/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One of several, in a question that asks for no PIN. */
#ifndef OUK_PINENTRY_CHOICES_H
#define OUK_PINENTRY_CHOICES_H

#include <gtk/gtk.h>

#define OUK_CHOICES_MAX 16

/* Fills the box with the lines, the first one chosen; hides it when there are fewer than two. */
void ouk_choices_show(GtkBox *box, const char *lines);
/* Counted from 0. */
guint ouk_choices_chosen(GtkBox *box);

#endif
