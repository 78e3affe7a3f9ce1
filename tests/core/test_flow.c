/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flows: every event in every state, and the ways a person takes. */
#include "assistant/core/flow.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

static void
every_event_in_every_state_is_in_the_table(void **state)
{
	for (int at = 0; at < OUK_FLOW_STATES; at++) {
		for (int event = 0; event < OUK_FLOW_EVENTS; event++) {
			OukFlow flow = {OUK_FLOW_CHANGE, (OukFlowState)at, FALSE};
			const char *why = ouk_flow_ignored((OukFlowState)at, (OukFlowEvent)event);
			OukFlowAction action;

			if (!ouk_flow_listed((OukFlowState)at, (OukFlowEvent)event))
				fail_msg("state %d has no row for event %d", at, event);
			action = ouk_flow_step(&flow, (OukFlowEvent)event);
			if (why != NULL) {
				assert_int_equal(action, OUK_FLOW_DO_NOTHING);
				assert_int_equal(flow.state, at);
				assert_true(why[0] != '\0');
			} else {
				assert_int_not_equal(action, OUK_FLOW_DO_NOTHING);
				assert_true((int)action < (int)OUK_FLOW_DO_LAST);
			}
		}
	}
}

/* What an action is for is the same wherever it is done: what it leads to is one state. */
static void
an_action_leads_to_one_state(void **state)
{
	static const struct {
		OukFlowAction action;
		OukFlowState next;
	} pairs[] = {
		{OUK_FLOW_DO_READ_TRIES, OUK_FLOW_READING},
		{OUK_FLOW_DO_GUARD, OUK_FLOW_GUARD},
		{OUK_FLOW_DO_PROMPT, OUK_FLOW_ASKING},
		{OUK_FLOW_DO_PROMPT_WRONG, OUK_FLOW_ASKING},
		{OUK_FLOW_DO_PROMPT_REFUSED, OUK_FLOW_ASKING},
		{OUK_FLOW_DO_SEND, OUK_FLOW_SENDING},
		{OUK_FLOW_DO_WAIT, OUK_FLOW_WAITING},
		{OUK_FLOW_DO_TROUBLE, OUK_FLOW_TROUBLE},
		{OUK_FLOW_DO_DONE, OUK_FLOW_DONE},
		{OUK_FLOW_DO_LOCKED, OUK_FLOW_LOCKED},
		{OUK_FLOW_DO_CLOSE, OUK_FLOW_STOPPED},
	};

	for (int at = 0; at < OUK_FLOW_STATES; at++) {
		for (int event = 0; event < OUK_FLOW_EVENTS; event++) {
			OukFlow flow = {OUK_FLOW_CHANGE, (OukFlowState)at, FALSE};
			OukFlowAction action = ouk_flow_step(&flow, (OukFlowEvent)event);

			for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
				if (pairs[i].action == action)
					assert_int_equal(flow.state, pairs[i].next);
		}
	}
}

/* Whatever happens, a PIN is sent only from the prompt, and the person can always stop. */
static void
no_shortcut_sends_a_pin(void **state)
{
	for (int at = 0; at < OUK_FLOW_STATES; at++) {
		OukFlow stop = {OUK_FLOW_CHANGE, (OukFlowState)at, FALSE};

		for (int event = 0; event < OUK_FLOW_EVENTS; event++) {
			OukFlow flow = {OUK_FLOW_CHANGE, (OukFlowState)at, FALSE};

			if (ouk_flow_step(&flow, (OukFlowEvent)event) != OUK_FLOW_DO_SEND)
				continue;
			assert_int_equal(at, OUK_FLOW_ASKING);
			assert_int_equal(event, OUK_FLOW_ENTERED);
		}
		if (ouk_flow_ended(&stop))
			continue;
		(void)ouk_flow_step(&stop, OUK_FLOW_CANCEL);
		assert_int_equal(stop.state, OUK_FLOW_STOPPED);
	}
}

#define FAR 12

/* Walks at random: every walk can be brought to an end, and no end is left again. */
static void
every_walk_can_end(void **state)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(4);

	for (int walk = 0; walk < 20000; walk++) {
		OukFlow flow;
		OukFlowState last;

		(void)ouk_flow_start(&flow, (OukFlowKind)(walk % OUK_FLOW_KINDS));
		for (int i = 0; i < FAR; i++) {
			last = flow.state;
			(void)ouk_flow_step(
				&flow, (OukFlowEvent)g_rand_int_range(rand, 0, OUK_FLOW_EVENTS));
			if (last == OUK_FLOW_DONE || last == OUK_FLOW_LOCKED ||
			    last == OUK_FLOW_STOPPED)
				assert_int_equal(flow.state, last);
		}
		(void)ouk_flow_step(&flow, OUK_FLOW_CANCEL);
		assert_true(ouk_flow_ended(&flow));
	}
}

/* ---- ways a person takes ---- */

struct pace {
	OukFlowEvent event;
	OukFlowAction action;
};

#define WALK(kind, first, ...)                                                                   \
	do {                                                                                     \
		static const struct pace paces[] = {__VA_ARGS__};                                \
		OukFlow flow;                                                                    \
		assert_int_equal(ouk_flow_start(&flow, (kind)), (first));                        \
		for (size_t i = 0; i < G_N_ELEMENTS(paces); i++)                                 \
			assert_int_equal(ouk_flow_step(&flow, paces[i].event), paces[i].action); \
		assert_true(ouk_flow_ended(&flow));                                              \
	} while (0)

static void
ways_that_people_take(void **state)
{
	/* the PIN is right */
	WALK(OUK_FLOW_TEST, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND}, {OUK_FLOW_RIGHT, OUK_FLOW_DO_DONE});
	/* full-width digits, then wrong until few are left, then locked */
	WALK(OUK_FLOW_LOGIN, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_REFUSED, OUK_FLOW_DO_PROMPT_REFUSED}, {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND},
	     {OUK_FLOW_WRONG, OUK_FLOW_DO_PROMPT_WRONG}, {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND},
	     {OUK_FLOW_WRONG_FEW, OUK_FLOW_DO_GUARD}, {OUK_FLOW_AGREED, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND}, {OUK_FLOW_NONE, OUK_FLOW_DO_LOCKED});
	/* another program spent a try between the guard and the PIN */
	WALK(OUK_FLOW_CHANGE, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_FEW, OUK_FLOW_DO_GUARD},
	     {OUK_FLOW_AGREED, OUK_FLOW_DO_PROMPT}, {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND},
	     {OUK_FLOW_MOVED, OUK_FLOW_DO_READ_TRIES}, {OUK_FLOW_FEW, OUK_FLOW_DO_GUARD},
	     {OUK_FLOW_CANCEL, OUK_FLOW_DO_CLOSE});
	/* pulled in the middle; what was typed is not sent to the key that comes back */
	WALK(OUK_FLOW_CHANGE, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_PULLED, OUK_FLOW_DO_WAIT}, {OUK_FLOW_ENTERED, OUK_FLOW_DO_NOTHING},
	     {OUK_FLOW_PLUGGED, OUK_FLOW_DO_READ_TRIES}, {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND}, {OUK_FLOW_RIGHT, OUK_FLOW_DO_DONE});
	/* the first PIN is offered to be changed */
	WALK(OUK_FLOW_FIRST_PIN, OUK_FLOW_DO_OFFER, {OUK_FLOW_AGREED, OUK_FLOW_DO_READ_TRIES},
	     {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT}, {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND},
	     {OUK_FLOW_RIGHT, OUK_FLOW_DO_DONE});
	WALK(OUK_FLOW_FIRST_PIN, OUK_FLOW_DO_OFFER, {OUK_FLOW_CANCEL, OUK_FLOW_DO_CLOSE});
	/* locked from the start: no prompt at all */
	WALK(OUK_FLOW_CHANGE, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_NONE, OUK_FLOW_DO_LOCKED});
	/* something else, again, and then it works */
	WALK(OUK_FLOW_TEST, OUK_FLOW_DO_READ_TRIES, {OUK_FLOW_FAILED, OUK_FLOW_DO_TROUBLE},
	     {OUK_FLOW_AGAIN, OUK_FLOW_DO_READ_TRIES}, {OUK_FLOW_MANY, OUK_FLOW_DO_PROMPT},
	     {OUK_FLOW_ENTERED, OUK_FLOW_DO_SEND}, {OUK_FLOW_RIGHT, OUK_FLOW_DO_DONE});
}

static void
an_agreement_is_for_one_try(void **state)
{
	OukFlow flow;

	(void)ouk_flow_start(&flow, OUK_FLOW_LOGIN);
	(void)ouk_flow_step(&flow, OUK_FLOW_FEW);
	assert_false(flow.guarded);
	(void)ouk_flow_step(&flow, OUK_FLOW_AGREED);
	assert_true(flow.guarded);
	(void)ouk_flow_step(&flow, OUK_FLOW_REFUSED);
	assert_true(flow.guarded);
	(void)ouk_flow_step(&flow, OUK_FLOW_ENTERED);
	assert_true(flow.guarded);
	(void)ouk_flow_step(&flow, OUK_FLOW_WRONG_FEW);
	assert_false(flow.guarded);
	/* many are left: nobody was asked, nothing was agreed to */
	(void)ouk_flow_start(&flow, OUK_FLOW_LOGIN);
	(void)ouk_flow_step(&flow, OUK_FLOW_MANY);
	assert_false(flow.guarded);
}

/* ---- events ---- */

static void
counters_are_events(void **state)
{
	static const struct {
		OukTries tries;
		OukFlowEvent event;
	} rows[] = {
		{{.exact = TRUE, .max = 10, .left = 10}, OUK_FLOW_MANY},
		{{.exact = TRUE, .max = 10, .left = 4}, OUK_FLOW_MANY},
		{{.exact = TRUE, .max = 10, .left = 3}, OUK_FLOW_FEW},
		{{.exact = TRUE, .max = 10, .left = 1, .final_try = TRUE}, OUK_FLOW_FEW},
		{{.exact = TRUE, .max = 10, .left = 0, .locked = TRUE}, OUK_FLOW_NONE},
		{{.exact = TRUE, .max = 3, .left = 3}, OUK_FLOW_FEW},
		{{.exact = FALSE}, OUK_FLOW_MANY},
		{{.low = TRUE}, OUK_FLOW_MANY},
		{{.low = TRUE, .final_try = TRUE}, OUK_FLOW_FEW},
		{{.locked = TRUE}, OUK_FLOW_NONE},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(ouk_flow_tries(&rows[i].tries), rows[i].event);
}

static void
errors_are_events(void **state)
{
	static const OukTries many = {.exact = TRUE, .max = 10, .left = 8};
	static const OukTries few = {.exact = TRUE, .max = 10, .left = 2};
	static const OukTries none = {.exact = TRUE, .max = 10, .locked = TRUE};
	static const struct {
		OukErrorCode code;
		const OukTries *after;
		OukFlowEvent event;
	} rows[] = {
		{OUK_E_PIN_WRONG, &many, OUK_FLOW_WRONG},
		{OUK_E_PIN_WRONG, &few, OUK_FLOW_WRONG_FEW},
		{OUK_E_PIN_WRONG, &none, OUK_FLOW_NONE},
		{OUK_E_PIN_LOCKED, &none, OUK_FLOW_NONE},
		{OUK_E_PIN_LEN, &many, OUK_FLOW_REFUSED},
		{OUK_E_PIN_INVALID, &many, OUK_FLOW_REFUSED},
		{OUK_E_PIN_SAME, &many, OUK_FLOW_REFUSED},
		{OUK_E_COUNTER_MOVED, &few, OUK_FLOW_MOVED},
		{OUK_E_REMOVED, &many, OUK_FLOW_PULLED},
		{OUK_E_CANCELLED, &many, OUK_FLOW_CANCEL},
		{OUK_E_KEY, &many, OUK_FLOW_FAILED},
		{OUK_E_UNVERIFIED, &many, OUK_FLOW_FAILED},
	};
	g_autoptr(GError) foreign = g_error_new(G_FILE_ERROR, OUK_E_PIN_WRONG, "not ours");

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		ouk_fail(&error, rows[i].code);
		assert_int_equal(ouk_flow_result(error, rows[i].after), rows[i].event);
	}
	assert_int_equal(ouk_flow_result(NULL, &many), OUK_FLOW_RIGHT);
	assert_int_equal(ouk_flow_result(foreign, &many), OUK_FLOW_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state_is_in_the_table),
		cmocka_unit_test(an_action_leads_to_one_state),
		cmocka_unit_test(no_shortcut_sends_a_pin),
		cmocka_unit_test(every_walk_can_end),
		cmocka_unit_test(ways_that_people_take),
		cmocka_unit_test(an_agreement_is_for_one_try),
		cmocka_unit_test(counters_are_events),
		cmocka_unit_test(errors_are_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
