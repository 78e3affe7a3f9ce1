/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers/skf/link.h"

#include "common/log.h"
#include "common/runtime_dir.h"
#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_LEN 40
#define LOCK_STEP_NS (5L * 1000 * 1000)
#define LOCK_STEPS   4000 /* 20 s: another program is starting the helper */
/* The helper kills itself in time; this is for one that cannot, behind others' calls. */
#define PATIENCE  4
#define GREETINGS 2
#define DYING_MS  2000

static void
fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum uk_status
skf_link_init(struct skf_link *link, const struct skf_config *config)
{
	/* Its own pages: PINs pass through, and what is never used is never touched. */
	void *buffer = mmap(NULL, SKF_MESSAGE_MAX, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		return UK_E_MEMORY;
	(void)madvise(buffer, SKF_MESSAGE_MAX, MADV_DONTDUMP);
	(void)madvise(buffer, SKF_MESSAGE_MAX, MADV_WIPEONFORK);
	*link = (struct skf_link){.config = config, .fd = -1, .pidfd = -1, .buffer = buffer};
	return UK_OK;
}

void
skf_link_end(struct skf_link *link)
{
	fd_close(&link->fd);
	fd_close(&link->pidfd);
	if (link->buffer != NULL)
		(void)munmap(link->buffer, SKF_MESSAGE_MAX);
	link->buffer = NULL;
}

/* Waits for the end of a helper that has let go of us, which is most often its end. */
static void
link_lost(struct skf_link *link)
{
	struct pollfd helper = {.fd = link->pidfd, .events = POLLIN};

	if (link->pidfd >= 0)
		(void)poll(&helper, 1, DYING_MS);
	fd_close(&link->fd);
	fd_close(&link->pidfd);
	link->crashed = true;
}

/* ---- connecting ---- */

static enum uk_status
connect_to(struct skf_link *link, int dir, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return UK_E_MEMORY;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s.sock", dir,
		       name);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != geteuid()) {
		(void)close(fd);
		return UK_E_NOT_FOUND;
	}
	link->fd = fd;
#ifdef SYS_pidfd_open
	/* Whose number it is now is looked at again once it has answered. */
	link->pidfd = (int)syscall(SYS_pidfd_open, peer.pid, 0);
#endif
	return UK_OK;
}

static int
lock_take(int dir, const char *name)
{
	static const struct timespec step = {0, LOCK_STEP_NS};
	char file[NAME_MAX_LEN + 8];
	(void)snprintf(file, sizeof(file), "%s.lock", name);
	for (int i = 0; i < LOCK_STEPS; i++) {
		int lock = openat(dir, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		struct stat info;

		if (lock < 0)
			return -1;
		/* A helper that ended meanwhile took the file's name away. */
		if (flock(lock, LOCK_EX | LOCK_NB) == 0 && fstat(lock, &info) == 0 &&
		    info.st_nlink == 1)
			return lock;
		fd_close(&lock);
		(void)nanosleep(&step, NULL);
	}
	return -1;
}

static enum uk_status
connect_or_start(struct skf_link *link)
{
	UK_CLEANUP(fd_close) int dir = uk_runtime_dir();
	UK_CLEANUP(fd_close) int lock = -1;
	char name[NAME_MAX_LEN];
	enum uk_status st;

	if (dir < 0)
		return UK_E_LIBRARY;
	(void)snprintf(name, sizeof(name), "skf-%s", link->config->id);
	st = connect_to(link, dir, name);
	if (st != UK_E_NOT_FOUND)
		return st;
	lock = lock_take(dir, name);
	if (lock < 0)
		return UK_E_TIMEOUT;
	/* Somebody else may have been quicker. */
	st = connect_to(link, dir, name);
	if (st != UK_E_NOT_FOUND)
		return st;
	st = skf_start(link->config, dir, name);
	if (st == UK_OK)
		st = connect_to(link, dir, name);
	return st == UK_E_NOT_FOUND ? UK_E_LIBRARY : st;
}

/* Greets the helper, which loads the library if it has not yet. */
static enum uk_status
greet(struct skf_link *link, struct skf_answer *ret)
{
	struct uk_writer request;

	request = skf_link_request(link, SKF_OP_HELLO);
	skf_put_u32(&request, SKF_PROTOCOL);
	skf_put_u32(&request, link->crashed ? 1 : 0);
	return skf_link_call(link, &request, ret);
}

/*
 * A helper that is coming to its end lets go of connections one by one, and may still be connected
 * to as it dies: whoever meets one looks for the next.
 */
enum uk_status
skf_link_connect(struct skf_link *link)
{
	struct skf_answer answer;
	enum uk_status st = UK_E_LIBRARY;

	if (link->fd >= 0)
		return UK_OK;
	for (int i = 0; i < GREETINGS && st == UK_E_LIBRARY; i++) {
		st = connect_or_start(link);
		if (st == UK_OK)
			st = greet(link, &answer);
	}
	if (st != UK_OK)
		return st;
	if (answer.sar != SAR_OK) {
		uk_warning("skf", "%s: the library was not loaded", link->config->name);
		fd_close(&link->fd);
		fd_close(&link->pidfd);
		return skf_status(answer.sar);
	}
	link->crashed = false;
	return UK_OK;
}

bool
skf_link_is_up(struct skf_link *link)
{
	struct pollfd fd = {.fd = link->fd, .events = POLLIN};

	if (link->fd < 0)
		return false;
	/* Nothing comes unasked: what can be read is the end. */
	if (poll(&fd, 1, 0) == 0)
		return true;
	link_lost(link);
	return false;
}

/* ---- requests ---- */

struct uk_writer
skf_link_request(struct skf_link *link, enum skf_op op)
{
	struct uk_writer request = uk_writer_of(link->buffer, SKF_MESSAGE_MAX);

	uk_put_u8(&request, (uint8_t)op);
	return request;
}

enum uk_status
skf_link_send(struct skf_link *link, const struct uk_writer *request)
{
	struct uk_span bytes = uk_writer_span(request);
	const struct skf_op_row *row;
	ssize_t sent;

	if (bytes.len == 0)
		return UK_E_DATA_LEN;
	row = skf_op_row(bytes.ptr[0]);
	sent = TEMP_FAILURE_RETRY(send(link->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL));
	if (row != NULL && row->secret)
		uk_wipe(link->buffer, bytes.len);
	if (sent == (ssize_t)bytes.len)
		return UK_OK;
	link_lost(link);
	return UK_E_LIBRARY;
}

enum uk_status
skf_link_receive(struct skf_link *link, struct skf_answer *ret)
{
	ssize_t len = TEMP_FAILURE_RETRY(
		recv(link->fd, link->buffer, SKF_MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC));
	struct uk_span in;
	struct skf_answer answer;

	if (len <= 0 || len > SKF_MESSAGE_MAX) {
		link_lost(link);
		return UK_E_LIBRARY;
	}
	in = uk_span_of(link->buffer, (size_t)len);
	if (!skf_take_u32(&in, &answer.sar) || !uk_take_u8(&in, &answer.tries)) {
		link_lost(link);
		return UK_E_REPLY;
	}
	answer.fields = in;
	*ret = answer;
	return UK_OK;
}

static void
helper_kill(struct skf_link *link)
{
#ifdef SYS_pidfd_send_signal
	if (link->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, link->pidfd, SIGKILL, NULL, 0);
#endif
}

/* False when the time is over. */
static bool
answer_await(struct skf_link *link, int64_t end)
{
	struct pollfd fd = {.fd = link->fd, .events = POLLIN};

	for (;;) {
		int64_t left = end - now_ms();
		int ready = poll(&fd, 1, left > 0 ? (int)left : 0);

		if (ready > 0)
			return true;
		if (ready == 0 || (errno != EINTR && errno != EAGAIN))
			return false;
	}
}

enum uk_status
skf_link_call(struct skf_link *link, const struct uk_writer *request, struct skf_answer *ret)
{
	const struct skf_op_row *row =
		skf_op_row(request->overflow ? SKF_OP_COUNT : link->buffer[0]);
	const int64_t start = now_ms();
	const int64_t limit = link->config->timeout_ms;
	enum uk_status st = skf_link_send(link, request);

	if (st != UK_OK)
		return st;
	if (answer_await(link, start + PATIENCE * limit)) {
		st = skf_link_receive(link, ret);
	} else {
		helper_kill(link);
		link_lost(link);
		st = UK_E_TIMEOUT;
	}
	if (st == UK_OK)
		return UK_OK;
	uk_warning("skf", "%s: the library gave no answer to %s", link->config->name,
		   row != NULL ? row->name : "?");
	if (row != NULL && row->spends)
		return UK_E_TRY_UNKNOWN;
	/* The helper ends itself when a call takes too long. */
	return st == UK_E_LIBRARY && now_ms() - start >= limit ? UK_E_TIMEOUT : st;
}
