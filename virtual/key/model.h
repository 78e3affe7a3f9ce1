/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between the models that the virtual key can be: one row each. */
#ifndef VK_MODEL_H
#define VK_MODEL_H

#include "common/bytes.h"

/* How a block of plain text is filled up (gm-keys 2.5). */
enum vk_padding {
	VK_PAD_LEN80, /* len2 LE || data || 80 || 00... */
	VK_PAD_ZERO,  /* data || 00... */
};

struct vk_model {
	const char *name;             /* also the last two of the ATR's historical bytes */
	enum uk_order order;          /* of integers on the wire */
	size_t name_len;              /* width of name fields, bytes */
	enum vk_padding new_pin;      /* of new PINs in 16 and 1A */
	enum vk_padding verify_block; /* of the random in 18 */
	bool right_once;              /* the user right ends with each signature */
	bool admin_first;             /* 1A asks for the admin right */
	bool list_end;                /* a list of names ends with one more NUL */
};

/* NULL when there is no such model. */
const struct vk_model *vk_model_find(const char *name);

#define VK_ATR_LEN 13

/* Writes the 13 bytes of the model's ATR (T=1, 8 historical bytes). */
void vk_model_atr(const struct vk_model *model, uint8_t atr[VK_ATR_LEN]);

#endif
