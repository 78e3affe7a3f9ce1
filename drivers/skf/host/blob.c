/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Public keys and SM2 ciphers as the library's structures have them (gm-keys 1.2). */
#include "drivers/skf/host/serve.h"

#define EXPONENT_ROOM 4

static size_t
ulong_width(void)
{
	return library_config()->ulong_bits / 8;
}

/* ---- out of the library ---- */

static uint32_t
exponent_of(struct uk_span bytes)
{
	uint32_t exponent = 0;

	if (!uk_take_u32(&bytes, (enum uk_order)library_config()->exponent, &exponent))
		return 0;
	return exponent;
}

static uint32_t
rsa_put(struct abi_reader *blob, struct uk_writer *out)
{
	struct uk_span modulus, exponent;
	uint32_t bits;

	(void)abi_take_ulong(blob); /* AlgID */
	bits = abi_take_ulong(blob);
	if (bits != 1024 && bits != 2048)
		return SAR_HOST_DAMAGED;
	modulus = abi_take_number(blob, GM_RSA_MAX, bits / 8);
	exponent = abi_take(blob, EXPONENT_ROOM);
	if (blob->bad || modulus.ptr[0] < 0x80)
		return SAR_HOST_DAMAGED;
	uk_put_u8(out, GM_CONTAINER_RSA);
	skf_put_u32(out, bits);
	skf_put_u32(out, exponent_of(exponent));
	skf_put_bytes(out, modulus);
	return SAR_OK;
}

static uint32_t
sm2_put(struct abi_reader *blob, struct uk_writer *out)
{
	struct uk_span x, y;

	if (abi_take_ulong(blob) != 8 * GM_SM2_LEN)
		return SAR_HOST_DAMAGED;
	x = abi_take_number(blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	y = abi_take_number(blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	if (blob->bad)
		return SAR_HOST_DAMAGED;
	uk_put_u8(out, GM_CONTAINER_SM2);
	skf_put_u32(out, 8 * GM_SM2_LEN);
	uk_put(out, x);
	uk_put(out, y);
	return SAR_OK;
}

/* Which of the two kinds it is, its length says. */
uint32_t
blob_public_key(struct uk_span bytes, struct uk_writer *out)
{
	struct abi_reader blob = {library_config(), bytes, 0, false};

	return bytes.len >= 2 * ulong_width() + GM_RSA_MAX + EXPONENT_ROOM ? rsa_put(&blob, out)
									   : sm2_put(&blob, out);
}

uint32_t
blob_cipher(struct uk_span bytes, bool as_field, struct uk_writer *out)
{
	struct abi_reader blob = {library_config(), bytes, 0, false};
	struct uk_span x = abi_take_number(&blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	struct uk_span y = abi_take_number(&blob, ABI_NUMBER_ROOM, GM_SM2_LEN);
	struct uk_span hash = abi_take(&blob, GM_SM3_LEN);
	struct uk_span text = abi_take(&blob, abi_take_ulong(&blob));

	if (blob.bad)
		return SAR_HOST_DAMAGED;
	uk_put(out, x);
	uk_put(out, y);
	uk_put(out, hash);
	if (as_field)
		skf_put_bytes(out, text);
	else
		uk_put(out, text);
	return SAR_OK;
}

/* ---- into it ---- */

static bool
rsa_recipient(struct uk_span *in, uint32_t bits, struct abi_writer *blob)
{
	uint8_t bytes[EXPONENT_ROOM];
	struct uk_writer exponent = uk_writer_of(bytes, sizeof(bytes));
	struct uk_span modulus;
	uint32_t value;

	if (!skf_take_u32(in, &value) || !skf_take_bytes(in, &modulus) || modulus.len != bits / 8 ||
	    modulus.len > GM_RSA_MAX)
		return false;
	uk_put_u32(&exponent, (enum uk_order)library_config()->exponent, value);
	abi_put_ulong(blob, GM_ALG_RSA);
	abi_put_ulong(blob, bits);
	abi_put_number(blob, GM_RSA_MAX, modulus);
	abi_put(blob, uk_writer_span(&exponent));
	return true;
}

bool
blob_of_recipient(struct uk_span *in, struct abi_writer *blob, uint8_t *ret_type)
{
	struct uk_span x, y;
	uint32_t bits;
	uint8_t type;

	if (!uk_take_u8(in, &type) || !skf_take_u32(in, &bits))
		return false;
	*ret_type = type;
	if (type == GM_CONTAINER_RSA)
		return rsa_recipient(in, bits, blob);
	if (type != GM_CONTAINER_SM2 || !uk_take(in, GM_SM2_LEN, &x) ||
	    !uk_take(in, GM_SM2_LEN, &y))
		return false;
	abi_put_ulong(blob, 8 * GM_SM2_LEN);
	abi_put_number(blob, ABI_NUMBER_ROOM, x);
	abi_put_number(blob, ABI_NUMBER_ROOM, y);
	return true;
}

/* parts: C1x, C1y, C3, C2 */
void
blob_put_cipher(struct abi_writer *blob, const struct uk_span parts[4])
{
	abi_put_number(blob, ABI_NUMBER_ROOM, parts[0]);
	abi_put_number(blob, ABI_NUMBER_ROOM, parts[1]);
	abi_put(blob, parts[2]);
	abi_put_ulong(blob, (uint32_t)parts[3].len);
	abi_put(blob, parts[3]);
}
