/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread that sits in SKF_WaitForDevEvent, as the standard means it to be used, and says when it
 * came back.  What came back too soon too often does not wait at all: then the main thread looks
 * each second while somebody waits.
 */
#include "drivers/skf/host/serve.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SOON_MS      20
#define SOON_MOST    3
#define EVENTS_ROOM  4096
#define AFTER_EVENTS 250 /* ms between two, however fast the library tells them */

static struct {
	int fd;
	bool started, poll; /* poll: atomic */
} watch = {.fd = -1};

static void
tell(void)
{
	const uint64_t one = 1;

	if (write(watch.fd, &one, sizeof(one)) < 0)
		return; /* it is readable already */
}

static bool
wait_once(void)
{
	static char name[EVENTS_ROOM]; /* of this thread alone */
	const struct skf_config *config = library_config();
	struct abi_cell len = abi_cell_of(config, sizeof(name) - 1);
	struct abi_cell event = {0};
	uint32_t sar = library_call_untimed(ENTRY_WaitForDevEvent,
					    (const uintptr_t[LIBRARY_ARGS]){(uintptr_t)name,
									    abi_cell_at(&len),
									    abi_cell_at(&event)});

	return sar == SAR_OK;
}

static void *
watch_run(void *data)
{
	unsigned int soon = 0;

	(void)data;
	while (soon < SOON_MOST) {
		int64_t start = clock_ms();
		bool good = wait_once();

		soon = good || clock_ms() - start > SOON_MS ? 0 : soon + 1;
		tell();
		(void)usleep(AFTER_EVENTS * 1000);
	}
	__atomic_store_n(&watch.poll, true, __ATOMIC_RELEASE);
	tell();
	return NULL;
}

bool
watch_start(void)
{
	pthread_t thread;

	if (watch.started)
		return true;
	watch.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch.fd < 0)
		return false;
	watch.started = true;
	watch.poll =
		library_config()->events == SKF_EVENTS_POLL || !library_has(ENTRY_WaitForDevEvent);
	if (!watch.poll && pthread_create(&thread, NULL, watch_run, NULL) != 0)
		watch.poll = true;
	return true;
}

int
watch_fd(void)
{
	return watch.fd;
}

bool
watch_must_poll(void)
{
	return __atomic_load_n(&watch.poll, __ATOMIC_ACQUIRE);
}

void
watch_taken(void)
{
	uint64_t count;

	if (read(watch.fd, &count, sizeof(count)) < 0)
		return;
}
