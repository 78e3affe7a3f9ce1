/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which of the plugged-in keys is the one for a hall, and whether the hall can know its certificate
 * yet. Pure: the book and the keys are given.
 */
#ifndef OUK_CORE_HALL_KEY_H
#define OUK_CORE_HALL_KEY_H

#include "assistant/core/hall_book.h"

typedef enum {
	OUK_BIND_KNOWN,    /* this certificate was used there */
	OUK_BIND_FIRST,    /* nobody has used a key there from this computer */
	OUK_BIND_RENEWED,  /* the same key and unit, a newer certificate */
	OUK_BIND_CHANGED,  /* the same key, but the unit's data in the certificate are others */
	OUK_BIND_REISSUED, /* the same unit, on another key */
} OukHallBind;

typedef struct {
	OukTokenView *token; /* NULL: none fits, or several fit alike */
	OukPairView *pair;
	OukHallBind bind;
	guint candidates; /* keys whose certificate is of the hall's CA, or which were used there */
} OukHallKey;

void ouk_hall_key_clear(OukHallKey *key);

/* tokens: of OukTokenView. uses: ouk_hall_book_uses. Sets all of *ret; the caller clears it. */
void ouk_hall_key_choose(const OukProfiles *profiles, const OukHall *hall, const GPtrArray *tokens,
			 const GPtrArray *uses, OukHallKey *ret);

/* Whether the hall must bind the key again before it lets it in. */
gboolean ouk_hall_bind_is_due(OukHallBind bind);
/* What the person should know before logging in; NULL when all is as ever. Translated, static. */
const char *ouk_hall_bind_text(OukHallBind bind);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OukHallKey, ouk_hall_key_clear)

#endif
