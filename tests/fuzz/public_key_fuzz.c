/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ExportPublicKey and the answers of key generation; the first byte chooses. */
#include "drivers/gm/reply.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	struct token_model model = {0};
	struct token_public_key key = {0};
	uint8_t flags;
	enum uk_status st;

	if (!uk_take_u8(&in, &flags))
		return 0;
	model.order = (flags & 1) != 0 ? UK_LITTLE_ENDIAN : UK_BIG_ENDIAN;
	if ((flags & 2) == 0)
		st = gm_read_public_key(&model, in, &key);
	else
		st = gm_read_new_key((flags & 4) != 0 ? TOKEN_KEY_RSA : TOKEN_KEY_SM2,
				     (flags & 8) != 0 ? 1024 : 2048, in, &key);
	if (st != UK_OK)
		return 0;
	must(key.type == TOKEN_KEY_SM2 ? key.bits == 256 : (key.bits == 1024 || key.bits == 2048));
	must(key.type == TOKEN_KEY_SM2 || (key.exponent & 1) == 1);
	return 0;
}
