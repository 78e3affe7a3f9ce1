/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA's profile as the service needs it. */
#ifndef CS_ORDERS_PROFILE_H
#define CS_ORDERS_PROFILE_H

#include "service/orders/rules.h"
#include "service/store/orders.h"

#define CS_TEXTS_MAX 16

/* A text that people agree to, as the profile names it. */
struct cs_profile_text {
	char id[CS_WORD_TEXT], version[CS_WORD_TEXT];
	uint8_t hash[CS_HASH_LEN];
};

struct cs_profile {
	char name[CS_WORD_TEXT];
	struct cs_terms terms;
	struct cs_profile_text texts[CS_TEXTS_MAX];
	size_t texts_len;
};

/* JSON: name, offset, renew_before, renew_after, years, prices, texts. */
UK_CHECKED enum cs_status cs_profile_read(const char *path, struct cs_profile *ret);

#endif
