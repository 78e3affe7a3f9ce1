/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stress/unplug.h"

#include "tests/p11/check.h"

#include <string.h>

#define FILE_LEN 1500

/* ---- what operations begin with ---- */

static void
open_session(struct unplug_stage *stage)
{
	stage->session = desk_session(stage->desk, 0);
}

static void
user_in(struct unplug_stage *stage)
{
	open_session(stage);
	assert_rv(desk_login(stage->desk, stage->session, CKU_USER, DESK_PIN), CKR_OK);
}

static void
admin_in(struct unplug_stage *stage)
{
	open_session(stage);
	assert_rv(desk_login(stage->desk, stage->session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
}

static void
signing_key(struct unplug_stage *stage)
{
	user_in(stage);
	stage->object = desk_find(stage->desk, stage->session, CKO_PRIVATE_KEY, 0);
	assert_int_not_equal(stage->object, CK_INVALID_HANDLE);
}

static void
encryption_key(struct unplug_stage *stage)
{
	user_in(stage);
	stage->object = desk_find(stage->desk, stage->session, CKO_PRIVATE_KEY, 1);
	stage->len = oracle_wrap("sm2", true, (const unsigned char *)"0123456789abcdef",
				 stage->bytes, sizeof(stage->bytes));
}

static CK_RV
unwrap(struct unplug_stage *stage)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_DER, NULL, 0};
	CK_OBJECT_CLASS class_ = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_VENDOR_SM4;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
	};

	return stage->desk->f->C_UnwrapKey(stage->session, &mechanism, stage->object, stage->bytes,
					   stage->len, template, 2, &stage->object);
}

static void
session_key(struct unplug_stage *stage)
{
	encryption_key(stage);
	assert_rv(unwrap(stage), CKR_OK);
}

static CK_RV
create_data(struct unplug_stage *stage)
{
	CK_OBJECT_CLASS class_ = CKO_DATA;
	char label[] = "note.txt";
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{CKA_LABEL, label, strlen(label)},
		{CKA_VALUE, stage->bytes, FILE_LEN},
	};

	return stage->desk->f->C_CreateObject(stage->session, template, ARRAY_SIZE(template),
					      &stage->object);
}

static void
data_there(struct unplug_stage *stage)
{
	user_in(stage);
	assert_rv(create_data(stage), CKR_OK);
}

static CK_RV
find_first(struct unplug_stage *stage, CK_OBJECT_CLASS class_)
{
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)}};
	CK_FUNCTION_LIST *f = stage->desk->f;
	CK_ULONG count = 0;
	CK_RV rv = f->C_FindObjectsInit(stage->session, template, 1);

	if (rv == CKR_OK)
		rv = f->C_FindObjects(stage->session, &stage->object, 1, &count);
	if (rv == CKR_OK)
		rv = f->C_FindObjectsFinal(stage->session);
	return rv == CKR_OK && count == 0 ? CKR_OBJECT_HANDLE_INVALID : rv;
}

static CK_RV
read_value(struct unplug_stage *stage)
{
	CK_ATTRIBUTE value = {CKA_VALUE, stage->bytes, sizeof(stage->bytes)};

	return stage->desk->f->C_GetAttributeValue(stage->session, stage->object, &value, 1);
}

/* A file that this session has not read yet. */
static void
data_unread(struct unplug_stage *stage)
{
	data_there(stage);
	assert_rv(stage->desk->f->C_CloseSession(stage->session), CKR_OK);
	assert_rv(stage->desk->f->C_Finalize(NULL), CKR_OK);
	assert_rv(stage->desk->f->C_Initialize(NULL), CKR_OK);
	user_in(stage);
}

static void
new_certificate(struct unplug_stage *stage)
{
	user_in(stage);
	stage->len =
		desk_issue(stage->desk, stage->session, "sm2", stage->bytes, sizeof(stage->bytes));
}

static void
new_envelope(struct unplug_stage *stage)
{
	user_in(stage);
	stage->len =
		desk_envelope(stage->desk, "blob", "right", stage->bytes, sizeof(stage->bytes));
}

static void
sign_ready(struct unplug_stage *stage)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};

	signing_key(stage);
	assert_rv(stage->desk->f->C_SignInit(stage->session, &mechanism, stage->object), CKR_OK);
}

/* ---- operations ---- */

static CK_RV
run_token_info(struct unplug_stage *stage)
{
	CK_TOKEN_INFO info;

	return stage->desk->f->C_GetTokenInfo(desk_slot(stage->desk, 0), &info);
}

static CK_RV
run_device_info(struct unplug_stage *stage)
{
	struct openukey_device_info info;

	return stage->desk->uk->get_device_info(desk_slot(stage->desk, 0), &info);
}

static CK_RV
run_pin_info(struct unplug_stage *stage)
{
	struct openukey_pin_info info;

	return stage->desk->uk->get_pin_info(desk_slot(stage->desk, 0), CKU_USER, &info);
}

static CK_RV
run_applications(struct unplug_stage *stage)
{
	struct openukey_application list[4];
	CK_ULONG count = ARRAY_SIZE(list);

	return stage->desk->uk->list_applications(desk_slot(stage->desk, 0), list, &count);
}

static CK_RV
run_list(struct unplug_stage *stage)
{
	CK_RV rv = find_first(stage, CKO_CERTIFICATE);

	if (rv == CKR_OK)
		rv = read_value(stage);
	return rv == CKR_OK ? find_first(stage, CKO_PUBLIC_KEY) : rv;
}

static CK_RV
run_login_user(struct unplug_stage *stage)
{
	return desk_login(stage->desk, stage->session, CKU_USER, DESK_PIN);
}

static CK_RV
run_login_admin(struct unplug_stage *stage)
{
	return desk_login(stage->desk, stage->session, CKU_SO, DESK_ADMIN_PIN);
}

static CK_RV
run_logout(struct unplug_stage *stage)
{
	return stage->desk->f->C_Logout(stage->session);
}

static CK_RV
run_close(struct unplug_stage *stage)
{
	stage->closed = true;
	return stage->desk->f->C_CloseSession(stage->session);
}

static CK_RV
run_finalize(struct unplug_stage *stage)
{
	CK_RV rv = stage->desk->f->C_Finalize(NULL);

	stage->finalized = true;
	return rv == CKR_OK ? stage->desk->f->C_Initialize(NULL) : rv;
}

static CK_RV
sign(struct unplug_stage *stage, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mechanism = {type, NULL, 0};
	unsigned char digest[32] = {1}, signature[256];
	CK_ULONG len = sizeof(signature);
	CK_FUNCTION_LIST *f = stage->desk->f;
	CK_RV rv = f->C_SignInit(stage->session, &mechanism, stage->object);

	if (rv == CKR_OK && strcmp(stage->model, "VC") == 0)
		rv = desk_login(stage->desk, stage->session, CKU_CONTEXT_SPECIFIC, DESK_PIN);
	if (rv == CKR_OK)
		rv = f->C_Sign(stage->session, digest, sizeof(digest), signature, &len);
	return rv;
}

static CK_RV
run_sign_sm2(struct unplug_stage *stage)
{
	return sign(stage, CKM_VENDOR_SM2_SIGN);
}

static CK_RV
run_sign_rsa(struct unplug_stage *stage)
{
	return sign(stage, CKM_SHA256_RSA_PKCS);
}

/* The proof alone, and the operation given up. */
static CK_RV
run_login_once(struct unplug_stage *stage)
{
	CK_RV rv = desk_login(stage->desk, stage->session, CKU_CONTEXT_SPECIFIC, DESK_PIN);

	return rv == CKR_OK ? stage->desk->f->C_Logout(stage->session) : rv;
}

static CK_RV
set_pin(struct unplug_stage *stage, const char *old_pin)
{
	CK_UTF8CHAR old_copy[32], new_copy[32];

	memcpy(old_copy, old_pin, strlen(old_pin));
	memcpy(new_copy, UNPLUG_NEW_PIN, strlen(UNPLUG_NEW_PIN));
	return stage->desk->f->C_SetPIN(stage->session, old_copy, strlen(old_pin), new_copy,
					strlen(UNPLUG_NEW_PIN));
}

static CK_RV
run_set_pin(struct unplug_stage *stage)
{
	return set_pin(stage, DESK_PIN);
}

static CK_RV
run_set_admin_pin(struct unplug_stage *stage)
{
	return set_pin(stage, DESK_ADMIN_PIN);
}

static CK_RV
run_unblock(struct unplug_stage *stage)
{
	CK_UTF8CHAR pin[32];

	memcpy(pin, UNPLUG_NEW_PIN, strlen(UNPLUG_NEW_PIN));
	return stage->desk->f->C_InitPIN(stage->session, pin, strlen(UNPLUG_NEW_PIN));
}

static CK_RV
run_generate_sm2(struct unplug_stage *stage)
{
	return desk_generate(stage->desk, stage->session, "sm2", "Konto");
}

static CK_RV
run_generate_rsa(struct unplug_stage *stage)
{
	return desk_generate(stage->desk, stage->session, "rsa1024", "Konto");
}

static CK_RV
run_import(struct unplug_stage *stage)
{
	return desk_import(stage->desk, stage->session, stage->bytes, stage->len);
}

static CK_RV
run_envelope(struct unplug_stage *stage)
{
	return stage->desk->uk->import_enveloped_key(
		desk_slot(stage->desk, 0), (const CK_BYTE *)DESK_CONTAINER, strlen(DESK_CONTAINER),
		stage->bytes, stage->len);
}

static CK_RV
run_delete_container(struct unplug_stage *stage)
{
	return stage->desk->uk->delete_container(
		desk_slot(stage->desk, 0), (const CK_BYTE *)DESK_CONTAINER, strlen(DESK_CONTAINER));
}

static CK_RV
run_destroy(struct unplug_stage *stage)
{
	return stage->desk->f->C_DestroyObject(stage->session, stage->object);
}

static CK_RV
run_read_data(struct unplug_stage *stage)
{
	CK_RV rv = find_first(stage, CKO_DATA);

	return rv == CKR_OK ? read_value(stage) : rv;
}

static CK_RV
run_set_data(struct unplug_stage *stage)
{
	CK_ATTRIBUTE value = {CKA_VALUE, stage->bytes, FILE_LEN};

	return stage->desk->f->C_SetAttributeValue(stage->session, stage->object, &value, 1);
}

static CK_RV
run_copy_data(struct unplug_stage *stage)
{
	char label[] = "copy.txt";
	CK_ATTRIBUTE name = {CKA_LABEL, label, strlen(label)};
	CK_OBJECT_HANDLE copy;

	return stage->desk->f->C_CopyObject(stage->session, stage->object, &name, 1, &copy);
}

static CK_RV
run_encrypt(struct unplug_stage *stage)
{
	unsigned char iv[16] = {1};
	CK_MECHANISM mechanism = {CKM_VENDOR_SM4_CBC, iv, sizeof(iv)};
	CK_FUNCTION_LIST *f = stage->desk->f;
	CK_RV rv = f->C_EncryptInit(stage->session, &mechanism, stage->object);

	stage->len = sizeof(stage->bytes);
	if (rv == CKR_OK)
		rv = f->C_EncryptUpdate(stage->session, stage->bytes, 2048, stage->bytes,
					&stage->len);
	return rv == CKR_OK ? f->C_EncryptFinal(stage->session, NULL, &stage->len) : rv;
}

static CK_RV
run_mac(struct unplug_stage *stage)
{
	CK_MECHANISM mechanism = {CKM_OPENUKEY_SM4_MAC, NULL, 0};
	unsigned char mac[16];
	CK_ULONG len = sizeof(mac);
	CK_FUNCTION_LIST *f = stage->desk->f;
	CK_RV rv = f->C_SignInit(stage->session, &mechanism, stage->object);

	return rv == CKR_OK ? f->C_Sign(stage->session, stage->bytes, 160, mac, &len) : rv;
}

static CK_RV
run_random(struct unplug_stage *stage)
{
	return stage->desk->f->C_GenerateRandom(stage->session, stage->bytes, 100);
}

static CK_RV
run_label(struct unplug_stage *stage)
{
	return stage->desk->uk->set_device_label(desk_slot(stage->desk, 0), "VIRTUAL 新名");
}

static CK_RV
run_device_key(struct unplug_stage *stage)
{
	static const CK_BYTE old_key[] = "1234567812345678", new_key[] = "8765432187654321";

	return stage->desk->uk->change_device_key(desk_slot(stage->desk, 0), old_key, new_key);
}

static CK_RV
run_create_application(struct unplug_stage *stage)
{
	static const CK_BYTE device_key[] = "1234567812345678";
	const struct openukey_new_application settings = {
		.name = "Second",
		.admin_pin = (const CK_BYTE *)DESK_ADMIN_PIN,
		.admin_pin_len = strlen(DESK_ADMIN_PIN),
		.admin_tries = 10,
		.user_pin = (const CK_BYTE *)DESK_PIN,
		.user_pin_len = strlen(DESK_PIN),
		.user_tries = 10,
	};

	return stage->desk->uk->create_application(desk_slot(stage->desk, 0), device_key,
						   &settings);
}

static CK_RV
run_open_and_sign(struct unplug_stage *stage)
{
	CK_RV rv = stage->desk->f->C_OpenSession(desk_slot(stage->desk, 0), CKF_SERIAL_SESSION,
						 NULL, NULL, &stage->session);

	if (rv != CKR_OK)
		stage->session = 0;
	if (rv == CKR_OK)
		rv = run_login_user(stage);
	if (rv == CKR_OK)
		rv = find_first(stage, CKO_PRIVATE_KEY);
	return rv == CKR_OK ? run_sign_sm2(stage) : rv;
}

/* clang-format off */
const struct unplug_op unplug_ops[] = {
	{"token info", UNPLUG_SM2, NULL, run_token_info, .no_session = true},
	{"device info", UNPLUG_SM2, NULL, run_device_info, .no_session = true},
	{"PIN info", UNPLUG_SM2, NULL, run_pin_info, .no_session = true},
	{"applications", UNPLUG_SM2, NULL, run_applications, .no_session = true},
	{"list", UNPLUG_SM2, open_session, run_list},
	{"list without certificates", UNPLUG_NO_CERTS, user_in, run_generate_sm2},
	{"list RSA", UNPLUG_RSA, open_session, run_list},
	{"log in", UNPLUG_SM2, open_session, run_login_user},
	{"log in as SO", UNPLUG_SM2, open_session, run_login_admin, .pin = CKU_SO},
	{"log out", UNPLUG_SM2, user_in, run_logout},
	{"log out as SO", UNPLUG_SM2, admin_in, run_logout, .pin = CKU_SO},
	{"close the last session", UNPLUG_SM2, user_in, run_close, .quiet = true},
	{"finalize", UNPLUG_SM2, user_in, run_finalize, .quiet = true},
	{"sign SM2", UNPLUG_SM2, signing_key, run_sign_sm2},
	{"sign RSA", UNPLUG_RSA, signing_key, run_sign_rsa},
	{"all the way", UNPLUG_SM2, NULL, run_open_and_sign, .no_session = true},
	{"PIN for one signature", UNPLUG_SM2, sign_ready, run_login_once, .model = "VC"},
	{"change PIN", UNPLUG_SM2, user_in, run_set_pin, .changes_pin = true},
	{"change PIN, public", UNPLUG_SM2, open_session, run_set_pin, .changes_pin = true},
	{"change admin PIN", UNPLUG_SM2, admin_in, run_set_admin_pin, .pin = CKU_SO, .changes_pin = true},
	{"unblock", UNPLUG_SM2, admin_in, run_unblock, .changes_pin = true},
	{"generate SM2", UNPLUG_EMPTY, user_in, run_generate_sm2},
	{"generate RSA", UNPLUG_EMPTY, user_in, run_generate_rsa},
	{"import certificate", UNPLUG_NO_CERTS, new_certificate, run_import},
	{"import envelope", UNPLUG_SIGN_ONLY, new_envelope, run_envelope},
	{"delete container", UNPLUG_SM2, user_in, run_delete_container},
	{"destroy signing key", UNPLUG_SIGN_ONLY, signing_key, run_destroy},
	{"create data", UNPLUG_SM2, user_in, create_data},
	{"read data", UNPLUG_SM2, data_unread, run_read_data},
	{"set data", UNPLUG_SM2, data_there, run_set_data},
	{"copy data", UNPLUG_SM2, data_there, run_copy_data},
	{"destroy data", UNPLUG_SM2, data_there, run_destroy},
	{"unwrap session key", UNPLUG_SM2, encryption_key, unwrap},
	{"encrypt", UNPLUG_SM2, session_key, run_encrypt},
	{"MAC", UNPLUG_SM2, session_key, run_mac},
	{"destroy session key", UNPLUG_SM2, session_key, run_destroy},
	{"random", UNPLUG_SM2, open_session, run_random},
	{"set label", UNPLUG_SM2, NULL, run_label, .no_session = true},
	{"change device key", UNPLUG_SM2, NULL, run_device_key, .no_session = true},
	{"create application", UNPLUG_SM2, NULL, run_create_application, .no_session = true},
	{NULL},
};
/* clang-format on */
