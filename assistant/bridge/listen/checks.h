/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is looked at before a page is let in. No I/O. */
#ifndef OUK_BRIDGE_CHECKS_H
#define OUK_BRIDGE_CHECKS_H

#include <glib.h>

/*
 * Whether a Host header names this computer and this port, and nothing else: 127.0.0.1 or
 * localhost. Another name that leads here is a page that had its own name point at us (DNS
 * rebinding).
 */
gboolean ouk_check_host(const char *host, guint16 port);
/* Whether an Origin header is there and says it in the one canonical form; "null" is none. */
gboolean ouk_check_origin(const char *origin);

/* Tokens that come back with time: so many at once, so many a second. */
typedef struct {
	double tokens;
	gint64 at; /* of the last look, microseconds */
} OukBucket;

/* FALSE: too fast. now: a monotonic clock, microseconds; 0 in bucket->at is a full bucket. */
gboolean ouk_bucket_take(OukBucket *bucket, guint burst, guint per_second, gint64 now);

#endif
