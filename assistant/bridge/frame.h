/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames of native messaging: a length of 4 bytes in the machine's order, and UTF-8 JSON. Pure. */
#ifndef OUK_BRIDGE_FRAME_H
#define OUK_BRIDGE_FRAME_H

#include <json-glib/json-glib.h>

#define OUK_FRAME_HEAD 4

/*
 * How many bytes the first frame of what has come takes, head included; 0: its head is not all
 * there yet. FALSE: longer than `most`, or empty: nothing that follows can be understood.
 */
gboolean ouk_frame_size(const guint8 *bytes, gsize len, gsize most, gsize *ret_size);
/* A frame around a text; what is longer than `most` is NULL. */
GBytes *ouk_frame_make(const char *text, gsize len, gsize most);

/* What the extension says (assistant/webextension/README.md). */
typedef enum { OUK_FRAME_HELLO, OUK_FRAME_OPEN, OUK_FRAME_CALL, OUK_FRAME_CLOSE } OukFrameKind;

typedef struct {
	OukFrameKind kind;
	gint64 id;
	gint64 page;              /* OPEN, CALL, CLOSE */
	const char *family;       /* OPEN */
	const char *origin, *top; /* OPEN; top may be NULL */
	const char *call;         /* CALL */
	JsonArray *args;          /* CALL; never NULL */
} OukFrame;

/*
 * Reads the object in root, which must outlive *ret. FALSE: none of these forms; ret->id is set
 * where there was one, else 0.
 */
gboolean ouk_frame_read(JsonNode *root, OukFrame *ret);

#endif
