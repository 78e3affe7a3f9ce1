/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pages that are logged in to keys. A session belongs to one page and one key; the key's login,
 * which PKCS #11 has once for each process, lasts as long as any session on the key. All functions
 * are for any thread.
 */
#ifndef OUK_BRIDGE_SESSION_H
#define OUK_BRIDGE_SESSION_H

#include "assistant/core/token.h"
#include "assistant/core/watch_slot.h"

#define OUK_SESSION_IDLE  300U  /* seconds after the last use of a private key */
#define OUK_SESSION_LIMIT 1800U /* seconds at all */

/* The key's own login. */
typedef struct {
	gint refs;
	char *token_id, *serial;
	OukSlot *slot;
	OukEngine *engine; /* entered */
	OukToken *token;   /* slot->busy; logged in; NULL: over */
	guint sessions;    /* of OukSessions */
} OukLogin;

OukLogin *ouk_login_ref(OukLogin *login);
void ouk_login_unref(OukLogin *login);

typedef struct {
	guint id;
	guint page; /* its number */
	char *origin, *title, *program;
	OukLogin *login;
	gint64 begun, used; /* monotonic */
	gint64 since;       /* Unix time */
	guint signatures;
} OukSession;

typedef struct {
	guint idle, limit; /* seconds */
	GMainContext *context;
	/* One is over; why: "idle", "limit", "page", "key", ... Any thread. */
	void (*ended)(const OukSession *session, const char *why, gpointer data);
	/*
	 * Nobody uses the login any more: have a worker call ouk_sessions_tidy, and drop the
	 * reference. Any thread.
	 */
	void (*unused)(OukLogin *login, gpointer data);
	gpointer data;
} OukSessionsSetup;

typedef struct _OukSessions OukSessions;

OukSessions *ouk_sessions_new(const OukSessionsSetup *setup);
void ouk_sessions_free(OukSessions *sessions);

/* The login of a page's live session on a key; NULL: it has none. The caller drops it. */
OukLogin *ouk_sessions_find(OukSessions *sessions, guint page, const char *token_id);
/*
 * The one login of a key, as long as it stays plugged in; nothing is opened. NULL: it is gone. On
 * the main context. The caller drops it.
 */
OukLogin *ouk_sessions_login(OukSessions *sessions, OukWatch *watch, const char *token_id);
/* Logs out and closes unless there is a session; waits for the key. Workers only. */
void ouk_sessions_tidy(OukSessions *sessions, OukLogin *login);
/* The key was pulled. */
void ouk_sessions_pulled(OukSessions *sessions, const char *token_id);
/*
 * What is copied of `like`: page, texts, login (a reference). In the place of an older one. Called
 * with login->slot->busy held, so that the login is not closed again in between.
 */
void ouk_sessions_begin(OukSessions *sessions, const OukSession *like);
/* A private key was used: it may last longer. */
void ouk_sessions_use(OukSessions *sessions, guint page, const char *token_id);

/* Which ones; 0 and NULL fit all. */
typedef struct {
	guint id, page;
	const char *token_id, *origin;
} OukSessionFilter;

/* The number that were ended. */
guint ouk_sessions_end(OukSessions *sessions, const OukSessionFilter *filter, const char *why);
/* Each of them, under the lock. */
void ouk_sessions_foreach(OukSessions *sessions,
			  void (*fn)(const OukSession *session, gint64 left, gpointer data),
			  gpointer data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukLogin, ouk_login_unref)

#endif
