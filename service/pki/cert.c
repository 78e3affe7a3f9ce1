/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/pki/cert.h"

#include "common/gm.h"
#include "service/pki/der.h"

#include <openssl/x509v3.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define RSA_BITS_MIN 2048
#define UTF8_STRING  0x0C

static void
number_drop(BIGNUM **number)
{
	BN_free(*number);
}

bool
cs_key_good(const EVP_PKEY *key)
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
	CS_X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
	EVP_PKEY *key = request != NULL ? X509_REQ_get0_pubkey(request) : NULL;
	ASN1_OCTET_STRING *id;

	if (at != der.ptr + der.len || !cs_key_good(key))
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
cs_cert_read(struct uk_span der, X509 **ret)
{
	const unsigned char *at = der.ptr;
	CS_X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	if (cert == NULL || at != der.ptr + der.len)
		return CS_E_ARGUMENTS;
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

/*
 * The same old certificate is looked at in each step of a renewal, an SM2 signature takes a quarter
 * of a millisecond to verify and a key as long to be read: what was found right is kept, by the
 * hash of both certificates.
 */
#define SEEN_MAX 64

struct seen {
	uint8_t hash[CS_HASH_LEN];
	X509 *cert; /* NULL: nothing is here yet */
};

static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;
static struct seen seen[SEEN_MAX];
static size_t seen_next;

static enum cs_status
seen_hash(const X509 *ca, struct uk_span der, uint8_t ret[CS_HASH_LEN])
{
	uint8_t both[2 * CS_HASH_LEN];
	unsigned int len = 0;
	enum cs_status st = cs_hash(der, both + CS_HASH_LEN);

	if (st == CS_OK && X509_digest(ca, EVP_sha256(), both, &len) != 1)
		return CS_E_CRYPTO;
	return st == CS_OK ? cs_hash(uk_span_of(both, sizeof(both)), ret) : st;
}

static X509 *
seen_before(const uint8_t hash[CS_HASH_LEN])
{
	X509 *found = NULL;

	(void)pthread_mutex_lock(&seen_lock);
	for (size_t i = 0; i < SEEN_MAX && found == NULL; i++)
		if (seen[i].cert != NULL && memcmp(seen[i].hash, hash, CS_HASH_LEN) == 0 &&
		    X509_up_ref(seen[i].cert) == 1)
			found = seen[i].cert;
	(void)pthread_mutex_unlock(&seen_lock);
	return found;
}

static void
seen_add(const uint8_t hash[CS_HASH_LEN], X509 *cert)
{
	struct seen *place;

	/* What is computed once and kept in it is computed before others see it. */
	(void)X509_get_key_usage(cert);
	if (X509_up_ref(cert) != 1)
		return;
	(void)pthread_mutex_lock(&seen_lock);
	place = &seen[seen_next++ % SEEN_MAX];
	X509_free(place->cert);
	memcpy(place->hash, hash, CS_HASH_LEN);
	place->cert = cert;
	(void)pthread_mutex_unlock(&seen_lock);
}

static enum cs_status
issuer_check(X509 *ca, X509 *cert)
{
	EVP_PKEY *ca_key = X509_get0_pubkey(ca);
	ASN1_OCTET_STRING *id;

	if (EVP_PKEY_is_a(ca_key, "SM2") == 1) {
		id = default_id();
		if (id == NULL)
			return CS_E_MEMORY;
		X509_set0_distinguishing_id(cert, id);
	}
	if (X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(ca)) != 0 ||
	    X509_verify(cert, ca_key) != 1)
		return CS_E_PROOF;
	return CS_OK;
}

enum cs_status
cs_own_cert_read(X509 *ca, struct uk_span der, X509 **ret)
{
	CS_X509 *cert = NULL;
	uint8_t hash[CS_HASH_LEN];
	enum cs_status st = seen_hash(ca, der, hash);

	if (st != CS_OK)
		return st;
	cert = seen_before(hash);
	if (cert == NULL) {
		st = cs_cert_read(der, &cert);
		if (st == CS_OK)
			st = issuer_check(ca, cert);
		if (st != CS_OK)
			return st;
		seen_add(hash, cert);
	}
	*ret = cert;
	cert = NULL;
	return CS_OK;
}

static enum cs_status
instant(const ASN1_TIME *time, int64_t *ret)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1)
		return CS_E_CORRUPT;
	*ret = (int64_t)timegm(&tm);
	return CS_OK;
}

enum cs_status
cs_cert_begin(const X509 *cert, int64_t *ret)
{
	return instant(X509_get0_notBefore(cert), ret);
}

enum cs_status
cs_cert_end(const X509 *cert, int64_t *ret)
{
	return instant(X509_get0_notAfter(cert), ret);
}

enum cs_status
cs_cert_serial(const X509 *cert, char *ret, size_t room)
{
	UK_CLEANUP(number_drop)
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number != NULL ? BN_bn2hex(number) : NULL;
	bool fits = hex != NULL && strlen(hex) < room;

	if (fits)
		memcpy(ret, hex, strlen(hex) + 1);
	OPENSSL_free(hex);
	return fits ? CS_OK : CS_E_CORRUPT;
}

static bool
uses(X509 *cert, uint32_t some, uint32_t none)
{
	uint32_t found = X509_get_key_usage(cert);

	return found != UINT32_MAX && (found & some) != 0 && (found & none) == 0 &&
	       (X509_get_extension_flags(cert) & EXFLAG_CA) == 0;
}

bool
cs_cert_signs(X509 *cert)
{
	return uses(cert, KU_DIGITAL_SIGNATURE,
		    KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_KEY_ENCIPHERMENT);
}

bool
cs_cert_encrypts(X509 *cert)
{
	return uses(cert, KU_KEY_ENCIPHERMENT | KU_DATA_ENCIPHERMENT | KU_KEY_AGREEMENT,
		    KU_KEY_CERT_SIGN | KU_CRL_SIGN | KU_DIGITAL_SIGNATURE);
}

enum cs_status
cs_cert_code(const X509 *cert, char ret[CS_CODE_TEXT])
{
	ASN1_OBJECT *oid = OBJ_txt2obj(CS_CREDIT_OID, 1);
	int at = oid != NULL ? X509_get_ext_by_OBJ(cert, oid, -1) : -1;
	const ASN1_OCTET_STRING *value =
		at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(cert, at)) : NULL;
	struct uk_span der, text;

	ASN1_OBJECT_free(oid);
	ret[0] = '\0';
	if (value == NULL)
		return CS_OK;
	der = uk_span_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	if (!cs_der_take(&der, UTF8_STRING, &text, NULL) || text.len >= CS_CODE_TEXT ||
	    memchr(text.ptr, 0, text.len) != NULL)
		return CS_E_CORRUPT;
	memcpy(ret, text.ptr, text.len);
	ret[text.len] = '\0';
	return CS_OK;
}

enum cs_status
cs_cert_put(X509 *cert, struct cs_blob *ret)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	enum cs_status st = CS_E_CRYPTO;

	if (len > 0)
		st = cs_blob_set(ret, uk_span_of(der, (size_t)len));
	OPENSSL_free(der);
	return st;
}
