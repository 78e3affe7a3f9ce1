/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/protect.h"

#include "virtual/key/crypto.h"

#define MAC_ROOM 128 /* longest message of a protected command: 84 bytes, padded */

bool
vk_pin_key(struct uk_span pin, uint8_t key[GM_BLOCK_LEN])
{
	uint8_t padded[GM_PIN_MAX] = {0}, hash[VK_HASH_MAX];
	struct uk_span part = {padded, sizeof(padded)};
	bool right;

	if (pin.len < GM_PIN_MIN || pin.len > GM_PIN_MAX || memchr(pin.ptr, 0, pin.len) != NULL)
		return false;
	memcpy(padded, pin.ptr, pin.len);
	right = vk_digest(VK_SHA1, &part, 1, hash);
	if (right)
		memcpy(key, hash, GM_BLOCK_LEN);
	uk_wipe(padded, sizeof(padded));
	uk_wipe(hash, sizeof(hash));
	return right;
}

bool
vk_verify_block(enum vk_padding padding, const uint8_t key[GM_BLOCK_LEN],
		const uint8_t random[GM_RANDOM_LEN], uint8_t block[GM_BLOCK_LEN])
{
	uint8_t plain[GM_BLOCK_LEN];
	struct uk_writer out = uk_writer_of(plain, sizeof(plain));

	if (padding == VK_PAD_LEN80)
		uk_put_u16(&out, UK_LITTLE_ENDIAN, GM_RANDOM_LEN);
	uk_put(&out, uk_span_of(random, GM_RANDOM_LEN));
	if (padding == VK_PAD_LEN80)
		uk_put_u8(&out, 0x80);
	uk_put_fill(&out, 0, sizeof(plain) - out.len);
	return vk_sm4_ecb(key, VK_ENCRYPT, uk_span_of(plain, sizeof(plain)), block);
}

static bool
all_zero(struct uk_span bytes)
{
	uint8_t any = 0;

	for (size_t i = 0; i < bytes.len; i++)
		any |= bytes.ptr[i];
	return any == 0;
}

/* len2 LE || PIN || 80 || 00... */
static bool
strip_len80(struct uk_span in, struct uk_span *ret_pin)
{
	uint16_t len;
	uint8_t mark;

	return uk_take_u16(&in, UK_LITTLE_ENDIAN, &len) && uk_take(&in, len, ret_pin) &&
	       uk_take_u8(&in, &mark) && mark == 0x80 && in.len < GM_BLOCK_LEN && all_zero(in);
}

/* PIN || 00... to one block */
static bool
strip_zero(struct uk_span in, struct uk_span *ret_pin)
{
	size_t len = 0;

	while (len < in.len && in.ptr[len] != 0)
		len++;
	return in.len == GM_BLOCK_LEN && uk_take(&in, len, ret_pin) && all_zero(in);
}

uint16_t
vk_new_pin_take(enum vk_padding padding, const uint8_t key[GM_BLOCK_LEN], struct uk_span enc,
		struct uk_secret *ret_pin)
{
	UK_SECRET plain = {.len = enc.len};
	struct uk_span pin;
	bool right;

	if ((enc.len != GM_BLOCK_LEN && enc.len != 2 * GM_BLOCK_LEN) ||
	    (padding == VK_PAD_ZERO && enc.len != GM_BLOCK_LEN))
		return GM_SW_WRONG_LENGTH;
	if (!vk_sm4_ecb(key, VK_DECRYPT, enc, plain.bytes))
		return GM_SW_WRONG_DATA;
	right = padding == VK_PAD_ZERO ? strip_zero(uk_secret_peek(&plain), &pin)
				       : strip_len80(uk_secret_peek(&plain), &pin);
	if (!right || pin.len < GM_PIN_MIN || pin.len > GM_PIN_MAX ||
	    memchr(pin.ptr, 0, pin.len) != NULL || uk_secret_set(ret_pin, pin) != UK_OK)
		return GM_SW_WRONG_DATA;
	return GM_SW_OK;
}

bool
vk_command_mac(const uint8_t key[GM_BLOCK_LEN], const uint8_t random[GM_RANDOM_LEN],
	       const uint8_t header[4], struct uk_span data, uint8_t mac[GM_MAC_LEN])
{
	uint8_t iv[GM_BLOCK_LEN] = {0}, message[MAC_ROOM];
	struct uk_writer out = uk_writer_of(message, sizeof(message));

	memcpy(iv, random, GM_RANDOM_LEN);
	uk_put(&out, uk_span_of(header, 4));
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)data.len);
	uk_put_fill(&out, 0, 2);
	uk_put(&out, data);
	uk_put_u8(&out, 0x80);
	uk_put_fill(&out, 0, (GM_BLOCK_LEN - out.len % GM_BLOCK_LEN) % GM_BLOCK_LEN);
	return !out.overflow && vk_sm4_mac(key, iv, uk_writer_span(&out), mac);
}

bool
vk_mac_right(const struct vk_call *call, const uint8_t key[GM_BLOCK_LEN],
	     const uint8_t random[GM_RANDOM_LEN])
{
	const uint8_t header[4] = {call->cla, call->ins, call->p1, call->p2};
	struct uk_span mac = call->all_data, data;
	uint8_t expected[GM_MAC_LEN];

	return mac.len > GM_MAC_LEN && uk_take(&mac, mac.len - GM_MAC_LEN, &data) &&
	       vk_command_mac(key, random, header, data, expected) &&
	       vk_same(expected, mac.ptr, sizeof(expected));
}

bool
vk_take_random(struct vk_call *call, uint8_t random[GM_RANDOM_LEN])
{
	struct vk_session *session = &call->card->session;

	if (!session->has_random)
		return false;
	memcpy(random, session->random, GM_RANDOM_LEN);
	uk_wipe(session->random, sizeof(session->random));
	session->has_random = false;
	return true;
}
