/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP with limits: requests of known methods and paths, bodies up to a size, so many a second from
 * one address, and nobody may take longer than a few seconds over one.
 */
#ifndef CS_CERTD_HTTP_H
#define CS_CERTD_HTTP_H

#include "service/wire/json.h"

#define CS_PATH_PARTS   4
#define CS_PART_TEXT    80
#define CS_BODY_MAX     65536
#define CS_HTTP_THREADS 4

/* An answer that is no JSON. */
struct cs_http_page {
	struct cs_blob body; /* empty: the answer is JSON after all */
	const char *type;
};

/* One request, whole. */
struct cs_http_request {
	const char *method;
	char parts[CS_PATH_PARTS][CS_PART_TEXT]; /* what stands for * in the route */
	struct uk_span body;
	const json_t *json;      /* the body, where the route wants JSON; never NULL then */
	const char *capability;  /* of "Authorization: Bearer"; "" without */
	const char *idempotency; /* "Idempotency-Key"; "" without */
	const char *signature, *timestamp; /* "X-Signature", "X-Timestamp"; "" without */
	const char *client;                /* the address, for limits */
	struct cs_http_page *page;         /* out */
	void *connection;                  /* for cs_http_header */
};

/* Any other header; "" without. */
const char *cs_http_header(const struct cs_http_request *request, const char *name);

/*
 * Fills the answer's object; what is returned becomes the HTTP status, and {"error": code} unless
 * it is CS_OK.  thread: a number below CS_HTTP_THREADS that is this thread's own.
 */
typedef enum cs_status (*cs_route_fn)(void *ctx, const struct cs_http_request *request,
				      json_t *answer);

/* "/v1/orders/" followed by a star and "/consent": a star stands for one part. */
struct cs_route {
	const char *method, *path;
	cs_route_fn run;
	unsigned int success; /* HTTP status */
	bool raw;             /* the body is no JSON */
	/* For bodies that are larger than others: up to body_max once admit, which sees everything
	 * but the body, has said CS_OK. */
	size_t body_max;
	cs_route_fn admit;
};

struct cs_http_settings {
	const char *listen; /* "127.0.0.1:8080", "[::1]:8080" or "unix:PATH" */
	const struct cs_route *routes;
	size_t routes_len;
	void *(*enter)(void *ctx); /* this thread's own state, made at its first request */
	void *ctx;
	unsigned int per_second; /* requests from one address; three times as many in a burst */
	bool behind_proxy;       /* believe X-Real-IP */
};

struct cs_http;
UK_CHECKED enum cs_status cs_http_start(const struct cs_http_settings *settings,
					struct cs_http **ret);
void cs_http_stop(struct cs_http *http);

/* Whether the path fits, and what stood for the stars. */
bool cs_route_fits(const char *route, const char *path, char parts[CS_PATH_PARTS][CS_PART_TEXT]);

#endif
