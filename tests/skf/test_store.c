/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Applications, files and containers; what one interface makes, the other sees. */
#include "tests/skf/seat.h"

#include <string.h>

#define FACTORY_KEY "1234567812345678"
#define FILE_LEN    3000

static const struct desk_key sm2_key = {.alg = "sm2"};
static const struct desk_key rsa_key = {.alg = "rsa"};
static const struct desk_key no_key = {.alg = NULL};

static BYTE bytes[FILE_LEN], answer[FILE_LEN + 1];

/* ---- applications ---- */

static void
applications_are_made_with_the_device_key(void **state)
{
	HAPPLICATION app = (HAPPLICATION)&app;
	HAPPLICATION first = seat_fresh(&seat_desk, &no_key);
	DEVHANDLE dev = seat_device(&seat_desk, 0);
	char list[256];
	ULONG len = 0;

	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 10, T("123456"), 8,
					 SECURE_USER_ACCOUNT, &app),
		   SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_DeleteApplication(dev, T(SEAT_APPLICATION)), SAR_USER_NOT_LOGGED_IN);
	assert_ptr_equal(app, &app);
	seat_device_auth(dev, FACTORY_KEY);
	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 10, T("12345"), 8,
					 SECURE_USER_ACCOUNT, &app),
		   SAR_PIN_LEN_RANGE);
	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 16, T("123456"), 8,
					 SECURE_USER_ACCOUNT, &app),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 10, T("123456"), 8,
					 0x1234, &app),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_CreateApplication(dev, T(SEAT_APPLICATION), T("admin-8421"), 10, T("123456"),
					 8, SECURE_USER_ACCOUNT, &app),
		   SAR_APPLICATION_EXISTS);
	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 10, T("123456"), 10,
					 SECURE_ANYONE_ACCOUNT, &app),
		   SAR_OK);
	assert_sar(SKF_EnumApplication(dev, NULL, &len), SAR_OK);
	assert_in_range(len, 3, sizeof(list));
	assert_sar(SKF_EnumApplication(dev, list, &len), SAR_OK);
	assert_true(seat_listed(list, len, "second"));
	assert_true(seat_listed(list, len, SEAT_APPLICATION));

	/* Its rights are its own, at the same time as the other's. */
	assert_sar(seat_verify(app, USER_TYPE, "123456"), SAR_OK);
	assert_sar(SKF_CreateFile(first, T("f"), 10, SECURE_ANYONE_ACCOUNT, SECURE_USER_ACCOUNT),
		   SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_CreateFile(app, T("f"), 10, SECURE_ANYONE_ACCOUNT, SECURE_USER_ACCOUNT),
		   SAR_OK);
	assert_sar(SKF_WriteFile(app, T("f"), 0, bytes, 10), SAR_OK);
	assert_sar(seat_verify(first, USER_TYPE, DESK_PIN), SAR_OK);
	assert_sar(SKF_WriteFile(app, T("f"), 0, bytes, 10), SAR_OK);
	assert_sar(SKF_WriteFile(first, T("f"), 0, bytes, 10), SAR_FILE_NOT_EXIST);

	assert_sar(SKF_DeleteApplication(dev, T("second")), SAR_OK);
	assert_sar(SKF_CloseApplication(app), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_OpenApplication(dev, T("second"), &app), SAR_APPLICATION_NOT_EXISTS);
	assert_sar(SKF_DeleteApplication(dev, T("second")), SAR_APPLICATION_NOT_EXISTS);
}

static void
a_wrong_proof_gives_no_right(void **state)
{
	BYTE proof[16] = {0}, random[8];
	HAPPLICATION app;
	DEVHANDLE dev;

	(void)seat_fresh(&seat_desk, &no_key);
	dev = seat_device(&seat_desk, 0);
	seat_device_auth(dev, FACTORY_KEY);
	assert_sar(SKF_GenRandom(dev, random, sizeof(random)), SAR_OK);
	assert_sar(SKF_DevAuth(dev, proof, sizeof(proof)), SAR_FAIL);
	assert_sar(SKF_CreateApplication(dev, T("second"), T("admin-8421"), 10, T("123456"), 10,
					 SECURE_ANYONE_ACCOUNT, &app),
		   SAR_USER_NOT_LOGGED_IN);
	/* Without a random of its own no try is spent. */
	assert_sar(SKF_DevAuth(dev, proof, sizeof(proof)), SAR_FAIL);
	assert_sar(SKF_DevAuth(dev, proof, 8), SAR_INDATALENERR);
	assert_sar(SKF_DevAuth(dev, NULL, 16), SAR_INVALIDPARAMERR);
	seat_device_auth(dev, FACTORY_KEY);
	assert_sar(SKF_ChangeDevAuthKey(dev, proof, sizeof(proof)), SAR_NOTSUPPORTYETERR);
}

/* ---- files ---- */

static void
a_file_is_read_and_written_in_parts(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &no_key);
	ULONG len = 0;

	for (size_t i = 0; i < FILE_LEN; i++)
		bytes[i] = (BYTE)(i * 7 + i / 256);
	assert_sar(SKF_CreateFile(app, T("note"), FILE_LEN, SECURE_ANYONE_ACCOUNT,
				  SECURE_USER_ACCOUNT),
		   SAR_OK);
	assert_sar(SKF_CreateFile(app, T("note"), FILE_LEN, SECURE_ANYONE_ACCOUNT,
				  SECURE_USER_ACCOUNT),
		   SAR_FILE_ALREADY_EXIST);
	assert_sar(SKF_WriteFile(app, T("note"), 0, bytes, FILE_LEN), SAR_OK);
	len = sizeof(answer);
	assert_sar(SKF_ReadFile(app, T("note"), 0, FILE_LEN, answer, &len), SAR_OK);
	assert_int_equal(len, FILE_LEN);
	assert_memory_equal(answer, bytes, FILE_LEN);

	memset(bytes + 1000, 0xee, 700);
	assert_sar(SKF_WriteFile(app, T("note"), 1000, bytes + 1000, 700), SAR_OK);
	len = 1500;
	assert_sar(SKF_ReadFile(app, T("note"), 900, 1500, answer, &len), SAR_OK);
	assert_int_equal(len, 1500);
	assert_memory_equal(answer, bytes + 900, 1500);

	/* At the end there is less; behind it nothing. */
	len = 100;
	assert_sar(SKF_ReadFile(app, T("note"), FILE_LEN - 10, 100, answer, &len), SAR_OK);
	assert_int_equal(len, 10);
	len = 10; /* room for all there is, though less than was asked for */
	assert_sar(SKF_ReadFile(app, T("note"), FILE_LEN - 10, 100, answer, &len), SAR_OK);
	assert_int_equal(len, 10);
	assert_memory_equal(answer, bytes + FILE_LEN - 10, 10);
	assert_sar(SKF_ReadFile(app, T("note"), FILE_LEN - 10, 100, NULL, &len), SAR_OK);
	assert_int_equal(len, 10);
	len = 9;
	answer[0] = 0x5a;
	assert_sar(SKF_ReadFile(app, T("note"), FILE_LEN - 10, 100, answer, &len),
		   SAR_BUFFER_TOO_SMALL);
	assert_int_equal(len, 10);
	assert_int_equal(answer[0], 0x5a);
	assert_sar(SKF_ReadFile(app, T("note"), FILE_LEN + 1, 1, answer, &len),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_WriteFile(app, T("note"), FILE_LEN - 10, bytes, 11), SAR_INDATALENERR);
	assert_sar(SKF_WriteFile(app, T("note"), 0xffffffff, bytes, 11), SAR_INDATALENERR);
	assert_sar(SKF_WriteFile(app, T("note"), 0, bytes, 0), SAR_INDATALENERR);
}

static void
files_are_listed_with_their_rights(void **state)
{
	static const char long_name[] = "0123456789abcdef0123456789abcdef";
	HAPPLICATION app = seat_user(&seat_desk, &no_key);
	FILEATTRIBUTE info;
	char list[256];
	ULONG len = sizeof(list);

	assert_sar(SKF_EnumFiles(app, list, &len), SAR_OK);
	assert_int_equal(len, 2);
	assert_sar(SKF_CreateFile(app, T(long_name), 16, SECURE_ANYONE_ACCOUNT, SECURE_ADM_ACCOUNT),
		   SAR_OK);
	assert_sar(SKF_CreateFile(app, T("0123456789abcdef0123456789abcdef0"), 16,
				  SECURE_ANYONE_ACCOUNT, SECURE_ADM_ACCOUNT),
		   SAR_NAMELENERR);
	assert_sar(SKF_CreateFile(app, T("b"), 0, SECURE_ANYONE_ACCOUNT, SECURE_ADM_ACCOUNT),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_CreateFile(app, T("b"), 70000, SECURE_ANYONE_ACCOUNT, SECURE_ADM_ACCOUNT),
		   SAR_NO_ROOM);
	assert_sar(SKF_CreateFile(app, T("b"), 10, 0x02, SECURE_ADM_ACCOUNT), SAR_INVALIDPARAMERR);
	assert_sar(SKF_GetFileInfo(app, T(long_name), &info), SAR_OK);
	assert_memory_equal(info.FileName, long_name, 32);
	assert_int_equal(info.FileSize, 16);
	assert_int_equal(info.ReadRights, SECURE_ANYONE_ACCOUNT);
	assert_int_equal(info.WriteRights, SECURE_ADM_ACCOUNT);
	len = sizeof(list);
	assert_sar(SKF_EnumFiles(app, list, &len), SAR_OK);
	assert_true(seat_listed(list, len, long_name));

	assert_sar(SKF_WriteFile(app, T(long_name), 0, bytes, 4), SAR_USER_NOT_LOGGED_IN);
	assert_sar(seat_verify(app, ADMIN_TYPE, DESK_ADMIN_PIN), SAR_OK);
	assert_sar(SKF_WriteFile(app, T(long_name), 0, bytes, 4), SAR_OK);
	assert_sar(SKF_DeleteFile(app, T(long_name)), SAR_OK);
	assert_sar(SKF_DeleteFile(app, T(long_name)), SAR_FILE_NOT_EXIST);
	assert_sar(SKF_GetFileInfo(app, T(long_name), &info), SAR_FILE_NOT_EXIST);
	assert_sar(SKF_ReadFile(app, T(long_name), 0, 1, answer, &len), SAR_FILE_NOT_EXIST);
}

/* ---- containers ---- */

static void
containers_come_and_go(void **state)
{
	static const char long_name[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
	HAPPLICATION app = seat_user(&seat_desk, &sm2_key);
	HCONTAINER con = NULL;
	HCONTAINER same = NULL;
	char list[512];
	ULONG len = sizeof(list);
	ULONG type = 99;

	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_OK);
	assert_int_equal(type, CONTAINER_TYPE_ECC);
	assert_sar(SKF_OpenContainer(app, T("nobody"), &con), SAR_KEYNOTFOUNTERR);
	assert_sar(SKF_CreateContainer(app, T(DESK_CONTAINER), &con), SAR_FAIL);
	assert_sar(SKF_CreateContainer(app, T(long_name), &con), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_OK);
	assert_int_equal(type, CONTAINER_TYPE_EMPTY);
	assert_sar(SKF_EnumContainer(app, list, &len), SAR_OK);
	assert_true(seat_listed(list, len, long_name));
	assert_true(seat_listed(list, len, DESK_CONTAINER));
	assert_sar(SKF_OpenContainer(app, T(long_name), &same), SAR_OK);
	assert_ptr_not_equal(con, same);
	assert_sar(SKF_CloseContainer(same), SAR_OK);
	assert_sar(SKF_DeleteContainer(app, T(long_name)), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_INVALIDHANDLEERR);
	assert_sar(SKF_DeleteContainer(app, T(long_name)), SAR_KEYNOTFOUNTERR);
	assert_sar(SKF_ClearSecureState(app), SAR_OK);
	assert_sar(SKF_DeleteContainer(app, T(DESK_CONTAINER)), SAR_USER_NOT_LOGGED_IN);
}

static void
an_rsa_container_says_so(void **state)
{
	HAPPLICATION app = seat_fresh(&seat_desk, &rsa_key);
	HCONTAINER con = NULL;
	ULONG type = 99;

	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_OK);
	assert_int_equal(type, CONTAINER_TYPE_RSA);
}

static void
certificates_of_both_pairs_are_kept_apart(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &sm2_key);
	BYTE sign[4096], enc[4096], got[4096];
	ULONG sign_len = (ULONG)oracle_certificate("sm2", "sign", sign, sizeof(sign));
	ULONG enc_len = (ULONG)oracle_certificate("sm2", "enc", enc, sizeof(enc));
	HCONTAINER con = NULL;
	HCONTAINER empty = NULL;
	ULONG len = 0;

	assert_sar(SKF_OpenContainer(app, T(DESK_CONTAINER), &con), SAR_OK);
	assert_sar(SKF_ExportCertificate(con, TRUE, NULL, &len), SAR_OK);
	assert_int_equal(len, sign_len);
	len--;
	assert_sar(SKF_ExportCertificate(con, TRUE, got, &len), SAR_BUFFER_TOO_SMALL);
	assert_sar(SKF_ExportCertificate(con, TRUE, got, &len), SAR_OK);
	assert_memory_equal(got, sign, sign_len);
	len = sizeof(got);
	assert_sar(SKF_ExportCertificate(con, FALSE, got, &len), SAR_OK);
	assert_int_equal(len, enc_len);
	assert_memory_equal(got, enc, enc_len);

	assert_sar(SKF_CreateContainer(app, T("empty"), &empty), SAR_OK);
	assert_sar(SKF_ExportCertificate(empty, TRUE, got, &len), SAR_CERTNOTFOUNTERR);
	assert_sar(SKF_ImportCertificate(empty, TRUE, sign, 0), SAR_INDATALENERR);
	assert_sar(SKF_ImportCertificate(empty, TRUE, NULL, 10), SAR_INVALIDPARAMERR);
	assert_sar(SKF_ImportCertificate(con, TRUE, enc, enc_len), SAR_OK);
	len = sizeof(got);
	assert_sar(SKF_ExportCertificate(con, TRUE, got, &len), SAR_OK);
	assert_memory_equal(got, enc, enc_len);
}

/* ---- side by side ---- */

static void
what_one_interface_makes_the_other_sees(void **state)
{
	HAPPLICATION app = seat_user(&seat_desk, &no_key);
	ECCPUBLICKEYBLOB made = {0};
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	HCONTAINER con = NULL;
	CK_BYTE point[100];
	CK_ULONG len;
	ULONG type = 99;

	assert_sar(SKF_CreateContainer(app, T("by skf"), &con), SAR_OK);
	assert_sar(SKF_GenECCKeyPair(con, SGD_SM2_1, &made), SAR_OK);
	session = desk_session(&seat_desk, 0);
	assert_rv(desk_login(&seat_desk, session, CKU_USER, DESK_PIN), CKR_OK);
	key = desk_find(&seat_desk, session, CKO_PUBLIC_KEY, 0);
	assert_int_not_equal(key, CK_INVALID_HANDLE);
	len = desk_attribute(&seat_desk, session, key, CKA_EC_POINT, point, sizeof(point));
	assert_int_equal(len, 67); /* 04 41 04 X Y */
	assert_memory_equal(point + 3, made.XCoordinate + 32, 32);
	assert_memory_equal(point + 35, made.YCoordinate + 32, 32);

	assert_rv(desk_generate(&seat_desk, session, "rsa", "by pkcs11"), CKR_OK);
	assert_sar(SKF_OpenContainer(app, T("by pkcs11"), &con), SAR_OK);
	assert_sar(SKF_GetContainerType(con, &type), SAR_OK);
	assert_int_equal(type, CONTAINER_TYPE_RSA);
	assert_rv(seat_desk.f->C_CloseSession(session), CKR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(applications_are_made_with_the_device_key, seat_clear),
		cmocka_unit_test_teardown(a_wrong_proof_gives_no_right, seat_clear),
		cmocka_unit_test_teardown(a_file_is_read_and_written_in_parts, seat_clear),
		cmocka_unit_test_teardown(files_are_listed_with_their_rights, seat_clear),
		cmocka_unit_test_teardown(containers_come_and_go, seat_clear),
		cmocka_unit_test_teardown(an_rsa_container_says_so, seat_clear),
		cmocka_unit_test_teardown(certificates_of_both_pairs_are_kept_apart, seat_clear),
		cmocka_unit_test_teardown(what_one_interface_makes_the_other_sees, seat_clear),
	};

	return cmocka_run_group_tests_name("SKF store", tests, seat_up, seat_down);
}
