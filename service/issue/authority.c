/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/issue/authority.h"

#include "common/gm.h"
#include "service/base/daemon.h"
#include "service/base/signed.h"
#include "service/pki/cert.h"
#include "service/pki/der.h"
#include "service/wire/json.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

#define RSA_BITS_NOBODY 2048U
#define CHAIN_MAX       4

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

static void
md_ctx_drop(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

#define MD_CTX UK_CLEANUP(md_ctx_drop) EVP_MD_CTX

void
cs_authority_close(struct cs_authority *authority)
{
	X509_free(authority->cert);
	EVP_PKEY_free(authority->key);
	cs_hsm_close(authority->hsm);
	EVP_PKEY_free(authority->nobody);
	X509_free(authority->nobody_cert);
	json_decref(authority->chain);
	*authority = (struct cs_authority){.cert = NULL};
}

static bool
is_sm2(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "SM2") == 1;
}

typedef int (*init_fn)(EVP_MD_CTX *ctx, EVP_PKEY_CTX **key_ctx, const EVP_MD *md, ENGINE *engine,
		       EVP_PKEY *key);

static EVP_MD_CTX *
ctx_new(EVP_PKEY *key, init_fn init)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

	if (ctx != NULL &&
	    init(ctx, &key_ctx, is_sm2(key) ? EVP_sm3() : EVP_sha256(), NULL, key) == 1 &&
	    (!is_sm2(key) || EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
						  (int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) == 1))
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

EVP_MD_CTX *
cs_authority_nobody(const struct cs_authority *authority)
{
	return ctx_new(authority->nobody, EVP_DigestSignInit);
}

/* ---- signing ---- */

static enum cs_status
file_sign(EVP_PKEY *key, struct uk_span message, struct cs_blob *ret)
{
	MD_CTX *ctx = ctx_new(key, EVP_DigestSignInit);
	CS_BLOB signature = {NULL, 0};
	size_t len = 0;
	enum cs_status st;

	if (ctx == NULL || EVP_DigestSign(ctx, NULL, &len, message.ptr, message.len) != 1)
		return CS_E_CRYPTO;
	st = cs_blob_room(&signature, len);
	if (st != CS_OK)
		return st;
	if (EVP_DigestSign(ctx, signature.ptr, &len, message.ptr, message.len) != 1)
		return CS_E_CRYPTO;
	return cs_blob_set(ret, uk_span_of(signature.ptr, len));
}

/* A signature that its own certificate does not verify leaks a key, or is another's. */
static enum cs_status
key_sign(const struct cs_authority *authority, struct uk_span message, struct cs_blob *ret)
{
	EVP_PKEY *public = X509_get0_pubkey(authority->cert);
	MD_CTX *ctx = ctx_new(public, EVP_DigestVerifyInit);
	CS_BLOB signature = {NULL, 0};
	enum cs_status st = authority->key != NULL ? file_sign(authority->key, message, &signature)
						   : cs_hsm_sign(authority->hsm, authority->label,
								 is_sm2(public) ? CS_HSM_SM2_SM3
										: CS_HSM_RSA_SHA256,
								 message, &signature);

	if (st != CS_OK)
		return st;
	if (ctx == NULL ||
	    EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len) != 1)
		return CS_E_CRYPTO;
	*ret = signature;
	signature = (struct cs_blob){NULL, 0};
	return CS_OK;
}

enum cs_status
cs_authority_sign(const struct cs_authority *authority, struct uk_span draft, struct cs_blob *ret)
{
	struct uk_span inside, message, algorithm;
	struct uk_writer out;
	CS_BLOB signature = {NULL, 0}, made = {NULL, 0};
	size_t len;
	enum cs_status st;

	if (!cs_der_take(&draft, CS_DER_SEQUENCE, &inside, NULL) || draft.len > 0 ||
	    !cs_der_take(&inside, CS_DER_SEQUENCE, NULL, &message) ||
	    !cs_der_take(&inside, CS_DER_SEQUENCE, NULL, &algorithm) ||
	    !cs_der_take(&inside, CS_DER_BITS, NULL, NULL))
		return CS_E_CORRUPT;
	st = key_sign(authority, message, &signature);
	if (st != CS_OK)
		return st;
	len = message.len + algorithm.len + cs_der_head_len(signature.len + 1) + 1 + signature.len +
	      inside.len;
	st = cs_blob_room(&made, cs_der_head_len(len) + len);
	if (st != CS_OK)
		return st;
	out = uk_writer_of(made.ptr, made.len);
	cs_der_head(&out, CS_DER_SEQUENCE, len);
	uk_put(&out, message);
	uk_put(&out, algorithm);
	cs_der_put_bits(&out, cs_blob_span(&signature));
	uk_put(&out, inside); /* whatever stands behind the signature */
	if (out.overflow || out.len != made.len)
		return CS_E_INTERNAL;
	cs_blob_free(ret);
	*ret = made;
	made = (struct cs_blob){NULL, 0};
	return CS_OK;
}

/* ---- opening ---- */

/* The first certificate is the CA's; all of them are handed out. */
static bool
chain_read(const char *path, struct cs_authority *authority)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_file(path, "rb");
	X509 *cert;

	authority->chain = json_array();
	while (bio != NULL && json_array_size(authority->chain) < CHAIN_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		CS_BLOB der = {NULL, 0};
		CS_JSON *holder = json_object();

		if (authority->cert == NULL && X509_up_ref(cert) == 1)
			authority->cert = cert;
		if (cs_cert_put(cert, &der) != CS_OK ||
		    !cs_json_put_hex(holder, "der", cs_blob_span(&der)) ||
		    json_array_append(authority->chain, json_object_get(holder, "der")) != 0) {
			X509_free(cert);
			return false;
		}
		X509_free(cert);
	}
	return authority->cert != NULL;
}

static bool
nobody_make(struct cs_authority *authority)
{
	EVP_PKEY *like = X509_get0_pubkey(authority->cert);
	MD_CTX *ctx = NULL;

	if (is_sm2(like))
		authority->nobody = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	else if (EVP_PKEY_is_a(like, "RSA") == 1)
		authority->nobody = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)RSA_BITS_NOBODY);
	authority->nobody_cert = X509_new();
	ctx = authority->nobody != NULL ? cs_authority_nobody(authority) : NULL;
	return ctx != NULL && authority->nobody_cert != NULL &&
	       X509_set_subject_name(authority->nobody_cert,
				     X509_get_subject_name(authority->cert)) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(authority->nobody_cert), 0) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(authority->nobody_cert), 0) != NULL &&
	       X509_set_pubkey(authority->nobody_cert, authority->nobody) == 1 &&
	       X509_sign_ctx(authority->nobody_cert, ctx) > 0;
}

static enum cs_status
hsm_open(const struct cs_authority_settings *settings, struct cs_authority *authority)
{
	UK_SECRET pin = {.len = 0};
	enum cs_status st;

	if (settings->module == NULL || settings->token == NULL || settings->pin_file == NULL ||
	    settings->label == NULL)
		return CS_E_ARGUMENTS;
	st = cs_daemon_secret(settings->pin_file, &pin);
	return st == CS_OK ? cs_hsm_open(settings->module, settings->token, uk_secret_peek(&pin),
					 &authority->hsm)
			   : st;
}

enum cs_status
cs_authority_open(const struct cs_authority_settings *settings, struct cs_authority *ret)
{
	struct cs_authority authority = {.label = settings->label,
					 .crl_url = settings->crl_url,
					 .ocsp_url = settings->ocsp_url};
	CS_BLOB probe = {NULL, 0};
	enum cs_status st = CS_E_ARGUMENTS;

	if (settings->foreign) {
		if (!chain_read(settings->cert, ret))
			return CS_E_ARGUMENTS;
		return CS_OK;
	}
	if (chain_read(settings->cert, &authority) && nobody_make(&authority)) {
		if (settings->key != NULL)
			authority.key = cs_private_key_read(settings->key);
		st = settings->key == NULL ? hsm_open(settings, &authority)
		     : authority.key != NULL && EVP_PKEY_eq(X509_get0_pubkey(authority.cert),
							    authority.key) == 1
			     ? CS_OK
			     : CS_E_ARGUMENTS;
	}
	if (st == CS_OK &&
	    key_sign(&authority, uk_span_str("OpenUKey: whose key?"), &probe) != CS_OK)
		st = CS_E_ARGUMENTS;
	if (st != CS_OK) {
		cs_authority_close(&authority);
		return st;
	}
	*ret = authority;
	return CS_OK;
}
