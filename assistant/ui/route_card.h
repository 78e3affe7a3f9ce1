/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How this CA unlocks a key: steps, what to bring, whom to call, and where that was read. */
#ifndef OUK_UI_ROUTE_CARD_H
#define OUK_UI_ROUTE_CARD_H

#include "assistant/core/profile.h"
#include "assistant/core/view.h"

#include <gtk/gtk.h>

/* Fills an empty box. profile NULL: no profile knows the CA. view: the key, or NULL. */
void ouk_route_card_fill(GtkBox *box, const OukProfile *profile, OukTokenView *view);
/* The same as lines of text, for the prompt; the caller frees. */
char *ouk_route_text(const OukProfile *profile);
/* "From public manuals, not supplied by ...; last checked ...". "" without profile; the caller
 * frees. */
char *ouk_source_text(const OukProfile *profile, const OukOrigin *origin);

#endif
