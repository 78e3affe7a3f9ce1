/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-skf-host: holds one maker's library for the programs of one user.
 *
 *	openukey-skf-host CONFIGURATION NAME    started by drivers/skf/start.c: descriptor 3 is the
 *	                                        folder to listen in, 4 takes a byte when it does
 *	openukey-skf-host --check CONFIGURATION looks at the file and the library, loads nothing
 *
 * One thread, one call at a time: libraries are written for one program with one thread.
 */
#include "drivers/skf/host/serve.h"

#include "common/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FD_FOLDER 3
#define FD_READY  4
#define IDLE_MS   30000
#define POLL_MS   1000 /* a library without events, while somebody waits */
#define NAME_MOST 64
#define BACKLOG   64

static struct {
	struct client clients[CLIENTS_MAX];
	struct skf_config config;
	enum uk_status load; /* how loading ended; UK_E_NOT_OPEN: not tried yet */
	int listener;
	char name[NAME_MOST];
	uint8_t request[SKF_MESSAGE_MAX];
	uint8_t answer[SKF_MESSAGE_MAX];
} host;

/* ---- clients ---- */

static void
client_close(struct client *client)
{
	client_end(client);
	(void)munmap(client->secret, sizeof(*client->secret));
	(void)close(client->fd);
	*client = (struct client){.fd = -1};
}

static struct client_secret *
secret_make(void)
{
	void *pages = mmap(NULL, sizeof(struct client_secret), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	(void)mlock(pages, sizeof(struct client_secret));
	(void)madvise(pages, sizeof(struct client_secret), MADV_DONTDUMP);
	(void)madvise(pages, sizeof(struct client_secret), MADV_WIPEONFORK);
	return pages;
}

static bool
is_of_this_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid();
}

static void
client_accept(void)
{
	int fd = accept4(host.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX && is_of_this_user(fd); i++) {
		struct client_secret *secret;

		if (host.clients[i].fd >= 0)
			continue;
		secret = secret_make();
		if (secret == NULL)
			break;
		host.clients[i] = (struct client){.fd = fd, .secret = secret};
		return;
	}
	(void)close(fd);
}

/* An answer that does not fit the socket is for somebody who does not read. */
static void
client_answer(struct client *client, const struct uk_writer *answer)
{
	struct uk_span bytes = uk_writer_span(answer);

	if (send(client->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)bytes.len)
		client_close(client);
}

static void
client_tell(struct client *client)
{
	struct uk_writer answer = uk_writer_of(host.answer, sizeof(host.answer));

	client->watching = false;
	skf_put_u32(&answer, SAR_OK);
	uk_put_u8(&answer, SKF_TRIES_NONE);
	skf_put_u32(&answer, devices_number());
	client_answer(client, &answer);
}

void
watchers_tell(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (host.clients[i].fd >= 0 && host.clients[i].watching &&
		    host.clients[i].watch_number != devices_number())
			client_tell(&host.clients[i]);
}

/*
 * A folder of the library's own where others have the session's: no bus is found there, and a
 * library that is ours takes its locks there, or it would wait for the very programs it serves to
 * log out first.
 */
static void
folder_make(void)
{
	char path[NAME_MOST + 32];

	(void)snprintf(path, sizeof(path), "%s.d", host.name);
	if (mkdirat(FD_FOLDER, path, 0700) != 0 && errno != EEXIST)
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s.d", FD_FOLDER, host.name);
	(void)setenv("XDG_RUNTIME_DIR", path, 1);
}

/* Loaded when the first one asks, so that who starts us need not wait for it. */
static bool
library_is_loaded(void)
{
	char why[128];

	if (host.load == UK_E_NOT_OPEN) {
		folder_make();
		/* Before: in a namespace of its own root's files are nobody's. */
		host.load = library_check(host.config.library, why, sizeof(why));
		if (host.load == UK_OK)
			host.load = confine(&host.config);
		if (host.load == UK_OK)
			host.load = library_load(&host.config);
	}
	return host.load == UK_OK;
}

/*
 * A library need not remember what happened while nobody sat in SKF_WaitForDevEvent: between two
 * events, and before the first wait began.  So somebody looks once more a while after each.
 */
static const int64_t look_steps[] = {1000, 3000}; /* ms, one after the other */

static struct {
	size_t step;
	int64_t at; /* 0: not at all */
} look_again;

static void
look_again_begin(void)
{
	look_again.step = 0;
	look_again.at = clock_ms() + look_steps[0];
}

static void
client_serve(struct client *client)
{
	struct uk_writer answer = uk_writer_of(host.answer, sizeof(host.answer));
	ssize_t len = recv(client->fd, host.request, sizeof(host.request), MSG_DONTWAIT);
	const struct skf_op_row *row;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0 || client->watching) {
		client_close(client);
		return;
	}
	row = skf_op_row(host.request[0]);
	if (library_is_loaded()) {
		request_run(client, uk_span_of(host.request, (size_t)len), &answer);
	} else {
		skf_put_u32(&answer, SAR_HOST_LIBRARY);
		uk_put_u8(&answer, SKF_TRIES_NONE);
	}
	if (row == NULL || row->secret)
		uk_wipe(host.request, (size_t)len);
	if (!client->watching)
		client_answer(client, &answer);
	else if (client->watch_number != devices_number())
		client_tell(client);
	else
		look_again_begin();
}

/* ---- the loop ---- */

/* Another one holds its key: it is not read from until that ends. */
static bool
must_wait(const struct client *client)
{
	return client->device != NULL && client->device->holder != NULL &&
	       client->device->holder != client;
}

/* Ends what has been held too long. The time until the next such end, or -1. */
static int
holds_look(void)
{
	int64_t now = clock_ms(), next = -1;

	for (struct device *at = device_next(NULL); at != NULL; at = device_next(at)) {
		struct client *holder = NULL;

		if (at->holder == NULL || at->hold_until == 0)
			continue;
		if (now < at->hold_until) {
			if (next < 0 || at->hold_until - now < next)
				next = at->hold_until - now;
			continue;
		}
		for (size_t i = 0; i < CLIENTS_MAX; i++)
			if (at->holder == &host.clients[i])
				holder = &host.clients[i];
		if (holder != NULL && holder->once) {
			client_once_end(holder);
			holder->once_over = true;
		}
		at->holder = NULL;
	}
	return (int)next;
}

static bool
anybody_watches(void)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (host.clients[i].fd >= 0 && host.clients[i].watching)
			return true;
	return false;
}

static size_t
clients_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		count += host.clients[i].fd >= 0 ? 1 : 0;
	return count;
}

static int
soonest(int a, int b)
{
	return a < 0 ? b : b < 0 || a < b ? a : b;
}

static void
look_again_step(void)
{
	look_again.step++;
	look_again.at = look_again.step < ARRAY_SIZE(look_steps)
				? clock_ms() + look_steps[look_again.step]
				: 0;
}

/* ms until then, or -1. */
static int
look_again_left(void)
{
	int64_t left = look_again.at - clock_ms();

	if (look_again.at == 0 || !anybody_watches())
		return -1;
	return left > 0 ? (int)left : 0;
}

static void
devices_look(void)
{
	bool changed;

	if (library_is_loaded() && devices_refresh(&changed) == SAR_OK && changed)
		watchers_tell();
}

/* The library's own folder, with what it may have left there. */
static void
folder_remove(void)
{
	char path[NAME_MOST + 32];
	struct dirent *entry;
	DIR *dir;
	int fd;

	(void)snprintf(path, sizeof(path), "%s.d/openukey", host.name);
	fd = openat(FD_FOLDER, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(fd, entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)unlinkat(FD_FOLDER, path, AT_REMOVEDIR);
	(void)snprintf(path, sizeof(path), "%s.d", host.name);
	(void)unlinkat(FD_FOLDER, path, AT_REMOVEDIR);
}

/*
 * Nobody is there: ends unless somebody is on the way, whom the lock would make wait.  Where the
 * folder is gone nobody can come.
 */
static bool
may_end(void)
{
	struct pollfd pending = {.fd = host.listener, .events = POLLIN};
	char file[NAME_MOST + 8];
	int lock;

	(void)snprintf(file, sizeof(file), "%s.lock", host.name);
	lock = openat(FD_FOLDER, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock < 0 && errno == ENOENT)
		return true;
	if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0 || poll(&pending, 1, 0) != 0) {
		if (lock >= 0)
			(void)close(lock);
		return false;
	}
	folder_remove();
	(void)unlinkat(FD_FOLDER, file, 0); /* who waits for it looks whether it is still there */
	(void)snprintf(file, sizeof(file), "%s.sock", host.name);
	(void)unlinkat(FD_FOLDER, file, 0);
	return true;
}

/* One round. False: it is time to end. */
static bool
round_run(void)
{
	struct pollfd fds[CLIENTS_MAX + 2];
	int timeout = holds_look();
	bool alone = clients_count() == 0;
	int ready;

	for (size_t i = 0; i < CLIENTS_MAX; i++)
		fds[i] =
			(struct pollfd){.fd = must_wait(&host.clients[i]) ? -1 : host.clients[i].fd,
					.events = POLLIN};
	fds[CLIENTS_MAX] = (struct pollfd){.fd = host.listener, .events = POLLIN};
	fds[CLIENTS_MAX + 1] = (struct pollfd){.fd = watch_fd(), .events = POLLIN};
	if (watch_must_poll() && anybody_watches())
		timeout = soonest(timeout, POLL_MS);
	timeout = soonest(timeout, look_again_left());
	if (alone)
		timeout = soonest(timeout, IDLE_MS);
	ready = poll(fds, ARRAY_SIZE(fds), timeout);
	if (ready == 0 && alone)
		return !may_end();
	if (look_again_left() == 0) {
		devices_look();
		look_again_step();
	} else if (ready == 0 && watch_must_poll() && anybody_watches()) {
		devices_look();
	}
	if (ready <= 0)
		return true;
	if (fds[CLIENTS_MAX + 1].revents != 0) {
		watch_taken();
		devices_look();
		look_again_begin();
	}
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (fds[i].revents != 0 && host.clients[i].fd == fds[i].fd &&
		    !must_wait(&host.clients[i]))
			client_serve(&host.clients[i]);
	if (fds[CLIENTS_MAX].revents != 0)
		client_accept();
	return true;
}

/* ---- beginning ---- */

static bool
listen_start(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char file[NAME_MOST + 8];

	if (strlen(name) >= sizeof(host.name) || strchr(name, '/') != NULL)
		return false;
	memcpy(host.name, name, strlen(name) + 1);
	(void)snprintf(file, sizeof(file), "%s.sock", name);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", FD_FOLDER,
		       file);
	host.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (host.listener < 0)
		return false;
	(void)unlinkat(FD_FOLDER, file, 0); /* whoever starts us holds the lock */
	return bind(host.listener, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
	       listen(host.listener, BACKLOG) == 0;
}

static int
check(const char *file)
{
	char why[128] = "";
	enum uk_status st = skf_config_read(file, &host.config);

	if (st != UK_OK) {
		(void)fprintf(stderr, "%s: %s\n", file, uk_status_text(st));
		return 1;
	}
	st = library_check(host.config.library, why, sizeof(why));
	if (st != UK_OK) {
		(void)fprintf(stderr, "%s: %s\n", host.config.library, why);
		return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--check") == 0)
		return check(argv[2]);
	if (argc != 3 || fcntl(FD_FOLDER, F_GETFD) < 0 || fcntl(FD_READY, F_GETFD) < 0) {
		(void)fputs("openukey-skf-host is started by OpenUKey itself; see "
			    "openukey-pkcs11(7).\n",
			    stderr);
		return 2;
	}
	(void)fcntl(FD_FOLDER, F_SETFD, FD_CLOEXEC);
	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		host.clients[i].fd = -1;
	if (skf_config_read(argv[1], &host.config) != UK_OK || !listen_start(argv[2]))
		return 1;
	host.load = UK_E_NOT_OPEN;
	if (write(FD_READY, "r", 1) != 1)
		return 1;
	(void)close(FD_READY);
	while (round_run())
		;
	_exit(0); /* without the library's own end, which nobody needs */
}
