/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A browser as far as the bridge can tell: a program of that name that starts its native host. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	int status = 0;
	pid_t child;

	if (argc < 2)
		return EXIT_FAILURE;
	child = fork();
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(127);
	}
	while (child > 0 && waitpid(child, &status, 0) != child)
		;
	return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}
