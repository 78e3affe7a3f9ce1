/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The log of commands: one line each, data only where commands.def allows it.  Commands that are
 * not in the table show their header and lengths.
 */
#ifndef VK_TRACELOG_H
#define VK_TRACELOG_H

#include "common/bytes.h"

#include <stdio.h>

struct vk_tracelog {
	FILE *file; /* NULL: no log */
	unsigned int number;
};

/* Appends to path; NULL is no log and no error. */
UK_CHECKED bool vk_tracelog_open(struct vk_tracelog *log, const char *path);
void vk_tracelog_close(struct vk_tracelog *log);

void vk_tracelog_event(struct vk_tracelog *log, const char *text);
/* answered false: the key was pulled before the answer. */
void vk_tracelog_command(struct vk_tracelog *log, struct uk_span command, struct uk_span answer,
			 bool answered, uint64_t writes);

#endif
