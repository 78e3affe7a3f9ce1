/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Waiting for several families at once.  PC/SC's wait listens to nothing but PC/SC, so it gets a
 * thread and a bus of its own, which can be cancelled without touching anybody else's wait; the
 * calling thread waits for the other family and for that thread.  Nobody polls.
 */
#include "drivers/bus_parts.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define TURN_MS     500                  /* without a thread, or without PC/SC */
#define STACK_LEAST ((size_t)256 * 1024) /* PC/SC's lists are on it */

struct seen {
	struct token_reader rows[TOKEN_READERS_MAX];
	size_t count;
};

/* The gm family's half of a wait. */
struct half {
	void *bus;
	const struct seen *seen;
	int timeout_ms;
	int done; /* eventfd */
	enum uk_status st;
	pthread_t thread;
};

static void
seen_pick(struct seen *ret, const struct token_reader *seen, size_t count, unsigned int family)
{
	ret->count = 0;
	for (size_t i = 0; i < count && ret->count < ARRAY_SIZE(ret->rows); i++)
		if (seen[i].family == bus_families[family])
			ret->rows[ret->count++] = seen[i];
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void *
half_run(void *data)
{
	struct half *half = data;
	const uint64_t one = 1;

	half->st = bus_families[BUS_GM]->wait(half->bus, half->seen->rows, half->seen->count,
					      half->timeout_ms, -1);
	/* An eventfd takes one always. */
	return write(half->done, &one, sizeof(one)) == (ssize_t)sizeof(one) ? data : NULL;
}

/* Deaf to the host's signals. */
static bool
half_start(struct half *half)
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
	failed = pthread_create(&half->thread, &attr, half_run, half);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return failed == 0;
}

static enum uk_status
skf_wait(struct token_bus *bus, const struct seen *seen, int timeout_ms, int stop_fd)
{
	return bus_families[BUS_SKF]->wait(bus_part(bus, BUS_SKF), seen->rows, seen->count,
					   timeout_ms, stop_fd);
}

/* By turns: a change of PC/SC's is seen half a second late. */
static enum uk_status
wait_in_turns(struct token_bus *bus, const struct seen *gm, const struct seen *skf, int timeout_ms)
{
	const int64_t end = now_ms() + timeout_ms;
	enum uk_status st = UK_E_TIMEOUT;

	while (st == UK_E_TIMEOUT) {
		int64_t left = timeout_ms < 0 ? TURN_MS : end - now_ms();
		void *pcsc = bus_part(bus, BUS_GM);
		void *look = NULL;

		st = skf_wait(bus, skf, left < TURN_MS ? (int)(left > 0 ? left : 0) : TURN_MS, -1);
		if (st != UK_E_TIMEOUT)
			break;
		if (pcsc != NULL) {
			st = bus_families[BUS_GM]->wait(pcsc, gm->rows, gm->count, 0, -1);
		} else if (bus->wanted[BUS_GM] && bus_families[BUS_GM]->open(&look) == UK_OK) {
			bus_families[BUS_GM]->close(look); /* its coming is a change */
			st = UK_OK;
		}
		if (timeout_ms >= 0 && now_ms() >= end)
			break;
	}
	return st;
}

static enum uk_status
wait_for_both(struct token_bus *bus, struct half *half, const struct seen *skf)
{
	enum uk_status st = skf_wait(bus, skf, half->timeout_ms, half->done);

	bus_families[BUS_GM]->cancel(half->bus);
	(void)pthread_join(half->thread, NULL);
	/* What came from the other side in the last moment must not be lost. */
	if (st == UK_E_TIMEOUT && half->st == UK_OK)
		st = UK_OK;
	return st;
}

static enum uk_status
wait_merged(struct token_bus *bus, const struct token_reader *seen, size_t count, int timeout_ms)
{
	struct seen gm, skf;
	struct half half = {.seen = &gm, .timeout_ms = timeout_ms, .done = -1};
	enum uk_status st;

	seen_pick(&gm, seen, count, BUS_GM);
	seen_pick(&skf, seen, count, BUS_SKF);
	if (bus->no_threads || bus_part(bus, BUS_GM) == NULL ||
	    bus_families[BUS_GM]->open(&half.bus) != UK_OK)
		return wait_in_turns(bus, &gm, &skf, timeout_ms);
	half.done = eventfd(0, EFD_CLOEXEC);
	if (half.done >= 0 && half_start(&half))
		st = wait_for_both(bus, &half, &skf);
	else
		st = wait_in_turns(bus, &gm, &skf, timeout_ms);
	bus_families[BUS_GM]->close(half.bus);
	if (half.done >= 0)
		(void)close(half.done);
	return st;
}

enum uk_status
token_bus_wait(struct token_bus *bus, const struct token_reader *seen, size_t count, int timeout_ms)
{
	if (count > TOKEN_READERS_MAX)
		return UK_E_ARGUMENTS;
	if (!bus->wanted[BUS_SKF])
		return bus_families[BUS_GM]->wait(bus_part(bus, BUS_GM), seen, count, timeout_ms,
						  -1);
	if (!bus->wanted[BUS_GM]) {
		struct seen skf;

		seen_pick(&skf, seen, count, BUS_SKF);
		return skf_wait(bus, &skf, timeout_ms, -1);
	}
	return wait_merged(bus, seen, count, timeout_ms);
}
