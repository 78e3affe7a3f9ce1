/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A renewal's talk with the service, and what certificates say. */
#ifndef OUK_CORE_RENEW_SERVICE_H
#define OUK_CORE_RENEW_SERVICE_H

#include "assistant/core/key.h"
#include "assistant/service-client/service.h"

/* service, order, cancellable are set by the caller. */
typedef struct {
	OukService *service;
	OukOrder *order; /* owned */
	GCancellable *cancellable;
	/* as the service says now; borrowed from the order */
	const char *id, *number, *serial;
	gboolean issued, confirmed; /* confirmed is issued too */
	gboolean replaces;          /* the certificate takes another one's place */
} RenewOrder;

void renew_order_clear(RenewOrder *order);
/* Asks for the order. OUK_E_ORDER_STATE unless it is ready for the key. */
gboolean renew_order_look(RenewOrder *order, GError **error);

/* PKCS #10 in DER. The CA takes the name from the order, not from here. */
GBytes *renew_request(const RenewOrder *order, const OukSigner *signer, GError **error);
/* The old key's signature for this request. */
GBytes *renew_proof(const RenewOrder *order, const OukSigner *old, GBytes *request,
		    GBytes *old_cert, GError **error);
gboolean renew_hand_in(RenewOrder *order, GBytes *request, GBytes *proof, GError **error);

typedef struct {
	GBytes *sign_cert, *enc_cert; /* DER; enc_cert NULL: the CA makes none */
	GBytes *envelope, *wrapped;   /* service/issue/README.md; wrapped for RSA */
} RenewResult;

void renew_result_clear(RenewResult *result);
gboolean renew_result(RenewOrder *order, RenewResult *ret, GError **error);
/* The new key's signature over the certificate that is now on the key. */
gboolean renew_confirm(RenewOrder *order, const OukSigner *signer, GBytes *sign_cert,
		       GError **error);

/* ---- certificates ---- */

X509 *renew_x509(GBytes *der);
/* notAfter, Unix time; 0: unreadable. */
gint64 renew_end(GBytes *der);
/* Of two KeyPlace with certificates. */
int renew_newer_first(gconstpointer a, gconstpointer b);
/* Same CA, and same name or same code. */
gboolean renew_same_unit(GBytes *a, GBytes *b);

#endif
