/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes below the PKCS#11 API; the rows and texts are in status.def. */
#ifndef UK_COMMON_STATUS_H
#define UK_COMMON_STATUS_H

#define STATUS(name, rv, sar, text) UK_##name,
enum uk_status {
#include "common/status.def"
	UK_STATUS_COUNT
};
#undef STATUS

/* The row's English sentence part, for logs; never NULL. */
const char *uk_status_text(enum uk_status status);

#endif
