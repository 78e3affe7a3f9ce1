/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text frames of the HEBCA family (also Jiangxi's): "0|milliseconds" says hello, "1|Function"
 * or "1|Function|{...}" calls.
 */
#ifndef OUK_BRIDGE_HEBCA_FRAME_H
#define OUK_BRIDGE_HEBCA_FRAME_H

#include <json-glib/json-glib.h>

typedef enum { OUK_HEBCA_HELLO, OUK_HEBCA_CALL } OukHebcaKind;

typedef struct {
	OukHebcaKind kind;
	char *function;   /* CALL only */
	JsonObject *args; /* CALL only; empty where the page gave none */
} OukHebcaFrame;

/* FALSE: not a frame; ret untouched. */
gboolean ouk_hebca_read(const char *text, gsize len, OukHebcaFrame *ret);
void ouk_hebca_frame_clear(OukHebcaFrame *frame);

char *ouk_hebca_welcome(void);
/* Pages evaluate the answer, so that it is ASCII, without a bar, and nothing but JSON. */
char *ouk_hebca_reply(const char *function, JsonNode *answer);

#endif
