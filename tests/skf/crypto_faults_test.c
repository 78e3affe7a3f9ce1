/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cryptography of SKF_* with keys that answer anything or go at any moment. */
#include "tests/skf/crypto_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct desk_key sm2_key = {.alg = "sm2"};

/* Each command of ours at least once; ends with the first failure. */
static ULONG
whole_life(struct seat *seat)
{
	ECCPUBLICKEYBLOB pub;
	BYTE blob[offsetof(ECCCIPHERBLOB, Cipher) + 16] __attribute__((aligned(4)));
	BLOCKCIPHERPARAM iv = crypto_iv;
	ECCSIGNATUREBLOB sig;
	BYTE bytes[64];
	ULONG len = sizeof(pub);
	HANDLE made = NULL;
	HANDLE back = NULL;
	HANDLE mac = NULL;
	ULONG sar = SKF_GenRandom(seat->dev, bytes, 16);

	if (sar == SAR_OK)
		sar = SKF_ECCSignData(seat->con, crypto_text, 32, &sig);
	if (sar == SAR_OK)
		sar = SKF_ExportPublicKey(seat->con, FALSE, (BYTE *)&pub, &len);
	if (sar == SAR_OK)
		sar = SKF_ECCExportSessionKey(seat->con, SGD_SM4_CBC, &pub, (ECCCIPHERBLOB *)blob,
					      &made);
	if (sar == SAR_OK)
		sar = SKF_ImportSessionKey(seat->con, SGD_SM4_CBC, blob, sizeof(blob), &back);
	if (sar == SAR_OK)
		sar = SKF_EncryptInit(made, crypto_iv_padded);
	len = sizeof(bytes);
	if (sar == SAR_OK)
		sar = SKF_Encrypt(made, crypto_text, 20, bytes, &len);
	if (sar == SAR_OK)
		sar = SKF_DecryptInit(back, crypto_iv_padded);
	if (sar == SAR_OK)
		sar = SKF_Decrypt(back, bytes, 32, bytes, &len);
	if (sar == SAR_OK)
		sar = SKF_MacInit(back, &iv, &mac);
	len = sizeof(bytes);
	if (sar == SAR_OK)
		sar = SKF_Mac(mac, crypto_text, 64, bytes, &len);
	if (sar == SAR_OK)
		sar = SKF_ExtECCEncrypt(seat->dev, &pub, crypto_text, 16, (ECCCIPHERBLOB *)blob);
	/* as programs do it, whatever went before */
	if (made != NULL)
		crypto_sar_check(SKF_CloseHandle(made));
	if (back != NULL)
		crypto_sar_check(SKF_CloseHandle(back));
	return sar;
}

static void
pulled_at_any_command_it_says_so(void **state)
{
	struct crypto_desk *desk = *state;
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	unsigned int n = 1;

	for (;; n++) {
		char line[64];
		BYTE byte;
		ULONG sar;

		(void)snprintf(line, sizeof(line), "fault at %u pull-%s", n,
			       n % 2 ? "before" : "after");
		desk_tell(&desk->p11, 0, line);
		sar = whole_life(seat);
		if (sar == SAR_OK)
			sar = SKF_GenRandom(seat->dev, &byte, 1);
		if (sar == SAR_OK)
			break;
		assert_sar(sar, SAR_DEVICE_REMOVED);
		crypto_plug_back(&desk->p11, 0);
		assert_sar(whole_life(seat), SAR_DEVICE_REMOVED);
		assert_sar(SKF_DisConnectDev(seat->dev), SAR_OK);
		crypto_open(desk, 0);
		crypto_login(seat);
		assert_true(n < 60);
	}
	assert_true(n > 14);
	desk_tell(&desk->p11, 0, "fault clear");
	assert_sar(whole_life(seat), SAR_OK);
	assert_int_equal(crypto_tries_left(seat), 10);
}

static void
whatever_the_key_answers_it_is_bounded(void **state)
{
	struct crypto_desk *desk = *state;
	static const char *const inses[] = {"50", "74", "88", "78", "a0", "a4", "a6",
					    "ac", "ae", "bc", "be", "7a", "c4"};
	static const char *const kinds[] = {"noise 0 1",   "noise 31 2",  "noise 112 3",
					    "noise 154 4", "noise 155 5", "noise 9000 6",
					    "junk 300",    "sw 6982",     "sw 6a8c",
					    "sw 6f00",     "flip 2"};
	struct seat *seat = crypto_user(desk, 0, &sm2_key);
	size_t step = crypto_long_run() ? 1 : 5;

	for (size_t i = 0; i < ARRAY_SIZE(inses) * ARRAY_SIZE(kinds); i += step) {
		char line[64];

		(void)snprintf(line, sizeof(line), "fault ins %s %s", inses[i % ARRAY_SIZE(inses)],
			       kinds[i / ARRAY_SIZE(inses)]);
		desk_tell(&desk->p11, 0, line);
		crypto_sar_check(whole_life(seat));
		desk_tell(&desk->p11, 0, "fault clear");
		/* what it left in the key goes with a reset */
		crypto_reset(&desk->p11, 0);
		assert_sar(SKF_DisConnectDev(seat->dev), SAR_OK);
		crypto_open(desk, 0);
		crypto_login(seat);
	}
	assert_sar(whole_life(seat), SAR_OK);
}

#define TEST(name) cmocka_unit_test_teardown(name, crypto_desk_clear)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pulled_at_any_command_it_says_so),
		TEST(whatever_the_key_answers_it_is_bounded),
	};

	return cmocka_run_group_tests_name("skf: keys at fault", tests, crypto_desk_start,
					   crypto_desk_stop);
}
