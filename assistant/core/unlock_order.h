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

#endif
