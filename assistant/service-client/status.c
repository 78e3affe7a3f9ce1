/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's codes (service/base/status.def), as a person is told them. */
#include "assistant/service-client/answer.h"

#include "assistant/core/profile_json.h"

#include <string.h>

static const struct {
	const char *code;
	OukErrorCode error;
} codes[] = {
	{"bad-request", OUK_E_SERVICE_BAD_REQUEST},
	{"too-large", OUK_E_SERVICE_TOO_LARGE},
	{"denied", OUK_E_SERVICE_DENIED},
	{"not-found", OUK_E_SERVICE_NOT_FOUND},
	{"exists", OUK_E_SERVICE_EXISTS},
	{"changed", OUK_E_SERVICE_CHANGED},
	{"wrong-state", OUK_E_SERVICE_WRONG_STATE},
	{"open-order", OUK_E_SERVICE_OPEN_ORDER},
	{"unlock-first", OUK_E_SERVICE_UNLOCK_FIRST},
	{"revoked", OUK_E_SERVICE_REVOKED},
	{"too-early", OUK_E_SERVICE_TOO_EARLY},
	{"too-late", OUK_E_SERVICE_TOO_LATE},
	{"new-only", OUK_E_SERVICE_NEW_ONLY},
	{"counter-only", OUK_E_SERVICE_COUNTER_ONLY},
	{"delay", OUK_E_SERVICE_DELAY},
	{"expired", OUK_E_SERVICE_EXPIRED},
	{"limit", OUK_E_SERVICE_LIMIT},
	{"code-wrong", OUK_E_SERVICE_CODE_WRONG},
	{"code-dead", OUK_E_SERVICE_CODE_DEAD},
	{"proof", OUK_E_SERVICE_PROOF},
	{"busy", OUK_E_SERVICE_BUSY},
	{"unavailable", OUK_E_SERVICE_UNAVAILABLE},
	{"internal", OUK_E_SERVICE_INTERNAL},
};

/* Where somebody between us and the service answered, nginx for example. */
static const struct {
	guint status;
	OukErrorCode error;
} statuses[] = {
	{413, OUK_E_SERVICE_TOO_LARGE},   {429, OUK_E_SERVICE_LIMIT},
	{502, OUK_E_SERVICE_UNAVAILABLE}, {503, OUK_E_SERVICE_UNAVAILABLE},
	{504, OUK_E_SERVICE_UNAVAILABLE},
};

OukErrorCode
answer_code_of(const char *code)
{
	for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].error;
	return OUK_E_SERVICE_INTERNAL;
}

gboolean
answer_fail(GBytes *body, guint status, GError **error)
{
	g_autoptr(JsonObject) root =
		g_bytes_get_size(body) <= ANSWER_MAX ? profile_json_parse(body) : NULL;
	JsonNode *node = root != NULL ? json_object_get_member(root, "error") : NULL;

	if (node != NULL && JSON_NODE_HOLDS_VALUE(node) &&
	    json_node_get_value_type(node) == G_TYPE_STRING)
		return ouk_fail(error, answer_code_of(json_node_get_string(node)));
	for (gsize i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (statuses[i].status == status)
			return ouk_fail(error, statuses[i].error);
	return ouk_fail_with(error, OUK_E_SERVICE_ANSWER, "(HTTP %u)", status);
}
