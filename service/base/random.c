/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/random.h"

#include "service/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

enum cs_status
cs_random(void *ptr, size_t len)
{
	uint8_t *at = ptr;

	while (len > 0) {
		ssize_t got = getrandom(at, len, 0);

		if (got <= 0)
			return CS_E_INTERNAL;
		at += got;
		len -= (size_t)got;
	}
	return CS_OK;
}

enum cs_status
cs_random_below(uint32_t n, uint32_t *ret)
{
	/* The highest multiple of n: what lies above would make small numbers likelier. */
	uint32_t limit = UINT32_MAX - UINT32_MAX % n;
	uint32_t value;
	enum cs_status st;

	do {
		st = cs_random(&value, sizeof(value));
		if (st != CS_OK)
			return st;
	} while (value >= limit);
	*ret = value % n;
	return CS_OK;
}

void
cs_hex(struct uk_span bytes, char *ret)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		ret[2 * i] = digits[bytes.ptr[i] >> 4];
		ret[2 * i + 1] = digits[bytes.ptr[i] & 0x0f];
	}
	ret[2 * bytes.len] = '\0';
}

static bool
digit_read(char digit, uint8_t *ret)
{
	if (digit >= '0' && digit <= '9')
		*ret = (uint8_t)(digit - '0');
	else if (digit >= 'a' && digit <= 'f')
		*ret = (uint8_t)(digit - 'a' + 10);
	else
		return false;
	return true;
}

bool
cs_hex_read(const char *text, uint8_t *ret, size_t len)
{
	uint8_t high, low;

	if (strnlen(text, 2 * len + 1) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!digit_read(text[2 * i], &high) || !digit_read(text[2 * i + 1], &low))
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

enum cs_status
cs_id_new(char ret[CS_ID_TEXT])
{
	uint8_t id[16];
	uint64_t now = (uint64_t)cs_now_ms();
	enum cs_status st = cs_random(id, sizeof(id));

	if (st != CS_OK)
		return st;
	for (size_t i = 0; i < 6; i++)
		id[i] = (uint8_t)(now >> (8 * (5 - i)));
	cs_hex(uk_span_of(id, sizeof(id)), ret);
	return CS_OK;
}

enum cs_status
cs_hash(struct uk_span bytes, uint8_t ret[CS_HASH_LEN])
{
	if (EVP_Digest(bytes.ptr, bytes.len, ret, NULL, EVP_sha256(), NULL) != 1)
		return CS_E_CRYPTO;
	return CS_OK;
}

enum cs_status
cs_hmac(struct uk_span key, struct uk_span bytes, uint8_t ret[CS_HASH_LEN])
{
	unsigned int len = CS_HASH_LEN;

	if (HMAC(EVP_sha256(), key.ptr, (int)key.len, bytes.ptr, bytes.len, ret, &len) == NULL)
		return CS_E_CRYPTO;
	return CS_OK;
}

bool
cs_equal_secret(struct uk_span a, struct uk_span b)
{
	return a.len == b.len && CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0;
}
