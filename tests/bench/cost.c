/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a job costs: commands and bytes as the virtual key counts them, time as a person feels it,
 * and the CPU time of one signature beside that of the bare exchange.
 *
 *	cost MODULE CONTROL-SOCKET ROUNDS	(the PIN on standard input)
 *
 * Prints "job NAME commands bytes-in bytes-out milliseconds" lines and, with ROUNDS > 0, "cpu" and
 * the microseconds of C_Sign, of C_SignInit with C_Sign, and of the bare exchange. bench.py makes
 * tables of them.
 */
#include "tests/bench/bare.h"
#include "tests/bench/meter.h"

#include "common/defs.h"
#include "common/pkcs11.h"

#include "common/openukey.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often each way of signing gets its turn. */
#define TURNS 41

static CK_FUNCTION_LIST *p11;
static CK_SLOT_ID slot;
static CK_SESSION_HANDLE session;
static CK_UTF8CHAR pin[64];
static CK_ULONG pin_len;

struct key {
	CK_OBJECT_HANDLE handle;
	CK_BBOOL auth_each_use;
	CK_MECHANISM mechanism;
	CK_BYTE input[64];
	CK_ULONG input_len;
	char container[66];
};

static struct key key;

static void
must(CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return;
	(void)fprintf(stderr, "%s: 0x%lx\n", what, rv);
	exit(1);
}

static void
open_session(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	CK_ULONG count = 1;

	must(p11->C_Initialize(&args), "C_Initialize");
	must(p11->C_GetSlotList(CK_TRUE, &slot, &count), "C_GetSlotList");
	must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session), "C_OpenSession");
}

static void
read_value(CK_OBJECT_HANDLE object)
{
	CK_BYTE value[8192];
	CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof(value)};

	must(p11->C_GetAttributeValue(session, object, &attribute, 1), "C_GetAttributeValue");
}

static CK_ULONG
find(CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *out, CK_ULONG cap)
{
	CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof(class)};
	CK_ULONG count = 0;

	must(p11->C_FindObjectsInit(session, &template, 1), "C_FindObjectsInit");
	must(p11->C_FindObjects(session, out, cap, &count), "C_FindObjects");
	must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
	return count;
}

static void
list_certificates(void)
{
	CK_OBJECT_HANDLE list[64];
	CK_ULONG count;

	open_session();
	count = find(CKO_CERTIFICATE, list, 64);
	for (CK_ULONG i = 0; i < count; i++)
		read_value(list[i]);
}

static void
token_info(void)
{
	CK_TOKEN_INFO info;

	must(p11->C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
}

/* The signing key of the first container: its input is a DigestInfo or a digest. */
static void
pick_key(void)
{
	static const CK_BYTE sha256_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
					      0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
					      0x01, 0x05, 0x00, 0x04, 0x20};
	CK_OBJECT_HANDLE list[64];
	CK_ULONG count = find(CKO_PRIVATE_KEY, list, 64);
	CK_BYTE id[66] = {0};
	CK_BBOOL sign = CK_FALSE;
	CK_KEY_TYPE type = 0;

	for (CK_ULONG i = 0; i < count && !sign; i++) {
		CK_ATTRIBUTE wanted[] = {
			{CKA_SIGN, &sign, sizeof(sign)},
			{CKA_KEY_TYPE, &type, sizeof(type)},
			{CKA_ID, id, sizeof(id)},
			{CKA_ALWAYS_AUTHENTICATE, &key.auth_each_use, sizeof(key.auth_each_use)},
		};

		must(p11->C_GetAttributeValue(session, list[i], wanted, 4), "C_GetAttributeValue");
		key.handle = list[i];
	}
	if (!sign)
		must(CKR_KEY_HANDLE_INVALID, "no signing key");
	(void)snprintf(key.container, sizeof(key.container), "%s", (const char *)id);
	key.mechanism.mechanism = type == CKK_RSA ? CKM_RSA_PKCS : CKM_VENDOR_SM2_SIGN_NO_DER;
	if (type == CKK_RSA) {
		memcpy(key.input, sha256_info, sizeof(sha256_info));
		key.input_len = sizeof(sha256_info);
	}
	key.input_len += 32; /* a digest of zeros signs as well as any other */
}

static void
sign_init(void)
{
	must(p11->C_SignInit(session, &key.mechanism, key.handle), "C_SignInit");
	if (key.auth_each_use)
		must(p11->C_Login(session, CKU_CONTEXT_SPECIFIC, pin, pin_len), "C_Login again");
}

static void
sign_finish(void)
{
	CK_BYTE signature[512];
	CK_ULONG len = sizeof(signature);

	must(p11->C_Sign(session, key.input, key.input_len, signature, &len), "C_Sign");
}

static void
sign(void)
{
	sign_init();
	sign_finish();
}

static void
slot_list(void)
{
	CK_ULONG count = 0;

	must(p11->C_GetSlotList(CK_FALSE, NULL, &count), "C_GetSlotList");
}

/* They share what was read for the first one. */
static void
fifty_sessions(void)
{
	const CK_SESSION_HANDLE first = session;

	for (int i = 0; i < 50; i++) {
		CK_OBJECT_HANDLE list[64];

		must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
		     "C_OpenSession");
		(void)find(CKO_PUBLIC_KEY, list, 64);
	}
	session = first;
}

static void
log_in_and_sign(void)
{
	must(p11->C_Login(session, CKU_USER, pin, pin_len), "C_Login");
	pick_key();
	/* A key that asks each time is still unused since C_Login: its first signature is free. */
	must(p11->C_SignInit(session, &key.mechanism, key.handle), "C_SignInit");
	sign_finish();
}

/* ---- the jobs ---- */

static const struct {
	const char *name;
	void (*run)(void);
} jobs[] = {
	{"list-certificates", list_certificates}, {"slot-list", slot_list},
	{"fifty-sessions", fifty_sessions},       {"token-info", token_info},
	{"log-in-and-sign", log_in_and_sign},     {"sign-again", sign},
};

static void
run_job(size_t i, const char *control)
{
	struct meter before, after;

	if (!meter_read(control, &before))
		must(CKR_DEVICE_ERROR, "the virtual key does not count");
	jobs[i].run();
	if (!meter_read(control, &after))
		must(CKR_DEVICE_ERROR, "the virtual key does not count");
	printf("job\t%s\t%lu\t%lu\t%lu\t%.1f\n", jobs[i].name, after.commands - before.commands,
	       after.bytes_in - before.bytes_in, after.bytes_out - before.bytes_out,
	       after.wall_ms - before.wall_ms);
}

/* ---- CPU time ---- */

static struct bare *bare;

static void
nothing(void)
{
}

static void
sign_bare(void)
{
	if (!bare_sign(bare))
		must(CKR_DEVICE_ERROR, "SCardTransmit by ourselves");
}

/* What is timed, and what must be done before each time. */
static const struct {
	void (*before)(void);
	void (*timed)(void);
} ways[] = {
	{nothing, nothing}, /* the clock itself */
	{sign_init, sign_finish},
	{nothing, sign},
	{nothing, sign_bare},
};

enum { CLOCK, C_SIGN, WITH_INIT, BARE, WAYS };

/* CPU microseconds of one go, and the bytes that the key saw of all of them. */
static double
turn(size_t way, unsigned int rounds, const char *control, struct meter *ret)
{
	struct meter before, after;
	double used = 0;

	if (!meter_read(control, &before))
		must(CKR_DEVICE_ERROR, "the virtual key does not count");
	for (unsigned int i = 0; i < rounds; i++) {
		double start;

		ways[way].before();
		start = meter_cpu_us();
		ways[way].timed();
		used += meter_cpu_us() - start;
	}
	if (!meter_read(control, &after))
		must(CKR_DEVICE_ERROR, "the virtual key does not count");
	ret->bytes_in = after.bytes_in - before.bytes_in;
	ret->bytes_out = after.bytes_out - before.bytes_out;
	return used / rounds;
}

static int
ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/*
 * The lower quartiles of many turns, taken alternately and in changing order, so that what else
 * the machine does hits all alike. A key that asks for the PIN each time does not sign by one
 * exchange and is left out.
 */
static void
compare_cpu(unsigned int rounds, const char *control)
{
	double times[WAYS][TURNS];
	struct meter seen[WAYS];

	if (key.auth_each_use || rounds == 0)
		return;
	bare = bare_open(key.container, key.mechanism.mechanism == CKM_RSA_PKCS, key.input,
			 key.input_len);
	if (bare == NULL)
		must(CKR_DEVICE_ERROR, "SCardTransmit by ourselves");
	for (size_t i = 0; i < TURNS; i++) {
		for (size_t j = 0; j < WAYS; j++) {
			size_t way = (i + j) % WAYS;

			times[way][i] = turn(way, rounds, control, &seen[way]);
		}
		if (seen[C_SIGN].bytes_in != seen[BARE].bytes_in ||
		    seen[C_SIGN].bytes_out != seen[BARE].bytes_out)
			must(CKR_DATA_INVALID, "the bare exchange is not the module's");
	}
	bare_close(bare);
	for (size_t j = 0; j < WAYS; j++)
		qsort(times[j], TURNS, sizeof(times[j][0]), ascending);
	printf("cpu");
	for (size_t j = C_SIGN; j < WAYS; j++)
		printf("\t%.2f", times[j][TURNS / 4] - times[CLOCK][TURNS / 4]);
	printf("\n");
}

int
main(int argc, char **argv)
{
	CK_C_GetFunctionList get;
	void *module;

	if (argc != 4 || fgets((char *)pin, sizeof(pin), stdin) == NULL)
		return 2;
	pin_len = strcspn((char *)pin, "\n");
	module = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&get = dlsym(module, "C_GetFunctionList");
	must(get(&p11), "C_GetFunctionList");
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		run_job(i, argv[2]);
	compare_cpu((unsigned int)strtoul(argv[3], NULL, 10), argv[2]);
	must(p11->C_Finalize(NULL), "C_Finalize");
	return 0;
}
