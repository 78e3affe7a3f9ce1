/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the doctor found of a link, as it is shown: an icon of its own shape, a colour, a word. */
#ifndef OUK_UI_LINK_BADGE_H
#define OUK_UI_LINK_BADGE_H

#include "assistant/core/doctor/doctor.h"

#include <gtk/gtk.h>

typedef struct {
	const char *icon, *tone;
	const char *word; /* untranslated */
} OukLinkLook;

const OukLinkLook *ouk_link_look(OukLinkState state);
/* Icon and word in a frame. */
GtkWidget *ouk_link_badge_new(OukLinkState state);

#endif
