/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clock of a relayed operation.  While a service is being asked a thread waits beside it and,
 * when the time is over, lets go of the key: however long the answer takes, other programs do not
 * wait with us.
 */
#ifndef UK_DRIVERS_GM_RELAY_WATCH_H
#define UK_DRIVERS_GM_RELAY_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

struct relay_watch {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct timespec end; /* of the time for questions */
	void (*let_go)(void *data);
	void *data;
	bool running; /* the thread is */
	bool asking;  /* let_go may be called */
	bool over;    /* the thread is to end */
	bool gone;    /* let_go has been called */
};

/*
 * From now on questions have ms milliseconds in all. let_go is called at most once, at the end of
 * them and only while one is being asked, from another thread. threads: one may be made; else, or
 * when none can be, the key is held until the answer comes.
 */
void relay_watch_begin(struct relay_watch *watch, long ms, bool threads);
/* false: the time is over, do not ask. */
bool relay_watch_ask(struct relay_watch *watch);
/* After the question; false: it took too long, and the key may have been let go of. */
bool relay_watch_asked(struct relay_watch *watch);
/* Ends the thread. Whether the key was let go of is in watch->gone. */
void relay_watch_end(struct relay_watch *watch);

#endif
