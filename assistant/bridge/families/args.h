/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what pages hand over, and making what they are answered. */
#ifndef OUK_BRIDGE_ARGS_H
#define OUK_BRIDGE_ARGS_H

#include "assistant/bridge/page.h"

/* Of one text; lengths below are bytes. */
#define OUK_ARG_DATA_MAX (1024 * 1024)

/*
 * Argument n as text, numbers too; some pages put the name of a type ("BSTR", "LONG") behind each
 * argument, which are not counted. NULL: it is not there. The caller frees.
 */
char *ouk_arg_text(JsonArray *args, guint n);
/* The same, or OUK_E_PAGE_ARGUMENT. */
char *ouk_arg_need(JsonArray *args, guint n, GError **error);
/* The bytes of a text, or what base64 in it stands for. OUK_E_PAGE_ARGUMENT. */
GBytes *ouk_arg_bytes(JsonArray *args, guint n, GError **error);
GBytes *ouk_arg_base64(JsonArray *args, guint n, GError **error);
/* -1 when it is not there or no number. */
gint64 ouk_arg_number(JsonArray *args, guint n);
/* The member of the object that is the only argument, in the same way. */
char *ouk_arg_member(JsonArray *args, const char *name);
char *ouk_arg_member_need(JsonArray *args, const char *name, GError **error);
GBytes *ouk_arg_member_base64(JsonArray *args, const char *name, GError **error);

/* Base64 with or without line breaks; NULL when it is none or nothing. */
GBytes *ouk_base64_read(const char *text);
char *ouk_base64_write(GBytes *bytes);

/* Text is taken over by _take; NULL stays NULL. */
JsonNode *ouk_answer_text(const char *text);
JsonNode *ouk_answer_take(char *text);
JsonNode *ouk_answer_base64(GBytes *bytes);
/* As text: "true", "5". */
JsonNode *ouk_answer_truth(gboolean truth);
JsonNode *ouk_answer_number(gint64 number);

#endif
