/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* openukey-unlockd, asked directly, as ouk_unlock_run wants a service. */
#ifndef TESTS_SERVICE_UNLOCK_SERVICE_H
#define TESTS_SERVICE_UNLOCK_SERVICE_H

#include "assistant/core/unlock.h"

struct order {
	const char *socket, *sn, *number, *grant;
};

/* The order outlives it. */
OukUnlockService order_service(struct order *order);

#endif
