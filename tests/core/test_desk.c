/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An order as its owner meets it: no state of the service is without a page, and none is a trap. */
#include "assistant/core/desk.h"

#include <glib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define ORDER_STATE(name, word, final) {word, final},
static const struct {
	const char *word;
	gboolean final;
} states[] = {
#include "service/orders/states.def"
};
#undef ORDER_STATE

#define ORDER_KIND(name, word, chinese, claims) word,
static const char *const kinds[] = {
#include "service/orders/kinds.def"
};
#undef ORDER_KIND

static OukDeskFlow
flow_in(OukDeskState state)
{
	return (OukDeskFlow){.state = state, .last = OUK_DESK_DO_READ};
}

/* What is over never shows as if something were still to be done, and the other way round. */
static void
every_state_of_the_service_has_a_page(void **unused)
{
	for (gsize k = 0; k < G_N_ELEMENTS(kinds); k++) {
		for (gsize s = 0; s < G_N_ELEMENTS(states); s++) {
			OukDeskFlow flow = flow_in(OUK_DESK_BUSY);
			OukDeskEvent event = ouk_desk_told(kinds[k], states[s].word, FALSE, FALSE);
			gboolean over;

			ouk_desk_step(&flow, event);
			over = flow.state == OUK_DESK_DONE || flow.state == OUK_DESK_ENDED ||
			       flow.state == OUK_DESK_COUNTER;
			if (states[s].final && !over)
				fail_msg("%s %s is over, and shows as %d", kinds[k], states[s].word,
					 (int)flow.state);
			/* money on its way back is told as an end: the owner has nothing to do */
			if (!states[s].final && strcmp(states[s].word, "refunding") != 0 &&
			    (flow.state == OUK_DESK_DONE || flow.state == OUK_DESK_ENDED))
				fail_msg("%s %s is open, and shows as an end", kinds[k],
					 states[s].word);
		}
	}
}

static void
a_failure_is_met_wherever_something_is_asked(void **unused)
{
	static const OukDeskState asking[] = {OUK_DESK_LOOKING, OUK_DESK_BUSY, OUK_DESK_ON_KEY};
	static const OukDeskEvent failures[] = {OUK_DESK_UNREACHED, OUK_DESK_FAILED};

	for (gsize s = 0; s < G_N_ELEMENTS(asking); s++) {
		for (gsize e = 0; e < G_N_ELEMENTS(failures); e++) {
			OukDeskFlow flow = flow_in(asking[s]);

			ouk_desk_step(&flow, failures[e]);
			assert_int_not_equal(flow.state, asking[s]);
			/* and there is a way on */
			ouk_desk_step(&flow, OUK_DESK_AGAIN);
			assert_int_equal(flow.state, OUK_DESK_BUSY);
		}
	}
}

/* Where a person is on the way, something they or the clock do leads on. */
static void
no_state_is_a_trap(void **unused)
{
	static const OukDeskEvent ways[] = {OUK_DESK_GO,      OUK_DESK_AGAIN,  OUK_DESK_ENTERED,
					    OUK_DESK_WRITTEN, OUK_DESK_BACK,   OUK_DESK_UPLOAD,
					    OUK_DESK_FAILED,  OUK_DESK_NOTHING};

	for (OukDeskState state = 0; state < OUK_DESK_STATES; state++) {
		gboolean on = state == OUK_DESK_DONE;

		for (gsize e = 0; e < G_N_ELEMENTS(ways) && !on; e++) {
			OukDeskFlow flow = flow_in(state);

			on = ouk_desk_step(&flow, ways[e]) != OUK_DESK_DO_NOTHING ||
			     flow.state != state;
		}
		if (!on)
			fail_msg("nothing leads out of %d", (int)state);
	}
}

/* A PIN that was typed is not used twice: after the network failed the order says where it is. */
static void
the_key_is_not_written_to_again_unasked(void **unused)
{
	OukDeskFlow flow = flow_in(OUK_DESK_NEW_PIN);

	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_ENTERED), OUK_DESK_DO_UNLOCK);
	ouk_desk_step(&flow, OUK_DESK_UNREACHED);
	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_AGAIN), OUK_DESK_DO_READ);
	flow = flow_in(OUK_DESK_PIN);
	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_ENTERED), OUK_DESK_DO_INSTALL);
	ouk_desk_step(&flow, OUK_DESK_GONE);
	assert_int_equal(flow.state, OUK_DESK_PULLED);
	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_BACK), OUK_DESK_DO_READ);
}

static void
what_failed_is_done_once_more(void **unused)
{
	OukDeskFlow flow = flow_in(OUK_DESK_FORM);

	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_GO), OUK_DESK_DO_OPEN);
	ouk_desk_step(&flow, OUK_DESK_UNREACHED);
	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_AGAIN), OUK_DESK_DO_OPEN);
}

static void
another_way_leads_back_to_the_form(void **unused)
{
	OukDeskFlow flow = flow_in(OUK_DESK_CODE);

	assert_int_equal(ouk_desk_step(&flow, OUK_DESK_ANEW), OUK_DESK_DO_CANCEL);
	ouk_desk_step(&flow, OUK_DESK_TOLD_ENDED);
	assert_int_equal(flow.state, OUK_DESK_FORM);
	flow = flow_in(OUK_DESK_CODE);
	ouk_desk_step(&flow, OUK_DESK_CANCEL);
	ouk_desk_step(&flow, OUK_DESK_TOLD_ENDED);
	assert_int_equal(flow.state, OUK_DESK_ENDED);
}

/* What is being written cannot be given up, not even where the network is gone. */
static void
a_certificate_that_is_ready_is_not_given_up(void **unused)
{
	OukDeskFlow flow = flow_in(OUK_DESK_OFFLINE);

	assert_true(ouk_desk_can_cancel(&flow, "renewal", "review"));
	assert_false(ouk_desk_can_cancel(&flow, "renewal", "ready"));
	assert_false(ouk_desk_can_cancel(&flow, "renewal", "issued"));
}

/* A quiet look changes nothing that the person is in. */
static void
nobody_is_interrupted_by_news(void **unused)
{
	static const OukDeskState busy[] = {OUK_DESK_FORM,    OUK_DESK_CODE, OUK_DESK_TEXTS,
					    OUK_DESK_NEW_PIN, OUK_DESK_PIN,  OUK_DESK_ON_KEY,
					    OUK_DESK_INSTALL};

	for (gsize s = 0; s < G_N_ELEMENTS(busy); s++) {
		for (OukDeskEvent event = 0; event <= OUK_DESK_TOLD_ENDED; event++) {
			OukDeskFlow flow = flow_in(busy[s]);

			assert_int_equal(ouk_desk_step(&flow, event), OUK_DESK_DO_NOTHING);
			assert_int_equal(flow.state, busy[s]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_of_the_service_has_a_page),
		cmocka_unit_test(a_failure_is_met_wherever_something_is_asked),
		cmocka_unit_test(no_state_is_a_trap),
		cmocka_unit_test(the_key_is_not_written_to_again_unasked),
		cmocka_unit_test(what_failed_is_done_once_more),
		cmocka_unit_test(another_way_leads_back_to_the_form),
		cmocka_unit_test(a_certificate_that_is_ready_is_not_given_up),
		cmocka_unit_test(nobody_is_interrupted_by_news),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
