/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtual/key/server.h"

#include "common/log.h"
#include "virtual/key/link.h"
#include "virtual/key/sockets.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 8
#define ANSWER_MAX  65536

/* Somebody at the control socket who has not sent a whole line yet. */
struct client {
	int fd;
	size_t len;
	char line[512];
};

struct server {
	struct vk_link link;
	const char *control_path;
	int signals, control;
	bool quit, failed;
	struct client clients[CLIENTS_MAX];
	char answer[ANSWER_MAX];
};

enum { FD_LINK, FD_SIGNALS, FD_CONTROL, FD_CLIENTS, FD_COUNT = FD_CLIENTS + CLIENTS_MAX };

static void
close_client(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->len = 0;
}

static void
answer_client(struct server *server, struct client *client)
{
	struct uk_writer answer = uk_writer_of(server->answer, sizeof(server->answer));

	client->line[client->len] = '\0';
	client->line[strcspn(client->line, "\r\n")] = '\0';
	if (strcmp(client->line, "quit") == 0) {
		server->quit = true;
		uk_put(&answer, uk_span_str("ok"));
	} else {
		(void)vk_card_control(server->link.card, client->line, &answer);
	}
	uk_put_u8(&answer, '\n');
	/* Whoever hears that the key is in can reach it. */
	server->failed = !vk_link_sync(&server->link);
	if (!vk_socket_send(client->fd, uk_writer_span(&answer)))
		uk_debug("session", "somebody left the control socket before the answer");
	close_client(client);
}

static void
read_client(struct server *server, struct client *client)
{
	ssize_t got = recv(client->fd, client->line + client->len,
			   sizeof(client->line) - 1 - client->len, MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		client->len += (size_t)got;
		if (memchr(client->line, '\n', client->len) == NULL &&
		    client->len < sizeof(client->line) - 1)
			return;
	} else if (client->len == 0) {
		close_client(client);
		return;
	}
	answer_client(server, client);
}

static void
accept_client(struct server *server)
{
	int fd = vk_socket_accept(server->control);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		if (server->clients[i].fd >= 0)
			continue;
		server->clients[i].fd = fd;
		return;
	}
	close(fd);
}

static bool
open_signals(struct server *server)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	server->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0
				  ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)
				  : -1;
	return server->signals >= 0;
}

static bool
open_server(struct server *server, const struct vk_places *places, const char **ret_path)
{
	*ret_path = "signals";
	if (!open_signals(server))
		return false;
	*ret_path = places->socket;
	if (!vk_link_open(&server->link))
		return false;
	*ret_path = places->control;
	if (places->control != NULL)
		server->control = vk_socket_listen(places->control);
	return places->control == NULL || server->control >= 0;
}

static void
close_server(struct server *server)
{
	vk_link_close(&server->link);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (server->clients[i].fd >= 0)
			close_client(&server->clients[i]);
	if (server->control >= 0) {
		(void)unlink(server->control_path);
		close(server->control);
	}
	if (server->signals >= 0)
		close(server->signals);
	free(server);
}

/* One round; false when the link could not follow a plug. */
static bool
serve_once(struct server *server)
{
	struct pollfd fds[FD_COUNT];
	unsigned int plugging = server->link.plugging;
	int timeout = vk_link_poll(&server->link, &fds[FD_LINK]);

	fds[FD_SIGNALS] = (struct pollfd){.fd = server->signals, .events = POLLIN};
	fds[FD_CONTROL] = (struct pollfd){.fd = server->control, .events = POLLIN};
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		fds[FD_CLIENTS + i] =
			(struct pollfd){.fd = server->clients[i].fd, .events = POLLIN};
	if (poll(fds, FD_COUNT, timeout) < 0)
		return errno == EINTR;

	if (fds[FD_SIGNALS].revents != 0)
		server->quit = true;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (fds[FD_CLIENTS + i].revents != 0)
			read_client(server, &server->clients[i]);
	if (fds[FD_CONTROL].revents != 0)
		accept_client(server);
	/* What the control did comes first, and what was polled before it may be closed. */
	if (plugging != server->link.plugging)
		return !server->failed;
	vk_link_run(&server->link, &fds[FD_LINK]);
	return !server->failed && vk_link_sync(&server->link);
}

bool
vk_server_run(struct vk_card *card, const struct vk_places *places, const char **ret_path)
{
	struct server *server = calloc(1, sizeof(*server));
	bool served;

	*ret_path = "memory";
	if (server == NULL)
		return false;
	server->link = (struct vk_link){.card = card,
					.path = places->socket,
					.vpcd_host = places->vpcd_host,
					.vpcd_port = places->vpcd_port,
					.listener = -1,
					.conn = -1};
	server->control_path = places->control;
	server->signals = server->control = -1;
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		server->clients[i].fd = -1;

	served = open_server(server, places, ret_path);
	if (served) {
		(void)puts("ready");
		(void)fflush(stdout);
		*ret_path = places->socket;
	}
	while (served && !server->quit)
		served = serve_once(server);
	close_server(server);
	return served;
}
