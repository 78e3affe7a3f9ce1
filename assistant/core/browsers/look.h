/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each browser of this computer and user can do with a key. Only looking. */
#ifndef OUK_CORE_BROWSERS_LOOK_H
#define OUK_CORE_BROWSERS_LOOK_H

#include "assistant/core/browsers/register.h"

/* One way of logging in, in one browser. */
typedef enum {
	OUK_WAY_READY,
	OUK_WAY_MISSING,  /* registering would make it work */
	OUK_WAY_SHUT_OFF, /* the browser's sandbox does not let it */
	OUK_WAY_UNKNOWN,  /* nobody has found out for this browser */
} OukWay;

typedef struct {
	const OukBrowserRow *row;
	char *title;      /* "Firefox (Snap)" */
	OukWay module;    /* https with the key: the browser loads our PKCS #11 module */
	OukWay ports;     /* pages that ask the bridge by a port of this computer */
	OukWay extension; /* pages that the extension serves */
	char *where;      /* the file that says so; "" */
	char *rival;      /* another policy file that overrides ours; NULL */
} OukBrowserState;

void ouk_browser_state_free(OukBrowserState *state);

/* Of OukBrowserState: the browsers that are there. Never NULL. */
GPtrArray *ouk_browsers_look(const OukBrowserSetup *setup);

/* "ready", "missing", "shut-off", "unknown": for scripts. */
const char *ouk_way_name(OukWay way);
/* The same for people. */
const char *ouk_way_text(OukWay way);
/* What cannot work in this browser and what to do instead; NULL when all can. Translated, static.
 */
const char *ouk_browser_limit(const OukBrowserState *state);

#endif
