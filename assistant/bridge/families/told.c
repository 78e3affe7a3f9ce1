/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/told.h"

JsonNode *
ouk_family_told(const OukFamily *family, const char *function, const GError *error)
{
	return family->failed != NULL ? family->failed(ouk_family_row(family, function), error)
				      : NULL;
}
