/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a CA does something on its own pages or at a counter, and the card of it to print. */
#ifndef OUK_UI_GUIDE_PAGE_H
#define OUK_UI_GUIDE_PAGE_H

#include "assistant/core/guide.h"
#include "assistant/core/view.h"

#include <gtk/gtk.h>

/* profile, view: NULL where there is none. */
GtkWidget *ouk_guide_page_new(OukGuideKind kind, const OukProfile *profile, OukTokenView *view);
/*
 * The parts of such a page, for others that show it: steps, papers, places and numbers to call.
 * Adds them to the box.
 */
void ouk_guide_fill(GtkBox *box, OukGuideKind kind, const OukProfile *profile);
/* Of those, numbers to call and service points alone. */
void ouk_guide_fill_contacts(GtkBox *box, const OukProfile *profile);
/* The buttons: the CA's page, the card to print. number: of an order, or NULL. */
void ouk_guide_add_buttons(GtkBox *box, OukGuideKind kind, const OukProfile *profile,
			   OukTokenView *view, const char *number);

#endif
