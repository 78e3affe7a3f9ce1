/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Faults asked for from outside: which command they wait for, and what they do to it. */
#ifndef VK_FAULTS_H
#define VK_FAULTS_H

#include "common/bytes.h"

#define VK_FAULTS_MAX 16

enum vk_fault_kind {
	VK_FAULT_PULL_BEFORE, /* pulled before the command is looked at */
	VK_FAULT_PULL_AFTER,  /* pulled when it is done, before the answer */
	VK_FAULT_SW,          /* this status word instead of doing it */
	VK_FAULT_CUT,         /* only the answer's first bytes */
	VK_FAULT_EMPTY,       /* no bytes at all */
	VK_FAULT_JUNK,        /* so many bytes between data and status word */
	VK_FAULT_RANDOM,      /* so many bytes from a seed instead of the answer */
	VK_FAULT_NOISE,       /* the same, followed by 9000 */
	VK_FAULT_FLIP,        /* one byte of the answer turned round */
	VK_FAULT_SLOW,        /* so many milliseconds later */
};

struct vk_fault {
	bool used;
	bool by_ins; /* waits for ins; else for the at-th command from now */
	uint8_t ins;
	uint32_t at;
	enum vk_fault_kind kind;
	uint32_t value;
	uint32_t seed;
};

struct vk_faults {
	struct vk_fault list[VK_FAULTS_MAX];
	uint32_t slow_ms; /* on every command */
};

/* What hits the command that is being done. */
struct vk_faults_now {
	bool pull_before, pull_after;
	uint16_t sw; /* 0: none */
	uint64_t slow_us;
	size_t count;
	struct vk_fault spoilers[VK_FAULTS_MAX];
};

/*
 * Parses the words after "fault at N" or "fault ins II" into the list.  False: not understood,
 * or no room for more; nothing changed.
 */
UK_CHECKED bool vk_faults_add(struct vk_faults *faults, const struct vk_fault *when,
			      char *const *words, size_t count);
void vk_faults_clear(struct vk_faults *faults);

/* Counts one command and takes out the faults that are due. */
void vk_faults_take(struct vk_faults *faults, uint8_t ins, struct vk_faults_now *ret_now);
/* Does to the answer what the spoilers say. */
void vk_faults_spoil(const struct vk_faults_now *now, struct uk_writer *reply);

/* A decimal (base 10) or hexadecimal (base 16) number; false when there is anything else. */
UK_CHECKED bool vk_number_parse(const char *text, int base, uint32_t max, uint32_t *ret_value);

#endif
