/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which programs are connected to the smart card service. */
#ifndef OUK_CORE_DOCTOR_HOLDER_H
#define OUK_CORE_DOCTOR_HOLDER_H

#include <glib.h>

typedef struct {
	GPid pid;
	guint64 start; /* so that no later process of the same number is meant */
	char *name;    /* the program's file name */
} OukHolder;

/*
 * Of OukHolder: other processes than this one that hold a connection to the service's socket.
 * Programs of other users are seen by root only.
 */
GPtrArray *holders_find(const char *socket_path);
/* Field 22 of /proc/PID/stat; 0 when there is no such process. */
guint64 process_start(GPid pid);

#endif
