/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of HTTP requests to openukey-certd. */
#include "service/certd/certd.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *path = malloc(size + 1);
	size_t fitting = 0;

	must(path != NULL);
	if (size > 0)
		memcpy(path, data, size);
	path[size] = '\0';
	for (size_t i = 0; i < cs_certd_routes_len; i++) {
		char parts[CS_PATH_PARTS][CS_PART_TEXT] = {{'\0'}};

		if (!cs_route_fits(cs_certd_routes[i].path, path, parts))
			continue;
		fitting++;
		for (size_t part = 0; part < CS_PATH_PARTS; part++) {
			must(memchr(parts[part], '\0', CS_PART_TEXT) != NULL);
			must(strchr(parts[part], '/') == NULL);
		}
	}
	must(fitting <= 1); /* no two routes for one path (but for the method) */
	free(path);
	return 0;
}
