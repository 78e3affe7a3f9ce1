/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key of no use that behaves well or badly on the reader driver's socket. */
#ifndef TESTS_STACK_TOY_KEY_H
#define TESTS_STACK_TOY_KEY_H

#include <sys/types.h>

enum toy_manner {
	TOY_HONEST, /* answers `lc..` of 80 01 P1 P2 with P1P2 bytes and 9000, others with 9000 */
	TOY_NO_ATR,
	TOY_EMPTY_ATR,
	TOY_LONG_ATR,
	TOY_GREETS, /* sends a frame nobody asked for as soon as it is connected */
	TOY_HANGS_UP_AT_ONCE,
	TOY_HANGS_UP_AT_COMMAND,
	TOY_EMPTY_REPLY,
	TOY_ONE_BYTE_REPLY,
	TOY_CUT_REPLY,     /* announces more than it sends, and hangs up */
	TOY_STALLED_REPLY, /* announces more than it sends, and waits */
	TOY_HUGE_REPLY,    /* 65535 bytes */
	TOY_TWO_REPLIES,
	TOY_SILENT,
	TOY_MANNERS
};

/* A process that listens there, until it is ended; it dies with the test. */
pid_t toy_key_plug(const char *socket_path, enum toy_manner manner);
void toy_key_pull(pid_t key);

#endif
