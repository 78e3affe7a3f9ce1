/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this computer remembers of halls: which key opened which one, with which certificate, and
 * where the person was told the risk of an address without encryption. One file in
 * XDG_DATA_HOME/openukey beside memory.h's, under the same lock. Nothing secret. Any thread.
 */
#ifndef OUK_CORE_HALL_BOOK_H
#define OUK_CORE_HALL_BOOK_H

#include "assistant/core/hall.h"
#include "assistant/core/view.h"

/* "hebca/xingtai": names a hall for good. The caller frees. */
char *ouk_hall_name(const OukHall *hall);
/* The hall of that name, or of that id alone where only one has it; NULL. */
const OukHall *ouk_hall_by_name(const OukProfiles *profiles, const char *name);

/* A key that opened a hall. */
typedef struct {
	char *key_id, *serial_end; /* as in OukTokenInfo */
	char *certificate;         /* SHA-256, as in OukPairCert */
	char *unit, *credit_code;  /* "" where there is none */
	gint64 used;               /* Unix time */
} OukHallUse;

void ouk_hall_use_free(OukHallUse *use);

/* dir: NULL for the user's own. A missing or damaged file is an empty book. */
typedef struct _OukHallBook OukHallBook;
OukHallBook *ouk_hall_book_open(const char *dir);
void ouk_hall_book_free(OukHallBook *book);

/* Of OukHallUse, the last one first. Never NULL. */
GPtrArray *ouk_hall_book_uses(OukHallBook *book, const OukHall *hall);
/* The key's certificate is known to the hall: after a login, or when the person says so. */
gboolean ouk_hall_book_note(OukHallBook *book, const OukHall *hall, OukTokenView *token,
			    OukPairView *pair, GError **error);
/* Whether the person was told what http means at this hall's address, and went on. */
gboolean ouk_hall_book_risk_taken(OukHallBook *book, const OukHall *hall, const char *url);
gboolean ouk_hall_book_take_risk(OukHallBook *book, const OukHall *hall, const char *url,
				 GError **error);
/* Everything. OUK_E_FILE_WRITE. */
gboolean ouk_hall_book_forget(OukHallBook *book, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukHallBook, ouk_hall_book_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OukHallUse, ouk_hall_use_free)

#endif
