/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes on the heap with one owner; wiped when freed, as they may be somebody's data. */
#ifndef CS_BASE_BLOB_H
#define CS_BASE_BLOB_H

#include "common/bytes.h"
#include "common/secret.h"
#include "service/base/status.h"

#include <stdlib.h>

struct cs_blob {
	uint8_t *ptr; /* one NUL behind len, so that text in it is a string */
	size_t len;
};

static inline void
cs_blob_free(struct cs_blob *blob)
{
	if (blob->ptr != NULL)
		uk_wipe(blob->ptr, blob->len);
	free(blob->ptr);
	*blob = (struct cs_blob){NULL, 0};
}

#define CS_BLOB UK_CLEANUP(cs_blob_free) struct cs_blob

/* Room for len bytes, zeroed, in place of what was there. */
UK_CHECKED static inline enum cs_status
cs_blob_room(struct cs_blob *blob, size_t len)
{
	uint8_t *room = calloc(1, len + 1);

	if (room == NULL)
		return CS_E_MEMORY;
	cs_blob_free(blob);
	*blob = (struct cs_blob){room, len};
	return CS_OK;
}

UK_CHECKED static inline enum cs_status
cs_blob_set(struct cs_blob *blob, struct uk_span bytes)
{
	enum cs_status st = cs_blob_room(blob, bytes.len);

	if (st == CS_OK && bytes.len > 0)
		memcpy(blob->ptr, bytes.ptr, bytes.len);
	return st;
}

static inline struct uk_span
cs_blob_span(const struct cs_blob *blob)
{
	return (struct uk_span){blob->ptr, blob->len};
}

#endif
