/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The short answers; the first byte chooses which. */
#include "drivers/gm/reply.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	struct token_model model = {0};
	struct gm_application app;
	struct token_pin_info pin;
	struct token_file file;
	struct token_public_key recipient = {0};
	struct token_exported_key made;
	uint8_t id[GM_ID_LEN];
	struct uk_span rs;
	uint8_t which;

	if (!uk_take_u8(&in, &which))
		return 0;
	model.order = (which & 0x80) != 0 ? UK_LITTLE_ENDIAN : UK_BIG_ENDIAN;
	switch (which & 7) {
	case 0:
		(void)!gm_read_application(&model, in, &app);
		break;
	case 1:
		if (gm_read_pin_info(in, &pin) == UK_OK)
			must(pin.left <= pin.max);
		break;
	case 2:
		(void)!gm_read_id(in, id);
		break;
	case 4:
		(void)!gm_read_file_info(&model, in, &file);
		break;
	case 5:
		recipient.type = (which & 0x40) != 0 ? TOKEN_KEY_RSA : TOKEN_KEY_SM2;
		recipient.bits = (which & 0x20) != 0 ? 1024 : 2048;
		if (gm_read_exported_key(&model, &recipient, in, &made) == UK_OK)
			must(made.type == recipient.type);
		break;
	case 6:
		if (gm_read_sm2_cipher(in, 16, &rs) == UK_OK)
			must(rs.len == TOKEN_SM2_CIPHER_OVERHEAD + 16 &&
			     rs.ptr + rs.len == data + size);
		break;
	default:
		if (gm_read_sm2_signature(&model, in, &rs) == UK_OK)
			must(rs.len == GM_SM2_SIG_LEN && rs.ptr + rs.len == data + size);
		break;
	}
	return 0;
}
