/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "skf/event.h"

#include "skf/module.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

/* How long a wait lasts at most before it is looked whether it was cancelled just as it began. */
#define LOOK_AGAIN_MS 2000

static struct {
	pthread_mutex_t lock; /* guards all; no other lock is taken under it */
	bool begun;
	unsigned int cancels;
	struct token_reader told[TOKEN_READERS_MAX]; /* present ones only */
	size_t count;
} events = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool
is_key(const struct token_reader *row)
{
	return row->present && row->ours;
}

static struct token_reader *
row_of(struct token_reader *rows, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

void
events_begin(const struct token_reader *rows, size_t count)
{
	pthread_mutex_lock(&events.lock);
	for (size_t i = 0; i < count && !events.begun; i++)
		if (is_key(&rows[i]))
			events.told[events.count++] = rows[i];
	events.begun = true;
	pthread_mutex_unlock(&events.lock);
}

/* The first difference between what was told and what is; one that was changed for another went
 * first. */
static bool
difference(struct token_reader *rows, size_t count, struct event *ret)
{
	const char *name = NULL;

	for (size_t i = 0; i < events.count && name == NULL; i++) {
		const struct token_reader *told = &events.told[i];
		const struct token_reader *now = row_of(rows, count, told->name);

		if (now == NULL || !is_key(now) || now->events != told->events)
			name = told->name;
	}
	ret->inserted = name == NULL;
	for (size_t i = 0; i < count && name == NULL; i++)
		if (is_key(&rows[i]) && row_of(events.told, events.count, rows[i].name) == NULL)
			name = rows[i].name;
	if (name == NULL)
		return false;
	memcpy(ret->name, name, sizeof(ret->name));
	return true;
}

/* Lists the readers; none without pcscd, where *ret_bus is NULL if it was never there. */
static size_t
readers_list(struct token_reader *rows, struct token_bus **ret_bus)
{
	size_t count = 0;

	*ret_bus = module_bus_lock();
	if (*ret_bus == NULL || token_bus_list(*ret_bus, rows, TOKEN_READERS_MAX, &count) != UK_OK)
		count = 0;
	module_bus_unlock();
	return count;
}

static void
look_again_later(struct token_bus *bus, const struct token_reader *rows, size_t count)
{
	static const struct timespec time = {0, 500L * 1000 * 1000};

	if (bus == NULL || token_bus_wait(bus, rows, count, LOOK_AGAIN_MS) == UK_E_NO_SERVICE)
		(void)nanosleep(&time, NULL);
}

/* Under the lock: from now on this is what the program knows. */
static void
told(const struct event *event, struct token_reader *rows, size_t count)
{
	struct token_reader *row = row_of(events.told, events.count, event->name);
	const struct token_reader *now = row_of(rows, count, event->name);

	if (!event->inserted && row != NULL)
		*row = events.told[--events.count];
	if (event->inserted && now != NULL && events.count < TOKEN_READERS_MAX)
		events.told[events.count++] = *now;
}

enum uk_status
event_wait(size_t room, struct event *ret)
{
	struct token_reader rows[TOKEN_READERS_MAX];
	struct token_bus *bus;
	enum uk_status st = UK_E_CANCELLED;
	unsigned int cancels;
	size_t count = readers_list(rows, &bus);

	events_begin(rows, count);
	pthread_mutex_lock(&events.lock);
	cancels = events.cancels;
	while (events.cancels == cancels) {
		if (difference(rows, count, ret)) {
			st = strlen(ret->name) < room ? UK_OK : UK_E_DATA_LEN;
			if (st == UK_OK)
				told(ret, rows, count);
			break;
		}
		pthread_mutex_unlock(&events.lock);
		look_again_later(bus, rows, count);
		count = readers_list(rows, &bus);
		pthread_mutex_lock(&events.lock);
	}
	pthread_mutex_unlock(&events.lock);
	return st;
}

void
events_cancel(void)
{
	struct token_bus *bus;

	pthread_mutex_lock(&events.lock);
	events.cancels++;
	pthread_mutex_unlock(&events.lock);
	bus = module_bus_lock();
	if (bus != NULL)
		token_bus_cancel(bus);
	module_bus_unlock();
}

void
events_forget(void)
{
	static const pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	events.lock = mutex;
	events.begun = false;
	events.count = 0;
}
