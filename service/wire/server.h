/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How the service's processes ask each other: a Unix socket, each message a 4-byte length
 * (big-endian) and that many bytes of a JSON object {"op": ...}; one answer for each, in order.
 */
#ifndef CS_WIRE_SERVER_H
#define CS_WIRE_SERVER_H

#include "service/wire/json.h"

#include <sys/types.h>

#define CS_FRAME_MAX 65536

/* Answers one request; NULL counts as an internal error. The answer becomes the server's. */
typedef json_t *(*cs_handle_fn)(void *ctx, const json_t *request, uid_t peer);

struct cs_server_settings {
	const char *path;   /* of the socket; mode 0660, so its group may ask */
	const uid_t *peers; /* who may ask; anybody else is turned away */
	size_t peers_len;
	cs_handle_fn handle;
	void (*idle)(void *ctx); /* called about once a second, or NULL */
	void *ctx;
};

/* Serves until *stop; CS_E_UNAVAILABLE when the socket cannot be made. */
UK_CHECKED enum cs_status cs_serve(const struct cs_server_settings *settings,
				   const volatile int *stop);

/*
 * The same for a whole process, until it is told to end: peers is a list of user ids, which become
 * the settings'; what goes wrong is said on stderr with the process's name.
 */
enum cs_status cs_serve_process(const char *name, const char *peers,
				struct cs_server_settings *settings);

/*
 * One op out of many: {"op": name} is looked up and its function called with the rest.
 */
struct cs_op {
	const char *name;
	enum cs_status (*run)(void *ctx, const json_t *request, json_t *answer);
};
json_t *cs_dispatch(const struct cs_op *ops, size_t ops_len, void *ctx, const json_t *request);

/* Takes a whole frame's bytes apart and answers them: what a connection does, without one. */
json_t *cs_frame_answer(const struct cs_server_settings *settings, struct uk_span frame,
			uid_t peer);

#endif
