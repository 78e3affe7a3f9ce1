/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The application form of an errand. */
#ifndef OUK_UI_ERRAND_FORM_H
#define OUK_UI_ERRAND_FORM_H

#include "assistant/ui/errand.h"

/* The fields of its kind, filled with what is known; what is typed goes into the errand at once. */
GtkWidget *ouk_errand_form_new(OukErrand *errand);
/* What is still missing, in words; NULL: nothing. Borrowed. */
const char *ouk_errand_form_missing(OukErrand *errand);

#endif
