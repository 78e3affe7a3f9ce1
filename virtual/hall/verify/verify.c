/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify.h"

#include "token.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* What our protocols sign begins so: the tag, and what the signature is for (both with their 00).
 */
#define TAG     "OpenUKey-sig-v1"
#define PURPOSE "login"

#define ORIGIN_MAX   512
#define RSA_BITS_MIN 2048
#define SM2_ID       "1234567812345678" /* GM/T 0009 */

#define CLEANUP(fn) __attribute__((cleanup(fn)))

static void
store_ctx_drop(X509_STORE_CTX **ctx)
{
	X509_STORE_CTX_free(*ctx);
}

static void
store_drop(X509_STORE **store)
{
	X509_STORE_free(*store);
}

static void
md_ctx_drop(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static void
certs_drop(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static void
bytes_drop(unsigned char **bytes)
{
	free(*bytes);
}

static const char *const words[LOGIN_VERDICTS] = {
	[LOGIN_OK] = "ok",           [LOGIN_USAGE] = "usage",
	[LOGIN_FORMAT] = "format",   [LOGIN_SIGNATURE] = "signature",
	[LOGIN_KEY] = "key",         [LOGIN_UNTRUSTED] = "untrusted",
	[LOGIN_EARLY] = "early",     [LOGIN_ENDED] = "ended",
	[LOGIN_REVOKED] = "revoked", [LOGIN_NO_LIST] = "no-list",
};

const char *
login_verdict_word(enum login_verdict verdict)
{
	return words[verdict];
}

/* ---- what was signed ---- */

/* As browsers write origins: lower case, no path. A hall that gets its own wrong lets nobody in. */
static bool
is_origin(const char *origin)
{
	const char *host = origin == NULL                        ? NULL
			   : strncmp(origin, "https://", 8) == 0 ? origin + 8
			   : strncmp(origin, "http://", 7) == 0  ? origin + 7
								 : NULL;

	return host != NULL && *host != '\0' && strlen(origin) <= ORIGIN_MAX &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]") == strlen(host);
}

static void
put(unsigned char **at, const void *bytes, size_t len)
{
	memcpy(*at, bytes, len);
	*at += len;
}

/* tag 00 purpose 00 origin 00 challenge; the caller's. NULL: origin or challenge are unusable. */
static unsigned char *
message_of(const struct login_check *check, size_t *ret_len)
{
	size_t challenge_len = 0, origin_len;
	unsigned char *message, *at;
	CLEANUP(bytes_drop) unsigned char *challenge = NULL;

	if (!is_origin(check->origin) || check->challenge == NULL)
		return NULL;
	challenge = login_base64url(check->challenge, strlen(check->challenge), LOGIN_CHALLENGE_MAX,
				    &challenge_len);
	if (challenge == NULL || challenge_len < LOGIN_CHALLENGE_MIN)
		return NULL;
	origin_len = strlen(check->origin) + 1;
	*ret_len = sizeof(TAG) + sizeof(PURPOSE) + origin_len + challenge_len;
	message = malloc(*ret_len);
	if (message == NULL)
		return NULL;
	at = message;
	put(&at, TAG, sizeof(TAG));
	put(&at, PURPOSE, sizeof(PURPOSE));
	put(&at, check->origin, origin_len);
	put(&at, challenge, challenge_len);
	return message;
}

/* ---- signatures ---- */

struct bytes {
	const unsigned char *at;
	size_t len;
};

static bool
signature_good(EVP_PKEY *key, bool sm2, struct bytes message, struct bytes signature)
{
	CLEANUP(md_ctx_drop) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

	return ctx != NULL &&
	       EVP_DigestVerifyInit(ctx, &key_ctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) ==
		       1 &&
	       (!sm2 || EVP_PKEY_CTX_set1_id(key_ctx, SM2_ID, (int)strlen(SM2_ID)) == 1) &&
	       EVP_DigestVerify(ctx, signature.at, signature.len, message.at, message.len) == 1;
}

/* OpenSSL 3.0 verifies lists without the ID of SM2, so it is done here over what was signed. */
static bool
list_signed(X509_CRL *list, EVP_PKEY *key)
{
	const ASN1_BIT_STRING *signature = NULL;
	unsigned char *part = NULL;
	int len;
	bool good;

	if (X509_CRL_get_signature_nid(list) != NID_SM2_with_SM3)
		return X509_CRL_verify(list, key) == 1;
	X509_CRL_get0_signature(list, &signature, NULL);
	len = i2d_re_X509_CRL_tbs(list, &part);
	good = len > 0 && EVP_PKEY_is_a(key, "SM2") &&
	       signature_good(key, true, (struct bytes){part, (size_t)len},
			      (struct bytes){ASN1_STRING_get0_data(signature),
					     (size_t)ASN1_STRING_length(signature)});
	OPENSSL_free(part);
	return good;
}

/* ---- the certificate ---- */

/* For signatures of a person who logs in, made by a key of the token's algorithm. */
static bool
key_fits(X509 *certificate, enum login_algorithm algorithm)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	uint32_t extended = X509_get_extended_key_usage(certificate);

	if (key == NULL || X509_check_ca(certificate) != 0 ||
	    (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0 ||
	    (X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0)
		return false;
	/* UINT32_MAX where the certificate does not say */
	if ((extended & (XKU_SSL_CLIENT | XKU_ANYEKU)) == 0)
		return false;
	return algorithm == LOGIN_SM2_SM3
		       ? EVP_PKEY_is_a(key, "SM2") == 1
		       : EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
}

/* A copy of one's own, as the ID that SM2 is verified with is written into it. */
static X509 *
copy_of(X509 *certificate)
{
	X509 *copy = X509_dup(certificate);
	ASN1_OCTET_STRING *id;

	if (copy == NULL || X509_get_signature_nid(copy) != NID_SM2_with_SM3)
		return copy;
	id = ASN1_OCTET_STRING_new();
	if (id != NULL &&
	    ASN1_OCTET_STRING_set(id, (const unsigned char *)SM2_ID, (int)strlen(SM2_ID)) == 1)
		X509_set0_distinguishing_id(copy, id); /* takes it over */
	else
		ASN1_OCTET_STRING_free(id);
	return copy;
}

static bool
certs_copy(const STACK_OF(X509) * from, STACK_OF(X509) * to)
{
	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *copy = copy_of(sk_X509_value(from, i));

		if (copy == NULL || sk_X509_push(to, copy) <= 0) {
			X509_free(copy);
			return false;
		}
	}
	return true;
}

static enum login_verdict
chain_verdict(int error)
{
	switch (error) {
	case X509_V_OK:
		return LOGIN_OK;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return LOGIN_EARLY;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return LOGIN_ENDED;
	default:
		return LOGIN_UNTRUSTED;
	}
}

/* ---- taken back ---- */

/* Whether the list names every certificate of its issuer that was taken back. */
static bool
list_whole(X509_CRL *list)
{
	ISSUING_DIST_POINT *point;
	int critical = -1; /* from OpenSSL: there is no such extension */
	bool whole;

	if (X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0)
		return false;
	point = X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &critical, NULL);
	if (point == NULL)
		return critical == -1;
	whole = point->onlyCA <= 0 && point->onlyattr <= 0 && point->indirectCRL <= 0 &&
		point->onlysomereasons == NULL;
	ISSUING_DIST_POINT_free(point);
	return whole;
}

/* One that the issuer signed, that has begun and says when it ends. */
static bool
list_good(X509_CRL *list, X509 *issuer, time_t now)
{
	const ASN1_TIME *begin = X509_CRL_get0_lastUpdate(list);
	const ASN1_TIME *end = X509_CRL_get0_nextUpdate(list);
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL && begin != NULL && end != NULL &&
	       X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) == 0 &&
	       ASN1_TIME_cmp_time_t(begin, now) <= 0 && ASN1_TIME_cmp_time_t(end, now) > 0 &&
	       list_signed(list, key) && list_whole(list);
}

/* NO_LIST when none of the issuer's is good. An entry in any is enough. */
static enum login_verdict
lists_look(const struct login_check *check, X509 *certificate, X509 *issuer)
{
	enum login_verdict verdict = LOGIN_NO_LIST;

	for (int i = 0; i < sk_X509_CRL_num(check->lists); i++) {
		X509_CRL *list = sk_X509_CRL_value(check->lists, i);
		X509_REVOKED *entry = NULL;

		if (!list_good(list, issuer, check->now))
			continue;
		if (X509_CRL_get0_by_cert(list, &entry, certificate) == 1)
			return LOGIN_REVOKED;
		verdict = LOGIN_OK;
	}
	return verdict;
}

/* The certificate needs a list; for those above it one is looked at where it is given. */
static enum login_verdict
revocation_verdict(const struct login_check *check, STACK_OF(X509) * chain)
{
	enum login_verdict verdict = LOGIN_OK;

	if (sk_X509_CRL_num(check->lists) > 0) {
		if (sk_X509_num(chain) < 2)
			return LOGIN_NO_LIST; /* itself an anchor: nobody's list has it */
		for (int i = sk_X509_num(chain) - 2; i >= 0; i--) {
			verdict = lists_look(check, sk_X509_value(chain, i),
					     sk_X509_value(chain, i + 1));
			if (verdict == LOGIN_REVOKED)
				return verdict;
		}
	}
	if (verdict == LOGIN_OK && check->revoked != NULL &&
	    check->revoked(sk_X509_value(chain, 0), check->data))
		return LOGIN_REVOKED;
	return verdict;
}

static enum login_verdict
certificate_verdict(X509 *certificate, const struct login_check *check)
{
	CLEANUP(store_drop) X509_STORE *store = X509_STORE_new();
	CLEANUP(store_ctx_drop) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	CLEANUP(certs_drop) STACK_OF(X509) *anchors = sk_X509_new_null();
	CLEANUP(certs_drop) STACK_OF(X509) *between = sk_X509_new_null();
	enum login_verdict verdict;

	if (store == NULL || ctx == NULL || anchors == NULL || between == NULL ||
	    !certs_copy(check->anchors, anchors) || !certs_copy(check->between, between) ||
	    X509_STORE_CTX_init(ctx, store, certificate, between) != 1)
		return LOGIN_USAGE;
	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), check->now);
	(void)X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx),
					  X509_V_FLAG_PARTIAL_CHAIN);
	(void)X509_verify_cert(ctx);
	verdict = chain_verdict(X509_STORE_CTX_get_error(ctx));
	if (verdict != LOGIN_OK)
		return verdict;
	return revocation_verdict(check, X509_STORE_CTX_get0_chain(ctx));
}

/* ---- all of it ---- */

static enum login_verdict
token_verdict(X509 *certificate, const struct login_token *token, const struct login_check *check)
{
	size_t len = 0;
	CLEANUP(bytes_drop) unsigned char *message = message_of(check, &len);

	if (message == NULL)
		return LOGIN_USAGE;
	if (!key_fits(certificate, token->algorithm))
		return LOGIN_KEY;
	if (!signature_good(X509_get0_pubkey(certificate), token->algorithm == LOGIN_SM2_SM3,
			    (struct bytes){message, len},
			    (struct bytes){token->signature, token->signature_len}))
		return LOGIN_SIGNATURE;
	return certificate_verdict(certificate, check);
}

enum login_verdict
login_verify(const char *token_text, size_t len, const struct login_check *check,
	     X509 **ret_certificate)
{
	struct login_token token = {0};
	enum login_verdict verdict;
	X509 *certificate;

	if (sk_X509_num(check->anchors) <= 0)
		return LOGIN_USAGE;
	if (!login_token_read(token_text, len, &token))
		return LOGIN_FORMAT;
	certificate = copy_of(token.certificate);
	verdict = certificate != NULL ? token_verdict(certificate, &token, check) : LOGIN_FORMAT;
	login_token_clear(&token);
	ERR_clear_error();
	if (verdict == LOGIN_OK && ret_certificate != NULL) {
		*ret_certificate = certificate;
		return verdict;
	}
	X509_free(certificate);
	return verdict;
}
