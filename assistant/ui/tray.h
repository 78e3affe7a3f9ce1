/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An icon in the panel, by StatusNotifierItem, only where the session has a watcher for it; with a
 * menu (com.canonical.dbusmenu). Nothing needs it: the window is always there too.
 */
#ifndef OUK_UI_TRAY_H
#define OUK_UI_TRAY_H

#include <gio/gio.h>

typedef struct _OukTray OukTray;

OukTray *ouk_tray_new(GApplication *application);
void ouk_tray_free(OukTray *tray);
/* Whether this desktop has a place for it. */
gboolean ouk_tray_has_place(OukTray *tray);

#endif
