/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, CA certificates, and symmetric keys that live in the key. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct desk desk;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};
static const struct desk_key keys[] = {{.alg = "sm2", .model = "V0"},
				       {.alg = "rsa", .model = "V0"},
				       {.alg = "sm2", .model = "V1"}};

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

/* ---- data ---- */

static CK_RV
create_data(CK_SESSION_HANDLE session, const char *name, const void *bytes, CK_ULONG len,
	    CK_BBOOL is_private)
{
	CK_OBJECT_CLASS class_ = CKO_DATA;
	unsigned char value[8192];
	char label[64];
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_LABEL, label, strlen(name)},
		{CKA_PRIVATE, &is_private, sizeof(is_private)},
		{CKA_VALUE, value, len},
	};

	memcpy(label, name, strlen(name));
	memcpy(value, bytes, len);
	return desk.f->C_CreateObject(session, template, ARRAY_SIZE(template), &object);
}

static CK_OBJECT_HANDLE
only_object(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG count;

	assert_rv(desk.f->C_FindObjectsInit(session, template, 1), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	return count == 1 ? object : CK_INVALID_HANDLE;
}

static void
a_data_object_comes_back_as_it_was_and_goes_when_told(void **state)
{
	unsigned char bytes[5000], back[8192];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		CK_SESSION_HANDLE session = desk_user(&desk, &keys[k]);
		CK_OBJECT_HANDLE object;

		assert_rv(create_data(session, "附件.bin", bytes, sizeof(bytes), CK_FALSE), CKR_OK);
		assert_rv(create_data(session, "附件.bin", bytes, 10, CK_FALSE),
			  CKR_ATTRIBUTE_VALUE_INVALID);
		assert_rv(desk.f->C_CloseSession(session), CKR_OK);
		desk_pull(&desk, 0);
		desk_plug_again(&desk, 0, &keys[k]);

		session = desk_session(&desk, 0);
		object = only_object(session, CKO_DATA);
		assert_int_equal(
			desk_attribute(&desk, session, object, CKA_VALUE, back, sizeof(back)),
			sizeof(bytes));
		assert_memory_equal(back, bytes, sizeof(bytes));
		assert_rv(desk.f->C_DestroyObject(session, object), CKR_USER_NOT_LOGGED_IN);
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
		assert_rv(desk.f->C_DestroyObject(session, object), CKR_OK);
		assert_int_equal(desk_count(&desk, session, CKO_DATA), 0);
		desk_pull(&desk, 0);
	}
}

static void
private_data_is_seen_after_login_only(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);

	assert_rv(create_data(session, "secret.txt", "geheim", 6, CK_TRUE), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_DATA), 1);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_DATA), 0);
	desk_pull(&desk, 0);
}

static void
a_value_can_be_set_anew_and_a_name_cannot(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	unsigned char value[] = "zwei!", back[16];
	char label[] = "other";
	CK_ATTRIBUTE set[] = {{CKA_VALUE, value, 5}};
	CK_ATTRIBUTE rename[] = {{CKA_LABEL, label, 5}};
	CK_OBJECT_HANDLE object;

	assert_rv(create_data(session, "note", "eins!", 5, CK_FALSE), CKR_OK);
	object = only_object(session, CKO_DATA);
	assert_rv(desk.f->C_SetAttributeValue(session, object, rename, 1), CKR_ATTRIBUTE_READ_ONLY);
	assert_rv(desk.f->C_SetAttributeValue(session, object, set, 1), CKR_OK);
	object = only_object(session, CKO_DATA);
	assert_int_equal(desk_attribute(&desk, session, object, CKA_VALUE, back, sizeof(back)), 5);
	assert_memory_equal(back, value, 5);
	assert_rv(desk.f->C_SetAttributeValue(
			  session, desk_find(&desk, session, CKO_CERTIFICATE, 0), rename, 1),
		  CKR_ACTION_PROHIBITED);
	desk_pull(&desk, 0);
}

static CK_RV
copy_as(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const char *name, CK_BBOOL is_private,
	CK_OBJECT_HANDLE *ret)
{
	char label[64];
	CK_ATTRIBUTE template[] = {
		{CKA_PRIVATE, &is_private, sizeof(is_private)},
		{CKA_LABEL, label, strlen(name)},
	};

	memcpy(label, name, strlen(name));
	return desk.f->C_CopyObject(session, object, template, name[0] == '\0' ? 1 : 2, ret);
}

static void
data_is_copied_and_keys_are_not(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_OBJECT_HANDLE object, copy;
	unsigned char back[16], other[] = "drei!";
	CK_ATTRIBUTE value = {CKA_VALUE, other, 5};
	CK_BBOOL copyable = CK_FALSE;

	assert_rv(create_data(session, "note", "eins!", 5, CK_FALSE), CKR_OK);
	object = only_object(session, CKO_DATA);
	(void)desk_attribute(&desk, session, object, CKA_COPYABLE, &copyable, sizeof(copyable));
	assert_int_equal(copyable, CK_TRUE);
	assert_rv(copy_as(session, object, "", CK_FALSE, &copy), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(copy_as(session, object, "note", CK_FALSE, &copy), CKR_ATTRIBUTE_VALUE_INVALID);
	assert_rv(desk.f->C_CopyObject(session, object, &value, 1, &copy), CKR_TEMPLATE_INCOMPLETE);
	assert_rv(copy_as(session, object, "secret note", CK_TRUE, &copy), CKR_OK);
	assert_int_not_equal(copy, object);
	assert_int_equal(desk_attribute(&desk, session, copy, CKA_VALUE, back, sizeof(back)), 5);
	assert_memory_equal(back, "eins!", 5);
	/* What is private stays so. */
	assert_rv(copy_as(session, copy, "open note", CK_FALSE, &copy), CKR_TEMPLATE_INCONSISTENT);
	assert_rv(copy_as(session, desk_find(&desk, session, CKO_CERTIFICATE, 0), "another",
			  CK_FALSE, &copy),
		  CKR_ACTION_PROHIBITED);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_DATA), 1);
	assert_rv(copy_as(session, object, "a third", CK_FALSE, &copy), CKR_USER_NOT_LOGGED_IN);
	desk_pull(&desk, 0);
}

static void
a_profile_has_no_value_before_anything_was_read(void **state)
{
	CK_OBJECT_CLASS class_ = CKO_PROFILE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	unsigned char room[16];
	CK_ATTRIBUTE value = {CKA_VALUE, room, sizeof(room)};
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_ULONG count;

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(desk.f->C_FindObjectsInit(session, template, 1), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(count, 1);
	assert_rv(desk.f->C_GetAttributeValue(session, object, &value, 1),
		  CKR_ATTRIBUTE_TYPE_INVALID);
	desk_pull(&desk, 0);
}

/* ---- CA certificates ---- */

static void
a_ca_certificate_is_kept_beside_the_units_own(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_OBJECT_CLASS class_ = CKO_CERTIFICATE;
	CK_ULONG authority = 2;
	unsigned char der[4096], back[4096];
	CK_OBJECT_HANDLE object;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_CERTIFICATE_CATEGORY, &authority, sizeof(authority)},
		{CKA_VALUE, der, oracle_certificate("rsa", "sign", der, sizeof(der))},
	};
	CK_ULONG count;

	assert_rv(desk.f->C_CreateObject(session, template, 3, &object), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 3);
	assert_int_equal(desk_count(&desk, session, CKO_DATA), 0);
	desk_pull(&desk, 0);
	desk_plug_again(&desk, 0, &sm2_key);

	session = desk_session(&desk, 0);
	assert_rv(desk.f->C_FindObjectsInit(session, template, 2), CKR_OK);
	assert_rv(desk.f->C_FindObjects(session, &object, 1, &count), CKR_OK);
	assert_rv(desk.f->C_FindObjectsFinal(session), CKR_OK);
	assert_int_equal(count, 1);
	assert_int_equal(desk_attribute(&desk, session, object, CKA_VALUE, back, sizeof(back)),
			 template[2].ulValueLen);
	assert_memory_equal(back, der, template[2].ulValueLen);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_DestroyObject(session, object), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	desk_pull(&desk, 0);
}

/* ---- destroying keys ---- */

static void
what_would_take_an_encryption_key_along_is_not_destroyed(void **state)
{
	static const struct desk_key signing_only = {
		.alg = "sm2", .model = "V0", .no_enc_pair = true};
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);

	assert_rv(desk.f->C_DestroyObject(session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_ACTION_PROHIBITED);
	assert_rv(desk.f->C_DestroyObject(session, desk_find(&desk, session, CKO_PRIVATE_KEY, 1)),
		  CKR_ACTION_PROHIBITED);
	assert_rv(desk.f->C_DestroyObject(session, desk_find(&desk, session, CKO_CERTIFICATE, 0)),
		  CKR_ACTION_PROHIBITED);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	desk_pull(&desk, 0);

	session = desk_user(&desk, &signing_only);
	assert_rv(desk.f->C_DestroyObject(session, desk_find(&desk, session, CKO_PRIVATE_KEY, 0)),
		  CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 0);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 0);
	desk_pull(&desk, 0);
}

/* A host keeps the handles of its keys while it has a new certificate put on the key. */
static void
writes_leave_other_handles_as_they_are(void **state)
{
	static const struct desk_key no_certs = {
		.alg = "sm2", .model = "V0", .no_enc_pair = true, .no_certs = true};
	CK_SESSION_HANDLE session = desk_user(&desk, &no_certs);
	CK_OBJECT_HANDLE key = desk_find(&desk, session, CKO_PRIVATE_KEY, 0);
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};
	unsigned char der[4096], digest[32] = {1}, signature[DESK_SIGNATURE_MAX];
	CK_ULONG len = desk_issue(&desk, session, "sm2", der, sizeof(der));
	CK_ULONG signature_len = sizeof(signature);

	assert_rv(desk_import(&desk, session, der, len), CKR_OK);
	assert_int_equal(desk_find(&desk, session, CKO_PRIVATE_KEY, 0), key);
	assert_rv(desk_generate(&desk, session, "sm2", "another"), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_rv(desk.f->C_Sign(session, digest, sizeof(digest), signature, &signature_len),
		  CKR_OK);
	/* What was destroyed does not come back under its handle. */
	assert_rv(desk.f->C_DestroyObject(session, key), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID);
	assert_rv(desk_generate(&desk, session, "sm2", DESK_CONTAINER), CKR_OK);
	assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID);
	desk_pull(&desk, 0);
}

/* ---- session keys ---- */

static const unsigned char sm4_key[16] = "0123456789abcdef";
static const unsigned char iv[16] = "fedcba9876543210";

/* Each way in which a peer sends a session key; {alg, mechanism, form for the oracle}. */
static const struct {
	const char *alg;
	CK_MECHANISM_TYPE mechanism;
	bool der;
} wraps[] = {
	{"sm2", CKM_VENDOR_SM2_DER, true},
	{"sm2", CKM_VENDOR_SM2_RAW, false},
	{"rsa", CKM_RSA_PKCS, false},
};

static CK_RV
unwrap(CK_SESSION_HANDLE session, size_t way, CK_OBJECT_HANDLE *ret)
{
	CK_MECHANISM mechanism = {wraps[way].mechanism, NULL, 0};
	CK_OBJECT_CLASS class_ = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_VENDOR_SM4;
	char label[] = "session";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_LABEL, label, 7},
	};
	unsigned char wrapped[512];
	CK_ULONG len =
		oracle_wrap(wraps[way].alg, wraps[way].der, sm4_key, wrapped, sizeof(wrapped));

	return desk.f->C_UnwrapKey(session, &mechanism,
				   desk_find(&desk, session, CKO_PRIVATE_KEY, 1), wrapped, len,
				   template, 3, ret);
}

static void
check_cipher(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, bool cbc)
{
	unsigned char iv_copy[16], plain[2048], wanted[2048], got[2048], back[2048];
	CK_MECHANISM mechanism = {cbc ? CKM_VENDOR_SM4_CBC : CKM_VENDOR_SM4_ECB,
				  cbc ? iv_copy : NULL, cbc ? sizeof(iv_copy) : 0};
	CK_ULONG len = sizeof(got), total = 0;

	memcpy(iv_copy, iv, sizeof(iv));
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (unsigned char)(i ^ i >> 8);
	oracle_sm4(cbc ? "SM4-CBC" : "SM4-ECB", sm4_key, iv, plain, sizeof(plain), wanted);

	assert_rv(desk.f->C_EncryptInit(session, &mechanism, key), CKR_OK);
	assert_rv(desk.f->C_Encrypt(session, plain, sizeof(plain), got, &len), CKR_OK);
	assert_int_equal(len, sizeof(plain));
	assert_memory_equal(got, wanted, sizeof(wanted));

	/* In pieces that do not end with a block. */
	assert_rv(desk.f->C_DecryptInit(session, &mechanism, key), CKR_OK);
	for (CK_ULONG at = 0; at < sizeof(wanted); at += 300) {
		CK_ULONG piece = sizeof(wanted) - at < 300 ? sizeof(wanted) - at : 300;

		len = sizeof(back) - total;
		assert_rv(desk.f->C_DecryptUpdate(session, wanted + at, piece, back + total, &len),
			  CKR_OK);
		total += len;
	}
	assert_rv(desk.f->C_DecryptFinal(session, back, &len), CKR_OK);
	assert_int_equal(total, sizeof(plain));
	assert_memory_equal(back, plain, sizeof(plain));

	assert_rv(desk.f->C_EncryptInit(session, &mechanism, key), CKR_OK);
	len = sizeof(got);
	assert_rv(desk.f->C_Encrypt(session, plain, 17, got, &len), CKR_DATA_LEN_RANGE);
}

static void
check_mac(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	static const unsigned char zeros[16];
	CK_MECHANISM mechanism = {CKM_OPENUKEY_SM4_MAC, NULL, 0};
	unsigned char plain[160], cbc[160], mac[16];
	CK_ULONG len = sizeof(mac);

	memset(plain, 0x5c, sizeof(plain));
	oracle_sm4("SM4-CBC", sm4_key, zeros, plain, sizeof(plain), cbc);
	assert_rv(desk.f->C_SignInit(session, &mechanism, key), CKR_OK);
	assert_rv(desk.f->C_SignUpdate(session, plain, 33), CKR_OK);
	assert_rv(desk.f->C_SignUpdate(session, plain + 33, sizeof(plain) - 33), CKR_OK);
	assert_rv(desk.f->C_SignFinal(session, mac, &len), CKR_OK);
	assert_int_equal(len, 16);
	assert_memory_equal(mac, cbc + sizeof(cbc) - 16, 16);
	assert_rv(desk.f->C_VerifyInit(session, &mechanism, key), CKR_OK);
	assert_rv(desk.f->C_Verify(session, plain, sizeof(plain), mac, 16), CKR_OK);
	mac[15] ^= 1;
	assert_rv(desk.f->C_VerifyInit(session, &mechanism, key), CKR_OK);
	assert_rv(desk.f->C_Verify(session, plain, sizeof(plain), mac, 16), CKR_SIGNATURE_INVALID);
}

static void
an_unwrapped_session_key_works_inside_the_key(void **state)
{
	for (size_t w = 0; w < ARRAY_SIZE(wraps); w++) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			CK_SESSION_HANDLE session;
			CK_OBJECT_HANDLE key;

			if (strcmp(keys[k].alg, wraps[w].alg) != 0)
				continue;
			session = desk_user(&desk, &keys[k]);
			assert_rv(unwrap(session, w, &key), CKR_OK);
			check_cipher(session, key, false);
			check_cipher(session, key, true);
			check_mac(session, key);
			assert_rv(desk.f->C_DestroyObject(session, key), CKR_OK);
			assert_int_equal(desk_command_count(&desk, 0, 0xc4), 1);
			desk_pull(&desk, 0);
		}
	}
}

static void
a_session_key_never_leaves_and_ends_with_its_session(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key), other = desk_session(&desk, 0);
	unsigned char room[64];
	CK_ATTRIBUTE value = {CKA_VALUE, room, sizeof(room)};
	CK_OBJECT_HANDLE key;

	assert_rv(unwrap(session, 0, &key), CKR_OK);
	assert_rv(desk.f->C_GetAttributeValue(other, key, &value, 1), CKR_ATTRIBUTE_SENSITIVE);
	assert_int_equal(desk_count(&desk, other, CKO_SECRET_KEY), 1);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
	assert_int_equal(desk_count(&desk, other, CKO_SECRET_KEY), 0);
	assert_int_equal(desk_command_count(&desk, 0, 0xc4), 1);
	desk_pull(&desk, 0);
}

static void
a_session_key_lost_to_a_reset_is_no_key(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_MECHANISM mechanism = {CKM_VENDOR_SM4_ECB, NULL, 0};
	unsigned char block[16] = {0};
	CK_ULONG len = sizeof(block);
	CK_OBJECT_HANDLE key;
	SCARDHANDLE card;
	DWORD protocol;
	CK_RV rv;

	assert_rv(unwrap(session, 0, &key), CKR_OK);
	assert_rv(desk.f->C_EncryptInit(session, &mechanism, key), CKR_OK);
	assert_int_equal(SCardConnect(rig_context(desk.rig), rig_reader(desk.rig, 0),
				      SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1, &card, &protocol),
			 SCARD_S_SUCCESS);
	assert_int_equal(SCardDisconnect(card, SCARD_RESET_CARD), SCARD_S_SUCCESS);
	rv = desk.f->C_Encrypt(session, block, sizeof(block), block, &len);
	assert_true(rv == CKR_KEY_HANDLE_INVALID || rv == CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_EncryptInit(session, &mechanism, key), CKR_KEY_HANDLE_INVALID);
	desk_pull(&desk, 0);
}

static void
a_damaged_session_key_is_refused(void **state)
{
	CK_SESSION_HANDLE session = desk_user(&desk, &sm2_key);
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_DER, NULL, 0};
	CK_OBJECT_HANDLE private_key = desk_find(&desk, session, CKO_PRIVATE_KEY, 1);
	unsigned char wrapped[512];
	CK_ULONG len = oracle_wrap("sm2", true, sm4_key, wrapped, sizeof(wrapped));
	CK_OBJECT_HANDLE key;

	for (CK_ULONG i = 0; i < len; i += 3) {
		wrapped[i] ^= 0x11;
		assert_int_not_equal(desk.f->C_UnwrapKey(session, &mechanism, private_key, wrapped,
							 len, NULL, 0, &key),
				     CKR_OK);
		wrapped[i] ^= 0x11;
	}
	for (CK_ULONG cut = 0; cut < len; cut += 5)
		assert_int_not_equal(desk.f->C_UnwrapKey(session, &mechanism, private_key, wrapped,
							 cut, NULL, 0, &key),
				     CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_SECRET_KEY), 0);
	desk_pull(&desk, 0);
}

static void
an_envelope_can_be_unwrapped_the_standard_way(void **state)
{
	static const struct desk_key half = {.alg = "sm2", .model = "V0", .no_enc_pair = true};
	CK_SESSION_HANDLE session = desk_user(&desk, &half);
	CK_MECHANISM mechanism = {CKM_OPENUKEY_SM2_ENVELOPED, NULL, 0};
	unsigned char envelope[1024];
	CK_ULONG len = desk_envelope(&desk, "der", "right", envelope, sizeof(envelope));
	CK_OBJECT_HANDLE key;
	CK_BBOOL unwraps = CK_FALSE;

	assert_rv(desk.f->C_UnwrapKey(session, &mechanism,
				      desk_find(&desk, session, CKO_PRIVATE_KEY, 0), envelope, len,
				      NULL, 0, &key),
		  CKR_OK);
	assert_int_equal(key, desk_find(&desk, session, CKO_PRIVATE_KEY, 1));
	(void)desk_attribute(&desk, session, key, CKA_UNWRAP, &unwraps, sizeof(unwraps));
	assert_int_equal(unwraps, CK_TRUE);
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_data_object_comes_back_as_it_was_and_goes_when_told),
		cmocka_unit_test(private_data_is_seen_after_login_only),
		cmocka_unit_test(a_value_can_be_set_anew_and_a_name_cannot),
		cmocka_unit_test(data_is_copied_and_keys_are_not),
		cmocka_unit_test(a_profile_has_no_value_before_anything_was_read),
		cmocka_unit_test(a_ca_certificate_is_kept_beside_the_units_own),
		cmocka_unit_test(what_would_take_an_encryption_key_along_is_not_destroyed),
		cmocka_unit_test(writes_leave_other_handles_as_they_are),
		cmocka_unit_test(an_unwrapped_session_key_works_inside_the_key),
		cmocka_unit_test(a_session_key_never_leaves_and_ends_with_its_session),
		cmocka_unit_test(a_session_key_lost_to_a_reset_is_no_key),
		cmocka_unit_test(a_damaged_session_key_is_refused),
		cmocka_unit_test(an_envelope_can_be_unwrapped_the_standard_way),
	};

	return cmocka_run_group_tests_name("objects", tests, desk_up, desk_down);
}
