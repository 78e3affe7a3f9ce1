/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enrolment over Secure Transport (RFC 7030). */
#include "service/faces/face.h"

#include "service/pki/cert.h"

#include <openssl/pkcs7.h>
#include <string.h>

#define CSR_MAX 4096
#define CERTS   "application/pkcs7-mime; smime-type=certs-only"

static void
pkcs7_drop(PKCS7 **pkcs7)
{
	PKCS7_free(*pkcs7);
}

/* Certificates and nothing else, in base64 without line breaks. */
static enum cs_status
certs_put(X509 *const *certs, size_t len, struct cs_face_answer *answer)
{
	UK_CLEANUP(pkcs7_drop) PKCS7 *pkcs7 = PKCS7_new();
	unsigned char *der = NULL;
	int der_len = -1;
	enum cs_status st = CS_E_MEMORY;

	if (pkcs7 == NULL || PKCS7_set_type(pkcs7, NID_pkcs7_signed) != 1 ||
	    PKCS7_content_new(pkcs7, NID_pkcs7_data) != 1 || PKCS7_set_detached(pkcs7, 1) != 1)
		return st;
	for (size_t i = 0; i < len; i++)
		if (PKCS7_add_certificate(pkcs7, certs[i]) != 1)
			return st;
	der_len = i2d_PKCS7(pkcs7, &der);
	if (der_len > 0)
		st = cs_face_base64(uk_span_of(der, (size_t)der_len), &answer->body);
	OPENSSL_free(der);
	if (st == CS_OK) {
		answer->http = 200;
		answer->type = CERTS;
		answer->base64 = true;
	}
	return st;
}

static enum cs_status
cacerts(struct cs_face *face, const struct cs_face_request *request, struct cs_face_answer *answer)
{
	const STACK_OF(X509) *chain = face->faces->chain;
	X509 *certs[CS_FACE_CHAIN_MAX];
	int len = sk_X509_num(chain);

	for (int i = 0; i < len && i < CS_FACE_CHAIN_MAX; i++)
		certs[i] = sk_X509_value(chain, i);
	return certs_put(certs, (size_t)len, answer);
}

/* RSA of 2048 bits, signed with SHA-256: SEQUENCE { sha256WithRSA, { rsaEncryption, { 2048 } } } */
static enum cs_status
csrattrs(struct cs_face *face, const struct cs_face_request *request, struct cs_face_answer *answer)
{
	static const uint8_t attributes[] = {0x30, 0x1e, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					     0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x30, 0x11, 0x06,
					     0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
					     0x01, 0x01, 0x31, 0x04, 0x02, 0x02, 0x08, 0x00};

	answer->http = 200;
	answer->type = "application/csrattrs";
	answer->base64 = true;
	return cs_face_base64(uk_span_of(attributes, sizeof(attributes)), &answer->body);
}

static enum cs_status
csr_read(const struct cs_face_request *request, struct cs_blob *ret)
{
	CS_X509_REQ *csr = NULL;

	if (!cs_face_base64_read(request->body, CSR_MAX, ret))
		return CS_E_ARGUMENTS;
	return cs_request_read(cs_blob_span(ret), &csr);
}

/* What there is to say of each outcome; 202 and a time to come back while people decide. */
static enum cs_status
enrolled(struct cs_face *face, const struct cs_machine *machine, struct cs_face_answer *answer)
{
	CS_BLOB der = {NULL, 0};
	CS_X509 *cert = NULL;
	char order[CS_ID_TEXT] = "";
	enum cs_status st = cs_machine_enrol(face, machine, &der, order);

	if (st == CS_E_BUSY) {
		answer->http = 202;
		answer->again = face->faces->again;
		return CS_OK;
	}
	if (st == CS_OK)
		st = cs_cert_read(cs_blob_span(&der), &cert);
	if (st == CS_OK)
		st = cs_machine_confirm(face, order);
	return st == CS_OK ? certs_put((X509 *const[]){cert}, 1, answer) : st;
}

/* A name and a password: an order's number and its capability. */
static enum cs_status
simpleenroll(struct cs_face *face, const struct cs_face_request *request,
	     struct cs_face_answer *answer)
{
	struct cs_face_login login = {.order = ""};
	CS_BLOB csr = {NULL, 0};
	struct cs_machine machine = {.order = login.order, .capability = login.capability};
	enum cs_status st;

	if (!cs_face_login_read(request->authorization, &login)) {
		answer->password = true;
		answer->http = 401;
		return CS_OK;
	}
	st = csr_read(request, &csr);
	machine.csr = cs_blob_span(&csr);
	if (st == CS_OK)
		st = enrolled(face, &machine, answer);
	uk_wipe(&login, sizeof(login));
	return st;
}

/* The certificate that is to be renewed is the client's own in TLS. */
static enum cs_status
simplereenroll(struct cs_face *face, const struct cs_face_request *request,
	       struct cs_face_answer *answer)
{
	CS_X509 *old = NULL;
	CS_BLOB csr = {NULL, 0};
	struct cs_machine machine = {.order = NULL};
	enum cs_status st;

	if (request->certificate[0] == '\0')
		return CS_E_DENIED;
	st = cs_face_client(face, request->certificate, &old);
	if (st == CS_OK)
		st = csr_read(request, &csr);
	machine.old = old;
	machine.csr = cs_blob_span(&csr);
	if (st == CS_OK)
		st = cs_hash(machine.csr, machine.once);
	return st == CS_OK ? enrolled(face, &machine, answer) : st;
}

bool
cs_est_answer(struct cs_face *face, const struct cs_face_request *request,
	      struct cs_face_answer *answer)
{
	static const struct {
		const char *method, *path;
		enum cs_status (*run)(struct cs_face *face, const struct cs_face_request *request,
				      struct cs_face_answer *answer);
	} paths[] = {
		{"GET", "/.well-known/est/cacerts", cacerts},
		{"GET", "/.well-known/est/csrattrs", csrattrs},
		{"POST", "/.well-known/est/simpleenroll", simpleenroll},
		{"POST", "/.well-known/est/simplereenroll", simplereenroll},
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(request->path, paths[i].path) == 0 &&
		    strcmp(request->method, paths[i].method) == 0) {
			enum cs_status st = paths[i].run(face, request, answer);

			if (st != CS_OK)
				answer->http = cs_status_http(st);
			if (st == CS_E_NOT_FOUND) /* nobody learns which orders there are */
				answer->http = 401;
			return true;
		}
	return false;
}
