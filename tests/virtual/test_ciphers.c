/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SM4 and MAC with session keys: OpenSSL has the last word on every byte. */
#include "tests/virtual/session.h"

#include <openssl/rand.h>
#include <string.h>

#define NOTHING uk_span_of(NULL, 0)

/* The modes that a key knows. The one without padding takes whole blocks only. */
static const struct sm4_settings modes[] = {
	{GM_ALG_SM4_ECB, 0, 0, {0}},
	{GM_ALG_SM4_ECB, 1, 0, {0}},
	{GM_ALG_SM4_CBC, 0, 16, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
	{GM_ALG_SM4_CBC, 1, 16, {0xff, 0, 0xfe, 1}},
};

static const struct sm4_settings mac_mode = {GM_ALG_SM4_MAC, 0, 16, {7, 7, 7, 7, 9}};

static void
check_one_shots(struct key *key, const struct session *session, const uint8_t sm4_key[16],
		const struct sm4_settings *mode)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 1000, 4096, 8176};
	static uint8_t plain[8192], expected[8208];

	assert_int_equal(RAND_bytes(plain, sizeof(plain)), 1);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct uk_span in = uk_span_of(plain, sizes[i]);
		size_t len;

		assert_sw(session_init(key, session, 0xa4, mode), 0x9000);
		if (mode->padding == 0 && in.len % 16 != 0) {
			assert_sw(session_data(key, session, 0xa6, in), 0x6700);
			continue;
		}
		len = session_sm4(sm4_key, mode, true, in, expected);
		assert_sw(session_data(key, session, 0xa6, in), 0x9000);
		assert_int_equal(key->data.len, len);
		assert_memory_equal(key->data.ptr, expected, len);
		if (len > 8186) /* a command's data holds no more */
			continue;
		assert_sw(session_init(key, session, 0xac, mode), 0x9000);
		assert_sw(session_data(key, session, 0xae, uk_span_of(expected, len)), 0x9000);
		assert_int_equal(key->data.len, in.len);
		assert_memory_equal(key->data.ptr, plain, in.len);
	}
}

static void
imported_key_encrypts_like_openssl(void **unused)
{
	static const struct {
		const char *model;
		enum family family;
	} keys[] = {{"V0", FAMILY_SM2}, {"V0", FAMILY_RSA}, {"V1", FAMILY_SM2}, {"V1", FAMILY_RSA}};
	struct session session;
	uint8_t sm4_key[16];
	EVP_PKEY *pair;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct key *key = session_begin(keys[i].model, keys[i].family, &session, &pair);

		session_import_random(key, &session, pair, sm4_key);
		for (size_t m = 0; m < ARRAY_SIZE(modes); m++)
			check_one_shots(key, &session, sm4_key, &modes[m]);
		session_end(key, pair);
	}
}

/* Sends the data in pieces and puts the answers together; the whole answer's length. */
static size_t
run_pieces(struct key *key, const struct session *session, uint8_t update, bool padded,
	   struct uk_span data, uint8_t *ret)
{
	static const size_t pieces[] = {16, 48, 0, 32, 96};
	static const size_t odd[] = {1, 14, 2, 0, 40, 16, 3};
	struct uk_span part;
	size_t len = 0, size;

	for (size_t i = 0; data.len > 0; i++) {
		size = padded ? odd[i % ARRAY_SIZE(odd)] : pieces[i % ARRAY_SIZE(pieces)];
		assert_true(uk_take(&data, size < data.len ? size : data.len, &part));
		assert_sw(session_data(key, session, update, part), 0x9000);
		memcpy(ret + len, key->data.ptr, key->data.len);
		len += key->data.len;
	}
	assert_sw(session_data(key, session, (uint8_t)(update + 2), NOTHING), 0x9000);
	memcpy(ret + len, key->data.ptr, key->data.len);
	return len + key->data.len;
}

static void
pieces_make_the_same_as_the_whole(void **unused)
{
	struct session session;
	uint8_t sm4_key[16], plain[512], cipher[528], made[528];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	assert_int_equal(RAND_bytes(plain, sizeof(plain)), 1);
	for (size_t m = 0; m < ARRAY_SIZE(modes); m++) {
		bool padded = modes[m].padding != 0;
		size_t size = padded ? 511 : 512, len;

		len = session_sm4(sm4_key, &modes[m], true, uk_span_of(plain, size), cipher);
		assert_sw(session_init(key, &session, 0xa4, &modes[m]), 0x9000);
		assert_int_equal(
			run_pieces(key, &session, 0xa8, padded, uk_span_of(plain, size), made),
			len);
		assert_memory_equal(made, cipher, len);
		assert_sw(session_init(key, &session, 0xac, &modes[m]), 0x9000);
		assert_int_equal(
			run_pieces(key, &session, 0xb0, padded, uk_span_of(cipher, len), made),
			size);
		assert_memory_equal(made, plain, size);
	}
	session_end(key, pair);
}

static void
macs_are_the_last_block_of_cbc(void **unused)
{
	static const char *const models[] = {"V0", "V1"};
	struct sm4_settings no_iv = {GM_ALG_SM4_MAC, 0, 0, {0}};
	struct session session;
	uint8_t sm4_key[16], data[160], chained[176];
	EVP_PKEY *pair;

	for (size_t i = 0; i < ARRAY_SIZE(models); i++) {
		struct key *key = session_begin(models[i], FAMILY_SM2, &session, &pair);

		session_import_random(key, &session, pair, sm4_key);
		assert_int_equal(RAND_bytes(data, sizeof(data)), 1);
		session_sm4(sm4_key, &mac_mode, true, uk_span_of(data, sizeof(data)), chained);
		assert_sw(session_init(key, &session, 0xbc, &mac_mode), 0x9000);
		assert_sw(session_data(key, &session, 0xbe, uk_span_of(data, sizeof(data))),
			  0x9000);
		assert_int_equal(key->data.len, 16);
		assert_memory_equal(key->data.ptr, chained + 144, 16);

		assert_sw(session_init(key, &session, 0xbc, &mac_mode), 0x9000);
		assert_sw(session_data(key, &session, 0xc0, uk_span_of(data, 16)), 0x9000);
		assert_int_equal(key->data.len, 0);
		assert_sw(session_data(key, &session, 0xc0, uk_span_of(data + 16, 17)), 0x6700);
		assert_sw(session_data(key, &session, 0xc0, uk_span_of(data + 16, 144)), 0x9000);
		assert_int_equal(key->data.len, 0);
		assert_sw(session_data(key, &session, 0xc2, NOTHING), 0x9000);
		assert_int_equal(key->data.len, 16);
		assert_memory_equal(key->data.ptr, chained + 144, 16);

		session_sm4(sm4_key, &no_iv, true, uk_span_of(data, 32), chained);
		assert_sw(session_init(key, &session, 0xbc, &no_iv), 0x9000);
		assert_sw(session_data(key, &session, 0xbe, uk_span_of(data, 32)), 0x9000);
		assert_memory_equal(key->data.ptr, chained + 16, 16);
		assert_sw(session_init(key, &session, 0xbc, &no_iv), 0x9000);
		assert_sw(session_data(key, &session, 0xbe, uk_span_of(data, 31)), 0x6700);
		assert_sw(session_init(key, &session, 0xbc, &no_iv), 0x9000);
		assert_sw(session_data(key, &session, 0xbe, NOTHING), 0x6700);
		session_end(key, pair);
	}
}

/* One command after an Init, or after nothing. Data: one block, none for Final. */
struct step {
	uint8_t ins;
	uint16_t sw;
};

static void
run_steps(struct key *key, const struct session *session, const struct step *steps, size_t count)
{
	static const uint8_t block[16] = {0};

	for (size_t i = 0; i < count; i++) {
		uint8_t ins = steps[i].ins;
		bool init = ins == 0xa4 || ins == 0xac || ins == 0xbc;
		bool final = ins == 0xaa || ins == 0xb2 || ins == 0xc2;
		uint16_t sw =
			init ? session_init(key, session, ins, ins == 0xbc ? &mac_mode : &modes[2])
			     : session_data(key, session, ins, uk_span_of(block, final ? 0 : 16));

		if (sw != steps[i].sw)
			fail_msg("step %zu, %02x, answers %04x", i, ins, sw);
	}
}

static void
wrong_order_is_refused(void **unused)
{
	static const struct step nothing_begun[] = {
		{0xa6, 0x6985}, {0xa8, 0x6985}, {0xaa, 0x6985}, {0xae, 0x6985}, {0xb0, 0x6985},
		{0xb2, 0x6985}, {0xbe, 0x6985}, {0xc0, 0x6985}, {0xc2, 0x6985},
	};
	static const struct step one_shot_ends[] = {
		{0xa4, 0x9000}, {0xa6, 0x9000}, {0xa6, 0x6985}, {0xa8, 0x6985}, {0xaa, 0x6985},
		{0xac, 0x9000}, {0xae, 0x9000}, {0xae, 0x6985}, {0xb0, 0x6985}, {0xb2, 0x6985},
		{0xbc, 0x9000}, {0xbe, 0x9000}, {0xbe, 0x6985}, {0xc0, 0x6985}, {0xc2, 0x6985},
	};
	static const struct step final_ends[] = {
		{0xa4, 0x9000}, {0xa8, 0x9000}, {0xa6, 0x6985}, {0xa8, 0x9000}, {0xaa, 0x9000},
		{0xa8, 0x6985}, {0xaa, 0x6985}, {0xac, 0x9000}, {0xb0, 0x9000}, {0xae, 0x6985},
		{0xb2, 0x9000}, {0xb2, 0x6985}, {0xbc, 0x9000}, {0xc0, 0x9000}, {0xbe, 0x6985},
		{0xc2, 0x9000}, {0xc2, 0x6985},
	};
	static const struct step one_at_a_time[] = {
		{0xa4, 0x9000}, {0xae, 0x6985}, {0xbe, 0x6985}, {0xb2, 0x6985}, {0xc2, 0x6985},
		{0xa8, 0x9000}, {0xac, 0x9000}, {0xa8, 0x6985}, {0xaa, 0x6985}, {0xae, 0x9000},
		{0xbc, 0x9000}, {0xa4, 0x9000}, {0xbe, 0x6985}, {0xa6, 0x9000},
	};
	struct session session;
	uint8_t sm4_key[16];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	run_steps(key, &session, nothing_begun, ARRAY_SIZE(nothing_begun));
	run_steps(key, &session, one_shot_ends, ARRAY_SIZE(one_shot_ends));
	run_steps(key, &session, final_ends, ARRAY_SIZE(final_ends));
	run_steps(key, &session, one_at_a_time, ARRAY_SIZE(one_at_a_time));
	session_end(key, pair);
}

static void
wrong_parameters_are_refused(void **unused)
{
	static const struct {
		uint8_t ins;
		uint16_t sw;
		struct sm4_settings settings;
	} cases[] = {
		{0xa4, 0x6a99, {GM_ALG_SM1_ECB, 0, 0, {0}}},
		{0xa4, 0x6a99, {0x404, 0, 16, {0}}},
		{0xa4, 0x6a99, {GM_ALG_SM4_MAC, 0, 16, {0}}},
		{0xac, 0x6a99, {0, 0, 0, {0}}},
		{0xbc, 0x6a99, {GM_ALG_SM4_CBC, 0, 16, {0}}},
		{0xa4, 0x6a80, {GM_ALG_SM4_CBC, 0, 0, {0}}},
		{0xac, 0x6a80, {GM_ALG_SM4_CBC, 0, 32, {0}}},
		{0xa4, 0x6a80, {GM_ALG_SM4_CBC, 2, 16, {0}}},
		{0xbc, 0x6a80, {GM_ALG_SM4_MAC, 1, 16, {0}}},
		{0xbc, 0x6a80, {GM_ALG_SM4_MAC, 0, 8, {0}}},
	};
	struct session session;
	uint8_t sm4_key[16], block[16] = {0};
	EVP_PKEY *pair;
	struct key *key = session_begin("V1", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_sw(session_init(key, &session, cases[i].ins, &cases[i].settings),
			  cases[i].sw);
		/* a refused Init begins nothing */
		assert_sw(session_data(key, &session, (uint8_t)(cases[i].ins + 2),
				       uk_span_of(block, 16)),
			  0x6985);
	}
	assert_sw(session_data(key, &session, 0xa4, uk_span_of(block, 16)), 0x6700);
	session_end(key, pair);
}

static void
wrong_padding_is_refused(void **unused)
{
	static const struct sm4_settings raw = {GM_ALG_SM4_ECB, 0, 0, {0}};
	static const uint8_t ends[][2] = {{0, 0}, {1, 2}, {0, 17}, {5, 255}};
	struct session session;
	uint8_t sm4_key[16], plain[16], cipher[32];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		memset(plain, 3, sizeof(plain));
		memcpy(plain + 14, ends[i], 2);
		session_sm4(sm4_key, &raw, true, uk_span_of(plain, 16), cipher);
		assert_sw(session_init(key, &session, 0xac, &modes[1]), 0x9000);
		assert_sw(session_data(key, &session, 0xae, uk_span_of(cipher, 16)), 0x6a80);
		assert_sw(session_data(key, &session, 0xae, uk_span_of(cipher, 16)), 0x6985);
		assert_sw(session_init(key, &session, 0xac, &modes[1]), 0x9000);
		assert_sw(session_data(key, &session, 0xb0, uk_span_of(cipher, 16)), 0x9000);
		assert_int_equal(key->data.len, 0); /* it may be the last */
		assert_sw(session_data(key, &session, 0xb2, NOTHING), 0x6a80);
	}
	assert_sw(session_init(key, &session, 0xac, &modes[1]), 0x9000);
	assert_sw(session_data(key, &session, 0xae, uk_span_of(cipher, 15)), 0x6700);
	assert_sw(session_init(key, &session, 0xac, &modes[1]), 0x9000);
	assert_sw(session_data(key, &session, 0xae, NOTHING), 0x6700);
	session_end(key, pair);
}

static void
keys_run_side_by_side(void **unused)
{
	struct session sessions[2];
	uint8_t sm4_keys[2][16], plain[64], expected[2][80];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &sessions[0], &pair);

	sessions[1] = sessions[0];
	assert_int_equal(RAND_bytes(plain, sizeof(plain)), 1);
	for (size_t i = 0; i < 2; i++) {
		session_import_random(key, &sessions[i], pair, sm4_keys[i]);
		session_sm4(sm4_keys[i], &modes[2], true, uk_span_of(plain, 64), expected[i]);
		assert_sw(session_init(key, &sessions[i], 0xa4, &modes[2]), 0x9000);
	}
	for (size_t at = 0; at < 64; at += 16) {
		for (size_t i = 0; i < 2; i++) {
			assert_sw(session_data(key, &sessions[i], 0xa8, uk_span_of(plain + at, 16)),
				  0x9000);
			assert_memory_equal(key->data.ptr, expected[i] + at, 16);
		}
	}
	session_end(key, pair);
}

/* 80 C0 asks for the rest of a short answer, and is MacUpdate too. */
static void
mac_update_is_not_taken_for_get_response(void **unused)
{
	struct session session;
	uint8_t sm4_key[16], data[16] = {5}, chained[32];
	struct uk_writer out;
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);
	static const uint8_t devinfo[] = {0x80, 0x04, 0, 0, 0}, rest[] = {0x80, 0xc0, 0, 0, 0};

	session_import_random(key, &session, pair, sm4_key);
	session_sm4(sm4_key, &mac_mode, true, uk_span_of(data, 16), chained);
	assert_sw(session_init(key, &session, 0xbc, &mac_mode), 0x9000);
	assert_sw(key_raw(key, uk_span_of(devinfo, sizeof(devinfo))), 0x6120);
	assert_sw(key_raw(key, uk_span_of(rest, sizeof(rest))), 0x9000);
	assert_int_equal(key->data.len, 32);
	assert_sw(key_raw(key, uk_span_of(devinfo, sizeof(devinfo))), 0x6120);
	out = client_data();
	uk_put_u32(&out, UK_BIG_ENDIAN, 0x80c00000);
	uk_put_u8(&out, 22);
	uk_put(&out, ids_both(&session.ids));
	uk_put(&out, uk_span_of(session.id, 2));
	uk_put(&out, uk_span_of(data, 16));
	assert_sw(key_raw(key, uk_writer_span(&out)), 0x9000);
	assert_int_equal(key->data.len, 0);
	assert_sw(session_data(key, &session, 0xc2, NOTHING), 0x9000);
	assert_memory_equal(key->data.ptr, chained, 16);
	session_end(key, pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(imported_key_encrypts_like_openssl),
		cmocka_unit_test(pieces_make_the_same_as_the_whole),
		cmocka_unit_test(macs_are_the_last_block_of_cbc),
		cmocka_unit_test(wrong_order_is_refused),
		cmocka_unit_test(wrong_parameters_are_refused),
		cmocka_unit_test(wrong_padding_is_refused),
		cmocka_unit_test(keys_run_side_by_side),
		cmocka_unit_test(mac_update_is_not_taken_for_get_response),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
