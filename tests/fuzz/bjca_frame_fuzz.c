/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What any page may send to the ports of the BJCA family. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_frame.h"
#include "assistant/bridge/families/json_text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
look_at_args(JsonArray *args)
{
	must(json_array_get_length(args) <= OUK_BJCA_ARGS_MAX);
	for (guint i = 0; i <= json_array_get_length(args); i++) {
		g_autofree char *text = ouk_arg_text(args, i);
		g_autoptr(GBytes) bytes = ouk_arg_base64(args, i, NULL);

		must(text == NULL || g_utf8_validate(text, -1, NULL));
		must(text != NULL || bytes == NULL);
	}
}

static void
look_at_reply(const OukBjcaCall *call)
{
	g_autoptr(JsonNode) value = ouk_answer_text("\"|\\\n");
	g_autofree char *reply = ouk_bjca_reply(call, value, NULL);
	g_autoptr(JsonObject) read = ouk_json_read(reply, strlen(reply));

	must(read != NULL);
	must(strcmp(json_object_get_string_member(read, "retVal"), "\"|\\\n") == 0);
	must(json_object_has_member(read, "call_cmd_id") == (call->id != NULL));
	must(call->id == NULL ||
	     json_node_equal(call->id, json_object_get_member(read, "call_cmd_id")));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	OukBjcaCall call;

	if (!ouk_bjca_read((const char *)bytes, size, &call))
		return 0;
	must(ouk_is_function_name(call.function, strlen(call.function)));
	look_at_args(call.args);
	look_at_reply(&call);
	ouk_bjca_call_clear(&call);
	return 0;
}
