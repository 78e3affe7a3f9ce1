/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that was written for GM/T 0016 and never heard of us: it enrols at a CA with a blank
 * key, signs, opens envelopes, keeps a file, changes, locks and unlocks the PIN.  The other side of
 * each is plain OpenSSL.  Keys sit behind the real pcscd.
 */
#include "tests/rig/rig.h"
#include "tests/skf/stranger/other_side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define APPLICATION "StrangerApp"
#define ADMIN_PIN   "admin-8421"
#define FIRST_PIN   "123456"
#define PIN         "kx83mq20"
#define TRIES       5
#define UNIT        "Stranger Fruit Ltd"

static const uint8_t factory_key[SM4_KEY + 1] = "1234567812345678";

/* What a program holds open. */
struct seat {
	struct rig *rig;
	char device[1024]; /* its name; others may follow it */
	sk_handle dev, app, con;
	sk_ecc_public signing;
};

#define good(call) assert_int_equal(call, SK_OK)

/* ---- the key ---- */

static void
find_device(struct seat *seat)
{
	sk_ulong size = sizeof(seat->device);

	good(SKF_EnumDev(1, seat->device, &size));
	assert_true(size > 2 && size <= sizeof(seat->device) && seat->device[size - 1] == '\0');
	good(SKF_ConnectDev(seat->device, &seat->dev));
}

/* Device authentication: the key's random, enciphered with the device's key (8.2.3). */
static void
prove_device(struct seat *seat)
{
	uint8_t random[SM4_KEY] = {0}, answer[SM4_KEY];

	good(SKF_GenRandom(seat->dev, random, 8));
	sm4_block(factory_key, random, answer);
	good(SKF_DevAuth(seat->dev, answer, sizeof(answer)));
}

static void
log_in(struct seat *seat, const char *pin)
{
	sk_ulong left = 99;
	char typed[32];

	snprintf(typed, sizeof(typed), "%s", pin);
	good(SKF_VerifyPIN(seat->app, SK_USER, typed, &left));
}

static int
seat_take(void **state)
{
	struct seat *seat = calloc(1, sizeof(*seat));
	char file[256];

	*state = seat;
	seat->rig = rig_start(1);
	if (seat->rig == NULL)
		return -1;
	snprintf(file, sizeof(file), "%s/blank", rig_dir(seat->rig));
	if (!rig_plug(seat->rig, 0, file, NULL))
		return -1;
	find_device(seat);
	prove_device(seat);
	good(SKF_CreateApplication(seat->dev, (char[]){APPLICATION}, (char[]){ADMIN_PIN}, TRIES,
				   (char[]){FIRST_PIN}, TRIES, SK_USER_ACCOUNT, &seat->app));
	log_in(seat, FIRST_PIN);
	return 0;
}

static int
seat_leave(void **state)
{
	struct seat *seat = *state;

	if (seat->app != NULL)
		SKF_CloseApplication(seat->app);
	if (seat->dev != NULL)
		SKF_DisConnectDev(seat->dev);
	rig_stop(seat->rig);
	free(seat);
	return 0;
}

/* ---- enrolment ---- */

static void
import_certificate(struct seat *seat, EVP_PKEY *subject, int32_t signing)
{
	uint8_t der[CERT_ROOM], back[CERT_ROOM];
	size_t len = certify(subject, UNIT, der);
	sk_ulong back_len = 0;
	EVP_PKEY *key = NULL;

	good(SKF_ImportCertificate(seat->con, signing, der, (sk_ulong)len));
	good(SKF_ExportCertificate(seat->con, signing, NULL, &back_len));
	assert_true(back_len >= len && back_len <= sizeof(back));
	good(SKF_ExportCertificate(seat->con, signing, back, &back_len));
	assert_int_equal(back_len, len);
	assert_memory_equal(back, der, len);
	key = certified(back, back_len);
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_eq(key, subject), 1);
	EVP_PKEY_free(key);
}

/* Both certificates; the CA's encryption pair is returned, as the CA keeps it. */
static EVP_PKEY *
enrol(struct seat *seat)
{
	EVP_PKEY *signing = NULL, *encryption = sm2_make();
	sk_enveloped envelope;
	sk_ulong type = 0;

	good(SKF_CreateContainer(seat->app, (char[]){"unit-2026"}, &seat->con));
	good(SKF_GenECCKeyPair(seat->con, SK_SM2_SIGN, &seat->signing));
	assert_int_equal(seat->signing.bits, 256);
	signing = sm2_from_blob(&seat->signing);
	import_certificate(seat, signing, 1);
	wrap_pair(encryption, &seat->signing, &envelope);
	good(SKF_ImportECCKeyPair(seat->con, &envelope));
	import_certificate(seat, encryption, 0);
	good(SKF_GetContainerType(seat->con, &type));
	assert_int_equal(type, SK_TYPE_ECC);
	EVP_PKEY_free(signing);
	return encryption;
}

static void
a_blank_key_is_enrolled_with_both_certificates(void **state)
{
	struct seat *seat = *state;
	EVP_PKEY *encryption = enrol(seat);
	sk_ecc_public blob, wanted;
	sk_ulong size = sizeof(blob);
	char names[128];

	good(SKF_ExportPublicKey(seat->con, 1, (uint8_t *)&blob, &size));
	assert_int_equal(size, sizeof(blob));
	assert_memory_equal(&blob, &seat->signing, sizeof(blob));
	good(SKF_ExportPublicKey(seat->con, 0, (uint8_t *)&blob, &size));
	sm2_to_blob(encryption, &wanted);
	assert_memory_equal(&blob, &wanted, sizeof(blob));
	size = sizeof(names);
	good(SKF_EnumContainer(seat->app, names, &size));
	assert_string_equal(names, "unit-2026");
	assert_int_equal(size, strlen("unit-2026") + 2);
	EVP_PKEY_free(encryption);
}

static void
the_devices_data_are_where_the_standard_has_them(void **state)
{
	struct seat *seat = *state;
	sk_devinfo info;

	good(SKF_GetDevInfo(seat->dev, &info));
	assert_int_equal(sizeof(info), 294);
	assert_memory_equal(info.manufacturer, "OpenUKey (virtual)", 19);
	assert_true(strnlen(info.serial, sizeof(info.serial)) > 0);
	assert_true(info.free > 0 && info.free <= info.total);
}

/* ---- signatures ---- */

/* SM3 over Z and the text, made by the library (8.6.24 to 8.6.27). */
static void
digest(struct seat *seat, const char *text, uint8_t out[32])
{
	sk_handle hash = NULL;
	sk_ulong len = 32;

	good(SKF_DigestInit(seat->dev, SK_SM3, &seat->signing, (uint8_t[]){SM2_ID},
			    (sk_ulong)strlen(SM2_ID), &hash));
	good(SKF_Digest(hash, (uint8_t *)(uintptr_t)text, (sk_ulong)strlen(text), out, &len));
	assert_int_equal(len, 32);
	good(SKF_CloseHandle(hash));
}

static void
what_the_key_signs_openssl_verifies_and_the_other_way_round(void **state)
{
	static const char text[] = "log in to the hall";
	struct seat *seat = *state;
	EVP_PKEY *encryption = enrol(seat), *key = sm2_from_blob(&seat->signing);
	EVP_PKEY *theirs = sm2_make();
	sk_ecc_signature signature;
	sk_ecc_public blob;
	uint8_t hash[32];

	digest(seat, text, hash);
	good(SKF_ECCSignData(seat->con, hash, sizeof(hash), &signature));
	assert_true(sm2_verifies(key, text, strlen(text), &signature));
	assert_false(sm2_verifies(key, "log in to another", 17, &signature));

	sm2_sign(theirs, text, strlen(text), &signature);
	sm2_to_blob(theirs, &blob);
	seat->signing = blob; /* whose Z it is */
	digest(seat, text, hash);
	good(SKF_ECCVerify(seat->dev, &blob, hash, sizeof(hash), &signature));
	signature.s[63] ^= 1;
	assert_int_not_equal(SKF_ECCVerify(seat->dev, &blob, hash, sizeof(hash), &signature),
			     SK_OK);
	EVP_PKEY_free(encryption);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(key);
}

static void
an_rsa_container_signs(void **state)
{
	/* DigestInfo of SHA-256 (RFC 8017, 9.2) */
	static const uint8_t prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	static const char text[] = "a declaration";
	struct seat *seat = *state;
	uint8_t info[sizeof(prefix) + 32], signature[256];
	sk_ulong len = 0, type = 0;
	sk_rsa_public blob;
	EVP_MD_CTX *verifying = EVP_MD_CTX_new();
	EVP_PKEY *key = NULL;

	good(SKF_CreateContainer(seat->app, (char[]){"rsa"}, &seat->con));
	good(SKF_GenRSAKeyPair(seat->con, 2048, &blob));
	key = rsa_from_blob(&blob);
	memcpy(info, prefix, sizeof(prefix));
	assert_int_equal(
		EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), info + sizeof(prefix), NULL),
		1);
	good(SKF_RSASignData(seat->con, info, sizeof(info), NULL, &len));
	assert_int_equal(len, 256);
	len = 255;
	assert_int_equal(SKF_RSASignData(seat->con, info, sizeof(info), signature, &len),
			 SK_BUFFER_TOO_SMALL);
	len = sizeof(signature);
	good(SKF_RSASignData(seat->con, info, sizeof(info), signature, &len));
	assert_int_equal(EVP_DigestVerifyInit(verifying, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(
		EVP_DigestVerify(verifying, signature, len, (const uint8_t *)text, strlen(text)),
		1);
	good(SKF_GetContainerType(seat->con, &type));
	assert_int_equal(type, SK_TYPE_RSA);
	EVP_MD_CTX_free(verifying);
	EVP_PKEY_free(key);
}

/* ---- envelopes ---- */

static sk_block_param
cbc(const uint8_t iv[SM4_KEY])
{
	sk_block_param param = {.iv_len = SM4_KEY, .padding = 1};

	memcpy(param.iv, iv, SM4_KEY);
	return param;
}

static void
a_letter_to_the_unit_is_opened_and_one_is_sent_back(void **state)
{
	static const uint8_t iv[SM4_KEY] = "0123456789abcde";
	static const uint8_t letter[] = "payment notice: 12,345.67 for November 2026";
	struct seat *seat = *state;
	EVP_PKEY *encryption = enrol(seat), *office = sm2_make();
	uint8_t key[SM4_KEY] = "a secret of one", closed[128], open[128], other[SM4_KEY];
	sk_ulong len = sizeof(open);
	sk_handle session = NULL;
	sk_ecc_public blob;
	sk_ecc_cipher sealed;
	size_t closed_len = sm4_cbc(true, key, iv, letter, sizeof(letter), closed);

	sm2_seal(encryption, key, &sealed);
	good(SKF_ImportSessionKey(seat->con, SK_SM4_CBC, (uint8_t *)&sealed, sizeof(sealed),
				  &session));
	good(SKF_DecryptInit(session, cbc(iv)));
	good(SKF_Decrypt(session, closed, (sk_ulong)closed_len, open, &len));
	assert_int_equal(len, sizeof(letter));
	assert_memory_equal(open, letter, sizeof(letter));
	good(SKF_CloseHandle(session));

	sm2_to_blob(office, &blob);
	memset(&sealed, 0, sizeof(sealed));
	sealed.length = sizeof(sealed.cipher);
	good(SKF_ECCExportSessionKey(seat->con, SK_SM4_CBC, &blob, &sealed, &session));
	len = sizeof(closed);
	good(SKF_EncryptInit(session, cbc(iv)));
	good(SKF_Encrypt(session, (uint8_t *)(uintptr_t)letter, sizeof(letter), closed, &len));
	assert_true(sm2_unseal(office, &sealed, other));
	assert_int_equal(sm4_cbc(false, other, iv, closed, len, open), sizeof(letter));
	assert_memory_equal(open, letter, sizeof(letter));
	good(SKF_CloseHandle(session));
	EVP_PKEY_free(encryption);
	EVP_PKEY_free(office);
}

/* ---- files ---- */

static void
a_file_is_kept_on_the_key(void **state)
{
	struct seat *seat = *state;
	uint8_t data[300], back[300];
	sk_ulong len = sizeof(back);
	sk_file info;
	char names[64];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	good(SKF_CreateFile(seat->app, (char[]){"seal.dat"}, sizeof(data), SK_ANYONE,
			    SK_USER_ACCOUNT));
	good(SKF_WriteFile(seat->app, (char[]){"seal.dat"}, 0, data, sizeof(data)));
	good(SKF_WriteFile(seat->app, (char[]){"seal.dat"}, 100, (uint8_t[]){"changed"}, 7));
	memcpy(data + 100, "changed", 7);
	good(SKF_ReadFile(seat->app, (char[]){"seal.dat"}, 0, sizeof(back), back, &len));
	assert_int_equal(len, sizeof(data));
	assert_memory_equal(back, data, sizeof(data));
	len = sizeof(back);
	good(SKF_ReadFile(seat->app, (char[]){"seal.dat"}, 98, 9, back, &len));
	assert_int_equal(len, 9);
	assert_memory_equal(back, data + 98, 9);
	good(SKF_GetFileInfo(seat->app, (char[]){"seal.dat"}, &info));
	assert_int_equal(info.size, sizeof(data));
	assert_int_equal(info.read_rights, SK_ANYONE);
	len = sizeof(names);
	good(SKF_EnumFiles(seat->app, names, &len));
	assert_string_equal(names, "seal.dat");
	good(SKF_DeleteFile(seat->app, (char[]){"seal.dat"}));
	assert_int_equal(SKF_GetFileInfo(seat->app, (char[]){"seal.dat"}, &info),
			 SK_FILE_NOT_EXIST);
}

/* ---- PINs ---- */

static void
assert_pin(struct seat *seat, sk_ulong wanted_left, int32_t wanted_first)
{
	sk_ulong max = 0, left = 0;
	int32_t first = -1;

	good(SKF_GetPINInfo(seat->app, SK_USER, &max, &left, &first));
	assert_int_equal(max, TRIES);
	assert_int_equal(left, wanted_left);
	if (wanted_first >= 0)
		assert_int_equal(first != 0, wanted_first);
}

static void
the_pin_is_changed_locked_and_unblocked(void **state)
{
	struct seat *seat = *state;
	sk_ulong left = 99;

	good(SKF_ChangePIN(seat->app, SK_USER, (char[]){FIRST_PIN}, (char[]){PIN}, &left));
	assert_pin(seat, TRIES, 0);
	for (sk_ulong try = 1; try <= TRIES; try++) {
		sk_ulong code = SKF_VerifyPIN(seat->app, SK_USER, (char[]){FIRST_PIN}, &left);

		assert_true(code == SK_PIN_INCORRECT || (try == TRIES && code == SK_PIN_LOCKED));
		assert_int_equal(left, TRIES - try);
		assert_pin(seat, TRIES - try, -1);
	}
	assert_int_equal(SKF_VerifyPIN(seat->app, SK_USER, (char[]){PIN}, &left), SK_PIN_LOCKED);
	good(SKF_UnblockPIN(seat->app, (char[]){ADMIN_PIN}, (char[]){"wd47tz91"}, &left));
	assert_pin(seat, TRIES, -1);
	log_in(seat, "wd47tz91");
}

static void
without_the_pin_nothing_is_signed(void **state)
{
	struct seat *seat = *state;
	EVP_PKEY *encryption = enrol(seat);
	sk_ecc_signature signature;
	uint8_t hash[32] = {1};

	good(SKF_ClearSecureState(seat->app));
	assert_int_equal(SKF_ECCSignData(seat->con, hash, sizeof(hash), &signature),
			 SK_USER_NOT_LOGGED_IN);
	log_in(seat, FIRST_PIN);
	good(SKF_ECCSignData(seat->con, hash, sizeof(hash), &signature));
	EVP_PKEY_free(encryption);
}

#define ON_A_KEY(test) cmocka_unit_test_setup_teardown(test, seat_take, seat_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_KEY(a_blank_key_is_enrolled_with_both_certificates),
		ON_A_KEY(the_devices_data_are_where_the_standard_has_them),
		ON_A_KEY(what_the_key_signs_openssl_verifies_and_the_other_way_round),
		ON_A_KEY(an_rsa_container_signs),
		ON_A_KEY(a_letter_to_the_unit_is_opened_and_one_is_sent_back),
		ON_A_KEY(a_file_is_kept_on_the_key),
		ON_A_KEY(the_pin_is_changed_locked_and_unblocked),
		ON_A_KEY(without_the_pin_nothing_is_signed),
	};

	stranger_load(getenv("OPENUKEY_SKF_LIBRARY"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
