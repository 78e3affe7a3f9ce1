/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Personal data, sealed field by field (AES-256-GCM).  Each person has a data key, itself sealed by
 * the process's key from outside the database; deleting the data key is what erasing the person is.
 * In logs a person is a pseudonym made with that data key, so it means nothing afterwards.
 */
#ifndef CS_VAULT_VAULT_H
#define CS_VAULT_VAULT_H

#include "service/base/blob.h"
#include "service/base/random.h"
#include "service/store/store.h"

#define CS_KEY_LEN 32
/* Bytes that sealing adds: version, nonce, tag. */
#define CS_SEAL_EXTRA (1 + 12 + 16)
/* 80 bits of a pseudonym, in hex. */
#define CS_MARK_TEXT 21

struct cs_vault {
	uint8_t key[CS_KEY_LEN];  /* seals data keys */
	uint8_t mark[CS_KEY_LEN]; /* makes marks that are searched for */
};

/* A person's key while it is used. */
struct cs_person {
	char id[CS_ID_TEXT];
	uint8_t key[CS_KEY_LEN];
};

void cs_vault_wipe(struct cs_vault *vault);
void cs_person_wipe(struct cs_person *person);
#define CS_PERSON UK_CLEANUP(cs_person_wipe) struct cs_person

/* From a file with 32 bytes that only its owner may read; CS_E_DENIED when others may. */
UK_CHECKED enum cs_status cs_vault_open(const char *path, struct cs_vault *ret);
/* Makes such a file; CS_E_EXISTS. */
UK_CHECKED enum cs_status cs_vault_make(const char *path);

/* A new person, stored. May be used inside cs_store_tx. */
UK_CHECKED enum cs_status cs_person_new(const struct cs_vault *vault, struct cs_store *store,
					int64_t now, struct cs_person *ret);
/* CS_E_NOT_FOUND when the person has been erased. */
UK_CHECKED enum cs_status cs_person_load(const struct cs_vault *vault, struct cs_store *store,
					 const char *id, struct cs_person *ret);

/* where: what the field belongs to, such as "ORDER/phone"; it opens there and nowhere else. */
UK_CHECKED enum cs_status cs_seal(const struct cs_person *person, const char *where,
				  struct uk_span plain, struct cs_blob *ret);
UK_CHECKED enum cs_status cs_unseal(const struct cs_person *person, const char *where,
				    struct uk_span sealed, struct cs_blob *ret);

/* The pseudonym of one of the person's values in logs. */
UK_CHECKED enum cs_status cs_pseudonym(const struct cs_person *person, const char *value,
				       char ret[CS_MARK_TEXT]);
/* The same for the same value always: for looking something up, such as a unit's orders. */
UK_CHECKED enum cs_status cs_vault_mark(const struct cs_vault *vault, const char *what,
					const char *value, char ret[CS_HASH_TEXT]);

#endif
