/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/module.h"

#include "skf/device.h"
#include "skf/event.h"
#include "skf/handle.h"
#include "token-share/policy.h"

#include <pthread.h>

/* Lock order: a device's lock, the bus lock, the handles' lock. */
static struct {
	pthread_mutex_t bus_lock;
	struct token_bus *bus;
} module = {.bus_lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * In a child, between fork and anything else: nothing of the parent's state is used or freed, and
 * the locks, which another thread may have held at the fork, are made anew.
 */
static void
module_forget_parent(void)
{
	static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	module.bus_lock = mutex;
	module.bus = NULL; /* the parent's: its connections are not ours to close */
	handles_forget();
	devices_forget();
	events_forget();
}

static void
module_begin(void)
{
	policy_load();
	/* Without it a child would take its parent's connections for its own: then no calls. */
	(void)pthread_atfork(NULL, NULL, module_forget_parent);
}

void
module_enter(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, module_begin);
}

struct token_bus *
module_bus_lock(void)
{
	pthread_mutex_lock(&module.bus_lock);
	if (module.bus == NULL && token_bus_open(&module.bus) != UK_OK)
		module.bus = NULL;
	return module.bus;
}

void
module_bus_unlock(void)
{
	pthread_mutex_unlock(&module.bus_lock);
}
