/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* USB descriptors of whatever is in a port. */
#include "assistant/core/doctor/descriptors.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(JsonBuilder) json = json_builder_new();
	g_autoptr(JsonNode) root = NULL;

	usb_descriptors_add(json, data, size);
	root = json_builder_get_root(json);
	must(root != NULL && JSON_NODE_HOLDS_ARRAY(root));
	must(json_array_get_length(json_node_get_array(root)) <= 65);
	return 0;
}
