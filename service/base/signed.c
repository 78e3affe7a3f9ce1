/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/base/signed.h"

#include "common/gm.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

static const char tag[] = "OpenUKey-sig-v1";

static void
ctx_drop(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

#define MD_CTX UK_CLEANUP(ctx_drop) EVP_MD_CTX

typedef int (*init_fn)(EVP_MD_CTX *ctx, EVP_PKEY_CTX **key_ctx, const EVP_MD *md, ENGINE *engine,
		       EVP_PKEY *key);

static bool
start(EVP_MD_CTX *ctx, EVP_PKEY *key, init_fn init)
{
	bool sm2 = EVP_PKEY_is_a(key, "SM2") == 1;
	EVP_PKEY_CTX *key_ctx = NULL; /* belongs to ctx */

	if (init(ctx, &key_ctx, sm2 ? EVP_sm3() : EVP_sha256(), NULL, key) != 1)
		return false;
	return !sm2 || EVP_PKEY_CTX_set1_id(key_ctx, GM_SM2_DEFAULT_ID,
					    (int)(sizeof(GM_SM2_DEFAULT_ID) - 1)) == 1;
}

/* tag 00 purpose 00 body; SM2 takes its message in one piece. */
static enum cs_status
message_make(const char *purpose, struct uk_span body, struct cs_blob *ret)
{
	size_t purpose_len = strlen(purpose) + 1;
	struct uk_writer out;
	enum cs_status st = cs_blob_room(ret, sizeof(tag) + purpose_len + body.len);

	if (st != CS_OK)
		return st;
	out = uk_writer_of(ret->ptr, ret->len);
	uk_put(&out, uk_span_of(tag, sizeof(tag)));
	uk_put(&out, uk_span_of(purpose, purpose_len));
	uk_put(&out, body);
	return CS_OK;
}

enum cs_status
cs_sign(EVP_PKEY *key, const char *purpose, struct uk_span body, struct cs_blob *ret)
{
	MD_CTX *ctx = EVP_MD_CTX_new();
	CS_BLOB message = {NULL, 0}, signature = {NULL, 0};
	size_t len = 0;
	enum cs_status st = message_make(purpose, body, &message);

	if (st != CS_OK)
		return st;
	if (ctx == NULL || !start(ctx, key, EVP_DigestSignInit) ||
	    EVP_DigestSign(ctx, NULL, &len, message.ptr, message.len) != 1)
		return CS_E_CRYPTO;
	st = cs_blob_room(&signature, len);
	if (st != CS_OK)
		return st;
	if (EVP_DigestSign(ctx, signature.ptr, &len, message.ptr, message.len) != 1)
		return CS_E_CRYPTO;
	return cs_blob_set(ret, uk_span_of(signature.ptr, len));
}

enum cs_status
cs_verify(EVP_PKEY *key, const char *purpose, struct uk_span body, struct uk_span signature)
{
	MD_CTX *ctx = EVP_MD_CTX_new();
	CS_BLOB message = {NULL, 0};
	enum cs_status st = message_make(purpose, body, &message);

	if (st != CS_OK)
		return st;
	if (ctx == NULL || !start(ctx, key, EVP_DigestVerifyInit))
		return CS_E_CRYPTO;
	if (EVP_DigestVerify(ctx, signature.ptr, signature.len, message.ptr, message.len) != 1)
		return CS_E_PROOF;
	return CS_OK;
}

enum cs_status
cs_verify_sha256(EVP_PKEY *key, struct uk_span bytes, struct uk_span signature)
{
	MD_CTX *ctx = EVP_MD_CTX_new();

	return ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
			       EVP_DigestVerify(ctx, signature.ptr, signature.len, bytes.ptr,
						bytes.len) == 1
		       ? CS_OK
		       : CS_E_PROOF;
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

EVP_PKEY *
cs_private_key_read(const char *path)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_file(path, "rb");

	return bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
}

EVP_PKEY *
cs_public_key_read(const char *path)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_file(path, "rb");
	EVP_PKEY *key;
	X509 *cert;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	if (key != NULL || BIO_reset(bio) != 0)
		return key;
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	key = cert != NULL ? X509_get_pubkey(cert) : NULL;
	X509_free(cert);
	return key;
}
