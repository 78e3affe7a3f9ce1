/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key in the list: its mark, its name, the end of its serial number, and what is wrong. */
#ifndef OUK_UI_KEY_ROW_H
#define OUK_UI_KEY_ROW_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

GtkWidget *ouk_key_row_new(OukTokenView *view);

#endif
