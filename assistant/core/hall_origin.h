/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which hall a page belongs to, by its origin (scheme, host and port as browsers say them: lower
 * case, IDN as punycode, default port dropped). Pure: no network, no files; any thread.
 */
#ifndef OUK_CORE_HALL_ORIGIN_H
#define OUK_CORE_HALL_ORIGIN_H

#include "assistant/core/hall.h"

typedef enum {
	OUK_HALL_UNKNOWN,   /* not in the list, and not like anything in it */
	OUK_HALL_KNOWN,     /* the hall: the host and port of one of its addresses */
	OUK_HALL_LOOKALIKE, /* not the hall, but a person may take it for it */
} OukHallMatch;

typedef struct {
	OukHallMatch match;
	const OukHall *hall; /* KNOWN: it; LOOKALIKE: the true one; else NULL. The profiles'. */
	gboolean https;      /* the origin is */
	gboolean downgraded; /* KNOWN over http, although the list has the hall's https address */
	gboolean fresh;      /* KNOWN and verified in time; FALSE: "listed, not verified" */
} OukHallSeen;

/*
 * Halls of rehearsal profiles count only where `rehearsal`. A malformed origin ("null" too) is
 * UNKNOWN. Sets all of *ret (which may be NULL) and returns its match.
 */
OukHallMatch ouk_hall_for_origin(const OukProfiles *profiles, const char *origin,
				 gboolean rehearsal, OukHallSeen *ret);
/* The same at another time. */
OukHallMatch ouk_hall_for_origin_at(const OukProfiles *profiles, const char *origin,
				    gboolean rehearsal, GDateTime *now, OukHallSeen *ret);

/*
 * Whether the prompt may show the known-hall mark: the hall itself, verified in time, https.
 * valid_chain: somebody has seen the host's certificate chain to an anchor of this computer
 * (hall_check.h, or a browser that says so).
 */
gboolean ouk_hall_has_mark(const OukHallSeen *seen, gboolean valid_chain);

/* The origin of an address; NULL when it is no http(s) address or carries a user. Caller frees. */
char *ouk_origin_of(const char *url);

#endif
