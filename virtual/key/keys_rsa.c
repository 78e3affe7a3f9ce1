/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands on RSA keys. */
#include "common/secret.h"
#include "virtual/key/containers.h"
#include "virtual/key/handlers.h"
#include "virtual/key/rsa.h"

#define DIGEST_INFO_MAX 64
#define PKCS1_MIN       11 /* bytes that the padding takes at least */
#define BLOB_ENC_LEN    ((VK_RSA_BLOB_LEN + GM_BLOCK_LEN - 1) / GM_BLOCK_LEN * GM_BLOCK_LEN)

/* Stores a pair and makes it last; *key is emptied. */
static uint16_t
store_pair(struct vk_call *call, enum gm_pair which, struct vk_key *key)
{
	struct vk_key *old = &call->container->keys[which];

	if (old->type == GM_CONTAINER_EMPTY &&
	    !vk_state_room(&call->card->state, key->secret.len)) {
		vk_key_clear(key);
		return GM_SW_NO_ROOM;
	}
	vk_key_clear(old);
	*old = *key;
	*key = (struct vk_key){0};
	return vk_commit(call->card);
}

uint16_t
vk_gen_rsa_key_pair(struct vk_call *call)
{
	struct vk_key key = {0};
	uint16_t bits, sw;

	if (!uk_take_u16(&call->data, vk_order(call), &bits) || (bits != 1024 && bits != 2048))
		return GM_SW_WRONG_DATA;
	if (!vk_container_takes(call->container, GM_CONTAINER_RSA))
		return GM_SW_CONDITIONS;
	if (!vk_rsa_generate(bits, &key))
		return GM_SW_MEMORY_FAILED;
	sw = store_pair(call, GM_PAIR_SIGN, &key);
	if (sw != GM_SW_OK)
		return sw;
	return vk_rsa_put_public(&call->container->keys[GM_PAIR_SIGN], call->out)
		       ? GM_SW_OK
		       : GM_SW_MEMORY_FAILED;
}

/* symAlg4 || wrapLen4 || wrapped || encLen4 || enc */
static uint16_t
take_wrapped(struct vk_call *call, struct uk_span *ret_wrapped, struct uk_span *ret_enc)
{
	enum uk_order order = vk_order(call);
	uint32_t alg, wrapped_len, enc_len;

	if (!uk_take_u32(&call->data, order, &alg) ||
	    !uk_take_u32(&call->data, order, &wrapped_len) ||
	    !uk_take(&call->data, wrapped_len, ret_wrapped) ||
	    !uk_take_u32(&call->data, order, &enc_len) || !uk_take(&call->data, enc_len, ret_enc) ||
	    call->data.len != 0)
		return GM_SW_WRONG_LENGTH;
	return alg == GM_ALG_SM4_ECB ? GM_SW_OK : GM_SW_ALG_UNSUPPORTED;
}

uint16_t
vk_import_rsa_key_pair(struct vk_call *call)
{
	const struct vk_key *signing = &call->container->keys[GM_PAIR_SIGN];
	UK_SECRET session_key = {0};
	struct uk_writer out = uk_writer_of(session_key.bytes, GM_BLOCK_LEN);
	struct uk_span wrapped, enc;
	uint8_t blob[BLOB_ENC_LEN];
	struct vk_key key = {0};
	uint16_t sw;
	bool right;

	sw = take_wrapped(call, &wrapped, &enc);
	if (sw != GM_SW_OK)
		return sw;
	if (signing->type != GM_CONTAINER_RSA)
		return GM_SW_NO_KEY_PAIR;
	if (enc.len != sizeof(blob))
		return GM_SW_WRONG_DATA;
	if (!vk_rsa_decrypt(signing, wrapped, &out) || out.len != GM_BLOCK_LEN ||
	    !vk_sm4_ecb(session_key.bytes, VK_DECRYPT, enc, blob))
		return GM_SW_DECRYPT_FAILED;
	right = vk_rsa_from_blob(uk_span_of(blob, sizeof(blob)), &key);
	uk_wipe(blob, sizeof(blob));
	return right ? store_pair(call, GM_PAIR_ENCRYPT, &key) : GM_SW_WRONG_DATA;
}

/* P1 = 1: hash here, as P2 says. The wire's numbers are not the API's. */
static uint16_t
put_digest_info(const struct vk_call *call, struct uk_writer *out)
{
	static const enum vk_hash hashes[] = {[1] = VK_SM3, [2] = VK_SHA1, [3] = VK_SHA256};

	if (call->p2 < 1 || call->p2 > 3)
		return GM_SW_HASH_UNSUPPORTED;
	return vk_rsa_put_digest_info(hashes[call->p2], call->data, out) ? GM_SW_OK
									 : GM_SW_SIGN_FAILED;
}

uint16_t
vk_rsa_sign_data(struct vk_call *call)
{
	const struct vk_key *key = &call->container->keys[GM_PAIR_SIGN];
	uint8_t info[DIGEST_INFO_MAX];
	struct uk_writer out = uk_writer_of(info, sizeof(info));
	struct uk_span data = call->data;
	uint16_t sw;

	if (key->type != GM_CONTAINER_RSA)
		return GM_SW_NO_KEY_PAIR;
	if (call->p1 == 1) {
		sw = put_digest_info(call, &out);
		if (sw != GM_SW_OK)
			return sw;
		data = uk_writer_span(&out);
	} else if (call->p2 != 0) {
		return GM_SW_WRONG_P1P2;
	}
	if (data.len > key->bits / 8u - PKCS1_MIN)
		return GM_SW_WRONG_LENGTH;
	if (!vk_rsa_sign(key, data, call->out))
		return GM_SW_SIGN_FAILED;
	vk_signature_made(call);
	return GM_SW_OK;
}

/* bits4 || modulus || exponent4 || dataLen4 || data || sigLen4 || signature */
uint16_t
vk_rsa_verify_data(struct vk_call *call)
{
	enum uk_order order = vk_order(call);
	struct uk_span modulus, exponent, data, signature;
	uint32_t bits, data_len, sig_len;

	if (!uk_take_u32(&call->data, order, &bits) || (bits != 1024 && bits != 2048))
		return GM_SW_WRONG_DATA;
	if (!uk_take(&call->data, bits / 8, &modulus) ||
	    !uk_take(&call->data, VK_RSA_EXPONENT_LEN, &exponent) ||
	    !uk_take_u32(&call->data, order, &data_len) || !uk_take(&call->data, data_len, &data) ||
	    !uk_take_u32(&call->data, order, &sig_len) ||
	    !uk_take(&call->data, sig_len, &signature) || call->data.len != 0)
		return GM_SW_WRONG_LENGTH;
	return vk_rsa_verify(modulus, exponent, data, signature) ? GM_SW_OK : GM_SW_VERIFY_FAILED;
}
