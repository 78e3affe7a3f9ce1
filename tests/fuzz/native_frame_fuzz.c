/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a browser's extension, or a program that says it is one, may send to the bridge. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/json_text.h"
#include "assistant/bridge/frame.h"
#include "assistant/bridge/wipe.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

#define MOST 4096

static void
look_at_call(const OukFrame *frame)
{
	const OukFamily *const families[] = {ouk_family_find("bjca"), ouk_family_find("hebca"),
					     ouk_family_find("xjca")};

	for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
		const OukFamilyRow *row = ouk_family_row(families[i], frame->call);

		if (row != NULL)
			wipe_pins(frame->args, row);
	}
	for (guint i = 0; i <= json_array_get_length(frame->args); i++) {
		g_autofree char *text = ouk_arg_text(frame->args, i);
		g_autofree char *member = ouk_arg_member(frame->args, "pin");

		must(text == NULL || g_utf8_validate(text, -1, NULL));
		must(member == NULL || g_utf8_validate(member, -1, NULL));
	}
}

static void
look_at(const char *text, size_t len)
{
	g_autoptr(JsonObject) object = ouk_json_read(text, len);
	g_autoptr(JsonNode) root = NULL;
	OukFrame frame;

	if (object == NULL)
		return;
	root = json_node_init_object(json_node_alloc(), object);
	if (!ouk_frame_read(root, &frame))
		return;
	must(frame.id > 0);
	must(frame.kind == OUK_FRAME_HELLO || frame.page > 0);
	must(frame.kind != OUK_FRAME_OPEN || (frame.family != NULL && frame.origin != NULL));
	if (frame.kind == OUK_FRAME_CALL)
		look_at_call(&frame);
	wipe_node(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t frame;

	while (ouk_frame_size(bytes, size, MOST, &frame) && frame != 0 && frame <= size) {
		look_at((const char *)bytes + OUK_FRAME_HEAD, frame - OUK_FRAME_HEAD);
		bytes += frame;
		size -= frame;
	}
	look_at((const char *)bytes, size); /* bytes that make a frame by chance are few */
	return 0;
}
