/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/issue/authority.h"

#include "common/gm.h"
#include "service/base/signed.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#define SERIAL_BITS      127
#define RSA_BITS_MIN     2048
#define RSA_BITS_NOBODY  2048U
#define CREDIT_OID       "1.2.156.112562.2.1.1.17"
#define SIGNING_KEY_USES "critical,digitalSignature,nonRepudiation"

#define DROP(type)                             \
	static void type##_drop(type **object) \
	{                                      \
		type##_free(*object);          \
	}
DROP(X509)
DROP(X509_REQ)
DROP(X509_NAME)
DROP(X509_EXTENSION)
DROP(EVP_MD_CTX)

#define SCOPED(type) UK_CLEANUP(type##_drop) type

static void
BIO_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

static void
BIGNUM_drop(BIGNUM **number)
{
	BN_free(*number);
}

void
cs_authority_close(struct cs_authority *authority)
{
	X509_free(authority->cert);
	EVP_PKEY_free(authority->key);
	EVP_PKEY_free(authority->nobody);
	*authority = (struct cs_authority){NULL, NULL, NULL};
}

static EVP_PKEY *
nobody_make(const EVP_PKEY *like)
{
	if (EVP_PKEY_is_a(like, "SM2") == 1)
		return EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	if (EVP_PKEY_is_a(like, "RSA") == 1)
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS_NOBODY);
	return NULL;
}

enum cs_status
cs_authority_open(const char *cert_path, const char *key_path, struct cs_authority *ret)
{
	SCOPED(BIO) *bio = BIO_new_file(cert_path, "rb");
	struct cs_authority authority = {NULL, NULL, NULL};

	if (bio != NULL)
		authority.cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	authority.key = cs_private_key_read(key_path);
	if (authority.cert != NULL && authority.key != NULL &&
	    EVP_PKEY_eq(X509_get0_pubkey(authority.cert), authority.key) == 1)
		authority.nobody = nobody_make(authority.key);
	if (authority.nobody == NULL) {
		cs_authority_close(&authority);
		return CS_E_ARGUMENTS;
	}
	*ret = authority;
	return CS_OK;
}

/* Keys that are too short, or of a kind nobody here uses, are no keys. */
static bool
key_good(const EVP_PKEY *key)
{
	if (key == NULL)
		return false;
	if (EVP_PKEY_is_a(key, "RSA") == 1)
		return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
	return EVP_PKEY_is_a(key, "SM2") == 1;
}

static ASN1_OCTET_STRING *
default_id(void)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();

	if (id != NULL && ASN1_OCTET_STRING_set(id, (const unsigned char *)GM_SM2_DEFAULT_ID,
						(int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) != 1) {
		ASN1_OCTET_STRING_free(id);
		return NULL;
	}
	return id;
}

enum cs_status
cs_request_read(struct uk_span der, X509_REQ **ret)
{
	const unsigned char *at = der.ptr;
	SCOPED(X509_REQ) *request = d2i_X509_REQ(NULL, &at, (long)der.len);
	EVP_PKEY *key = request != NULL ? X509_REQ_get0_pubkey(request) : NULL;
	ASN1_OCTET_STRING *id;

	if (at != der.ptr + der.len || !key_good(key))
		return CS_E_ARGUMENTS;
	if (EVP_PKEY_is_a(key, "SM2") == 1) {
		id = default_id();
		if (id == NULL)
			return CS_E_MEMORY;
		X509_REQ_set0_distinguishing_id(request, id); /* takes it over */
	}
	if (X509_REQ_verify(request, key) != 1)
		return CS_E_PROOF;
	*ret = request;
	request = NULL;
	return CS_OK;
}

enum cs_status
cs_spki_hash(EVP_PKEY *key, uint8_t ret[CS_HASH_LEN])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	enum cs_status st = CS_E_CRYPTO;

	if (len > 0)
		st = cs_hash(uk_span_of(der, (size_t)len), ret);
	OPENSSL_free(der);
	return st;
}

enum cs_status
cs_own_cert_read(const struct cs_authority *authority, struct uk_span der, X509 **ret)
{
	const unsigned char *at = der.ptr;
	SCOPED(X509) *cert = d2i_X509(NULL, &at, (long)der.len);
	ASN1_OCTET_STRING *id;

	if (cert == NULL || at != der.ptr + der.len)
		return CS_E_ARGUMENTS;
	if (EVP_PKEY_is_a(authority->key, "SM2") == 1) {
		id = default_id();
		if (id == NULL)
			return CS_E_MEMORY;
		X509_set0_distinguishing_id(cert, id);
	}
	if (X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(authority->cert)) !=
		    0 ||
	    X509_verify(cert, X509_get0_pubkey(authority->cert)) != 1)
		return CS_E_PROOF;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

enum cs_status
cs_cert_end(const X509 *cert, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return CS_E_CORRUPT;
	*ret = (int64_t)timegm(&tm);
	return CS_OK;
}

enum cs_status
cs_cert_serial(const X509 *cert, char *ret, size_t room)
{
	SCOPED(BIGNUM) *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;
	bool fits = hex != NULL && strlen(hex) < room;

	if (fits)
		memcpy(ret, hex, strlen(hex) + 1);
	OPENSSL_free(hex);
	return fits ? CS_OK : CS_E_CORRUPT;
}

static bool
sign(X509 *cert, EVP_PKEY *key)
{
	SCOPED(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
	bool sm2 = EVP_PKEY_is_a(key, "SM2") == 1;

	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, &key_ctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) != 1 ||
	    (sm2 && EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
					 (int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) != 1))
		return false;
	return X509_sign_ctx(cert, ctx) > 0;
}

static enum cs_status
cert_put(X509 *cert, struct cs_blob *ret)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	enum cs_status st = CS_E_CRYPTO;

	if (len > 0)
		st = cs_blob_set(ret, uk_span_of(der, (size_t)len));
	OPENSSL_free(der);
	return st;
}

static bool
serial_set(X509 *cert)
{
	SCOPED(BIGNUM) *number = BN_new();

	return number != NULL &&
	       BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
	       BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
}

static bool
extension_add(X509 *cert, const struct cs_authority *authority, int nid, const char *value)
{
	X509V3_CTX ctx;
	SCOPED(X509_EXTENSION) *extension = NULL;

	X509V3_set_ctx(&ctx, authority->cert, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

/* The unit's code as Chinese CAs put it into certificates; letters and digits only. */
static bool
code_add(X509 *cert, const char *code)
{
	SCOPED(X509_EXTENSION) *extension = NULL;
	X509V3_CTX ctx;
	char value[64];

	if (code[0] == '\0')
		return true;
	(void)snprintf(value, sizeof(value), "ASN1:UTF8String:%s", code);
	X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	extension = X509V3_EXT_conf(NULL, &ctx, CREDIT_OID, value);
	return extension != NULL && X509_add_ext(cert, extension, -1) == 1;
}

enum cs_status
cs_draft_make(const struct cs_authority *authority, const struct cs_draft *draft,
	      struct cs_blob *ret)
{
	const unsigned char *at = draft->subject.ptr;
	SCOPED(X509_NAME) *subject = d2i_X509_NAME(NULL, &at, (long)draft->subject.len);
	SCOPED(X509) *cert = X509_new();

	if (cert == NULL || subject == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !serial_set(cert) ||
	    X509_set_issuer_name(cert, X509_get_subject_name(authority->cert)) != 1 ||
	    X509_set_subject_name(cert, subject) != 1 || X509_set_pubkey(cert, draft->key) != 1 ||
	    ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)draft->not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)draft->not_after) == NULL ||
	    !extension_add(cert, authority, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension_add(cert, authority, NID_key_usage, SIGNING_KEY_USES) ||
	    !extension_add(cert, authority, NID_subject_key_identifier, "hash") ||
	    !extension_add(cert, authority, NID_authority_key_identifier, "keyid") ||
	    !code_add(cert, draft->code) || !sign(cert, authority->nobody))
		return CS_E_CRYPTO;
	return cert_put(cert, ret);
}

enum cs_status
cs_draft_sign(const struct cs_authority *authority, struct uk_span draft, struct cs_blob *ret)
{
	const unsigned char *at = draft.ptr;
	SCOPED(X509) *cert = d2i_X509(NULL, &at, (long)draft.len);

	if (cert == NULL || !sign(cert, authority->key))
		return CS_E_CRYPTO;
	return cert_put(cert, ret);
}
