/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EST and CMP, as two more faces of the same orders.  A face moves an order on as its owner could,
 * and passes requests to openukey-issuerd, which believes it nothing.
 */
#ifndef CS_FACES_FACE_H
#define CS_FACES_FACE_H

#include "service/faces/http.h"
#include "service/orders/order.h"
#include "service/orders/profile.h"
#include "service/store/audit.h"

#include <openssl/x509.h>

#define CS_FACE_CHAIN_MAX 4

struct cs_cmp_table;

/* What all threads share; read-only once the service runs, but for cmp, which locks itself. */
struct cs_faces {
	const char *store, *ca, *node, *issue_socket;
	struct cs_vault vault;
	struct cs_profile profile;
	STACK_OF(X509) * chain; /* the issuing CA's certificate first */
	unsigned int again;     /* seconds until a machine should ask again */
	X509 *cmp_cert;         /* the face's own, which signs CMP's answers; NULL: no CMP */
	EVP_PKEY *cmp_key;
	struct cs_cmp_table *cmp;
};

/* What a thread has for itself. */
struct cs_face {
	struct cs_faces *faces;
	struct cs_orders orders;
	char chain[CS_CHAIN_TEXT];
};

/* A machine's request for a certificate. */
struct cs_machine {
	/* Who asks: an order's number and capability, */
	const char *order, *capability;
	X509 *old; /* or, else, the key of a certificate of ours */
	/* What for: a PKCS #10 or a CMP message; DER. */
	struct uk_span csr, cmp;
	uint8_t once[CS_HASH_LEN]; /* the same request, the same order */
};

/*
 * CS_OK: ret_cert is the certificate; CS_E_BUSY: people have not decided yet; CS_E_DENIED,
 * CS_E_STATE, ...: there will be none.  ret_order: its id, when there is an order; room for
 * CS_ID_TEXT.
 */
UK_CHECKED enum cs_status cs_machine_enrol(struct cs_face *face, const struct cs_machine *machine,
					   struct cs_blob *ret_cert, char *ret_order);
/* It has got there. */
UK_CHECKED enum cs_status cs_machine_confirm(struct cs_face *face, const char *order);
/* The key's owner wants it revoked: an order, which operators carry out. */
UK_CHECKED enum cs_status cs_machine_revoke(struct cs_face *face, X509 *old, char *ret_order);

/* A client's certificate as nginx passes it on: PEM, URL-encoded; one of ours that is valid now. */
UK_CHECKED enum cs_status cs_face_client(const struct cs_face *face, const char *text, X509 **ret);
/* One of ours, valid now. */
UK_CHECKED enum cs_status cs_face_own(const struct cs_face *face, struct uk_span der, X509 **ret);

/* "Basic ..." taken apart. */
struct cs_face_login {
	char order[CS_ID_TEXT], capability[CS_CAP_TEXT];
};
UK_CHECKED bool cs_face_login_read(const char *authorization, struct cs_face_login *ret);
/* %XX is a byte, everything else itself. */
UK_CHECKED bool cs_face_url_read(const char *text, struct cs_blob *ret);
/* Base64 with or without line breaks. */
UK_CHECKED bool cs_face_base64_read(struct uk_span text, size_t most, struct cs_blob *ret);
/* Without line breaks: some clients refuse them. */
UK_CHECKED enum cs_status cs_face_base64(struct uk_span bytes, struct cs_blob *ret);

/* Whole paths; false: not one of its. */
bool cs_est_answer(struct cs_face *face, const struct cs_face_request *request,
		   struct cs_face_answer *answer);
bool cs_cmp_answer(struct cs_face *face, const struct cs_face_request *request,
		   struct cs_face_answer *answer);

struct cs_cmp_table *cs_cmp_table_new(void);
void cs_cmp_table_free(struct cs_cmp_table *table);

#endif
