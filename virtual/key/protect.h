/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PIN keys, cryptograms and MACs: gm-keys 2.5, rule by rule. */
#ifndef VK_PROTECT_H
#define VK_PROTECT_H

#include "common/secret.h"
#include "virtual/key/card.h"

/* Rule 2. False when the PIN is not 6 to 16 bytes, or has a NUL in it. */
UK_CHECKED bool vk_pin_key(struct uk_span pin, uint8_t key[GM_BLOCK_LEN]);

/* Rule 3: the block that proves the PIN of this key. */
UK_CHECKED bool vk_verify_block(enum vk_padding padding, const uint8_t key[GM_BLOCK_LEN],
				const uint8_t random[GM_RANDOM_LEN], uint8_t block[GM_BLOCK_LEN]);

/* Rule 4: takes a new PIN out of its cryptogram. GM_SW_OK, or what is wrong with it. */
UK_CHECKED uint16_t vk_new_pin_take(enum vk_padding padding, const uint8_t key[GM_BLOCK_LEN],
				    struct uk_span enc, struct uk_secret *ret_pin);

/* Rule 5: the MAC over a header (CLA INS P1 P2) and the data before it. */
UK_CHECKED bool vk_command_mac(const uint8_t key[GM_BLOCK_LEN], const uint8_t random[GM_RANDOM_LEN],
			       const uint8_t header[4], struct uk_span data,
			       uint8_t mac[GM_MAC_LEN]);
/* Whether the last 4 bytes of the command's data are its MAC. */
UK_CHECKED bool vk_mac_right(const struct vk_call *call, const uint8_t key[GM_BLOCK_LEN],
			     const uint8_t random[GM_RANDOM_LEN]);

/* Rule 6: hands the random out once; false when there is none. */
UK_CHECKED bool vk_take_random(struct vk_call *call, uint8_t random[GM_RANDOM_LEN]);

#endif
