/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection to the service as a client has it: HTTP/1.1, kept alive, with or without TLS. */
#ifndef BENCH_SERVICE_LINK_H
#define BENCH_SERVICE_LINK_H

#include "service/wire/json.h"

#include <netinet/in.h>
#include <openssl/ssl.h>

#define LINK_ROOM 65536

struct link {
	int fd;
	SSL *tls; /* NULL: plain */
	char in[LINK_ROOM];
};

struct link_target {
	struct sockaddr_in address;
	SSL_CTX *tls; /* NULL: plain */
};

/* from: the last three bytes of a loopback address of the client's own. */
bool link_open(struct link *link, const struct link_target *target, uint32_t from);
void link_close(struct link *link);

struct link_request {
	const char *method, *path;
	const char *capability; /* or NULL */
	const char *headers;    /* more of them, each with its line end; or NULL */
	const char *body;       /* or NULL */
};

/* The answer's HTTP status, 0 when there is none. ret: the caller drops it; NULL when no JSON. */
int link_ask(struct link *link, const struct link_request *request, json_t **ret);

#endif
