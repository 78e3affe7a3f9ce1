/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/pcsc/system.h"

#include "common/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PNP_NAME         "\\\\?PnP?\\Notification"
#define NAMES_MAX        (PCSC_READERS_MAX * PCSC_NAME_MAX)
#define SERVICE_LOOK_MS  500
#define CANCEL_REPEAT_MS 10
#define CANCEL_PATIENCE  200 /* repeats: two seconds */

/* A pcsc_bus_wait under way, on its thread's stack. */
struct waiter {
	struct waiter *next;
	SCARDCONTEXT context; /* its own, so that it blocks nobody */
	bool has_context;
};

struct pcsc_bus {
	SCARDCONTEXT context; /* for lists only */
	bool connected;
	uint32_t restarts;    /* of the service, seen so far by those who list */
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t changed;
	struct waiter *waiters;
	bool cancelled;
};

/* ---- names and states ---- */

struct states {
	SCARD_READERSTATE rows[PCSC_READERS_MAX + 1];
	size_t count;
	char names[NAMES_MAX];
};

/* Points one row at each name of a multi-string. */
static void
states_fill(struct states *states, size_t len)
{
	struct uk_span list = uk_span_of(states->names, len);
	struct uk_span name;

	states->count = 0;
	while (states->count < PCSC_READERS_MAX && uk_take_name(&list, &name) && name.len > 0) {
		/* A name that is cut off or does not fit is nobody's key. */
		if (name.len >= PCSC_NAME_MAX || name.ptr + name.len >= list.ptr)
			continue;
		states->rows[states->count++] = (SCARD_READERSTATE){
			.szReader = (const char *)name.ptr, .dwCurrentState = SCARD_STATE_UNAWARE};
	}
}

static LONG
states_list(SCARDCONTEXT context, struct states *states)
{
	DWORD len = sizeof(states->names);
	LONG rv = SCardListReaders(context, NULL, states->names, &len);

	if (rv == SCARD_E_NO_READERS_AVAILABLE) {
		states->count = 0;
		return SCARD_S_SUCCESS;
	}
	if (rv == SCARD_S_SUCCESS)
		states_fill(states, len < sizeof(states->names) ? len : sizeof(states->names));
	return rv;
}

static bool
state_is_present(const SCARD_READERSTATE *row)
{
	return (row->dwEventState & SCARD_STATE_PRESENT) != 0 &&
	       (row->dwEventState & (SCARD_STATE_MUTE | SCARD_STATE_UNAVAILABLE)) == 0;
}

static uint32_t
state_events(const SCARD_READERSTATE *row)
{
	return (uint32_t)(row->dwEventState >> 16) & 0xffff;
}

static bool
state_is_known(const SCARD_READERSTATE *row)
{
	return (row->dwEventState & (SCARD_STATE_UNKNOWN | SCARD_STATE_IGNORE)) == 0;
}

/*
 * The service counts what comes and goes in a reader, and begins anew when it is started again: our
 * own count of restarts keeps a key that was opened with an earlier one from looking unchanged.
 */
static void
reader_set(const struct pcsc_bus *bus, struct pcsc_reader *reader, const SCARD_READERSTATE *row)
{
	*reader = (struct pcsc_reader){
		.present = state_is_present(row),
		.events = bus->restarts << 16 | state_events(row),
		.atr_len = row->cbAtr <= PCSC_ATR_MAX ? row->cbAtr : 0,
	};
	memcpy(reader->name, row->szReader, strlen(row->szReader) + 1);
	memcpy(reader->atr, row->rgbAtr, reader->atr_len);
}

/* ---- the bus ---- */

static enum uk_status
bus_connect(struct pcsc_bus *bus)
{
	LONG rv;

	if (bus->connected)
		return UK_OK;
	rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &bus->context);
	bus->connected = rv == SCARD_S_SUCCESS;
	return bus->connected ? UK_OK : pcsc_status(rv);
}

static void
bus_disconnect(struct pcsc_bus *bus)
{
	if (bus->connected)
		(void)SCardReleaseContext(bus->context);
	bus->connected = false;
}

enum uk_status
pcsc_bus_open(struct pcsc_bus **ret)
{
	struct pcsc_bus *bus = calloc(1, sizeof(*bus));
	pthread_condattr_t monotonic;
	enum uk_status st;

	if (bus == NULL)
		return UK_E_MEMORY;
	st = bus_connect(bus);
	if (st != UK_OK) {
		free(bus);
		return st;
	}
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&bus->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	(void)pthread_mutex_init(&bus->lock, NULL);
	*ret = bus;
	return UK_OK;
}

void
pcsc_bus_close(struct pcsc_bus *bus)
{
	if (bus == NULL)
		return;
	bus_disconnect(bus);
	(void)pthread_cond_destroy(&bus->changed);
	(void)pthread_mutex_destroy(&bus->lock);
	free(bus);
}

static LONG
bus_look(struct pcsc_bus *bus, struct states *states)
{
	LONG rv = states_list(bus->context, states);

	if (rv != SCARD_S_SUCCESS || states->count == 0)
		return rv;
	return SCardGetStatusChange(bus->context, 0, states->rows, (DWORD)states->count);
}

enum uk_status
pcsc_bus_list(struct pcsc_bus *bus, struct pcsc_reader *out, size_t cap, size_t *ret_count)
{
	struct states states;
	enum uk_status st;
	LONG rv = SCARD_E_NO_SERVICE;
	size_t count = 0;

	(void)pthread_mutex_lock(&bus->lock);
	bus->cancelled = false;
	(void)pthread_mutex_unlock(&bus->lock);

	for (int i = 0; i < 2 && pcsc_service_lost(rv); i++) {
		st = bus_connect(bus);
		if (st != UK_OK)
			return st;
		rv = bus_look(bus, &states);
		if (pcsc_service_lost(rv)) {
			bus_disconnect(bus);
			bus->restarts = (bus->restarts + 1) & 0xffff;
		}
	}
	/* A reader that went away between the two calls is found below as unknown. */
	if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT && rv != SCARD_E_UNKNOWN_READER)
		return pcsc_status(rv);
	for (size_t i = 0; i < states.count && count < cap; i++)
		if (state_is_known(&states.rows[i]))
			reader_set(bus, &out[count++], &states.rows[i]);
	*ret_count = count;
	return UK_OK;
}

/* ---- waiting ---- */

static struct timespec
time_after(long ms)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += ms / 1000;
	time.tv_nsec += ms % 1000 * 1000000;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	return time;
}

/* 0 when it has passed; a day when there is none. */
static long
ms_until(const struct timespec *end)
{
	struct timespec now;
	long ms;

	if (end == NULL)
		return 86400000;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000;
	return ms > 0 ? ms : 0;
}

static bool
waiter_enter(struct pcsc_bus *bus, struct waiter *waiter)
{
	bool cancelled;

	(void)pthread_mutex_lock(&bus->lock);
	cancelled = bus->cancelled;
	if (!cancelled) {
		waiter->next = bus->waiters;
		bus->waiters = waiter;
	}
	(void)pthread_mutex_unlock(&bus->lock);
	return !cancelled;
}

/* The context goes before the lock does, or a cancel could reach a stranger's of the same number.
 */
static void
waiter_leave(struct pcsc_bus *bus, struct waiter *waiter)
{
	(void)pthread_mutex_lock(&bus->lock);
	for (struct waiter **at = &bus->waiters; *at != NULL; at = &(*at)->next) {
		if (*at == waiter) {
			*at = waiter->next;
			break;
		}
	}
	if (waiter->has_context)
		(void)SCardReleaseContext(waiter->context);
	(void)pthread_cond_broadcast(&bus->changed);
	(void)pthread_mutex_unlock(&bus->lock);
}

static bool
is_cancelled(struct pcsc_bus *bus)
{
	bool cancelled;

	(void)pthread_mutex_lock(&bus->lock);
	cancelled = bus->cancelled;
	(void)pthread_mutex_unlock(&bus->lock);
	return cancelled;
}

static bool
same_reader(const struct pcsc_reader *seen, size_t count, const SCARD_READERSTATE *row)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(seen[i].name, row->szReader) == 0)
			return seen[i].present == state_is_present(row) &&
			       (seen[i].events & 0xffff) == state_events(row);
	return false;
}

static bool
same_readers(const struct pcsc_reader *seen, size_t count, const struct states *states)
{
	size_t known = 0;

	for (size_t i = 0; i < states->count; i++) {
		if (!state_is_known(&states->rows[i]))
			continue;
		if (!same_reader(seen, count, &states->rows[i]))
			return false;
		known++;
	}
	return known == count;
}

static void
states_acknowledge(struct states *states, size_t count)
{
	for (size_t i = 0; i < count; i++)
		states->rows[i].dwCurrentState =
			states->rows[i].dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
}

/* UK_OK = something may have changed. */
static enum uk_status
wait_for_change(struct pcsc_bus *bus, const struct waiter *waiter, const struct pcsc_reader *seen,
		size_t count, const struct timespec *end)
{
	struct states states;
	LONG rv;

	for (;;) {
		DWORD rows;

		rv = states_list(waiter->context, &states);
		if (rv != SCARD_S_SUCCESS)
			return pcsc_status(rv);
		rows = (DWORD)states.count + 1;
		states.rows[states.count] = (SCARD_READERSTATE){.szReader = PNP_NAME};
		rv = SCardGetStatusChange(waiter->context, 0, states.rows, rows);
		if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT)
			return rv == SCARD_E_UNKNOWN_READER ? UK_OK : pcsc_status(rv);
		if (!same_readers(seen, count, &states))
			return UK_OK;
		if (is_cancelled(bus))
			return UK_E_CANCELLED;
		if (ms_until(end) == 0)
			return UK_E_TIMEOUT;
		states_acknowledge(&states, rows);
		rv = SCardGetStatusChange(waiter->context,
					  end == NULL ? INFINITE : (DWORD)ms_until(end),
					  states.rows, rows);
		if (rv == SCARD_E_UNKNOWN_READER)
			return UK_OK;
		if (rv != SCARD_S_SUCCESS && rv != SCARD_E_TIMEOUT)
			return pcsc_status(rv);
		/* Look again: what changed may be of no interest, such as who uses a card. */
	}
}

/* Sleeps until it is time to look for pcscd again. */
static enum uk_status
wait_for_service(struct pcsc_bus *bus, const struct timespec *end)
{
	long left = ms_until(end);
	struct timespec next = time_after(left < SERVICE_LOOK_MS ? left : SERVICE_LOOK_MS);
	bool cancelled;

	if (left == 0)
		return UK_E_TIMEOUT;
	(void)pthread_mutex_lock(&bus->lock);
	while (!bus->cancelled &&
	       pthread_cond_timedwait(&bus->changed, &bus->lock, &next) != ETIMEDOUT)
		;
	cancelled = bus->cancelled;
	(void)pthread_mutex_unlock(&bus->lock);
	return cancelled ? UK_E_CANCELLED : UK_OK;
}

enum uk_status
pcsc_bus_wait(struct pcsc_bus *bus, const struct pcsc_reader *seen, size_t count, int timeout_ms)
{
	struct timespec end = time_after(timeout_ms > 0 ? timeout_ms : 0);
	const struct timespec *limit = timeout_ms < 0 ? NULL : &end;
	struct waiter waiter = {0};
	enum uk_status st = UK_OK;

	for (bool was_gone = false; st == UK_OK; was_gone = true) {
		LONG rv = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &waiter.context);

		waiter.has_context = rv == SCARD_S_SUCCESS;
		if (waiter.has_context && was_gone) {
			(void)SCardReleaseContext(waiter.context);
			return UK_OK;
		}
		if (waiter.has_context)
			break;
		st = wait_for_service(bus, limit);
	}
	if (st != UK_OK)
		return st;
	if (waiter_enter(bus, &waiter)) {
		st = wait_for_change(bus, &waiter, seen, count, limit);
		waiter_leave(bus, &waiter);
	} else {
		(void)SCardReleaseContext(waiter.context);
		st = UK_E_CANCELLED;
	}
	/* pcscd going is a change too: the caller's next list says so. */
	return st == UK_E_NO_SERVICE ? UK_OK : st;
}

void
pcsc_bus_cancel(struct pcsc_bus *bus)
{
	(void)pthread_mutex_lock(&bus->lock);
	bus->cancelled = true;
	(void)pthread_cond_broadcast(&bus->changed);
	/*
	 * A cancel that comes just before the other thread is blocked in pcscd is lost: repeat it
	 * until all have left.
	 */
	for (int i = 0; i < CANCEL_PATIENCE && bus->waiters != NULL; i++) {
		struct timespec next = time_after(CANCEL_REPEAT_MS);

		for (const struct waiter *at = bus->waiters; at != NULL; at = at->next)
			(void)SCardCancel(at->context);
		(void)pthread_cond_timedwait(&bus->changed, &bus->lock, &next);
	}
	(void)pthread_mutex_unlock(&bus->lock);
}
