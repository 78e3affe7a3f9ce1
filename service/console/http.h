/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console's side of nginx: a Unix socket that only the front end's user may use, requests with
 * bounds, pages as answers.  Who asks is what nginx found out in the TLS handshake.
 */
#ifndef CS_CONSOLE_HTTP_H
#define CS_CONSOLE_HTTP_H

#include "service/certd/http.h"

#include <sys/types.h>

#define CON_FIELDS      24
#define CON_NAME_TEXT   32
#define CON_BODY_MAX    65536
#define CON_THREADS     2
#define CON_HEADER_TEXT 256

struct con_field {
	char name[CON_NAME_TEXT];
	struct cs_blob value; /* text: one NUL behind it */
};

struct con_request {
	const char *method;
	char parts[CS_PATH_PARTS][CS_PART_TEXT]; /* what stands for * in the route */
	struct con_field fields[CON_FIELDS];     /* of the form */
	size_t fields_len;
	struct con_field query[CON_FIELDS];
	size_t query_len;
	struct cs_blob body; /* as it came, unless it was a form */
	/* "" without */
	const char *client_cert, *client_verify, *origin, *fetch_site, *language;
};

/* A form's field, or a query's; "" when there is none. */
const char *con_field(const struct con_request *request, const char *name);
const char *con_query(const struct con_request *request, const char *name);

struct con_answer {
	unsigned int status;
	const char *type;   /* text/html unless set */
	char location[256]; /* of a redirect */
	const char *file;   /* name it is to be saved under, or NULL */
	struct cs_blob body;
	bool refresh; /* the browser is to look again after a while */
};

struct con_settings {
	const char *path; /* of the socket */
	const uid_t *peers;
	size_t peers_len;
	void (*answer)(void *ctx, const struct con_request *request, const char *path,
		       struct con_answer *ret);
	void *ctx;
};

struct con_http;
UK_CHECKED enum cs_status con_http_start(const struct con_settings *settings,
					 struct con_http **ret);
void con_http_stop(struct con_http *http);

#endif
