/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One bus and one kind of token out of the families (drivers/family.h). */
#include "drivers/bus_parts.h"

#include <stdlib.h>
#include <string.h>

const struct token_family *const bus_families[BUS_FAMILIES] = {
	[BUS_GM] = &gm_family,
	[BUS_SKF] = &skf_family,
};

/* OPENUKEY_WAYS: names with commas between them; none = all. */
static bool
is_wanted(const char *ways, const char *name)
{
	size_t len = strlen(name);

	if (ways == NULL || ways[0] == '\0')
		return true;
	for (;;) {
		size_t way = strcspn(ways, ",");

		if (way == len && memcmp(ways, name, len) == 0)
			return true;
		if (ways[way] == '\0')
			return false;
		ways += way + 1;
	}
}

/* Under the caller's lock, unlike a wait that may be under way meanwhile. */
static enum uk_status
part_open(struct token_bus *bus, unsigned int family)
{
	void *part;
	enum uk_status st;

	if (bus->part[family] != NULL)
		return UK_OK;
	st = bus_families[family]->open(&part);
	if (st == UK_OK)
		__atomic_store_n(&bus->part[family], part, __ATOMIC_RELEASE);
	return st;
}

enum uk_status
token_bus_open(struct token_bus **ret_bus)
{
	const char *ways = secure_getenv("OPENUKEY_WAYS");
	struct token_bus *bus = calloc(1, sizeof(*bus));
	enum uk_status first = UK_E_NO_SERVICE;
	bool any = false;

	if (bus == NULL)
		return UK_E_MEMORY;
	for (unsigned int i = 0; i < BUS_FAMILIES; i++) {
		enum uk_status st;

		if (!is_wanted(ways, bus_families[i]->name))
			continue;
		st = part_open(bus, i);
		bus->wanted[i] = st != UK_E_NOT_SUPPORTED;
		any = any || st == UK_OK;
		if (i == 0)
			first = st;
	}
	if (!any) {
		token_bus_close(bus);
		return first;
	}
	*ret_bus = bus;
	return UK_OK;
}

void
token_bus_close(struct token_bus *bus)
{
	if (bus == NULL)
		return;
	for (unsigned int i = 0; i < BUS_FAMILIES; i++)
		if (bus->part[i] != NULL)
			bus_families[i]->close(bus->part[i]);
	free(bus);
}

void
token_bus_forbid_threads(struct token_bus *bus)
{
	bus->no_threads = true;
}

static enum uk_status
part_list(struct token_bus *bus, unsigned int family, struct token_reader *out, size_t cap,
	  size_t *ret_count)
{
	enum uk_status st = part_open(bus, family);

	if (st == UK_OK)
		st = bus_families[family]->list(bus->part[family], out, cap, ret_count);
	if (st != UK_OK)
		return st;
	for (size_t i = 0; i < *ret_count; i++)
		out[i].family = bus_families[family];
	return UK_OK;
}

/* A way that fails leaves the others their keys; the first failure counts when all do. */
enum uk_status
token_bus_list(struct token_bus *bus, struct token_reader *out, size_t cap, size_t *ret_count)
{
	enum uk_status failure = UK_OK;
	size_t total = 0;
	bool any = false;

	for (unsigned int i = 0; i < BUS_FAMILIES; i++) {
		size_t count = 0;
		enum uk_status st;

		if (!bus->wanted[i])
			continue;
		st = part_list(bus, i, out + total, cap - total, &count);
		if (st == UK_OK)
			total += count;
		else if (failure == UK_OK)
			failure = st;
		any = any || st == UK_OK;
	}
	if (!any)
		return failure != UK_OK ? failure : UK_E_NO_SERVICE;
	*ret_count = total;
	return UK_OK;
}

void
token_bus_cancel(struct token_bus *bus)
{
	/* What waits for several comes back by the last one's. */
	for (unsigned int i = BUS_FAMILIES; i-- > 0;)
		if (bus_part(bus, i) != NULL)
			bus_families[i]->cancel(bus_part(bus, i));
}

/* ---- tokens ---- */

enum uk_status
token_open(struct token_bus *bus, const struct token_reader *reader, struct token **ret_token)
{
	struct token *token;
	enum uk_status st;

	for (unsigned int i = 0; i < BUS_FAMILIES; i++) {
		if (reader->family != bus_families[i] || bus_part(bus, i) == NULL)
			continue;
		st = reader->family->token_open(bus_part(bus, i), reader, &token);
		if (st != UK_OK)
			return st;
		token->family = reader->family;
		*ret_token = token;
		return UK_OK;
	}
	return UK_E_UNKNOWN_KEY;
}

void
token_set_application(struct token *token, const char *name)
{
	token->family->token_set_application(token, name);
}

void
token_close(struct token *token)
{
	if (token != NULL)
		token->family->token_close(token);
}

const char *
token_application(const struct token *token)
{
	return token->family->token_application(token);
}

/* Each family's struct token_model begins with it. */
const struct token_model_info *
token_model_info(const struct token_model *model)
{
	return (const struct token_model_info *)(const void *)model;
}
