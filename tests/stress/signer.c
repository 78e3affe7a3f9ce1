/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One of several hosts that sign with one key:
 *
 *   signer strict|storm BEGIN_MS SECONDS THREADS
 *
 * Threads sign from BEGIN_MS of the monotonic clock on and check every signature.  strict: any
 * error is wrong.  storm: the errors of a pulled or reset key are met by opening and logging in
 * anew; afterwards, when all is quiet, signing must work again.  Prints what happened in one line.
 */
#include "tests/hosts/host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS_MAX 16
#define QUIET_S     1.5 /* after the storm, before all must be well */
#define RECOVER_S   8.0
#define AFTERWARDS  20
#define PAUSE_US    10000

/* What a host may hear when its key was pulled or reset, and has to live with. */
static struct {
	CK_RV rv;
	unsigned long count;
} expected[] = {
	{CKR_DEVICE_REMOVED, 0},    {CKR_SESSION_HANDLE_INVALID, 0}, {CKR_USER_NOT_LOGGED_IN, 0},
	{CKR_TOKEN_NOT_PRESENT, 0}, {CKR_KEY_HANDLE_INVALID, 0},     {CKR_OBJECT_HANDLE_INVALID, 0},
};

static struct host host;
static double end;
static bool storm;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all below, and for logging in */
static unsigned long signatures;
static double last, longest;
static CK_RV wrong;

static void
note_signature(void)
{
	double now = host_now();

	(void)pthread_mutex_lock(&lock);
	if (now - last > longest)
		longest = now - last;
	last = now;
	signatures++;
	(void)pthread_mutex_unlock(&lock);
}

/* False when nobody need expect this one. */
static bool
note_error(CK_RV rv)
{
	bool known = false;

	(void)pthread_mutex_lock(&lock);
	for (size_t i = 0; storm && i < ARRAY_SIZE(expected); i++) {
		if (expected[i].rv != rv)
			continue;
		expected[i].count++;
		known = true;
	}
	if (!known)
		wrong = rv;
	(void)pthread_mutex_unlock(&lock);
	return known;
}

/* A session that is logged in; the old one goes. */
static CK_RV
begin_anew(CK_SESSION_HANDLE *session)
{
	CK_ULONG count = 0;
	CK_RV rv;

	(void)host.f->C_CloseSession(*session);
	*session = CK_INVALID_HANDLE;
	rv = host.f->C_GetSlotList(CK_TRUE, NULL, &count);
	if (rv == CKR_OK)
		rv = host_open(&host, session);
	return rv == CKR_OK ? host_login(&host, *session) : rv;
}

static void *
signer_run(void *data)
{
	CK_SESSION_HANDLE session = *(CK_SESSION_HANDLE *)data;
	char message[64];

	for (unsigned int i = 0; host_now() < end; i++) {
		CK_RV rv;

		(void)snprintf(message, sizeof(message), "%p %u", data, i);
		rv = host_sign_checked(&host, session, message);
		if (rv == CKR_OK) {
			note_signature();
			continue;
		}
		if (!note_error(rv))
			break;
		rv = begin_anew(&session);
		if (rv != CKR_OK && !note_error(rv))
			break;
		if (rv != CKR_OK)
			(void)usleep(PAUSE_US);
	}
	return NULL;
}

static bool
recovers(void)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	double until = host_now() + RECOVER_S;
	CK_RV rv;

	(void)usleep((useconds_t)(QUIET_S * 1e6));
	do
		rv = begin_anew(&session);
	while (rv != CKR_OK && host_now() < until && usleep(PAUSE_US) == 0);
	for (int i = 0; i < AFTERWARDS && rv == CKR_OK; i++)
		rv = host_sign_checked(&host, session, "afterwards");
	if (rv != CKR_OK)
		(void)printf("afterwards=0x%lx ", rv);
	return rv == CKR_OK;
}

static void
wait_until(double begin)
{
	while (host_now() < begin)
		(void)usleep(500);
}

static CK_RV
prepare(CK_SESSION_HANDLE *sessions, unsigned int count)
{
	CK_RV rv = host_start(&host);

	for (unsigned int i = 0; i < count && rv == CKR_OK; i++)
		rv = host_open(&host, &sessions[i]);
	if (rv == CKR_OK)
		rv = host_login(&host, sessions[0]);
	/* Loads what both sides load once. */
	return rv == CKR_OK ? host_sign_checked(&host, sessions[0], "first") : rv;
}

static void
report(void)
{
	(void)printf("signed=%lu longest=%.3f wrong=0x%lx", signatures, longest, wrong);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		if (expected[i].count > 0)
			(void)printf(" 0x%lx=%lu", expected[i].rv, expected[i].count);
	(void)printf("\n");
}

static void
crew_run(double begin, CK_SESSION_HANDLE *sessions, unsigned int count)
{
	pthread_t threads[THREADS_MAX];
	unsigned int started = 0;

	wait_until(begin);
	last = host_now();
	while (started < count &&
	       pthread_create(&threads[started], NULL, signer_run, &sessions[started]) == 0)
		started++;
	while (started > 0)
		(void)pthread_join(threads[--started], NULL);
	if (end - last > longest)
		longest = end - last;
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE sessions[THREADS_MAX] = {0};
	unsigned int count;
	double begin;
	bool good;

	if (argc != 5)
		return 2;
	storm = strcmp(argv[1], "storm") == 0;
	begin = strtod(argv[2], NULL) / 1e3;
	end = begin + strtod(argv[3], NULL);
	count = (unsigned int)strtoul(argv[4], NULL, 10);
	if (count > THREADS_MAX || !host_load(&host))
		return 2;
	wrong = prepare(sessions, count);
	if (wrong == CKR_OK)
		crew_run(begin, sessions, count);
	good = wrong == CKR_OK && (!storm || recovers());
	report();
	(void)host.f->C_Finalize(NULL);
	return good ? 0 : 1;
}
