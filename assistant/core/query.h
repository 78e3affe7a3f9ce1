/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A unit's orders found again with the key itself, without a code: a challenge of the service is
 * signed by the newest certificate's key. For a computer that knows nothing of them.
 */
#ifndef OUK_CORE_QUERY_H
#define OUK_CORE_QUERY_H

#include "assistant/core/token.h"
#include "assistant/service-client/service.h"

typedef struct {
	OukToken *token; /* its session is opened and closed */
	OukService *service;
	const struct uk_secret *pin; /* typed by the person just now. Borrowed. */
	GCancellable *cancellable;   /* NULL */
} OukKeyQuery;

/*
 * Of OukOrder, each with a capability: those about this key of this certificate's unit. Blocking.
 * OUK_E_NO_CERT, OUK_E_PIN_*, OUK_E_SERVICE_*.
 */
GPtrArray *ouk_query_by_key(const OukKeyQuery *query, GError **error);
/*
 * The newest replacement that this key came out of, with its capability. OUK_E_NOT_REPLACED, and as
 * above.
 */
OukOrder *ouk_query_replacement(const OukKeyQuery *query, GError **error);

#endif
