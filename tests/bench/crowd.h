/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Many who sign at once: threads of one process, or processes. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#define CROWD_MAX 16

struct job {
	const char *module, *label, *pin;
	unsigned int count;
	double seconds;
};

/* Prints signatures a second and CPU microseconds of each. */
void crowd_threads(const struct job *job);
/* The same in turns with SCardTransmit alone (bare.h), and the share that is reached of that. */
void crowd_threads_bare(const struct job *job);
void crowd_threads_bare_piv(const struct job *job);
/* Both by turns in one thread: wall and CPU microseconds of a signature; job->count turns. */
void crowd_alternate(const struct job *job);
void crowd_alternate_piv(const struct job *job);
/* Prints all their signatures a second, the least and the most of one, and the longest wait. */
void crowd_processes(const struct job *job);

#endif
