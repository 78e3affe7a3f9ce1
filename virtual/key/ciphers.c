/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands that encrypt, decrypt and make MACs with session keys. */
#include "common/secret.h"
#include "virtual/key/handlers.h"
#include "virtual/key/session_keys.h"

#define IV_LEN       32 /* of the field; SM4 takes the first 16 */
#define PADDING_NONE 0u
#define PADDING_PKCS 1u

/* What Init brings after the KeyID (BLOCKCIPHERPARAM of GM/T 0016). */
struct parameters {
	uint32_t alg;
	struct uk_span iv;
	uint32_t iv_len, padding, feed_bits;
};

static bool
take_parameters(struct vk_call *call, struct parameters *ret)
{
	enum uk_order order = vk_order(call);

	return uk_take_u32(&call->data, order, &ret->alg) &&
	       uk_take(&call->data, IV_LEN, &ret->iv) &&
	       uk_take_u32(&call->data, order, &ret->iv_len) &&
	       uk_take_u32(&call->data, order, &ret->padding) &&
	       uk_take_u32(&call->data, order, &ret->feed_bits) && call->data.len == 0;
}

/* feed_bits means nothing in ECB and CBC, nor does the IV in ECB. A MAC may go without IV. */
static uint16_t
check_parameters(const struct parameters *given, bool mac)
{
	bool cbc = given->alg == GM_ALG_SM4_CBC;

	if (mac ? given->alg != GM_ALG_SM4_MAC : !cbc && given->alg != GM_ALG_SM4_ECB)
		return GM_SW_ALG_UNSUPPORTED;
	if (given->padding > (mac ? PADDING_NONE : PADDING_PKCS))
		return GM_SW_WRONG_DATA;
	if ((cbc && given->iv_len != GM_BLOCK_LEN) ||
	    (mac && given->iv_len != 0 && given->iv_len != GM_BLOCK_LEN))
		return GM_SW_WRONG_DATA;
	return GM_SW_OK;
}

/* Init: what ran with this key before is over. */
static uint16_t
begin(struct vk_call *call, enum vk_operation_kind kind)
{
	struct parameters given;
	struct vk_session_key *key;
	uint16_t sw;

	key = vk_session_key_take(call, &sw);
	if (key == NULL)
		return sw;
	uk_wipe(&key->operation, sizeof(key->operation));
	if (!take_parameters(call, &given))
		return GM_SW_WRONG_LENGTH;
	sw = check_parameters(&given, kind == VK_MACING);
	if (sw != GM_SW_OK)
		return sw;
	key->operation.kind = (uint8_t)kind;
	key->operation.cbc = given.alg != GM_ALG_SM4_ECB;
	key->operation.padded = given.padding == PADDING_PKCS;
	if (key->operation.cbc && given.iv_len == GM_BLOCK_LEN)
		memcpy(key->operation.chain, given.iv.ptr, GM_BLOCK_LEN);
	return GM_SW_OK;
}

/* The key of a command after Init. 6985: nothing of this kind runs with it. */
static struct vk_session_key *
take_running(struct vk_call *call, enum vk_operation_kind kind, uint16_t *ret_sw)
{
	struct vk_session_key *key = vk_session_key_take(call, ret_sw);

	if (key == NULL || key->operation.kind == kind)
		return key;
	*ret_sw = GM_SW_CONDITIONS;
	return NULL;
}

static void
end_operation(struct vk_session_key *key)
{
	uk_wipe(&key->operation, sizeof(key->operation));
}

static bool
crypt_blocks(struct vk_session_key *key, struct uk_span in, uint8_t *out)
{
	struct vk_operation *op = &key->operation;
	enum vk_direction direction = op->kind == VK_DECRYPTING ? VK_DECRYPT : VK_ENCRYPT;

	if (in.len == 0)
		return true;
	return op->cbc ? vk_sm4_cbc(key->bytes, direction, op->chain, in, out)
		       : vk_sm4_ecb(key->bytes, direction, in, out);
}

/* Bytes that have to wait: with padding, those that may be the last block. */
static size_t
held_of(const struct vk_operation *op, size_t len)
{
	size_t rest = len % GM_BLOCK_LEN;

	return op->kind == VK_DECRYPTING && rest == 0 && len > 0 ? GM_BLOCK_LEN : rest;
}

/* Room for the longest command's data, what was held before it, and padding. */
struct work {
	uint8_t in[VK_DATA_MAX + 2 * GM_BLOCK_LEN];
	uint8_t out[VK_DATA_MAX + 2 * GM_BLOCK_LEN];
};

static void
wipe_work(struct work *work)
{
	uk_wipe(work, sizeof(*work));
}

/* Takes data in and writes what has become whole blocks. */
static uint16_t
run_data(struct vk_session_key *key, struct uk_span data, struct uk_writer *out)
{
	struct vk_operation *op = &key->operation;
	UK_CLEANUP(wipe_work) struct work work;
	struct uk_writer in = uk_writer_of(work.in, sizeof(work.in));
	size_t whole;

	if (!op->padded && data.len % GM_BLOCK_LEN != 0)
		return GM_SW_WRONG_LENGTH;
	uk_put(&in, uk_span_of(op->held, op->held_len));
	uk_put(&in, data);
	whole = in.len - (op->padded ? held_of(op, in.len) : 0);
	if (in.overflow || !crypt_blocks(key, uk_span_of(work.in, whole), work.out))
		return GM_SW_MEMORY_FAILED;
	op->updated = true;
	op->held_len = in.len - whole;
	memcpy(op->held, work.in + whole, op->held_len);
	uk_put(out, uk_span_of(work.out, whole));
	return GM_SW_OK;
}

static uint16_t
put_padded_block(struct vk_session_key *key, struct uk_writer *out)
{
	struct vk_operation *op = &key->operation;
	size_t fill = GM_BLOCK_LEN - op->held_len;
	uint8_t block[GM_BLOCK_LEN];

	memset(op->held + op->held_len, (int)fill, fill);
	if (!crypt_blocks(key, uk_span_of(op->held, GM_BLOCK_LEN), block))
		return GM_SW_MEMORY_FAILED;
	uk_put(out, uk_span_of(block, sizeof(block)));
	return GM_SW_OK;
}

/* The last block without its padding. */
static uint16_t
put_unpadded_block(struct vk_session_key *key, struct uk_writer *out)
{
	struct vk_operation *op = &key->operation;
	UK_SECRET plain = {.len = GM_BLOCK_LEN};
	uint8_t fill;

	if (op->held_len != GM_BLOCK_LEN)
		return GM_SW_WRONG_LENGTH;
	if (!crypt_blocks(key, uk_span_of(op->held, GM_BLOCK_LEN), plain.bytes))
		return GM_SW_MEMORY_FAILED;
	fill = plain.bytes[GM_BLOCK_LEN - 1];
	if (fill == 0 || fill > GM_BLOCK_LEN)
		return GM_SW_WRONG_DATA;
	for (size_t i = GM_BLOCK_LEN - fill; i < GM_BLOCK_LEN; i++)
		if (plain.bytes[i] != fill)
			return GM_SW_WRONG_DATA;
	uk_put(out, uk_span_of(plain.bytes, GM_BLOCK_LEN - fill));
	return GM_SW_OK;
}

static uint16_t
run_end(struct vk_session_key *key, struct uk_writer *out)
{
	if (!key->operation.padded)
		return GM_SW_OK;
	return key->operation.kind == VK_ENCRYPTING ? put_padded_block(key, out)
						    : put_unpadded_block(key, out);
}

/* One command for all; it ends what Init began, also when it is refused for its data. */
static uint16_t
one_shot(struct vk_call *call, enum vk_operation_kind kind)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, kind, &sw);

	if (key == NULL)
		return sw;
	if (key->operation.updated)
		return GM_SW_CONDITIONS;
	sw = run_data(key, call->data, call->out);
	if (sw == GM_SW_OK)
		sw = run_end(key, call->out);
	end_operation(key);
	return sw;
}

static uint16_t
update(struct vk_call *call, enum vk_operation_kind kind)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, kind, &sw);

	return key == NULL ? sw : run_data(key, call->data, call->out);
}

static uint16_t
final(struct vk_call *call, enum vk_operation_kind kind)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, kind, &sw);

	if (key == NULL)
		return sw;
	sw = run_end(key, call->out);
	end_operation(key);
	return sw;
}

uint16_t
vk_encrypt_init(struct vk_call *call)
{
	return begin(call, VK_ENCRYPTING);
}

uint16_t
vk_encrypt(struct vk_call *call)
{
	return one_shot(call, VK_ENCRYPTING);
}

uint16_t
vk_encrypt_update(struct vk_call *call)
{
	return update(call, VK_ENCRYPTING);
}

uint16_t
vk_encrypt_final(struct vk_call *call)
{
	return final(call, VK_ENCRYPTING);
}

uint16_t
vk_decrypt_init(struct vk_call *call)
{
	return begin(call, VK_DECRYPTING);
}

uint16_t
vk_decrypt(struct vk_call *call)
{
	return one_shot(call, VK_DECRYPTING);
}

uint16_t
vk_decrypt_update(struct vk_call *call)
{
	return update(call, VK_DECRYPTING);
}

uint16_t
vk_decrypt_final(struct vk_call *call)
{
	return final(call, VK_DECRYPTING);
}

uint16_t
vk_mac_init(struct vk_call *call)
{
	return begin(call, VK_MACING);
}

/* The MAC so far is the last block of CBC; there is none before the first block. */
static uint16_t
put_mac(struct vk_session_key *key, struct uk_writer *out)
{
	if (!key->operation.updated)
		return GM_SW_WRONG_LENGTH;
	uk_put(out, uk_span_of(key->operation.chain, GM_BLOCK_LEN));
	return GM_SW_OK;
}

/* Takes data in; what CBC makes of it stays inside. */
static uint16_t
mac_data(struct vk_session_key *key, struct uk_span data)
{
	uint8_t bytes[VK_DATA_MAX];
	struct uk_writer nowhere = uk_writer_of(bytes, sizeof(bytes));

	return data.len == 0 ? GM_SW_WRONG_LENGTH : run_data(key, data, &nowhere);
}

uint16_t
vk_mac(struct vk_call *call)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, VK_MACING, &sw);

	if (key == NULL)
		return sw;
	if (key->operation.updated)
		return GM_SW_CONDITIONS;
	sw = mac_data(key, call->data);
	if (sw == GM_SW_OK)
		sw = put_mac(key, call->out);
	end_operation(key);
	return sw;
}

uint16_t
vk_mac_update(struct vk_call *call)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, VK_MACING, &sw);

	return key == NULL ? sw : mac_data(key, call->data);
}

uint16_t
vk_mac_final(struct vk_call *call)
{
	uint16_t sw;
	struct vk_session_key *key = take_running(call, VK_MACING, &sw);

	if (key == NULL)
		return sw;
	sw = put_mac(key, call->out);
	end_operation(key);
	return sw;
}
