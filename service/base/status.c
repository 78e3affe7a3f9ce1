/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/status.h"

#include "common/defs.h"

#include <string.h>

static const struct {
	unsigned int http;
	const char *code, *text;
} rows[] = {
#define CS_STATUS(name, http, code, text) [CS_##name] = {http, code, text},
#include "service/base/status.def"
#undef CS_STATUS
};

static unsigned int
row_of(enum cs_status status)
{
	return (unsigned int)status < ARRAY_SIZE(rows) ? (unsigned int)status : CS_E_INTERNAL;
}

const char *
cs_status_text(enum cs_status status)
{
	return rows[row_of(status)].text;
}

const char *
cs_status_code(enum cs_status status)
{
	return rows[row_of(status)].code;
}

unsigned int
cs_status_http(enum cs_status status)
{
	return rows[row_of(status)].http;
}

enum cs_status
cs_status_of_code(const char *code)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(rows[i].code, code) == 0 && strcmp(code, "internal") != 0)
			return (enum cs_status)i;
	return CS_E_INTERNAL;
}
