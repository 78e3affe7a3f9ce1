/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What operators do to an order: a signature over the order as it is now, by one of them or two.
 * This only moves the order on; whoever makes a certificate or an unlock checks signatures itself.
 */
#include "service/certd/api.h"

#include <stdio.h>
#include <string.h>

#define BODY_ROOM 256

static const struct {
	const char *name;
	enum cs_event event;
	size_t people; /* for new keys, replacement and counter unlock approval takes two */
} acts[] = {
	{"approve", CS_EVENT_APPROVE, 2},       {"reject", CS_EVENT_REJECT, 1},
	{"refuse", CS_EVENT_REFUSE, 1},         {"transfer-seen", CS_EVENT_TRANSFER_SEEN, 1},
	{"paper-came", CS_EVENT_PAPER_CAME, 1}, {"make", CS_EVENT_MAKE, 1},
	{"lay-out", CS_EVENT_LAY_OUT, 1},       {"post", CS_EVENT_POST, 1},
	{"hand-over", CS_EVENT_HAND_OVER, 1},   {"release", CS_EVENT_RELEASE, 2},
};

static enum cs_status
act(struct cs_desk *desk, const struct cs_http_request *http, size_t at, struct cs_order_row *row)
{
	const char *key_sn = cs_json_text_or_empty(http->json, "sn", CS_SN_TEXT - 1);
	const char *by = cs_json_text(json_array_get(json_object_get(http->json, "approvals"), 0),
				      "operator", CS_OPERATOR_TEXT);
	char body[BODY_ROOM];
	struct cs_happening what = {.id = row->id,
				    .event = acts[at].event,
				    .actor = CS_ACTOR_OPERATOR,
				    .now = cs_now(),
				    .by = by,
				    .key_sn = key_sn};
	enum cs_status st;

	if (key_sn == NULL)
		return CS_E_ARGUMENTS;
	(void)snprintf(body, sizeof(body), "order\nnumber=%s\nver=%ld\nact=%s\nsn=%s\n",
		       row->number, (long)row->ver, acts[at].name, key_sn);
	st = cs_approved(&desk->certd->operators, json_object_get(http->json, "approvals"),
			 uk_span_str(body), acts[at].people);
	return st == CS_OK ? cs_order_happens(&desk->orders, &what, NULL) : st;
}

enum cs_status
cs_api_operator(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	const char *name = cs_json_text(http->json, "act", CS_WORD_TEXT);
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = CS_E_ARGUMENTS;

	for (size_t i = 0; name != NULL && i < ARRAY_SIZE(acts); i++)
		if (strcmp(acts[i].name, name) == 0) {
			st = cs_store_order_by_number(desk->orders.store, http->parts[0], &row);
			if (st == CS_OK)
				st = act(desk, http, i, &row);
		}
	if (st == CS_OK)
		st = cs_order_read(&desk->orders, row.id, &row, NULL);
	/* Without a signature nobody learns which numbers there are. */
	if (st == CS_E_NOT_FOUND)
		return CS_E_PROOF;
	return st == CS_OK ? cs_api_show(&row, answer) : st;
}
