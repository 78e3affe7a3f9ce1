/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Key models: the rows of udev/keys.tsv, and what differs between them. */
#ifndef UK_DRIVERS_GM_MODEL_H
#define UK_DRIVERS_GM_MODEL_H

#include "drivers/token.h"

enum gm_match { GM_MATCH_NEVER, GM_MATCH_ATR, GM_MATCH_READER };

/* How a new PIN is filled up before it is encrypted (gm-keys 2.5, rules 4 and 6). */
enum gm_new_pin { GM_NEW_PIN_LEN_80, GM_NEW_PIN_V1_ZERO, GM_NEW_PIN_UNVERIFIED };

/* What VerifyPIN encrypts (rule 3). */
enum gm_verify_block { GM_VERIFY_LEN_80, GM_VERIFY_PLAIN };

struct token_model {
	struct token_model_info info;
	enum gm_match match;
	const char *match_text; /* historical bytes, or how the reader's name begins */
	size_t match_len;
	enum uk_order order; /* of integers on the wire */
	size_t name_len;     /* fixed name fields: 32 or 48 */
	enum gm_new_pin new_pin;
	enum gm_verify_block verify_block;
	bool admin_first;        /* unblock needs the admin right besides the MAC */
	bool sign_without_le;    /* ECCSignData is sent without Le */
	bool trim_cert;          /* bytes after a certificate's end are dropped */
	uint32_t cert_chunk;     /* Le of ExportCertificate; 0 = as much as there is */
	const char *application; /* opened when it is there; "" = the first */
};

/* The historical bytes of an ATR (ISO 7816-3, 8.2); false when it is damaged or has none. */
UK_CHECKED bool gm_atr_historical(struct uk_span atr, struct uk_span *ret);

/* The model of a card by its ATR and its reader's name; NULL when it is not one of ours. */
const struct token_model *gm_model_find(struct uk_span atr, const char *reader);

/* All rows, for tests. */
const struct token_model *gm_models(size_t *ret_count);

#endif
