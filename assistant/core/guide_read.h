/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "guides" and "points" of a profile. */
#ifndef OUK_CORE_GUIDE_READ_H
#define OUK_CORE_GUIDE_READ_H

#include "assistant/core/profile_json.h"

/* Makes profile->guides and profile->points; call it before reading. */
void profile_guides_init(OukProfile *profile);
void profile_guides_clear(OukProfile *profile);
void profile_guides_read(ProfileReader *reader, JsonObject *root, OukProfile *profile);
/* A list of "online", "web", "counter" as bits. */
OukUnlockMode profile_modes(ProfileReader *reader, JsonObject *in, const char *name);

#endif
