/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file a backup is: a line of text, then records, each a letter, a 4-byte length (big-endian)
 * and that many bytes, and at last the SHA-256 of all before it:
 *	S schema NUL version-in-decimal    T table NUL column NUL column ...
 *	R fields: 'i' + 8 bytes | 't' or 'b' + 4-byte length + bytes | 'n'    E (nothing), the end
 */
#ifndef CS_STORE_RECORD_H
#define CS_STORE_RECORD_H

#include "service/base/blob.h"
#include "service/base/random.h"

#include <openssl/evp.h>
#include <stdio.h>

#define CS_RECORD_MAX (64U << 20)

struct cs_record_file {
	FILE *file;
	EVP_MD_CTX *digest;
};

void cs_record_close(struct cs_record_file *file);

UK_CHECKED enum cs_status cs_record_create(const char *path, struct cs_record_file *ret);
UK_CHECKED enum cs_status cs_record_put(struct cs_record_file *file, char kind,
					struct uk_span bytes);
/* Writes the digest and waits for the disk. */
UK_CHECKED enum cs_status cs_record_finish(struct cs_record_file *file);

/* Checks the first line. */
UK_CHECKED enum cs_status cs_record_open(const char *path, struct cs_record_file *ret);
/* The next record; for E the digest behind it has been checked too. CS_E_CORRUPT for anything odd.
 */
UK_CHECKED enum cs_status cs_record_take(struct cs_record_file *file, char *ret_kind,
					 struct cs_blob *ret);

/* A field of a row. */
struct cs_field {
	char kind; /* i, t, b, n */
	int64_t number;
	struct uk_span bytes;
};
UK_CHECKED bool cs_field_take(struct uk_span *in, struct cs_field *ret);

#endif
