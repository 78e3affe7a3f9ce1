/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a page is told when a call fails: its own family's way of saying so. */
#ifndef OUK_BRIDGE_TOLD_H
#define OUK_BRIDGE_TOLD_H

#include "assistant/bridge/page.h"

/* As OukFamily's `failed`, by the function's name; NULL: the family has no way. */
JsonNode *ouk_family_told(const OukFamily *family, const char *function, const GError *error);

#endif
