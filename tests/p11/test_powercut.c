/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The power fails at the n-th write inside the key, for every n: after plugging it in again the key
 * works with the old or the new state, never neither.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NEW_PIN    "szy-2026"
#define CONTAINER  "Neu"
#define WRITES_MAX 40

static struct desk desk;

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

static const struct desk_key ready_key = {.alg = "sm2", .model = "V0"};
static const struct desk_key bare_key = {
	.alg = "sm2", .model = "V0", .no_certs = true, .no_enc_pair = true};

struct job {
	const char *name;
	const struct desk_key *key;
	const char *alg;
	/* Up to where the writes count. */
	void (*prepare)(const struct job *job, CK_SESSION_HANDLE session);
	CK_RV (*run)(const struct job *job, CK_SESSION_HANDLE session);
	/* With the key plugged in again; done: run said CKR_OK. */
	void (*check)(const struct job *job, CK_SESSION_HANDLE session, bool done);
};

/* ---- PIN change and unblock ---- */

static void
prepare_nothing(const struct job *job, CK_SESSION_HANDLE session)
{
}

static CK_RV
run_change(const struct job *job, CK_SESSION_HANDLE session)
{
	CK_UTF8CHAR old_pin[] = DESK_PIN, new_pin[] = NEW_PIN;

	return desk.f->C_SetPIN(session, old_pin, strlen(DESK_PIN), new_pin, strlen(NEW_PIN));
}

/* One of the two PINs works, and by then no more than two tries were spent. */
static void
check_either_pin(const struct job *job, CK_SESSION_HANDLE session, bool done)
{
	CK_RV rv = desk_login(&desk, session, CKU_USER, NEW_PIN);

	if (done)
		assert_rv(rv, CKR_OK);
	if (rv != CKR_OK) {
		assert_rv(rv, CKR_PIN_INCORRECT);
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	}
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
}

static void
prepare_locked(const struct job *job, CK_SESSION_HANDLE session)
{
	for (int i = 0; i < 10; i++)
		(void)desk_login(&desk, session, CKU_USER, "999999");
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
}

static CK_RV
run_unblock(const struct job *job, CK_SESSION_HANDLE session)
{
	CK_UTF8CHAR new_pin[] = NEW_PIN;

	return desk.f->C_InitPIN(session, new_pin, strlen(NEW_PIN));
}

static void
check_locked_or_new(const struct job *job, CK_SESSION_HANDLE session, bool done)
{
	CK_RV rv = desk_login(&desk, session, CKU_USER, NEW_PIN);

	if (!done && rv == CKR_PIN_LOCKED) {
		assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
		assert_rv(run_unblock(job, session), CKR_OK);
		assert_rv(desk.f->C_Logout(session), CKR_OK);
		rv = desk_login(&desk, session, CKU_USER, NEW_PIN);
	}
	assert_rv(rv, CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
}

/* ---- key generation ---- */

static void
prepare_login(const struct job *job, CK_SESSION_HANDLE session)
{
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	(void)desk_count(&desk, session, CKO_PRIVATE_KEY);
}

static CK_RV
run_generate(const struct job *job, CK_SESSION_HANDLE session)
{
	return desk_generate(&desk, session, job->alg, CONTAINER);
}

/* The pair is there and signs, or it can be made now; the old one was never touched. */
static void
check_pair_or_none(const struct job *job, CK_SESSION_HANDLE session, bool done)
{
	unsigned char digest[32] = {5};
	struct desk_signature signature;
	CK_ULONG keys;

	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	keys = desk_count(&desk, session, CKO_PRIVATE_KEY);
	if (done)
		assert_int_equal(keys, 3);
	if (keys == 2)
		assert_rv(run_generate(job, session), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 3);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
	assert_rv(
		desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature),
		CKR_OK);
}

/* ---- certificate import ---- */

static CK_RV
run_import(const struct job *job, CK_SESSION_HANDLE session)
{
	unsigned char der[4096];
	CK_ULONG len = oracle_certificate("sm2", "sign", der, sizeof(der));

	return desk_import(&desk, session, der, len);
}

static void
check_certificate_or_none(const struct job *job, CK_SESSION_HANDLE session, bool done)
{
	CK_ULONG certs;

	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	certs = desk_count(&desk, session, CKO_CERTIFICATE);
	if (done)
		assert_int_equal(certs, 1);
	if (certs == 0)
		assert_rv(run_import(job, session), CKR_OK);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 1);
	assert_int_equal(desk_count(&desk, session, CKO_PRIVATE_KEY), 1);
}

/* A new certificate over an old one: one of the two is there, whole. */
static CK_RV
run_replace(const struct job *job, CK_SESSION_HANDLE session)
{
	unsigned char der[4096];
	CK_ULONG len = desk_issue(&desk, session, "sm2", der, sizeof(der));

	return desk_import(&desk, session, der, len);
}

static void
check_old_or_new_certificate(const struct job *job, CK_SESSION_HANDLE session, bool done)
{
	unsigned char old[4096], now[4096];
	CK_ULONG old_len = oracle_certificate("sm2", "sign", old, sizeof(old));
	CK_OBJECT_HANDLE cert = desk_find(&desk, session, CKO_CERTIFICATE, 0);
	CK_ULONG len;

	assert_int_not_equal(cert, CK_INVALID_HANDLE);
	len = desk_attribute(&desk, session, cert, CKA_VALUE, now, sizeof(now));
	if (done)
		assert_false(len == old_len && memcmp(old, now, len) == 0);
	assert_int_equal(desk_count(&desk, session, CKO_CERTIFICATE), 2);
}

static const struct job jobs[] = {
	{"PIN change", &ready_key, "", prepare_nothing, run_change, check_either_pin},
	{"unblock", &ready_key, "", prepare_locked, run_unblock, check_locked_or_new},
	{"SM2 key", &ready_key, "sm2", prepare_login, run_generate, check_pair_or_none},
	{"RSA key", &ready_key, "rsa1024", prepare_login, run_generate, check_pair_or_none},
	{"certificate", &bare_key, "", prepare_login, run_import, check_certificate_or_none},
	{"new certificate", &ready_key, "", prepare_login, run_replace,
	 check_old_or_new_certificate},
};

/* Cuts at the n-th write; false when the job was done before it came to that. */
static bool
cut_once(const struct job *job, int n, const char *where)
{
	CK_SESSION_HANDLE session;
	char fault[64];
	bool done, fired;
	CK_RV rv;

	desk_plug(&desk, 0, job->key);
	session = desk_session(&desk, 0);
	job->prepare(job, session);
	(void)snprintf(fault, sizeof(fault), "fault write %d %s", n, where);
	desk_tell(&desk, 0, fault);
	rv = job->run(job, session);
	fired = desk_status(&desk, 0, "plugged") == 0;
	done = rv == CKR_OK;
	if (fired && strcmp(where, "after") != 0)
		assert_int_not_equal(rv, CKR_OK);
	desk_pull(&desk, 0);
	(void)desk.f->C_CloseSession(session);

	desk_plug_again(&desk, 0, job->key);
	session = desk_session(&desk, 0);
	job->check(job, session, done);
	desk_pull(&desk, 0);
	(void)desk.f->C_CloseSession(session);
	return fired;
}

static void
every_cut_leaves_the_old_or_the_new_state(void **state)
{
	static const char *const places[] = {"before", "inside", "after"};

	for (size_t j = 0; j < ARRAY_SIZE(jobs); j++) {
		for (size_t p = 0; p < ARRAY_SIZE(places); p++) {
			int n = 1;

			while (n < WRITES_MAX && cut_once(&jobs[j], n, places[p]))
				n++;
			/* Each job writes something, and its writes come to an end. */
			assert_true(n > 1 && n < WRITES_MAX);
			print_message("%s, power cut %s each of %d writes\n", jobs[j].name,
				      places[p], n - 1);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_leaves_the_old_or_the_new_state),
	};

	return cmocka_run_group_tests_name("power cuts", tests, desk_up, desk_down);
}
