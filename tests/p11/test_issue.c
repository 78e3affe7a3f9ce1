/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Putting keys and certificates on a key, and refusing wrong ones before anything is written. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <string.h>

static struct desk desk;

static const struct desk_key empty_keys[] = {{.model = "V0"}, {.model = "V1"}};

static int
desk_up(void **state)
{
	desk_start(&desk, 1);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static void
a_pair_is_made_and_gets_its_certificate(void **state)
{
	static const char *const algs[] = {"sm2", "rsa1024", "rsa"};

	for (size_t m = 0; m < ARRAY_SIZE(empty_keys); m++) {
		for (size_t a = 0; a < ARRAY_SIZE(algs); a++) {
			CK_SESSION_HANDLE session = desk_user(&desk, &empty_keys[m]);
			unsigned char der[4096], back[4096];
			CK_ULONG len;

			assert_rv(desk_generate(&desk, session, algs[a], "Konto-1"), CKR_OK);
			assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 1);
			assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 0);
			len = desk_issue(&desk, session, algs[a], der, sizeof(der));
			assert_rv(desk_import(&desk, session, der, len), CKR_OK);
			assert_int_equal(
				desk_attribute(&desk, session,
					       desk_find(&desk, session, CKO_CERTIFICATE, 0),
					       CKA_VALUE, back, sizeof(back)),
				len);
			assert_memory_equal(back, der, len);
			desk_pull(&desk, 0);
		}
	}
}

static void
a_pair_that_exists_is_never_replaced(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &empty_keys[0]);
	unsigned char before[80], after[80];

	assert_rv(desk_generate(&desk, session, "sm2", "UserKey"), CKR_OK);
	(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_PUBLIC_KEY, 0),
			     CKA_EC_POINT, before, sizeof(before));
	assert_rv(desk_generate(&desk, session, "sm2", "UserKey"), CKR_FUNCTION_REJECTED);
	(void)desk_attribute(&desk, session, desk_find(&desk, session, CKO_PUBLIC_KEY, 0),
			     CKA_EC_POINT, after, sizeof(after));
	assert_memory_equal(before, after, 67);
	desk_pull(&desk, 0);
}

static void
a_key_pair_needs_a_name_a_size_and_a_login(void **state)
{
	CK_SESSION_HANDLE session;

	desk_plug(&desk, 0, &empty_keys[0]);
	session = desk_session(&desk, 0);
	assert_rv(desk_generate(&desk, session, "sm2", "UserKey"), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk_generate(&desk, session, "sm2", ""), CKR_TEMPLATE_INCOMPLETE);
	desk_pull(&desk, 0);
}

static void
wrong_certificates_are_refused_before_anything_is_written(void **state)
{
	static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	unsigned char foreign[4096], broken[4096] = {0x30, 0x82, 0x01, 0x00};
	CK_ULONG foreign_len = oracle_certificate("rsa", "sign", foreign, sizeof(foreign));
	long writes;

	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	writes = desk_status(&desk, 0, "writes");
	assert_rv(desk_import(&desk, session, foreign, foreign_len), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(desk_import(&desk, session, broken, 260), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(desk_import(&desk, session, foreign, foreign_len - 1),
		  CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(desk_import(&desk, session, broken, 0), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_int_equal(desk_status(&desk, 0, "writes"), writes);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	desk_pull(&desk, 0);
}

static const struct desk_key half_key = {.alg = "sm2", .model = "V0", .no_enc_pair = true};

static CK_RV
import_envelope(const unsigned char *envelope, CK_ULONG len)
{
	return desk.uk->import_enveloped_key(desk_slot(&desk, 0), (const CK_BYTE *)DESK_CONTAINER,
					     strlen(DESK_CONTAINER), envelope, len);
}

static void
an_encryption_pair_comes_in_its_envelope(void **state)
{
	static const struct {
		const char *format, *align;
	} rows[] = {{"blob", "right"}, {"blob", "left"}, {"der", "right"}, {"der", "left"}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CK_SESSION_HANDLE session = desk_user(&desk, &half_key);
		unsigned char envelope[1024];
		CK_ULONG len = desk_envelope(&desk, rows[i].format, rows[i].align, envelope,
					     sizeof(envelope));

		assert_int_equal(desk_find(&desk, session, CKO_PRIVATE_KEY, 1), CK_INVALID_HANDLE);
		assert_rv(import_envelope(envelope, len), CKR_OK);
		assert_int_not_equal(desk_find(&desk, session, CKO_PRIVATE_KEY, 1),
				     CK_INVALID_HANDLE);
		desk_pull(&desk, 0);
	}
}

static void
wrong_envelopes_are_refused_before_anything_is_written(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &half_key);
	unsigned char envelope[1024], changed[1024];
	CK_ULONG len = desk_envelope(&desk, "blob", "right", envelope, sizeof(envelope));
	/* version, algorithm, bits, bits of the public key, the zeros before X, cipher length */
	static const size_t places[] = {0, 4, 8, 76, 80, 368};
	long writes = desk_status(&desk, 0, "writes");

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		memcpy(changed, envelope, len);
		changed[places[i]] ^= 0x40;
		assert_int_not_equal(import_envelope(changed, len), CKR_OK);
	}
	for (CK_ULONG cut = 0; cut < len; cut += 37)
		assert_int_not_equal(import_envelope(envelope, cut), CKR_OK);
	/* A damaged cipher only the key itself can notice. */
	memcpy(changed, envelope, len);
	changed[12 + 40] ^= 1;
	assert_int_not_equal(import_envelope(changed, len), CKR_OK);
	assert_int_equal(desk_status(&desk, 0, "writes"), writes);
	assert_int_equal(desk_find(&desk, session, CKO_PRIVATE_KEY, 1), CK_INVALID_HANDLE);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_is_made_and_gets_its_certificate),
		cmocka_unit_test(a_pair_that_exists_is_never_replaced),
		cmocka_unit_test(a_key_pair_needs_a_name_a_size_and_a_login),
		cmocka_unit_test(wrong_certificates_are_refused_before_anything_is_written),
		cmocka_unit_test(an_encryption_pair_comes_in_its_envelope),
		cmocka_unit_test(wrong_envelopes_are_refused_before_anything_is_written),
	};

	return cmocka_run_group_tests_name("issue", tests, desk_up, desk_down);
}
