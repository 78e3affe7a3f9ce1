/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The asking side of server.h. */
#ifndef CS_WIRE_CLIENT_H
#define CS_WIRE_CLIENT_H

#include "service/wire/json.h"

/*
 * Asks the process behind the socket and waits at most timeout_ms.  Takes the request over.  Each
 * thread keeps its connections for the next time.
 * CS_E_UNAVAILABLE when there is no answer; otherwise what the answer says, and the answer itself
 * (never NULL with CS_OK; the caller drops it).
 */
UK_CHECKED enum cs_status cs_ask(const char *path, json_t *request, int timeout_ms,
				 json_t **ret_answer);

#endif
