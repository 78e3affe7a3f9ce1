/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Child processes that never outlive the test. */
#ifndef TESTS_RIG_PROCESS_H
#define TESTS_RIG_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

long process_clock_ms(void);
void process_sleep_ms(long ms);

/*
 * Starts a program that dies with the calling thread; stdin is empty, stdout goes to out_fd and
 * stderr to err_fd unless those are -1.  Returns its number, or -1.
 */
pid_t process_start(const char *const *argv, int out_fd, int err_fd);

/* Waits for its end: the exit status, 128 + signal, or -1 after timeout_ms. */
int process_await(pid_t pid, long timeout_ms);

/* SIGTERM, then SIGKILL after half a second; reaps it. */
void process_end(pid_t pid);

#endif
