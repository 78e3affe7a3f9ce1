/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A colour and a shape for each key, so that two keys on one desk are told apart at a glance. */
#ifndef OUK_UI_MARK_H
#define OUK_UI_MARK_H

#include "assistant/core/view.h"

#include <gtk/gtk.h>

#define OUK_TYPE_MARK ouk_mark_get_type()
G_DECLARE_FINAL_TYPE(OukMark, ouk_mark, OUK, MARK, GtkDrawingArea)

/* colour, shape: 0 .. OUK_MARKS - 1; size: in heights of the text beside it. */
GtkWidget *ouk_mark_new(guint colour, guint shape, double size);
void ouk_mark_set(OukMark *self, guint colour, guint shape);

#endif
