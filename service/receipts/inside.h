/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of this folder share. */
#ifndef CS_RECEIPTS_INSIDE_H
#define CS_RECEIPTS_INSIDE_H

#include "service/base/random.h"
#include "service/receipts/receipts.h"
#include "service/wire/json.h"

struct cs_receipt_rules {
	const char *path; /* of the file */
	json_t *json;
};

/* PATH in the folder of the rules. False: the member is missing, or too long. */
bool cs_receipt_file(const struct cs_receipt_rules *rules, const char *member, char *ret,
		     size_t room);
/* One of the provider's keys has signed that: RSA PKCS #1 v1.5 with SHA-256. */
UK_CHECKED enum cs_status cs_receipt_signed(const struct cs_receipt_rules *rules,
					    struct uk_span bytes, struct uk_span signature);
/* The rules' member has to say the same; a member that the rules do not have says nothing. */
bool cs_receipt_ours(const struct cs_receipt_rules *rules, const char *member, const char *told);

UK_CHECKED enum cs_status cs_wechat_read(const struct cs_receipt_rules *rules,
					 const struct cs_notice_told *told, struct cs_receipt *ret);
UK_CHECKED enum cs_status cs_alipay_read(const struct cs_receipt_rules *rules,
					 const struct cs_notice_told *told, struct cs_receipt *ret);

#endif
