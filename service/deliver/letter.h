/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Letters in the outbox that only the deliverer can read: the id of the person whose key seals it,
 * then the sealed JSON {"once", "to", "text"}.
 */
#ifndef CS_DELIVER_LETTER_H
#define CS_DELIVER_LETTER_H

#include "service/deliver/drivers.h"
#include "service/vault/vault.h"
#include "service/wire/json.h"

UK_CHECKED enum cs_status cs_letter_seal(const struct cs_person *person, const char *topic,
					 const json_t *letter, struct cs_blob *ret);

/*
 * Every letter of the topic that is due goes to the topic's driver; without one it becomes
 * FOLDER/TOPIC-ID.json, once however often it is tried.  Returns when there is none left that is
 * due; what failed comes again later, for two days.
 */
typedef enum cs_status (*cs_send_fn)(const json_t *driver, const char *topic, const char *id,
				     struct uk_span text);
struct cs_spool {
	struct cs_store *store;
	const struct cs_vault *vault;
	const char *folder, *owner;
	const struct cs_drivers *drivers; /* or NULL */
	cs_send_fn send;                  /* cs_letter_send, with drivers */
};
UK_CHECKED enum cs_status cs_spool_run(const struct cs_spool *spool, const char *topic,
				       int64_t now);

/* By HTTP or mail. The letter's id is what makes it the same one to the provider too. */
UK_CHECKED enum cs_status cs_letter_send(const json_t *driver, const char *topic, const char *id,
					 struct uk_span text);

/* A file that whoever reads the folder sees whole or not at all: FOLDER/NAME.json. */
UK_CHECKED enum cs_status cs_spool_file(const char *folder, const char *name, struct uk_span text);

/* Seconds until a letter is tried again that has been tried so often; 0: no more. */
int64_t cs_again_after(int64_t tries);

#endif
