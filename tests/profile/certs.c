/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/profile/certs.h"

#include <openssl/x509v3.h>
#include <string.h>

static void
must(gboolean good)
{
	if (!good)
		g_error("a test certificate cannot be made");
}

static void
name_add(X509_NAME *name, const char *part, const char *text)
{
	must(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const unsigned char *)text, -1,
					-1, 0) == 1);
}

static void
extension_add(X509 *x509, const char *oid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf(NULL, NULL, oid, value);

	must(extension != NULL && X509_add_ext(x509, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

/* keyIdentifier alone; openssl.cnf has no words for one that is given. */
static void
authority_key_add(X509 *x509, const char *hex)
{
	AUTHORITY_KEYID *id = AUTHORITY_KEYID_new();
	long len = 0;
	unsigned char *bytes = OPENSSL_hexstr2buf(hex, &len);

	must(id != NULL && bytes != NULL);
	id->keyid = ASN1_OCTET_STRING_new();
	must(ASN1_OCTET_STRING_set(id->keyid, bytes, (int)len) == 1);
	must(X509_add1_ext_i2d(x509, NID_authority_key_identifier, id, 0, X509V3_ADD_DEFAULT) == 1);
	AUTHORITY_KEYID_free(id);
	OPENSSL_free(bytes);
}

X509 *
cert_make(const struct cert_row *row)
{
	X509 *x509 = X509_new();
	g_autoptr(EVP_PKEY) key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	unsigned char *der = NULL;
	const unsigned char *at;
	int len;

	must(x509 != NULL && key != NULL && X509_set_version(x509, X509_VERSION_3) == 1);
	name_add(X509_get_issuer_name(x509), "C", "CN");
	name_add(X509_get_issuer_name(x509), "O", row->o);
	name_add(X509_get_issuer_name(x509), "CN", row->cn);
	name_add(X509_get_subject_name(x509), "CN", "示例果业有限公司");
	must(X509_set_pubkey(x509, key) == 1 &&
	     ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(x509), 0) != NULL &&
	     X509_gmtime_adj(X509_getm_notAfter(x509), 3600) != NULL);
	if (row->authority_key != NULL)
		authority_key_add(x509, row->authority_key);
	if (row->oid != NULL) {
		g_autofree char *value = g_strconcat("ASN1:UTF8String:", row->text, NULL);

		extension_add(x509, row->oid, value);
	}
	must(X509_sign(x509, key, EVP_sha256()) > 0);
	/* as if it had come from a file: what OpenSSL remembers of extensions is made anew */
	len = i2d_X509(x509, &der);
	X509_free(x509);
	at = der;
	x509 = d2i_X509(NULL, &at, len);
	must(x509 != NULL);
	OPENSSL_free(der);
	return x509;
}
