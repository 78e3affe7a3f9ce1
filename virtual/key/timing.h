/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a USB full-speed key would take: invented within the limits of GM/T 0027 (README). */
#ifndef VK_TIMING_H
#define VK_TIMING_H

#include "common/bytes.h"

/* Microseconds from the first byte of the command to the last of the answer. */
uint64_t vk_timing_us(struct uk_span command, struct uk_span answer, uint64_t writes);

#endif
