/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a person does when a CA does it on its own pages or at a counter: steps, papers by kind of
 * unit, service points, and a card of all that to print.
 */
#ifndef OUK_CORE_GUIDE_H
#define OUK_CORE_GUIDE_H

#include "assistant/core/profile.h"

typedef enum {
	OUK_GUIDE_UNLOCK,
	OUK_GUIDE_RENEWAL,
	OUK_GUIDE_CHANGE,
	OUK_GUIDE_OPEN,
	OUK_GUIDE_NEW,
	OUK_GUIDE_REPLACE,
	OUK_GUIDE_LOSS,
	OUK_GUIDE_REVOKE,
	OUK_GUIDE_RETURN,
	OUK_GUIDES
} OukGuideKind;

/* What a kind of unit brings along. */
typedef struct {
	OukWords unit;    /* empty: every unit */
	GPtrArray *items; /* of OukWords */
} OukPapers;

typedef struct {
	OukGuideKind kind;
	OukUnlockMode modes;
	char *url;         /* the CA's page for it; may be NULL */
	OukWords fee;      /* empty: not known */
	GPtrArray *steps;  /* of OukWords, in order */
	GPtrArray *papers; /* of OukPapers */
	OukOrigin origin;
} OukGuide;

typedef struct {
	OukWords name, address, hours; /* address, hours: may be empty */
	char *number;                  /* may be NULL */
	OukOrigin origin;
} OukPoint;

/* "unlock", "renewal", ...: names it in profiles, actions and tests. */
const char *ouk_guide_word(OukGuideKind kind);
/* OUK_GUIDES when it is none. */
OukGuideKind ouk_guide_kind(const char *word);
/* Translated: a title, and a sentence that says when one needs it. */
const char *ouk_guide_title(OukGuideKind kind);
const char *ouk_guide_sentence(OukGuideKind kind);

/* NULL where the CA's manuals say nothing. Borrowed. */
const OukGuide *ouk_profile_guide(const OukProfile *profile, OukGuideKind kind);
/* How it is done without us, best first; OUK_UNLOCK_COUNTER where nothing is known. */
OukUnlockMode ouk_guide_modes(const OukProfile *profile, OukGuideKind kind);
/* Where: of the guide, else the CA's own first site; NULL. Borrowed. */
const char *ouk_guide_url(const OukProfile *profile, OukGuideKind kind);

typedef struct {
	const OukProfile *profile; /* NULL: no profile knows the CA */
	OukGuideKind kind;
	const char *unit, *serial, *number; /* of the order; each may be NULL */
} OukGuideCard;

/* Lines to print. The caller frees. */
char *ouk_guide_card_text(const OukGuideCard *card);

#endif
