/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What any page may send to the ports of the HEBCA family, and what it would evaluate. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_frame.h"
#include "assistant/bridge/families/hebca_frame.h"
#include "assistant/bridge/families/json_text.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* ASCII, no bar in what a page cuts out at the bars, and JSON. */
static void
look_at_reply(OukHebcaFrame *frame)
{
	g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
	g_autofree char *reply = NULL;
	g_autoptr(JsonObject) read = NULL;
	const char *json;

	json_node_set_object(node, frame->args);
	reply = ouk_hebca_reply(frame->function, node);
	must(g_str_has_prefix(reply, "1|") && g_str_is_ascii(reply));
	json = strchr(reply + 2, '|') + 1;
	must(strchr(json, '|') == NULL);
	read = ouk_json_read(json, strlen(json));
	must(read != NULL && json_object_get_size(read) == json_object_get_size(frame->args));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	OukHebcaFrame frame;

	if (!ouk_hebca_read((const char *)bytes, size, &frame))
		return 0;
	must((frame.kind == OUK_HEBCA_CALL) == (frame.function != NULL));
	must((frame.kind == OUK_HEBCA_CALL) == (frame.args != NULL));
	if (frame.kind == OUK_HEBCA_CALL) {
		must(ouk_is_function_name(frame.function, strlen(frame.function)));
		look_at_reply(&frame);
	}
	ouk_hebca_frame_clear(&frame);
	return 0;
}
