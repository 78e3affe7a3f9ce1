/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device as a whole: label, DevInfo, random numbers, its authentication key. */
#include "common/secret.h"
#include "virtual/key/crypto.h"
#include "virtual/key/handlers.h"
#include "virtual/key/protect.h"

#include <string.h>

#define RANDOM_MAX   4096
#define MARK         "VIRTUAL"
#define MANUFACTURER "OpenUKey (virtual)"
#define ISSUER       "OpenUKey rehearsal"

uint16_t
vk_set_label(struct vk_call *call)
{
	struct vk_state *state = &call->card->state;

	if (!vk_name_set(&state->label, call->data))
		return GM_SW_WRONG_LENGTH;
	return vk_commit(call->card);
}

/* Nobody may take this for a real key: a label without the mark gets it in front. */
static void
put_label(struct uk_writer *out, struct uk_span label)
{
	uint8_t marked[2 * VK_NAME_MAX];
	struct uk_writer text = uk_writer_of(marked, sizeof(marked));
	size_t len;

	if (label.len < strlen(MARK) || memcmp(label.ptr, MARK, strlen(MARK)) != 0)
		uk_put(&text, uk_span_str(MARK " "));
	uk_put(&text, label);
	len = text.len < GM_LABEL_MAX ? text.len : GM_LABEL_MAX;
	while (len > 0 && len < text.len && (marked[len] & 0xc0) == 0x80)
		len--; /* no half of a UTF-8 character */
	uk_put_padded(out, uk_span_of(marked, len), GM_LABEL_MAX);
}

/* gm-keys 2.3: 288 bytes */
uint16_t
vk_get_dev_info(struct vk_call *call)
{
	const struct vk_state *state = &call->card->state;
	enum uk_order order = vk_order(call);
	uint32_t used = vk_state_used(state);
	uint8_t containers =
		state->apps[0].used ? state->apps[0].max_containers : VK_CONTAINERS_MAX;
	struct uk_writer *out = call->out;

	uk_put(out, uk_span_of("\1\0", 2)); /* of the structure */
	uk_put(out, uk_span_of("\1\0", 2)); /* of the specification: 2012 */
	uk_put_padded(out, uk_span_str(MANUFACTURER), 64);
	uk_put_padded(out, uk_span_str(ISSUER), 64);
	put_label(out, vk_name_peek(&state->label));
	uk_put_padded(out, vk_name_peek(&state->serial), 32);
	uk_put(out, uk_span_of("\1\0", 2)); /* hardware */
	uk_put(out, uk_span_of("\1\0", 2)); /* firmware */
	uk_put_u32(out, order, GM_ALG_SM4_ECB);
	uk_put_u32(out, order, GM_ALG_RSA | GM_ALG_SM2_A1 | GM_ALG_SM2_A2 | GM_ALG_SM2_A3);
	uk_put_u32(out, order, GM_ALG_SM3 | GM_ALG_SHA1 | GM_ALG_SHA256);
	uk_put_u32(out, order, GM_ALG_SM4_ECB);
	uk_put_u32(out, order, state->space);
	uk_put_u32(out, order, used < state->space ? state->space - used : 0);
	uk_put_u16(out, order, VK_DATA_MAX);
	uk_put_u16(out, order, 0); /* user authentication: PIN */
	uk_put_u16(out, order, 0); /* device type */
	uk_put_u8(out, containers);
	uk_put_u8(out, (uint8_t)(2 * containers));
	uk_put_u16(out, order, VK_FILES_MAX);
	uk_put_fill(out, 0, 54);
	return GM_SW_OK;
}

/* Only a random of 8 bytes can protect a command; any other one makes the key forget it. */
uint16_t
vk_gen_random(struct vk_call *call)
{
	struct vk_session *session = &call->card->session;
	uint8_t bytes[RANDOM_MAX];

	if (call->le == UK_LE_NONE)
		return GM_SW_WRONG_LENGTH;
	if (call->le > sizeof(bytes))
		return GM_SW_WRONG_LE;
	if (!vk_random(bytes, call->le))
		return GM_SW_MEMORY_FAILED;
	session->has_random = call->le == sizeof(session->random);
	if (session->has_random)
		memcpy(session->random, bytes, sizeof(session->random));
	uk_put(call->out, uk_span_of(bytes, call->le));
	uk_wipe(bytes, call->le);
	return GM_SW_OK;
}

/* gm-keys 1.6: the random padded with zeros, under the device authentication key */
uint16_t
vk_dev_auth(struct vk_call *call)
{
	struct vk_card *card = call->card;
	uint8_t block[GM_BLOCK_LEN] = {0}, expected[GM_BLOCK_LEN];
	bool fresh = vk_take_random(call, block);
	uint16_t sw;

	if (card->state.device_tries == 0)
		return GM_SW_PIN_LOCKED;
	if (!fresh)
		return GM_SW_RANDOM_INVALID;
	if (!vk_sm4_ecb(card->state.device_key, VK_ENCRYPT, uk_span_of(block, sizeof(block)),
			expected))
		return GM_SW_MEMORY_FAILED;

	card->state.device_tries--;
	sw = vk_commit(card);
	if (sw != GM_SW_OK)
		return sw;
	if (!vk_same(expected, call->data.ptr, sizeof(expected))) {
		card->session.device_right = false;
		return (uint16_t)(GM_SW_TRIES | card->state.device_tries);
	}
	card->state.device_tries = VK_TRIES_DEFAULT;
	sw = vk_commit(card);
	card->session.device_right = sw == GM_SW_OK;
	return sw;
}

uint16_t
vk_change_dev_auth_key(struct vk_call *call)
{
	struct vk_card *card = call->card;
	uint8_t random[GM_RANDOM_LEN];
	struct uk_span enc;
	UK_SECRET key = {.len = GM_BLOCK_LEN};

	if (!vk_take_random(call, random))
		return GM_SW_RANDOM_INVALID;
	if (!vk_mac_right(call, card->state.device_key, random))
		return GM_SW_MAC_WRONG;
	if (!uk_take(&call->data, GM_BLOCK_LEN, &enc) ||
	    !vk_sm4_ecb(card->state.device_key, VK_DECRYPT, enc, key.bytes))
		return GM_SW_WRONG_DATA;
	memcpy(card->state.device_key, key.bytes, sizeof(card->state.device_key));
	return vk_commit(card);
}
