/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many at once on one key: processes with threads that sign and encrypt, half of them through
 * SKF_*, half through C_*.  Whatever order it goes in, every result is right.  OPENUKEY_TEST_LONG:
 * 4 processes of 8 threads each.
 */
#include "tests/skf/crypto_desk.h"

#include "common/openukey.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 4
#define THREADS_MAX   8
#define PATIENCE_S    300
#define CIPHER_LEN    96

static const struct desk_key sm2_key = {.alg = "sm2"};

/* What the parent made before anybody began. */
static struct crypto_desk *desk;
static BYTE wrapped[512] __attribute__((aligned(4)));
static ULONG wrapped_len;
static ECCPUBLICKEYBLOB public_blob;
static unsigned int rounds;

/* ---- threads ---- */

/* Fills a digest that nobody else has. */
static void
digest_of(const void *who, unsigned int round, BYTE out[32])
{
	uintptr_t number = (uintptr_t)who ^ (uintptr_t)getpid() << 20 ^ round;

	for (size_t i = 0; i < 32; i++)
		out[i] = (BYTE)(number >> 8 * (i % sizeof(number))) ^ (BYTE)(i * 11);
}

static bool
open_seat(struct seat *seat)
{
	char name[256];
	char app[] = "OpenUKey-Rehearsal";
	char container[] = DESK_CONTAINER;

	(void)snprintf(name, sizeof(name), "%s", crypto_reader(&desk->p11, 0));
	return SKF_ConnectDev(name, &seat->dev) == SAR_OK &&
	       SKF_OpenApplication(seat->dev, app, &seat->app) == SAR_OK &&
	       SKF_OpenContainer(seat->app, container, &seat->con) == SAR_OK;
}

static bool
skf_sign(const struct seat *seat, unsigned int round)
{
	ECCPUBLICKEYBLOB pub = public_blob;
	ECCSIGNATUREBLOB sig;
	BYTE digest[32];

	digest_of(seat, round, digest);
	return SKF_ECCSignData(seat->con, digest, 32, &sig) == SAR_OK &&
	       SKF_ECCVerify(seat->dev, &pub, digest, 32, &sig) == SAR_OK;
}

/* A session key in, a text through it in two pieces, and away with it. */
static bool
skf_encrypt(const struct seat *seat, unsigned int round)
{
	const uint8_t *text = crypto_text + round % 100;
	uint8_t expected[CIPHER_LEN];
	uint8_t got[CIPHER_LEN];
	BYTE copy[CIPHER_LEN];
	ULONG len = sizeof(got);
	ULONG more;
	HANDLE key = NULL;
	bool good;

	memcpy(copy, text, sizeof(copy));
	(void)crypto_sm4("SM4-CBC", false, crypto_key, crypto_iv.IV, uk_span_of(text, CIPHER_LEN),
			 expected);
	if (SKF_ImportSessionKey(seat->con, SGD_SM4_CBC, wrapped, wrapped_len, &key) != SAR_OK)
		return false;
	good = SKF_EncryptInit(key, crypto_iv) == SAR_OK &&
	       SKF_EncryptUpdate(key, copy, 37, got, &len) == SAR_OK;
	more = good ? (ULONG)sizeof(got) - len : 0;
	good = good &&
	       SKF_EncryptUpdate(key, copy + 37, CIPHER_LEN - 37, got + len, &more) == SAR_OK &&
	       len + more == CIPHER_LEN && memcmp(got, expected, CIPHER_LEN) == 0;
	return SKF_CloseHandle(key) == SAR_OK && good;
}

static void *
skf_thread(void *arg)
{
	unsigned int index = *(const unsigned int *)arg;
	struct seat seat = {0};
	bool good = open_seat(&seat);

	for (unsigned int i = 0; good && i < rounds; i++)
		good = index == 0 ? skf_encrypt(&seat, i) : skf_sign(&seat, i);
	return SKF_DisConnectDev(seat.dev) == SAR_OK && good ? arg : NULL;
}

static bool
p11_sign(CK_SESSION_HANDLE session, const CK_OBJECT_HANDLE keys[2], unsigned int round)
{
	CK_FUNCTION_LIST *f = desk->p11.f;
	CK_MECHANISM mech = {CKM_VENDOR_SM2_SIGN_NO_DER, NULL, 0};
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	BYTE digest[32];

	digest_of(keys, round, digest);
	return f->C_SignInit(session, &mech, keys[0]) == CKR_OK &&
	       f->C_Sign(session, digest, 32, signature, &len) == CKR_OK &&
	       f->C_VerifyInit(session, &mech, keys[1]) == CKR_OK &&
	       f->C_Verify(session, digest, 32, signature, len) == CKR_OK;
}

static CK_OBJECT_HANDLE
p11_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class_)
{
	CK_FUNCTION_LIST *f = desk->p11.f;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class_, sizeof(class_)},
		{class_ == CKO_PRIVATE_KEY ? CKA_SIGN : CKA_VERIFY, &yes, sizeof(yes)},
	};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG count = 0;

	if (f->C_FindObjectsInit(session, template, ARRAY_SIZE(template)) != CKR_OK ||
	    f->C_FindObjects(session, &object, 1, &count) != CKR_OK ||
	    f->C_FindObjectsFinal(session) != CKR_OK)
		return CK_INVALID_HANDLE;
	return object;
}

static void *
p11_thread(void *arg)
{
	CK_FUNCTION_LIST *f = desk->p11.f;
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = 0;
	CK_ULONG count = 1;
	CK_OBJECT_HANDLE keys[2];
	bool good = f->C_GetSlotList(CK_TRUE, &slot, &count) == CKR_OK &&
		    f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK;

	keys[0] = good ? p11_find(session, CKO_PRIVATE_KEY) : 0;
	keys[1] = good ? p11_find(session, CKO_PUBLIC_KEY) : 0;
	for (unsigned int i = 0; good && i < rounds; i++)
		good = p11_sign(session, keys, i);
	return good ? arg : NULL;
}

/* ---- processes ---- */

/* One that logs in through both and has threads at either; its exit status. */
static int
process_run(unsigned int threads)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_FUNCTION_LIST *f = desk->p11.f;
	unsigned int index[THREADS_MAX];
	pthread_t running[THREADS_MAX];
	CK_UTF8CHAR pin[] = DESK_PIN;
	char skf_pin[] = DESK_PIN;
	struct seat seat = {0};
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = 0;
	CK_ULONG count = 1;
	ULONG left;
	bool good = true;

	if (!open_seat(&seat) || SKF_VerifyPIN(seat.app, USER_TYPE, skf_pin, &left) != SAR_OK)
		return 2;
	if (f->C_Initialize(&args) != CKR_OK ||
	    f->C_GetSlotList(CK_TRUE, &slot, &count) != CKR_OK ||
	    f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK ||
	    f->C_Login(session, CKU_USER, pin, sizeof(pin) - 1) != CKR_OK)
		return 3;
	for (unsigned int i = 0; i < threads; i++) {
		index[i] = i / 2;
		if (pthread_create(&running[i], NULL, i % 2 == 0 ? skf_thread : p11_thread,
				   &index[i]) != 0)
			return 4;
	}
	for (unsigned int i = 0; i < threads; i++) {
		void *result = NULL;

		(void)pthread_join(running[i], &result);
		good = good && result != NULL;
	}
	/* Who leaves first does not log out the others. */
	(void)f->C_Finalize(NULL);
	good = good && SKF_ClearSecureState(seat.app) == SAR_OK;
	return SKF_DisConnectDev(seat.dev) == SAR_OK && good ? 0 : 5;
}

static bool
exited_well(pid_t pid, time_t until)
{
	int status = -1;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct timespec pause = {.tv_nsec = 10000000};

		if (time(NULL) > until) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			break;
		}
		(void)nanosleep(&pause, NULL);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		print_error("process %d ended with %x\n", (int)pid, (unsigned int)status);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
everybody_gets_what_is_theirs(void **state)
{
	unsigned int processes = crypto_long_run() ? PROCESSES_MAX : 2;
	unsigned int threads = crypto_long_run() ? THREADS_MAX : 4;
	time_t until = time(NULL) + PATIENCE_S;
	pid_t pids[PROCESSES_MAX];
	ULONG len = sizeof(public_blob);
	struct seat *seat;
	bool good = true;

	desk = *state;
	rounds = crypto_long_run() ? 400 : 30;
	seat = crypto_seat(desk, 0, &sm2_key);
	assert_sar(SKF_ExportPublicKey(seat->con, TRUE, (BYTE *)&public_blob, &len), SAR_OK);
	wrapped_len = crypto_wrap(seat, crypto_key, wrapped);
	for (unsigned int i = 0; i < processes; i++) {
		(void)fflush(NULL); /* what is buffered is printed once */
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(process_run(threads)); /* what the parent had open is the parent's */
	}
	for (unsigned int i = 0; i < processes; i++)
		good = exited_well(pids[i], until) && good;
	assert_true(good);
	assert_int_equal(crypto_tries_left(seat), 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(everybody_gets_what_is_theirs, crypto_desk_clear),
	};

	return cmocka_run_group_tests_name("skf: a crowd on one key", tests, crypto_desk_start,
					   crypto_desk_stop);
}
