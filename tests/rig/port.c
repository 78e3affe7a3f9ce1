/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders for the USB ports of a rig. */
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define END_MS 30000

static bool
complain(const char *what)
{
	(void)fprintf(stderr, "rig: USB port: %s\n", what);
	return false;
}

/* A socket in the rig's folder; -1: nobody listens. */
static int
connect_to(const struct rig *rig, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/%s", rig_dir(rig), name);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* One line, and what is said to it. */
static bool
tell(const struct rig *rig, const char *line, char *answer, size_t size)
{
	int fd = connect_to(rig, "usb.ctl");
	ssize_t len = (ssize_t)strlen(line), count;
	char text[160];

	if (fd < 0 || send(fd, line, (size_t)len, MSG_NOSIGNAL) != len) {
		if (fd >= 0)
			close(fd);
		return complain("the ports take no orders");
	}
	count = recv(fd, text, sizeof(text) - 1, MSG_WAITALL);
	close(fd);
	text[count > 0 ? count : 0] = '\0';
	if (strncmp(text, "ok", 2) != 0)
		return complain("the USB port says no");
	text[strcspn(text, "\n")] = '\0';
	if (answer != NULL)
		(void)snprintf(answer, size, "%s", strlen(text) > 3 ? text + 3 : "");
	return true;
}

bool
rig_tell_port(const struct rig *rig, unsigned int port, const char *line, char *answer, size_t size)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "%u %s\n", port, line);
	return tell(rig, text, answer, size);
}

pid_t
rig_ports_service(const struct rig *rig)
{
	char text[16] = "";

	return tell(rig, "program\n", text, sizeof(text)) ? (pid_t)strtol(text, NULL, 10) : -1;
}

/* pcscd 1.9 may sleep on after a signal, until somebody connects. */
static void
nudge(const struct rig *rig)
{
	int fd = connect_to(rig, "pcscd.comm");

	if (fd >= 0)
		close(fd);
}

bool
rig_ports_end(struct rig *rig, bool kill)
{
	long deadline = process_clock_ms() + END_MS;
	pid_t service;

	if (!tell(rig, kill ? "program kill\n" : "program stop\n", NULL, 0))
		return false;
	while ((service = rig_ports_service(rig)) > 0) {
		if (process_clock_ms() > deadline)
			return complain("the service does not end");
		process_sleep_ms(20);
		nudge(rig);
	}
	return service == 0;
}

bool
rig_ports_begin(struct rig *rig)
{
	return tell(rig, "program start\n", NULL, 0) && rig_reconnect(rig);
}
