/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/ifd/model.h"

#include <string.h>

#define TS_DIRECT       0x3b
#define T0_TD1          0x80
#define TD1_TD2_T0      0x80
#define TD2_T1          0x01
#define HISTORICAL_MOST 15

static const struct ifd_model models[] = {
#include "udev/ifd-models.inc"
};

const struct ifd_model *
ifd_model_find(uint16_t vendor, uint16_t product)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i].vendor == vendor && models[i].product == product)
			return &models[i];
	return NULL;
}

void
ifd_model_atr(const struct ifd_model *model, struct uk_writer *out)
{
	size_t start = out->len, len = strnlen(model->name, HISTORICAL_MOST);
	uint8_t check = 0;

	uk_put_u8(out, TS_DIRECT);
	uk_put_u8(out, (uint8_t)(T0_TD1 | len));
	uk_put_u8(out, TD1_TD2_T0);
	uk_put_u8(out, TD2_T1);
	uk_put(out, uk_span_of(model->name, len));
	for (size_t i = start + 1; i < out->len && !out->overflow; i++)
		check ^= out->ptr[i];
	uk_put_u8(out, check);
}
