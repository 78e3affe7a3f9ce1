/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates that lack nothing but the CA's signature. */
#include "service/issue/authority.h"
#include "service/pki/cert.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#define SERIAL_BITS     127
#define SIGNING_USES    "critical,digitalSignature,nonRepudiation"
#define ENCRYPTING_USES "critical,keyEncipherment,dataEncipherment"
#define VALUE_ROOM      512

static void
name_drop(X509_NAME **name)
{
	X509_NAME_free(*name);
}

static void
number_drop(BIGNUM **number)
{
	BN_free(*number);
}

static void
extension_drop(X509_EXTENSION **extension)
{
	X509_EXTENSION_free(*extension);
}

static bool
serial_set(X509 *cert)
{
	UK_CLEANUP(number_drop) BIGNUM *number = BN_new();

	return number != NULL &&
	       BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

static bool
extension_add(X509 *cert, const struct cs_authority *authority, int nid, const char *value)
{
	X509V3_CTX ctx;
	UK_CLEANUP(extension_drop) X509_EXTENSION *extension = NULL;

	X509V3_set_ctx(&ctx, authority->cert, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

/* The unit's code as Chinese CAs put it into certificates; letters and digits only. */
static bool
code_add(X509 *cert, const char *code)
{
	UK_CLEANUP(extension_drop) X509_EXTENSION *extension = NULL;
	X509V3_CTX ctx;
	char value[CS_CODE_TEXT + 32];

	if (code[0] == '\0')
		return true;
	(void)snprintf(value, sizeof(value), "ASN1:UTF8String:%s", code);
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf(NULL, &ctx, CS_CREDIT_OID, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

/* Where to ask whether it still holds: a list for all, and an answer for each at its own address.
 */
static bool
places_add(X509 *cert, const struct cs_authority *authority)
{
	char value[VALUE_ROOM], serial[64];

	(void)snprintf(value, sizeof(value), "URI:%s",
		       authority->crl_url != NULL ? authority->crl_url : "");
	if (authority->crl_url != NULL &&
	    !extension_add(cert, authority, NID_crl_distribution_points, value))
		return false;
	if (authority->ocsp_url == NULL)
		return true;
	if (cs_cert_serial(cert, serial, sizeof(serial)) != CS_OK)
		return false;
	(void)snprintf(value, sizeof(value), "OCSP;URI:%s/%s", authority->ocsp_url, serial);
	return extension_add(cert, authority, NID_info_access, value);
}

/*
 * How the CA's signature is made stands inside and outside of what it signs.  The library writes it
 * there when it signs, and has no other way; a signature that is thrown away would cost as much as
 * the one that counts.
 */
static bool
algorithm_set(X509 *cert, const struct cs_authority *authority)
{
	const X509_ALGOR *like = NULL, *outside = NULL;
	const ASN1_BIT_STRING *signature = NULL;
	union {
		const X509_ALGOR *of_cert;
		X509_ALGOR *ours;
	} at[2];

	X509_get0_signature(&signature, &like, authority->nobody_cert);
	X509_get0_signature(&signature, &outside, cert);
	at[0].of_cert = X509_get0_tbs_sigalg(cert);
	at[1].of_cert = outside;
	return X509_ALGOR_copy(at[0].ours, like) == 1 && X509_ALGOR_copy(at[1].ours, like) == 1;
}

enum cs_status
cs_draft_make(const struct cs_authority *authority, const struct cs_draft *draft,
	      struct cs_blob *ret, char ret_serial[CS_SERIAL_TEXT])
{
	const unsigned char *at = draft->subject.ptr;
	UK_CLEANUP(name_drop)
	X509_NAME *subject = d2i_X509_NAME(NULL, &at, (long)draft->subject.len);
	CS_X509 *cert = X509_new();
	const char *uses = draft->encrypts ? ENCRYPTING_USES : SIGNING_USES;
	enum cs_status st;

	if (cert == NULL || subject == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !serial_set(cert) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(authority->cert)) != 1 ||
	    X509_set_subject_name(cert, subject) != 1 || X509_set_pubkey(cert, draft->key) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)draft->not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)draft->not_after) == NULL ||
	    !extension_add(cert, authority, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension_add(cert, authority, NID_key_usage, uses) ||
	    !extension_add(cert, authority, NID_subject_key_identifier, "hash") ||
	    !extension_add(cert, authority, NID_authority_key_identifier, "keyid") ||
	    !places_add(cert, authority) || !code_add(cert, draft->code) ||
	    !algorithm_set(cert, authority))
		return CS_E_CRYPTO;
	st = cs_cert_put(cert, ret);
	return st == CS_OK ? cs_cert_serial(cert, ret_serial, CS_SERIAL_TEXT) : st;
}
