/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What session keys encrypt, decrypt and vouch for; OpenSSL says what must come out. */
#include "tests/skf/crypto_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

/* ---- one call for all ---- */

static void
every_length_in_one_call_is_what_openssl_gives(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE ecb = crypto_import(seat, SGD_SM4_ECB, crypto_key);
	HANDLE cbc = crypto_import(seat, SGD_SM4_CBC, crypto_key);

	for (size_t len = 0; len <= 33; len++) {
		crypto_there_and_back(ecb, SGD_SM4_ECB, true, len);
		crypto_there_and_back(cbc, SGD_SM4_CBC, true, len);
		if (len % 16 == 0) {
			crypto_there_and_back(ecb, SGD_SM4_ECB, false, len);
			crypto_there_and_back(cbc, SGD_SM4_CBC, false, len);
		}
	}
	crypto_there_and_back(cbc, SGD_SM4_CBC, true, CRYPTO_TEXT_MAX);
	crypto_there_and_back(ecb, SGD_SM4_ECB, false, CRYPTO_TEXT_MAX - 1);
	assert_sar(SKF_CloseHandle(ecb), SAR_OK);
	assert_sar(SKF_CloseHandle(cbc), SAR_OK);
}

static void
a_padded_text_may_be_shorter_than_its_room(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t cipher[48];
	uint8_t again[48];
	size_t len = crypto_expect(SGD_SM4_CBC, true, 37, cipher);
	ULONG got = 36;

	assert_int_equal(len, 48);
	assert_sar(SKF_DecryptInit(key, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Decrypt(key, cipher, 48, again, &got), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(got, 37);
	got = 31;
	assert_sar(SKF_Decrypt(key, cipher, 48, again, &got), SAR_BUFFER_TOO_SMALL);
	assert_int_equal(got, 48);
	got = 37;
	assert_sar(SKF_Decrypt(key, cipher, 48, again, &got), SAR_OK);
	assert_memory_equal(again, crypto_text, 37);
}

/* ---- in pieces ---- */

typedef ULONG update_fn(HANDLE key, BYTE *in, ULONG in_len, BYTE *out, ULONG *out_len);
typedef ULONG final_fn(HANDLE key, BYTE *out, ULONG *out_len);

/* Pieces of a, b, a, b ... bytes; returns what came of it. */
static size_t
in_pieces(HANDLE key, bool encrypt, struct uk_span in, const size_t sizes[2], uint8_t *out)
{
	update_fn *update = encrypt ? SKF_EncryptUpdate : SKF_DecryptUpdate;
	final_fn *final = encrypt ? SKF_EncryptFinal : SKF_DecryptFinal;
	static uint8_t copy[CRYPTO_TEXT_MAX + 16];
	size_t done = 0;
	struct uk_span piece;
	ULONG got;
	ULONG asked;

	for (unsigned int i = 0; in.len > 0; i++) {
		size_t len = sizes[i % 2] < in.len ? sizes[i % 2] : in.len;

		assert_true(uk_take(&in, len, &piece));
		memcpy(copy, piece.ptr, len);
		assert_sar(update(key, copy, (ULONG)len, NULL, &asked), SAR_OK);
		got = asked;
		assert_sar(update(key, copy, (ULONG)len, out + done, &got), SAR_OK);
		assert_int_equal(got, asked);
		done += got;
	}
	assert_sar(final(key, NULL, &asked), SAR_OK);
	got = asked;
	assert_sar(final(key, out + done, &got), SAR_OK);
	assert_true(got <= asked);
	return done + got;
}

static void
pieces_of_any_size_make_the_same(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	static const size_t sizes[][2] = {{1, 1},   {1, 31}, {15, 2}, {16, 16}, {17, 15},
					  {32, 33}, {7, 48}, {0, 5},  {100, 1}};
	static const size_t lengths[] = {0, 1, 15, 16, 17, 31, 32, 33, 100};
	uint8_t expected[160];
	uint8_t cipher[160];
	uint8_t again[160];

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		for (size_t l = 0; l < ARRAY_SIZE(lengths); l++) {
			size_t len = lengths[l];
			size_t expected_len = crypto_expect(SGD_SM4_CBC, true, len, expected);

			assert_sar(SKF_EncryptInit(key, crypto_iv_padded), SAR_OK);
			assert_int_equal(in_pieces(key, true, uk_span_of(crypto_text, len),
						   sizes[s], cipher),
					 expected_len);
			assert_memory_equal(cipher, expected, expected_len);
			assert_sar(SKF_DecryptInit(key, crypto_iv_padded), SAR_OK);
			assert_int_equal(in_pieces(key, false, uk_span_of(cipher, expected_len),
						   sizes[s], again),
					 len);
			assert_memory_equal(again, crypto_text, len);
		}
	}
	/* without padding, too */
	(void)crypto_expect(SGD_SM4_CBC, false, 96, expected);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_int_equal(in_pieces(key, true, uk_span_of(crypto_text, 96), sizes[4], cipher), 96);
	assert_memory_equal(cipher, expected, 96);
}

static void
encryption_decryption_and_macs_run_side_by_side(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	BLOCKCIPHERPARAM mac_iv = {0};
	uint8_t expected[64];
	uint8_t cipher[64];
	uint8_t again[64];
	uint8_t mac[16];
	HANDLE macs = NULL;
	ULONG got = 32;
	ULONG back = 32;

	(void)crypto_expect(SGD_SM4_CBC, false, 64, expected);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_DecryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_MacInit(key, &mac_iv, &macs), SAR_OK);
	for (ULONG at = 0; at < 64; at += 32) {
		assert_sar(SKF_EncryptUpdate(key, crypto_text + at, 32, cipher + at, &got), SAR_OK);
		assert_sar(SKF_MacUpdate(macs, crypto_text + at, 32), SAR_OK);
		assert_sar(SKF_DecryptUpdate(key, cipher + at, 32, again + at, &back), SAR_OK);
		assert_int_equal(got, 32);
		assert_int_equal(back, 32);
	}
	assert_memory_equal(cipher, expected, 64);
	assert_memory_equal(again, crypto_text, 64);
	got = 16;
	assert_sar(SKF_MacFinal(macs, mac, &got), SAR_OK);
	memset(expected, 0, 16);
	(void)crypto_sm4("SM4-CBC", false, crypto_key, expected, uk_span_of(crypto_text, 64),
			 cipher);
	assert_memory_equal(mac, cipher + 48, 16);
	got = 0;
	assert_sar(SKF_EncryptFinal(key, again, &got), SAR_OK);
	assert_int_equal(got, 0);
}

static void
the_result_may_be_written_over_the_text(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t expected[112];
	uint8_t bytes[112];
	size_t len = crypto_expect(SGD_SM4_CBC, true, 100, expected);
	ULONG got = sizeof(bytes);

	memcpy(bytes, crypto_text, 100);
	assert_sar(SKF_EncryptInit(key, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Encrypt(key, bytes, 100, bytes, &got), SAR_OK);
	assert_int_equal(got, len);
	assert_memory_equal(bytes, expected, len);
	assert_sar(SKF_DecryptInit(key, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Decrypt(key, bytes, got, bytes, &got), SAR_OK);
	assert_int_equal(got, 100);
	assert_memory_equal(bytes, crypto_text, 100);
}

/* ---- MAC ---- */

static void
macs_are_the_last_block_of_cbc(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	/* whatever mode the key was made for */
	HANDLE keys[] = {crypto_import(seat, SGD_SM4_MAC, crypto_key),
			 crypto_import(seat, SGD_SM4_ECB, crypto_key)};
	static uint8_t cipher[CRYPTO_TEXT_MAX];
	BLOCKCIPHERPARAM iv = crypto_iv;
	HANDLE mac = NULL;
	uint8_t got[17];
	ULONG len;

	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		for (ULONG n = 16; n < CRYPTO_TEXT_MAX; n = n < 64    ? n + 16
							    : n == 64 ? CRYPTO_TEXT_MAX - 1
								      : CRYPTO_TEXT_MAX) {
			(void)crypto_expect(SGD_SM4_CBC, false, n, cipher);
			assert_sar(SKF_MacInit(keys[k], &iv, &mac), SAR_OK);
			assert_sar(SKF_Mac(mac, crypto_text, n, NULL, &len), SAR_OK);
			assert_int_equal(len, 16);
			len = 15;
			assert_sar(SKF_Mac(mac, crypto_text, n, got, &len), SAR_BUFFER_TOO_SMALL);
			assert_int_equal(len, 16);
			got[16] = 0x5a;
			len = 17;
			assert_sar(SKF_Mac(mac, crypto_text, n, got, &len), SAR_OK);
			assert_int_equal(len, 16);
			assert_memory_equal(got, cipher + n - 16, 16);
			assert_int_equal(got[16], 0x5a);
			assert_sar(SKF_CloseHandle(mac), SAR_OK);

			assert_sar(SKF_MacInit(keys[k], &iv, &mac), SAR_OK);
			assert_sar(SKF_MacUpdate(mac, crypto_text, 5), SAR_OK);
			assert_sar(SKF_MacUpdate(mac, crypto_text + 5, n - 5), SAR_OK);
			assert_sar(SKF_MacFinal(mac, got, &len), SAR_OK);
			assert_memory_equal(got, cipher + n - 16, 16);
			assert_sar(SKF_CloseHandle(mac), SAR_OK);
		}
	}
}

static void
there_is_no_mac_of_half_a_block(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	BLOCKCIPHERPARAM iv = {0};
	HANDLE mac = NULL;
	BYTE got[16];
	ULONG len = sizeof(got);

	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_OK);
	assert_sar(SKF_Mac(mac, crypto_text, 17, got, &len), SAR_INDATALENERR);
	assert_sar(SKF_MacUpdate(mac, crypto_text, 16), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_OK);
	assert_sar(SKF_MacFinal(mac, got, &len), SAR_INDATALENERR);
	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_OK);
	assert_sar(SKF_MacUpdate(mac, crypto_text, 16), SAR_OK);
	assert_sar(SKF_Mac(mac, crypto_text, 16, got, &len), SAR_OBJERR);
	assert_sar(SKF_MacFinal(mac, got, &len), SAR_OK);
	assert_sar(SKF_MacFinal(mac, got, &len), SAR_NOTINITIALIZEERR);
	iv.PaddingType = PADDING_PKCS5;
	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_NOTSUPPORTYETERR);
	iv.PaddingType = PADDING_NONE;
	iv.IVLen = 8;
	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_INVALIDPARAMERR);
}

/* ---- wrong order, wrong arguments ---- */

static void
order_is_kept(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t out[64];
	ULONG len = sizeof(out);

	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 16, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_EncryptFinal(key, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_DecryptFinal(key, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_DecryptUpdate(key, crypto_text, 16, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 16, out, &len), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_OBJERR);
	assert_sar(SKF_EncryptFinal(key, out, &len), SAR_OK);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 16, out, &len), SAR_NOTINITIALIZEERR);
	/* an Init begins anew, whatever was left over */
	assert_sar(SKF_EncryptInit(key, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 9, out, &len), SAR_OK);
	crypto_there_and_back(key, SGD_SM4_CBC, true, 21);
}

static void
lengths_that_cannot_be_end_the_run(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t out[64];
	ULONG len = sizeof(out);

	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 17, out, &len), SAR_INDATALENERR);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_NOTINITIALIZEERR);
	assert_sar(SKF_DecryptInit(key, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Decrypt(key, crypto_text, 0, out, &len), SAR_INDATALENERR);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 15, out, &len), SAR_OK);
	assert_int_equal(len, 0);
	assert_sar(SKF_EncryptFinal(key, out, &len), SAR_INDATALENERR);
	/* a padding that is none */
	(void)crypto_expect(SGD_SM4_CBC, false, 32, out);
	assert_sar(SKF_DecryptInit(key, crypto_iv_padded), SAR_OK);
	len = sizeof(out);
	assert_sar(SKF_Decrypt(key, out, 32, out + 32, &len), SAR_DECRYPTPADERR);
}

static void
arguments_that_cannot_be_are_refused(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	HANDLE mac_key = crypto_import(seat, SGD_SM4_MAC, crypto_key);
	BLOCKCIPHERPARAM odd = crypto_iv;
	uint8_t out[64];
	ULONG len = sizeof(out);

	odd.IVLen = 15;
	assert_sar(SKF_EncryptInit(key, odd), SAR_INVALIDPARAMERR);
	odd.IVLen = 0xffffffff;
	assert_sar(SKF_DecryptInit(key, odd), SAR_INVALIDPARAMERR);
	odd = crypto_iv;
	odd.PaddingType = 2;
	assert_sar(SKF_EncryptInit(key, odd), SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_EncryptInit(mac_key, crypto_iv), SAR_KEYUSAGEERR);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, NULL, 16, out, &len), SAR_INVALIDPARAMERR);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, NULL), SAR_INVALIDPARAMERR);
	assert_sar(SKF_EncryptInit(seat->con, crypto_iv), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_EncryptInit(NULL, crypto_iv), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_MacInit(seat->dev, &odd, &mac_key), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_MacInit(key, NULL, &mac_key), SAR_INVALIDPARAMERR);
	assert_sar(SKF_MacUpdate(key, crypto_text, 16), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_OK);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_length_in_one_call_is_what_openssl_gives),
		TEST(a_padded_text_may_be_shorter_than_its_room),
		TEST(pieces_of_any_size_make_the_same),
		TEST(encryption_decryption_and_macs_run_side_by_side),
		TEST(the_result_may_be_written_over_the_text),
		TEST(macs_are_the_last_block_of_cbc),
		TEST(there_is_no_mac_of_half_a_block),
		TEST(order_is_kept),
		TEST(lengths_that_cannot_be_end_the_run),
		TEST(arguments_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests_name("skf: ciphers and MACs", tests, crypto_desk_start,
					   crypto_desk_stop);
}
