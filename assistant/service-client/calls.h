/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that can be asked of a certificate service. Each function makes one question; the
 * order is only read. Strings are copied. "-> X" names what the reply has beside the order.
 */
#ifndef OUK_SERVICE_CLIENT_CALLS_H
#define OUK_SERVICE_CLIENT_CALLS_H

#include "assistant/service-client/service.h"

/* ---- orders ---- */

typedef struct {
	const char *kind;      /* "renewal", "unlock", "new", ...: service/orders/kinds.def */
	const char *unit_code; /* unified social credit code */
	const char *method;    /* "sms" or "memo": how the code comes; NULL: sms */
	const char *serial;    /* of the key; NULL for kind "new" */
	gint64 not_after;      /* of its certificate, Unix time; 0: it has none */
	gboolean locked;       /* its PIN */
	gboolean name_changed, code_changed; /* of the unit, against the certificate */
	GHashTable *form;        /* char * -> char *: unit, legal_name, legal_phone, ... */
	GBytes *certificate;     /* DER of the certificate it is about; goes into the form; NULL */
	const char *idempotency; /* ouk_orders_begin; at least 16 characters */
} OukOrderRequest;

/* -> the order, with its capability: ouk_orders_keep it at once. May be asked again. */
OukCall *ouk_call_order_new(const OukOrderRequest *request);
OukCall *ouk_call_order(OukOrder *order);
OukCall *ouk_call_submit(OukOrder *order);
/* What was agreed to is void then. */
OukCall *ouk_call_form(OukOrder *order, GHashTable *form);
/* A picture: gif, jpg or png, at most OUK_DOCUMENT_MAX bytes. */
OukCall *ouk_call_document(OukOrder *order, const char *slot, GBytes *image);
#define OUK_DOCUMENT_MAX ((gsize)1536 * 1024)
/* -> file: PDF. */
OukCall *ouk_call_form_pdf(OukOrder *order);
/* -> file: PDF of the paper path, filled in. `id` as in ouk_call_paper_list's templates. */
OukCall *ouk_call_paper_filled(OukOrder *order, const char *id);
/* A code to the handler's telephone, where the service wants one with the consent. */
OukCall *ouk_call_consent_code(OukOrder *order);
/* agreed: of OukAgreement, those that were ticked. code: NULL where none was asked for. */
OukCall *ouk_call_consent(OukOrder *order, const GPtrArray *agreed, const char *code);
/* way: "wechat", "alipay", NULL. -> text "qr", "reference", "state", number "amount". */
OukCall *ouk_call_payment(OukOrder *order, guint years, const char *way);
typedef enum {
	OUK_EVENT_HAND_IN,
	OUK_EVENT_CANCEL,
	OUK_EVENT_TO_PAPER,
	OUK_EVENT_COUNT
} OukOrderEvent;
OukCall *ouk_call_event(OukOrder *order, OukOrderEvent event);
/* By bank transfer; years: 1 at least. The order then says where to. */
OukCall *ouk_call_pay_offline(OukOrder *order, guint years);
/* Members: title, tax_number, address, bank, email. */
OukCall *ouk_call_invoice(OukOrder *order, GHashTable *invoice);

/* ---- before there is an order ---- */

/* -> agreements. */
OukCall *ouk_call_texts(void);
/* Papers of the paper path, for a kind of order. */
OukCall *ouk_call_paper_list(const char *kind);
/* -> file: PDF of a template, blank. */
OukCall *ouk_call_paper_blank(const char *kind, const char *id);

/* ---- unlocking (service/unlock/README.md) ---- */

OukCall *ouk_call_unlock_code(OukOrder *order);
/* -> text "grant". Never asked twice by itself: each one counts as a guess. */
OukCall *ouk_call_unlock_check(OukOrder *order, const char *code);
typedef struct {
	const char *grant;
	const char *stage;    /* "admin", "unblock" */
	GBytes *random, *app; /* 8 and 2 bytes */
	guint admin_left;
} OukUnlockCommand;
/*
 * -> bytes "data", for "unblock" also secret "transport". The same question, the same answer; the
 * whole takes less than four seconds, for the key is held meanwhile.
 */
OukCall *ouk_call_unlock_command(OukOrder *order, const OukUnlockCommand *command);
OukCall *ouk_call_unlock_ack(OukOrder *order, const char *grant);
OukCall *ouk_call_unlock_foreign(OukOrder *order, const char *grant);

/* One operator's signature, as hexadecimal digits. */
typedef struct {
	char *operator_name, *signature;
} OukVouch;

/* At the counter: what the operator there signs, as lines of that order. */
typedef struct {
	const char *number, *serial; /* of the order, of the key */
	gint64 at;                   /* seconds */
	const char *once;            /* different each time */
} OukStation;
/* -> order with a capability, text "grant".  Each signature is good once. */
OukCall *ouk_call_unlock_counter(const OukStation *station, const OukVouch *vouch);

/* ---- certificates (service/issue/README.md) ---- */

/* csr: DER; proof: NULL for kinds without. May be asked again. */
OukCall *ouk_call_csr(OukOrder *order, GBytes *csr, GBytes *proof);
/* -> bytes "sign_cert", and "enc_cert" with its envelope where there is one: always the same. */
OukCall *ouk_call_result(OukOrder *order);
/* signature: by the new key. -> number "not_after". May be asked again. */
OukCall *ouk_call_confirm(OukOrder *order, GBytes *signature);

typedef struct {
	GBytes *enc_cert;         /* the old encryption certificate, DER */
	GBytes *to;               /* the public key that the envelope is for, DER */
	const char *notify;       /* a telephone number that is told of it */
	GBytes *signature;        /* by the new certificate's key */
	const GPtrArray *vouches; /* of OukVouch */
} OukRecoverRequest;
/* -> bytes "envelope", for RSA "wrapped_key": always the same (service/kmc/README.md). */
OukCall *ouk_call_recover(OukOrder *order, const OukRecoverRequest *request);

/* ---- orders found again ---- */

/* phone: which handler's; NULL: the last one. -> text "grant", whether there is such a unit or not.
 */
OukCall *ouk_call_query(const char *unit_code, const char *phone);
/* -> orders, each with a capability. Never asked twice by itself. */
OukCall *ouk_call_query_code(const char *grant, const char *code);
/* With the key itself instead of a code. -> text "challenge". */
OukCall *ouk_call_challenge(const char *serial);
/* signature (purpose "query") by the certificate's key over ouk_challenge_body. -> orders. */
OukCall *ouk_call_challenge_answer(const char *challenge, const char *serial, GBytes *certificate,
				   GBytes *signature);
/* The lines to be signed; the caller frees. */
char *ouk_challenge_body(const char *challenge, const char *serial);

/* ---- a new handler, by a code to the legal representative ---- */

typedef struct {
	const char *unit_code, *name, *phone, *email;
} OukHandler;
/* -> text "grant". */
OukCall *ouk_call_handler(const OukHandler *handler);
/* -> number "since": from when on the new number gets codes. */
OukCall *ouk_call_handler_code(const char *grant, const char *code);

#endif
