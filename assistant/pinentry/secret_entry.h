/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The field that a PIN is typed into. Keys that make a character are taken before GTK sees them:
 * neither an input method nor the accessibility bus (which would be told every key) gets them.
 */
#ifndef OUK_PINENTRY_SECRET_ENTRY_H
#define OUK_PINENTRY_SECRET_ENTRY_H

#include "common/bytes.h"

#include <gtk/gtk.h>

/* Once, after gtk_init: from here on all events come by here. */
void ouk_secret_entry_guard(void);

/* Makes a GtkEntry of the window's file into such a field. */
void ouk_secret_entry_make(GtkEntry *entry);
/* Borrowed until the next change. */
struct uk_span ouk_secret_entry_peek(GtkEntry *entry);
/* Wipes it. */
void ouk_secret_entry_clear(GtkEntry *entry);

#endif
