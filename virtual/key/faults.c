/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/faults.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX 65535u

static const struct {
	const char *word;
	enum vk_fault_kind kind;
	uint8_t values; /* how many numbers follow */
	int base;
	uint32_t max;
} kinds[] = {
	{"pull-before", VK_FAULT_PULL_BEFORE, 0, 10, 0},
	{"pull-after", VK_FAULT_PULL_AFTER, 0, 10, 0},
	{"sw", VK_FAULT_SW, 1, 16, 0xffff},
	{"cut", VK_FAULT_CUT, 1, 10, FRAME_MAX},
	{"empty", VK_FAULT_EMPTY, 0, 10, 0},
	{"junk", VK_FAULT_JUNK, 1, 10, FRAME_MAX},
	{"random", VK_FAULT_RANDOM, 2, 10, FRAME_MAX},
	{"noise", VK_FAULT_NOISE, 2, 10, FRAME_MAX - 2},
	{"flip", VK_FAULT_FLIP, 1, 10, FRAME_MAX},
	{"slow", VK_FAULT_SLOW, 1, 10, 600000},
};

bool
vk_number_parse(const char *text, int base, uint32_t max, uint32_t *ret_value)
{
	unsigned long value;
	char *end;

	if (!isxdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	value = strtoul(text, &end, base);
	if (errno != 0 || *end != '\0' || value > max)
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

bool
vk_faults_add(struct vk_faults *faults, const struct vk_fault *when, char *const *words,
	      size_t count)
{
	struct vk_fault fault = *when;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (count == 0 || strcmp(kinds[i].word, words[0]) != 0)
			continue;
		if (count != 1u + kinds[i].values)
			return false;
		if (count > 1 &&
		    !vk_number_parse(words[1], kinds[i].base, kinds[i].max, &fault.value))
			return false;
		if (count > 2 && !vk_number_parse(words[2], 10, UINT32_MAX, &fault.seed))
			return false;
		fault.kind = kinds[i].kind;
		fault.used = true;
		for (size_t k = 0; k < VK_FAULTS_MAX; k++) {
			if (faults->list[k].used)
				continue;
			faults->list[k] = fault;
			return true;
		}
	}
	return false;
}

void
vk_faults_clear(struct vk_faults *faults)
{
	memset(faults, 0, sizeof(*faults));
}

static void
add_to_now(const struct vk_fault *fault, struct vk_faults_now *now)
{
	switch (fault->kind) {
	case VK_FAULT_PULL_BEFORE:
		now->pull_before = true;
		return;
	case VK_FAULT_PULL_AFTER:
		now->pull_after = true;
		return;
	case VK_FAULT_SW:
		now->sw = (uint16_t)fault->value;
		return;
	case VK_FAULT_SLOW:
		now->slow_us += (uint64_t)fault->value * 1000;
		return;
	case VK_FAULT_CUT:
	case VK_FAULT_EMPTY:
	case VK_FAULT_JUNK:
	case VK_FAULT_RANDOM:
	case VK_FAULT_NOISE:
	case VK_FAULT_FLIP:
		now->spoilers[now->count++] = *fault;
		return;
	}
}

void
vk_faults_take(struct vk_faults *faults, uint8_t ins, struct vk_faults_now *ret_now)
{
	memset(ret_now, 0, sizeof(*ret_now));
	ret_now->slow_us = (uint64_t)faults->slow_ms * 1000;
	for (size_t i = 0; i < VK_FAULTS_MAX; i++) {
		struct vk_fault *fault = &faults->list[i];

		if (!fault->used)
			continue;
		if (fault->by_ins ? fault->ins != ins : --fault->at > 0)
			continue;
		add_to_now(fault, ret_now);
		fault->used = false;
	}
}

/* The same bytes for the same seed, on every machine. */
static void
put_seeded(struct uk_writer *out, size_t len, uint32_t seed)
{
	uint64_t state = seed;

	for (size_t i = 0; i < len; i++) {
		uint64_t mixed;

		state += 0x9e3779b97f4a7c15u;
		mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9u;
		mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
		uk_put_u8(out, (uint8_t)(mixed >> 56));
	}
}

static void
spoil(const struct vk_fault *fault, struct uk_writer *reply)
{
	uint8_t sw[2] = {0x90, 0x00};

	switch (fault->kind) {
	case VK_FAULT_CUT:
		reply->len = fault->value < reply->len ? fault->value : reply->len;
		return;
	case VK_FAULT_EMPTY:
		reply->len = 0;
		return;
	case VK_FAULT_JUNK:
		if (reply->len < sizeof(sw))
			return;
		reply->len -= sizeof(sw);
		memcpy(sw, reply->ptr + reply->len, sizeof(sw));
		put_seeded(reply,
			   fault->value < FRAME_MAX - 2 - reply->len ? fault->value
								     : FRAME_MAX - 2 - reply->len,
			   fault->value);
		uk_put(reply, uk_span_of(sw, sizeof(sw)));
		return;
	case VK_FAULT_RANDOM:
		reply->len = 0;
		put_seeded(reply, fault->value, fault->seed);
		return;
	case VK_FAULT_NOISE:
		reply->len = 0;
		put_seeded(reply, fault->value, fault->seed);
		uk_put(reply, uk_span_of(sw, sizeof(sw)));
		return;
	case VK_FAULT_FLIP:
		if (fault->value < reply->len)
			reply->ptr[fault->value] ^= 0xff;
		return;
	case VK_FAULT_PULL_BEFORE:
	case VK_FAULT_PULL_AFTER:
	case VK_FAULT_SW:
	case VK_FAULT_SLOW:
		return; /* not about the answer's bytes */
	}
}

void
vk_faults_spoil(const struct vk_faults_now *now, struct uk_writer *reply)
{
	for (size_t i = 0; i < now->count; i++)
		spoil(&now->spoilers[i], reply);
}
