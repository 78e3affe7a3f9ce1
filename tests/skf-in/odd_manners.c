/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/skf-in/odd_manners.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void
on_signal(int signal)
{
	(void)signal;
}

__attribute__((constructor)) static void
begin(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)printf("odd library: loading\n");
	(void)fprintf(stderr, "odd library: loading\n");
	(void)fflush(stdout);
	for (int i = 1; i < NSIG; i++)
		if (i != SIGSEGV && i != SIGABRT)
			(void)sigaction(i, &action, NULL);
	(void)umask(0);
	(void)setlocale(LC_ALL, "C.UTF-8");
	if (chdir("/") != 0)
		(void)putenv((char *)(uintptr_t) "ODD=yes");
}

static void
record(const char *what, bool happened)
{
	const char *path = getenv("ODD_SKF_RECORD");
	FILE *file = path != NULL ? fopen(path, "ae") : NULL;

	if (file == NULL)
		return;
	(void)fprintf(file, "%s=%s\n", what, happened ? "yes" : "no");
	(void)fclose(file);
}

static bool
connects(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool good;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	good = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	if (fd >= 0)
		(void)close(fd);
	return good;
}

static void
dialog(void)
{
	char *const argv[] = {(char *)(uintptr_t) "xmessage", (char *)(uintptr_t) "Pay now", NULL};
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	record("fork", child > 0);
	(void)execvp("xmessage", argv);
	(void)execv("/bin/true", argv);
	record("exec", errno != EPERM && errno != EACCES);
	record("display", getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL ||
				  getenv("DBUS_SESSION_BUS_ADDRESS") != NULL);
	record("screen", connects("/tmp/.X11-unix/X0"));
	record("network", socket(AF_INET, SOCK_STREAM, 0) >= 0);
}

static void
signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)alarm(1);
	record("kill", kill(getppid() > 1 ? getppid() : 1, 0) == 0);
	(void)raise(SIGTERM);
}

static void
leak(void)
{
	for (int i = 0; i < 64; i++) {
		char *lost = malloc(65536);

		if (lost != NULL)
			memset(lost, i, 65536);
		(void)open("/dev/null", O_RDONLY);
	}
}

void
crash(void)
{
	static volatile int *volatile nowhere;

	for (;;)
		*nowhere = 1;
}

static void
hang(void)
{
	for (;;)
		(void)pause();
}

const char *
order_for(const char *function)
{
	static char order[32];
	const char *path = getenv("ODD_SKF_ORDERS");
	char name[32] = "";
	FILE *file = path != NULL ? fopen(path, "re") : NULL;

	order[0] = '\0';
	if (file == NULL)
		return order;
	if (fscanf(file, "%31s %31s", order, name) != 2 || strcmp(name, function) != 0)
		order[0] = '\0';
	else
		(void)unlink(path);
	(void)fclose(file);
	return order;
}

void
obey(const char *order, const char *after)
{
	const struct {
		const char *name;
		void (*run)(void);
	} deeds[] = {{"crash", crash},
		     {"hang", hang},
		     {"dialog", dialog},
		     {"leak", leak},
		     {"signals", signals}};
	char name[32];

	for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s%s", deeds[i].name, after);
		if (strcmp(order, name) == 0)
			deeds[i].run();
	}
	(void)snprintf(name, sizeof(name), "exit%s", after);
	if (strcmp(order, name) == 0)
		exit(3);
	if (strcmp(order, "noise") == 0)
		(void)puts("odd library: noise");
}

void
lie(const char *order, unsigned long *value)
{
	if (strcmp(order, "long") == 0)
		*value = 0x7ffffff0;
	else if (strcmp(order, "short") == 0)
		*value = 1;
	else if (strcmp(order, "negative") == 0)
		*value = (unsigned long)-1;
}
