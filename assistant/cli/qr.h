/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QR codes on a terminal. */
#ifndef UKEY_QR_H
#define UKEY_QR_H

#include <glib.h>

/* In blocks of half a line, dark on light whatever the terminal's colours are. FALSE: too long. */
gboolean cli_qr_print(const char *text);

#endif
