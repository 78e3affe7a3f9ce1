/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/rv.h"

#include "common/defs.h"
#include "common/log.h"
#include "common/openukey.h"

#define STATUS(name, rv, sar, text) [UK_##name] = (rv),
static const CK_RV rvs[] = {
#include "common/status.def"
};
#undef STATUS

CK_RV
rv_of(enum uk_status status)
{
	if ((unsigned int)status >= ARRAY_SIZE(rvs))
		return CKR_GENERAL_ERROR;
	if (status != UK_OK)
		uk_debug("api", "%s (0x%lx)", uk_status_text(status), rvs[status]);
	return rvs[status];
}
