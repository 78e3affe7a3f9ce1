/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the driver's outcomes to PKCS#11's return values. */
#ifndef UK_PKCS11_RV_H
#define UK_PKCS11_RV_H

#include "common/pkcs11.h"
#include "common/status.h"

/* By common/status.def; anything but UK_OK is logged at debug level. */
CK_RV rv_of(enum uk_status status);

#endif
