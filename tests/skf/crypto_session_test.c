/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys through SKF_*: in, out, and how they are lost; OpenSSL and a second key beside it.
 */
#include "tests/skf/crypto_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};
static const struct desk_key rsa_key = {.alg = "rsa"};
static const struct desk_key each_use = {.alg = "sm2", .model = "VC"};

/* ---- in and out ---- */

static void
what_one_key_exports_another_imports(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *from = crypto_user(desk, 0, &sm2_key);
	struct seat *to = crypto_user(desk, 1, &sm2_key);
	BYTE blob[offsetof(ECCCIPHERBLOB, Cipher) + 16 + 4] __attribute__((aligned(4)));
	ECCPUBLICKEYBLOB pub;
	ULONG len = sizeof(pub);
	HANDLE here = NULL;
	HANDLE there = NULL;
	uint8_t cipher[112];
	uint8_t again[112];

	memset(blob, 0x5a, sizeof(blob));
	assert_sar(SKF_ExportPublicKey(to->con, FALSE, (BYTE *)&pub, &len), SAR_OK);
	assert_sar(
		SKF_ECCExportSessionKey(from->con, SGD_SM4_CBC, &pub, (ECCCIPHERBLOB *)blob, &here),
		SAR_OK);
	assert_int_equal(blob[sizeof(blob) - 4], 0x5a);
	assert_sar(SKF_ImportSessionKey(to->con, SGD_SM4_CBC, blob, sizeof(blob) - 4, &there),
		   SAR_OK);
	len = sizeof(cipher);
	assert_sar(SKF_EncryptInit(here, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Encrypt(here, crypto_text, 100, cipher, &len), SAR_OK);
	assert_sar(SKF_DecryptInit(there, crypto_iv_padded), SAR_OK);
	assert_sar(SKF_Decrypt(there, cipher, len, again, &len), SAR_OK);
	assert_int_equal(len, 100);
	assert_memory_equal(again, crypto_text, 100);
}

static void
openssl_opens_what_is_exported(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	BYTE blob[offsetof(ECCCIPHERBLOB, Cipher) + 16] __attribute__((aligned(4)));
	struct recipient sm2 = recipient_new(256);
	struct recipient rsa = recipient_new(1024);
	ECCPUBLICKEYBLOB ecc = crypto_ecc_of(&sm2.key);
	RSAPUBLICKEYBLOB rsa_blob = crypto_rsa_of(&rsa.key);
	const ECCCIPHERBLOB *made = (const ECCCIPHERBLOB *)blob;
	uint8_t cipher[112];
	uint8_t bytes[256];
	uint8_t ours[32];
	uint8_t theirs[32];
	HANDLE key = NULL;
	BYTE wrapped[256];
	ULONG len = 0;

	assert_sar(
		SKF_ECCExportSessionKey(seat->con, SGD_SM4_ECB, &ecc, (ECCCIPHERBLOB *)blob, &key),
		SAR_OK);
	assert_int_equal(made->CipherLen, 16);
	memcpy(cipher, made->XCoordinate + 32, 32);
	memcpy(cipher + 32, made->YCoordinate + 32, 32);
	memcpy(cipher + 64, made->HASH, 32);
	memcpy(cipher + 96, blob + offsetof(ECCCIPHERBLOB, Cipher), 16);
	assert_int_equal(recipient_open_sm2(&sm2, uk_span_of(cipher, 112), bytes, 256), 16);
	(void)crypto_sm4("SM4-ECB", true, bytes, NULL, uk_span_of(crypto_text, 20), theirs);
	assert_sar(SKF_EncryptInit(key, crypto_iv_padded), SAR_OK);
	len = 32;
	assert_sar(SKF_Encrypt(key, crypto_text, 20, ours, &len), SAR_OK);
	assert_memory_equal(ours, theirs, 32);

	len = 0;
	assert_sar(SKF_RSAExportSessionKey(seat->con, SGD_SM4_ECB, &rsa_blob, NULL, &len, &key),
		   SAR_OK);
	assert_int_equal(len, 128);
	len = 127;
	assert_sar(SKF_RSAExportSessionKey(seat->con, SGD_SM4_ECB, &rsa_blob, wrapped, &len, &key),
		   SAR_BUFFER_TOO_SMALL);
	assert_int_equal(len, 128);
	assert_sar(SKF_RSAExportSessionKey(seat->con, SGD_SM4_ECB, &rsa_blob, wrapped, &len, &key),
		   SAR_OK);
	assert_int_equal(recipient_open_rsa(&rsa, uk_span_of(wrapped, len), bytes, 256), 16);
	(void)crypto_sm4("SM4-ECB", true, bytes, NULL, uk_span_of(crypto_text, 20), theirs);
	assert_sar(SKF_EncryptInit(key, crypto_iv_padded), SAR_OK);
	len = 32;
	assert_sar(SKF_Encrypt(key, crypto_text, 20, ours, &len), SAR_OK);
	assert_memory_equal(ours, theirs, 32);
	recipient_free(&sm2);
	recipient_free(&rsa);
}

static void
an_rsa_container_takes_session_keys(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &rsa_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);

	crypto_there_and_back(key, SGD_SM4_CBC, true, 77);
}

static void
what_cannot_be_a_wrapped_key_is_not_sent(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	BYTE wrapped[512] __attribute__((aligned(4)));
	ECCCIPHERBLOB *blob = (ECCCIPHERBLOB *)wrapped;
	ULONG len = crypto_wrap(seat, crypto_key, wrapped);
	long before = desk_command_count(&desk->p11, 0, 0xa0);
	HANDLE key = (HANDLE)&before;
	HANDLE none = key;

	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, NULL, len, &key),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len, NULL),
		   SAR_INVALIDPARAMERR);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM1_ECB, wrapped, len, &key),
		   SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_OFB, wrapped, len, &key),
		   SAR_NOTSUPPORTYETERR);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len - 1, &key),
		   SAR_INDATALENERR);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len + 5, &key),
		   SAR_INDATALENERR);
	for (ULONG i = 0; i < 3; i++) {
		static const ULONG lies[] = {0, 17, 0xffffffff};

		blob->CipherLen = lies[i];
		assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len, &key),
			   SAR_INDATALENERR);
	}
	blob->CipherLen = 16;
	for (size_t at = 0; at < 32; at += 31) {
		blob->YCoordinate[at] = 1; /* a number longer than 256 bits */
		assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len, &key),
			   SAR_INDATAERR);
		blob->YCoordinate[at] = 0;
	}
	assert_int_equal(desk_command_count(&desk->p11, 0, 0xa0), before);
	/* and what is damaged is refused by the key */
	blob->HASH[3] ^= 1;
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len, &key), SAR_INDATAERR);
	assert_ptr_equal(key, none);
	blob->HASH[3] ^= 1;
	/* what programs with sizeof() pass, and where a byte buffer may begin */
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped, len + 4, &key), SAR_OK);
	memmove(wrapped + 1, wrapped, len);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_ECB, wrapped + 1, len, &key), SAR_OK);
}

static void
the_ninth_key_finds_no_room_until_one_closes(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	BYTE wrapped[512] __attribute__((aligned(4)));
	ULONG len = crypto_wrap(seat, crypto_key, wrapped);
	HANDLE keys[8];
	HANDLE ninth = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_CBC, wrapped, len, &ninth), SAR_NO_ROOM);
	assert_sar(SKF_CloseHandle(keys[3]), SAR_OK);
	assert_sar(SKF_CloseHandle(keys[3]), SAR_INVALIDHANDLEERR);
	ninth = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	crypto_there_and_back(ninth, SGD_SM4_CBC, true, 33);
	crypto_there_and_back(keys[7], SGD_SM4_CBC, true, 33);
	/* a container that closes takes its keys with it, in the key as well */
	assert_sar(SKF_CloseContainer(seat->con), SAR_OK);
	assert_sar(SKF_EncryptInit(keys[7], crypto_iv), SAR_INVALIDHANDLEERR);
}

static void
closed_containers_leave_no_keys_behind(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	char name[] = DESK_CONTAINER;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 8; i++)
			(void)crypto_import(seat, SGD_SM4_CBC, crypto_key);
		assert_sar(SKF_CloseContainer(seat->con), SAR_OK);
		assert_sar(SKF_OpenContainer(seat->app, name, &seat->con), SAR_OK);
	}
}

static void
keys_closed_while_logged_out_make_room_later(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_seat(desk, 0, &sm2_key);

	/* as a program does that logs out before it tidies up */
	for (int i = 0; i < 20; i++) {
		HANDLE key;

		crypto_login(seat);
		key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
		assert_sar(SKF_ClearSecureState(seat->app), SAR_OK);
		assert_sar(SKF_CloseHandle(key), SAR_OK);
	}
	assert_int_equal(desk_command_count(&desk->p11, 0, 0xc4), 16);
	/* for one that the key makes, too */
	struct recipient who = recipient_new(256);
	ECCPUBLICKEYBLOB pub = crypto_ecc_of(&who.key);
	BYTE blob[offsetof(ECCCIPHERBLOB, Cipher) + 16] __attribute__((aligned(4)));
	crypto_login(seat);
	for (int i = 0; i < 8; i++) {
		HANDLE key = NULL;

		assert_sar(SKF_ECCExportSessionKey(seat->con, SGD_SM4_CBC, &pub,
						   (ECCCIPHERBLOB *)blob, &key),
			   SAR_OK);
	}
	recipient_free(&who);
}

/* ---- loss ---- */

static void
logged_out_nothing_runs(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	BYTE wrapped[512] __attribute__((aligned(4)));
	ULONG wrapped_len = crypto_wrap(seat, crypto_key, wrapped);
	struct recipient who = recipient_new(256);
	ECCPUBLICKEYBLOB pub = crypto_ecc_of(&who.key);
	uint8_t out[64];
	ULONG len = sizeof(out);
	HANDLE none = NULL;

	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_ClearSecureState(seat->app), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ImportSessionKey(seat->con, SGD_SM4_CBC, wrapped, wrapped_len, &none),
		   SAR_USER_NOT_LOGGED_IN);
	assert_sar(SKF_ECCExportSessionKey(seat->con, SGD_SM4_CBC, &pub, (ECCCIPHERBLOB *)wrapped,
					   &none),
		   SAR_USER_NOT_LOGGED_IN);
	crypto_login(seat);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_OK);
	recipient_free(&who);
}

static void
a_key_lost_to_a_reset_says_so(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	BLOCKCIPHERPARAM iv = crypto_iv;
	HANDLE mac = NULL;
	HANDLE fresh;
	uint8_t out[64];
	ULONG len = sizeof(out);

	assert_sar(SKF_MacInit(key, &iv, &mac), SAR_OK);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	crypto_reset(&desk->p11, 0);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_KEYNOTFOUNTERR);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_USER_NOT_LOGGED_IN);
	crypto_login(seat);
	assert_sar(SKF_Mac(mac, crypto_text, 16, out, &len), SAR_KEYNOTFOUNTERR);
	/* another one takes its place in the key: the old handle does not mean it */
	fresh = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_KEYNOTFOUNTERR);
	assert_sar(SKF_CloseHandle(key), SAR_OK);
	assert_sar(SKF_CloseHandle(mac), SAR_INVALIDHANDLEERR);
	crypto_there_and_back(fresh, SGD_SM4_CBC, true, 40);
}

static void
a_pulled_key_says_so_and_its_handles_can_be_closed(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t out[64];
	ULONG len = sizeof(out);

	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	desk_pull(&desk->p11, 0);
	assert_sar(SKF_EncryptUpdate(key, crypto_text, 16, out, &len), SAR_DEVICE_REMOVED);
	assert_sar(SKF_CloseHandle(key), SAR_OK);
	desk_plug_again(&desk->p11, 0, &sm2_key);
	crypto_open(desk, 0);
	crypto_login(seat);
	key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	desk_tell(&desk->p11, 0, "fault ins a6 pull-before");
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_DEVICE_REMOVED);
	crypto_plug_back(&desk->p11, 0);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_DEVICE_REMOVED);
}

static void
where_the_right_is_for_one_use_session_keys_live_on(void **state)
{
	struct seat *seat = crypto_user(*state, 0, &each_use);
	HANDLE key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	uint8_t out[64];
	ULONG len = sizeof(out);

	/* unwrapping was the use */
	crypto_login(seat);
	assert_sar(SKF_EncryptInit(key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(key, crypto_text, 16, out, &len), SAR_OK);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_one_key_exports_another_imports),
		TEST(openssl_opens_what_is_exported),
		TEST(an_rsa_container_takes_session_keys),
		TEST(what_cannot_be_a_wrapped_key_is_not_sent),
		TEST(the_ninth_key_finds_no_room_until_one_closes),
		TEST(closed_containers_leave_no_keys_behind),
		TEST(keys_closed_while_logged_out_make_room_later),
		TEST(logged_out_nothing_runs),
		TEST(a_key_lost_to_a_reset_says_so),
		TEST(a_pulled_key_says_so_and_its_handles_can_be_closed),
		TEST(where_the_right_is_for_one_use_session_keys_live_on),
	};

	return cmocka_run_group_tests_name("skf: session keys", tests, crypto_desk_start,
					   crypto_desk_stop);
}
