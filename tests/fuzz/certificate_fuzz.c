/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ExportCertificate in chunks: a byte of flags, then chunks, each behind a byte with its length. */
#include "drivers/gm/reply.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[TOKEN_CERT_MAX];
	struct uk_writer out = uk_writer_of(room, sizeof(room));
	struct uk_span in = uk_span_of(data, size);
	struct token_model model = {0};
	struct gm_cert_reader reader;
	struct uk_span chunk;
	uint8_t flags, len;

	if (!uk_take_u8(&in, &flags))
		return 0;
	model.order = (flags & 1) != 0 ? UK_LITTLE_ENDIAN : UK_BIG_ENDIAN;
	model.trim_cert = (flags & 2) != 0;
	gm_cert_begin(&reader, &model, &out);
	while (uk_take_u8(&in, &len) && uk_take(&in, len, &chunk)) {
		bool more = in.len > 0;

		if (gm_cert_chunk(&reader, chunk, more) != UK_OK)
			return 0;
		must(out.len <= reader.len && reader.len <= TOKEN_CERT_MAX);
		must(more || out.len == reader.len);
	}
	return 0;
}
