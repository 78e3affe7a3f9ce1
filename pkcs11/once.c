/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/once.h"

#include "common/log.h"
#include "pkcs11/module.h"
#include "pkcs11/session.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define ONCE_NS     (500L * 1000 * 1000)
#define STACK_LEAST ((size_t)64 * 1024)

/* Which login is watched: by number, as slots come and go with C_Initialize. */
struct watch {
	CK_SLOT_ID slot;
	unsigned int number;
};

static void
slot_once_end(struct slot *slot)
{
	for (struct session *s = slot->sessions; s != NULL; s = s->next) {
		struct op *op = op_of(s, OP_SIGN);

		if (op->authenticated) {
			op->authenticated = false;
			slot->token->ops->release(slot->token);
		}
	}
}

static void *
watch_run(void *data)
{
	static const struct timespec half_a_second = {0, ONCE_NS};
	struct watch watch = *(struct watch *)data;
	struct slot *slot;

	free(data);
	(void)nanosleep(&half_a_second, NULL);
	if (module_enter() != CKR_OK)
		return NULL;
	/* A key that was pulled meanwhile is told as such, and not as one that forgot a login. */
	slots_refresh();
	slot = slot_find(watch.slot);
	if (slot != NULL) {
		slot_lock(slot);
		if (slot->once == watch.number && slot->token != NULL)
			slot_once_end(slot);
		slot_unlock(slot);
	}
	module_leave();
	return NULL;
}

/* Detached, with little stack, and deaf to the host's signals. */
static int
thread_start(struct watch *watch)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	const size_t stack = (size_t)PTHREAD_STACK_MIN;
	int failed = pthread_attr_init(&attr);

	if (failed != 0)
		return failed;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, stack > STACK_LEAST ? stack : STACK_LEAST);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, &attr, watch_run, watch);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return failed;
}

void
once_watch(struct slot *slot)
{
	static unsigned int last;
	struct watch *watch;

	slot->once = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
	if (!module_may_make_threads())
		return;
	watch = malloc(sizeof(*watch));
	if (watch == NULL)
		return;
	*watch = (struct watch){slot->id, slot->once};
	if (thread_start(watch) == 0)
		return;
	uk_debug("session", "no thread: the key is held until the next call");
	free(watch);
}
