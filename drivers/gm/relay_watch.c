/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/gm/relay_watch.h"

#include "common/defs.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>

#define STACK_LEAST ((size_t)128 * 1024) /* PC/SC's buffers are on it */

static bool
time_over(const struct relay_watch *watch)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > watch->end.tv_sec ||
	       (now.tv_sec == watch->end.tv_sec && now.tv_nsec >= watch->end.tv_nsec);
}

static void *
watch_run(void *data)
{
	struct relay_watch *watch = data;

	pthread_mutex_lock(&watch->lock);
	while (!watch->over && !time_over(watch))
		(void)pthread_cond_timedwait(&watch->wake, &watch->lock, &watch->end);
	if (!watch->over && watch->asking) {
		watch->gone = true;
		watch->let_go(watch->data);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

/* With little stack, and deaf to the host's signals. */
static bool
thread_start(struct relay_watch *watch)
{
	const size_t stack = (size_t)PTHREAD_STACK_MIN;
	pthread_attr_t attr;
	sigset_t all, before;
	int failed = pthread_attr_init(&attr);

	if (failed != 0)
		return false;
	(void)pthread_attr_setstacksize(&attr, stack > STACK_LEAST ? stack : STACK_LEAST);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&watch->thread, &attr, watch_run, watch);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return failed == 0;
}

void
relay_watch_begin(struct relay_watch *watch, long ms, bool threads)
{
	pthread_condattr_t attr;

	(void)clock_gettime(CLOCK_MONOTONIC, &watch->end);
	watch->end.tv_sec += ms / 1000;
	watch->end.tv_nsec += ms % 1000 * 1000000;
	if (watch->end.tv_nsec >= 1000000000) {
		watch->end.tv_sec++;
		watch->end.tv_nsec -= 1000000000;
	}
	(void)pthread_mutex_init(&watch->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&watch->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	watch->running = threads && thread_start(watch);
}

bool
relay_watch_ask(struct relay_watch *watch)
{
	bool ask;

	pthread_mutex_lock(&watch->lock);
	ask = !time_over(watch);
	watch->asking = ask;
	pthread_mutex_unlock(&watch->lock);
	return ask;
}

bool
relay_watch_asked(struct relay_watch *watch)
{
	bool in_time;

	pthread_mutex_lock(&watch->lock);
	watch->asking = false;
	in_time = !watch->gone && !time_over(watch);
	pthread_mutex_unlock(&watch->lock);
	return in_time;
}

void
relay_watch_end(struct relay_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->over = true;
	(void)pthread_cond_broadcast(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	if (watch->running)
		(void)pthread_join(watch->thread, NULL);
	(void)pthread_cond_destroy(&watch->wake);
	(void)pthread_mutex_destroy(&watch->lock);
}
