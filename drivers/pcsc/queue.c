/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/pcsc/queue.h"

#include "common/defs.h"
#include "common/log.h"
#include "common/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAIT_S        2
#define STUCK_S       10
#define LOCK_STEP_NS  (10L * 1000 * 1000)
#define LOCK_STEPS    20
#define OPEN_TRIES    2
#define SWEEP_MAX     1000 /* names looked at */
#define FILE_SUFFIX   ".queue"
#define RECORD_MAGIC  0x51554b31          /* of this layout */
#define HASH_START    0xcbf29ce484222325U /* FNV-1a, 64 bits */
#define HASH_MULTIPLY 0x00000100000001b3U

/* The semaphores of a set. */
enum { TURN, USERS, SEMAPHORES };

/* What the file holds. The times tell our set from a later one of the same number. */
struct record {
	uint32_t magic;
	int32_t id;
	int64_t changed;
};

/* ---- the file ---- */

static uint64_t
hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * HASH_MULTIPLY;
	return hash;
}

static uint64_t
hash_add_text(uint64_t hash, const char *text)
{
	return hash_add(hash, text, strlen(text) + 1);
}

/* One line for each reader of each pcscd, and for each world that has semaphores of its own. */
static void
name_make(struct queue *queue, const char *reader)
{
	const char *service = secure_getenv("PCSCLITE_CSOCK_NAME");
	uint64_t hash = hash_add_text(HASH_START, reader);
	struct stat world = {0};

	if (stat("/proc/self/ns/ipc", &world) == 0)
		hash = hash_add(hash, &world.st_ino, sizeof(world.st_ino));
	hash = hash_add_text(hash, service != NULL ? service : "");
	(void)snprintf(queue->name, sizeof(queue->name), "%016llx" FILE_SUFFIX,
		       (unsigned long long)hash);
}

static bool
lock_patiently(int file)
{
	static const struct timespec step = {0, LOCK_STEP_NS};

	for (int i = 0; i < LOCK_STEPS; i++) {
		if (flock(file, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)nanosleep(&step, NULL);
	}
	return false;
}

/* One of ours, opened and locked; -1 when it is not to be had. */
static int
file_open(int dir, const char *name, int flags, bool patient)
{
	int file = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
	struct stat st;

	if (file < 0)
		return -1;
	/* Whoever left last may have taken its name away meanwhile. */
	if ((patient ? lock_patiently(file) : flock(file, LOCK_EX | LOCK_NB) == 0) &&
	    fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    st.st_nlink == 1)
		return file;
	(void)close(file);
	return -1;
}

/* ---- the semaphores ---- */

static bool
add(int id, unsigned short which, short by)
{
	struct sembuf change = {which, by, SEM_UNDO | IPC_NOWAIT};

	return semop(id, &change, 1) == 0;
}

/* What the kernel says of a set of ours; false when it is none. */
static bool
set_look(int id, struct semid_ds *ret)
{
	union {
		struct semid_ds *buf;
	} arg = {ret};

	*ret = (struct semid_ds){0};
	return semctl(id, 0, IPC_STAT, arg) == 0 && ret->sem_nsems == SEMAPHORES &&
	       ret->sem_perm.uid == geteuid() && ret->sem_perm.cuid == geteuid() &&
	       (ret->sem_perm.mode & 0777) == 0600;
}

static bool
record_is_good(const struct record *record)
{
	struct semid_ds set;

	return record->magic == RECORD_MAGIC && record->id >= 0 && set_look(record->id, &set) &&
	       set.sem_ctime == record->changed;
}

static bool
set_make(struct record *record)
{
	union {
		int val;
	} one = {1};
	struct semid_ds set;
	int id = semget(IPC_PRIVATE, SEMAPHORES, 0600);

	if (id < 0)
		return false;
	if (semctl(id, TURN, SETVAL, one) != 0 || !set_look(id, &set)) {
		(void)semctl(id, 0, IPC_RMID);
		return false;
	}
	*record = (struct record){RECORD_MAGIC, id, set.sem_ctime};
	return true;
}

static bool
record_read(int file, struct record *ret)
{
	return pread(file, ret, sizeof(*ret), 0) == sizeof(*ret) && record_is_good(ret);
}

/* Takes away what a file stands for, if nobody uses it. The caller holds the file's lock. */
static void
remove_unused(int dir, const char *name, int file)
{
	struct record record;

	if (!record_read(file, &record) || semctl(record.id, USERS, GETVAL) != 0)
		return;
	(void)semctl(record.id, 0, IPC_RMID);
	(void)unlinkat(dir, name, 0);
}

/* Removes the lines of readers that are gone, whose last process ended without leaving. */
static void
sweep(int dir, const char *but)
{
	int again = openat(dir, ".", O_DIRECTORY | O_CLOEXEC);
	DIR *list = again >= 0 ? fdopendir(again) : NULL;
	const struct dirent *row;

	if (list == NULL) {
		if (again >= 0)
			(void)close(again);
		return;
	}
	for (int i = 0; i < SWEEP_MAX && (row = readdir(list)) != NULL; i++) {
		const char *dot = strrchr(row->d_name, '.');
		int file = -1;

		if (dot != NULL && strcmp(dot, FILE_SUFFIX) == 0 && strcmp(row->d_name, but) != 0)
			file = file_open(dir, row->d_name, 0, false);
		if (file < 0)
			continue;
		remove_unused(dir, row->d_name, file);
		(void)close(file);
	}
	(void)closedir(list);
}

/* Joins the set that the file names, or makes one and names it there. */
static int
set_join(int dir, const char *name, int file)
{
	struct record record;

	if (!record_read(file, &record)) {
		if (!set_make(&record))
			return -1;
		if (pwrite(file, &record, sizeof(record), 0) != sizeof(record)) {
			(void)semctl(record.id, 0, IPC_RMID);
			return -1;
		}
		sweep(dir, name);
	}
	return add(record.id, USERS, 1) ? record.id : -1;
}

/* ---- turns ---- */

static void
join(struct queue *queue)
{
	int dir = uk_runtime_dir();
	int file = -1;

	for (int i = 0; dir >= 0 && file < 0 && i < OPEN_TRIES; i++)
		file = file_open(dir, queue->name, O_CREAT, true);
	queue->id = file >= 0 ? set_join(dir, queue->name, file) : -1;
	if (file >= 0)
		(void)close(file);
	if (dir >= 0)
		(void)close(dir);
	if (queue->id < 0)
		uk_debug("card", "no line to stand in: going without");
}

void
queue_open(struct queue *queue, const char *reader)
{
	*queue = (struct queue){.id = -1};
	name_make(queue, reader);
	join(queue);
}

void
queue_close(struct queue *queue)
{
	int dir;
	int file = -1;

	if (queue->id < 0)
		return;
	queue_give(queue);
	/* Under the file's lock nobody joins; without it the set just stays. */
	dir = uk_runtime_dir();
	if (dir >= 0)
		file = file_open(dir, queue->name, 0, true);
	(void)add(queue->id, USERS, -1);
	if (file >= 0) {
		remove_unused(dir, queue->name, file);
		(void)close(file);
	}
	if (dir >= 0)
		(void)close(dir);
	queue->id = -1;
}

static bool
is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Cheaper than a turn; who joins this very moment meets only what pcscd does about it. */
static bool
is_alone(const struct queue *queue)
{
	return semctl(queue->id, USERS, GETVAL) == 1;
}

/* 0 when it is our turn, else why it is not: EAGAIN after the whole wait. */
static int
wait_for_turn(int id)
{
	struct sembuf take = {TURN, -1, SEM_UNDO};
	struct timespec left = {WAIT_S, 0};
	struct timespec now;
	struct timespec end;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	end = (struct timespec){now.tv_sec + WAIT_S, now.tv_nsec};
	while (semtimedop(id, &take, 1, &left) != 0) {
		if (errno != EINTR)
			return errno;
		/* A signal costs the place in the line, but not the limit. */
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
		if (!is_before(&now, &end))
			return EAGAIN;
		left.tv_sec = end.tv_sec - now.tv_sec;
		left.tv_nsec = end.tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_sec--;
			left.tv_nsec += 1000000000;
		}
	}
	return 0;
}

/* While somebody keeps the turn for seconds, not every command waits that long for it. */
static bool
is_stuck(struct queue *queue)
{
	struct timespec now;

	if (!queue->stuck)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	queue->stuck = is_before(&now, &queue->retry);
	return queue->stuck;
}

void
queue_take(struct queue *queue)
{
	int why;

	if (queue->id < 0 || queue->held || is_stuck(queue) || is_alone(queue))
		return;
	why = wait_for_turn(queue->id);
	if (why == EIDRM || why == EINVAL) {
		/* Removed, as at the end of the user's last session: once more from the start. */
		join(queue);
		why = queue->id >= 0 ? wait_for_turn(queue->id) : 0;
	}
	queue->held = why == 0 && queue->id >= 0;
	if (why == 0)
		return;
	uk_debug("card", "not waiting for our turn any longer (%d)", why);
	if (why != EAGAIN)
		queue->id = -1;
	queue->stuck = true;
	(void)clock_gettime(CLOCK_MONOTONIC, &queue->retry);
	queue->retry.tv_sec += STUCK_S;
}

void
queue_give(struct queue *queue)
{
	if (!queue->held)
		return;
	queue->held = false;
	(void)add(queue->id, TURN, 1);
}
