/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Revocation lists and answers: made whole with nobody's key, then signed by the CA's. */
#include "service/issue/inside.h"
#include "service/issue/publish.h"

#include "service/base/clock.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

#define LIST_LIFE   (7 * CS_DAY)
#define ANSWER_LIFE (3 * CS_DAY)

static void
crl_drop(X509_CRL **crl)
{
	X509_CRL_free(*crl);
}

static void
revoked_drop(X509_REVOKED **revoked)
{
	X509_REVOKED_free(*revoked);
}

static void
time_drop(ASN1_TIME **time)
{
	ASN1_TIME_free(*time);
}

static void
integer_drop(ASN1_INTEGER **integer)
{
	ASN1_INTEGER_free(*integer);
}

static void
enumerated_drop(ASN1_ENUMERATED **value)
{
	ASN1_ENUMERATED_free(*value);
}

static void
md_ctx_drop(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

#define TIME    UK_CLEANUP(time_drop) ASN1_TIME
#define INTEGER UK_CLEANUP(integer_drop) ASN1_INTEGER
#define MD_CTX  UK_CLEANUP(md_ctx_drop) EVP_MD_CTX

static ASN1_INTEGER *
serial_of(const char *hex)
{
	BIGNUM *number = NULL;
	ASN1_INTEGER *integer =
		BN_hex2bn(&number, hex) > 0 ? BN_to_ASN1_INTEGER(number, NULL) : NULL;

	BN_free(number);
	return integer;
}

/* ---- the list ---- */

static enum cs_status
entry_add(const struct cs_revocation_row *row, void *ctx)
{
	UK_CLEANUP(revoked_drop) X509_REVOKED *entry = X509_REVOKED_new();
	UK_CLEANUP(enumerated_drop) ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	INTEGER *serial = serial_of(row->serial);
	TIME *at = ASN1_TIME_set(NULL, (time_t)row->at);

	if (entry == NULL || reason == NULL || serial == NULL || at == NULL ||
	    X509_REVOKED_set_serialNumber(entry, serial) != 1 ||
	    X509_REVOKED_set_revocationDate(entry, at) != 1 ||
	    ASN1_ENUMERATED_set(reason, (long)row->reason) != 1 ||
	    (row->reason > 0 &&
	     X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) != 1) ||
	    X509_CRL_add0_revoked(ctx, entry) != 1)
		return CS_E_CRYPTO;
	entry = NULL; /* the list's */
	return CS_OK;
}

/* Which CA it is of, by its key; and a number that grows. */
static bool
extensions_add(X509_CRL *crl, X509 *ca, int64_t number)
{
	X509V3_CTX ctx;
	X509_EXTENSION *authority;
	INTEGER *value = ASN1_INTEGER_new();
	bool added;

	X509V3_set_ctx(&ctx, ca, NULL, NULL, crl, 0);
	X509V3_set_ctx_nodb(&ctx);
	authority = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid");
	added = authority != NULL && X509_CRL_add_ext(crl, authority, -1) == 1 && value != NULL &&
		ASN1_INTEGER_set_int64(value, number) == 1 &&
		X509_CRL_add1_ext_i2d(crl, NID_crl_number, value, 0, 0) == 1;
	X509_EXTENSION_free(authority);
	return added;
}

enum cs_status
cs_publish_list(const struct cs_issuerd *issuerd, int64_t now, struct cs_blob *ret)
{
	const struct cs_authority *authority = issuerd->authority;
	UK_CLEANUP(crl_drop) X509_CRL *crl = X509_CRL_new();
	TIME *from = ASN1_TIME_set(NULL, (time_t)now);
	TIME *until = ASN1_TIME_set(NULL, (time_t)(now + LIST_LIFE));
	MD_CTX *nobody = cs_authority_nobody(authority);
	CS_BLOB draft = {NULL, 0};
	unsigned char *der = NULL;
	int64_t number = 0;
	int len;
	enum cs_status st = cs_store_count(issuerd->store, "crl", &number);

	if (st != CS_OK)
		return st;
	if (crl == NULL || from == NULL || until == NULL || nobody == NULL ||
	    X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority->cert)) != 1 ||
	    X509_CRL_set1_lastUpdate(crl, from) != 1 || X509_CRL_set1_nextUpdate(crl, until) != 1 ||
	    !extensions_add(crl, authority->cert, number))
		return CS_E_CRYPTO;
	st = cs_store_revocations(issuerd->store, now, entry_add, crl);
	if (st != CS_OK)
		return st;
	if (X509_CRL_sort(crl) != 1 || X509_CRL_sign_ctx(crl, nobody) <= 0)
		return CS_E_CRYPTO;
	len = i2d_X509_CRL(crl, &der);
	st = len > 0 ? cs_blob_set(&draft, uk_span_of(der, (size_t)len)) : CS_E_CRYPTO;
	OPENSSL_free(der);
	return st == CS_OK ? cs_authority_sign(authority, cs_blob_span(&draft), ret) : st;
}

/* ---- an answer ---- */

static void
basic_drop(OCSP_BASICRESP **basic)
{
	OCSP_BASICRESP_free(*basic);
}

static void
id_drop(OCSP_CERTID **id)
{
	OCSP_CERTID_free(*id);
}

static void
response_drop(OCSP_RESPONSE **response)
{
	OCSP_RESPONSE_free(*response);
}

#define BASIC UK_CLEANUP(basic_drop) OCSP_BASICRESP

/* Good unless something was done to it. */
static enum cs_status
status_add(const struct cs_issuerd *issuerd, const char *serial, int64_t now, OCSP_BASICRESP *basic)
{
	X509 *ca = issuerd->authority->cert;
	INTEGER *number = serial_of(serial);
	UK_CLEANUP(id_drop)
	OCSP_CERTID *id = number != NULL ? OCSP_cert_id_new(EVP_sha1(), X509_get_subject_name(ca),
							    X509_get0_pubkey_bitstr(ca), number)
					 : NULL;
	struct cs_revocation_row row = {.at = 0};
	TIME *from = ASN1_TIME_set(NULL, (time_t)now);
	TIME *until = ASN1_TIME_set(NULL, (time_t)(now + ANSWER_LIFE));
	TIME *at = NULL;
	enum cs_status st = cs_store_revocation_get(issuerd->store, serial, &row);
	bool taken = st == CS_OK && row.at <= now;

	if (st != CS_OK && st != CS_E_NOT_FOUND)
		return st;
	if (taken)
		at = ASN1_TIME_set(NULL, (time_t)row.at);
	if (id == NULL || from == NULL || until == NULL || (taken && at == NULL) ||
	    OCSP_basic_add1_status(
		    basic, id, taken ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD,
		    taken && row.reason > 0 ? (int)row.reason : OCSP_REVOKED_STATUS_NOSTATUS, at,
		    from, until) == NULL)
		return CS_E_CRYPTO;
	return CS_OK;
}

/* The draft's signature is replaced in its DER; what carries it is made around that. */
static enum cs_status
answer_sign(const struct cs_authority *authority, OCSP_BASICRESP *basic, struct cs_blob *ret)
{
	UK_CLEANUP(response_drop) OCSP_RESPONSE *response = NULL;
	CS_BLOB draft = {NULL, 0}, made = {NULL, 0};
	BASIC *good = NULL;
	unsigned char *der = NULL;
	const unsigned char *at;
	int len = i2d_OCSP_BASICRESP(basic, &der);
	enum cs_status st =
		len > 0 ? cs_blob_set(&draft, uk_span_of(der, (size_t)len)) : CS_E_CRYPTO;

	OPENSSL_free(der);
	if (st == CS_OK)
		st = cs_authority_sign(authority, cs_blob_span(&draft), &made);
	if (st != CS_OK)
		return st;
	at = made.ptr;
	good = d2i_OCSP_BASICRESP(NULL, &at, (long)made.len);
	response =
		good != NULL ? OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, good) : NULL;
	der = NULL;
	len = response != NULL ? i2d_OCSP_RESPONSE(response, &der) : -1;
	st = len > 0 ? cs_blob_set(ret, uk_span_of(der, (size_t)len)) : CS_E_CRYPTO;
	OPENSSL_free(der);
	return st;
}

enum cs_status
cs_publish_answer(const struct cs_issuerd *issuerd, const char *serial, int64_t now,
		  struct cs_blob *ret)
{
	const struct cs_authority *authority = issuerd->authority;
	MD_CTX *nobody = cs_authority_nobody(authority);
	BASIC *basic = OCSP_BASICRESP_new();
	enum cs_status st = basic != NULL ? status_add(issuerd, serial, now, basic) : CS_E_MEMORY;

	if (st != CS_OK)
		return st;
	/* By name: the name is the CA's, the key of the certificate here is not. */
	if (nobody == NULL ||
	    OCSP_basic_sign_ctx(basic, authority->nobody_cert, nobody, NULL, OCSP_NOCERTS) != 1)
		return CS_E_CRYPTO;
	return answer_sign(authority, basic, ret);
}
