/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/unlock/cryptogram.h"

#include <openssl/evp.h>

#define SHA1_LEN    20
#define P2_SM4      2  /* the algorithm of device commands */
#define MESSAGE_MAX 96 /* header, lengths, application id, two blocks, padding */

static const struct cs_key_rules rules_list[] = {
#include "service/unlock/rules.inc"
};

const struct cs_key_rules *
cs_key_rules_find(const char *model)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules_list); i++)
		if (strcmp(rules_list[i].model, model) == 0)
			return &rules_list[i];
	return NULL;
}

/* First 16 bytes of SHA-1 over the PIN padded with zeros to 16. */
static enum cs_status
pin_key(struct uk_span pin, struct uk_secret *ret)
{
	UK_SECRET padded = {.len = 0};
	UK_SECRET hash = {.len = 0};

	if (pin.len < GM_PIN_MIN || pin.len > GM_PIN_MAX)
		return CS_E_ARGUMENTS;
	memcpy(padded.bytes, pin.ptr, pin.len);
	if (EVP_Digest(padded.bytes, GM_PIN_MAX, hash.bytes, NULL, EVP_sha1(), NULL) != 1)
		return CS_E_CRYPTO;
	memcpy(ret->bytes, hash.bytes, GM_BLOCK_LEN);
	ret->len = GM_BLOCK_LEN;
	return CS_OK;
}

static void
ctx_drop(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* Whole blocks; iv NULL: ECB, else CBC. */
static enum cs_status
sm4(const struct uk_secret *key, const uint8_t *iv, struct uk_span in, uint8_t *ret)
{
	UK_CLEANUP(ctx_drop) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	if (ctx == NULL ||
	    EVP_EncryptInit_ex(ctx, iv != NULL ? EVP_sm4_cbc() : EVP_sm4_ecb(), NULL, key->bytes,
			       iv) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
	    EVP_EncryptUpdate(ctx, ret, &len, in.ptr, (int)in.len) != 1 || (size_t)len != in.len)
		return CS_E_CRYPTO;
	return CS_OK;
}

/* length (2 bytes, little-endian), data, 80, zeros to whole blocks; returns the length. */
static size_t
pad_with_length(struct uk_span data, uint8_t *ret, size_t room)
{
	struct uk_writer out = uk_writer_of(ret, room);

	uk_put_u16(&out, UK_LITTLE_ENDIAN, (uint16_t)data.len);
	uk_put(&out, data);
	uk_put_u8(&out, 0x80);
	uk_put_fill(&out, 0, (GM_BLOCK_LEN - out.len % GM_BLOCK_LEN) % GM_BLOCK_LEN);
	return uk_writer_span(&out).len;
}

enum cs_status
cs_verify_block(const struct cs_key_rules *rules, struct uk_span pin,
		const uint8_t random[GM_RANDOM_LEN], uint8_t ret[GM_BLOCK_LEN])
{
	uint8_t block[GM_BLOCK_LEN] = {0};
	UK_SECRET key = {.len = 0};
	enum cs_status st = pin_key(pin, &key);

	if (st != CS_OK)
		return st;
	if (rules->verify_plain)
		memcpy(block, random, GM_RANDOM_LEN);
	else
		(void)pad_with_length(uk_span_of(random, GM_RANDOM_LEN), block, sizeof(block));
	return sm4(&key, NULL, uk_span_of(block, sizeof(block)), ret);
}

/*
 * SM4-CBC-MAC, first 4 bytes of the last block.  IV: random and zeros; message: header, length of
 * the data without the MAC, two zeros, data, 80, zeros.
 */
static enum cs_status
mac_make(const struct uk_secret *key, const uint8_t random[GM_RANDOM_LEN], const uint8_t header[4],
	 struct uk_span data, uint8_t ret[GM_MAC_LEN])
{
	uint8_t message[MESSAGE_MAX], chained[MESSAGE_MAX], iv[GM_BLOCK_LEN] = {0};
	struct uk_writer out = uk_writer_of(message, sizeof(message));
	struct uk_span whole;
	enum cs_status st;

	memcpy(iv, random, GM_RANDOM_LEN);
	uk_put(&out, uk_span_of(header, 4));
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)data.len);
	uk_put_u16(&out, UK_BIG_ENDIAN, 0);
	uk_put(&out, data);
	uk_put_u8(&out, 0x80);
	uk_put_fill(&out, 0, (GM_BLOCK_LEN - out.len % GM_BLOCK_LEN) % GM_BLOCK_LEN);
	whole = uk_writer_span(&out);
	if (whole.len == 0)
		return CS_E_INTERNAL;
	st = sm4(key, iv, whole, chained);
	if (st == CS_OK)
		memcpy(ret, chained + whole.len - GM_BLOCK_LEN, GM_MAC_LEN);
	return st;
}

enum cs_status
cs_new_pin_block(const struct cs_key_rules *rules, const struct cs_new_pin *command,
		 const uint8_t random[GM_RANDOM_LEN], struct uk_writer *out)
{
	const uint8_t header[4] = {GM_CLA_MAC, command->ins, 0, GM_PIN_ADMIN};
	uint8_t data[2 + 2 * GM_BLOCK_LEN], mac[GM_MAC_LEN];
	UK_SECRET plain = {.len = GM_BLOCK_LEN};
	UK_SECRET key = {.len = 0};
	enum cs_status st = pin_key(command->old, &key);

	if (st != CS_OK)
		return st;
	if (command->fresh.len < GM_PIN_MIN || command->fresh.len > GM_PIN_MAX)
		return CS_E_ARGUMENTS;
	if (rules->new_pin_zero)
		memcpy(plain.bytes, command->fresh.ptr, command->fresh.len);
	else
		plain.len = pad_with_length(command->fresh, plain.bytes, 2 * GM_BLOCK_LEN);
	memcpy(data, command->app, 2);
	st = sm4(&key, NULL, uk_secret_peek(&plain), data + 2);
	if (st == CS_OK)
		st = mac_make(&key, random, header, uk_span_of(data, 2 + plain.len), mac);
	if (st != CS_OK)
		return st;
	uk_put(out, uk_span_of(data + 2, plain.len));
	uk_put(out, uk_span_of(mac, sizeof(mac)));
	return out->overflow ? CS_E_INTERNAL : CS_OK;
}

enum cs_status
cs_device_key_block(const struct uk_secret *old, const struct uk_secret *fresh,
		    const uint8_t random[GM_RANDOM_LEN], uint8_t ret[CS_DEVICE_KEY_LEN])
{
	static const uint8_t header[4] = {GM_CLA_MAC, GM_INS_CHANGE_DEV_AUTH_KEY, 0, P2_SM4};
	enum cs_status st = CS_E_ARGUMENTS;

	if (old->len == GM_BLOCK_LEN && fresh->len == GM_BLOCK_LEN)
		st = sm4(old, NULL, uk_secret_peek(fresh), ret);
	if (st == CS_OK)
		st = mac_make(old, random, header, uk_span_of(ret, GM_BLOCK_LEN),
			      ret + GM_BLOCK_LEN);
	return st;
}

enum cs_status
cs_device_proof(const struct uk_secret *key, const uint8_t random[GM_RANDOM_LEN],
		uint8_t ret[GM_BLOCK_LEN])
{
	uint8_t block[GM_BLOCK_LEN] = {0};

	memcpy(block, random, GM_RANDOM_LEN);
	return sm4(key, NULL, uk_span_of(block, sizeof(block)), ret);
}
