/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PINs.  A try is taken off the counter, and that is stored, before anything is compared: power
 * cut at the right moment gives nobody a free guess.
 */
#include "common/secret.h"
#include "virtual/key/crypto.h"
#include "virtual/key/handlers.h"
#include "virtual/key/protect.h"

uint16_t
vk_get_pin_info(struct vk_call *call)
{
	const struct vk_pin *pin = &call->app->pins[call->p2];

	uk_put_u8(call->out, pin->max);
	uk_put_u8(call->out, pin->left);
	uk_put_u8(call->out, pin->is_default);
	return GM_SW_OK;
}

static uint16_t
spend_try(struct vk_call *call, struct vk_pin *pin)
{
	pin->left--;
	return vk_commit(call->card);
}

static uint16_t
refuse_pin(const struct vk_pin *pin)
{
	return (uint16_t)(GM_SW_TRIES | pin->left);
}

/* What is asked before a try is spent; hands the random out in any case. */
static uint16_t
begin_try(struct vk_call *call, const struct vk_pin *pin, uint8_t random[GM_RANDOM_LEN])
{
	bool fresh = vk_take_random(call, random);

	if (pin->left == 0)
		return GM_SW_PIN_LOCKED;
	return fresh ? GM_SW_OK : GM_SW_RANDOM_INVALID;
}

uint16_t
vk_verify_pin(struct vk_call *call)
{
	struct vk_pin *pin = &call->app->pins[call->p2];
	bool *right = &call->card->session.apps[call->app_index].rights[call->p2];
	uint8_t random[GM_RANDOM_LEN], expected[GM_BLOCK_LEN];
	uint16_t sw = begin_try(call, pin, random);

	if (sw == GM_SW_PIN_LOCKED)
		*right = false;
	if (sw != GM_SW_OK)
		return sw;
	if (!vk_verify_block(call->card->model->verify_block, pin->key, random, expected))
		return GM_SW_MEMORY_FAILED;

	sw = spend_try(call, pin);
	if (sw != GM_SW_OK)
		return sw;
	if (!vk_same(expected, call->data.ptr, sizeof(expected))) {
		*right = false;
		return refuse_pin(pin);
	}
	pin->left = pin->max;
	sw = vk_commit(call->card);
	*right = sw == GM_SW_OK;
	return sw;
}

/*
 * Proves a PIN by the command's MAC and takes the new PIN out that is encrypted under it.  The
 * counter in memory is whole again on success and is to be stored with what changes.
 */
static uint16_t
prove_by_mac(struct vk_call *call, struct vk_pin *pin, uint8_t ret_new_key[GM_BLOCK_LEN])
{
	uint8_t random[GM_RANDOM_LEN];
	UK_SECRET new_pin = {0};
	struct uk_span enc = uk_span_of(call->data.ptr, call->data.len - GM_MAC_LEN);
	uint16_t sw = begin_try(call, pin, random), stored;

	if (sw != GM_SW_OK)
		return sw;
	if (enc.len % GM_BLOCK_LEN != 0)
		return GM_SW_WRONG_LENGTH;
	sw = spend_try(call, pin);
	if (sw != GM_SW_OK)
		return sw;
	if (!vk_mac_right(call, pin->key, random))
		return refuse_pin(pin);

	/* The PIN is proven: what is wrong from here on costs no try. */
	pin->left = pin->max;
	sw = vk_new_pin_take(call->card->model->new_pin, pin->key, enc, &new_pin);
	if (sw == GM_SW_OK && !vk_pin_key(uk_secret_peek(&new_pin), ret_new_key))
		sw = GM_SW_WRONG_DATA;
	if (sw == GM_SW_OK)
		return GM_SW_OK;
	stored = vk_commit(call->card);
	return stored == GM_SW_OK ? sw : stored;
}

static void
set_pin(struct vk_pin *pin, const uint8_t key[GM_BLOCK_LEN])
{
	memcpy(pin->key, key, sizeof(pin->key));
	pin->left = pin->max;
	pin->is_default = false;
}

uint16_t
vk_change_pin(struct vk_call *call)
{
	struct vk_pin *pin = &call->app->pins[call->p2];
	UK_SECRET key = {.len = GM_BLOCK_LEN};
	uint16_t sw = prove_by_mac(call, pin, key.bytes);

	if (sw != GM_SW_OK)
		return sw;
	set_pin(pin, key.bytes);
	return vk_commit(call->card);
}

/* A new user PIN from the administrator; whoever was logged in with the old one no longer is. */
uint16_t
vk_unblock_pin(struct vk_call *call)
{
	UK_SECRET key = {.len = GM_BLOCK_LEN};
	uint16_t sw = prove_by_mac(call, &call->app->pins[GM_PIN_ADMIN], key.bytes);

	if (sw != GM_SW_OK)
		return sw;
	set_pin(&call->app->pins[GM_PIN_USER], key.bytes);
	call->card->session.apps[call->app_index].rights[GM_PIN_USER] = false;
	return vk_commit(call->card);
}

uint16_t
vk_clear_secure_state(struct vk_call *call)
{
	bool *rights = call->card->session.apps[call->app_index].rights;

	rights[GM_PIN_ADMIN] = false;
	rights[GM_PIN_USER] = false;
	return GM_SW_OK;
}
