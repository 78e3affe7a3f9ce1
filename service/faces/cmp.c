/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Certificate Management Protocol (RFC 4210, over HTTP as RFC 6712 says), for those who have a
 * certificate of ours: updates, requests, revocation, waiting, confirmation.  libcrypto keeps one
 * context for each transaction; there are so many of them, each for so long.
 */
#include "service/faces/face.h"

#include "service/pki/cert.h"
#include "service/pki/cmp.h"
#include "service/pki/der.h"

#include <openssl/cmp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <string.h>

#define TRANSACTIONS_MAX 64
#define LIFE             (30 * CS_MINUTE) /* since the last message */
#define ID_MAX           32
#define TAG_PROTECTION   0xa0
#define TAG_EXTRA        0xa1
#define SIGNERS_MAX      4

struct transaction {
	uint8_t id[ID_MAX];
	size_t id_len;
	int64_t used;
	bool busy; /* a thread is at it */
	OSSL_CMP_SRV_CTX *server;
	X509 *signer;           /* whose signature each of its messages must have */
	struct cs_blob message; /* the request, as it came */
	OSSL_CMP_MSG *request;
	X509 *cert;
	uint8_t once[CS_HASH_LEN];
	char order[CS_ID_TEXT];
	struct cs_face *face; /* of the thread that is at it */
};

struct cs_cmp_table {
	pthread_mutex_t lock;
	struct transaction transactions[TRANSACTIONS_MAX];
};

static void
message_drop(OSSL_CMP_MSG **message)
{
	OSSL_CMP_MSG_free(*message);
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

#define MESSAGE UK_CLEANUP(message_drop) OSSL_CMP_MSG
#define BIOP    UK_CLEANUP(bio_drop) BIO

struct cs_cmp_table *
cs_cmp_table_new(void)
{
	struct cs_cmp_table *table = calloc(1, sizeof(*table));

	if (table != NULL)
		(void)pthread_mutex_init(&table->lock, NULL);
	return table;
}

static void
transaction_clear(struct transaction *transaction)
{
	OSSL_CMP_SRV_CTX_free(transaction->server);
	OSSL_CMP_MSG_free(transaction->request);
	X509_free(transaction->signer);
	X509_free(transaction->cert);
	cs_blob_free(&transaction->message);
	*transaction = (struct transaction){.id_len = 0};
}

void
cs_cmp_table_free(struct cs_cmp_table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < TRANSACTIONS_MAX; i++)
		transaction_clear(&table->transactions[i]);
	(void)pthread_mutex_destroy(&table->lock);
	free(table);
}

/* ---- what libcrypto asks ---- */

static OSSL_CMP_PKISI *
refusal(enum cs_status status)
{
	int info = status == CS_E_PROOF || status == CS_E_DENIED
			   ? 1 << OSSL_CMP_PKIFAILUREINFO_notAuthorized
		   : status == CS_E_UNAVAILABLE || status == CS_E_BUSY
			   ? 1 << OSSL_CMP_PKIFAILUREINFO_systemUnavail
			   : 1 << OSSL_CMP_PKIFAILUREINFO_badRequest;

	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection, info, cs_status_code(status));
}

/* The same old certificate and new key are the same request. */
static enum cs_status
once_make(X509 *signer, const OSSL_CRMF_MSG *crmf, const X509_REQ *p10, uint8_t ret[CS_HASH_LEN])
{
	uint8_t both[2 * CS_HASH_LEN];
	CS_BLOB der = {NULL, 0};
	EVP_PKEY *key = p10 != NULL    ? X509_REQ_get_pubkey((X509_REQ *)(uintptr_t)p10)
			: crmf != NULL ? cs_cmp_template_key(OSSL_CRMF_MSG_get0_tmpl(crmf))
				       : NULL;
	enum cs_status st = key != NULL ? cs_spki_hash(key, both) : CS_E_ARGUMENTS;

	EVP_PKEY_free(key);
	if (st == CS_OK)
		st = cs_cert_put(signer, &der);
	if (st == CS_OK)
		st = cs_hash(cs_blob_span(&der), both + CS_HASH_LEN);
	return st == CS_OK ? cs_hash(uk_span_of(both, sizeof(both)), ret) : st;
}

static enum cs_status
enrol(struct transaction *transaction)
{
	struct cs_machine machine = {.old = transaction->signer,
				     .cmp = cs_blob_span(&transaction->message)};
	CS_BLOB der = {NULL, 0};
	enum cs_status st;

	memcpy(machine.once, transaction->once, CS_HASH_LEN);
	st = cs_machine_enrol(transaction->face, &machine, &der, transaction->order);
	X509_free(transaction->cert);
	transaction->cert = NULL;
	return st == CS_OK ? cs_cert_read(cs_blob_span(&der), &transaction->cert) : st;
}

static OSSL_CMP_PKISI *
on_cmp_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, int id,
	       const OSSL_CRMF_MSG *crmf, const X509_REQ *p10, X509 **cert, STACK_OF(X509) * *chain,
	       STACK_OF(X509) * *ca)
{
	struct transaction *transaction = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	enum cs_status st = CS_E_PROOF;

	if (p10 != NULL || cs_cmp_update_of(crmf, transaction->signer))
		st = once_make(transaction->signer, crmf, p10, transaction->once);
	if (st == CS_OK)
		st = enrol(transaction);
	if (st == CS_E_BUSY) {
		if (transaction->request == NULL)
			transaction->request = OSSL_CMP_MSG_dup(message);
		return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_waiting, 0, NULL);
	}
	if (st != CS_OK || X509_up_ref(transaction->cert) != 1)
		return refusal(st);
	*cert = transaction->cert;
	*chain = X509_chain_up_ref(transaction->face->faces->chain);
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_accepted, 0, NULL);
}

/* The request is looked at again; while it has to wait it says so by itself. */
static int
on_poll(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, int id, OSSL_CMP_MSG **request,
	int64_t *check_after)
{
	struct transaction *transaction = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);

	*request = NULL;
	*check_after = transaction->face->faces->again;
	if (transaction->request == NULL)
		return 0;
	if (enrol(transaction) != CS_E_BUSY)
		*request = OSSL_CMP_MSG_dup(transaction->request);
	return 1;
}

/* One that does not want it has not got it. */
static bool
rejected(const OSSL_CMP_PKISI *status)
{
	char text[256];

	return status != NULL &&
	       OSSL_CMP_snprint_PKIStatusInfo(status, text, sizeof(text)) != NULL &&
	       strstr(text, "rejection") != NULL;
}

static int
on_confirm(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, int id,
	   const ASN1_OCTET_STRING *hash, const OSSL_CMP_PKISI *status)
{
	struct transaction *transaction = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	ASN1_OCTET_STRING *wanted =
		transaction->cert != NULL ? X509_digest_sig(transaction->cert, NULL, NULL) : NULL;
	bool same = wanted != NULL && ASN1_OCTET_STRING_cmp(wanted, hash) == 0;

	ASN1_OCTET_STRING_free(wanted);
	if (rejected(status))
		return 1;
	return same && cs_machine_confirm(transaction->face, transaction->order) == CS_OK;
}

/* Its own certificate, and nobody else's; that it is on its way is all there is to say at once. */
static OSSL_CMP_PKISI *
on_revocation(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, const X509_NAME *issuer,
	      const ASN1_INTEGER *serial)
{
	struct transaction *transaction = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);
	enum cs_status st = CS_E_DENIED;

	if (issuer != NULL && serial != NULL &&
	    X509_NAME_cmp(issuer, X509_get_issuer_name(transaction->signer)) == 0 &&
	    ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(transaction->signer)) == 0)
		st = cs_machine_revoke(transaction->face, transaction->signer, transaction->order);
	if (st != CS_OK && st != CS_E_BUSY)
		return refusal(st);
	return OSSL_CMP_STATUSINFO_new(st == CS_OK ? OSSL_CMP_PKISTATUS_revocationNotification
						   : OSSL_CMP_PKISTATUS_revocationWarning,
				       0, NULL);
}

/* Nothing that is asked for in general is known here. */
static int
on_general(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message,
	   const STACK_OF(OSSL_CMP_ITAV) * in, STACK_OF(OSSL_CMP_ITAV) * *out)
{
	*out = sk_OSSL_CMP_ITAV_new_null();
	return *out != NULL;
}

static void
on_error(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, const OSSL_CMP_PKISI *status,
	 const ASN1_INTEGER *code, const OSSL_CMP_PKIFREETEXT *details)
{
}

/* ---- transactions ---- */

/* The signature is by one of the certificates that come along: the one that is ours. */
static enum cs_status
signer_find(const struct cs_face *face, struct uk_span der, X509 **ret)
{
	struct uk_span in = der, inside, extra, certs, cert;

	if (!cs_der_take(&in, CS_DER_SEQUENCE, &inside, NULL) || in.len > 0 ||
	    !cs_der_take(&inside, CS_DER_SEQUENCE, NULL, NULL) || inside.len == 0 ||
	    !cs_der_take(&inside, inside.ptr[0], NULL, NULL) ||
	    !cs_der_take(&inside, TAG_PROTECTION, NULL, NULL) ||
	    !cs_der_take(&inside, TAG_EXTRA, &extra, NULL) ||
	    !cs_der_take(&extra, CS_DER_SEQUENCE, &certs, NULL))
		return CS_E_DENIED;
	for (int i = 0; i < SIGNERS_MAX && cs_der_take(&certs, CS_DER_SEQUENCE, NULL, &cert); i++)
		if (cs_face_own(face, cert, ret) == CS_OK)
			return CS_OK;
	return CS_E_DENIED;
}

static bool
server_open(const struct cs_faces *faces, struct transaction *transaction)
{
	OSSL_CMP_SRV_CTX *server = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	OSSL_CMP_CTX *ctx = server != NULL ? OSSL_CMP_SRV_CTX_get0_cmp_ctx(server) : NULL;

	transaction->server = server;
	return ctx != NULL &&
	       OSSL_CMP_SRV_CTX_init(server, transaction, on_cmp_request, on_revocation, on_general,
				     on_error, on_confirm, on_poll) == 1 &&
	       OSSL_CMP_CTX_set1_cert(ctx, faces->cmp_cert) == 1 &&
	       OSSL_CMP_CTX_set1_pkey(ctx, faces->cmp_key) == 1 &&
	       OSSL_CMP_CTX_set1_srvCert(ctx, transaction->signer) == 1 &&
	       OSSL_CMP_CTX_set1_extraCertsOut(ctx, faces->chain) == 1 &&
	       OSSL_CMP_CTX_set_log_cb(ctx, cs_cmp_log_nothing) == 1;
}

/* A free place, or that of the one that has been quiet for the longest time. */
static struct transaction *
place_find(struct cs_cmp_table *table, int64_t now)
{
	struct transaction *oldest = NULL;

	for (size_t i = 0; i < TRANSACTIONS_MAX; i++) {
		struct transaction *one = &table->transactions[i];

		if (!one->busy && one->id_len > 0 && now - one->used > LIFE)
			transaction_clear(one);
		if (!one->busy && (oldest == NULL || one->used < oldest->used))
			oldest = one;
	}
	return oldest;
}

static struct transaction *
known_find(struct cs_cmp_table *table, struct uk_span id)
{
	for (size_t i = 0; i < TRANSACTIONS_MAX; i++)
		if (table->transactions[i].id_len == id.len &&
		    memcmp(table->transactions[i].id, id.ptr, id.len) == 0)
			return &table->transactions[i];
	return NULL;
}

static enum cs_status
transaction_begin(struct cs_face *face, struct cs_cmp_table *table, struct uk_span id,
		  struct transaction **ret)
{
	struct transaction *transaction;
	int64_t now = cs_now();
	enum cs_status st = CS_OK;

	(void)pthread_mutex_lock(&table->lock);
	transaction = place_find(table, now);
	if (known_find(table, id) != NULL)
		transaction = known_find(table, id);
	if (transaction == NULL || transaction->busy) {
		st = CS_E_BUSY;
	} else if (transaction->id_len != id.len || memcmp(transaction->id, id.ptr, id.len) != 0) {
		transaction_clear(transaction);
		memcpy(transaction->id, id.ptr, id.len);
		transaction->id_len = id.len;
	}
	if (st == CS_OK) {
		transaction->busy = true;
		transaction->used = now;
		transaction->face = face;
		*ret = transaction;
	}
	(void)pthread_mutex_unlock(&table->lock);
	return st;
}

/* over: nothing more will come. */
static void
transaction_end(struct cs_cmp_table *table, struct transaction *transaction, bool over)
{
	(void)pthread_mutex_lock(&table->lock);
	transaction->busy = false;
	transaction->face = NULL;
	if (over)
		transaction_clear(transaction);
	(void)pthread_mutex_unlock(&table->lock);
}

/* ---- messages ---- */

static enum cs_status
answer_put(const OSSL_CMP_MSG *message, struct cs_face_answer *answer)
{
	BIOP *bio = BIO_new(BIO_s_mem());
	char *bytes = NULL;
	long len;

	if (bio == NULL || i2d_OSSL_CMP_MSG_bio(bio, message) != 1)
		return CS_E_CRYPTO;
	len = BIO_get_mem_data(bio, &bytes);
	answer->http = 200;
	answer->type = "application/pkixcmp";
	return cs_blob_set(&answer->body, uk_span_of(bytes, (size_t)len));
}

static enum cs_status
transaction_go_on(struct cs_face *face, struct transaction *transaction, struct uk_span der,
		  const OSSL_CMP_MSG *message, struct cs_face_answer *answer)
{
	MESSAGE *said = NULL;
	enum cs_status st = CS_OK;

	if (transaction->server == NULL) {
		st = signer_find(face, der, &transaction->signer);
		if (st == CS_OK)
			st = cs_blob_set(&transaction->message, der);
		if (st == CS_OK && !server_open(face->faces, transaction))
			st = CS_E_CRYPTO;
		if (st != CS_OK)
			return st;
	}
	said = OSSL_CMP_SRV_process_request(transaction->server, message);
	ERR_clear_error();
	return said != NULL ? answer_put(said, answer) : CS_E_PROOF;
}

/* libcrypto's own count: -1 between transactions. */
static bool
over(const struct transaction *transaction)
{
	return transaction->server == NULL ||
	       OSSL_CMP_CTX_get_status(OSSL_CMP_SRV_CTX_get0_cmp_ctx(transaction->server)) != -2;
}

static enum cs_status
message_answer(struct cs_face *face, struct uk_span der, struct cs_face_answer *answer)
{
	BIOP *bio = BIO_new_mem_buf(der.ptr, (int)der.len);
	MESSAGE *message = NULL;
	const ASN1_OCTET_STRING *id;
	struct transaction *transaction = NULL;
	enum cs_status st;

	if (bio == NULL || der.len == 0 || der.len > CS_CMP_MAX ||
	    d2i_OSSL_CMP_MSG_bio(bio, &message) == NULL || BIO_pending(bio) != 0)
		return CS_E_ARGUMENTS;
	id = OSSL_CMP_HDR_get0_transactionID(OSSL_CMP_MSG_get0_header(message));
	if (id == NULL || ASN1_STRING_length(id) < 1 || ASN1_STRING_length(id) > ID_MAX)
		return CS_E_ARGUMENTS;
	st = transaction_begin(
		face, face->faces->cmp,
		uk_span_of(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id)),
		&transaction);
	if (st != CS_OK)
		return st;
	st = transaction_go_on(face, transaction, der, message, answer);
	transaction_end(face->faces->cmp, transaction, st != CS_OK || over(transaction));
	return st;
}

bool
cs_cmp_answer(struct cs_face *face, const struct cs_face_request *request,
	      struct cs_face_answer *answer)
{
	enum cs_status st;

	if (face->faces->cmp == NULL || strcmp(request->path, "/.well-known/cmp") != 0 ||
	    strcmp(request->method, "POST") != 0)
		return false;
	st = message_answer(face, request->body, answer);
	if (st != CS_OK)
		answer->http = cs_status_http(st);
	return true;
}
