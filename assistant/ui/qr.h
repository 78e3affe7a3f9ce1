/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A QR code, black on white whatever the theme, with a margin that scanners need. */
#ifndef OUK_UI_QR_H
#define OUK_UI_QR_H

#include <gtk/gtk.h>

/* spoken: what it is, for who cannot see it. NULL when the text does not fit into a code. Shown. */
GtkWidget *ouk_qr_new(const char *text, const char *spoken);

#endif
