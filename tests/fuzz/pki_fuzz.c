/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests and certificates that a process of the service is shown; the first byte chooses. */
#include "service/pki/cert.h"
#include "service/pki/der.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

/* Elements in elements: everything that is taken can be written again, and is the same. */
static void
walk(struct uk_span in, unsigned int depth)
{
	static const uint8_t tags[] = {CS_DER_SEQUENCE, CS_DER_BITS, CS_DER_OCTETS, CS_DER_INTEGER,
				       CS_DER_OID};

	for (size_t i = 0; i < sizeof(tags) && in.len > 0; i++) {
		struct uk_span inside, whole;
		uint8_t head[8];
		struct uk_writer out = uk_writer_of(head, sizeof(head));

		if (!cs_der_take(&in, tags[i], &inside, &whole))
			continue;
		cs_der_head(&out, tags[i], inside.len);
		must(!out.overflow && out.len == cs_der_head_len(inside.len));
		must(whole.len == out.len + inside.len && memcmp(whole.ptr, head, out.len) == 0);
		if (depth < 8)
			walk(inside, depth + 1);
		i = (size_t)-1;
	}
}

static void
look(struct uk_span der)
{
	CS_X509 *cert = NULL;
	char serial[64], code[CS_CODE_TEXT];
	uint8_t hash[CS_HASH_LEN];
	int64_t begin, end;

	if (cs_cert_read(der, &cert) != CS_OK)
		return;
	if (cs_cert_serial(cert, serial, sizeof(serial)) == CS_OK)
		must(strspn(serial, "-0123456789ABCDEF") == strlen(serial));
	if (cs_cert_code(cert, code) == CS_OK)
		must(strlen(code) < sizeof(code));
	must(!(cs_cert_signs(cert) && cs_cert_encrypts(cert)));
	if (X509_get0_pubkey(cert) != NULL)
		(void)!cs_spki_hash(X509_get0_pubkey(cert), hash);
	(void)!cs_cert_begin(cert, &begin);
	(void)!cs_cert_end(cert, &end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct uk_span in = uk_span_of(data, size);
	CS_X509_REQ *request = NULL;
	uint8_t choice;

	if (!uk_take_u8(&in, &choice))
		return 0;
	if (choice % 3 == 0)
		walk(in, 0);
	else if (choice % 3 == 1)
		look(in);
	else if (cs_request_read(in, &request) == CS_OK)
		must(cs_key_good(X509_REQ_get0_pubkey(request)));
	return 0;
}
