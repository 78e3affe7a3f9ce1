/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program's end of a connection to the helper of one library.  The helper is started when nobody
 * has yet, and killed when it does not answer; both leave the program's signals, children and
 * descriptors alone.
 */
#ifndef UK_DRIVERS_SKF_LINK_H
#define UK_DRIVERS_SKF_LINK_H

#include "drivers/skf/config.h"
#include "drivers/skf/wire.h"

struct skf_link {
	const struct skf_config *config; /* borrowed */
	int fd;                          /* -1: not connected */
	int pidfd;                       /* of the helper; -1: the kernel has none */
	bool crashed;                    /* the last helper ended under us: the next one is told */
	uint8_t *buffer;                 /* requests and answers */
};

struct skf_answer {
	uint32_t sar;
	uint8_t tries;         /* SKF_TRIES_NONE: not told */
	struct uk_span fields; /* within the link's buffer */
};

/* Connects to nobody yet. */
UK_CHECKED enum uk_status skf_link_init(struct skf_link *link, const struct skf_config *config);
void skf_link_end(struct skf_link *link);

/*
 * Connects, starts the helper if need be, and has it load the library. UK_E_LIBRARY: that failed;
 * UK_E_TIMEOUT.
 */
UK_CHECKED enum uk_status skf_link_connect(struct skf_link *link);

/* Whether the helper is still there; if not, the link is closed. */
bool skf_link_is_up(struct skf_link *link);

/* A writer for the fields of a request. */
struct uk_writer skf_link_request(struct skf_link *link, enum skf_op op);

/*
 * Sends it and waits for the answer, which is good until the next request. A request with a secret
 * is wiped at once. UK_E_LIBRARY, UK_E_TIMEOUT: there was no answer and the link is closed;
 * UK_E_TRY_UNKNOWN: the same where a try may have been spent.
 */
UK_CHECKED enum uk_status skf_link_call(struct skf_link *link, const struct uk_writer *request,
					struct skf_answer *ret);

/* The two halves of skf_link_call, for what is waited for by poll. */
UK_CHECKED enum uk_status skf_link_send(struct skf_link *link, const struct uk_writer *request);
UK_CHECKED enum uk_status skf_link_receive(struct skf_link *link, struct skf_answer *ret);

/* start.c: starts the helper, which listens by that name in the folder when this returns. */
UK_CHECKED enum uk_status skf_start(const struct skf_config *config, int dir, const char *name);

#endif
