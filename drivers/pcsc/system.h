/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The only place that includes winscard.h, and what bus.c and card.c share. */
#ifndef UK_DRIVERS_PCSC_SYSTEM_H
#define UK_DRIVERS_PCSC_SYSTEM_H

#include "drivers/pcsc/pcsc.h"

#include <winscard.h>

/* What an SCARD_ code means to us; logs the ones we do not know. */
enum uk_status pcsc_status(LONG rv);

/* Whether a call found its context or its connection to pcscd dead. */
static inline bool
pcsc_service_lost(LONG rv)
{
	return rv == SCARD_E_NO_SERVICE || rv == SCARD_E_SERVICE_STOPPED ||
	       rv == SCARD_F_COMM_ERROR || rv == SCARD_E_INVALID_HANDLE;
}

#endif
