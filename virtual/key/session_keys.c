/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that make, bring in and end session keys. */
#include "virtual/key/session_keys.h"

#include "common/secret.h"
#include "virtual/key/handlers.h"
#include "virtual/key/rsa.h"
#include "virtual/key/sm2.h"

#define KEY_ID_HIGH 0x50
#define SM2_BITS    256u
#define ALG_SM4     (GM_ALG_SM4_ECB >> 8)

/* A free place for a key of the call's container; NULL when there is none. */
static struct vk_session_key *
find_free(struct vk_call *call)
{
	for (size_t i = 0; i < VK_SESSION_KEYS_MAX; i++)
		if (!call->card->session.keys[i].used)
			return &call->card->session.keys[i];
	return NULL;
}

static void
drop_key(struct vk_session_key *key)
{
	uk_wipe(key, sizeof(*key));
}

/* From now on the container has this key. */
static void
keep_key(struct vk_call *call, struct vk_session_key *key)
{
	key->app = call->app_index;
	key->container = call->container_index;
	key->used = true;
}

static void
put_key_id(struct vk_call *call, const struct vk_session_key *key)
{
	uk_put_u8(call->out, KEY_ID_HIGH);
	uk_put_u8(call->out, (uint8_t)(key - call->card->session.keys + 1));
}

struct vk_session_key *
vk_session_key_take(struct vk_call *call, uint16_t *ret_sw)
{
	struct vk_session_key *key;
	uint8_t high, index;

	*ret_sw = GM_SW_WRONG_LENGTH;
	if (!uk_take_u8(&call->data, &high) || !uk_take_u8(&call->data, &index))
		return NULL;
	*ret_sw = GM_SW_SESSION_KEY_MISSING;
	if (high != KEY_ID_HIGH || index == 0 || index > VK_SESSION_KEYS_MAX)
		return NULL;
	key = &call->card->session.keys[index - 1];
	return key->used && key->app == call->app_index && key->container == call->container_index
		       ? key
		       : NULL;
}

void
vk_session_keys_drop(struct vk_session *session, size_t app, size_t container)
{
	for (size_t i = 0; i < VK_SESSION_KEYS_MAX; i++)
		if (session->keys[i].app == app && session->keys[i].container == container)
			drop_key(&session->keys[i]);
}

size_t
vk_session_keys_count(const struct vk_session *session)
{
	size_t count = 0;

	for (size_t i = 0; i < VK_SESSION_KEYS_MAX; i++)
		count += session->keys[i].used;
	return count;
}

/* Any mode of SM4 names the same key; Init chooses the mode. */
static bool
is_sm4(uint32_t alg)
{
	return alg >> 8 == ALG_SM4;
}

/* bits4 || X || Y || hash || cipherLen4 || cipher of the new key */
static bool
put_wrapped_sm2(struct vk_call *call, const struct vk_session_key *key, struct uk_span point)
{
	uint8_t bytes[1 + VK_SM2_PUBLIC_LEN + GM_SM3_LEN + GM_BLOCK_LEN];
	struct uk_writer made = uk_writer_of(bytes, sizeof(bytes));
	struct uk_span rest, head;
	uint8_t form;

	if (!vk_sm2_encrypt(point.ptr, uk_span_of(key->bytes, GM_BLOCK_LEN), &made))
		return false;
	rest = uk_writer_span(&made);
	if (!uk_take_u8(&rest, &form) || !uk_take(&rest, VK_SM2_PUBLIC_LEN + GM_SM3_LEN, &head))
		return false;
	uk_put_u32(call->out, vk_order(call), SM2_BITS);
	uk_put(call->out, head);
	uk_put_u32(call->out, vk_order(call), (uint32_t)rest.len);
	uk_put(call->out, rest);
	return !call->out->overflow;
}

/* bits4 || X || Y || alg4 */
uint16_t
vk_ecc_export_session_key(struct vk_call *call)
{
	struct vk_session_key *key = find_free(call);
	struct uk_span point;
	uint32_t bits, alg;

	if (!uk_take_u32(&call->data, vk_order(call), &bits) ||
	    !uk_take(&call->data, VK_SM2_PUBLIC_LEN, &point) ||
	    !uk_take_u32(&call->data, vk_order(call), &alg))
		return GM_SW_WRONG_LENGTH;
	if (bits != SM2_BITS)
		return GM_SW_WRONG_DATA;
	if (!is_sm4(alg))
		return GM_SW_ALG_UNSUPPORTED;
	if (key == NULL)
		return GM_SW_NO_ROOM;
	if (!vk_random(key->bytes, GM_BLOCK_LEN) || !put_wrapped_sm2(call, key, point)) {
		drop_key(key);
		return GM_SW_ENCRYPT_FAILED;
	}
	keep_key(call, key);
	put_key_id(call, key);
	return GM_SW_OK;
}

/* alg4 || bits4 || modulus || exponent4 */
uint16_t
vk_rsa_export_session_key(struct vk_call *call)
{
	struct vk_session_key *key = find_free(call);
	struct uk_span modulus, exponent;
	uint32_t alg, bits;

	if (!uk_take_u32(&call->data, vk_order(call), &alg) ||
	    !uk_take_u32(&call->data, vk_order(call), &bits))
		return GM_SW_WRONG_LENGTH;
	if (bits != 1024 && bits != 2048)
		return GM_SW_WRONG_DATA;
	if (!uk_take(&call->data, bits / 8, &modulus) ||
	    !uk_take(&call->data, VK_RSA_EXPONENT_LEN, &exponent) || call->data.len != 0)
		return GM_SW_WRONG_LENGTH;
	if (!is_sm4(alg))
		return GM_SW_ALG_UNSUPPORTED;
	if (key == NULL)
		return GM_SW_NO_ROOM;
	put_key_id(call, key);
	if (!vk_random(key->bytes, GM_BLOCK_LEN) ||
	    !vk_rsa_encrypt(modulus, exponent, uk_span_of(key->bytes, GM_BLOCK_LEN), call->out)) {
		drop_key(key);
		return GM_SW_ENCRYPT_FAILED;
	}
	keep_key(call, key);
	return GM_SW_OK;
}

/* bits4 || X || Y || hash || cipherLen4 || cipher */
static uint16_t
unwrap_sm2(const struct vk_call *call, const struct vk_key *pair, struct uk_span wrapped,
	   struct uk_writer *out)
{
	struct vk_sm2_cipher cipher;
	uint32_t bits, len;

	if (!uk_take_u32(&wrapped, vk_order(call), &bits) ||
	    !uk_take(&wrapped, VK_SM2_PUBLIC_LEN, &cipher.point) ||
	    !uk_take(&wrapped, GM_SM3_LEN, &cipher.hash) ||
	    !uk_take_u32(&wrapped, vk_order(call), &len) ||
	    !uk_take(&wrapped, len, &cipher.cipher) || wrapped.len != 0)
		return GM_SW_WRONG_LENGTH;
	if (bits != SM2_BITS)
		return GM_SW_WRONG_DATA;
	return vk_sm2_decrypt(pair->secret.ptr, &cipher, out) ? GM_SW_OK : GM_SW_DECRYPT_FAILED;
}

/* Unwraps with the container's encryption key; 16 bytes have to come out. */
static uint16_t
unwrap(const struct vk_call *call, struct uk_span wrapped, struct vk_session_key *key)
{
	const struct vk_key *pair = &call->container->keys[GM_PAIR_ENCRYPT];
	struct uk_writer out = uk_writer_of(key->bytes, GM_BLOCK_LEN);
	uint16_t sw;

	if (pair->type == GM_CONTAINER_EMPTY)
		return GM_SW_NO_KEY_PAIR;
	if (pair->type == GM_CONTAINER_SM2)
		sw = unwrap_sm2(call, pair, wrapped, &out);
	else
		sw = vk_rsa_decrypt(pair, wrapped, &out) ? GM_SW_OK : GM_SW_DECRYPT_FAILED;
	return sw == GM_SW_OK && out.len != GM_BLOCK_LEN ? GM_SW_DECRYPT_FAILED : sw;
}

/* alg4 || len4 || wrapped */
uint16_t
vk_import_session_key(struct vk_call *call)
{
	struct vk_session_key *key = find_free(call);
	uint32_t alg, len;
	uint16_t sw;

	if (!uk_take_u32(&call->data, vk_order(call), &alg) ||
	    !uk_take_u32(&call->data, vk_order(call), &len) || len != call->data.len)
		return GM_SW_WRONG_LENGTH;
	if (!is_sm4(alg))
		return GM_SW_ALG_UNSUPPORTED;
	if (key == NULL)
		return GM_SW_NO_ROOM;
	sw = unwrap(call, call->data, key);
	if (sw != GM_SW_OK) {
		drop_key(key);
		return sw;
	}
	keep_key(call, key);
	put_key_id(call, key);
	return GM_SW_OK;
}

uint16_t
vk_destroy_session_key(struct vk_call *call)
{
	uint16_t sw;
	struct vk_session_key *key = vk_session_key_take(call, &sw);

	if (key == NULL)
		return sw;
	drop_key(key);
	return GM_SW_OK;
}
