/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests through SKF_*: the standards' vectors, pieces, order, lengths. */
#include "tests/skf/crypto_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

static struct seat *
seat_of(void **state)
{
	return crypto_seat(*state, 0, &sm2_key);
}

static HANDLE
begin(struct seat *seat, ULONG alg)
{
	HANDLE hash = NULL;

	assert_sar(SKF_DigestInit(seat->dev, alg, NULL, NULL, 0, &hash), SAR_OK);
	return hash;
}

static void
hex(const char *text, uint8_t *out)
{
	unsigned int byte;

	for (size_t i = 0; text[2 * i] != '\0'; i++) {
		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
}

static void
vectors_of_the_standards(void **state)
{
	static const struct {
		ULONG alg, len;
		const char *text;
		unsigned int times;
		const char *digest;
	} vectors[] = {
		/* GM/T 0004, annex A */
		{SGD_SM3, 32, "abc", 1,
		 "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
		{SGD_SM3, 32, "abcd", 16,
		 "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
		/* FIPS 180 */
		{SGD_SHA1, 20, "abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{SGD_SHA256, 32, "abc", 1,
		 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{SGD_SHA256, 32, "", 1,
		 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	};
	struct seat *seat = seat_of(state);

	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		BYTE text[80] = {0};
		BYTE expected[32];
		BYTE got[33];
		ULONG text_len = 0;
		ULONG len = 0;
		HANDLE hash;

		for (unsigned int t = 0; t < vectors[i].times; t++) {
			memcpy(text + text_len, vectors[i].text, strlen(vectors[i].text));
			text_len += (ULONG)strlen(vectors[i].text);
		}
		hex(vectors[i].digest, expected);
		hash = begin(seat, vectors[i].alg);
		assert_sar(SKF_Digest(hash, text, text_len, NULL, &len), SAR_OK);
		assert_int_equal(len, vectors[i].len);
		len--;
		assert_sar(SKF_Digest(hash, text, text_len, got, &len), SAR_BUFFER_TOO_SMALL);
		assert_int_equal(len, vectors[i].len);
		got[len] = 0x5a;
		assert_sar(SKF_Digest(hash, text, text_len, got, &len), SAR_OK);
		assert_memory_equal(got, expected, vectors[i].len);
		assert_int_equal(got[len], 0x5a);
		assert_sar(SKF_CloseHandle(hash), SAR_OK);
	}
}

static void
pieces_make_the_same_digest(void **state)
{
	static const struct {
		ULONG alg;
		const char *name;
	} algs[] = {{SGD_SM3, "SM3"}, {SGD_SHA1, "SHA1"}, {SGD_SHA256, "SHA256"}};
	struct seat *seat = seat_of(state);

	for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
		for (ULONG n = 0; n <= 66; n += 33) {
			BYTE expected[64];
			BYTE got[64];
			ULONG len = sizeof(got);
			HANDLE hash = begin(seat, algs[a].alg);

			(void)oracle_digest(algs[a].name, crypto_text, 2UL * n + 1000, expected);
			assert_sar(SKF_DigestUpdate(hash, crypto_text, n), SAR_OK);
			assert_sar(SKF_DigestUpdate(hash, NULL, 0), SAR_OK);
			assert_sar(SKF_DigestUpdate(hash, crypto_text + n, n + 1000), SAR_OK);
			assert_sar(SKF_DigestFinal(hash, NULL, &len), SAR_OK);
			assert_sar(SKF_DigestFinal(hash, got, &len), SAR_OK);
			assert_memory_equal(got, expected, len);
			assert_sar(SKF_CloseHandle(hash), SAR_OK);
		}
	}
}

static void
order_and_arguments(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = seat_of(state);
	HANDLE hash = begin(seat, SGD_SM3);
	ECCPUBLICKEYBLOB pub = {.BitLen = 256};
	BYTE id[] = "1234567812345678";
	BYTE got[32];
	ULONG len = sizeof(got);
	HANDLE none = NULL;

	assert_sar(SKF_DigestUpdate(hash, NULL, 1), SAR_INVALIDPARAMERR);
	assert_sar(SKF_Digest(hash, crypto_text, 5, got, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DigestUpdate(hash, crypto_text, 5), SAR_OK);
	assert_sar(SKF_Digest(hash, crypto_text, 5, got, &len), SAR_HASHOBJERR);
	assert_sar(SKF_DigestFinal(hash, got, &len), SAR_OK);
	assert_sar(SKF_DigestFinal(hash, got, &len), SAR_HASHOBJERR);
	assert_sar(SKF_DigestUpdate(hash, crypto_text, 5), SAR_HASHOBJERR);
	assert_sar(SKF_Digest(hash, crypto_text, 5, got, &len), SAR_HASHOBJERR);
	assert_sar(SKF_CloseHandle(hash), SAR_OK);
	assert_sar(SKF_CloseHandle(hash), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DigestFinal(hash, got, &len), SAR_INVALIDHANDLEERR);

	assert_sar(SKF_DigestInit(seat->dev, 3, NULL, NULL, 0, &none), SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, NULL, NULL, 0, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, NULL, id, 16, &none), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, &pub, NULL, 16, &none), SAR_INVALIDPARAMERR);
	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, &pub, id, 8192, &none), SAR_INDATALENERR);
	assert_sar(SKF_DigestInit(seat->app, SGD_SM3, NULL, NULL, 0, &none), SAR_INVALIDHANDLEERR);
	/* an ID means something for SM3 only */
	assert_sar(SKF_DigestInit(seat->dev, SGD_SHA1, NULL, id, 16, &hash), SAR_OK);
	/* nothing of all this was the key's work */
	long before = desk_status(&desk->p11, 0, "commands");
	assert_sar(SKF_Digest(hash, crypto_text, 64, got, &len), SAR_OK);
	assert_int_equal(desk_status(&desk->p11, 0, "commands"), before);
}

static void
a_digest_ends_with_its_device(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = seat_of(state);
	HANDLE first = begin(seat, SGD_SM3);
	HANDLE second = begin(seat, SGD_SM3);
	BYTE got[32];
	ULONG len = sizeof(got);

	desk_pull(&desk->p11, 0);
	/* the key is not asked, so that it has gone is seen when somebody looks */
	assert_sar(SKF_EnumDev(TRUE, NULL, &len), SAR_OK);
	len = sizeof(got);
	assert_sar(SKF_DigestFinal(first, got, &len), SAR_DEVICE_REMOVED);
	assert_sar(SKF_CloseHandle(first), SAR_OK);
	assert_sar(SKF_DisConnectDev(seat->dev), SAR_OK);
	seat->dev = NULL;
	assert_sar(SKF_DigestFinal(second, got, &len), SAR_INVALIDHANDLEERR);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_of_the_standards),
		TEST(pieces_make_the_same_digest),
		TEST(order_and_arguments),
		TEST(a_digest_ends_with_its_device),
	};

	return cmocka_run_group_tests_name("skf: digests", tests, crypto_desk_start,
					   crypto_desk_stop);
}
