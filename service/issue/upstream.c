/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/issue/upstream.h"

#include <string.h>

static const struct cs_upstream_driver *const drivers[] = {
	&cs_upstream_cmp,
	&cs_upstream_external,
};

const struct cs_upstream_driver *
cs_upstream_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++)
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	return NULL;
}
