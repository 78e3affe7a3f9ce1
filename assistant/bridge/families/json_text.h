/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON from strangers and for strangers. The reader is stricter than json-glib, which allows
 * comments and single quotes and follows nesting as deep as its stack goes.
 */
#ifndef OUK_BRIDGE_JSON_TEXT_H
#define OUK_BRIDGE_JSON_TEXT_H

#include <json-glib/json-glib.h>

#define OUK_JSON_DEPTH_MAX 16

/*
 * The object that the text is; NULL when it is anything else, no UTF-8, or nested deeper than
 * OUK_JSON_DEPTH_MAX. Escapes for what is no character become U+FFFD. The caller frees.
 */
JsonObject *ouk_json_read(const char *text, gsize len);
/*
 * As short as can be. ascii: everything else, and '|', as \u escapes: for pages that cut the frame
 * at each bar and evaluate what they get instead of parsing it.
 */
char *ouk_json_write(JsonNode *node, gboolean ascii);

/* The member's text; a number or truth value as text; NULL for all else. The caller frees. */
char *ouk_json_text(JsonNode *node);
/* A text, without its end or at most `max` bytes long and UTF-8; NULL otherwise. Borrowed. */
const char *ouk_json_member(JsonObject *object, const char *name, gsize max);

#endif
