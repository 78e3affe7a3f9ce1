/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Before a hall is opened: which of its addresses, whether it is reached by https with a chain to
 * an anchor of this computer, and what the person should know first.
 */
#ifndef OUK_CORE_DOCTOR_VISIT_H
#define OUK_CORE_DOCTOR_VISIT_H

#include "assistant/core/hall.h"

#include <gio/gio.h>

typedef enum {
	OUK_VISIT_GOOD,        /* https, and its chain is valid */
	OUK_VISIT_PLAIN,       /* http: nothing to be checked */
	OUK_VISIT_NOT_CHECKED, /* as was asked */
	OUK_VISIT_UNREACHABLE, /* no network, no such name, no answer */
	OUK_VISIT_INTERCEPTED, /* somebody in between vouches for it */
	OUK_VISIT_CERTIFICATE, /* its certificate is not accepted */
} OukVisitState;

typedef struct {
	OukVisitState state;
	const char *url; /* the hall's: https where it has both */
	gboolean fresh;  /* verified in time */
	gboolean mark;   /* may be called a known hall */
	char *detail;    /* who vouches for it, what is wrong with that, or ""; never NULL */
} OukVisit;

void ouk_visit_free(OukVisit *visit);

/* The address that is opened. Borrowed from the hall. */
const char *ouk_visit_url(const OukHall *hall);

/* Asks the hall's server who it is, without saying who asks; at most some ten seconds. Blocks. */
OukVisit *ouk_visit_check(const OukHall *hall, gboolean offline, GCancellable *cancellable);
/* The same on a worker thread; the hall's profiles must live until then. NULL: cancelled. */
void ouk_visit_check_async(const OukHall *hall, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer data);
OukVisit *ouk_visit_check_finish(GAsyncResult *result);

/* Whether the person had better not go there. */
gboolean ouk_visit_is_dangerous(const OukVisit *visit);
/* One sentence, translated, static; NULL when there is nothing to say. */
const char *ouk_visit_text(const OukVisit *visit);

/*
 * Whether an origin's host proves who it is (OukHallSeen's mark). FALSE also when it cannot be
 * reached. Blocks as above.
 */
gboolean ouk_visit_chain_is_valid(const char *origin, GCancellable *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukVisit, ouk_visit_free)

#endif
