/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "token-share/login_lock.h"

#include "common/log.h"
#include "common/runtime_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

/* Another process holds the lock alone only while it sends one command. */
#define WAIT_STEP_NS (10L * 1000 * 1000)
#define WAIT_STEPS   100

/* What comes from the key: only letters, digits and dashes reach the file's name. */
static size_t
name_put(char *out, size_t size, size_t len, const char *text)
{
	for (const char *p = text; *p != '\0' && len + sizeof("-.login") < size; p++)
		out[len++] = (char)(strchr("0123456789-"
					   "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
					   *p) != NULL
					    ? *p
					    : '_');
	return len;
}

/* The file of that name in the folder where processes of this user meet; -1 = none. */
static int
file_open(const char *serial, const char *application, const char *end)
{
	char name[200]; /* a reader's name, of which the end differs, and an application's */
	size_t len = name_put(name, sizeof(name), 0, serial);
	int dir = uk_runtime_dir();
	int file;

	if (dir < 0)
		return -1;
	if (application[0] != '\0') {
		name[len++] = '-';
		len = name_put(name, sizeof(name), len, application);
	}
	(void)snprintf(name + len, sizeof(name) - len, "%s", end);
	file = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	(void)close(dir);
	return file;
}

int
login_lock_take(const char *serial, const char *application)
{
	static const struct timespec step = {0, WAIT_STEP_NS};
	int lock = file_open(serial, application, ".login");

	if (lock < 0)
		return -1;
	for (int i = 0; i < WAIT_STEPS; i++) {
		if (flock(lock, LOCK_SH | LOCK_NB) == 0)
			return lock;
		(void)nanosleep(&step, NULL);
	}
	uk_debug("session", "login lock is held too long; going on without it");
	(void)close(lock);
	return -1;
}

enum uk_status
key_lock_try(const char *reader, int *ret_lock)
{
	int lock = file_open(reader, "", ".key");

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
		(void)close(lock);
		return UK_E_BUSY;
	}
	*ret_lock = lock;
	return UK_OK;
}

bool
login_lock_is_last(int lock)
{
	return lock < 0 || flock(lock, LOCK_EX | LOCK_NB) == 0;
}

void
login_lock_release(int *lock)
{
	if (*lock >= 0)
		(void)close(*lock);
	*lock = -1;
}
