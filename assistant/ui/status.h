/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A status as it is shown everywhere: an icon of its own shape, a colour, and always the word. */
#ifndef OUK_UI_STATUS_H
#define OUK_UI_STATUS_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

typedef struct {
	const char *icon; /* the silhouette tells, also in grey */
	const char *tone; /* CSS class */
	gboolean faded;   /* of no use any more: shown, with its reason */
} OukStatusLook;

const OukStatusLook *ouk_status_look(OukPairStatus status);
/* Icon and word in a frame. */
GtkWidget *ouk_status_badge(OukPairStatus status);
/* The same for anything else. text: translated. */
GtkWidget *ouk_badge_new(const char *icon, const char *tone, const char *text);

/* "1 January 2026", as the language has it; the caller frees. */
char *ouk_date_text(GDateTime *date);
/* "365 days left", "ends today", "ended 3 days ago"; the caller frees. */
char *ouk_days_text(int days);
/* "1 January 2025 to 1 January 2026 · 365 days left"; the caller frees. */
char *ouk_validity_text(const OukPairInfo *info);

#endif
