/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/status.h"

#include "common/defs.h"

#define STATUS(name, rv, sar, text) [UK_##name] = (text),
static const char *const texts[] = {
#include "common/status.def"
};
#undef STATUS

const char *
uk_status_text(enum uk_status status)
{
	if ((unsigned int)status >= ARRAY_SIZE(texts))
		return "unknown status";
	return texts[status];
}
