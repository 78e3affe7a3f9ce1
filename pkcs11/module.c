/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/module.h"

#include "common/log.h"
#include "pkcs11/slot.h"
#include "token-share/policy.h"

#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S      1000000000L
#define DRAIN_STEP_NS (20L * 1000 * 1000)

/*
 * The host's own mutex, held over each call where the host says that only its mutexes keep its
 * threads apart (PKCS#11 2.40, 5.4, C_Initialize): threads that are not the system's would hang in
 * a mutex of the system's, so none of ours may ever be waited for.  Calls then follow one another.
 */
struct host_lock {
	CK_VOID_PTR mutex;
	CK_DESTROYMUTEX destroy;
	CK_LOCKMUTEX lock; /* NULL: the host has none, or is content with the system's */
	CK_UNLOCKMUTEX unlock;
};

/*
 * pid is 0 before C_Initialize and after C_Finalize.  After a fork the child finds its parent's
 * pid here: nothing of the parent's state is used or freed, and the locks, which another thread
 * may have held at the fork, are not touched until C_Initialize has made them anew.
 */
static struct {
	pid_t pid;          /* atomic */
	bool stopping;      /* atomic */
	unsigned int calls; /* atomic: under way, C_Finalize's own not counted */
	struct token_bus *bus;
	struct host_lock host; /* set while no call is under way */
	bool no_threads;       /* likewise: CKF_LIBRARY_CANT_CREATE_OS_THREADS */
	pthread_mutex_t lock;  /* guards changes of the six above, but for calls */
	pthread_cond_t idle;
	pthread_mutex_t bus_lock;
} module = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.idle = PTHREAD_COND_INITIALIZER,
	.bus_lock = PTHREAD_MUTEX_INITIALIZER,
};

/* Looked at before any lock may be touched. */
static pid_t
owner(void)
{
	return __atomic_load_n(&module.pid, __ATOMIC_ACQUIRE);
}

static void
owner_set(pid_t pid)
{
	__atomic_store_n(&module.pid, pid, __ATOMIC_RELEASE);
}

static bool
is_stopping(void)
{
	return __atomic_load_n(&module.stopping, __ATOMIC_SEQ_CST);
}

static void
stopping_set(bool stopping)
{
	__atomic_store_n(&module.stopping, stopping, __ATOMIC_SEQ_CST);
}

/*
 * A page that a fork leaves empty in the child: looking at it tells whose process this is without
 * the system call that getpid is, in each C_* call.  NULL: the kernel has no such pages.
 */
static unsigned int *witness;

static void
witness_make(void)
{
	void *page = mmap(NULL, sizeof(*witness), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return;
	if (madvise(page, sizeof(*witness), MADV_WIPEONFORK) == 0)
		__atomic_store_n(&witness, page, __ATOMIC_RELEASE);
	else
		(void)munmap(page, sizeof(*witness));
}

static void
witness_sign(void)
{
	if (witness == NULL)
		witness_make();
	if (witness != NULL)
		__atomic_store_n(witness, 1, __ATOMIC_RELAXED);
}

/* Whether C_Initialize was called in this process, and not in one that it was forked from. */
static bool
is_ours(void)
{
	const unsigned int *page = __atomic_load_n(&witness, __ATOMIC_ACQUIRE);

	if (owner() == 0)
		return false;
	return page != NULL ? __atomic_load_n(page, __ATOMIC_RELAXED) != 0 : owner() == getpid();
}

static void
module_forget_parent(void)
{
	static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static const pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

	owner_set(0);
	stopping_set(false);
	__atomic_store_n(&module.calls, 0, __ATOMIC_SEQ_CST);
	module.bus = NULL; /* the parent's: its connections are not ours to close */
	module.host = (struct host_lock){0};
	module.lock = mutex;
	module.idle = cond;
	module.bus_lock = mutex;
	slots_forget();
}

/* PKCS#11 2.40, 5.4: all four mutex functions or none; pReserved is NULL. */
static CK_RV
args_check(const CK_C_INITIALIZE_ARGS *args)
{
	unsigned int given;

	if (args == NULL)
		return CKR_OK;
	if (args->pReserved != NULL)
		return CKR_ARGUMENTS_BAD;
	given = (args->CreateMutex != NULL ? 1U : 0U) + (args->DestroyMutex != NULL ? 1U : 0U) +
		(args->LockMutex != NULL ? 1U : 0U) + (args->UnlockMutex != NULL ? 1U : 0U);
	if (given != 0 && given != 4)
		return CKR_ARGUMENTS_BAD;
	return CKR_OK;
}

/*
 * The four cases of 5.4: nothing said, or mutexes of the system's allowed (alone or beside the
 * host's): the system's.  Only the host's: the host's around them.
 */
static CK_RV
host_lock_make(const CK_C_INITIALIZE_ARGS *args, struct host_lock *ret)
{
	struct host_lock host = {0};
	CK_RV rv = CKR_OK;

	if (args != NULL && args->LockMutex != NULL && (args->flags & CKF_OS_LOCKING_OK) == 0) {
		host.destroy = args->DestroyMutex;
		host.lock = args->LockMutex;
		host.unlock = args->UnlockMutex;
		rv = args->CreateMutex(&host.mutex);
	}
	if (rv == CKR_OK)
		*ret = host;
	return rv;
}

static void
host_lock_end(struct host_lock *host)
{
	if (host->destroy != NULL)
		(void)host->destroy(host->mutex);
	*host = (struct host_lock){0};
}

void
module_pause(void)
{
	if (module.host.unlock != NULL)
		(void)module.host.unlock(module.host.mutex);
}

CK_RV
module_resume(void)
{
	if (module.host.lock != NULL && module.host.lock(module.host.mutex) != CKR_OK)
		return CKR_GENERAL_ERROR;
	return CKR_OK;
}

CK_RV
module_start(const CK_C_INITIALIZE_ARGS *args)
{
	struct host_lock host = {0};
	CK_RV rv = args_check(args);

	if (rv != CKR_OK)
		return rv;
	rv = host_lock_make(args, &host);
	if (rv != CKR_OK)
		return rv;
	if (owner() != 0 && !is_ours())
		module_forget_parent();

	pthread_mutex_lock(&module.lock);
	if (owner() != 0) {
		rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
	} else {
		policy_load();
		stopping_set(false);
		module.host = host;
		module.no_threads =
			args != NULL && (args->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS) != 0;
		witness_sign();
		owner_set(getpid());
	}
	pthread_mutex_unlock(&module.lock);
	if (rv != CKR_OK)
		host_lock_end(&host);
	return rv;
}

/*
 * Wakes C_WaitForSlotEvent and waits until every call has left. Called with the lock held.
 * A call may have been on its way into the wait when it was cancelled, hence again and again.
 */
static void
calls_drain(void)
{
	while (__atomic_load_n(&module.calls, __ATOMIC_SEQ_CST) > 0) {
		struct timespec until;

		if (module.bus != NULL)
			token_bus_cancel(module.bus);
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += DRAIN_STEP_NS;
		until.tv_sec += until.tv_nsec / NS_PER_S;
		until.tv_nsec %= NS_PER_S;
		(void)pthread_cond_timedwait(&module.idle, &module.lock, &until);
	}
}

CK_RV
module_stop(void)
{
	if (!is_ours())
		return CKR_CRYPTOKI_NOT_INITIALIZED;

	pthread_mutex_lock(&module.lock);
	if (owner() == 0 || is_stopping()) {
		pthread_mutex_unlock(&module.lock);
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	stopping_set(true);
	calls_drain();
	pthread_mutex_unlock(&module.lock);

	/* Nobody is inside or let in while `stopping` is set; a slot's lock comes before ours. */
	slots_free();
	token_bus_close(module.bus);
	host_lock_end(&module.host);

	pthread_mutex_lock(&module.lock);
	module.bus = NULL;
	owner_set(0); /* before the next line: module_enter looks the other way round */
	stopping_set(false);
	pthread_mutex_unlock(&module.lock);
	return CKR_OK;
}

static void
call_leave(void)
{
	if (__atomic_sub_fetch(&module.calls, 1, __ATOMIC_SEQ_CST) > 0 || !is_stopping())
		return;
	pthread_mutex_lock(&module.lock);
	pthread_cond_broadcast(&module.idle);
	pthread_mutex_unlock(&module.lock);
}

/*
 * Without a lock, as every C_* call comes by: a call counts itself, then looks whether C_Finalize
 * is at work; that one says so first, then looks at the count.  One of them sees the other.
 */
CK_RV
module_enter(void)
{
	CK_RV rv;

	if (!is_ours())
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	(void)__atomic_add_fetch(&module.calls, 1, __ATOMIC_SEQ_CST);
	rv = is_stopping() || owner() == 0 ? CKR_CRYPTOKI_NOT_INITIALIZED : module_resume();
	if (rv != CKR_OK)
		call_leave();
	return rv;
}

void
module_leave(void)
{
	module_pause();
	call_leave();
}

/* Lock order: a slot's lock, the bus lock, module.lock. */
struct token_bus *
module_bus_lock(void)
{
	struct token_bus *bus = NULL;

	pthread_mutex_lock(&module.bus_lock);
	if (module.bus == NULL) {
		if (token_bus_open(&bus) != UK_OK)
			return NULL;
		if (module.no_threads)
			token_bus_forbid_threads(bus);
		pthread_mutex_lock(&module.lock);
		module.bus = bus;
		pthread_mutex_unlock(&module.lock);
	}
	return module.bus;
}

void
module_bus_unlock(void)
{
	pthread_mutex_unlock(&module.bus_lock);
}

struct token_bus *
module_bus_peek(void)
{
	struct token_bus *bus;

	pthread_mutex_lock(&module.lock);
	bus = is_stopping() ? NULL : module.bus;
	pthread_mutex_unlock(&module.lock);
	return bus;
}

bool
module_stopping(void)
{
	return is_stopping();
}

bool
module_may_make_threads(void)
{
	return !module.no_threads;
}
