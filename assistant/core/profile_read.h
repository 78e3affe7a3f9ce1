/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile out of its JSON text. The format is described in data/profiles/README.md. */
#ifndef OUK_CORE_PROFILE_READ_H
#define OUK_CORE_PROFILE_READ_H

#include "assistant/core/hall.h"
#include "assistant/core/profile.h"

/* Patterns for an issuer's name, case folded; all that are there must fit. */
typedef struct {
	char *common_name, *organisation; /* with * and ?; may be NULL */
} ProfileIssuer;

/* A profile and what owns its texts. */
typedef struct {
	OukProfile profile; /* first: one is found from the other */
	GStringChunk *texts;
	GPtrArray *issuers;        /* of ProfileIssuer */
	GPtrArray *authority_keys; /* of char *: key identifiers, lower-case hexadecimal */
} ProfileData;

/* name: the file's, for messages. OUK_E_PROFILE_BROKEN, OUK_E_PROFILE_NEWER. */
ProfileData *profile_read(const char *name, GBytes *json, GError **error);
void profile_data_free(ProfileData *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProfileData, profile_data_free)

#endif
