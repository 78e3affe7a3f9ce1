/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTTP for machines: bodies of bytes, on a Unix socket that only the web server in front may open,
 * as it says there whose certificate it has verified.
 */
#ifndef CS_FACES_HTTP_H
#define CS_FACES_HTTP_H

#include "service/base/blob.h"

#define CS_FACE_BODY_MAX 32768

/* One request, whole. */
struct cs_face_request {
	const char *method, *path;
	struct uk_span body;
	const char *authorization; /* "" without */
	const char
		*certificate; /* of the client, verified in front: PEM, URL-encoded; "" without */
};

struct cs_face_answer {
	unsigned int http;
	const char *type;    /* Content-Type */
	bool base64;         /* Content-Transfer-Encoding */
	unsigned int again;  /* Retry-After, seconds; 0: none */
	bool password;       /* WWW-Authenticate */
	struct cs_blob body; /* freed by the caller of what fills it */
};

typedef void (*cs_face_fn)(void *ctx, const struct cs_face_request *request,
			   struct cs_face_answer *answer);

struct cs_face_http_settings {
	const char *path; /* of the socket */
	unsigned int threads;
	void *(*enter)(void *ctx); /* this thread's own state; NULL: not now */
	cs_face_fn run;            /* gets what enter returned */
	void *ctx;
};

struct cs_face_http;
UK_CHECKED enum cs_status cs_face_http_start(const struct cs_face_http_settings *settings,
					     struct cs_face_http **ret);
void cs_face_http_stop(struct cs_face_http *http);

#endif
