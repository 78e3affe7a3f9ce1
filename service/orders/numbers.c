/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/orders/numbers.h"

#include "service/base/clock.h"

#include <stdio.h>
#include <string.h>

struct block {
	const char *day, *letter;
	int64_t first;
};

static enum cs_status
block_body(struct cs_store *store, void *ctx)
{
	struct block *block = ctx;

	return cs_store_numbers(store, block->day, block->letter, CS_NUMBERS_BLOCK, &block->first);
}

static enum cs_status
block_take(struct cs_numbers *numbers, struct cs_store *store)
{
	for (; numbers->letter <= 'Z'; numbers->letter++) {
		const char letter[] = {numbers->letter, '\0'};
		struct block block = {numbers->day, letter, 0};
		enum cs_status st = cs_store_tx(store, block_body, &block);

		if (st != CS_OK)
			return st;
		if (block.first > CS_NUMBERS_LETTER)
			continue;
		numbers->next = block.first;
		numbers->end = block.first + CS_NUMBERS_BLOCK;
		if (numbers->end > CS_NUMBERS_LETTER + 1)
			numbers->end = CS_NUMBERS_LETTER + 1;
		return CS_OK;
	}
	return CS_E_LIMIT;
}

enum cs_status
cs_number_next(struct cs_numbers *numbers, struct cs_store *store, int64_t now, int64_t offset,
	       char ret[CS_NUMBER_TEXT])
{
	struct cs_date date = cs_date_at(now, offset);
	char day[9];
	enum cs_status st;

	(void)snprintf(day, sizeof(day), "%04u%02u%02u", (unsigned int)date.year % 10000,
		       (unsigned int)date.month % 100, (unsigned int)date.day % 100);
	if (strcmp(day, numbers->day) != 0) {
		memcpy(numbers->day, day, sizeof(day));
		numbers->letter = 'A';
		numbers->next = numbers->end = 0;
	}
	if (numbers->next == numbers->end) {
		st = block_take(numbers, store);
		if (st != CS_OK)
			return st;
	}
	(void)snprintf(ret, CS_NUMBER_TEXT, "%s%c%06u", day, numbers->letter,
		       (unsigned int)numbers->next % 1000000);
	numbers->next++;
	return CS_OK;
}
