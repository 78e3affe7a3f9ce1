/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages of the BJCA family's page scripts: JSON through a WebSocket at /xtxapp/, and one
 * call a POST to /synctl. The page's cookie, address and CLSID are not looked at.
 */
#ifndef OUK_BRIDGE_BJCA_FRAME_H
#define OUK_BRIDGE_BJCA_FRAME_H

#include <json-glib/json-glib.h>

#define OUK_BJCA_FUNCTION_MAX 64
#define OUK_BJCA_ID_MAX       128
#define OUK_BJCA_TOKEN_MAX    128
#define OUK_BJCA_ARGS_MAX     32

typedef struct {
	JsonNode *id;    /* echoed as it came: text or number; NULL where there was none */
	char *function;  /* letters, digits and '_' */
	JsonArray *args; /* of values */
	char *token;     /* NULL: none */
} OukBjcaCall;

/* FALSE: not a call; ret untouched. */
gboolean ouk_bjca_read(const char *text, gsize len, OukBjcaCall *ret);
void ouk_bjca_call_clear(OukBjcaCall *call);

/*
 * The answer: every value is text in it, truth values "true" and "false". value NULL: what the
 * script takes for a failure. token: one to hand out, or NULL.
 */
char *ouk_bjca_reply(const OukBjcaCall *call, JsonNode *value, const char *token);
/* A message that nobody asked for. */
char *ouk_bjca_push(const char *event);

/* Whether the text can be the name of a function, in either family. */
gboolean ouk_is_function_name(const char *text, gsize len);

#endif
