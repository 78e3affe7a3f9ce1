/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A virtual key process of a test's own, in a folder of its own.  Everything here fails the test
 * by cmocka's assertions when the process does not do its part.
 */
#ifndef TESTS_VIRTUAL_KEY_H
#define TESTS_VIRTUAL_KEY_H

#include "common/apdu.h"
#include "common/bytes.h"
#include "common/gm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/types.h>

#define SW_PULLED 0 /* instead of a status word: the connection closed */

struct key {
	pid_t pid;
	int fd;
	enum uk_order order; /* of the model */
	size_t name_len;
	bool zero_padding;
	char dir[64];
	char state[96], socket[96], control[96], log[96];
	struct uk_span data; /* of the last answer; points into reply */
	uint8_t reply[65536];
};

/* A new folder, no process yet. model: V0, VC or V1. */
struct key *key_new(const char *model);
/* Starts the process with further options (NULL-terminated; NULL: none) and connects. */
void key_start(struct key *key, const char *model, const char *const *options);
void key_connect(struct key *key);
/* Ends the process; the state file stays. */
void key_stop(struct key *key);
/* Ends the process, removes the folder. */
void key_free(struct key *key);

/* key_new and key_start with a blank key. */
struct key *key_blank(const char *model, const char *const *options);

/* One frame out, one in: its length, or -1 when the connection closed. */
ssize_t key_exchange(struct key *key, struct uk_span frame);
/* A raw command; its status word, or SW_PULLED. key->data has the answer's data. */
uint16_t key_raw(struct key *key, struct uk_span command);
/* A command in the extended form: CLA, INS, P1 and P2 in one number, first byte highest. */
uint16_t key_command(struct key *key, uint32_t header, struct uk_span data, uint32_t le);
/* CLA 80, INS and P1 P2 */
uint16_t key_send(struct key *key, uint8_t ins, uint16_t p1p2, struct uk_span data, uint32_t le);

/* Sends one line to the control socket; the answer is borrowed until the next call. */
const char *key_tell(struct key *key, const char *line);
/* The number after "name": in the status; fails the test without. */
unsigned long key_status(struct key *key, const char *name);

/* Runs the program to its end with these arguments (NULL-terminated); its exit status. */
int key_program(const char *const *arguments);

#endif
