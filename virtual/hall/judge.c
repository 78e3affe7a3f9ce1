/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "judge.h"

#include "common/gm.h"
#include "ossl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char *const words[] = {
	[HALL_OK] = "ok",           [HALL_FORMAT] = "format", [HALL_FOREIGN] = "foreign",
	[HALL_EARLY] = "early",     [HALL_ENDED] = "ended",   [HALL_REVOKED] = "revoked",
	[HALL_NO_LIST] = "no-list", [HALL_USE] = "use",       [HALL_SIGNATURE] = "signature",
};

const char *
hall_verdict_word(enum hall_verdict verdict)
{
	return words[verdict];
}

bool
hall_authority_init(struct hall_authority *ret)
{
	struct hall_authority authority = {sk_X509_new_null(), sk_X509_CRL_new_null()};

	if (authority.roots == NULL || authority.lists == NULL) {
		hall_authority_clear(&authority);
		return false;
	}
	*ret = authority;
	return true;
}

void
hall_authority_clear(struct hall_authority *authority)
{
	sk_X509_pop_free(authority->roots, X509_free);
	sk_X509_CRL_pop_free(authority->lists, X509_CRL_free);
	*authority = (struct hall_authority){0};
}

/* libcrypto verifies SM2 certificates with the ID that the certificate object holds. */
static void
id_set(X509 *cert)
{
	ASN1_OCTET_STRING *id;

	if (X509_get_signature_nid(cert) != NID_SM2_with_SM3)
		return;
	id = ASN1_OCTET_STRING_new();
	if (id != NULL && ASN1_OCTET_STRING_set(id, (const unsigned char *)GM_SM2_DEFAULT_ID,
						(int)strlen(GM_SM2_DEFAULT_ID)) == 1)
		X509_set0_distinguishing_id(cert, id); /* takes it over */
	else
		ASN1_OCTET_STRING_free(id);
}

static bool
root_read(struct hall_authority *authority, BIO *in)
{
	X509 *cert = PEM_read_bio_X509(in, NULL, NULL, NULL);

	if (cert == NULL && BIO_reset(in) == 0)
		cert = d2i_X509_bio(in, NULL);
	if (cert == NULL)
		return false;
	id_set(cert);
	if (sk_X509_push(authority->roots, cert) > 0)
		return true;
	X509_free(cert);
	return false;
}

static bool
list_read(struct hall_authority *authority, BIO *in)
{
	X509_CRL *list = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL);

	if (list == NULL && BIO_reset(in) == 0)
		list = d2i_X509_CRL_bio(in, NULL);
	if (list != NULL && sk_X509_CRL_push(authority->lists, list) > 0)
		return true;
	X509_CRL_free(list);
	return false;
}

bool
hall_authority_read(struct hall_authority *authority, const char *path)
{
	SCOPED(BIO) *in = BIO_new_file(path, "rb");
	bool known = in != NULL &&
		     (root_read(authority, in) || (BIO_reset(in) == 0 && list_read(authority, in)));

	ERR_clear_error();
	return known;
}

/* ---- revocation ---- */

/* OpenSSL 3.0 verifies lists without the ID of SM2, so it is done here over what was signed. */
static bool
list_signed(X509_CRL *list, EVP_PKEY *key)
{
	SCOPED(EVP_MD_CTX) *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */
	const ASN1_BIT_STRING *signature = NULL;
	unsigned char *signed_part = NULL;
	int len;
	bool good;

	if (!EVP_PKEY_is_a(key, "SM2"))
		return X509_CRL_verify(list, key) == 1;
	X509_CRL_get0_signature(list, &signature, NULL);
	len = i2d_re_X509_CRL_tbs(list, &signed_part);
	good = len > 0 && ctx != NULL && X509_CRL_get_signature_nid(list) == NID_SM2_with_SM3 &&
	       EVP_DigestVerifyInit(ctx, &key_ctx, EVP_sm3(), NULL, key) == 1 &&
	       EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID, (int)strlen(GM_SM2_DEFAULT_ID)) ==
		       1 &&
	       EVP_DigestVerify(ctx, ASN1_STRING_get0_data(signature),
				(size_t)ASN1_STRING_length(signature), signed_part,
				(size_t)len) == 1;
	OPENSSL_free(signed_part);
	return good;
}

/* One that its issuer signed, that has begun and says when it ends. */
static bool
list_good(X509_CRL *list, X509 *issuer)
{
	const ASN1_TIME *end = X509_CRL_get0_nextUpdate(list);
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL &&
	       X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0 &&
	       X509_cmp_current_time(X509_CRL_get0_lastUpdate(list)) < 0 && end != NULL &&
	       X509_cmp_current_time(end) > 0 && list_signed(list, key);
}

/* Several lists of one issuer may be at hand (a second publisher's): one entry is enough. */
static enum hall_verdict
revocation_judge(const struct hall_authority *authority, X509 *cert, X509 *issuer)
{
	bool seen = false;

	for (int i = 0; i < sk_X509_CRL_num(authority->lists); i++) {
		X509_CRL *list = sk_X509_CRL_value(authority->lists, i);
		X509_REVOKED *entry = NULL;

		if (!list_good(list, issuer))
			continue;
		seen = true;
		if (X509_CRL_get0_by_cert(list, &entry, cert) != 0)
			return HALL_REVOKED;
	}
	return seen ? HALL_OK : HALL_NO_LIST;
}

/* ---- chain ---- */

static enum hall_verdict
chain_verdict(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return HALL_EARLY;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return HALL_ENDED;
	default:
		return HALL_FOREIGN;
	}
}

static enum hall_verdict
chain_judge(const struct hall_authority *authority, X509 *cert)
{
	SCOPED(X509_STORE) *store = X509_STORE_new();
	SCOPED(X509_STORE_CTX) *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) * chain;

	if (store == NULL || ctx == NULL || X509_STORE_CTX_init(ctx, store, cert, NULL) != 1)
		return HALL_FOREIGN;
	X509_STORE_CTX_set0_trusted_stack(ctx, authority->roots);
	if (X509_verify_cert(ctx) != 1)
		return chain_verdict(X509_STORE_CTX_get_error(ctx));
	chain = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(chain) < 2)
		return HALL_FOREIGN; /* a root does not log in */
	return revocation_judge(authority, cert, sk_X509_value(chain, 1));
}

enum hall_verdict
hall_certificate_judge(const struct hall_authority *authority, X509 *cert)
{
	enum hall_verdict verdict;

	id_set(cert);
	verdict = chain_judge(authority, cert);
	ERR_clear_error();
	if (verdict != HALL_OK)
		return verdict;
	if (X509_check_ca(cert) != 0 || (X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0 ||
	    (X509_get_extension_flags(cert) & EXFLAG_KUSAGE) == 0)
		return HALL_USE;
	return HALL_OK;
}
