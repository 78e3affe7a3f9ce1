/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A certificate, from a key or a file. */
#include "drivers/crypto/crypto.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct crypto_cert cert;

	if (crypto_cert_read(uk_span_of(data, size), &cert) != UK_OK)
		return 0;
	must(memchr(cert.label, 0, sizeof(cert.label)) != NULL);
	must(strlen(cert.not_before) == 8 && strlen(cert.not_after) == 8);
	must(cert.modulus_len <= sizeof(cert.modulus));
	must(cert.subject_len + cert.issuer_len + cert.serial_len + cert.spki_len < size);
	crypto_cert_clear(&cert);
	return 0;
}
