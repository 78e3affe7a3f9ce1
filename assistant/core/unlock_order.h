/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An unlock order of a CA's service, as ouk_unlock_run and ouk_unlock_settle want it. */
#ifndef OUK_CORE_UNLOCK_ORDER_H
#define OUK_CORE_UNLOCK_ORDER_H

#include "assistant/core/unlock.h"
#include "assistant/service-client/service.h"

typedef struct {
	OukService *service; /* borrowed */
	OukOrder *order;     /* borrowed */
	const char *grant;   /* of ouk_call_unlock_check; secret; borrowed */
} OukUnlockOrder;

/* `with` must outlive what is made of it. */
OukUnlockService ouk_unlock_service(OukUnlockOrder *with);
/*
 * As ouk_unlock_pending, after the service was asked whether the order is over by now. Where it
 * cannot be asked, this computer's own knowledge counts. Blocks, but only when something is
 * pending.
 */
char *ouk_unlock_pending_asked(const char *sn, GCancellable *cancellable);

#endif
