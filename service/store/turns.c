/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/turns.h"

#include <pthread.h>
#include <stdlib.h>

struct cs_turns {
	struct cs_turns *next;
	uint64_t device, inode;
	unsigned int users;
	pthread_mutex_t turn;
	int len; /* of the log, when it had grown last */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cs_turns *list;

static struct cs_turns *
turns_new(uint64_t device, uint64_t inode)
{
	struct cs_turns *turns = calloc(1, sizeof(*turns));

	if (turns == NULL)
		return NULL;
	(void)pthread_mutex_init(&turns->turn, NULL);
	turns->device = device;
	turns->inode = inode;
	turns->next = list;
	list = turns;
	return turns;
}

struct cs_turns *
cs_turns_of(uint64_t device, uint64_t inode)
{
	struct cs_turns *turns;

	(void)pthread_mutex_lock(&list_lock);
	turns = list;
	while (turns != NULL && (turns->device != device || turns->inode != inode))
		turns = turns->next;
	if (turns == NULL)
		turns = turns_new(device, inode);
	if (turns != NULL)
		turns->users++;
	(void)pthread_mutex_unlock(&list_lock);
	return turns;
}

void
cs_turns_drop(struct cs_turns *turns)
{
	struct cs_turns **at = &list;

	(void)pthread_mutex_lock(&list_lock);
	if (--turns->users == 0) {
		while (*at != turns)
			at = &(*at)->next;
		*at = turns->next;
		(void)pthread_mutex_destroy(&turns->turn);
		free(turns);
	}
	(void)pthread_mutex_unlock(&list_lock);
}

void
cs_turn_take(struct cs_turns *turns)
{
	(void)pthread_mutex_lock(&turns->turn);
}

void
cs_turn_end(struct cs_turns *turns)
{
	(void)pthread_mutex_unlock(&turns->turn);
}

bool
cs_turn_grown(struct cs_turns *turns, int len, int step)
{
	if (len < turns->len)
		turns->len = 0;
	if (len - turns->len < step)
		return false;
	turns->len = len;
	return true;
}
