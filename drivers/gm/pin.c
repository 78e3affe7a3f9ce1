/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/pin.h"

#include "drivers/crypto/crypto.h"

#define PADDING_MARK 0x80

enum uk_status
gm_pin_check(struct uk_span pin)
{
	return pin.len >= GM_PIN_MIN && pin.len <= GM_PIN_MAX ? UK_OK : UK_E_PIN_LEN;
}

enum uk_status
gm_pin_check_new(const struct token_model *model, struct uk_span pin)
{
	return pin.len >= model->info.pin_min && pin.len <= model->info.pin_max ? UK_OK
										: UK_E_PIN_LEN;
}

enum uk_status
gm_pin_key(struct uk_span pin, struct uk_secret *ret_key)
{
	UK_SECRET padded = {0};
	UK_SECRET digest = {0};
	struct uk_writer out = uk_writer_of(padded.bytes, GM_PIN_MAX);
	enum uk_status st;

	uk_put_padded(&out, pin, GM_PIN_MAX);
	if (out.overflow)
		return UK_E_PIN_LEN;
	st = crypto_hash(CRYPTO_SHA1, uk_writer_span(&out), digest.bytes);
	if (st != UK_OK)
		return st;
	return uk_secret_set(ret_key, uk_span_of(digest.bytes, GM_BLOCK_LEN));
}

/* 80 00 .. 00 up to a whole number of blocks */
static void
put_padding(struct uk_writer *out)
{
	uk_put_u8(out, PADDING_MARK);
	while (out->len % GM_BLOCK_LEN != 0 && !out->overflow)
		uk_put_u8(out, 0);
}

/* len2 (always little-endian) || data || 80 00 .. */
static void
put_len_80(struct uk_writer *out, struct uk_span data)
{
	uk_put_u16(out, UK_LITTLE_ENDIAN, (uint16_t)data.len);
	uk_put(out, data);
	put_padding(out);
}

/* Encrypts what `plain` holds into *ret. */
static enum uk_status
encrypt(const uint8_t *key, const struct uk_writer *plain, struct uk_secret *ret)
{
	UK_SECRET out = {0};
	enum uk_status st;

	if (plain->overflow || plain->len > sizeof(out.bytes))
		return UK_E_PIN_LEN;
	st = crypto_sm4_ecb_encrypt(key, uk_writer_span(plain), out.bytes);
	if (st != UK_OK)
		return st;
	return uk_secret_set(ret, uk_span_of(out.bytes, plain->len));
}

enum uk_status
gm_pin_verify_block(enum gm_verify_block rule, const uint8_t *key, const uint8_t *random,
		    struct uk_secret *ret)
{
	UK_SECRET plain = {0};
	struct uk_writer out = uk_writer_of(plain.bytes, GM_BLOCK_LEN);

	if (rule == GM_VERIFY_PLAIN)
		uk_put_padded(&out, uk_span_of(random, GM_RANDOM_LEN), GM_BLOCK_LEN);
	else
		put_len_80(&out, uk_span_of(random, GM_RANDOM_LEN));
	return encrypt(key, &out, ret);
}

enum uk_status
gm_pin_encrypt_new(enum gm_new_pin rule, const uint8_t *key, struct uk_span pin,
		   struct uk_secret *ret)
{
	UK_SECRET plain = {0};
	struct uk_writer out = uk_writer_of(plain.bytes, sizeof(plain.bytes));

	/* Of the rules that are not verified, len-80 is the likelier one. */
	if (rule == GM_NEW_PIN_V1_ZERO)
		uk_put_padded(&out, pin, GM_PIN_MAX);
	else
		put_len_80(&out, pin);
	return encrypt(key, &out, ret);
}

enum uk_status
gm_pin_mac(const uint8_t *key, const uint8_t *random, const struct uk_apdu *command,
	   struct uk_span data, uint8_t *ret_mac)
{
	UK_SECRET message = {0};
	UK_SECRET last = {0};
	uint8_t iv[GM_BLOCK_LEN] = {0};
	struct uk_writer out = uk_writer_of(message.bytes, sizeof(message.bytes));
	enum uk_status st;

	memcpy(iv, random, GM_RANDOM_LEN);
	uk_put_u8(&out, command->cla);
	uk_put_u8(&out, command->ins);
	uk_put_u8(&out, command->p1);
	uk_put_u8(&out, command->p2);
	uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)data.len);
	uk_put_fill(&out, 0, 2);
	uk_put(&out, data);
	put_padding(&out);
	if (out.overflow)
		return UK_E_DATA_LEN;
	st = crypto_sm4_cbc_mac(key, iv, uk_writer_span(&out), last.bytes);
	uk_wipe(iv, sizeof(iv));
	if (st == UK_OK)
		memcpy(ret_mac, last.bytes, GM_MAC_LEN);
	return st;
}
