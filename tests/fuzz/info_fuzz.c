/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GetDevInfo; the first byte chooses the order of integers. */
#include "drivers/gm/reply.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	struct token_model model = {0};
	struct token_info info;
	uint8_t order;

	if (!uk_take_u8(&in, &order))
		return 0;
	model.order = (order & 1) != 0 ? UK_LITTLE_ENDIAN : UK_BIG_ENDIAN;
	memset(&info, 0xee, sizeof(info));
	if (gm_read_info(&model, in, &info) != UK_OK)
		return 0;
	must(in.len == GM_DEVINFO_LEN);
	must(memchr(info.manufacturer, 0, sizeof(info.manufacturer)) != NULL);
	must(memchr(info.issuer, 0, sizeof(info.issuer)) != NULL);
	must(memchr(info.label, 0, sizeof(info.label)) != NULL);
	must(memchr(info.serial, 0, sizeof(info.serial)) != NULL);
	return 0;
}
