/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA's profile as the service needs it. */
#ifndef CS_ORDERS_PROFILE_H
#define CS_ORDERS_PROFILE_H

#include "service/orders/rules.h"
#include "service/store/orders.h"
#include "service/wire/json.h"

#define CS_TEXTS_MAX 16

/* A text that people agree to, as the profile names it. */
struct cs_profile_text {
	char id[CS_WORD_TEXT], version[CS_WORD_TEXT];
	uint8_t hash[CS_HASH_LEN];  /* of the words, if the profile has them */
	char only_if[CS_WORD_TEXT]; /* member of the form it is about; "": always */
};

struct cs_profile {
	char name[CS_WORD_TEXT];
	struct cs_terms terms;
	struct cs_profile_text texts[CS_TEXTS_MAX];
	size_t texts_len;
	char first_pin[CS_WORD_TEXT]; /* how the PIN of a new key comes; "activate" if not told */
	bool handler_code;            /* the handler confirms by a code */
	json_t *json;                 /* all of it: documents, papers, templates, transfer */
};

/*
 * JSON: name, offset, renew_before, renew_after, years, prices, texts; and, if the CA has such
 * things: first_pin, handler_code, documents {KIND: [{slot, title}]}, papers {KIND: [text]},
 * post_to, templates [{id, title, text: []}], transfer {name, account, bank}.
 */
UK_CHECKED enum cs_status cs_profile_read(const char *path, struct cs_profile *ret);
void cs_profile_free(struct cs_profile *profile);

/* The documents that an order of that kind needs: an array, or NULL for none. Borrowed. */
const json_t *cs_profile_documents(const struct cs_profile *profile, const char *kind);

#endif
