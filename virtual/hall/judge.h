/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a hall must know before it lets somebody in: whose certificate, and whether it is good. */
#ifndef HALL_JUDGE_H
#define HALL_JUDGE_H

#include "common/bytes.h"

#include <openssl/x509.h>

/* Why somebody is not let in. The words are what the hall's other half reads. */
enum hall_verdict {
	HALL_OK,
	HALL_FORMAT,    /* not what it should be: bytes, sizes, types */
	HALL_FOREIGN,   /* no root of ours vouches for it */
	HALL_EARLY,     /* not good yet */
	HALL_ENDED,     /* not good any more */
	HALL_REVOKED,   /* on the revocation list */
	HALL_NO_LIST,   /* no list that is good today says that it is not revoked */
	HALL_USE,       /* not for signing, or a CA's */
	HALL_SIGNATURE, /* the signature is not its over these bytes */
};

const char *hall_verdict_word(enum hall_verdict verdict);

/* What the CA gives out: its roots and revocation lists. */
struct hall_authority {
	STACK_OF(X509) * roots;
	STACK_OF(X509_CRL) * lists;
};

UK_CHECKED bool hall_authority_init(struct hall_authority *ret);
/* Takes a file in: a root, or a list (PEM or DER). false: it is neither. */
UK_CHECKED bool hall_authority_read(struct hall_authority *authority, const char *path);
void hall_authority_clear(struct hall_authority *authority);

/* Chain, validity, revocation, use. */
enum hall_verdict hall_certificate_judge(const struct hall_authority *authority, X509 *cert);

#endif
