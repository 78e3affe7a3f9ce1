/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plug: where a reader reaches the card.  A listening Unix socket is a key that is plugged in;
 * with vpcd the key connects out instead.  Frames both ways are a 2-byte big-endian length and
 * bytes: one byte is a control (00 off, 01 on, 02 reset, 04 send the ATR), four or more an APDU.
 */
#ifndef VK_LINK_H
#define VK_LINK_H

#include "virtual/key/vk.h"

#include <poll.h>

#define VK_FRAME_MAX 65535

struct vk_link {
	struct vk_card *card;
	const char *path;      /* of the Unix socket; NULL with vpcd */
	const char *vpcd_host; /* NULL without */
	const char *vpcd_port;
	int listener, conn;
	unsigned int plugging;  /* as it was when we looked last */
	size_t in_len, out_len; /* out_len > 0: an answer waits until due_us */
	uint64_t due_us, retry_us;
	uint8_t in[2 + VK_FRAME_MAX];
	uint8_t out[2 + UK_REPLY_MAX];
};

/* Opens the socket of a plugged key. False: errno. */
UK_CHECKED bool vk_link_open(struct vk_link *link);
void vk_link_close(struct vk_link *link);

/* Follows the card: a pulled key's sockets vanish. False when it cannot listen again. */
UK_CHECKED bool vk_link_sync(struct vk_link *link);

/* What to wait for: fills one entry; returns milliseconds, -1 for ever. */
int vk_link_poll(const struct vk_link *link, struct pollfd *ret_fd);
/* Does what came and what is due. */
void vk_link_run(struct vk_link *link, const struct pollfd *fd);

#endif
