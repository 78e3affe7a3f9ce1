/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/model.h"

#include <string.h>

/* clang-format off */
static const struct vk_model models[] = {
	/* name  order             names  new PINs      verify block  once   admin  list end */
	{"V0", UK_BIG_ENDIAN,    32, VK_PAD_LEN80, VK_PAD_LEN80, false, true,  true},
	{"VC", UK_BIG_ENDIAN,    32, VK_PAD_LEN80, VK_PAD_LEN80, true,  true,  true},
	{"V1", UK_LITTLE_ENDIAN, 48, VK_PAD_ZERO,  VK_PAD_ZERO,  false, true,  false},
};
/* clang-format on */

const struct vk_model *
vk_model_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(models); i++)
		if (strcmp(models[i].name, name) == 0)
			return &models[i];
	return NULL;
}

void
vk_model_atr(const struct vk_model *model, uint8_t atr[VK_ATR_LEN])
{
	struct uk_writer out = uk_writer_of(atr, VK_ATR_LEN);
	uint8_t check = 0;

	uk_put_u8(&out, 0x3b);
	uk_put_u8(&out, 0x88); /* TD1 follows, 8 historical bytes */
	uk_put_u8(&out, 0x80); /* T=0 named first only to carry TD2 */
	uk_put_u8(&out, 0x01); /* T=1 */
	uk_put(&out, uk_span_str("OUKEY-"));
	uk_put(&out, uk_span_str(model->name));
	for (size_t i = 1; i < out.len; i++)
		check ^= atr[i];
	uk_put_u8(&out, check);
}
