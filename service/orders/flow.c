/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/orders/flow.h"

#include "service/base/clock.h"

#include <string.h>

#define K(name)       (1U << CS_KIND_##name)
#define KINDS_ALL     ((1U << CS_KIND_COUNT) - 1)
#define KINDS_CODED   (K(UNLOCK) | K(LOSS))
#define KINDS_WRITING (K(RENEWAL) | K(CHANGE) | K(OPEN))
#define KINDS_MADE    (K(NEW) | K(LOST) | K(DAMAGED))
#define KINDS_FORMS   (KINDS_ALL & ~KINDS_CODED)
#define KINDS_PAID    (KINDS_MADE | K(RENEWAL) | K(OPEN))
#define KINDS_FREE    (KINDS_FORMS & ~KINDS_PAID)

struct flow {
	unsigned int kinds;
	enum cs_state from;
	enum cs_event event;
	enum cs_state to;
};

#define ALL                          KINDS_ALL
#define CODED                        KINDS_CODED
#define WRITING                      KINDS_WRITING
#define MADE                         KINDS_MADE
#define FORMS                        KINDS_FORMS
#define PAID                         KINDS_PAID
#define FREE                         KINDS_FREE
#define FLOW(kinds, from, event, to) {(kinds), CS_STATE_##from, CS_EVENT_##event, CS_STATE_##to},
static const struct flow flows[] = {
#include "service/orders/flow.def"
};
#undef FLOW
#undef ALL
#undef CODED
#undef WRITING
#undef MADE
#undef FORMS
#undef PAID
#undef FREE

static const struct {
	const char *word, *chinese;
	bool claims;
} kinds[] = {
#define ORDER_KIND(name, word, chinese, claims) [CS_KIND_##name] = {word, chinese, claims},
#include "service/orders/kinds.def"
#undef ORDER_KIND
};

static const struct {
	const char *word;
	bool final;
} states[] = {
#define ORDER_STATE(name, word, final) [CS_STATE_##name] = {word, final},
#include "service/orders/states.def"
#undef ORDER_STATE
};

static const struct {
	const char *word;
	enum cs_actor actor;
} events[] = {
#define ORDER_EVENT(name, word, actor) [CS_EVENT_##name] = {word, CS_ACTOR_##actor},
#include "service/orders/events.def"
#undef ORDER_EVENT
};

/* How long an order waits in a state. S11: unpaid for 24 hours. */
static const struct {
	unsigned int kinds;
	enum cs_state state;
	int64_t seconds;
} deadlines[] = {
	{KINDS_ALL, CS_STATE_DRAFT, 30 * CS_DAY},
	{KINDS_ALL, CS_STATE_SUBMITTED, 30 * CS_DAY},
	{KINDS_CODED, CS_STATE_IDENTIFIED, CS_DAY},
	{KINDS_FORMS, CS_STATE_DOCS, 30 * CS_DAY},
	{KINDS_FORMS, CS_STATE_CONSENTED, 30 * CS_DAY},
	{KINDS_FORMS, CS_STATE_PAPER_WAIT, 60 * CS_DAY},
	{KINDS_PAID, CS_STATE_WAIT_PAY, 24 * CS_HOUR},
	{KINDS_FORMS, CS_STATE_CORRECT, 30 * CS_DAY},
	{KINDS_WRITING, CS_STATE_READY, 90 * CS_DAY},
	{KINDS_WRITING, CS_STATE_ISSUED, 90 * CS_DAY},
	{KINDS_CODED, CS_STATE_COUNTER_WAIT, 30 * CS_DAY},
	{K(UNLOCK), CS_STATE_CODE_OK, 24 * CS_HOUR},
	{K(UNLOCK), CS_STATE_COMMANDED, 24 * CS_HOUR},
};

#define CODE_SMS_LIFE  (10 * CS_MINUTE)
#define CODE_MEMO_LIFE (72 * CS_HOUR)

enum cs_status
cs_flow_next(enum cs_kind kind, enum cs_state state, enum cs_event event, enum cs_state *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++)
		if (flows[i].from == state && flows[i].event == event &&
		    (flows[i].kinds & 1U << kind) != 0) {
			*ret = flows[i].to;
			return CS_OK;
		}
	return CS_E_STATE;
}

int64_t
cs_flow_deadline(enum cs_kind kind, enum cs_state state, enum cs_method method)
{
	if (state == CS_STATE_CODE_SENT)
		return method == CS_METHOD_MEMO ? CODE_MEMO_LIFE : CODE_SMS_LIFE;
	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++)
		if (deadlines[i].state == state && (deadlines[i].kinds & 1U << kind) != 0)
			return deadlines[i].seconds;
	return 0;
}

bool
cs_state_final(enum cs_state state)
{
	return states[state].final;
}

bool
cs_kind_claims(enum cs_kind kind)
{
	return kinds[kind].claims;
}

bool
cs_kind_paid(enum cs_kind kind)
{
	return (KINDS_PAID & 1U << kind) != 0;
}

enum cs_actor
cs_event_actor(enum cs_event event)
{
	return events[event].actor;
}

const char *
cs_kind_word(enum cs_kind kind)
{
	return kinds[kind].word;
}

const char *
cs_kind_chinese(enum cs_kind kind)
{
	return kinds[kind].chinese;
}

const char *
cs_state_word(enum cs_state state)
{
	return states[state].word;
}

const char *
cs_event_word(enum cs_event event)
{
	return events[event].word;
}

const char *
cs_actor_word(enum cs_actor actor)
{
	static const char *const words[] = {"user", "provider", "operator", "system"};

	return words[actor];
}

bool
cs_kind_read(const char *word, enum cs_kind *ret)
{
	for (unsigned int i = 0; i < CS_KIND_COUNT; i++)
		if (strcmp(kinds[i].word, word) == 0) {
			*ret = (enum cs_kind)i;
			return true;
		}
	return false;
}

bool
cs_state_read(const char *word, enum cs_state *ret)
{
	for (unsigned int i = 0; i < CS_STATE_COUNT; i++)
		if (strcmp(states[i].word, word) == 0) {
			*ret = (enum cs_state)i;
			return true;
		}
	return false;
}
