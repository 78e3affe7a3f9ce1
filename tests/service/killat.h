/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kill -9 at a chosen write of this process: linked into a test, it stands before libc's own calls
 * that put bytes on a disk or a socket.
 */
#ifndef TESTS_SERVICE_KILLAT_H
#define TESTS_SERVICE_KILLAT_H

#include <stdbool.h>

enum kill_how {
	KILL_BEFORE, /* the nth write does not happen */
	KILL_TORN,   /* half of it does */
	KILL_AFTER,  /* it does, and that is the last thing */
};

/* From now on: the process ends at its nth write. */
void kill_at(int nth, enum kill_how how);

/*
 * For n = 1, 2 ... and each way: forks, arms, runs work; after the child has died, calls check.
 * Ends with the first n at which work came to its end, after checking that too; fails the test when
 * that is not before `most`.  Returns that n.
 */
int kill_everywhere(int most, int (*work)(void), void (*check)(bool finished));

/* The same for every step-th write, or for each when OPENUKEY_TEST_LONG is set. */
int kill_here_and_there(int most, int step, int (*work)(void), void (*check)(bool finished));

#endif
