/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several parts of a profile are made of, and the part about the CA's service. */
#ifndef OUK_CORE_PROFILE_PARTS_H
#define OUK_CORE_PROFILE_PARTS_H

#include "assistant/core/ossl.h"

#include <glib.h>

/* A text of the data in each language; zh_CN is the original wording. */
typedef struct {
	char *zh_CN, *en;
} OukWords;

/* The wording for the person's language; "" for an empty one. */
const char *ouk_words(const OukWords *words);

/* Where a part of a profile was read, and when it was last compared with that source. */
typedef struct {
	OukWords source;
	char *checked; /* YYYY-MM-DD; NULL: never */
} OukOrigin;

/* How something is done with a CA. */
typedef enum {
	OUK_UNLOCK_ONLINE = 1 << 0, /* from the assistant; unlocking: with an authorization code */
	OUK_UNLOCK_WEB = 1 << 1,
	OUK_UNLOCK_COUNTER = 1 << 2,
} OukUnlockMode;

/* One price of the CA's list. */
typedef struct {
	char *kind;  /* of order: "renewal", "new", "lost", ... */
	guint years; /* 0: the price does not depend on them */
	gint64 cents;
} OukTerm;

/* The CA's certificate service (service-client/service.h). */
typedef struct {
	char *url;        /* https; http for a rehearsal on this computer; NULL: there is none */
	GPtrArray *trust; /* of X509: the only anchors that its TLS may chain to; never NULL */
	GPtrArray *kinds; /* of char *: the kinds of orders it takes; never NULL */
	GPtrArray *terms; /* of OukTerm; never NULL */
	OukOrigin origin;
} OukServicePlace;

#endif
