/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON objects out of bytes that anybody may have made, and their members with bounds. */
#ifndef CS_WIRE_JSON_H
#define CS_WIRE_JSON_H

#include "common/bytes.h"
#include "service/base/blob.h"

#include <jansson.h>

static inline void
cs_json_drop(json_t **json)
{
	json_decref(*json);
}

#define CS_JSON UK_CLEANUP(cs_json_drop) json_t

/* One object and nothing behind it; no member twice, no NUL in a text. NULL: not one. */
json_t *cs_json_read(struct uk_span bytes);

/* A text of at most `most` bytes; NULL when it is missing, longer or no text. Borrowed. */
const char *cs_json_text(const json_t *object, const char *name, size_t most);
/* The same, but "" when there is no such member at all. */
const char *cs_json_text_or_empty(const json_t *object, const char *name, size_t most);
/* The same for letters, digits and the marks . _ : - only: what may go into a line that is signed.
 */
const char *cs_json_word(const json_t *object, const char *name, size_t most);
UK_CHECKED bool cs_json_number(const json_t *object, const char *name, int64_t *ret);
/* Exactly len bytes, written in lower-case hex. */
UK_CHECKED bool cs_json_hex(const json_t *object, const char *name, uint8_t *ret, size_t len);
/* Any number of bytes up to `most`, in hex. */
UK_CHECKED bool cs_json_blob(const json_t *object, const char *name, size_t most,
			     struct cs_blob *ret);

/* Adds bytes as hex. */
UK_CHECKED bool cs_json_put_hex(json_t *object, const char *name, struct uk_span bytes);
/* {"error": code} */
json_t *cs_json_error(enum cs_status status);
/* What an answer says happened: CS_OK when it has no "error". */
enum cs_status cs_json_status(const json_t *answer);

#endif
