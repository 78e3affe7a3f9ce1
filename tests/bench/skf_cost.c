/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a job costs through SKF_* beside the same job through C_*: commands, which must not be more
 * than the goal, and CPU time of this process, which is for the reader.
 */
#include "tests/bench/meter.h"
#include "tests/skf/crypto_desk.h"

#include "common/openukey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS   20
#define TURNS    5
#define DATA_LEN 1024

static const struct desk_key sm2_key = {.alg = "sm2"};

static struct crypto_desk *desk;
static struct seat *seat;
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE sign_key, public_key, secret_key;
static HANDLE session_key;

static BYTE digest[32], signature[64], data[DATA_LEN], result[DATA_LEN];
static ECCSIGNATUREBLOB signature_blob;
static ECCPUBLICKEYBLOB public_blob;
static BYTE wrapped_blob[512] __attribute__((aligned(4)));
static BYTE wrapped_raw[256];
static ULONG wrapped_blob_len;
static CK_ULONG wrapped_raw_len;

/* ---- the same jobs twice ---- */

static void
skf_sign(void)
{
	assert_sar(SKF_ECCSignData(seat->con, digest, sizeof(digest), &signature_blob), SAR_OK);
}

static void
p11_sign(void)
{
	CK_MECHANISM mech = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};
	CK_ULONG len = sizeof(signature);

	assert_rv(desk->p11.f->C_SignInit(session, &mech, sign_key), CKR_OK);
	assert_rv(desk->p11.f->C_Sign(session, digest, sizeof(digest), signature, &len), CKR_OK);
}

static void
skf_verify(void)
{
	assert_sar(SKF_ECCVerify(seat->dev, &public_blob, digest, sizeof(digest), &signature_blob),
		   SAR_OK);
}

static void
p11_verify(void)
{
	CK_MECHANISM mech = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};

	assert_rv(desk->p11.f->C_VerifyInit(session, &mech, public_key), CKR_OK);
	assert_rv(desk->p11.f->C_Verify(session, digest, sizeof(digest), signature,
					sizeof(signature)),
		  CKR_OK);
}

static void
skf_random(void)
{
	assert_sar(SKF_GenRandom(seat->dev, result, 32), SAR_OK);
}

static void
p11_random(void)
{
	assert_rv(desk->p11.f->C_GenerateRandom(session, result, 32), CKR_OK);
}

static void
skf_unwrap(void)
{
	HANDLE key = NULL;

	assert_sar(
		SKF_ImportSessionKey(seat->con, SGD_SM4_CBC, wrapped_blob, wrapped_blob_len, &key),
		SAR_OK);
	assert_sar(SKF_CloseHandle(key), SAR_OK);
}

static CK_OBJECT_HANDLE
p11_unwrapped(void)
{
	CK_MECHANISM mech = {CKM_VENDOR_SM2_RAW, NULL, 0};
	CK_OBJECT_HANDLE key = 0;

	assert_rv(desk->p11.f->C_UnwrapKey(session, &mech,
					   desk_find(&desk->p11, session, CKO_PRIVATE_KEY, 1),
					   wrapped_raw, wrapped_raw_len, NULL, 0, &key),
		  CKR_OK);
	return key;
}

static void
p11_unwrap(void)
{
	assert_rv(desk->p11.f->C_DestroyObject(session, p11_unwrapped()), CKR_OK);
}

static void
skf_encrypt(void)
{
	ULONG len = sizeof(result);

	assert_sar(SKF_EncryptInit(session_key, crypto_iv), SAR_OK);
	assert_sar(SKF_Encrypt(session_key, data, sizeof(data), result, &len), SAR_OK);
}

static void
p11_encrypt(void)
{
	BYTE iv[16];
	CK_MECHANISM mech = {CKM_VENDOR_SM4_CBC, iv, sizeof(iv)};
	CK_ULONG len = sizeof(result);

	memcpy(iv, crypto_iv.IV, sizeof(iv));
	assert_rv(desk->p11.f->C_EncryptInit(session, &mech, secret_key), CKR_OK);
	assert_rv(desk->p11.f->C_Encrypt(session, data, sizeof(data), result, &len), CKR_OK);
}

static void
skf_digest(void)
{
	HANDLE hash = NULL;
	ULONG len = sizeof(result);

	assert_sar(SKF_DigestInit(seat->dev, SGD_SM3, NULL, NULL, 0, &hash), SAR_OK);
	assert_sar(SKF_Digest(hash, data, sizeof(data), result, &len), SAR_OK);
	assert_sar(SKF_CloseHandle(hash), SAR_OK);
}

static void
p11_digest(void)
{
	CK_MECHANISM mech = {CKM_VENDOR_SM3, NULL, 0};
	CK_ULONG len = sizeof(result);

	assert_rv(desk->p11.f->C_DigestInit(session, &mech), CKR_OK);
	assert_rv(desk->p11.f->C_Digest(session, data, sizeof(data), result, &len), CKR_OK);
}

/* From a key that was just plugged in to its first signature. */
static void
skf_first(void)
{
	crypto_open(desk, 0);
	crypto_login(seat);
	skf_sign();
}

static void
p11_first(void)
{
	session = desk_session(&desk->p11, 0);
	assert_rv(desk_login(&desk->p11, session, CKU_USER, DESK_PIN), CKR_OK);
	sign_key = desk_find(&desk->p11, session, CKO_PRIVATE_KEY, 0);
	p11_sign();
}

/* goal: commands of one go through SKF_* */
static const struct job {
	const char *name;
	void (*skf)(void);
	void (*p11)(void);
	long goal;
} jobs[] = {
	{"sign a digest", skf_sign, p11_sign, 1},
	{"verify", skf_verify, p11_verify, 0},
	{"32 random bytes", skf_random, p11_random, 1},
	{"session key in, away", skf_unwrap, p11_unwrap, 2},
	{"SM4-CBC of 1 KiB", skf_encrypt, p11_encrypt, 2},
	{"SM3 of 1 KiB", skf_digest, p11_digest, 0},
};

/*
 * SKF_OpenApplication looks for the name, SKF_OpenContainer whether there is such a one,
 * SKF_VerifyPIN whose key it is; then what C_Login and C_Sign do. C_* read certificates instead.
 */
#define FIRST_GOAL 10

/* ---- counting ---- */

static long
commands_of(void (*job)(void))
{
	long before = desk_status(&desk->p11, 0, "commands");

	job();
	return desk_status(&desk->p11, 0, "commands") - before;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* CPU microseconds of one go: the lower quartile of several turns. */
static double
cpu_of(void (*job)(void))
{
	double turns[TURNS];

	for (size_t i = 0; i < TURNS; i++) {
		double start = meter_cpu_us();

		for (int round = 0; round < ROUNDS; round++)
			job();
		turns[i] = (meter_cpu_us() - start) / ROUNDS;
	}
	qsort(turns, TURNS, sizeof(turns[0]), ascending);
	return turns[TURNS / 4];
}

/* What the jobs need; the first ones have opened both ways already. */
static void
prepare(void)
{
	ULONG len = sizeof(public_blob);

	public_key = desk_find(&desk->p11, session, CKO_PUBLIC_KEY, 0);
	assert_sar(SKF_ExportPublicKey(seat->con, TRUE, (BYTE *)&public_blob, &len), SAR_OK);
	wrapped_blob_len = crypto_wrap(seat, crypto_key, wrapped_blob);
	wrapped_raw_len = oracle_wrap("sm2", false, crypto_key, wrapped_raw, sizeof(wrapped_raw));
	session_key = crypto_import(seat, SGD_SM4_CBC, crypto_key);
	secret_key = p11_unwrapped();
	/* the key is asked once how much it takes */
	skf_encrypt();
	p11_encrypt();
}

static void
jobs_cost_no_more_than_their_goals(void **state)
{
	long first[2];

	desk = *state;
	seat = &desk->seats[0];
	desk_plug(&desk->p11, 0, &sm2_key);
	first[0] = commands_of(skf_first);
	first[1] = commands_of(p11_first);
	prepare();
	print_message("%-24s %14s %14s %10s %10s\n", "job", "SKF commands", "C_ commands", "SKF us",
		      "C_ us");
	print_message("%-24s %14ld %14ld\n", "first signature", first[0], first[1]);
	assert_true(first[0] <= FIRST_GOAL);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
		long skf = commands_of(jobs[i].skf);
		long p11 = commands_of(jobs[i].p11);

		print_message("%-24s %14ld %14ld %10.1f %10.1f\n", jobs[i].name, skf, p11,
			      cpu_of(jobs[i].skf), cpu_of(jobs[i].p11));
		assert_true(skf <= jobs[i].goal);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(jobs_cost_no_more_than_their_goals, crypto_desk_clear),
	};

	return cmocka_run_group_tests_name("bench: SKF beside PKCS#11", tests, crypto_desk_start,
					   crypto_desk_stop);
}
