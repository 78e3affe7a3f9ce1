/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One child in the middle, never wider than can be read with ease. */
#ifndef OUK_UI_CLAMP_H
#define OUK_UI_CLAMP_H

#include <gtk/gtk.h>

#define OUK_TYPE_CLAMP ouk_clamp_get_type()
G_DECLARE_FINAL_TYPE(OukClamp, ouk_clamp, OUK, CLAMP, GtkBin)

#endif
