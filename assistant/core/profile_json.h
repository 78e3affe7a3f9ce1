/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values out of JSON that must be exactly what they should be. The first mistake sticks. */
#ifndef OUK_CORE_PROFILE_JSON_H
#define OUK_CORE_PROFILE_JSON_H

#include "assistant/core/profile.h"

#include <json-glib/json-glib.h>

typedef struct {
	GStringChunk *texts; /* where strings are kept; borrowed */
	JsonObject *sources; /* borrowed, NULL until known */
	const char *wrong;   /* the member at fault; NULL while all is well */
} ProfileReader;

typedef enum { PROFILE_OPTIONAL, PROFILE_REQUIRED } ProfileNeed;

/* The text as an object; NULL when it is not one, too deep or no UTF-8. */
JsonObject *profile_json_parse(GBytes *json);
/* The object's text; NULL when it is missing or no text. Borrowed. */
const char *profile_json_text(JsonObject *in, const char *name);

/* Notes a mistake in the member. */
void profile_wrong(ProfileReader *reader, const char *member);
/* NULL when it is missing or wrong. Strings live as long as the reader's texts. */
JsonObject *profile_object(ProfileReader *reader, JsonObject *in, const char *name,
			   ProfileNeed need);
char *profile_text(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need);
OukWords profile_words(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need);
gboolean profile_is_url(const char *text);
/* http or https with a host. */
char *profile_url(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need);
/* Digits and hyphens. */
char *profile_number_to_call(ProfileReader *reader, JsonObject *in, const char *name,
			     ProfileNeed need);
/* YYYY-MM-DD */
char *profile_date(ProfileReader *reader, JsonObject *in, const char *name, ProfileNeed need);
gint64 profile_integer(ProfileReader *reader, JsonObject *in, const char *name, gint64 most,
		       gint64 otherwise);
gboolean profile_boolean(ProfileReader *reader, JsonObject *in, const char *name);
/* The index of the word in the NULL-terminated choices; 0 and a mistake when it is none. */
guint profile_choice(ProfileReader *reader, JsonObject *in, const char *name,
		     const char *const *choices);
/* "source" and "checked" */
OukOrigin profile_origin(ProfileReader *reader, JsonObject *in);

/* Calls fn with each element that is an object, or a mistake. A missing list is an empty one. */
typedef void (*ProfileElement)(ProfileReader *reader, JsonObject *element, gpointer data);
void profile_each(ProfileReader *reader, JsonObject *in, const char *name, ProfileElement fn,
		  gpointer data);
/* A list of texts: of char *. */
GPtrArray *profile_text_list(ProfileReader *reader, JsonObject *in, const char *name);
/* A list of texts in all languages: of OukWords. */
GPtrArray *profile_words_list(ProfileReader *reader, JsonObject *in, const char *name);

#endif
