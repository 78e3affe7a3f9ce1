/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letters in the outbox that only the deliverer can read: the id of the person whose key seals it,
 * then the sealed JSON {"once", "to", "text"}.
 */
#ifndef CS_DELIVER_LETTER_H
#define CS_DELIVER_LETTER_H

#include "service/vault/vault.h"
#include "service/wire/json.h"

UK_CHECKED enum cs_status cs_letter_seal(const struct cs_person *person, const char *topic,
					 const json_t *letter, struct cs_blob *ret);

/*
 * The sandbox driver, and a real one for whoever reads files: every letter of the topic that is due
 * becomes FOLDER/TOPIC-ID.json, once however often it is tried.  Returns when there is none left.
 */
struct cs_spool {
	struct cs_store *store;
	const struct cs_vault *vault;
	const char *folder, *owner;
};
UK_CHECKED enum cs_status cs_spool_run(const struct cs_spool *spool, const char *topic,
				       int64_t now);

#endif
