/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The prompt in front of the window of another process. */
#ifndef OUK_PINENTRY_PARENT_H
#define OUK_PINENTRY_PARENT_H

#include <gtk/gtk.h>

/* parent: "x11:" window in hexadecimal, or "wayland:" exported handle; else nothing is done. */
void ouk_parent_set(GtkWindow *window, const char *parent);

#endif
