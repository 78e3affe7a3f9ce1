/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The switch "start with the session": a file in the person's autostart folder, and nothing else.
 */
#ifndef OUK_UI_AUTOSTART_H
#define OUK_UI_AUTOSTART_H

#include <glib.h>

gboolean ouk_autostart_enabled(void);
gboolean ouk_autostart_set(gboolean enabled, GError **error);

#endif
