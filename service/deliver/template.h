/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Texts with {name} in them.  What is put in is never looked at again, and a JSON template is
 * filled in as a tree, text by text: whatever a value holds, it stays a value.
 */
#ifndef CS_DELIVER_TEMPLATE_H
#define CS_DELIVER_TEMPLATE_H

#include "service/wire/json.h"

#define CS_TEMPLATE_MAX 65536

enum cs_escape {
	CS_ESCAPE_NONE,   /* as it is */
	CS_ESCAPE_URL,    /* percent signs for all but letters, digits, "-._~" */
	CS_ESCAPE_HEADER, /* CS_E_ARGUMENTS for values with control characters */
};

/*
 * values: an object of texts.  A name that is not in it becomes `missing`, or, when that is NULL,
 * makes the whole CS_E_ARGUMENTS.
 */
UK_CHECKED enum cs_status cs_template_fill(const char *text, const json_t *values,
					   enum cs_escape how, const char *missing,
					   struct cs_blob *ret);
/* Every text in the tree, not the names of members. The caller drops. NULL: it cannot be done. */
json_t *cs_template_json(const json_t *tree, const json_t *values);

#endif
