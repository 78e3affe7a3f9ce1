/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether Caps Lock and Num Lock would change what is typed. */
#ifndef OUK_PINENTRY_LOCK_LABEL_H
#define OUK_PINENTRY_LOCK_LABEL_H

#include <gtk/gtk.h>

/* Keeps the two labels right from now on: each is hidden when there is nothing to say. */
void ouk_lock_labels_watch(GtkLabel *caps, GtkLabel *num);

#endif
