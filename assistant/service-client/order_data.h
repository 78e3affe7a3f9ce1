/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an order is filled; for this folder only. */
#ifndef OUK_SERVICE_CLIENT_ORDER_DATA_H
#define OUK_SERVICE_CLIENT_ORDER_DATA_H

#include "assistant/service-client/order.h"

#include <stddef.h>

/* The texts of an order and where the answer has them: "payment.state" is inside "payment". */
static const struct {
	const char *object; /* NULL: the answer itself */
	const char *member;
	gsize offset;
} order_texts[] = {
#define AT(field) offsetof(OukOrderInfo, field)
	{NULL, "order", AT(id)},
	{NULL, "number", AT(number)},
	{NULL, "kind", AT(kind)},
	{NULL, "state", AT(state)},
	{NULL, "sn", AT(serial)},
	{"payment", "state", AT(payment_state)},
	{"payment", "reference", AT(payment_reference)},
	{"payment", "qr", AT(payment_code)},
	{"transfer", "name", AT(transfer_name)},
	{"transfer", "bank", AT(transfer_bank)},
	{"transfer", "account", AT(transfer_account)},
	{"transfer", "memo", AT(transfer_memo)},
	{"delivery", "key", AT(new_serial)},
	{"delivery", "pin", AT(first_pin)},
	{"delivery", "post", AT(post)},
	{"delivery", "tracking", AT(tracking)},
	{"invoice", "state", AT(invoice_state)},
	{"invoice", "number", AT(invoice_number)},
#undef AT
};

/* Where the text of that row is kept. */
char **order_text_at(OukOrderInfo *info, gsize index);
/* An empty order; *ret_info is to be filled before anybody else sees it. Copies the capability. */
OukOrder *order_new(const char *capability, OukOrderInfo **ret_info);
/* By the word of the wire, or by the state where there is none. */
OukNext order_next_of(const char *word, const char *state);
/* Overwrites and frees; NULL is legal. */
void order_text_wipe(char *text);

#endif
