/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making the snapshots of view.h: from certificates' bytes, and from a token. Any thread. */
#ifndef OUK_CORE_SNAPSHOT_H
#define OUK_CORE_SNAPSHOT_H

#include "assistant/core/marks.h"
#include "assistant/core/view.h"

/* What a pair is made from; everything is borrowed, NULL where it is not there. */
typedef struct {
	const char *name;
	GBytes *sign, *encrypt;           /* DER */
	const char *sign_id, *encrypt_id; /* CKA_ID, hexadecimal */
	gboolean key_missing;
	OukAsked asked;
} OukPairSource;

/* `now`: Unix time that the certificate is judged at. */
OukPairView *ouk_pair_view_new(const OukPairSource *source, gint64 now);
/* The same pair at another time, after another answer of the CA. */
OukPairView *ouk_pair_view_again(OukPairView *view, OukAsked asked, gint64 now);
/* The same pair, of which it is now known that its private key is not there. */
OukPairView *ouk_pair_view_lacking(OukPairView *view, gint64 now);

/* Whether one is the other's renewal: same unit, same CA, ends later. */
gboolean ouk_pair_succeeds(OukPairView *newer, OukPairView *older);
/* Finds out which pairs are older ones beside a newer one, and sorts them, best first. */
void ouk_pairs_settle(GPtrArray *pairs);

/* What this computer knows of keys and certificates besides. Called on the main context only. */
typedef struct {
	OukMemory *memory; /* nicknames; NULL */
	OukMarks *marks;
	OukAsked (*asked)(const char *sha256, gpointer data);
	gpointer data;
} OukNotes;

/* The same key with these notes, judged at `now`. */
OukTokenView *ouk_token_view_again(OukTokenView *view, const OukNotes *notes, gint64 now);

/* Where a token is. */
typedef struct {
	CK_FUNCTION_LIST *module;
	const struct openukey_functions *vendor; /* NULL: not our module */
	const char *module_name;
	CK_SLOT_ID slot;
} OukPlace;

/*
 * Reads the token in a slot. `before`: a snapshot of the same key whose certificates need not be
 * read again, or NULL. NULL: there is none to show, because it went away or is another module's.
 */
OukTokenView *ouk_token_view_read(const OukPlace *place, OukTokenView *before);

/*
 * What reading objects does not tell: certificates without their private key, and what is no
 * certificate. A few commands. NULL: nothing to add to `view`.
 */
OukTokenView *ouk_token_view_check(const OukPlace *place, OukTokenView *view);

/* A key that is only remembered: key_id as in OukTokenInfo; the pairs are kept. */
OukTokenView *ouk_token_view_of_pairs(const OukPlace *place, const char *key_id,
				      OukPairView *const *pairs, gsize count);

/* The id that a token in this place has in OukTokenInfo. The caller frees. */
char *ouk_place_id(const OukPlace *place, const char *serial);

#endif
