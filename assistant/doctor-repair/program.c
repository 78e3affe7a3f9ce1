/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/doctor-repair/action.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_SIZE_MAX (4U << 20)

bool
has_systemd(void)
{
	struct stat st;

	return stat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

void
program_show(const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		(void)printf("%s%s", i > 0 ? " " : "", words[i]);
	(void)putchar('\n');
}

/* The child's output goes to our stderr: stdout is for the doctor. */
static void
become(const char *const *words)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
						  "LC_ALL=C.UTF-8",
						  "DEBIAN_FRONTEND=noninteractive", NULL};
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
	    dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		(void)execve(words[0], (char *const *)(size_t)words,
			     (char *const *)(size_t)environment);
	_exit(127);
}

bool
program_run(const char *const *words)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		become(words);
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- files ---- */

static bool
read_all(int fd, char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t got = read(fd, bytes, len);

		if (got <= 0)
			return false;
		bytes += got;
		len -= (size_t)got;
	}
	return true;
}

char *
file_load(const char *path, size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char *bytes = NULL;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	    st.st_size < FILE_SIZE_MAX)
		bytes = calloc((size_t)st.st_size + 1, 1);
	if (bytes != NULL && !read_all(fd, bytes, (size_t)st.st_size)) {
		free(bytes);
		bytes = NULL;
	}
	if (fd >= 0)
		(void)close(fd);
	if (bytes != NULL)
		*ret_len = (size_t)st.st_size;
	return bytes;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0)
			return false;
		bytes += done;
		len -= (size_t)done;
	}
	return true;
}

bool
file_store(const char *path, const char *bytes, size_t len, mode_t mode)
{
	char temporary[4096];
	bool good;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary))
		return false;
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return false;
	good = write_all(fd, bytes, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
	if (close(fd) == 0 && good && rename(temporary, path) == 0)
		return true;
	(void)unlink(temporary);
	return false;
}
