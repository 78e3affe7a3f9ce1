/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys that are plugged in, always right within two seconds: a list (GListModel of
 * OukTokenView) and a state. Modules are loaded and keys are read on threads of its own; signals
 * come on the main context that was the default when it was made. Nothing here spends a PIN try.
 *
 *	g_autoptr(OukWatch) watch = ouk_watch_new(NULL, memory);
 *	g_signal_connect(watch, "changed", G_CALLBACK(on_changed), self);
 *
 * Signals:
 *	changed	the list or the state is another than before
 *	plugged (OukTokenView)	a key came, and was read (or could not be: info->failed)
 *	pulled (OukTokenView)	a key went; the last snapshot of it
 * A key that was there when the watch was made comes with "plugged" like any other, while
 * ouk_watch_settled is FALSE.
 */
#ifndef OUK_CORE_WATCH_H
#define OUK_CORE_WATCH_H

#include "assistant/core/view.h"

#include <gio/gio.h>

typedef struct _OukMemory OukMemory; /* memory.h */

typedef enum {
	OUK_WATCH_STARTING,   /* loading, first look: say "looking for keys" */
	OUK_WATCH_NO_MODULE,  /* no driver for keys is installed */
	OUK_WATCH_NO_SERVICE, /* the smart card service cannot be reached */
	OUK_WATCH_EMPTY,      /* nothing is plugged in */
	OUK_WATCH_READY,      /* at least one key is in the list */
	OUK_WATCH_STATE_COUNT
} OukWatchState;

#define OUK_TYPE_WATCH ouk_watch_get_type()
G_DECLARE_FINAL_TYPE(OukWatch, ouk_watch, OUK, WATCH, GObject)

/*
 * modules: paths of PKCS #11 modules with colons between them; NULL: $OPENUKEY_MODULE, else all
 * that p11-kit lists. memory: where nicknames are; NULL: none. It is kept.
 */
OukWatch *ouk_watch_new(const char *modules, OukMemory *memory);
/*
 * Ends the threads and lets go of modules and keys; waits for a command that is on its way. Also
 * done by the last unref; afterwards the list is empty. Jobs (jobs.h) are ended first.
 */
void ouk_watch_close(OukWatch *watch);

OukWatchState ouk_watch_state(OukWatch *watch);
/* "starting", "no-module", ... for scripts and tests. */
const char *ouk_watch_state_name(OukWatchState state);
/* Whether the keys that were there at the start have all been read. */
gboolean ouk_watch_settled(OukWatch *watch);

/* By OukTokenInfo's id, or its key_id; NULL when it is not there (any more). Borrowed. */
OukTokenView *ouk_watch_find(OukWatch *watch, const char *id);

typedef enum {
	OUK_REFRESH_TRIES, /* counters, flags, label: a few short commands */
	OUK_REFRESH_ALL,   /* the certificates too */
} OukRefresh;

/*
 * Reads a key again (id NULL: all of them, and looks for new ones), and replaces its snapshot.
 * ouk_watch_refresh_finish: FALSE with OUK_E_REMOVED when it is not there any more.
 */
void ouk_watch_refresh_async(OukWatch *watch, const char *id, OukRefresh depth,
			     GAsyncReadyCallback callback, gpointer data);
gboolean ouk_watch_refresh_finish(OukWatch *watch, GAsyncResult *result, GError **error);

/* What the CA said of a certificate (OukPairCert's sha256); kept while the program runs. */
void ouk_watch_note_asked(OukWatch *watch, const char *sha256, OukAsked asked);
/* After a nickname was changed in the memory: shows it. */
void ouk_watch_note_memory(OukWatch *watch);

#endif
