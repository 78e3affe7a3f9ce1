/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words for pairs and states, the same in every command. */
#ifndef UKEY_WORDS_H
#define UKEY_WORDS_H

#include "assistant/core/cert.h"

#include <json-glib/json-glib.h>

const char *cli_pair_text(OukPair pair);        /* translated */
const char *cli_pair_name(OukPair pair);        /* for scripts */
const char *cli_state_name(OukCertState state); /* for scripts */
/* "good, 120 days left", "ended 3 days ago", ... translated; the caller frees. */
char *cli_state_text(X509 *x509);
/* Local date, for people; the caller frees. */
char *cli_date(const ASN1_TIME *time);
/* UTC, ISO 8601; the caller frees. */
char *cli_timestamp(const ASN1_TIME *time);

/* A member with a string; nothing when it is NULL. */
void cli_json_text(JsonBuilder *json, const char *member, const char *text);
void cli_json_number(JsonBuilder *json, const char *member, gint64 value);
void cli_json_flag(JsonBuilder *json, const char *member, gboolean value);
/* What list and show have in common. */
void cli_json_cert(JsonBuilder *json, const OukCert *cert);
void cli_json_token(JsonBuilder *json, const OukToken *token);
/* The user's or administrator's counter as an object. */
void cli_json_tries(JsonBuilder *json, const char *member, const OukTries *tries);

#endif
