/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token of the origin-bound login, as anybody may post it to a hall. */
#include "tests/fuzz/fuzz.h"
#include "virtual/hall/verify/token.h"
#include "virtual/hall/verify/verify.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct login_token token = {0};
	bool read = login_token_read((const char *)bytes, size, &token);

	must(read == (token.certificate != NULL));
	must(read == (token.signature != NULL));
	must(!read || (token.signature_len > 0 && size <= LOGIN_TOKEN_MAX + 1));
	login_token_clear(&token);
	return 0;
}
