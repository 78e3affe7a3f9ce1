/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An order with a CA's service, as the service last told it: a snapshot that never changes and may
 * be read on any thread. It carries its capability, which is what authorises; number and id do not.
 */
#ifndef OUK_SERVICE_CLIENT_ORDER_H
#define OUK_SERVICE_CLIENT_ORDER_H

#include <glib-object.h>

#define OUK_TYPE_ORDER ouk_order_get_type()
G_DECLARE_FINAL_TYPE(OukOrder, ouk_order, OUK, ORDER, GObject)

/* What the person does next. The words of the wire are in next.def. */
#define NEXT(name, word, text) OUK_NEXT_##name,
typedef enum {
#include "assistant/service-client/next.def"
	OUK_NEXT_COUNT
} OukNext;
#undef NEXT

/* A picture that the order wants. Strings may be "". */
typedef struct {
	char *slot;
	char *title;  /* as the CA calls it */
	char *state;  /* "missing", "new", "rejected", "accepted" */
	char *reason; /* why it was rejected */
} OukDocument;

/* "" where the service did not say; times are Unix times, 0: none. Borrowed. */
typedef struct {
	char *id, *number, *kind, *state;
	char *serial; /* of the key; "" for an order that is to make one */
	OukNext next;
	gint64 created, changed, deadline;
	GPtrArray *documents; /* of OukDocument; never NULL */
	/* payment; amount in cents, "" and 0 without */
	char *payment_state, *payment_reference, *payment_code; /* code: what the QR code says */
	gint64 amount;
	/* where a bank transfer goes, while it is waited for, and what must stand in its purpose */
	char *transfer_name, *transfer_bank, *transfer_account, *transfer_memo;
	gint64 transfer_amount;
	/* while consent is missing: the handler confirms by a code; until 0: none was sent */
	gboolean handler_code;
	gint64 handler_code_until, handler_code_left;
	/* delivery of a new key */
	char *new_serial, *first_pin, *post, *tracking;
	char *invoice_state, *invoice_number;
} OukOrderInfo;

/* Borrowed; lives as long as the order. */
const OukOrderInfo *ouk_order_info(const OukOrder *order);
/* Whether nothing more will ever happen to it. */
gboolean ouk_order_is_over(const OukOrder *order);
/* Whether its certificate goes onto a key that a person has: renewal, change, open. */
gboolean ouk_order_writes(const OukOrder *order);
/* FALSE: it is known of, but nothing can be done with it until its capability is back. */
gboolean ouk_order_is_ours(const OukOrder *order);

/* Words for people, translated, static: the kind ("renewal"), the state, what comes next. */
const char *ouk_order_kind_text(const char *kind);
const char *ouk_order_state_text(const char *state);
const char *ouk_next_text(OukNext next);

/* ---- for the folder's own use, and for tests ---- */

/* Sixty-four hexadecimal digits; "" when it is not ours. Secret. Borrowed. */
const char *ouk_order_capability(const OukOrder *order);
/* An order that was remembered: all else is asked of the service. */
OukOrder *ouk_order_remembered(const char *id, const char *number, const char *kind,
			       const char *serial, const char *capability);

#endif
