/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unlocking: everything that matters is asked of openukey-unlockd; here the order keeps up with it.
 */
#include "service/certd/api.h"

#include <string.h>

static enum cs_status
pass_on(struct cs_desk *desk, const struct cs_http_request *http, const struct cs_order_row *row,
	const char *op, json_t *answer)
{
	static const char *const members[] = {"code", "grant",      "stage", "random",
					      "app",  "admin_left", NULL};

	/* A loss is proved by a code too; commands are for unlocking only. */
	if (strcmp(row->kind, "unlock") != 0 &&
	    (strcmp(row->kind, "loss") != 0 || strcmp(op, "command") == 0))
		return CS_E_STATE;
	if (desk->certd->unlock_socket == NULL)
		return CS_E_COUNTER;
	return cs_api_pass_on(desk->certd->unlock_socket, http, row, op, members, answer);
}

static enum cs_status
follow(struct cs_desk *desk, const char *id, enum cs_event event)
{
	return cs_api_follow(desk, id, event, "unlockd", 0);
}

/* An order that was given up gets no code any more, and none is good for it. */
static enum cs_status
still_open(const struct cs_order_row *row)
{
	enum cs_state state;

	if (strcmp(row->state, "dead") == 0)
		return CS_E_CODE_DEAD;
	return cs_state_read(row->state, &state) && cs_state_final(state) ? CS_E_STATE : CS_OK;
}

static enum cs_status
relay(struct cs_desk *desk, const struct cs_http_request *http, const char *op, enum cs_event event,
      json_t *answer)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = pass_on(desk, http, &row, op, answer);
	return st == CS_OK ? follow(desk, row.id, event) : st;
}

/* Nothing about the address is said, not even whether there is one. */
enum cs_status
cs_api_code(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	if (st == CS_OK)
		st = still_open(&row);
	return st == CS_OK ? relay(desk, http, "send", CS_EVENT_CODE_SENT, answer) : st;
}

enum cs_status
cs_api_check(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row), followed = CS_OK;

	if (st == CS_OK)
		st = still_open(&row);
	if (st != CS_OK)
		return st;
	st = pass_on(desk, http, &row, "check", answer);
	/* What is reported lost is stopped at once, there as here; a grant is of no use any more.
	 */
	if (st == CS_OK && strcmp(row.kind, "loss") == 0) {
		(void)json_object_clear(answer);
		st = pass_on(desk, http, &row, "lost", answer);
	}
	if (st == CS_OK || st == CS_E_CODE_DEAD)
		followed =
			follow(desk, row.id, st == CS_OK ? CS_EVENT_CODE_OK : CS_EVENT_CODE_DEAD);
	return followed == CS_OK ? st : followed;
}

/*
 * At the counter: two operators have signed for this order and key, which unlockd checks.  The
 * grant is for the station where the key is: cs_api_station, or here with the station's signature.
 */
enum cs_status
cs_api_counter(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	static const char *const begin[] = {"method", NULL};
	static const char *const counter[] = {"approvals", "number", "at", "once", "station", NULL};
	struct cs_desk *desk = ctx;
	struct cs_happening approve = {
		.event = CS_EVENT_APPROVE, .actor = CS_ACTOR_OPERATOR, .now = cs_now()};
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_store_order_by_number(desk->orders.store, http->parts[0], &row);

	if (st == CS_E_NOT_FOUND || (st == CS_OK && strcmp(row.kind, "unlock") != 0))
		return CS_E_PROOF;
	if (st == CS_OK && desk->certd->unlock_socket == NULL)
		return CS_E_UNAVAILABLE;
	if (st == CS_OK)
		st = cs_api_pass_on(desk->certd->unlock_socket, http, &row, "begin", begin, answer);
	if (st == CS_OK || st == CS_E_EXISTS)
		st = cs_api_pass_on(desk->certd->unlock_socket, http, &row, "counter", counter,
				    answer);
	if (st != CS_OK)
		return st;
	approve.id = row.id;
	st = cs_order_happens(&desk->orders, &approve, NULL);
	return st == CS_E_STATE ? CS_OK : st; /* approved before, and the answer was lost */
}

enum cs_status
cs_api_command(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	struct cs_desk *desk = ctx;
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_status st = cs_api_own(desk, http, &row);

	/* Here the loss of a key is known first: an order that may not go on is not passed on. */
	if (st == CS_OK)
		st = cs_api_step(desk, &row, CS_EVENT_COMMAND);
	if (st != CS_OK)
		return st;
	st = pass_on(desk, http, &row, "command", answer);
	if (st == CS_E_COUNTER && follow(desk, row.id, CS_EVENT_FOREIGN) != CS_OK)
		return CS_E_INTERNAL;
	if (st == CS_E_LIMIT && follow(desk, row.id, CS_EVENT_SPENT) != CS_OK)
		return CS_E_INTERNAL;
	return st;
}

enum cs_status
cs_api_ack(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	return relay(ctx, http, "ack", CS_EVENT_ACK, answer);
}

enum cs_status
cs_api_foreign(void *ctx, const struct cs_http_request *http, json_t *answer)
{
	return relay(ctx, http, "foreign", CS_EVENT_FOREIGN, answer);
}
