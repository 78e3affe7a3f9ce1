/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the core share. The main context owns pages, calls and consent; what worker
 * threads touch is behind bridge->lock. A key is used under its slot's mutex only.
 */
#ifndef OUK_BRIDGE_CORE_H
#define OUK_BRIDGE_CORE_H

#include "assistant/bridge/ask.h"
#include "assistant/bridge/bridge.h"
#include "assistant/bridge/rate.h"
#include "assistant/bridge/session.h"
#include "assistant/core/consent.h"
#include "assistant/core/journal.h"
#include "assistant/core/memory.h"

/* A call on its way. */
typedef struct _OukCall OukCall;

struct _OukBridge {
	GMainContext *context;
	OukWatch *watch;
	OukMemory *memory; /* nicknames; NULL: none */
	OukProfiles *profiles;
	OukJournal *journal;
	GThreadPool *workers;
	gint working;         /* atomic: jobs given to the workers and not over */
	GPtrArray *pages;     /* of OukPage, borrowed */
	GHashTable *seeks;    /* questions for consent that are open: struct seek */
	GPtrArray *resuming;  /* of OukCall: that a question was answered for */
	GPtrArray *consents;  /* as of consents_stamp */
	char *consents_stamp; /* of the file, to notice that it changed */
	OukAskQueue *asks;
	OukRates *rates;
	OukSessions *sessions;
	GHashTable *warned; /* origin -> when, of look-alikes that were told of */
	guint last_page;
	gboolean closing;
	gint rehearsal; /* atomic: a practice key is in, so practice halls count */
	GMutex lock;    /* of rates */
};

/* What this page has been told by the person, beyond what is kept of its site. */
typedef struct {
	gboolean refused;  /* "not now" */
	gboolean allowed;  /* a program that is no browser: for this page only */
	GPtrArray *keys;   /* of key_id, with allowed */
	gint64 stopped_at; /* monotonic: the person closed a prompt; calls made before it are over
			    */
} OukPageWord;

struct _OukPage {
	gint refs; /* atomic */
	guint id;
	OukBridge *bridge;
	OukTransport transport;
	char *origin, *top;
	OukPeer *peer;
	void (*push)(OukPage *page, const char *event, gpointer data);
	gpointer data;
	gboolean closed;
	OukPageWord word; /* stopped_at: bridge->lock */
	GPtrArray *calls; /* of OukCall: all that are not over */
	/*
	 * Two lanes, each in the order of the page: calls that use a key begin when nothing is left
	 * in the light lane, which goes on while a window waits for the person.
	 */
	GQueue light, heavy;          /* of OukCall: that have not begun */
	OukCall *at_light, *at_heavy; /* that a worker has; NULL */
	GMutex lock;
	GHashTable *notes; /* lock */
	int last_error;    /* lock */
};

struct _OukCall {
	OukPage *page;
	const OukFamilyRow *row;
	JsonArray *args;
	GTask *task; /* NULL: answered already */
	GCancellable *cancellable;
	gulong outer;       /* handler of the caller's cancellable */
	gint64 made;        /* monotonic */
	GPtrArray *keys;    /* of OukTokenView: that the site may see, as of when it began */
	const char *asking; /* bridge->lock: token_id that a window is open for; NULL */
	gboolean pulled;    /* bridge->lock: it went meanwhile */
	JsonNode *answer;
	GError *error;
};

/* What a handler is given. */
struct _OukPageDesk {
	OukCall *call;
	OukPage *page;
	OukBridge *bridge;
	int last_error;
};

OukPage *page_ref(OukPage *page);
void page_unref(OukPage *page);

/* ---- consent.c ---- */

typedef enum { OUK_MAY, OUK_MAY_NOT, OUK_MUST_ASK } OukMay;

/*
 * Whether a call may go on, and with which keys (call->keys is filled). OUK_MUST_ASK: it was put
 * among those that wait for the person, and `consent_resume` goes on with it.
 */
OukMay consent_check(OukCall *call, GError **error);
/* The call is over: nothing needs to be asked for it any more. */
void consent_drop(OukCall *call);
/* The bridge ends: so do its questions. */
void consent_end(OukBridge *bridge);
/* page.c: a call that was held may be looked at again. */
void page_call_resume(OukCall *call);
/* Answers a call; takes the error. */
void page_call_fail(OukCall *call, GError *error);
/* The consents as they are in the file now. Main context. */
const GPtrArray *consents_now(OukBridge *bridge);

/* ---- work.c ---- */

/* Something for a worker; `done` (may be NULL) is called on the main context afterwards. */
void work_push(OukBridge *bridge, void (*run)(gpointer data), void (*done)(gpointer data),
	       gpointer data);
/* Runs something on the main context and waits for it. From workers only. */
void work_on_main(OukBridge *bridge, void (*run)(gpointer data), gpointer data);

/* ---- record.c ---- */

/* What a line of the journal is about. */
typedef struct {
	const char *event, *function; /* function: may be NULL */
	const OukPageCert *cert;      /* it, or its key or pair, may be NULL */
} OukRecord;

/* A line about this page. Any thread. */
gboolean record_page(OukPage *page, const OukRecord *what, const GError *result, GError **error);
/* The same of what a private key does, in two lines: see ouk_journal_begin and _finish. */
OukJournalLine *record_begin(OukPage *page, const OukRecord *what, GError **error);
gboolean record_end(OukPage *page, OukJournalLine *line, const OukRecord *what,
		    const GError *result, GError **error);
/* A line about what was refused: at most a few of each kind a minute. */
void record_refusal(OukPage *page, const char *function, const GError *result);

#endif
