/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/told.h"

#include "assistant/bridge/families.h"

JsonNode *
ouk_family_told(const OukFamily *family, const char *function, const GError *error)
{
	if (family == &ouk_family_bjca)
		return json_node_init_string(json_node_alloc(), ouk_bjca_told(function));
	if (family == &ouk_family_hebca)
		return ouk_hebca_told(error);
	if (family == &ouk_family_xjca)
		return ouk_xjca_told(function, error);
	return NULL;
}
