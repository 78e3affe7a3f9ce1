/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the person has set: the schema org.openukey.Assistant, and its defaults where it is not
 * installed. */
#ifndef OUK_UI_SETTINGS_H
#define OUK_UI_SETTINGS_H

#include <gio/gio.h>

/* NULL when the schema is not installed. Borrowed. */
GSettings *ouk_settings(void);
/* TRUE also for a key that cannot be read. */
gboolean ouk_settings_get(const char *key);

#endif
