/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/service/desk_orders.h"

#include <unistd.h>

const struct cs_terms desk_terms = {.offset = CS_CHINA_OFFSET,
				    .renew_before = 30,
				    .renew_after = 60,
				    .years = {1, 2},
				    .price = {[CS_KIND_RENEWAL] = 22000, [CS_KIND_LOST] = 10000}};

struct desk {
	struct cs_orders orders;
	struct cs_vault vault;
	char chain[24];
};

struct cs_orders *
desk_open(void)
{
	static unsigned int opened;
	struct desk *desk = calloc(1, sizeof(*desk));

	assert_non_null(desk);
	if (access(engine_path("vault.key"), F_OK) != 0)
		assert_cs_ok(cs_vault_make(engine_path("vault.key")));
	assert_cs_ok(cs_vault_open(engine_path("vault.key"), &desk->vault));
	(void)snprintf(desk->chain, sizeof(desk->chain), "n%d-%u", (int)getpid(), ++opened);
	desk->orders = (struct cs_orders){.store = engine_open(CS_SCHEMA_ORDERS),
					  .vault = &desk->vault,
					  .terms = &desk_terms,
					  .chain = desk->chain};
	return &desk->orders;
}

void
desk_close(struct cs_orders *orders)
{
	cs_store_close(orders->store);
	free(orders); /* the first member of a struct desk */
}

enum cs_status
desk_new(struct cs_orders *orders, enum cs_kind kind, const char *key_sn, struct cs_order_made *ret)
{
	static unsigned int requests;
	char idempotency[48];
	struct cs_order_request request = {
		.kind = kind,
		.key_sn = key_sn,
		.profile = "rehearsal",
		.unit_code = "91110000TEST000001",
		.facts = {.not_after = NOW + 10 * CS_DAY},
		.form = str("{\"name\":\"" NAME "\",\"phone\":\"" PHONE "\"}"),
		.idempotency = idempotency};

	(void)snprintf(idempotency, sizeof(idempotency), "request %d %u, long enough",
		       (int)getpid(), ++requests);
	return cs_order_new(orders, &request, NOW, ret);
}

enum cs_status
desk_event(struct cs_orders *orders, const char *id, enum cs_event event, int64_t now)
{
	const struct cs_happening what = {.id = id,
					  .event = event,
					  .actor = cs_event_actor(event),
					  .now = now,
					  .not_after = NOW + 375 * CS_DAY,
					  .key_sn = "NEWKEY",
					  .form = str("{\"name\":\"changed\"}")};

	return cs_order_happens(orders, &what, NULL);
}

enum cs_status
desk_consent(struct cs_orders *orders, const char *id, int64_t now)
{
	struct cs_consent consents[] = {{.text_id = "agreement", .version = "1"},
					{.text_id = "privacy", .version = "3"},
					{.text_id = "risk", .version = "1"}};

	return cs_order_consent(orders, id, consents, ARRAY_SIZE(consents), now);
}

void
desk_to_review(struct cs_orders *orders, const char *id)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_kind kind = CS_KIND_NEW;

	assert_cs_ok(cs_order_read(orders, id, &row, NULL));
	assert_true(cs_kind_read(row.kind, &kind));
	assert_cs_ok(desk_event(orders, id, CS_EVENT_SUBMIT, NOW));
	assert_cs_ok(desk_event(orders, id, CS_EVENT_IDENTITY_OK, NOW));
	assert_cs_ok(desk_consent(orders, id, NOW));
	if (cs_kind_paid(kind)) {
		assert_cs_ok(desk_event(orders, id, CS_EVENT_PAY, NOW));
		assert_cs_ok(desk_event(orders, id, CS_EVENT_MONEY, NOW));
	}
	assert_cs_ok(desk_event(orders, id, CS_EVENT_HAND_IN, NOW));
}

void
desk_suspend(struct cs_orders *orders, const char *key_sn)
{
	static const enum cs_event steps[] = {CS_EVENT_SUBMIT, CS_EVENT_IDENTITY_OK,
					      CS_EVENT_CODE_SENT, CS_EVENT_CODE_OK};
	struct cs_order_made loss;

	assert_cs_ok(desk_new(orders, CS_KIND_LOSS, key_sn, &loss));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		assert_cs_ok(desk_event(orders, loss.id, steps[i], NOW));
	assert_int_equal(desk_state(orders, loss.id), CS_STATE_SUSPENDED);
}

enum cs_state
desk_state(struct cs_orders *orders, const char *id)
{
	CS_ORDER_ROW row = {.ver = 0};
	enum cs_state state = CS_STATE_DRAFT;

	assert_cs_ok(cs_order_read(orders, id, &row, NULL));
	assert_true(cs_state_read(row.state, &state));
	return state;
}
