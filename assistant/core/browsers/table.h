/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The browsers we know of, and where they keep their things. */
#ifndef OUK_CORE_BROWSERS_TABLE_H
#define OUK_CORE_BROWSERS_TABLE_H

#include <glib.h>

typedef enum { OUK_ENGINE_GECKO, OUK_ENGINE_BLINK } OukEngine;
typedef enum { OUK_PACKAGING_NATIVE, OUK_PACKAGING_SNAP, OUK_PACKAGING_FLATPAK } OukPackaging;

/* Columns of browsers.def. */
typedef struct {
	const char *id, *name;
	OukEngine engine;
	OukPackaging packaging;
	const char *places, *policies, *data, *desktops;
	gboolean proven;
} OukBrowserRow;

/* The computer and person it is about. */
typedef struct {
	const char *root;   /* "" or where the system's folders are (an image being built) */
	const char *home;   /* the user's folder */
	const char *module; /* path of the module, as browsers are to load it */
} OukGround;

const OukBrowserRow *ouk_browser_rows(gsize *ret_count);
/* "Firefox", "Firefox (Snap)": the caller frees. */
char *ouk_browser_title(const OukBrowserRow *row);

/* The paths of a column. The caller frees (g_strfreev). */
char **browser_paths(const OukGround *ground, const char *column);
/* The program it would be started by; NULL when it is not installed so. SNAP, FLATPAK: its folder.
 */
char *browser_place(const OukGround *ground, const OukBrowserRow *row);

#endif
