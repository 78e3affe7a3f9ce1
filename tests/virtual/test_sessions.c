/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys: how they come in and go out, who may use them, when they are gone. */
#include "tests/virtual/session.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NOTHING uk_span_of(NULL, 0)

static const struct sm4_settings ecb = {GM_ALG_SM4_ECB, 0, 0, {0}};

static void
send_control(struct key *key, const char *frame)
{
	assert_int_equal(send(key->fd, frame, 3, MSG_NOSIGNAL), 3);
}

static void
exported_key_is_the_one_inside(void **unused)
{
	static const char *const models[] = {"V0", "V1"};

	for (size_t i = 0; i < 4; i++) {
		struct session session, other;
		uint8_t sm4_key[16], other_key[16];
		EVP_PKEY *pair, *to_rsa = EVP_RSA_gen(i < 2 ? 1024 : 2048);
		enum family family = i % 2 == 0 ? FAMILY_SM2 : FAMILY_RSA;
		struct key *key = session_begin(models[i / 2], family, &session, &pair);

		assert_sw(session_export(key, &session, pair, sm4_key), 0x9000);
		assert_true(session_is(key, &session, sm4_key));
		/* to somebody else, of the other kind */
		other = session;
		assert_sw(session_export(key, &other, to_rsa, other_key), 0x9000);
		assert_memory_not_equal(other_key, sm4_key, 16);
		assert_memory_not_equal(other.id, session.id, 2);
		assert_true(session_is(key, &other, other_key));
		assert_true(session_is(key, &session, sm4_key));
		EVP_PKEY_free(to_rsa);
		session_end(key, pair);
	}
}

static void
wrong_exports_make_no_key(void **unused)
{
	uint8_t point[64];
	struct session session;
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);
	struct uk_writer out = client_data();

	client_sm2_point(pair, point);
	point[63] ^= 1; /* no point of the curve */
	uk_put(&out, ids_both(&session.ids));
	uk_put_u32(&out, UK_BIG_ENDIAN, 256);
	uk_put(&out, uk_span_of(point, 64));
	uk_put_u32(&out, UK_BIG_ENDIAN, GM_ALG_SM4_ECB);
	assert_sw(key_send(key, 0x78, 0, uk_writer_span(&out), UK_LE_MAX), 0x6a9a);
	out.ptr[4 + 4 + 64 + 2] = 1; /* SM1 */
	assert_sw(key_send(key, 0x78, 0, uk_writer_span(&out), UK_LE_MAX), 0x6a99);
	out.ptr[6] = 2; /* bits */
	assert_sw(key_send(key, 0x78, 0, uk_writer_span(&out), UK_LE_MAX), 0x6a80);
	assert_sw(key_send(key, 0x78, 0, uk_span_of(out.ptr, out.len - 1), UK_LE_MAX), 0x6700);

	out = client_data();
	uk_put(&out, ids_both(&session.ids));
	uk_put_u32(&out, UK_BIG_ENDIAN, GM_ALG_SM4_ECB);
	uk_put_u32(&out, UK_BIG_ENDIAN, 1024);
	uk_put_fill(&out, 0, 128 + 4);
	assert_sw(key_send(key, 0x5a, 0, uk_writer_span(&out), UK_LE_MAX), 0x6a9a);
	assert_sw(key_send(key, 0x5a, 0, uk_span_of(out.ptr, out.len - 1), UK_LE_MAX), 0x6700);
	out.ptr[11] = 1; /* bits */
	assert_sw(key_send(key, 0x5a, 0, uk_writer_span(&out), UK_LE_MAX), 0x6a80);
	assert_int_equal(key_status(key, "session_keys"), 0);
	session_end(key, pair);
}

static void
wrong_imports_make_no_key(void **unused)
{
	static const uint8_t plain[32] = {1, 2, 3};

	for (size_t i = 0; i < 2; i++) {
		struct session session;
		uint8_t damaged[200], point[64];
		struct uk_writer out = uk_writer_of(damaged, sizeof(damaged));
		EVP_PKEY *pair;
		struct key *key =
			session_begin("V0", i == 0 ? FAMILY_SM2 : FAMILY_RSA, &session, &pair);

		assert_sw(session_import(key, &session, pair, uk_span_of(plain, 15)), 0x6a9b);
		assert_sw(session_import(key, &session, pair, uk_span_of(plain, 17)), 0x6a9b);
		assert_sw(session_import(key, &session, pair, uk_span_of(plain, 20)), 0x6a9b);
		if (i == 0) {
			client_sm2_point(pair, point);
			uk_put_u32(&out, UK_BIG_ENDIAN, 256);
			client_put_wrapped(key, &out, point, uk_span_of(plain, 16));
			damaged[4 + 64 + 32 + 4 + 3] ^= 1; /* cipher text */
		} else {
			uk_put_fill(&out, 0x11, 127); /* shorter than the modulus */
		}
		assert_sw(session_import_raw(key, &session, GM_ALG_SM4_ECB, uk_writer_span(&out)),
			  0x6a9b);
		assert_sw(session_import_raw(key, &session, GM_ALG_SM1_ECB, uk_writer_span(&out)),
			  0x6a99);
		if (i == 0) {
			assert_sw(session_import_raw(key, &session, GM_ALG_SM4_ECB,
						     uk_span_of(damaged, out.len - 1)),
				  0x6700);
			damaged[103] = 0; /* no cipher text at all */
			assert_sw(session_import_raw(key, &session, GM_ALG_SM4_ECB,
						     uk_span_of(damaged, 104)),
				  0x6a9b);
		}
		assert_int_equal(key_status(key, "session_keys"), 0);
		session_end(key, pair);
	}
}

static void
import_needs_the_encryption_pair(void **unused)
{
	struct key *key = key_blank("V0", NULL);
	struct session session;
	EVP_PKEY *signing;
	uint8_t point[64];
	static const uint8_t plain[16] = {0};

	client_personalise(key, &session.ids, true);
	assert_sw(client_create_container(key, &session.ids, "c"), 0x9000);
	assert_sw(client_gen_sm2(key, &session.ids), 0x9000);
	memcpy(point, key->data.ptr, 64);
	signing = client_sm2_public(point);
	assert_sw(session_import(key, &session, signing, uk_span_of(plain, 16)), 0x6a95);
	EVP_PKEY_free(signing);
	key_free(key);
}

/* Every command with a KeyID. */
static const uint8_t keyed[] = {0xa4, 0xa6, 0xa8, 0xaa, 0xac, 0xae, 0xb0,
				0xb2, 0xbc, 0xbe, 0xc0, 0xc2, 0xc4};

static void
expect_everywhere(struct key *key, const struct session *session, uint16_t sw)
{
	static const uint8_t parameters[48] = {0};

	for (size_t i = 0; i < ARRAY_SIZE(keyed); i++) {
		bool init = keyed[i] == 0xa4 || keyed[i] == 0xac || keyed[i] == 0xbc;
		uint16_t got = session_data(key, session, keyed[i],
					    uk_span_of(parameters, init ? sizeof(parameters) : 0));

		if (got != sw)
			fail_msg("%02x answers %04x, not %04x", keyed[i], got, sw);
	}
}

static void
unknown_keys_are_refused(void **unused)
{
	static const uint8_t nobodys[][2] = {{0, 0}, {0xff, 0xff}, {0x50, 0}, {0x50, 9}};
	struct session session, wrong, elsewhere;
	uint8_t sm4_key[16];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	wrong = session;
	for (size_t i = 0; i < ARRAY_SIZE(nobodys); i++) {
		memcpy(wrong.id, nobodys[i], 2);
		expect_everywhere(key, &wrong, 0x6a8c);
	}
	wrong = session;
	wrong.id[1]++; /* the next one */
	expect_everywhere(key, &wrong, 0x6a8c);

	/* a key belongs to its container */
	elsewhere = session;
	assert_sw(client_create_container(key, &elsewhere.ids, "d"), 0x9000);
	expect_everywhere(key, &elsewhere, 0x6a8c);
	elsewhere.ids.bytes[3] = 0x77;
	expect_everywhere(key, &elsewhere, 0x6a94);
	elsewhere.ids.bytes[1] = 0x77;
	expect_everywhere(key, &elsewhere, 0x698a);

	assert_true(session_is(key, &session, sm4_key));
	assert_sw(session_data(key, &session, 0xc4, NOTHING), 0x9000);
	expect_everywhere(key, &session, 0x6a8c);
	session_end(key, pair);
}

static void
eight_keys_at_once(void **unused)
{
	struct session sessions[8], ninth;
	uint8_t sm4_keys[8][16], lost[16];
	EVP_PKEY *pair;
	struct key *key = session_begin("V1", FAMILY_SM2, &ninth, &pair);

	for (size_t i = 0; i < 8; i++) {
		sessions[i] = ninth;
		if (i % 2 == 0)
			session_import_random(key, &sessions[i], pair, sm4_keys[i]);
		else
			assert_sw(session_export(key, &sessions[i], pair, sm4_keys[i]), 0x9000);
	}
	assert_int_equal(key_status(key, "session_keys"), 8);
	assert_sw(session_export(key, &ninth, pair, lost), 0x6a84);
	assert_int_equal(RAND_bytes(lost, 16), 1);
	assert_sw(session_import(key, &ninth, pair, uk_span_of(lost, 16)), 0x6a84);
	for (size_t i = 0; i < 8; i++)
		assert_true(session_is(key, &sessions[i], sm4_keys[i]));
	assert_sw(session_data(key, &sessions[3], 0xc4, NOTHING), 0x9000);
	session_import_random(key, &ninth, pair, sm4_keys[3]);
	assert_true(session_is(key, &ninth, sm4_keys[3]));
	for (size_t i = 0; i < 8; i++)
		if (i != 3)
			assert_true(session_is(key, &sessions[i], sm4_keys[i]));
	session_end(key, pair);
}

static void
reset_loses_the_keys(void **unused)
{
	static const char *const controls[] = {"\0\1\2", "\0\1\0", "\0\1\1", NULL};
	struct session session;
	uint8_t sm4_key[16];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
		session_import_random(key, &session, pair, sm4_key);
		assert_sw(session_init(key, &session, 0xa4, &ecb), 0x9000);
		assert_sw(key_send(key, 0xb4, 1, NOTHING, UK_LE_NONE), 0x9000);
		assert_int_equal(key_status(key, "session_keys"), 1);
		if (controls[i] != NULL) {
			send_control(key, controls[i]);
		} else {
			assert_string_equal(key_tell(key, "pull"), "ok");
			assert_string_equal(key_tell(key, "plug"), "ok");
			key_connect(key);
		}
		session_reopen(key, &session);
		assert_int_equal(key_status(key, "session_keys"), 0);
		expect_everywhere(key, &session, 0x6a8c);
		assert_sw(key_send(key, 0xba, 0, NOTHING, UK_LE_MAX), 0x6985);
	}
	session_end(key, pair);
}

static void
keys_go_with_their_container_and_application(void **unused)
{
	struct session session, other;
	uint8_t sm4_key[16], other_key[16];
	struct uk_writer out = client_data();
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	other = session;
	assert_sw(client_create_container(key, &other.ids, "d"), 0x9000);
	session_import_random(key, &session, pair, sm4_key);
	assert_sw(session_export(key, &other, pair, other_key), 0x9000);

	/* closed and opened again, it has its keys */
	assert_sw(key_send(key, 0x44, 0, ids_both(&session.ids), UK_LE_NONE), 0x9000);
	expect_everywhere(key, &session, 0x6a94);
	assert_sw(client_open_container(key, &session.ids, "c"), 0x9000);
	assert_true(session_is(key, &session, sm4_key));

	uk_put(&out, ids_app(&session.ids));
	uk_put(&out, uk_span_str("c"));
	assert_sw(key_send(key, 0x48, 0, uk_writer_span(&out), UK_LE_NONE), 0x9000);
	assert_int_equal(key_status(key, "session_keys"), 1);
	assert_true(session_is(key, &other, other_key));
	assert_sw(client_dev_auth(key, DEVICE_KEY), 0x9000);
	assert_sw(key_send(key, 0x24, 0, uk_span_str("OpenUKey-Rehearsal"), UK_LE_NONE), 0x9000);
	assert_int_equal(key_status(key, "session_keys"), 0);
	session_end(key, pair);
}

static void
keys_ask_for_the_user_right(void **unused)
{
	struct session session, fresh;
	uint8_t sm4_key[16];
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	fresh = session;
	assert_sw(key_send(key, 0x1c, 0, ids_app(&session.ids), UK_LE_NONE), 0x9000);
	expect_everywhere(key, &session, 0x6982);
	assert_sw(session_import(key, &fresh, pair, uk_span_of(sm4_key, 16)), 0x6982);
	assert_sw(session_export(key, &fresh, pair, sm4_key), 0x6982);
	assert_int_equal(key_status(key, "session_keys"), 1);
	assert_sw(client_verify(key, &session.ids, GM_PIN_USER, USER_PIN), 0x9000);
	assert_true(session_is(key, &session, sm4_key));
	session_end(key, pair);
}

static void
model_vc_keeps_the_right_through_session_keys(void **unused)
{
	struct session session;
	uint8_t sm4_key[16], digest[32] = {1};
	struct uk_writer out;
	EVP_PKEY *pair;
	struct key *key = session_begin("VC", FAMILY_SM2, &session, &pair);

	session_import_random(key, &session, pair, sm4_key);
	assert_true(session_is(key, &session, sm4_key));
	assert_sw(session_export(key, &session, pair, sm4_key), 0x9000);
	assert_true(session_is(key, &session, sm4_key));
	for (unsigned int i = 0; i < 2; i++) { /* a signature is what ends it */
		out = client_data();
		uk_put(&out, ids_both(&session.ids));
		uk_put(&out, uk_span_of(digest, 32));
		assert_sw(key_send(key, 0x74, 0x0200, uk_writer_span(&out), UK_LE_MAX),
			  i == 0 ? 0x9000 : 0x6982);
	}
	expect_everywhere(key, &session, 0x6982);
	session_end(key, pair);
}

static bool
log_has(struct key *key, const char *text)
{
	char line[2048];
	FILE *log = fopen(key->log, "re");
	bool found = false;

	assert_non_null(log);
	while (fgets(line, sizeof(line), log) != NULL)
		found = found || strstr(line, text) != NULL;
	(void)fclose(log);
	return found;
}

static void
log_has_no_data_of_them(void **unused)
{
	uint8_t marked[16], sm4_key[16];
	struct session session;
	EVP_PKEY *pair;
	struct key *key = session_begin("V0", FAMILY_SM2, &session, &pair);

	memset(marked, 0xd7, sizeof(marked));
	session_import_random(key, &session, pair, sm4_key);
	assert_sw(session_init(key, &session, 0xa4, &ecb), 0x9000);
	assert_sw(session_data(key, &session, 0xa8, uk_span_of(marked, 16)), 0x9000);
	assert_sw(session_data(key, &session, 0xaa, NOTHING), 0x9000);
	assert_sw(key_send(key, 0xb4, 1, NOTHING, UK_LE_NONE), 0x9000);
	assert_sw(key_send(key, 0xb6, 0, uk_span_of(marked, 16), UK_LE_MAX), 0x9000);
	assert_sw(session_data(key, &session, 0xc0, uk_span_of(marked, 16)), 0x6985);
	assert_true(log_has(key, " ENCRYPT_UPDATE 80a80000"));
	assert_true(log_has(key, " MAC_UPDATE 80c00000"));
	assert_false(log_has(key, "d7d7d7"));
	session_end(key, pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exported_key_is_the_one_inside),
		cmocka_unit_test(wrong_exports_make_no_key),
		cmocka_unit_test(wrong_imports_make_no_key),
		cmocka_unit_test(import_needs_the_encryption_pair),
		cmocka_unit_test(unknown_keys_are_refused),
		cmocka_unit_test(eight_keys_at_once),
		cmocka_unit_test(reset_loses_the_keys),
		cmocka_unit_test(keys_go_with_their_container_and_application),
		cmocka_unit_test(keys_ask_for_the_user_right),
		cmocka_unit_test(model_vc_keeps_the_right_through_session_keys),
		cmocka_unit_test(log_has_no_data_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
