/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Turns at a reader, among processes of one user that use this driver.  A program that finds a card
 * taken sleeps 100 ms and tries again (libpcsclite), so that of two busy ones the first would take
 * all; here they stand in line instead.
 *
 * Advisory: nobody who has no place to stand, is not let in, or has waited for two seconds is kept
 * from the card.  pcscd's own locks keep commands apart; this only makes them come in turn.
 *
 * The line is a System V semaphore: waiters are served in the order they came, a turn is handed to
 * the next within the kernel, which also takes it from a process that dies, and nothing that
 * another process could damage is mapped into ours.  Its number is in a file of uk_runtime_dir,
 * which says whose it is.  Whoever leaves last removes both; what a process left that ended without
 * leaving is used again, or swept up by the next one that makes a line.
 */
#ifndef UK_DRIVERS_PCSC_QUEUE_H
#define UK_DRIVERS_PCSC_QUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct queue {
	int id;     /* of the semaphores; -1 = none: everybody goes at once */
	bool held;  /* our turn */
	bool stuck; /* nothing moved for the whole wait: not tried again until `retry` */
	struct timespec retry;
	char name[32]; /* of the file */
};

/* Finds or makes the line for a reader; one that cannot be had is no failure. */
void queue_open(struct queue *queue, const char *reader);
void queue_close(struct queue *queue);
/* Waits for our turn, two seconds at most. One cheap system call while we are the only ones. */
void queue_take(struct queue *queue);
/* Lets the next one have it; may be called without a turn. */
void queue_give(struct queue *queue);

#endif
