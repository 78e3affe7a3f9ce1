/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ATR of whatever card is in a reader. */
#include "drivers/gm/model.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span historical;

	if (gm_atr_historical(uk_span_of(data, size), &historical))
		must(historical.len > 0 && historical.len <= 15 && historical.ptr >= data &&
		     historical.ptr + historical.len <= data + size);
	(void)gm_model_find(uk_span_of(data, size), "a reader");
	return 0;
}
