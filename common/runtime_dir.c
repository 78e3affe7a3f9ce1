/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "common/runtime_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

int
uk_runtime_dir(void)
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
