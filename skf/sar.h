/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one translation from the driver's outcomes to the standard's. */
#ifndef UK_SKF_SAR_H
#define UK_SKF_SAR_H

#include "common/status.h"
#include "skf/skf.h"

/* By common/status.def; anything but UK_OK is logged at debug level. */
ULONG sar_of(enum uk_status status);

#endif
