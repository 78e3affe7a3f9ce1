/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the world may know of certificates taken back, as files that a web server hands out:
 * FOLDER/ca.crl, and FOLDER/ocsp/SERIAL.ors, an answer for each certificate signed before anybody
 * asks (RFC 5019).  A file is replaced as a whole.
 */
#ifndef CS_ISSUE_PUBLISH_H
#define CS_ISSUE_PUBLISH_H

#include "service/issue/issue.h"

struct cs_publisher {
	struct cs_issuerd *issuerd;
	const char *folder;
	const char *spool;       /* where announcements go; NULL: nowhere */
	int64_t counted, listed; /* when the list was last made, and of how many changes */
};

/* One round: the list if there is a reason, answers that are due, announcements. */
UK_CHECKED enum cs_status cs_publish(struct cs_publisher *publisher, int64_t now);

/* DER of them, as of now. */
UK_CHECKED enum cs_status cs_publish_list(const struct cs_issuerd *issuerd, int64_t now,
					  struct cs_blob *ret);
UK_CHECKED enum cs_status cs_publish_answer(const struct cs_issuerd *issuerd, const char *serial,
					    int64_t now, struct cs_blob *ret);

#endif
