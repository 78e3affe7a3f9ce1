/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/virtual/key.h"

#include "tests/rig/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 20000

struct key *
key_new(const char *model)
{
	struct key *key = calloc(1, sizeof(*key));

	assert_non_null(key);
	key->fd = -1;
	key->order = strcmp(model, "V1") == 0 ? UK_LITTLE_ENDIAN : UK_BIG_ENDIAN;
	key->name_len = strcmp(model, "V1") == 0 ? 48 : 32;
	key->zero_padding = strcmp(model, "V1") == 0;
	(void)snprintf(key->dir, sizeof(key->dir), "/tmp/openukey-virtual-XXXXXX");
	assert_non_null(mkdtemp(key->dir));
	(void)snprintf(key->state, sizeof(key->state), "%s/state", key->dir);
	(void)snprintf(key->socket, sizeof(key->socket), "%s/key", key->dir);
	(void)snprintf(key->control, sizeof(key->control), "%s/control", key->dir);
	(void)snprintf(key->log, sizeof(key->log), "%s/log", key->dir);
	return key;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

void
key_connect(struct key *key)
{
	if (key->fd >= 0)
		close(key->fd);
	key->fd = connect_to(key->socket);
	assert_true(key->fd >= 0);
}

void
key_start(struct key *key, const char *model, const char *const *options)
{
	const char *argv[40] = {VIRTUAL_KEY, "run",       "--state",    key->state, "--socket",
				key->socket, "--control", key->control, "--log",    key->log};
	size_t count = 10;
	char text[16] = "";
	int out[2];

	if (model != NULL) {
		argv[count++] = "--model";
		argv[count++] = model;
	}
	for (size_t i = 0; options != NULL && options[i] != NULL && count < 39; i++)
		argv[count++] = options[i];
	assert_int_equal(pipe(out), 0);
	key->pid = process_start(argv, out[1], -1);
	assert_true(key->pid > 0);
	close(out[1]);
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "ready\n");
	close(out[0]);
	key_connect(key);
}

struct key *
key_blank(const char *model, const char *const *options)
{
	struct key *key = key_new(model);

	key_start(key, model, options);
	return key;
}

void
key_stop(struct key *key)
{
	if (key->fd >= 0)
		close(key->fd);
	key->fd = -1;
	if (key->pid <= 0)
		return;
	/* it ends by itself, and clean: a sanitizer's complaint is an exit status */
	assert_string_equal(key_tell(key, "quit"), "ok");
	assert_int_equal(process_await(key->pid, WAIT_MS), 0);
	key->pid = 0;
}

void
key_free(struct key *key)
{
	char path[400];
	struct dirent *entry;
	DIR *dir;

	key_stop(key);
	dir = opendir(key->dir);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", key->dir, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		closedir(dir);
	(void)rmdir(key->dir);
	free(key);
}

static bool
receive(int fd, uint8_t *bytes, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(fd, bytes, len, 0);

		if (got <= 0)
			return false;
		bytes += got;
		len -= (size_t)got;
	}
	return true;
}

ssize_t
key_exchange(struct key *key, struct uk_span frame)
{
	uint8_t head[2] = {(uint8_t)(frame.len >> 8), (uint8_t)frame.len};
	size_t len;

	assert_true(frame.len <= 65535);
	if (send(key->fd, head, 2, MSG_NOSIGNAL) != 2 ||
	    send(key->fd, frame.ptr, frame.len, MSG_NOSIGNAL) != (ssize_t)frame.len ||
	    !receive(key->fd, head, 2))
		return -1;
	len = (size_t)(head[0] << 8 | head[1]);
	return receive(key->fd, key->reply, len) ? (ssize_t)len : -1;
}

uint16_t
key_raw(struct key *key, struct uk_span command)
{
	ssize_t len = key_exchange(key, command);
	uint16_t sw = SW_PULLED;

	key->data = uk_span_of(NULL, 0);
	if (len < 0)
		return SW_PULLED;
	assert_int_equal(uk_reply_split(uk_span_of(key->reply, (size_t)len), &key->data, &sw),
			 UK_OK);
	return sw;
}

uint16_t
key_command(struct key *key, uint32_t header, struct uk_span data, uint32_t le)
{
	static uint8_t bytes[UK_APDU_MAX];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	uk_put_u32(&out, UK_BIG_ENDIAN, header);
	if (data.len > 0 || le != UK_LE_NONE)
		uk_put_u8(&out, 0);
	if (data.len > 0) {
		uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)data.len);
		uk_put(&out, data);
	}
	if (le != UK_LE_NONE)
		uk_put_u16(&out, UK_BIG_ENDIAN, (uint16_t)le);
	assert_false(out.overflow);
	return key_raw(key, uk_writer_span(&out));
}

uint16_t
key_send(struct key *key, uint8_t ins, uint16_t p1p2, struct uk_span data, uint32_t le)
{
	return key_command(key, 0x80000000u | (uint32_t)ins << 16 | p1p2, data, le);
}

const char *
key_tell(struct key *key, const char *line)
{
	static char answer[4096];
	size_t len = 0;
	ssize_t got;
	int fd = connect_to(key->control);

	assert_true(fd >= 0);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), (ssize_t)strlen(line));
	assert_int_equal(send(fd, "\n", 1, MSG_NOSIGNAL), 1);
	while ((got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0)) > 0)
		len += (size_t)got;
	close(fd);
	answer[len] = '\0';
	assert_true(len > 0);
	answer[strcspn(answer, "\n")] = '\0';
	return answer;
}

unsigned long
key_status(struct key *key, const char *name)
{
	const char *status = key_tell(key, "status");
	char title[64];
	const char *at;

	(void)snprintf(title, sizeof(title), "\"%s\":", name);
	at = strstr(status, title);
	assert_non_null(at);
	return strtoul(at + strlen(title), NULL, 10);
}

int
key_program(const char *const *arguments)
{
	const char *argv[40] = {VIRTUAL_KEY};
	FILE *nowhere = fopen("/dev/null", "we");
	pid_t pid;
	int status;

	assert_non_null(nowhere);
	for (size_t i = 0; arguments[i] != NULL && i < 38; i++)
		argv[i + 1] = arguments[i];
	pid = process_start(argv, fileno(nowhere), fileno(nowhere));
	assert_true(pid > 0);
	status = process_await(pid, WAIT_MS);
	(void)fclose(nowhere);
	return status;
}
