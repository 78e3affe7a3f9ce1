/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What any program of the user may send to the PIN prompt, and what a prompt may answer. */
#include "assistant/core/prompt_wire.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static void
look_at_request(OukPromptRequest *request)
{
	OukPromptRequest again;
	g_autoptr(GBytes) message = NULL;
	gsize len;
	const char *bytes;

	must(request->reason >= 0 && request->reason < OUK_PROMPT_REASONS);
	must(request->left >= OUK_PROMPT_UNKNOWN && request->max >= OUK_PROMPT_UNKNOWN);
	must(request->site == NULL || g_utf8_validate(request->site, -1, NULL));
	must(request->token == NULL || strpbrk(request->token, "\r\x1b\x7f") == NULL);
	message = ouk_prompt_request_write(request);
	if (message == NULL)
		return; /* what was no UTF-8 grows */
	bytes = g_bytes_get_data(message, &len);
	must(ouk_prompt_request_read(bytes, len, &again));
	must(again.reason == request->reason && again.left == request->left);
	must(g_strcmp0(again.route, request->route) == 0);
	ouk_prompt_request_clear(&again);
}

static void
look_at_answer(struct uk_span in, guint count)
{
	struct uk_secret pins[OUK_PROMPT_PINS_MAX] = {0};
	gboolean done = FALSE;

	if (!ouk_prompt_answer_read(in, count, &done, pins) || !done)
		return;
	for (guint i = 0; i < count; i++)
		must(pins[i].len <= sizeof(pins[i].bytes));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	OukPromptRequest request;
	OukPromptResult result;

	if (ouk_prompt_request_read((const char *)bytes, size, &request)) {
		look_at_request(&request);
		ouk_prompt_request_clear(&request);
	}
	if (ouk_prompt_result_read((const char *)bytes, size, &result)) {
		must(result.outcome >= 0 && result.outcome < OUK_PROMPT_OUTCOMES);
		ouk_prompt_result_clear(&result);
	}
	look_at_answer(uk_span_of(bytes, size), 1);
	look_at_answer(uk_span_of(bytes, size), 2);
	return 0;
}
