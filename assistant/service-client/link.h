/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One question over HTTP, one answer, bounded in bytes and in time. For this folder only. */
#ifndef OUK_SERVICE_CLIENT_LINK_H
#define OUK_SERVICE_CLIENT_LINK_H

#include "assistant/core/ossl.h"
#include "assistant/service-client/call_data.h"

typedef struct {
	const char *base;    /* the service's address */
	GTlsDatabase *trust; /* the only anchors; NULL: no TLS */
	guint ms;            /* for all of it */
} Link;

typedef struct {
	guint status;      /* HTTP */
	guint retry_after; /* seconds; 0: not said */
	gboolean may_have; /* on failure: the service may have got the question */
	GBytes *body;      /* NULL on failure */
} LinkAnswer;

void link_answer_clear(LinkAnswer *answer);

/*
 * The certificates as the only anchors; NULL when GLib cannot do TLS. *ret_fd must stay open as
 * long as the database is used: it reads them anew.
 */
GTlsDatabase *link_trust(const GPtrArray *anchors, int *ret_fd);

/*
 * Any thread. OUK_E_SERVICE_OFFLINE, _TIMEOUT, _TLS, _ANSWER (too long), OUK_E_CANCELLED; an answer
 * of any HTTP status is none of them.
 */
gboolean link_ask(const Link *link, const OukCall *call, GCancellable *cancellable, LinkAnswer *ret,
		  GError **error);

#endif
