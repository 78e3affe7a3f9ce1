/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log.  Each entry's hash covers the one before it, so nothing can be changed, left out or put
 * in between; and the heads of all chains are signed from time to time by a key that the process
 * which writes the log does not have, so it cannot be written anew from the beginning either. One
 * chain for each writer (node and thread): they never wait for each other.
 */
#ifndef CS_AUDIT_AUDIT_H
#define CS_AUDIT_AUDIT_H

#include "service/base/blob.h"
#include "service/base/random.h"
#include "service/store/store.h"

#include <openssl/evp.h>

/*
 * What an entry says: names and values.  Values are ids, pseudonyms, states and numbers; anything
 * but letters, digits and . _ : - is refused (CS_E_ARGUMENTS), so that no name or number of a
 * person gets into the log by mistake.
 */
struct cs_audit_pair {
	const char *name, *value;
};

#define CS_AUDIT_BODY_MAX 1024

/* Adds an entry to the chain, inside the caller's transaction or in its own. */
UK_CHECKED enum cs_status cs_audit_log(struct cs_store *store, const char *chain, int64_t now,
				       const struct cs_audit_pair *pairs, size_t pairs_len);

/* What was found wrong first. */
struct cs_audit_fault {
	char text[160]; /* "" when all is well */
	int64_t entries, heads;
};

/* Signs the heads of all chains as they are now. */
UK_CHECKED enum cs_status cs_audit_sign(struct cs_store *store, EVP_PKEY *key, int64_t now);
/* The newest signed heads, as a text of three lines to be kept elsewhere: body and signature. */
UK_CHECKED enum cs_status cs_audit_export(struct cs_store *store, struct cs_blob *ret);

/*
 * Computes every hash anew, and compares the chains with every stored signed head and, where given,
 * with an exported one.  CS_E_CORRUPT with *ret_fault when the log is not what was written.
 */
UK_CHECKED enum cs_status cs_audit_verify(struct cs_store *store, EVP_PKEY *key,
					  struct uk_span exported,
					  struct cs_audit_fault *ret_fault);

#endif
