/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message on the sockets of the certificate service; and a row of a backup. */
#include "service/store/record.h"
#include "service/wire/server.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static enum cs_status
read_all(void *ctx, const json_t *request, json_t *answer)
{
	static const char *const names[] = {"order", "sn", "grant", "random", "app", "contact"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *text = cs_json_text(request, names[i], 32);
		CS_BLOB blob = {NULL, 0};
		uint8_t fixed[8];
		int64_t number;

		must(text == NULL || strlen(text) <= 32);
		(void)cs_json_text_or_empty(request, names[i], 8);
		if (cs_json_number(request, names[i], &number))
			must(text == NULL);
		if (cs_json_hex(request, names[i], fixed, sizeof(fixed)))
			must(cs_json_put_hex(answer, names[i], uk_span_of(fixed, sizeof(fixed))));
		if (cs_json_blob(request, names[i], 16, &blob))
			must(blob.len <= 16);
	}
	return CS_OK;
}

static json_t *
handle(void *ctx, const json_t *request, uid_t peer)
{
	static const struct cs_op ops[] = {{"read", read_all}};

	return cs_dispatch(ops, ARRAY_SIZE(ops), ctx, request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cs_server_settings settings = {.handle = handle};
	struct uk_span in = uk_span_of(data, size);
	json_t *answer = cs_frame_answer(&settings, in, 0);
	struct cs_field field;

	must(json_is_object(answer));
	(void)cs_json_status(answer);
	json_decref(answer);
	while (cs_field_take(&in, &field))
		must(field.bytes.ptr == NULL || field.bytes.ptr + field.bytes.len <= data + size);
	return 0;
}
