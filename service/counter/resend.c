/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A code once more. openukey-unlockd has the number, draws the code and counts how often. */
#include "service/counter/counter.h"

#include "service/audit/audit.h"
#include "service/wire/client.h"

#include <string.h>

#define ASK_MS 5000
#define MAY_RESEND                                                      \
	(CS_ROLE_BIT(CS_ROLE_HOTLINE) | CS_ROLE_BIT(CS_ROLE_REVIEWER) | \
	 CS_ROLE_BIT(CS_ROLE_COUNTER))

enum cs_status
cs_counter_resend(const struct cs_counter *counter, const char *number)
{
	struct cs_desk *desk = counter->desk;
	CS_ORDER_ROW row = {.ver = 0};
	CS_JSON *answer = NULL;
	const struct cs_audit_pair pairs[] = {
		{"event", "resend"}, {"order", number}, {"by", counter->who.name}};
	enum cs_status st = cs_counter_is(counter, MAY_RESEND)
				    ? cs_store_order_by_number(desk->orders.store, number, &row)
				    : CS_E_DENIED;

	if (st == CS_OK && strcmp(row.state, "identified") != 0 &&
	    strcmp(row.state, "code-sent") != 0)
		st = CS_E_STATE;
	if (st == CS_OK && desk->certd->unlock_socket == NULL)
		st = CS_E_UNAVAILABLE;
	if (st == CS_OK)
		st = cs_ask(desk->certd->unlock_socket,
			    json_pack("{s:s, s:s}", "op", "send", "order", row.id), ASK_MS,
			    &answer);
	if (st == CS_OK)
		st = cs_api_follow(desk, row.id, CS_EVENT_CODE_SENT, "unlockd", 0);
	return st == CS_OK ? cs_audit_log(desk->orders.store, desk->chain, cs_now(), pairs,
					  ARRAY_SIZE(pairs))
			   : st;
}
