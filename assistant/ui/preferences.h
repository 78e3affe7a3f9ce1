/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Preferences: a few switches that act at once. */
#ifndef OUK_UI_PREFERENCES_H
#define OUK_UI_PREFERENCES_H

#include <gtk/gtk.h>

/* tray: whether this desktop has a place for an icon. */
void ouk_preferences_show(GtkWindow *parent, gboolean tray);

#endif
