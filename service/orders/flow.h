/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kinds, states and events of orders, and which follows which. Pure: no clock, no database. */
#ifndef CS_ORDERS_FLOW_H
#define CS_ORDERS_FLOW_H

#include "common/defs.h"
#include "service/base/status.h"

#include <stdbool.h>
#include <stdint.h>

#define ORDER_KIND(name, word, chinese, claims) CS_KIND_##name,
enum cs_kind {
#include "service/orders/kinds.def"
	CS_KIND_COUNT
};
#undef ORDER_KIND

#define ORDER_STATE(name, word, final) CS_STATE_##name,
enum cs_state {
#include "service/orders/states.def"
	CS_STATE_COUNT
};
#undef ORDER_STATE

#define ORDER_EVENT(name, word, actor) CS_EVENT_##name,
enum cs_event {
#include "service/orders/events.def"
	CS_EVENT_COUNT
};
#undef ORDER_EVENT

enum cs_actor { CS_ACTOR_USER, CS_ACTOR_PROVIDER, CS_ACTOR_OPERATOR, CS_ACTOR_SYSTEM };

/* How the code of an unlock or loss travels: a text message, or the memo of a 1-cent transfer. */
enum cs_method { CS_METHOD_SMS, CS_METHOD_MEMO, CS_METHOD_COUNTER };

/* What the state becomes; CS_E_STATE when the event cannot happen then. */
UK_CHECKED enum cs_status cs_flow_next(enum cs_kind kind, enum cs_state state, enum cs_event event,
				       enum cs_state *ret);

/* Seconds until TIME happens in that state; 0: never. */
int64_t cs_flow_deadline(enum cs_kind kind, enum cs_state state, enum cs_method method);

bool cs_state_final(enum cs_state state);
/* Whether the kind keeps other orders from the key, and is paid for. */
bool cs_kind_claims(enum cs_kind kind);
bool cs_kind_paid(enum cs_kind kind);
enum cs_actor cs_event_actor(enum cs_event event);

const char *cs_kind_word(enum cs_kind kind);
const char *cs_kind_chinese(enum cs_kind kind);
const char *cs_state_word(enum cs_state state);
const char *cs_event_word(enum cs_event event);
const char *cs_actor_word(enum cs_actor actor);
UK_CHECKED bool cs_kind_read(const char *word, enum cs_kind *ret);
UK_CHECKED bool cs_state_read(const char *word, enum cs_state *ret);

#endif
