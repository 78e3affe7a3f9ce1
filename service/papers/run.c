/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/papers/papers.h"

#include "service/base/clock.h"
#include "service/papers/sniff.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_ONCE    2 /* the threads that wait for them serve others too */
#define TIME_MS    30000
#define OUTPUT_MAX (CS_IMAGE_PIXELS) /* a byte a pixel is more than any JPEG of ours has */
#define CHUNK      65536U

#ifndef OPENUKEY_LIBEXEC
#define OPENUKEY_LIBEXEC "/usr/libexec/openukey"
#endif

static int running;

void
cs_papers_find(char ret[CS_PAPERS_PROGRAM_TEXT])
{
	char self[CS_PAPERS_PROGRAM_TEXT - 32];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (len > 0) {
		self[len] = '\0';
		slash = strrchr(self, '/');
		if (slash != NULL)
			*slash = '\0';
		(void)snprintf(ret, CS_PAPERS_PROGRAM_TEXT, "%s/openukey-papers", self);
		if (access(ret, X_OK) == 0)
			return;
	}
	(void)snprintf(ret, CS_PAPERS_PROGRAM_TEXT, "%s/openukey-papers", OPENUKEY_LIBEXEC);
}

struct child {
	pid_t pid;
	int in, out; /* our ends; -1 once closed */
};

static void
end_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void
child_end(struct child *child)
{
	end_close(&child->in);
	end_close(&child->out);
	if (child->pid > 0) {
		(void)kill(child->pid, SIGKILL);
		(void)waitpid(child->pid, NULL, 0);
	}
}

/* Only what it needs of the environment: nothing of ours. */
static bool
child_spawn(const char *program, const char *command, const int in[2], const int out[2], pid_t *ret)
{
	static char home[] = "HOME=/nonexistent", locale[] = "LC_ALL=C.UTF-8";
	static char *const kept[] = {home, locale, NULL};
	char path[CS_PAPERS_PROGRAM_TEXT], word[16];
	char *const argv[] = {path, word, NULL};
	posix_spawn_file_actions_t actions;
	bool good;

	(void)snprintf(path, sizeof(path), "%s", program);
	(void)snprintf(word, sizeof(word), "%s", command);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return false;
	good = posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO) == 0 &&
	       posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) == 0 &&
	       posix_spawn(ret, path, &actions, NULL, argv, kept) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	return good;
}

static bool
child_start(const char *program, const char *command, struct child *ret)
{
	int in[2], out[2];
	bool good;

	if (pipe2(in, O_CLOEXEC) != 0)
		return false;
	if (pipe2(out, O_CLOEXEC) != 0) {
		end_close(&in[0]);
		end_close(&in[1]);
		return false;
	}
	good = fcntl(in[1], F_SETFL, O_NONBLOCK) == 0 &&
	       child_spawn(program, command, in, out, &ret->pid);
	end_close(&in[0]);
	end_close(&out[1]);
	ret->in = in[1];
	ret->out = out[0];
	return good;
}

/* Room grows with what comes. */
static enum cs_status
output_take(struct child *child, struct cs_blob *out, size_t *len)
{
	CS_BLOB grown = {NULL, 0};
	ssize_t got;

	if (out->len - *len < CHUNK) {
		enum cs_status st = cs_blob_room(&grown, 2 * (out->len + CHUNK));

		if (st != CS_OK)
			return st;
		if (*len > 0)
			memcpy(grown.ptr, out->ptr, *len);
		cs_blob_free(out);
		*out = grown;
		grown = (struct cs_blob){NULL, 0};
	}
	got = read(child->out, out->ptr + *len, CHUNK);
	if (got < 0 || *len + (size_t)got > OUTPUT_MAX)
		return CS_E_UNAVAILABLE;
	if (got == 0)
		end_close(&child->out);
	*len += (size_t)got;
	return CS_OK;
}

static void
input_give(struct child *child, struct uk_span *in)
{
	ssize_t put = in->len > 0 ? write(child->in, in->ptr, in->len) : 0;
	struct uk_span done;

	/* One that does not want to read on has made up its mind. */
	if (put < 0 || !uk_take(in, (size_t)put, &done) || in->len == 0)
		end_close(&child->in);
}

static enum cs_status
child_talk(struct child *child, struct uk_span in, struct cs_blob *out, size_t *ret_len)
{
	int64_t until = cs_now_ms() + TIME_MS;
	enum cs_status st = CS_OK;

	while (st == CS_OK && child->out >= 0) {
		struct pollfd ends[] = {{.fd = child->out, .events = POLLIN},
					{.fd = child->in, .events = POLLOUT}};
		int64_t left = until - cs_now_ms();

		if (left <= 0 || poll(ends, 2, (int)left) <= 0)
			return CS_E_UNAVAILABLE;
		if (ends[1].revents != 0)
			input_give(child, &in);
		if (ends[0].revents != 0)
			st = output_take(child, out, ret_len);
	}
	return st;
}

static enum cs_status
child_wait(struct child *child)
{
	pid_t pid = child->pid;
	int how = 0;

	child->pid = -1;
	if (waitpid(pid, &how, 0) != pid || !WIFEXITED(how))
		return CS_E_ARGUMENTS; /* what it was given was more than it could bear */
	if (WEXITSTATUS(how) == 0)
		return CS_OK;
	return WEXITSTATUS(how) == 3 ? CS_E_ARGUMENTS : CS_E_UNAVAILABLE;
}

static enum cs_status
run(const char *program, const char *command, struct uk_span in, struct cs_blob *ret)
{
	UK_CLEANUP(child_end) struct child child = {-1, -1, -1};
	CS_BLOB out = {NULL, 0};
	size_t len = 0;
	enum cs_status st;

	if (!child_start(program, command, &child))
		return CS_E_UNAVAILABLE;
	st = child_talk(&child, in, &out, &len);
	if (st == CS_OK)
		st = child_wait(&child);
	return st == CS_OK ? cs_blob_set(ret, uk_span_of(out.ptr, len)) : st;
}

enum cs_status
cs_papers_run(const char *program, const char *command, struct uk_span in, struct cs_blob *ret)
{
	enum cs_status st = CS_E_BUSY;

	if (__atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST) <= AT_ONCE)
		st = run(program, command, in, ret);
	(void)__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
	return st;
}
