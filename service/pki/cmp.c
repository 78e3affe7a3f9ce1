/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/pki/cmp.h"

#include "service/pki/cert.h"
#include "service/pki/der.h"

#include <openssl/cmp.h>
#include <openssl/err.h>

#define TAG_KEY  0xa6 /* [6] IMPLICIT SubjectPublicKeyInfo, in a template */
#define SPKI_MAX 2048

void
cs_cmp_request_clear(struct cs_cmp_request *request)
{
	EVP_PKEY_free(request->key);
	cs_blob_free(&request->csr);
	request->key = NULL;
}

static void
message_drop(OSSL_CMP_MSG **message)
{
	OSSL_CMP_MSG_free(*message);
}

static void
server_drop(OSSL_CMP_SRV_CTX **server)
{
	OSSL_CMP_SRV_CTX_free(*server);
}

static void
bio_drop(BIO **bio)
{
	BIO_free_all(*bio);
}

/* There is no getter: the field is looked for in the template's DER, and gets its own tag back. */
EVP_PKEY *
cs_cmp_template_key(const struct ossl_crmf_certtemplate_st *template)
{
	unsigned char *der = NULL;
	int len = i2d_OSSL_CRMF_CERTTEMPLATE(template, &der);
	struct uk_span in = uk_span_of(der, len > 0 ? (size_t)len : 0), fields, whole;
	EVP_PKEY *key = NULL;

	if (len > 0 && cs_der_take(&in, CS_DER_SEQUENCE, &fields, NULL))
		while (fields.len > 0 && cs_der_take(&fields, fields.ptr[0], NULL, &whole)) {
			unsigned char spki[SPKI_MAX];
			const unsigned char *at = spki;

			if (whole.ptr[0] != TAG_KEY || whole.len > sizeof(spki))
				continue;
			memcpy(spki, whole.ptr, whole.len);
			spki[0] = CS_DER_SEQUENCE;
			key = d2i_PUBKEY(NULL, &at, (long)whole.len);
			break;
		}
	OPENSSL_free(der);
	return key;
}

int
cs_cmp_log_nothing(const char *function, const char *file, int line, OSSL_CMP_severity level,
		   const char *message)
{
	return 1;
}

struct reading {
	X509 *old;
	struct cs_cmp_request *ret;
	enum cs_status status;
};

bool
cs_cmp_update_of(const struct ossl_crmf_msg_st *request, X509 *old)
{
	const OSSL_CRMF_CERTID *id = OSSL_CRMF_MSG_get0_regCtrl_oldCertID(request);

	return id != NULL &&
	       X509_NAME_cmp(OSSL_CRMF_CERTID_get0_issuer(id), X509_get_issuer_name(old)) == 0 &&
	       ASN1_INTEGER_cmp(OSSL_CRMF_CERTID_get0_serialNumber(id),
				X509_get0_serialNumber(old)) == 0;
}

static enum cs_status
csr_take(const X509_REQ *p10, struct cs_cmp_request *ret)
{
	unsigned char *der = NULL;
	int len = i2d_X509_REQ(p10, &der);
	CS_X509_REQ *read = NULL;
	enum cs_status st = CS_E_ARGUMENTS;

	if (len > 0)
		st = cs_request_read(uk_span_of(der, (size_t)len), &read);
	if (st == CS_OK)
		st = cs_blob_set(&ret->csr, uk_span_of(der, (size_t)len));
	if (st == CS_OK)
		ret->key = X509_REQ_get_pubkey(read);
	OPENSSL_free(der);
	return st;
}

/* Called with a request whose protection and proof of possession libcrypto has verified. */
static OSSL_CMP_PKISI *
on_cmp_request(OSSL_CMP_SRV_CTX *server, const OSSL_CMP_MSG *message, int id,
	       const OSSL_CRMF_MSG *crmf, const X509_REQ *p10, X509 **cert, STACK_OF(X509) * *chain,
	       STACK_OF(X509) * *ca)
{
	struct reading *reading = OSSL_CMP_SRV_CTX_get0_custom_ctx(server);

	if (p10 != NULL) {
		reading->status = csr_take(p10, reading->ret);
	} else if (crmf != NULL && cs_cmp_update_of(crmf, reading->old)) {
		reading->ret->key = cs_cmp_template_key(OSSL_CRMF_MSG_get0_tmpl(crmf));
		reading->status = cs_key_good(reading->ret->key) ? CS_OK : CS_E_ARGUMENTS;
	}
	return OSSL_CMP_STATUSINFO_new(OSSL_CMP_PKISTATUS_rejection, 0, NULL);
}

static bool
server_set(OSSL_CMP_SRV_CTX *server, struct reading *reading)
{
	OSSL_CMP_CTX *ctx = server != NULL ? OSSL_CMP_SRV_CTX_get0_cmp_ctx(server) : NULL;

	return ctx != NULL &&
	       OSSL_CMP_SRV_CTX_init(server, reading, on_cmp_request, NULL, NULL, NULL, NULL,
				     NULL) == 1 &&
	       OSSL_CMP_CTX_set1_srvCert(ctx, reading->old) == 1 &&
	       OSSL_CMP_CTX_set_option(ctx, OSSL_CMP_OPT_UNPROTECTED_SEND, 1) == 1 &&
	       OSSL_CMP_CTX_set_log_cb(ctx, cs_cmp_log_nothing) == 1;
}

enum cs_status
cs_cmp_request_read(struct uk_span der, X509 *old, struct cs_cmp_request *ret)
{
	UK_CLEANUP(bio_drop) BIO *bio = BIO_new_mem_buf(der.ptr, (int)der.len);
	UK_CLEANUP(message_drop) OSSL_CMP_MSG *message = NULL;
	UK_CLEANUP(message_drop) OSSL_CMP_MSG *answer = NULL;
	UK_CLEANUP(server_drop) OSSL_CMP_SRV_CTX *server = NULL;
	CS_CMP_REQUEST request = {.key = NULL};
	struct reading reading = {old, &request, CS_E_PROOF};
	int type;

	if (bio == NULL || der.len == 0 || der.len > CS_CMP_MAX ||
	    d2i_OSSL_CMP_MSG_bio(bio, &message) == NULL || BIO_pending(bio) != 0)
		return CS_E_ARGUMENTS;
	type = OSSL_CMP_MSG_get_bodytype(message);
	if (type != OSSL_CMP_KUR && type != OSSL_CMP_P10CR)
		return CS_E_ARGUMENTS;
	server = OSSL_CMP_SRV_CTX_new(NULL, NULL);
	if (!server_set(server, &reading))
		return CS_E_MEMORY;
	answer = OSSL_CMP_SRV_process_request(server, message);
	ERR_clear_error();
	if (reading.status != CS_OK)
		return reading.status;
	*ret = request;
	request = (struct cs_cmp_request){.key = NULL};
	return CS_OK;
}
