/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on SM2 keys. */
#include "common/secret.h"
#include "virtual/key/containers.h"
#include "virtual/key/crypto.h"
#include "virtual/key/handlers.h"
#include "virtual/key/rsa.h"
#include "virtual/key/sm2.h"

#define SM2_BITS    256u
#define ENVELOPE_V1 1u
#define ENC_KEY_LEN 64 /* cbEncryptedPriKey */

/* Stores a pair of 96 bytes as one of the container's keys and makes it last. */
static uint16_t
store_pair(struct vk_call *call, enum gm_pair which, const uint8_t pair[VK_SM2_PAIR_LEN])
{
	struct vk_key *key = &call->container->keys[which];

	if (key->type == GM_CONTAINER_EMPTY && !vk_state_room(&call->card->state, VK_SM2_PAIR_LEN))
		return GM_SW_NO_ROOM;
	if (!vk_blob_set(&key->secret, uk_span_of(pair, VK_SM2_PAIR_LEN)))
		return GM_SW_MEMORY_FAILED;
	key->type = GM_CONTAINER_SM2;
	key->bits = SM2_BITS;
	return vk_commit(call->card);
}

/* The 96 bytes of the container's signing pair; NULL when it has none of SM2. */
static const uint8_t *
signing_pair(const struct vk_call *call)
{
	const struct vk_key *key = &call->container->keys[GM_PAIR_SIGN];

	return key->type == GM_CONTAINER_SM2 && key->secret.len == VK_SM2_PAIR_LEN ? key->secret.ptr
										   : NULL;
}

uint16_t
vk_gen_ecc_key_pair(struct vk_call *call)
{
	uint8_t pair[VK_SM2_PAIR_LEN];
	uint32_t bits;
	uint16_t sw;

	if (!uk_take_u32(&call->data, vk_order(call), &bits) || bits != SM2_BITS)
		return GM_SW_WRONG_DATA;
	if (!vk_container_takes(call->container, GM_CONTAINER_SM2))
		return GM_SW_CONDITIONS;
	if (!vk_sm2_generate(pair))
		return GM_SW_MEMORY_FAILED;
	sw = store_pair(call, GM_PAIR_SIGN, pair);
	if (sw == GM_SW_OK)
		uk_put(call->out, uk_span_of(pair + GM_SM2_LEN, VK_SM2_PUBLIC_LEN));
	uk_wipe(pair, sizeof(pair));
	return sw;
}

/* What ImportECCKeyPair brings (gm-keys 2.2). */
struct envelope {
	uint32_t sym_alg;
	struct vk_sm2_cipher wrapped;
	struct uk_span point;
	struct uk_span enc_key;
};

static uint16_t
take_envelope(struct uk_span in, enum uk_order order, struct envelope *ret)
{
	uint32_t version, bits, cipher_len, key_bits, enc_len;

	if (!uk_take_u32(&in, order, &version) || !uk_take_u32(&in, order, &ret->sym_alg) ||
	    !uk_take_u32(&in, order, &bits) ||
	    !uk_take(&in, VK_SM2_PUBLIC_LEN, &ret->wrapped.point) ||
	    !uk_take(&in, GM_SM3_LEN, &ret->wrapped.hash) ||
	    !uk_take_u32(&in, order, &cipher_len) ||
	    !uk_take(&in, cipher_len, &ret->wrapped.cipher) ||
	    !uk_take_u32(&in, order, &key_bits) || !uk_take(&in, VK_SM2_PUBLIC_LEN, &ret->point) ||
	    !uk_take_u32(&in, order, &enc_len) || !uk_take(&in, enc_len, &ret->enc_key) ||
	    in.len != 0)
		return GM_SW_WRONG_LENGTH;
	if (version != ENVELOPE_V1 || bits != SM2_BITS || key_bits != SM2_BITS ||
	    cipher_len != GM_BLOCK_LEN || enc_len != ENC_KEY_LEN)
		return GM_SW_WRONG_DATA;
	return ret->sym_alg == GM_ALG_SM4_ECB ? GM_SW_OK : GM_SW_ALG_UNSUPPORTED;
}

/*
 * The private key is either half of the decrypted 64 bytes, as CAs differ: the one that belongs
 * to the public key.
 */
static bool
choose_half(const uint8_t plain[ENC_KEY_LEN], struct uk_span point, uint8_t pair[VK_SM2_PAIR_LEN])
{
	static const size_t offsets[] = {ENC_KEY_LEN - GM_SM2_LEN, 0};

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		memcpy(pair, plain + offsets[i], GM_SM2_LEN);
		if (vk_sm2_public(pair, pair + GM_SM2_LEN) &&
		    vk_same(pair + GM_SM2_LEN, point.ptr, VK_SM2_PUBLIC_LEN))
			return true;
	}
	return false;
}

static uint16_t
open_envelope(const struct envelope *envelope, const uint8_t *signing,
	      uint8_t pair[VK_SM2_PAIR_LEN])
{
	UK_SECRET key = {0};
	UK_SECRET plain = {.len = ENC_KEY_LEN};
	struct uk_writer out = uk_writer_of(key.bytes, GM_BLOCK_LEN);

	if (!vk_sm2_decrypt(signing, &envelope->wrapped, &out) || out.len != GM_BLOCK_LEN ||
	    !vk_sm4_ecb(key.bytes, VK_DECRYPT, envelope->enc_key, plain.bytes))
		return GM_SW_DECRYPT_FAILED;
	return choose_half(plain.bytes, envelope->point, pair) ? GM_SW_OK : GM_SW_WRONG_DATA;
}

uint16_t
vk_import_ecc_key_pair(struct vk_call *call)
{
	const uint8_t *signing = signing_pair(call);
	uint8_t pair[VK_SM2_PAIR_LEN];
	struct envelope envelope;
	uint16_t sw;

	sw = take_envelope(call->data, vk_order(call), &envelope);
	if (sw != GM_SW_OK)
		return sw;
	if (signing == NULL)
		return GM_SW_NO_KEY_PAIR;
	sw = open_envelope(&envelope, signing, pair);
	if (sw == GM_SW_OK)
		sw = store_pair(call, GM_PAIR_ENCRYPT, pair);
	uk_wipe(pair, sizeof(pair));
	return sw;
}

/* P1 = 02: the digest; P1 = 01: idLen4 || id || message, digested here. */
static uint16_t
take_digest(struct vk_call *call, const uint8_t *pair, uint8_t e[GM_SM3_LEN])
{
	struct uk_span id;
	uint32_t id_len;

	if (call->p1 == 2) {
		if (call->data.len != GM_SM3_LEN)
			return GM_SW_WRONG_LENGTH;
		memcpy(e, call->data.ptr, GM_SM3_LEN);
		return GM_SW_OK;
	}
	if (!uk_take_u32(&call->data, vk_order(call), &id_len) ||
	    !uk_take(&call->data, id_len, &id))
		return GM_SW_WRONG_LENGTH;
	return vk_sm2_digest(pair + GM_SM2_LEN, id, call->data, e) ? GM_SW_OK : GM_SW_SIGN_FAILED;
}

uint16_t
vk_ecc_sign_data(struct vk_call *call)
{
	const uint8_t *pair = signing_pair(call);
	uint8_t e[GM_SM3_LEN], rs[VK_SM2_PUBLIC_LEN];
	uint16_t sw;

	if (pair == NULL)
		return GM_SW_NO_KEY_PAIR;
	sw = take_digest(call, pair, e);
	if (sw != GM_SW_OK)
		return sw;
	if (!vk_sm2_sign(pair, e, rs))
		return GM_SW_SIGN_FAILED;
	vk_signature_made(call);
	uk_put_u32(call->out, vk_order(call), SM2_BITS);
	uk_put(call->out, uk_span_of(rs, sizeof(rs)));
	return GM_SW_OK;
}

/* bits4 || X || Y */
static bool
take_point(struct vk_call *call, struct uk_span *ret_point)
{
	uint32_t bits;

	return uk_take_u32(&call->data, vk_order(call), &bits) && bits == SM2_BITS &&
	       uk_take(&call->data, VK_SM2_PUBLIC_LEN, ret_point);
}

/* ... || dataLen4 || digest || r || s */
uint16_t
vk_ecc_verify(struct vk_call *call)
{
	struct uk_span point, digest, rs;
	uint32_t len;

	if (!take_point(call, &point) || !uk_take_u32(&call->data, vk_order(call), &len) ||
	    len != GM_SM3_LEN || !uk_take(&call->data, len, &digest) ||
	    !uk_take(&call->data, VK_SM2_PUBLIC_LEN, &rs))
		return GM_SW_WRONG_DATA;
	return vk_sm2_verify(point.ptr, digest.ptr, rs.ptr) ? GM_SW_OK : GM_SW_VERIFY_FAILED;
}

/* ... || len4 || data; the answer is 04 || X || Y || hash || cipher */
uint16_t
vk_ext_ecc_encrypt(struct vk_call *call)
{
	struct uk_span point;
	uint32_t len;

	if (!take_point(call, &point) || !uk_take_u32(&call->data, vk_order(call), &len))
		return GM_SW_WRONG_DATA;
	if (len != call->data.len || len == 0)
		return GM_SW_WRONG_LENGTH;
	return vk_sm2_encrypt(point.ptr, call->data, call->out) ? GM_SW_OK : GM_SW_ENCRYPT_FAILED;
}

/* ECC: bits4 || X || Y.  RSA: bits4 || modulus || exponent4. */
uint16_t
vk_export_public_key(struct vk_call *call)
{
	const struct vk_key *key = &call->container->keys[call->p1];

	if (key->type == GM_CONTAINER_EMPTY)
		return GM_SW_NO_KEY_PAIR;
	uk_put_u32(call->out, vk_order(call), key->bits);
	if (key->type == GM_CONTAINER_RSA)
		return vk_rsa_put_public(key, call->out) ? GM_SW_OK : GM_SW_MEMORY_FAILED;
	uk_put(call->out, uk_span_of(key->secret.ptr + GM_SM2_LEN, VK_SM2_PUBLIC_LEN));
	return GM_SW_OK;
}
