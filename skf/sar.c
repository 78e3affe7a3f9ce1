/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/sar.h"

#include "common/defs.h"
#include "common/log.h"

#define STATUS(name, rv, sar, text) [UK_##name] = (sar),
static const ULONG sars[] = {
#include "common/status.def"
};
#undef STATUS

ULONG
sar_of(enum uk_status status)
{
	if ((unsigned int)status >= ARRAY_SIZE(sars))
		return SAR_UNKNOWNERR;
	if (status != UK_OK)
		uk_debug("api", "%s (0x%08x)", uk_status_text(status), sars[status]);
	return sars[status];
}
