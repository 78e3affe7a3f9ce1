/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Payment notices as WeChat Pay (v3) and Alipay send them: whose words they are, and what they say.
 * Everything of a notice is a stranger's until its signature has been looked at.
 */
#ifndef CS_RECEIPTS_RECEIPTS_H
#define CS_RECEIPTS_RECEIPTS_H

#include "service/base/blob.h"

#define CS_NOTICE_MAX           16384 /* bytes of one */
#define CS_NOTICE_STAMP_TEXT    72
#define CS_NOTICE_SIGNATURE_MAX 512

/* A notice as it came. */
struct cs_notice_told {
	/* WeChat Pay: seconds, ":" and the nonce, of its headers; Alipay: "-", it is in the body */
	const char *stamp;
	struct uk_span signature; /* WeChat Pay: of its header; Alipay: empty */
	struct uk_span body;
};

struct cs_receipt {
	char reference[65]; /* what we gave the provider for it */
	char notice[65];    /* the provider's number of the notice, or its SHA-256 */
	int64_t amount;     /* cents */
	int64_t sent;       /* when the notice was sent: what is old may be one that was kept */
};

/*
 * rules: a file, see README.md, where the keys' files are too.
 * CS_E_PROOF: not the provider's, or not about our account; CS_E_STATE: the provider's, but it does
 * not say that money has come; CS_E_UNAVAILABLE: no such rules.
 */
UK_CHECKED enum cs_status cs_receipt_read(const char *rules, const struct cs_notice_told *told,
					  struct cs_receipt *ret);

/* Base64 of at most `most` bytes, nothing around it. */
UK_CHECKED bool cs_base64_take(const char *text, size_t most, struct cs_blob *ret);

#endif
