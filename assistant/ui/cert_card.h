/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate at a glance: whose, from whom, how long, and whether it can be used. */
#ifndef OUK_UI_CERT_CARD_H
#define OUK_UI_CERT_CARD_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

/* view: the key it is on, or NULL (remembered). details: with the button that opens them. */
GtkWidget *ouk_cert_card_new(OukTokenView *view, OukPairView *pair, gboolean details);

#endif
