/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Asks about a certificate as our assistant does: at the addresses in it, by OCSP or else by the
 *list. still_good CERT.pem ISSUER.pem     prints "good|revoked|not-checked WHY REASON ocsp|crl"
 */
#include "assistant/core/revocation.h"

#include <openssl/pem.h>
#include <stdio.h>

static X509 *
cert_read(const char *path)
{
	BIO *bio = BIO_new_file(path, "rb");
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	BIO_free_all(bio);
	return cert;
}

static void
answered(GObject *source, GAsyncResult *result, gpointer ret)
{
	*(OukRevocation **)ret = ouk_revocation_check_finish(result, NULL);
}

int
main(int argc, char **argv)
{
	static const char *const states[] = {"good", "revoked", "not-checked"};
	X509 *cert = argc == 3 ? cert_read(argv[1]) : NULL;
	X509 *issuer = argc == 3 ? cert_read(argv[2]) : NULL;
	OukRevocation *revocation = NULL;

	if (cert == NULL || issuer == NULL)
		return 2;
	ouk_revocation_check_async(cert, issuer, NULL, answered, &revocation);
	while (revocation == NULL)
		g_main_context_iteration(NULL, TRUE);
	printf("%s %d %d %s\n", states[revocation->state], (int)revocation->why, revocation->reason,
	       revocation->by_ocsp ? "ocsp" : "crl");
	ouk_revocation_free(revocation);
	X509_free(cert);
	X509_free(issuer);
	return 0;
}
