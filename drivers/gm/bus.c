/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PC/SC's readers as token.h shows them: with the model of what is in them. */
#include "drivers/gm/model.h"
#include "drivers/pcsc/pcsc.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(TOKEN_READER_NAME_MAX == PCSC_NAME_MAX, "reader names are copied whole");
_Static_assert(TOKEN_READERS_MAX == PCSC_READERS_MAX, "lists are copied whole");

struct token_bus {
	struct pcsc_bus *pcsc;
};

enum uk_status
token_bus_open(struct token_bus **ret_bus)
{
	struct token_bus *bus = calloc(1, sizeof(*bus));
	enum uk_status st;

	if (bus == NULL)
		return UK_E_MEMORY;
	st = pcsc_bus_open(&bus->pcsc);
	if (st != UK_OK) {
		free(bus);
		return st;
	}
	*ret_bus = bus;
	return UK_OK;
}

void
token_bus_close(struct token_bus *bus)
{
	if (bus == NULL)
		return;
	pcsc_bus_close(bus->pcsc);
	free(bus);
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

enum uk_status
token_bus_list(struct token_bus *bus, struct token_reader *out, size_t cap, size_t *ret_count)
{
	struct pcsc_reader readers[PCSC_READERS_MAX];
	size_t count;
	enum uk_status st = pcsc_bus_list(
		bus->pcsc, readers, cap < ARRAY_SIZE(readers) ? cap : ARRAY_SIZE(readers), &count);

	if (st != UK_OK)
		return st;
	for (size_t i = 0; i < count; i++)
		reader_set(&out[i], &readers[i]);
	*ret_count = count;
	return UK_OK;
}

enum uk_status
token_bus_wait(struct token_bus *bus, const struct token_reader *seen, size_t count, int timeout_ms)
{
	struct pcsc_reader readers[PCSC_READERS_MAX] = {0};

	if (count > ARRAY_SIZE(readers))
		return UK_E_ARGUMENTS;
	for (size_t i = 0; i < count; i++) {
		memcpy(readers[i].name, seen[i].name, sizeof(readers[i].name));
		readers[i].present = seen[i].present;
		readers[i].events = seen[i].events;
	}
	return pcsc_bus_wait(bus->pcsc, readers, count, timeout_ms);
}

void
token_bus_cancel(struct token_bus *bus)
{
	pcsc_bus_cancel(bus->pcsc);
}
