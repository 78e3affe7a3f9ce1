/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes in the service; the rows are in status.def. */
#ifndef CS_BASE_STATUS_H
#define CS_BASE_STATUS_H

#define CS_STATUS(name, http, code, text) CS_##name,
enum cs_status {
#include "service/base/status.def"
	CS_STATUS_COUNT
};
#undef CS_STATUS

/* The row's sentence, for logs; never NULL. */
const char *cs_status_text(enum cs_status status);
/* The word that goes over the wire; never NULL. */
const char *cs_status_code(enum cs_status status);
unsigned int cs_status_http(enum cs_status status);
/* The row of a word from the wire; CS_E_INTERNAL for one that is not in the table. */
enum cs_status cs_status_of_code(const char *code);

#endif
