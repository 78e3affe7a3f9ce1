/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whoever is missing in a practice: the telephones that messages come to, the bank, the CA's
 * operators.  A window beside the practice's own, over the rehearsal's certificate service.
 */
#ifndef OUK_UI_PRACTICE_DESK_H
#define OUK_UI_PRACTICE_DESK_H

#include <gtk/gtk.h>

/* Whether the practice has a certificate service. */
gboolean ouk_practice_desk_possible(void);
/* Adds the button that opens it to the bar that says that this is practice. */
void ouk_practice_desk_offer(GtkInfoBar *bar);

#endif
