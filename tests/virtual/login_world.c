/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "login_world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SM2_ID "1234567812345678"
#define ROOM   8192

EVP_PKEY *
key_make(const struct party *party)
{
	return strcmp(party->algorithm, "sm2-sm3") == 0
		       ? EVP_PKEY_Q_keygen(NULL, NULL, "SM2")
		       : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
}

static EVP_MD_CTX *
signer_make(EVP_PKEY *key)
{
	bool sm2 = EVP_PKEY_is_a(key, "SM2");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;

	assert_int_equal(
		EVP_DigestSignInit(ctx, &key_ctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key), 1);
	if (sm2)
		assert_int_equal(EVP_PKEY_CTX_set1_id(key_ctx, SM2_ID, (int)strlen(SM2_ID)), 1);
	return ctx;
}

X509 *
cert_make(EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key, const struct issue *issue)
{
	static long serial;
	const struct {
		int nid;
		const char *value;
	} extensions[] = {{NID_basic_constraints, issue->basic},
			  {NID_key_usage, issue->usage},
			  {NID_ext_key_usage, issue->extended}};
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	EVP_MD_CTX *ctx = signer_make(issuer_key);

	assert_int_equal(X509_set_version(cert, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)issue->name, -1, -1, 0),
			 1);
	assert_int_equal(
		X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer) : name),
		1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), issue->from));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), issue->until));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		X509_EXTENSION *extension =
			extensions[i].value != NULL
				? X509V3_EXT_conf_nid(NULL, NULL, extensions[i].nid,
						      extensions[i].value)
				: NULL;

		assert_true(extension != NULL || extensions[i].value == NULL);
		if (extension != NULL)
			assert_int_equal(X509_add_ext(cert, extension, -1), 1);
		X509_EXTENSION_free(extension);
	}
	assert_true(X509_sign_ctx(cert, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	return cert;
}

X509 *
leaf_make(const struct party *party, const char *usage, const char *extended, long from, long until)
{
	struct issue issue = {.name = "unit",
			      .usage = usage,
			      .extended = extended,
			      .basic = "critical,CA:FALSE",
			      .from = from,
			      .until = until};

	return cert_make(party->key, party->ca, party->ca_key, &issue);
}

X509 *
ca_make(EVP_PKEY *key, const char *name)
{
	struct issue issue = {.name = name,
			      .usage = "critical,keyCertSign,cRLSign",
			      .basic = "critical,CA:TRUE",
			      .from = -DAY,
			      .until = 10 * DAY};

	return cert_make(key, NULL, key, &issue);
}

X509_CRL *
list_make(const struct party *party, X509 *revoked, long from, long until)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *time = ASN1_TIME_new();
	EVP_MD_CTX *ctx = signer_make(party->ca_key);
	X509_REVOKED *entry = X509_REVOKED_new();

	assert_int_equal(X509_CRL_set_version(list, 1), 1);
	assert_int_equal(X509_CRL_set_issuer_name(list, X509_get_subject_name(party->ca)), 1);
	assert_int_equal(X509_CRL_set1_lastUpdate(list, X509_gmtime_adj(time, from)), 1);
	assert_int_equal(X509_CRL_set1_nextUpdate(list, X509_gmtime_adj(time, until)), 1);
	if (revoked != NULL) {
		assert_int_equal(
			X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked)), 1);
		assert_int_equal(X509_REVOKED_set_revocationDate(entry, X509_gmtime_adj(time, 0)),
				 1);
		assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
	} else {
		X509_REVOKED_free(entry);
	}
	assert_true(X509_CRL_sign_ctx(list, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	ASN1_TIME_free(time);
	return list;
}

static void
base64_put(char *to, const unsigned char *bytes, int len)
{
	assert_true(len > 0 && len < ROOM / 2);
	EVP_EncodeBlock((unsigned char *)to, bytes, len);
}

char *
token_over(const struct party *party, X509 *cert, const void *message, size_t len)
{
	unsigned char *der = NULL, signature[1024];
	char cert_text[ROOM], signature_text[ROOM];
	size_t signature_len = sizeof(signature);
	int der_len = i2d_X509(cert, &der);
	EVP_MD_CTX *ctx = signer_make(party->key);
	char *token = malloc(4UL * ROOM);

	assert_int_equal(EVP_DigestSign(ctx, signature, &signature_len, message, len), 1);
	EVP_MD_CTX_free(ctx);
	base64_put(cert_text, der, der_len);
	base64_put(signature_text, signature, (int)signature_len);
	OPENSSL_free(der);
	snprintf(token, 4UL * ROOM,
		 "{\"format\":\"openukey-login-1\",\"certificate\":\"%s\",\"algorithm\":\"%s\","
		 "\"signature\":\"%s\"}",
		 cert_text, party->algorithm, signature_text);
	return token;
}

char *
token_make(const struct party *party, X509 *cert, const char *purpose, const char *origin)
{
	unsigned char message[1024];
	int len = snprintf((char *)message, sizeof(message), "OpenUKey-sig-v1%c%s%c%s%c", 0,
			   purpose, 0, origin, 0);

	for (int i = 0; i < 32; i++)
		message[len + i] = (unsigned char)i; /* what CHALLENGE says */
	return token_over(party, cert, message, (size_t)len + 32);
}
