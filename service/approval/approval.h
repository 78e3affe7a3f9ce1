/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operators approve: a signature by each operator's own key over the words of what is to be
 * done.  Each process that acts on an approval checks it itself, against its own list of operators.
 */
#ifndef CS_APPROVAL_APPROVAL_H
#define CS_APPROVAL_APPROVAL_H

#include "common/bytes.h"
#include "service/base/status.h"

#include <jansson.h>
#include <openssl/evp.h>

#define CS_OPERATORS_MAX 64
#define CS_OPERATOR_TEXT 33

struct cs_operators {
	struct {
		char name[CS_OPERATOR_TEXT];
		EVP_PKEY *key;
	} list[CS_OPERATORS_MAX];
	size_t len;
};

/*
 * Reads NAME.pem files (certificates or public keys) of a directory; CS_E_ARGUMENTS when one of
 * them cannot be read or two have the same key: one person with two names would be two persons.
 */
UK_CHECKED enum cs_status cs_operators_read(const char *folder, struct cs_operators *ret);
void cs_operators_free(struct cs_operators *operators);

/*
 * approvals: an array of {"operator": name, "signature": hex} over the body.  CS_E_PROOF unless
 * `needed` different operators have signed, and no signature among them is wrong.
 */
UK_CHECKED enum cs_status cs_approved(const struct cs_operators *operators, const json_t *approvals,
				      struct uk_span body, size_t needed);

#endif
