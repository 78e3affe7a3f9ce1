/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys that makers' libraries show.  Each library's helper keeps a number that changes with
 * every key that comes or goes; a wait is a question for the next number, answered when there is
 * one, so that nothing is polled on this side.
 */
#include "drivers/skf/token.h"

#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A library that fails again and again is left alone longer and longer. */
#define AGAIN_MS     1000
#define AGAIN_MOST   60000
#define FREE_FAILURE 1

struct library {
	struct skf_config config;
	struct skf_model model;
	struct skf_link link; /* for lists */
	unsigned int failures;
	int64_t again_ms; /* not to be asked before */
};

struct skf_bus {
	int cancelled; /* eventfd, readable until the next list */
	size_t count;
	struct library libraries[];
};

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- beginning and end ---- */

static void
library_set(struct library *library)
{
	const struct skf_config *config = &library->config;

	library->model = (struct skf_model){
		.info = {.name = config->name,
			 .flags = TOKEN_MODEL_VERIFIED |
				  (config->each_use != 0 ? TOKEN_MODEL_AUTH_EACH_USE : 0U),
			 .pin_min = config->pin_min,
			 .pin_max = config->pin_max},
		.config = config,
	};
}

static void
bus_close(void *part)
{
	struct skf_bus *bus = part;

	for (size_t i = 0; i < bus->count; i++)
		skf_link_end(&bus->libraries[i].link);
	if (bus->cancelled >= 0)
		(void)close(bus->cancelled);
	free(bus);
}

static enum uk_status
bus_make(const struct skf_config *configs, size_t count, struct skf_bus **ret)
{
	struct skf_bus *bus = calloc(1, sizeof(*bus) + count * sizeof(bus->libraries[0]));

	if (bus == NULL)
		return UK_E_MEMORY;
	bus->cancelled = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (; bus->count < count && bus->cancelled >= 0; bus->count++) {
		struct library *library = &bus->libraries[bus->count];

		library->config = configs[bus->count];
		library_set(library);
		if (skf_link_init(&library->link, &library->config) != UK_OK)
			break;
	}
	if (bus->count < count) {
		bus_close(bus);
		return UK_E_MEMORY;
	}
	*ret = bus;
	return UK_OK;
}

static enum uk_status
bus_open(void **ret_bus)
{
	struct skf_config *configs;
	struct skf_bus *bus;
	enum uk_status st;
	size_t count;

	if (!skf_config_any())
		return UK_E_NOT_SUPPORTED;
	configs = calloc(SKF_LIBRARIES_MAX, sizeof(*configs));
	if (configs == NULL)
		return UK_E_MEMORY;
	count = skf_config_list(configs, SKF_LIBRARIES_MAX);
	st = count == 0 ? UK_E_NOT_SUPPORTED : bus_make(configs, count, &bus);
	free(configs);
	if (st == UK_OK)
		*ret_bus = bus;
	return st;
}

/* ---- lists ---- */

struct rows {
	struct token_reader *out;
	size_t cap, count;
};

static bool
row_take(const struct library *library, struct uk_span *in, struct token_reader *ret)
{
	struct uk_span name;
	uint32_t events;

	if (!skf_take_name(in, SKF_DEVICE_NAME - 1, &name) || !skf_take_u32(in, &events) ||
	    name.len == 0 || memchr(name.ptr, 0, name.len) != NULL)
		return false;
	*ret = (struct token_reader){
		.present = true,
		.ours = true,
		.events = events,
		.model = (const struct token_model *)(const void *)&library->model,
		.family = &skf_family,
	};
	(void)snprintf(ret->name, sizeof(ret->name), "%s: %.*s", library->config.name,
		       (int)name.len, (const char *)name.ptr);
	return true;
}

/* Asks for the devices; *ret_number is the list's. */
static enum uk_status
library_ask(const struct library *library, struct skf_link *link, struct rows *rows,
	    uint32_t *ret_number)
{
	struct uk_writer request;
	struct skf_answer answer;
	uint8_t count;
	enum uk_status st;

	/* A helper that ended meanwhile is no failure yet. */
	(void)skf_link_is_up(link);
	st = skf_link_connect(link);
	if (st != UK_OK)
		return st;
	request = skf_link_request(link, SKF_OP_LIST);
	st = skf_link_call(link, &request, &answer);
	if (st == UK_OK)
		st = skf_status(answer.sar);
	if (st != UK_OK)
		return st;
	if (!skf_take_u32(&answer.fields, ret_number) || !uk_take_u8(&answer.fields, &count))
		return UK_E_REPLY;
	for (; count > 0 && rows->count < rows->cap; count--) {
		if (!row_take(library, &answer.fields, &rows->out[rows->count]))
			return UK_E_REPLY;
		rows->count++;
	}
	return UK_OK;
}

static void
library_failed(struct library *library, enum uk_status st)
{
	int64_t pause = AGAIN_MS;

	library->failures++;
	uk_warning("skf", "%s: %s", library->config.name, uk_status_text(st));
	if (library->failures <= FREE_FAILURE)
		return;
	for (unsigned int i = FREE_FAILURE + 1; i < library->failures && pause < AGAIN_MOST; i++)
		pause *= 2;
	library->again_ms = now_ms() + (pause < AGAIN_MOST ? pause : AGAIN_MOST);
}

static enum uk_status
bus_list(void *part, struct token_reader *out, size_t cap, size_t *ret_count)
{
	struct skf_bus *bus = part;
	struct rows rows = {out, cap, 0};
	uint64_t taken;

	if (read(bus->cancelled, &taken, sizeof(taken)) < 0)
		taken = 0; /* nobody had cancelled */
	for (size_t i = 0; i < bus->count; i++) {
		struct library *library = &bus->libraries[i];
		size_t before = rows.count;
		uint32_t number;
		enum uk_status st;

		if (library->again_ms != 0 && now_ms() < library->again_ms)
			continue;
		st = library_ask(library, &library->link, &rows, &number);
		library->again_ms = 0;
		if (st == UK_OK) {
			library->failures = 0;
			continue;
		}
		rows.count = before;
		library_failed(library, st);
	}
	*ret_count = rows.count;
	return UK_OK;
}

/* ---- waits ---- */

struct watch {
	struct skf_link links[SKF_LIBRARIES_MAX];
	struct pollfd fds[SKF_LIBRARIES_MAX + 2];
	size_t count; /* of both */
	struct token_reader rows[TOKEN_READERS_MAX];
};

static bool
row_is_seen(const struct token_reader *row, const struct token_reader *seen, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(seen[i].name, row->name) == 0)
			return seen[i].present && seen[i].events == row->events;
	return false;
}

static bool
same_rows(const struct rows *rows, const struct token_reader *seen, size_t count)
{
	size_t present = 0;

	for (size_t i = 0; i < count; i++)
		present += seen[i].present ? 1 : 0;
	for (size_t i = 0; i < rows->count; i++)
		if (!row_is_seen(&rows->out[i], seen, count))
			return false;
	return present == rows->count;
}

static enum uk_status
watch_ask(struct skf_link *link, uint32_t number)
{
	struct uk_writer request = skf_link_request(link, SKF_OP_WATCH);

	skf_put_u32(&request, number);
	return skf_link_send(link, &request);
}

/* One link more for each library that works; one that does not shows no keys. */
static void
watch_begin(struct watch *watch, const struct skf_bus *bus, struct rows *rows)
{
	for (size_t i = 0; i < bus->count; i++) {
		struct skf_link *link = &watch->links[watch->count];
		size_t before = rows->count;
		uint32_t number;

		if (skf_link_init(link, &bus->libraries[i].config) != UK_OK)
			continue;
		if (library_ask(&bus->libraries[i], link, rows, &number) != UK_OK ||
		    watch_ask(link, number) != UK_OK) {
			rows->count = before;
			skf_link_end(link);
			continue;
		}
		watch->fds[watch->count] = (struct pollfd){.fd = link->fd, .events = POLLIN};
		watch->count++;
	}
}

static void
watch_end(struct watch *watch, size_t links)
{
	for (size_t i = 0; i < links; i++)
		skf_link_end(&watch->links[i]);
	free(watch);
}

static enum uk_status
watch_run(struct watch *watch, size_t links, int cancelled, int timeout_ms)
{
	const int64_t end = now_ms() + timeout_ms;

	for (;;) {
		int64_t left = end - now_ms();
		int ready = poll(watch->fds, watch->count,
				 timeout_ms < 0 ? -1
				 : left > 0     ? (int)left
						: 0);

		if (ready < 0 && errno != EINTR)
			return UK_E_INTERNAL;
		if (ready == 0)
			return UK_E_TIMEOUT;
		for (size_t i = links; ready > 0 && i < watch->count; i++)
			if (watch->fds[i].fd == cancelled && watch->fds[i].revents != 0)
				return UK_E_CANCELLED;
		if (ready > 0)
			return UK_OK;
	}
}

static enum uk_status
bus_wait(void *part, const struct token_reader *seen, size_t count, int timeout_ms, int stop_fd)
{
	struct skf_bus *bus = part;
	struct watch *watch = calloc(1, sizeof(*watch));
	struct rows rows;
	enum uk_status st = UK_OK;
	size_t links;

	if (watch == NULL)
		return UK_E_MEMORY;
	rows = (struct rows){watch->rows, ARRAY_SIZE(watch->rows), 0};
	watch_begin(watch, bus, &rows);
	links = watch->count;
	watch->fds[watch->count++] = (struct pollfd){.fd = bus->cancelled, .events = POLLIN};
	watch->fds[watch->count++] = (struct pollfd){.fd = stop_fd, .events = POLLIN};
	if (same_rows(&rows, seen, count))
		st = watch_run(watch, links, bus->cancelled, timeout_ms);
	watch_end(watch, links);
	return st;
}

static void
bus_cancel(void *part)
{
	const struct skf_bus *bus = part;
	const uint64_t one = 1;

	if (write(bus->cancelled, &one, sizeof(one)) < 0)
		return; /* it is readable already */
}

/* ---- tokens ---- */

static enum uk_status
family_token_open(void *part, const struct token_reader *reader, struct token **ret_token)
{
	const struct skf_bus *bus = part;

	for (size_t i = 0; i < bus->count; i++) {
		const struct library *library = &bus->libraries[i];
		size_t len = strlen(library->config.name);

		if ((const void *)reader->model != (const void *)&library->model ||
		    strlen(reader->name) < len + 2)
			continue;
		return skf_token_open(reader, reader->name + len + 2, ret_token);
	}
	return UK_E_UNKNOWN_KEY;
}

const struct token_family skf_family = {
	.name = "skf",
	.open = bus_open,
	.close = bus_close,
	.list = bus_list,
	.wait = bus_wait,
	.cancel = bus_cancel,
	.token_open = family_token_open,
	.token_set_application = skf_token_set_application,
	.token_close = skf_token_close,
	.token_application = skf_token_application,
};
