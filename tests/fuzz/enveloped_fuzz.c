/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SM2EnvelopedKey, from a CA's file. */
#include "drivers/crypto/crypto.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crypto_enveloped_key key;

	if (crypto_enveloped_key_read(uk_span_of(data, size), &key) == UK_OK)
		must(key.cipher.c2_len > 0 && key.cipher.c2_len <= sizeof(key.cipher.c2) &&
		     key.private_key_len > 0 && key.private_key_len <= sizeof(key.private_key));
	return 0;
}
