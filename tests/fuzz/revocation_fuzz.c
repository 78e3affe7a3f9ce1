/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server, or somebody on the way, sends as a CA's answer; a certificate's addresses. */
#include "assistant/core/revocation_answer.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1795300000 /* November 2026, when the corpus was made */

static X509 *
cert_of(EVP_PKEY *key, long serial)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_NAME_new();

	must(x509 != NULL && name != NULL);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)"Test CA",
					-1, -1, 0) == 1);
	must(X509_set_issuer_name(x509, name) == 1 && X509_set_subject_name(x509, name) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(x509), serial) == 1);
	must(X509_set_pubkey(x509, key) == 1 && X509_sign(x509, key, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return x509;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static EVP_PKEY *key;
	static X509 *issuer, *leaf;
	static OCSP_REQUEST *question;
	g_autoptr(GBytes) input = g_bytes_new_static(bytes, size);
	const unsigned char *at = bytes;
	g_autoptr(X509) x509 = NULL;
	OukRevocation crl = {.state = OUK_REVOCATION_NOT_CHECKED};
	OukRevocation ocsp = {.state = OUK_REVOCATION_NOT_CHECKED};

	if (key == NULL) {
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		issuer = cert_of(key, 1);
		leaf = cert_of(key, 0x1001);
		question = revocation_question(leaf, issuer);
		must(question != NULL);
	}
	/* nobody has signed anything with this key: nothing can be proven */
	revocation_judge_crl(input, leaf, issuer, NOW, &crl);
	must(crl.state == OUK_REVOCATION_NOT_CHECKED && crl.why != OUK_NOT_CHECKED_NONE);
	revocation_judge_ocsp(input, question, issuer, NOW, &ocsp);
	must(ocsp.state == OUK_REVOCATION_NOT_CHECKED && ocsp.why != OUK_NOT_CHECKED_NONE);
	x509 = d2i_X509(NULL, &at, (long)size);
	if (x509 != NULL) {
		g_autoptr(GPtrArray) one = revocation_ocsp_addresses(x509);
		g_autoptr(GPtrArray) other = revocation_crl_addresses(x509);

		must(one->len <= 8 && other->len <= 8);
		must(!revocation_is_issued_by(x509, issuer));
	}
	return 0;
}
