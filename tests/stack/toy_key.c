/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stack/toy_key.h"

#include "common/defs.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAME_MAX 0xffff

/* T=1, 8 historical bytes "OUKEY-V0" */
static const uint8_t atr[] = {0x3b, 0x88, 0x80, 0x01, 'O', 'U', 'K', 'E', 'Y', '-', 'V', '0', 0x0f};

static bool
read_all(int fd, uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t count = read(fd, out, len);

		if (count <= 0)
			return false;
		out += count;
		len -= (size_t)count;
	}
	return true;
}

/* Announces len bytes and sends `sent` of them. */
static void
send_frame(int fd, const uint8_t *bytes, size_t len, size_t sent)
{
	static uint8_t frame[2 + FRAME_MAX];

	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	if (sent > 0)
		memcpy(frame + 2, bytes, sent);
	(void)send(fd, frame, 2 + sent, MSG_NOSIGNAL);
}

static void
send_atr(int fd, enum toy_manner manner)
{
	uint8_t long_atr[300];

	memset(long_atr, 0xff, sizeof(long_atr)); /* what it might overwrite is seen to be broken */
	if (manner == TOY_NO_ATR)
		return;
	if (manner == TOY_LONG_ATR)
		send_frame(fd, long_atr, sizeof(long_atr), sizeof(long_atr));
	else
		send_frame(fd, atr, manner == TOY_EMPTY_ATR ? 0 : sizeof(atr),
			   manner == TOY_EMPTY_ATR ? 0 : sizeof(atr));
}

static void
send_honest_reply(int fd, const uint8_t *command, size_t len)
{
	static uint8_t reply[FRAME_MAX];
	size_t wanted = 0;

	if (len >= 4 && command[0] == 0x80 && command[1] == 0x01)
		wanted = (size_t)command[2] << 8 | command[3];
	if (wanted > sizeof(reply) - 2)
		wanted = sizeof(reply) - 2;
	for (size_t i = 0; i < wanted; i++)
		reply[i] = (uint8_t)(i * 7);
	reply[wanted] = 0x90;
	reply[wanted + 1] = 0x00;
	send_frame(fd, reply, wanted + 2, wanted + 2);
}

/* How many bytes of reply a manner announces and sends; manners not listed are honest. */
static const struct {
	enum toy_manner manner;
	size_t announced, sent;
	unsigned int times;
	bool hang_up;
} bad_replies[] = {
	{TOY_HANGS_UP_AT_COMMAND, 0, 0, 0, true}, {TOY_EMPTY_REPLY, 0, 0, 1, false},
	{TOY_ONE_BYTE_REPLY, 1, 1, 1, false},     {TOY_CUT_REPLY, 100, 10, 1, true},
	{TOY_STALLED_REPLY, 100, 10, 1, false},   {TOY_HUGE_REPLY, FRAME_MAX, FRAME_MAX, 1, false},
	{TOY_TWO_REPLIES, 2, 2, 2, false},        {TOY_SILENT, 0, 0, 0, false},
};

/* False: hang up. */
static bool
answer(int fd, enum toy_manner manner, const uint8_t *command, size_t len)
{
	static const uint8_t junk[FRAME_MAX] = {0x90};

	for (size_t i = 0; i < ARRAY_SIZE(bad_replies); i++) {
		if (bad_replies[i].manner != manner)
			continue;
		for (unsigned int n = 0; n < bad_replies[i].times; n++)
			send_frame(fd, junk, bad_replies[i].announced, bad_replies[i].sent);
		return !bad_replies[i].hang_up;
	}
	send_honest_reply(fd, command, len);
	return true;
}

static void
serve(int fd, enum toy_manner manner)
{
	static uint8_t frame[FRAME_MAX];
	uint8_t header[2];

	if (manner == TOY_HANGS_UP_AT_ONCE)
		return;
	if (manner == TOY_GREETS)
		send_frame(fd, atr, sizeof(atr), sizeof(atr));
	while (read_all(fd, header, sizeof(header))) {
		size_t len = (size_t)header[0] << 8 | header[1];

		if (!read_all(fd, frame, len))
			return;
		if (len == 1 && frame[0] == 4)
			send_atr(fd, manner);
		else if (len > 1 && !answer(fd, manner, frame, len))
			return;
	}
}

static int
listen_at(const char *socket_path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	(void)unlink(socket_path);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(fd, 4) == 0)
		return fd;
	perror(socket_path);
	_exit(1);
}

pid_t
toy_key_plug(const char *socket_path, enum toy_manner manner)
{
	pid_t key = fork();

	if (key != 0)
		return key;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int listener = listen_at(socket_path);;) {
		int fd = accept(listener, NULL, NULL);

		serve(fd, manner);
		close(fd);
	}
}

void
toy_key_pull(pid_t key)
{
	kill(key, SIGKILL);
	waitpid(key, NULL, 0);
}
