/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Images that people upload, as openukey-papers takes them apart. */
#include "service/papers/image.h"
#include "service/papers/sniff.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	CS_IMAGE image = {.width = 0};

	if (cs_image_decode(in, &image) != CS_OK)
		return 0;
	must(cs_image_sniff(in) != CS_IMAGE_NONE);
	must(cs_image_size_good(image.width, image.height));
	must(image.pixels.len == (size_t)3 * image.width * image.height);
	return 0;
}
