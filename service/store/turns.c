/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/store/turns.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096

struct cs_turns {
	struct cs_turns *next;
	uint64_t device, inode;
	unsigned int users;
	pthread_mutex_t turn;
	int fd;  /* of the file whose lock the processes pass on to each other; -1: without */
	int len; /* of the log, when it had grown last */
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct cs_turns *list;

/*
 * Beside the database, and its owner's whoever makes it.  Where none can be made, the engine's own
 * lock has to do.
 */
static int
turn_file(const char *path, const struct stat *database)
{
	char name[PATH_ROOM];
	int len = snprintf(name, sizeof(name), "%s-turn", path), fd;

	if (len < 0 || (size_t)len >= sizeof(name))
		return -1;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && geteuid() == 0 && fchown(fd, database->st_uid, database->st_gid) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static struct cs_turns *
turns_new(const char *path, const struct stat *info)
{
	struct cs_turns *turns = calloc(1, sizeof(*turns));

	if (turns == NULL)
		return NULL;
	(void)pthread_mutex_init(&turns->turn, NULL);
	turns->fd = turn_file(path, info);
	turns->device = (uint64_t)info->st_dev;
	turns->inode = (uint64_t)info->st_ino;
	turns->next = list;
	list = turns;
	return turns;
}

struct cs_turns *
cs_turns_of(const char *path)
{
	struct cs_turns *turns;
	struct stat info;
	uint64_t device, inode;

	if (stat(path, &info) != 0)
		return NULL;
	device = (uint64_t)info.st_dev;
	inode = (uint64_t)info.st_ino;
	(void)pthread_mutex_lock(&list_lock);
	turns = list;
	while (turns != NULL && (turns->device != device || turns->inode != inode))
		turns = turns->next;
	if (turns == NULL)
		turns = turns_new(path, &info);
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
		if (turns->fd >= 0)
			(void)close(turns->fd);
		free(turns);
	}
	(void)pthread_mutex_unlock(&list_lock);
}

/* The lock belongs to the open file, and ends with the process that has it, however that ends. */
static void
file_lock(const struct cs_turns *turns, short kind)
{
	struct flock lock = {.l_type = kind, .l_whence = SEEK_SET};

	while (turns->fd >= 0 && fcntl(turns->fd, F_OFD_SETLKW, &lock) != 0 && errno == EINTR)
		;
}

void
cs_turn_take(struct cs_turns *turns)
{
	(void)pthread_mutex_lock(&turns->turn);
	file_lock(turns, F_WRLCK);
}

void
cs_turn_end(struct cs_turns *turns)
{
	file_lock(turns, F_UNLCK);
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
