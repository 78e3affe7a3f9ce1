/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into the bridge: a disk that takes as long, or fails, as the test says. fdatasync waits
 * while $SLOW_DISK/hold is there, and fails while $SLOW_DISK/fail is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int
is_there(const char *name)
{
	const char *folder = getenv("SLOW_DISK");
	char path[4096];

	if (folder == NULL)
		return 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

int
fdatasync(int fd)
{
	while (is_there("hold"))
		usleep(5000);
	if (is_there("fail")) {
		errno = EIO;
		return -1;
	}
	return fsync(fd);
}
