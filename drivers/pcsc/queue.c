/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/pcsc/queue.h"

#include "common/defs.h"
#include "common/log.h"
#include "common/runtime_dir.h"

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
	(void)snprintf(queue->name, sizeof(queue->name), "%016llx.queue", (unsigned long long)hash);
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

/* Opened and locked; -1 when there is no place for it or somebody will not let go of it. */
static int
file_open(const struct queue *queue)
{
	int dir = uk_runtime_dir();
	struct stat st;
	int file;

	if (dir < 0)
		return -1;
	file = openat(dir, queue->name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	(void)close(dir);
	if (file < 0)
		return -1;
	if (fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    lock_patiently(file))
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

/* Joins the set that the file names, or makes one and names it there. */
static int
set_join(int file)
{
	struct record record;

	if (pread(file, &record, sizeof(record), 0) != sizeof(record) || !record_is_good(&record)) {
		if (!set_make(&record))
			return -1;
		if (pwrite(file, &record, sizeof(record), 0) != sizeof(record)) {
			(void)semctl(record.id, 0, IPC_RMID);
			return -1;
		}
	}
	return add(record.id, USERS, 1) ? record.id : -1;
}

/* ---- turns ---- */

static void
join(struct queue *queue)
{
	int file = file_open(queue);

	queue->id = file >= 0 ? set_join(file) : -1;
	if (file >= 0)
		(void)close(file);
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
	int file;

	if (queue->id < 0)
		return;
	queue_give(queue);
	/* Under the file's lock nobody joins; without it the set just stays. */
	file = file_open(queue);
	if (add(queue->id, USERS, -1) && file >= 0 && semctl(queue->id, USERS, GETVAL) == 0)
		(void)semctl(queue->id, 0, IPC_RMID);
	if (file >= 0)
		(void)close(file);
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
