/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a question is made of; for this folder only. */
#ifndef OUK_SERVICE_CLIENT_CALL_DATA_H
#define OUK_SERVICE_CLIENT_CALL_DATA_H

#include "assistant/service-client/calls.h"

#include <json-glib/json-glib.h>

struct _OukCall {
	gint refs;
	const char *method;
	char *path;
	GBytes *body;     /* NULL: none */
	const char *type; /* of the body */
	OukOrder *order;  /* whose capability goes with it; NULL */
	char *idempotency;
	char *kind, *serial; /* of an order that is to be opened */
	gboolean file;       /* the answer is one */
	guint time_ms;       /* for all of it, asking again included; 0: as usual */
	gboolean once;       /* a lost answer is not asked for again */
	/* asked again, the service may say that the order has gone on already: in these states it
	 * did what was wanted; NULL-terminated, NULL: none */
	const char *const *reached;
};

/* A question without capability. Takes the path. */
OukCall *call_new(const char *method, char *path);
/* About an order, with its capability. rest: what follows its id in the path. */
OukCall *call_of_order(const char *method, OukOrder *order, const char *rest);
/* POST with no members. */
OukCall *call_of_order_bare(OukOrder *order, const char *rest);
/* Takes the object as the body of the call, which it returns. */
OukCall *call_json(OukCall *call, JsonObject *object);
/* NULL is left out. */
void call_put_text(JsonObject *in, const char *name, const char *text);
void call_put_hex(JsonObject *in, const char *name, GBytes *bytes);
/* What stands between two slashes; the caller frees. */
char *call_part(const char *text);

#endif
