/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What log.c writes and verify.c computes again. */
#ifndef CS_AUDIT_CHAIN_H
#define CS_AUDIT_CHAIN_H

#include "service/base/blob.h"
#include "service/store/audit.h"

/* The hash of an entry: row->hash is that of the one before it. */
UK_CHECKED enum cs_status cs_audit_hash(const char *ca, const struct cs_audit_row *row,
					uint8_t ret[CS_HASH_LEN]);

/* A text that grows. */
struct cs_text {
	char *ptr;
	size_t len, room;
	bool failed;
};
void cs_text_add(struct cs_text *text, const char *format, ...) UK_PRINTF(2, 3);
void cs_text_free(struct cs_text *text);

#endif
