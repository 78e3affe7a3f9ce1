/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hosts that fork, load and unload, start and stop, and end with threads inside the module. */
#include "tests/hosts/probe.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS     4
#define CHILDREN    20
#define CHILD_S     20
#define RELOADS     100
#define CYCLES      1000
#define FULL_CYCLES 20 /* one in so many goes all the way */
#define SLACK_BYTES 20000

/*
 * Whoever works in the module holds this for reading. Only with the address sanitizer, whose
 * allocator's locks are copied as they are by a fork and never freed in the child (LLVM 14), does
 * the one who forks hold it for writing: there the threads rest between two signatures.
 */
static pthread_rwlock_t at_work = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

#ifndef __has_feature
#define __has_feature(name) 0
#endif

static pid_t
fork_anywhere(void)
{
	bool rest = __has_feature(address_sanitizer);
	pid_t child;

	if (rest)
		(void)pthread_rwlock_wrlock(&at_work);
	child = fork();
	if (rest)
		(void)pthread_rwlock_unlock(&at_work);
	return child;
}

struct signer {
	pthread_t thread;
	const struct host *host;
	CK_SESSION_HANDLE session;
	const bool *stop;
	pthread_barrier_t *begun;
	CK_RV rv;
};

/* By the module, so that its own use of libcrypto is under way too; the host has none here. */
static CK_RV
verify(const struct host *host, CK_SESSION_HANDLE session, struct host_signature *signature)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER, NULL, 0};
	CK_OBJECT_CLASS class_ = CKO_PUBLIC_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)},
				   {CKA_VERIFY, &yes, sizeof(yes)}};
	unsigned char message[] = "in a thread";
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG count;
	CK_RV rv = host->f->C_FindObjectsInit(session, template, ARRAY_SIZE(template));

	if (rv == CKR_OK)
		rv = host->f->C_FindObjects(session, &key, 1, &count);
	if (rv == CKR_OK)
		rv = host->f->C_FindObjectsFinal(session);
	if (rv == CKR_OK)
		rv = host->f->C_VerifyInit(session, &mechanism, key);
	if (rv == CKR_OK)
		rv = host->f->C_Verify(session, message, sizeof(message) - 1, signature->bytes,
				       signature->len);
	return rv;
}

static void *
signer_run(void *data)
{
	struct signer *signer = data;

	(void)pthread_barrier_wait(signer->begun);
	while (signer->rv == CKR_OK && !__atomic_load_n(signer->stop, __ATOMIC_RELAXED)) {
		struct host_signature signature;
		CK_OBJECT_HANDLE key;

		(void)pthread_rwlock_rdlock(&at_work);
		signer->rv = host_find_key(signer->host, signer->session, &key);
		if (signer->rv == CKR_OK)
			signer->rv = host_sign(signer->host, signer->session, key, "in a thread",
					       &signature);
		if (signer->rv == CKR_OK)
			signer->rv = verify(signer->host, signer->session, &signature);
		(void)pthread_rwlock_unlock(&at_work);
	}
	return NULL;
}

/* Comes back when all of them run. */
static void
signers_start(struct signer *signers, const struct host *host, const bool *stop)
{
	pthread_barrier_t begun;

	if (pthread_barrier_init(&begun, NULL, THREADS + 1) != 0)
		probe_fail("no barrier");
	for (size_t i = 0; i < THREADS; i++) {
		signers[i] = (struct signer){.host = host, .stop = stop, .begun = &begun};
		WANT(host_open(host, &signers[i].session), CKR_OK);
		if (pthread_create(&signers[i].thread, NULL, signer_run, &signers[i]) != 0)
			probe_fail("no thread");
	}
	(void)pthread_barrier_wait(&begun);
	(void)pthread_barrier_destroy(&begun);
}

static void
signers_join(struct signer *signers)
{
	for (size_t i = 0; i < THREADS; i++) {
		(void)pthread_join(signers[i].thread, NULL);
		WANT(signers[i].rv, CKR_OK);
	}
}

/* Leaves what it signed to its parent. */
__attribute__((noreturn)) static void
child_run(struct host *host, CK_SESSION_HANDLE inherited, struct host_signature *ret)
{
	CK_SESSION_INFO info;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	(void)alarm(CHILD_S); /* a deadlock ends in SIGALRM */
	WANT(host->f->C_GetSessionInfo(inherited, &info), CKR_CRYPTOKI_NOT_INITIALIZED);
	WANT(host->f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	WANT(host_start(host), CKR_OK);
	WANT(host->f->C_GetSessionInfo(inherited, &info), CKR_SESSION_HANDLE_INVALID);
	WANT(host_open(host, &session), CKR_OK);
	WANT(host_find_key(host, session, &key), CKR_OBJECT_HANDLE_INVALID);
	WANT(host_login(host, session), CKR_OK);
	WANT(host_find_key(host, session, &key), CKR_OK);
	WANT(host_sign(host, session, key, "child", ret), CKR_OK);
	probe_end(host, session);
	_exit(0);
}

static void
child_await(pid_t child)
{
	int status = 0;

	if (child < 0 || waitpid(child, &status, 0) != child)
		probe_fail("no child");
	if (WIFSIGNALED(status))
		probe_fail("child died of signal %d", WTERMSIG(status));
	WANT((unsigned long)WEXITSTATUS(status), 0);
}

/* Threads of the parent are anywhere in the module when it forks. */
int
probe_fork(struct host *host)
{
	CK_SESSION_HANDLE session = probe_begin(host);
	struct host_signature *signature = mmap(NULL, sizeof(*signature), PROT_READ | PROT_WRITE,
						MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct signer signers[THREADS];
	bool stop = false;

	if (signature == MAP_FAILED)
		probe_fail("no memory");
	signers_start(signers, host, &stop);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child;

		(void)usleep((useconds_t)i * 731);
		child = fork_anywhere();
		if (child == 0)
			child_run(host, session, signature);
		child_await(child);
		if (!host_check("child", signature))
			probe_fail("the child's signature is wrong");
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	signers_join(signers);
	WANT(host_sign_checked(host, session, "parent"), CKR_OK);
	probe_end(host, session);
	return 0;
}

/* The child knows nothing of the module and ends in the ordinary way. */
int
probe_fork_quiet(struct host *host)
{
	CK_SESSION_HANDLE session = probe_begin(host);

	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (child == 0) {
			(void)alarm(CHILD_S);
			exit(0);
		}
		child_await(child);
		WANT(host_sign_checked(host, session, "parent"), CKR_OK);
	}
	probe_end(host, session);
	return 0;
}

/* ---- stopped and started while it is in use ---- */

#define STOPS 30

static void *
looker_run(void *data)
{
	const struct signer *looker = data;
	CK_FUNCTION_LIST *f = looker->host->f;

	while (!__atomic_load_n(looker->stop, __ATOMIC_RELAXED)) {
		CK_SLOT_ID slots[16], slot;
		CK_ULONG count = ARRAY_SIZE(slots);
		CK_TOKEN_INFO info;
		CK_SESSION_HANDLE session;
		CK_UTF8CHAR pin[] = HOST_PIN;

		/* Whatever these say, as long as they come back. */
		(void)f->C_GetSlotList(CK_TRUE, slots, &count);
		(void)f->C_GetTokenInfo(0, &info);
		(void)f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL);
		if (f->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
			continue;
		(void)f->C_Login(session, CKU_USER, pin, strlen(HOST_PIN));
		(void)host_sign_checked(looker->host, session, "in between");
		(void)f->C_CloseSession(session);
	}
	return NULL;
}

static void *
waiter_run(void *data)
{
	const struct signer *waiter = data;
	CK_SLOT_ID slot;

	while (!__atomic_load_n(waiter->stop, __ATOMIC_RELAXED))
		(void)waiter->host->f->C_WaitForSlotEvent(0, &slot, NULL);
	return NULL;
}

int
probe_stop(struct host *host)
{
	struct signer threads[THREADS + 1];
	bool stop = false;

	(void)alarm(2 * CHILD_S);
	WANT(host->f->C_Initialize(NULL), CKR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		threads[i] = (struct signer){.host = host, .stop = &stop};
		if (pthread_create(&threads[i].thread, NULL, i == 0 ? waiter_run : looker_run,
				   &threads[i]) != 0)
			probe_fail("no thread");
	}
	for (useconds_t i = 0; i < STOPS; i++) {
		(void)usleep(1000 + i * 1000);
		WANT(host->f->C_Finalize(NULL), CKR_OK);
		if (i == STOPS - 1)
			__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		WANT(host->f->C_Initialize(NULL), CKR_OK);
	}
	(void)usleep(1000);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		(void)pthread_join(threads[i].thread, NULL);
	WANT(host_start(host), CKR_OK);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
	return 0;
}

/* ---- again and again ---- */

static void
once(struct host *host, bool all_the_way)
{
	CK_SESSION_HANDLE session;

	if (all_the_way) {
		session = probe_begin(host);
		WANT(host_sign_checked(host, session, "again"), CKR_OK);
		probe_end(host, session);
		return;
	}
	WANT(host_start(host), CKR_OK);
	WANT(host_open(host, &session), CKR_OK);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
}

struct holdings {
	size_t bytes;
	int files;
};

static struct holdings
holdings_now(void)
{
	return (struct holdings){mallinfo2().uordblks + mallinfo2().hblkhd, host_open_files()};
}

static void
nothing_grew(struct holdings before)
{
	struct holdings now = holdings_now();

	if (now.files != before.files)
		probe_fail("%d files open, before %d", now.files, before.files);
	if (now.bytes > before.bytes + SLACK_BYTES)
		probe_fail("%zu bytes in use, before %zu", now.bytes, before.bytes);
}

int
probe_reload(struct host *host)
{
	struct holdings before = {0};

	for (int i = 0; i < RELOADS; i++) {
		/* The first rounds fill caches of libc and libcrypto. */
		if (i == RELOADS / 10)
			before = holdings_now();
		once(host, true);
		host_unload(host);
		if (!host_load(host))
			return 1;
	}
	nothing_grew(before);
	return 0;
}

int
probe_cycles(struct host *host)
{
	struct holdings before = {0};

	for (int i = 0; i < CYCLES; i++) {
		if (i == CYCLES / 10)
			before = holdings_now();
		once(host, i % FULL_CYCLES == 0);
	}
	nothing_grew(before);
	return 0;
}

/* ---- the end ---- */

/* Runs after libcrypto's own handler, as it was there first. */
static void
linger(void)
{
	(void)usleep(200 * 1000);
}

/* Still there when main() has returned. */
static struct host leaving;
static struct signer leavers[THREADS];
static bool never;

static void
start_and_leave_inside(struct host *host)
{
	CK_SESSION_HANDLE session;

	(void)alarm(CHILD_S);
	(void)atexit(linger);
	session = probe_begin(host);
	WANT(host_sign_checked(host, session, "before the end"), CKR_OK);
	leaving = *host;
	signers_start(leavers, &leaving, &never);
	(void)usleep(50 * 1000);
}

/* The host calls exit() while threads of its own are signing. */
int
probe_exit(struct host *host)
{
	start_and_leave_inside(host);
	exit(0);
}

/* The same, and C_Finalize is called by a handler, as NSS and p11-kit do. */
static void
finalize_at_exit(void)
{
	WANT(leaving.f->C_Finalize(NULL), CKR_OK);
	WANT(leaving.f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
}

int
probe_return(struct host *host)
{
	start_and_leave_inside(host);
	(void)atexit(finalize_at_exit);
	return 0;
}
