/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/service/link.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_S 60

bool
link_open(struct link *link, const struct link_target *target, uint32_t from)
{
	const struct timeval patience = {PATIENCE_S, 0};
	struct sockaddr_in own = {.sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(0x7f000000U | (from & 0xffffffU))};
	int yes = 1;

	link->tls = NULL;
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd < 0)
		return false;
	(void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	(void)setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(link->fd, (const struct sockaddr *)&own, sizeof(own)) != 0 ||
	    connect(link->fd, (const struct sockaddr *)&target->address, sizeof(target->address)) !=
		    0)
		return false;
	if (target->tls == NULL)
		return true;
	link->tls = SSL_new(target->tls);
	return link->tls != NULL && SSL_set_fd(link->tls, link->fd) == 1 &&
	       SSL_connect(link->tls) == 1;
}

void
link_close(struct link *link)
{
	SSL_free(link->tls);
	if (link->fd >= 0)
		(void)close(link->fd);
	link->tls = NULL;
	link->fd = -1;
}

static bool
bytes_send(struct link *link, const char *bytes, size_t len)
{
	if (link->tls != NULL)
		return SSL_write(link->tls, bytes, (int)len) == (int)len;
	return send(link->fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static ssize_t
bytes_take(struct link *link, char *to, size_t room)
{
	if (link->tls != NULL)
		return SSL_read(link->tls, to, (int)room);
	return recv(link->fd, to, room, 0);
}

static bool
request_send(struct link *link, const struct link_request *request)
{
	char text[LINK_ROOM];
	size_t body = request->body != NULL ? strlen(request->body) : 0;
	int len = snprintf(text, sizeof(text),
			   "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s%sContent-Length: %zu\r\n"
			   "\r\n%s",
			   request->method, request->path,
			   request->capability != NULL ? "Authorization: Bearer " : "",
			   request->capability != NULL ? request->capability : "",
			   request->capability != NULL ? "\r\n" : "",
			   request->headers != NULL ? request->headers : "", body,
			   body > 0 ? request->body : "");

	return len > 0 && (size_t)len < sizeof(text) && bytes_send(link, text, (size_t)len);
}

/* The body's length: this service and nginx always say it. */
static size_t
body_len(const char *head)
{
	const char *at = strcasestr(head, "\r\ncontent-length:");

	return at != NULL ? strtoul(at + 17, NULL, 10) : 0;
}

int
link_ask(struct link *link, const struct link_request *request, json_t **ret)
{
	size_t have = 0, want = 0;
	const char *head_end = NULL;
	int status;

	if (!request_send(link, request))
		return 0;
	while (head_end == NULL || have < want) {
		ssize_t got = bytes_take(link, link->in + have, LINK_ROOM - 1 - have);

		if (got <= 0)
			return 0;
		have += (size_t)got;
		link->in[have] = '\0';
		if (head_end == NULL) {
			head_end = strstr(link->in, "\r\n\r\n");
			if (head_end != NULL)
				want = (size_t)(head_end + 4 - link->in) + body_len(link->in);
		}
		if (want >= LINK_ROOM)
			return 0;
	}
	status = atoi(link->in + 9);
	*ret = json_loadb(head_end + 4, want - (size_t)(head_end + 4 - link->in), 0, NULL);
	return status;
}
