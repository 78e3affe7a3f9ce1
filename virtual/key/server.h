/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The running program: the link and the control socket around one card, in one thread. */
#ifndef VK_SERVER_H
#define VK_SERVER_H

#include "virtual/key/vk.h"

struct vk_places {
	const char *socket;    /* the reader's; NULL with vpcd */
	const char *control;   /* NULL: no control socket */
	const char *vpcd_host; /* NULL: no vpcd */
	const char *vpcd_port;
};

/*
 * Runs until "quit" or a signal, after the line "ready" on stdout. False when a socket cannot be
 * opened: *ret_path is the one, errno why.
 */
UK_CHECKED bool vk_server_run(struct vk_card *card, const struct vk_places *places,
			      const char **ret_path);

#endif
