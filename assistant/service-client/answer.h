/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's answers, taken apart: every byte of them is hostile. For this folder and tests. */
#ifndef OUK_SERVICE_CLIENT_ANSWER_H
#define OUK_SERVICE_CLIENT_ANSWER_H

#include "assistant/core/errors.h"
#include "assistant/service-client/service.h"

#include <json-glib/json-glib.h>

#define ANSWER_MAX ((gsize)256 * 1024)  /* bytes of JSON */
#define FILE_MAX   ((gsize)4096 * 1024) /* bytes of a PDF */

/* The error row of a code of service/base/status.def; INTERNAL's for one that we do not know. */
OukErrorCode answer_code_of(const char *code);

/*
 * A reply out of the bytes of an answer; they are copied. `before`: the order that was asked about,
 * or NULL: its capability stays, and what the answer does not say. NULL: OUK_E_SERVICE_ANSWER.
 */
OukReply *answer_read(GBytes *body, OukOrder *before, GError **error);
/* A reply that is a file. */
OukReply *answer_file(GBytes *body);
/* The answer to a new order says neither its kind nor its key. */
void answer_opened(OukReply *reply, const char *kind, const char *serial);
/* Sets *error to what {"error": code} in the body means, or to what the HTTP status does. */
gboolean answer_fail(GBytes *body, guint status, GError **error);

#endif
