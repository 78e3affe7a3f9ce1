/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/flow.h"

#define STEP(state, event, next, action) \
	[OUK_FLOW_##state][OUK_FLOW_##event] = {TRUE, OUK_FLOW_##next, OUK_FLOW_DO_##action, NULL},
#define IGNORE(state, event, why) \
	[OUK_FLOW_##state][OUK_FLOW_##event] = {TRUE, OUK_FLOW_##state, OUK_FLOW_DO_NOTHING, why},
static const struct row {
	gboolean there;
	OukFlowState next;
	OukFlowAction action;
	const char *why;
} rows[OUK_FLOW_STATES][OUK_FLOW_EVENTS] = {
#include "assistant/core/flow.def"
};
#undef STEP
#undef IGNORE

static const struct {
	OukFlowState state;
	OukFlowAction action;
} starts[OUK_FLOW_KINDS] = {
	[OUK_FLOW_CHANGE] = {OUK_FLOW_READING, OUK_FLOW_DO_READ_TRIES},
	[OUK_FLOW_TEST] = {OUK_FLOW_READING, OUK_FLOW_DO_READ_TRIES},
	[OUK_FLOW_LOGIN] = {OUK_FLOW_READING, OUK_FLOW_DO_READ_TRIES},
	[OUK_FLOW_FIRST_PIN] = {OUK_FLOW_OFFER, OUK_FLOW_DO_OFFER},
};

OukFlowAction
ouk_flow_start(OukFlow *flow, OukFlowKind kind)
{
	*flow = (OukFlow){.kind = kind, .state = starts[kind].state};
	return starts[kind].action;
}

OukFlowAction
ouk_flow_step(OukFlow *flow, OukFlowEvent event)
{
	const struct row *row = &rows[flow->state][event];

	if (row->why != NULL)
		return OUK_FLOW_DO_NOTHING;
	/* What was agreed to is one try: each new look at the counter ends it. */
	flow->guarded = row->next == OUK_FLOW_ASKING || row->next == OUK_FLOW_SENDING
				? flow->guarded || flow->state == OUK_FLOW_GUARD
				: FALSE;
	flow->state = row->next;
	return row->action;
}

gboolean
ouk_flow_ended(const OukFlow *flow)
{
	return flow->state == OUK_FLOW_DONE || flow->state == OUK_FLOW_LOCKED ||
	       flow->state == OUK_FLOW_STOPPED;
}

const char *
ouk_flow_ignored(OukFlowState state, OukFlowEvent event)
{
	return rows[state][event].why;
}

gboolean
ouk_flow_listed(OukFlowState state, OukFlowEvent event)
{
	return rows[state][event].there;
}

/* ---- events ---- */

/* Where the number is not told, the flags are all there is. */
static gboolean
is_few(const OukTries *tries)
{
	return tries->exact ? tries->left <= OUK_LAST_TRIES : tries->final_try;
}

OukFlowEvent
ouk_flow_tries(const OukTries *tries)
{
	if (tries->locked)
		return OUK_FLOW_NONE;
	return is_few(tries) ? OUK_FLOW_FEW : OUK_FLOW_MANY;
}

static const struct {
	OukErrorCode code;
	OukFlowEvent event;
} results[] = {
	{OUK_E_PIN_WRONG, OUK_FLOW_WRONG},      {OUK_E_PIN_LOCKED, OUK_FLOW_NONE},
	{OUK_E_PIN_LEN, OUK_FLOW_REFUSED},      {OUK_E_PIN_INVALID, OUK_FLOW_REFUSED},
	{OUK_E_PIN_WEAK, OUK_FLOW_REFUSED},     {OUK_E_PIN_SAME, OUK_FLOW_REFUSED},
	{OUK_E_PIN_MISMATCH, OUK_FLOW_REFUSED}, {OUK_E_COUNTER_MOVED, OUK_FLOW_MOVED},
	{OUK_E_REMOVED, OUK_FLOW_PULLED},       {OUK_E_CANCELLED, OUK_FLOW_CANCEL},
};

OukFlowEvent
ouk_flow_result(const GError *error, const OukTries *after)
{
	if (error == NULL)
		return OUK_FLOW_RIGHT;
	for (gsize i = 0; error->domain == OUK_ERROR && i < G_N_ELEMENTS(results); i++) {
		if (error->code != (int)results[i].code)
			continue;
		if (results[i].event == OUK_FLOW_WRONG && after->locked)
			return OUK_FLOW_NONE;
		if (results[i].event == OUK_FLOW_WRONG && is_few(after))
			return OUK_FLOW_WRONG_FEW;
		return results[i].event;
	}
	return OUK_FLOW_FAILED;
}
