/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders for the USB ports of a rig. */
#include "tests/rig/rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool
complain(const char *what)
{
	(void)fprintf(stderr, "rig: USB port: %s\n", what);
	return false;
}

bool
rig_tell_port(const struct rig *rig, unsigned int port, const char *line, char *answer, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[160];
	ssize_t count;
	int len = snprintf(text, sizeof(text), "%u %s\n", port, line);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/usb.ctl", rig_dir(rig));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    send(fd, text, (size_t)len, MSG_NOSIGNAL) != len) {
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
