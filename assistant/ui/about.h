/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* About: version, licence, and that the program belongs to none of the CAs it knows. */
#ifndef OUK_UI_ABOUT_H
#define OUK_UI_ABOUT_H

#include <gtk/gtk.h>

void ouk_about_show(GtkWindow *parent);

#endif
