/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* EnumApplication, EnumContainer. */
#include "drivers/gm/reply.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span list = uk_span_of(data, size);
	struct uk_span name;
	enum uk_status st = UK_OK;
	size_t total = 0;

	while (gm_take_list_name(&list, &name, &st)) {
		must(name.len > 0 && name.len < TOKEN_NAME_MAX);
		must(name.ptr >= data && name.ptr + name.len <= data + size);
		total += name.len;
	}
	must(total <= size && (st == UK_OK || st == UK_E_REPLY));
	return 0;
}
