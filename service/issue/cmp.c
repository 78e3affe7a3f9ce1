/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A CA that speaks CMP (RFC 4210) over HTTP: requests go there as those of a registration
 * authority, signed with its certificate or protected by a secret.  What has to wait is asked for
 * again in its own transaction; after a restart, in a new one.
 */
#include "service/issue/upstream.h"

#include "service/base/daemon.h"
#include "service/base/signed.h"
#include "service/pki/cert.h"
#include "service/pki/cmp.h"
#include "service/wire/json.h"

#include <openssl/cmp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define PENDING_MAX 32
#define ID_ROOM     64
#define MESSAGE_S   5
#define TOTAL_S     15

struct pending {
	char id[ID_ROOM];
	OSSL_CMP_CTX *ctx;
};

struct upstream {
	json_t *options;
	X509 *ca, *cert;
	EVP_PKEY *key;
	STACK_OF(X509) * trust;
	struct uk_secret secret;
	struct pending pending[PENDING_MAX];
	size_t next;
};

static void
cmp_close(void *driver)
{
	struct upstream *upstream = driver;

	for (size_t i = 0; i < PENDING_MAX; i++)
		OSSL_CMP_CTX_free(upstream->pending[i].ctx);
	json_decref(upstream->options);
	X509_free(upstream->ca);
	X509_free(upstream->cert);
	EVP_PKEY_free(upstream->key);
	sk_X509_pop_free(upstream->trust, X509_free);
	uk_secret_wipe(&upstream->secret);
	free(upstream);
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

static const char *
option(const struct upstream *upstream, const char *name)
{
	return cs_json_text_or_empty(upstream->options, name, 512);
}

static X509 *
cert_of_file(const char *path)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_file(path, "rb");

	return bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
}

/* Whose signature is believed on the answers: the CA's, and those of `trust`. */
static bool
trust_read(struct upstream *upstream)
{
	const char *path = option(upstream, "trust");
	X509 *more = path != NULL && path[0] != '\0' ? cert_of_file(path) : NULL;

	upstream->trust = sk_X509_new_null();
	if (upstream->trust == NULL || path == NULL || (path[0] != '\0' && more == NULL) ||
	    X509_up_ref(upstream->ca) != 1 || sk_X509_push(upstream->trust, upstream->ca) == 0) {
		X509_free(more);
		return false;
	}
	if (more != NULL && sk_X509_push(upstream->trust, more) == 0) {
		X509_free(more);
		return false;
	}
	return true;
}

/* Who we are there: cert and key, or reference and secret (a file). */
static bool
self_read(struct upstream *upstream)
{
	const char *cert = option(upstream, "cert"), *key = option(upstream, "key");
	const char *secret = option(upstream, "secret");

	if (cert == NULL || key == NULL || secret == NULL)
		return false;
	if (secret[0] != '\0')
		return cs_daemon_secret(secret, &upstream->secret) == CS_OK;
	upstream->cert = cert_of_file(cert);
	upstream->key = cs_private_key_read(key);
	return upstream->cert != NULL && upstream->key != NULL &&
	       X509_check_private_key(upstream->cert, upstream->key) == 1;
}

static enum cs_status
cmp_open(const char *options, X509 *ca, void **ret)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (upstream == NULL)
		return CS_E_MEMORY;
	upstream->options = options != NULL ? json_load_file(options, 0, NULL) : NULL;
	if (X509_up_ref(ca) == 1)
		upstream->ca = ca;
	if (upstream->options == NULL || upstream->ca == NULL ||
	    cs_json_text(upstream->options, "server", 255) == NULL || !self_read(upstream) ||
	    !trust_read(upstream)) {
		cmp_close(upstream);
		return CS_E_ARGUMENTS;
	}
	*ret = upstream;
	return CS_OK;
}

static bool
place_set(const struct upstream *upstream, OSSL_CMP_CTX *ctx)
{
	const char *server = option(upstream, "server"), *path = option(upstream, "path");
	int64_t port = 80;

	(void)!cs_json_number(upstream->options, "port", &port);
	return path != NULL && port > 0 && port < 65536 &&
	       OSSL_CMP_CTX_set1_server(ctx, server) == 1 &&
	       OSSL_CMP_CTX_set_serverPort(ctx, (int)port) == 1 &&
	       OSSL_CMP_CTX_set1_serverPath(ctx, path) == 1 &&
	       OSSL_CMP_CTX_set1_no_proxy(ctx, server) == 1 &&
	       OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_MSG_TIMEOUT, MESSAGE_S) == 1 &&
	       OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_TOTAL_TIMEOUT, TOTAL_S) == 1 &&
	       OSSL_CMP_CTX_set_log_cb(ctx, cs_cmp_log_nothing) == 1;
}

static bool
self_set(const struct upstream *upstream, OSSL_CMP_CTX *ctx)
{
	const char *reference = option(upstream, "reference");
	struct uk_span secret = uk_secret_peek(&upstream->secret);

	if (upstream->cert != NULL)
		return OSSL_CMP_CTX_set1_cert(ctx, upstream->cert) == 1 &&
		       OSSL_CMP_CTX_set1_pkey(ctx, upstream->key) == 1;
	return reference != NULL &&
	       OSSL_CMP_CTX_set1_referenceValue(ctx, (const unsigned char *)reference,
						(int)strlen(reference)) == 1 &&
	       OSSL_CMP_CTX_set1_secretValue(ctx, secret.ptr, (int)secret.len) == 1;
}

static OSSL_CMP_CTX *
ctx_new(const struct upstream *upstream)
{
	OSSL_CMP_CTX *ctx = OSSL_CMP_CTX_new(NULL, NULL);
	X509_STORE *store = X509_STORE_new();
	bool set =
		ctx != NULL && store != NULL && place_set(upstream, ctx) && self_set(upstream, ctx);

	for (int i = 0; set && i < sk_X509_num(upstream->trust); i++)
		set = X509_STORE_add_cert(store, sk_X509_value(upstream->trust, i)) == 1;
	if (set && OSSL_CMP_CTX_set0_trustedStore(ctx, store) == 1)
		return ctx;
	X509_STORE_free(store);
	OSSL_CMP_CTX_free(ctx);
	return NULL;
}

static enum cs_status
request_set(OSSL_CMP_CTX *ctx, const struct cs_upstream_job *job)
{
	CS_X509_REQ *csr = NULL;
	enum cs_status st = cs_request_read(job->csr, &csr);

	if (st == CS_OK && OSSL_CMP_CTX_set1_p10CSR(ctx, csr) != 1)
		st = CS_E_CRYPTO;
	return st;
}

/* The transaction that is waiting, or a new one in the place of the oldest. */
static enum cs_status
pending_of(struct upstream *upstream, const struct cs_upstream_job *job, struct pending **ret)
{
	struct pending *pending = NULL;
	enum cs_status st;

	if (strlen(job->id) >= ID_ROOM)
		return CS_E_ARGUMENTS;
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (upstream->pending[i].ctx != NULL &&
		    strcmp(upstream->pending[i].id, job->id) == 0) {
			*ret = &upstream->pending[i];
			return CS_OK;
		}
	pending = &upstream->pending[upstream->next++ % PENDING_MAX];
	OSSL_CMP_CTX_free(pending->ctx);
	pending->ctx = ctx_new(upstream);
	if (pending->ctx == NULL)
		return CS_E_CRYPTO;
	memcpy(pending->id, job->id, strlen(job->id) + 1);
	st = request_set(pending->ctx, job);
	if (st != CS_OK) {
		OSSL_CMP_CTX_free(pending->ctx);
		pending->ctx = NULL;
		return st;
	}
	*ret = pending;
	return CS_OK;
}

static enum cs_status
cmp_issue(void *driver, const struct cs_upstream_job *job, struct cs_upstream_result *ret)
{
	struct pending *pending = NULL;
	X509 *cert;
	int again = 0, done;
	enum cs_status st = pending_of(driver, job, &pending);

	if (st != CS_OK)
		return st;
	done = OSSL_CMP_try_certreq(pending->ctx, OSSL_CMP_P10CR, NULL, &again);
	ERR_clear_error();
	if (done < 0)
		return CS_E_BUSY;
	cert = done == 1 ? OSSL_CMP_CTX_get0_newCert(pending->ctx) : NULL;
	st = cert != NULL ? cs_cert_put(cert, &ret->sign_cert) : CS_E_UNAVAILABLE;
	OSSL_CMP_CTX_free(pending->ctx);
	pending->ctx = NULL;
	return st;
}

static enum cs_status
cmp_revoke(void *driver, struct uk_span der, int64_t reason)
{
	OSSL_CMP_CTX *ctx = ctx_new(driver);
	CS_X509 *cert = NULL;
	enum cs_status st = ctx != NULL ? cs_cert_read(der, &cert) : CS_E_CRYPTO;

	if (st == CS_OK &&
	    (OSSL_CMP_CTX_set1_oldCert(ctx, cert) != 1 ||
	     OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_REVOCATION_REASON, (int)reason) != 1))
		st = CS_E_CRYPTO;
	if (st == CS_OK && OSSL_CMP_exec_RR_ses(ctx) != 1)
		st = CS_E_UNAVAILABLE;
	ERR_clear_error();
	OSSL_CMP_CTX_free(ctx);
	return st;
}

const struct cs_upstream_driver cs_upstream_cmp = {
	"cmp", cmp_open, cmp_close, cmp_issue, cmp_revoke,
};
