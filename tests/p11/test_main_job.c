/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main job on each kind of key: see what is on it, log in, sign, and others can verify. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <stdio.h>
#include <string.h>

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
static const struct desk_key rsa_key = {.alg = "rsa", .model = "V0"};

static const char message[] = "单位缴存信息 2026-11";

static int
desk_up(void **state)
{
	desk_start(&desk, 2);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static bool
contains(const void *haystack, size_t size, const char *needle)
{
	return memmem(haystack, size, needle, strlen(needle)) != NULL;
}

static void
the_token_says_what_it_is(void **state)
{
	CK_TOKEN_INFO info;

	desk_plug(&desk, 0, &sm2_key);
	assert_rv(desk.f->C_GetTokenInfo(desk_slot(&desk, 0), &info), CKR_OK);
	assert_true(contains(info.label, sizeof(info.label), "VIRTUAL"));
	assert_true(contains(info.manufacturerID, sizeof(info.manufacturerID), "virtual"));
	assert_true(contains(info.serialNumber, sizeof(info.serialNumber), "TEST0000"));
	assert_int_equal(info.ulMinPinLen, 6);
	assert_int_equal(info.ulMaxPinLen, 16);
	assert_true((info.flags & CKF_TOKEN_INITIALIZED) != 0);
	assert_true((info.flags & CKF_LOGIN_REQUIRED) != 0);
	assert_true((info.flags & CKF_USER_PIN_TO_BE_CHANGED) != 0);
	desk_pull(&desk, 0);
}

static void
certificates_are_seen_without_a_pin_and_in_full(void **state)
{
	static const struct {
		const struct desk_key *key;
		const char *pair;
		unsigned char id;
	} rows[] = {
		{&sm2_key, "sign", 0},
		{&sm2_key, "enc", 1},
		{&rsa_key, "sign", 0},
		{&rsa_key, "enc", 1},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char wanted[4096], got[4096];
		CK_ULONG wanted_len =
			oracle_certificate(rows[i].key->alg, rows[i].pair, wanted, sizeof(wanted));
		CK_SESSION_HANDLE session;
		CK_OBJECT_HANDLE cert;

		desk_plug(&desk, 0, rows[i].key);
		session = desk_session(&desk, 0);
		assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
		cert = desk_find(&desk, session, CKO_CERTIFICATE, rows[i].id);
		assert_int_equal(desk_attribute(&desk, session, cert, CKA_VALUE, got, sizeof(got)),
				 wanted_len);
		assert_memory_equal(got, wanted, wanted_len);
		desk_pull(&desk, 0);
	}
}

static void
labels_carry_the_units_name(void **state)
{
	CK_SESSION_HANDLE session;
	char label[200];
	CK_ULONG len;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	len = desk_attribute(&desk, session, desk_find(&desk, session, CKO_CERTIFICATE, 0),
			     CKA_LABEL, label, sizeof(label));
	assert_true(contains(label, len, "邢台示例商贸有限公司"));
	desk_pull(&desk, 0);
}

static void
private_keys_are_seen_after_login_only_and_never_leave(void **state)
{
	static const CK_ATTRIBUTE_TYPE secrets[] = {CKA_VALUE, CKA_PRIVATE_EXPONENT, CKA_PRIME_1};
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	desk_plug(&desk, 0, &rsa_key);
	session = desk_session(&desk, 0);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 0);
	assert_int_equal(desk_count(&desk, session, CKO_PUBLIC_KEY), 2);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 2);
	key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++) {
		unsigned char room[512];
		CK_ATTRIBUTE attribute = {secrets[i], room, sizeof(room)};

		assert_rv(desk.f->C_GetAttributeValue(session, key, &attribute, 1),
			  CKR_ATTRIBUTE_SENSITIVE);
		assert_int_equal(attribute.ulValueLen, CK_UNAVAILABLE_INFORMATION);
	}
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 0);
	desk_pull(&desk, 0);
}

/* ---- signatures ---- */

static const struct {
	const char *alg;
	CK_MECHANISM_TYPE mechanism;
	const char *digest; /* libcrypto's name */
	bool hashed_by_caller, raw;
} signatures[] = {
	{"rsa", CKM_SHA1_RSA_PKCS, "SHA1", false, false},
	{"rsa", CKM_SHA256_RSA_PKCS, "SHA256", false, false},
	{"rsa", CKM_SHA384_RSA_PKCS, "SHA384", false, false},
	{"rsa", CKM_SHA512_RSA_PKCS, "SHA512", false, false},
	{"sm2", CKM_VENDOR_SM3_SM2, "SM3", false, true},
	{"sm2", CKM_VENDOR_SM3_SM2_DER, "SM3", false, false},
	{"sm2", CKM_VENDOR_SM3_SM2_DEFAULT_ID, "SM3", false, true},
	{"sm2", CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, "SM3", false, false},
	{"sm2", CKM_VENDOR_SM2_SIGN, "SM3", true, false},
	{"sm2", CKM_VENDOR_SM2_SIGN_NO_DER, "SM3", true, true},
};

static void
check_signature(size_t row, CK_SESSION_HANDLE session)
{
	struct desk_signature signature;
	unsigned char digest[32];
	const void *data = message;
	CK_ULONG len = strlen(message);
	CK_MECHANISM mechanism = {signatures[row].mechanism, NULL, 0};
	unsigned char copy[64];

	if (signatures[row].hashed_by_caller) {
		oracle_sm2_digest("sm2", message, len, digest);
		data = digest;
		len = sizeof(digest);
	}
	assert_rv(desk_sign(&desk, session, signatures[row].mechanism, data, len, &signature),
		  CKR_OK);

	/* By ourselves too, and a changed signature is told as such. */
	memcpy(copy, data, len);
	assert_rv(desk.f->C_VerifyInit(session, &mechanism,
				       desk_find(&desk, session, CKO_PUBLIC_KEY, 0)),
		  CKR_OK);
	assert_rv(desk.f->C_Verify(session, copy, len, signature.bytes, signature.len), CKR_OK);
	copy[0] ^= 1;
	assert_rv(desk.f->C_VerifyInit(session, &mechanism,
				       desk_find(&desk, session, CKO_PUBLIC_KEY, 0)),
		  CKR_OK);
	assert_rv(desk.f->C_Verify(session, copy, len, signature.bytes, signature.len),
		  CKR_SIGNATURE_INVALID);

	if (signatures[row].raw) {
		unsigned char rs[64];

		assert_int_equal(signature.len, sizeof(rs));
		memcpy(rs, signature.bytes, sizeof(rs));
		signature.len = oracle_der(rs, signature.bytes, sizeof(signature.bytes));
	}
	assert_true(oracle_verify(signatures[row].alg, signatures[row].digest, message,
				  strlen(message), signature.bytes, signature.len));
}

static void
each_mechanisms_signature_is_right_by_libcrypto(void **state)
{
	static const char *const models[] = {"V0", "V1"};

	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		const struct desk_key keys[] = {{.alg = "rsa", .model = models[m]},
						{.alg = "sm2", .model = models[m]}};

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			CK_SESSION_HANDLE session;

			desk_plug(&desk, 0, &keys[k]);
			session = desk_session(&desk, 0);
			assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
			for (size_t i = 0; i < ARRAY_SIZE(signatures); i++)
				if (strcmp(signatures[i].alg, keys[k].alg) == 0)
					check_signature(i, session);
			desk_pull(&desk, 0);
		}
	}
}

static void
rsa_takes_a_callers_digest_info(void **state)
{
	/* DigestInfo of SHA-256 (RFC 8017, 9.2 note 1) of the empty string */
	static const unsigned char digest_info[] = {
		0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
		0x02, 0x01, 0x05, 0x00, 0x04, 0x20, 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c,
		0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4,
		0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
	struct desk_signature signature;
	unsigned char too_long[256 - 10] = {0};
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &rsa_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_sign(&desk, session, CKM_RSA_PKCS, digest_info, sizeof(digest_info),
			    &signature),
		  CKR_OK);
	assert_int_equal(signature.len, 256);
	assert_true(oracle_verify("rsa", "SHA256", "", 0, signature.bytes, signature.len));
	assert_rv(desk_sign(&desk, session, CKM_RSA_PKCS, too_long, sizeof(too_long), &signature),
		  CKR_DATA_LEN_RANGE);
	desk_pull(&desk, 0);
}

static void
a_message_may_come_in_parts(void **state)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, NULL, 0};
	unsigned char signature[DESK_SIGNATURE_MAX], part[8];
	CK_ULONG len = 0;
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism,
				     desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_OK);
	for (size_t i = 0; i < strlen(message); i += sizeof(part)) {
		size_t n = strlen(message) - i < sizeof(part) ? strlen(message) - i : sizeof(part);

		memcpy(part, message + i, n);
		assert_rv(desk.f->C_SignUpdate(session, part, n), CKR_OK);
	}
	assert_rv(desk.f->C_SignFinal(session, NULL, &len), CKR_OK);
	assert_int_equal(len, 72);
	len = 10;
	assert_rv(desk.f->C_SignFinal(session, signature, &len), CKR_BUFFER_TOO_SMALL);
	assert_rv(desk.f->C_SignFinal(session, signature, &len), CKR_OK);
	assert_true(oracle_verify("sm2", "SM3", message, strlen(message), signature, len));
	desk_pull(&desk, 0);
}

static void
the_signers_id_may_be_chosen(void **state)
{
	static const CK_MECHANISM_TYPE types[] = {CKM_VENDOR_SM3_SM2, CKM_VENDOR_SM3_SM2_DER};
	unsigned char id[] = "ALICE123@YAHOO.COM", text[sizeof(message)];
	CK_SESSION_HANDLE session;

	memcpy(text, message, sizeof(message));
	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		CK_MECHANISM mechanism = {types[i], id, sizeof(id) - 1};
		unsigned char signature[80], rs[64];
		CK_ULONG len = sizeof(signature);

		assert_rv(desk.f->C_SignInit(session, &mechanism,
					     desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
			  CKR_OK);
		assert_rv(desk.f->C_Sign(session, text, sizeof(text), signature, &len), CKR_OK);
		if (len == sizeof(rs)) {
			memcpy(rs, signature, sizeof(rs));
			len = oracle_der(rs, signature, sizeof(signature));
		}
		assert_true(oracle_verify_id((const char *)id, text, sizeof(text), signature, len));
		assert_false(oracle_verify("sm2", "SM3", text, sizeof(text), signature, len));
	}
	desk_pull(&desk, 0);
}

static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *name; /* libcrypto's */
} digests[] = {
	{CKM_SHA_1, "SHA1"},    {CKM_SHA256, "SHA256"},  {CKM_SHA384, "SHA384"},
	{CKM_SHA512, "SHA512"}, {CKM_VENDOR_SM3, "SM3"},
};

static void
digests_are_libcryptos(void **state)
{
	unsigned char text[sizeof(message)], wanted[64], got[64];
	CK_SESSION_HANDLE session;

	memcpy(text, message, sizeof(message));
	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		CK_MECHANISM mechanism = {digests[i].mechanism, NULL, 0};
		CK_ULONG wanted_len = oracle_digest(digests[i].name, text, sizeof(text), wanted);
		CK_ULONG len = 1;

		assert_rv(desk.f->C_DigestInit(session, &mechanism), CKR_OK);
		assert_rv(desk.f->C_Digest(session, text, sizeof(text), got, &len),
			  CKR_BUFFER_TOO_SMALL);
		assert_int_equal(len, wanted_len);
		assert_rv(desk.f->C_Digest(session, text, sizeof(text), got, &len), CKR_OK);
		assert_memory_equal(got, wanted, wanted_len);
		memset(got, 0, sizeof(got));
		assert_rv(desk.f->C_DigestInit(session, &mechanism), CKR_OK);
		assert_rv(desk.f->C_DigestUpdate(session, text, 5), CKR_OK);
		assert_rv(desk.f->C_DigestUpdate(session, text + 5, sizeof(text) - 5), CKR_OK);
		assert_rv(desk.f->C_DigestFinal(session, got, &len), CKR_OK);
		assert_memory_equal(got, wanted, wanted_len);
	}
	desk_pull(&desk, 0);
}

/* A new row of the table must not go without its test. */
static void
each_mechanism_is_tried_by_some_test(void **state)
{
	/* those that other tests use: test_issue.c, test_objects.c, the DigestInfo test here */
	static const CK_MECHANISM_TYPE elsewhere[] = {
		CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_VENDOR_SM2_KEY_PAIR_GEN, CKM_RSA_PKCS,
		CKM_VENDOR_SM2_RAW,        CKM_VENDOR_SM2_DER,          CKM_OPENUKEY_SM2_ENVELOPED,
		CKM_VENDOR_SM4_ECB,        CKM_VENDOR_SM4_CBC,          CKM_OPENUKEY_SM4_MAC,
	};
	CK_MECHANISM_TYPE list[64];
	CK_ULONG count = ARRAY_SIZE(list);

	desk_plug(&desk, 0, &sm2_key);
	assert_rv(desk.f->C_GetMechanismList(desk_slot(&desk, 0), list, &count), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		bool tried = false;

		for (size_t k = 0; k < ARRAY_SIZE(signatures); k++)
			tried = tried || signatures[k].mechanism == list[i];
		for (size_t k = 0; k < ARRAY_SIZE(digests); k++)
			tried = tried || digests[k].mechanism == list[i];
		for (size_t k = 0; k < ARRAY_SIZE(elsewhere); k++)
			tried = tried || elsewhere[k] == list[i];
		if (!tried)
			fail_msg("mechanism 0x%lx has no test", list[i]);
	}
	desk_pull(&desk, 0);
}

static void
the_encryption_key_does_not_sign(void **state)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism,
				     desk_find(&desk, session, CKO_PRIVATE_KEY, 1)),
		  CKR_KEY_FUNCTION_NOT_PERMITTED);
	desk_pull(&desk, 0);
}

static void
nothing_is_signed_without_a_login_of_our_own(void **state)
{
	struct desk_signature signature;
	unsigned char digest[32] = {1};
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(
		desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature),
		CKR_USER_NOT_LOGGED_IN);
	desk_pull(&desk, 0);
}

static void
a_key_that_asks_each_time_says_so_and_signs_once_per_pin(void **state)
{
	static const struct desk_key once = {.alg = "sm2", .model = "VC"};
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};
	unsigned char signature[DESK_SIGNATURE_MAX], digest[32] = {7};
	CK_BBOOL always = CK_FALSE;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	CK_ULONG len = sizeof(signature);

	desk_plug(&desk, 0, &once);
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);
	(void)desk_attribute(&desk, session, key, CKA_ALWAYS_AUTHENTICATE, &always, sizeof(always));
	assert_int_equal(always, CK_TRUE);
	for (int i = 0; i < 3; i++) {
		assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_OK);
		assert_rv(desk_login(&desk, session, CKU_CONTEXT_SPECIFIC, DESK_PIN), CKR_OK);
		len = sizeof(signature);
		assert_rv(desk.f->C_Sign(session, digest, sizeof(digest), signature, &len), CKR_OK);
	}
	/* The right is used up: without the PIN the next one is refused. */
	assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_OK);
	len = sizeof(signature);
	assert_rv(desk.f->C_Sign(session, digest, sizeof(digest), signature, &len),
		  CKR_USER_NOT_LOGGED_IN);
	desk_pull(&desk, 0);
}

static void
two_keys_side_by_side_do_not_mix(void **state)
{
	struct desk_signature signature;
	CK_SESSION_HANDLE rsa, sm2;

	desk_plug(&desk, 0, &rsa_key);
	desk_plug(&desk, 1, &sm2_key);
	rsa = desk_session(&desk, 0);
	sm2 = desk_session(&desk, 1);
	assert_rv(desk_login(&desk, rsa, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_sign(&desk, sm2, CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, message, strlen(message),
			    &signature),
		  CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, sm2, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_sign(&desk, rsa, CKM_SHA256_RSA_PKCS, message, strlen(message), &signature),
		  CKR_OK);
	assert_true(oracle_verify("rsa", "SHA256", message, strlen(message), signature.bytes,
				  signature.len));
	assert_rv(desk_sign(&desk, sm2, CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, message, strlen(message),
			    &signature),
		  CKR_OK);
	assert_true(oracle_verify("sm2", "SM3", message, strlen(message), signature.bytes,
				  signature.len));
	desk_pull(&desk, 0);
	desk_pull(&desk, 1);
}

static void
random_comes_from_the_key(void **state)
{
	unsigned char a[64] = {0}, b[64] = {0};
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk.f->C_GenerateRandom(session, a, sizeof(a)), CKR_OK);
	assert_rv(desk.f->C_GenerateRandom(session, b, sizeof(b)), CKR_OK);
	assert_memory_not_equal(a, b, sizeof(a));
	desk_pull(&desk, 0);
}

static void
a_blank_key_is_a_token_without_objects(void **state)
{
	char path[512];
	CK_SESSION_HANDLE session;

	/* no provisioning: a missing state file is a key from the factory */
	(void)snprintf(path, sizeof(path), "%s/blank.state", desk_dir(&desk));
	desk_plug_state(&desk, 0, path);
	assert_int_equal(desk_token_flags(&desk, 0) & CKF_TOKEN_INITIALIZED, 0);
	session = desk_session(&desk, 0);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 0);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_says_what_it_is),
		cmocka_unit_test(certificates_are_seen_without_a_pin_and_in_full),
		cmocka_unit_test(labels_carry_the_units_name),
		cmocka_unit_test(private_keys_are_seen_after_login_only_and_never_leave),
		cmocka_unit_test(each_mechanisms_signature_is_right_by_libcrypto),
		cmocka_unit_test(rsa_takes_a_callers_digest_info),
		cmocka_unit_test(a_message_may_come_in_parts),
		cmocka_unit_test(the_signers_id_may_be_chosen),
		cmocka_unit_test(digests_are_libcryptos),
		cmocka_unit_test(each_mechanism_is_tried_by_some_test),
		cmocka_unit_test(the_encryption_key_does_not_sign),
		cmocka_unit_test(nothing_is_signed_without_a_login_of_our_own),
		cmocka_unit_test(a_key_that_asks_each_time_says_so_and_signs_once_per_pin),
		cmocka_unit_test(two_keys_side_by_side_do_not_mix),
		cmocka_unit_test(random_comes_from_the_key),
		cmocka_unit_test(a_blank_key_is_a_token_without_objects),
	};

	return cmocka_run_group_tests_name("main job", tests, desk_up, desk_down);
}
