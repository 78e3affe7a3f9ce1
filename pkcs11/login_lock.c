/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/login_lock.h"

#include "common/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Another process holds the lock alone only while it sends one command. */
#define WAIT_STEP_NS (10L * 1000 * 1000)
#define WAIT_STEPS   100

/* Opens a directory of ours that nobody else can write to; -1 if it is not so. */
static int
dir_open(const char *path)
{
	struct stat st;
	int dir;

	if (mkdir(path, 0700) != 0)
		(void)0; /* exists, or the open below fails */
	dir = open(path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -1;
	if (fstat(dir, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
		(void)close(dir);
		return -1;
	}
	return dir;
}

static int
runtime_dir_open(void)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char path[512];
	int dir = -1;

	if (runtime != NULL && runtime[0] == '/' &&
	    snprintf(path, sizeof(path), "%s/openukey", runtime) < (int)sizeof(path))
		dir = dir_open(path);
	if (dir < 0) {
		(void)snprintf(path, sizeof(path), "/run/user/%u/openukey", geteuid());
		dir = dir_open(path);
	}
	if (dir < 0) {
		(void)snprintf(path, sizeof(path), "/tmp/openukey-%u", geteuid());
		dir = dir_open(path);
	}
	return dir;
}

/* A serial number comes from the key: only letters, digits and dashes reach the file's name. */
static void
name_make(char *out, size_t size, const char *serial)
{
	size_t len = 0;

	for (const char *p = serial; *p != '\0' && len + sizeof(".login") < size; p++)
		out[len++] = (char)(strchr("0123456789-"
					   "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
					   *p) != NULL
					    ? *p
					    : '_');
	(void)snprintf(out + len, size - len, ".login");
}

int
login_lock_take(const char *serial)
{
	static const struct timespec step = {0, WAIT_STEP_NS};
	char name[64];
	int dir = runtime_dir_open();
	int lock;

	if (dir < 0)
		return -1;
	name_make(name, sizeof(name), serial);
	lock = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	(void)close(dir);
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
