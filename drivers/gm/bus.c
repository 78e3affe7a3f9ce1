/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PC/SC's readers as token.h shows them: with the model of what is in them. */
#include "drivers/family.h"
#include "drivers/gm/model.h"
#include "drivers/gm/ops.h"
#include "drivers/pcsc/pcsc.h"

#include <string.h>

_Static_assert(TOKEN_READER_NAME_MAX == PCSC_NAME_MAX, "reader names are copied whole");
_Static_assert(TOKEN_READERS_MAX == PCSC_READERS_MAX, "lists are copied whole");

static enum uk_status
bus_open(void **ret_bus)
{
	struct pcsc_bus *bus;
	enum uk_status st = pcsc_bus_open(&bus);

	if (st == UK_OK)
		*ret_bus = bus;
	return st;
}

static void
bus_close(void *bus)
{
	pcsc_bus_close(bus);
}

static void
reader_set(struct token_reader *out, const struct pcsc_reader *in)
{
	*out = (struct token_reader){.present = in->present, .events = in->events};
	memcpy(out->name, in->name, sizeof(out->name));
	if (in->present)
		out->model = gm_model_find(uk_span_of(in->atr, in->atr_len), in->name);
	out->ours = out->model != NULL;
}

static enum uk_status
bus_list(void *bus, struct token_reader *out, size_t cap, size_t *ret_count)
{
	struct pcsc_reader readers[PCSC_READERS_MAX];
	size_t count;
	enum uk_status st = pcsc_bus_list(
		bus, readers, cap < ARRAY_SIZE(readers) ? cap : ARRAY_SIZE(readers), &count);

	if (st != UK_OK)
		return st;
	for (size_t i = 0; i < count; i++)
		reader_set(&out[i], &readers[i]);
	*ret_count = count;
	return UK_OK;
}

/* Deaf to stop_fd: PC/SC waits for nothing else. */
static enum uk_status
bus_wait(void *bus, const struct token_reader *seen, size_t count, int timeout_ms, int stop_fd)
{
	struct pcsc_reader readers[PCSC_READERS_MAX] = {0};

	(void)stop_fd;
	if (count > ARRAY_SIZE(readers))
		return UK_E_ARGUMENTS;
	for (size_t i = 0; i < count; i++) {
		memcpy(readers[i].name, seen[i].name, sizeof(readers[i].name));
		readers[i].present = seen[i].present;
		readers[i].events = seen[i].events;
	}
	return pcsc_bus_wait(bus, readers, count, timeout_ms);
}

static void
bus_cancel(void *bus)
{
	pcsc_bus_cancel(bus);
}

const struct token_family gm_family = {
	.name = "gm",
	.open = bus_open,
	.close = bus_close,
	.list = bus_list,
	.wait = bus_wait,
	.cancel = bus_cancel,
	.token_open = gm_token_open,
	.token_set_application = gm_token_set_application,
	.token_close = gm_token_close,
	.token_application = gm_token_application,
};
