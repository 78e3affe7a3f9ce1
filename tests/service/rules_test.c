/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of orders, without a database: every state, every event, every edge of the calendar. */
#include "service/orders/rules.h"
#include "tests/unit/unit.h"

#include <time.h>

#define CHINA CS_CHINA_OFFSET

static const struct cs_terms terms = {.offset = CHINA,
				      .renew_before = 30,
				      .renew_after = 60,
				      .years = {1, 2, 3},
				      .price = {[CS_KIND_NEW] = 22000,
						[CS_KIND_RENEWAL] = 22000,
						[CS_KIND_LOST] = 10000,
						[CS_KIND_DAMAGED] = 10000,
						[CS_KIND_CHANGE] = 5000}};

/* ---- the table of states ---- */

struct states {
	bool in[CS_STATE_COUNT];
};

typedef bool (*allow_fn)(enum cs_event event);

/* All states that can be come to from `from` by events that are allowed. */
static struct states
reach(enum cs_kind kind, enum cs_state from, allow_fn allow)
{
	struct states seen = {{false}};
	bool more = true;

	seen.in[from] = true;
	while (more) {
		more = false;
		for (unsigned int state = 0; state < CS_STATE_COUNT; state++)
			for (unsigned int event = 0; seen.in[state] && event < CS_EVENT_COUNT;
			     event++) {
				enum cs_state to;

				if (!allow(event) ||
				    cs_flow_next(kind, state, event, &to) != CS_OK || seen.in[to])
					continue;
				seen.in[to] = more = true;
			}
	}
	return seen;
}

static bool
any(enum cs_event event)
{
	return true;
}

static bool
user_only(enum cs_event event)
{
	return cs_event_actor(event) == CS_ACTOR_USER;
}

static bool
no_operator(enum cs_event event)
{
	return cs_event_actor(event) != CS_ACTOR_OPERATOR;
}

static bool
no_money(enum cs_event event)
{
	return event != CS_EVENT_MONEY && event != CS_EVENT_TRANSFER_SEEN;
}

static bool
no_approval(enum cs_event event)
{
	return event != CS_EVENT_APPROVE;
}

static bool
no_code(enum cs_event event)
{
	return event != CS_EVENT_CODE_OK && event != CS_EVENT_APPROVE;
}

static bool
no_consent(enum cs_event event)
{
	return event != CS_EVENT_CONSENT && event != CS_EVENT_PAPER_CAME &&
	       event != CS_EVENT_AT_COUNTER;
}

#define EACH_KIND(kind)   for (enum cs_kind kind = 0; kind < CS_KIND_COUNT; kind++)
#define EACH_STATE(state) for (enum cs_state state = 0; state < CS_STATE_COUNT; state++)
#define EACH_EVENT(event) for (enum cs_event event = 0; event < CS_EVENT_COUNT; event++)

static void
every_order_can_come_to_an_end_from_wherever_it_is(void **state)
{
	bool used[CS_STATE_COUNT] = {false};

	EACH_KIND(kind)
	{
		struct states all = reach(kind, CS_STATE_DRAFT, any);

		EACH_STATE(from)
		{
			struct states next = reach(kind, from, any);
			bool ends = false;

			if (!all.in[from])
				continue;
			used[from] = true;
			EACH_STATE(to)
			ends = ends || (next.in[to] && cs_state_final(to));
			assert_true(ends);
		}
	}
	EACH_STATE(from)
	assert_true(used[from]);
}

static void
nothing_happens_after_the_end_but_late_money_goes_back(void **state)
{
	EACH_KIND(kind)
	EACH_STATE(from)
	EACH_EVENT(event)
	{
		enum cs_state to = from;

		if (!cs_state_final(from) || cs_flow_next(kind, from, event, &to) != CS_OK)
			continue;
		assert_int_equal(from, CS_STATE_CANCELLED);
		assert_int_equal(event, CS_EVENT_MONEY);
		assert_int_equal(to, CS_STATE_REFUNDING);
	}
}

static void
a_state_has_a_deadline_exactly_when_time_does_something(void **state)
{
	EACH_KIND(kind)
	{
		struct states all = reach(kind, CS_STATE_DRAFT, any);

		EACH_STATE(from)
		{
			enum cs_state to;
			bool time = cs_flow_next(kind, from, CS_EVENT_TIME, &to) == CS_OK;

			if (all.in[from])
				assert_int_equal(cs_flow_deadline(kind, from, CS_METHOD_SMS) > 0,
						 time);
		}
	}
}

/* The states in which something of value has left the house. */
static const enum cs_state given[] = {CS_STATE_READY,  CS_STATE_ISSUED, CS_STATE_CONFIRMED,
				      CS_STATE_MADE,   CS_STATE_POSTED, CS_STATE_HANDED_OVER,
				      CS_STATE_REVOKED};

static void
nothing_is_given_without_review_money_and_consent(void **state)
{
	EACH_KIND(kind)
	for (size_t i = 0; i < ARRAY_SIZE(given); i++) {
		assert_false(reach(kind, CS_STATE_DRAFT, no_approval).in[given[i]]);
		assert_false(reach(kind, CS_STATE_DRAFT, no_operator).in[given[i]]);
		assert_false(reach(kind, CS_STATE_DRAFT, no_consent).in[given[i]]);
		if (cs_kind_paid(kind))
			assert_false(reach(kind, CS_STATE_DRAFT, no_money).in[given[i]]);
	}
}

static void
a_key_is_unlocked_or_suspended_after_a_code_or_two_operators_only(void **state)
{
	static const enum cs_state behind[] = {CS_STATE_CODE_OK, CS_STATE_COMMANDED, CS_STATE_DONE,
					       CS_STATE_SUSPENDED};

	for (size_t i = 0; i < ARRAY_SIZE(behind); i++) {
		assert_false(reach(CS_KIND_UNLOCK, CS_STATE_DRAFT, no_code).in[behind[i]]);
		assert_false(reach(CS_KIND_LOSS, CS_STATE_DRAFT, no_code).in[behind[i]]);
	}
	assert_true(reach(CS_KIND_UNLOCK, CS_STATE_DRAFT, no_operator).in[CS_STATE_DONE]);
	assert_true(reach(CS_KIND_LOSS, CS_STATE_DRAFT, no_operator).in[CS_STATE_SUSPENDED]);
}

static void
a_user_alone_gets_no_further_than_handing_in(void **state)
{
	EACH_KIND(kind)
	{
		struct states alone = reach(kind, CS_STATE_DRAFT, user_only);

		EACH_STATE(to)
		if (alone.in[to])
			assert_true(to == CS_STATE_DRAFT || to == CS_STATE_SUBMITTED ||
				    to == CS_STATE_CANCELLED);
	}
}

static void
money_comes_once_and_is_never_lost(void **state)
{
	EACH_KIND(kind)
	EACH_STATE(from)
	EACH_EVENT(event)
	{
		struct states after;
		enum cs_state to;

		if (no_money(event) || cs_flow_next(kind, from, event, &to) != CS_OK)
			continue;
		assert_true(cs_kind_paid(kind));
		after = reach(kind, to, any);
		EACH_STATE(later)
		{
			enum cs_state twice;

			if (!after.in[later])
				continue;
			/* S11, S3: no second payment, and no end without goods or money */
			assert_int_not_equal(cs_flow_next(kind, later, CS_EVENT_MONEY, &twice),
					     CS_OK);
			assert_true(later != CS_STATE_CANCELLED && later != CS_STATE_REFUSED);
		}
	}
}

static void
unpaid_for_24_hours_is_cancelled_unless_a_transfer_was_chosen(void **state)
{
	enum cs_state to;

	EACH_KIND(kind)
	{
		if (!cs_kind_paid(kind))
			continue;
		assert_int_equal(cs_flow_deadline(kind, CS_STATE_WAIT_PAY, CS_METHOD_SMS), 86400);
		assert_int_equal(cs_flow_next(kind, CS_STATE_WAIT_PAY, CS_EVENT_TIME, &to), CS_OK);
		assert_int_equal(to, CS_STATE_CANCELLED);
		assert_int_equal(cs_flow_deadline(kind, CS_STATE_WAIT_TRANSFER, CS_METHOD_SMS), 0);
	}
}

static void
a_code_lives_10_minutes_by_sms_and_72_hours_by_memo(void **state)
{
	assert_int_equal(cs_flow_deadline(CS_KIND_UNLOCK, CS_STATE_CODE_SENT, CS_METHOD_SMS), 600);
	assert_int_equal(cs_flow_deadline(CS_KIND_UNLOCK, CS_STATE_CODE_SENT, CS_METHOD_MEMO),
			 72 * 3600);
	assert_int_equal(cs_flow_deadline(CS_KIND_UNLOCK, CS_STATE_COMMANDED, CS_METHOD_SMS),
			 86400);
}

static void
words_are_their_own_way_back(void **state)
{
	enum cs_kind kind_read;
	enum cs_state state_read;

	EACH_KIND(kind)
	{
		assert_true(cs_kind_read(cs_kind_word(kind), &kind_read));
		assert_int_equal(kind_read, kind);
	}
	EACH_STATE(from)
	{
		assert_true(cs_state_read(cs_state_word(from), &state_read));
		assert_int_equal(state_read, from);
	}
	assert_false(cs_kind_read("nothing", &kind_read));
	assert_false(cs_state_read("", &state_read));
}

/* ---- the calendar ---- */

static int64_t
local(int year, int month, int day, int64_t seconds)
{
	return cs_date_start((struct cs_date){year, month, day}, CHINA) + seconds;
}

static void
every_day_of_four_centuries_agrees_with_libc(void **state)
{
	for (int64_t at = -719000 * CS_DAY / 1000; at < 147000 * CS_DAY; at += CS_DAY - 1) {
		const time_t instant = (time_t)at;
		struct cs_date date = cs_date_at(at, 0);
		struct tm tm;

		assert_non_null(gmtime_r(&instant, &tm));
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_in_range(at - cs_date_start(date, 0), 0, CS_DAY - 1);
	}
}

#define END (CS_DAY - 1)
/* old end, now (both: local date and seconds into the day), years -> new end's date at 23:59:59 */
static const struct {
	int old_year, old_month, old_day;
	int64_t old_second;
	int now_year, now_month, now_day;
	int64_t now_second;
	int years, year, month, day;
} renewals[] = {
	/* before the end: that day, a year on */
	{2025, 6, 30, END, 2025, 6, 1, 0, 1, 2026, 6, 30},
	{2025, 6, 30, END, 2025, 6, 1, 0, 3, 2028, 6, 30},
	{2025, 1, 31, END, 2025, 1, 31, 0, 1, 2026, 1, 31},
	{2024, 12, 31, END, 2024, 12, 31, END, 1, 2025, 12, 31},
	/* the last second is still valid; a second later it is expired: from the day of issue */
	{2025, 3, 10, END, 2025, 3, 10, END, 1, 2026, 3, 10},
	{2025, 3, 10, END, 2025, 3, 11, 0, 1, 2026, 3, 11},
	{2025, 3, 10, 3600, 2025, 3, 10, 3600, 1, 2026, 3, 10},
	{2025, 3, 10, 3600, 2025, 3, 10, 3601, 1, 2026, 3, 10},
	/* leap days */
	{2024, 2, 29, END, 2024, 2, 1, 0, 1, 2025, 2, 28},
	{2024, 2, 29, END, 2024, 2, 1, 0, 2, 2026, 2, 28},
	{2023, 2, 28, END, 2023, 2, 1, 0, 1, 2024, 2, 28},
	{2023, 1, 1, END, 2024, 2, 29, 5, 1, 2025, 2, 28},
	{2023, 1, 1, END, 2024, 2, 29, END, 3, 2027, 2, 28},
	/* an end that was not at midnight still gives a whole day */
	{2025, 6, 30, 0, 2025, 6, 1, 0, 1, 2026, 6, 30},
};

static void
a_renewed_certificate_ends_as_the_manual_says(void **state)
{
	static const char *const zones[] = {"UTC", "Asia/Shanghai", "America/Los_Angeles"};

	for (size_t zone = 0; zone < ARRAY_SIZE(zones); zone++) {
		(void)setenv("TZ", zones[zone], 1); /* the machine's own zone means nothing */
		tzset();
		for (size_t i = 0; i < ARRAY_SIZE(renewals); i++) {
			int64_t end, old = local(renewals[i].old_year, renewals[i].old_month,
						 renewals[i].old_day, renewals[i].old_second);
			int64_t now = local(renewals[i].now_year, renewals[i].now_month,
					    renewals[i].now_day, renewals[i].now_second);

			assert_int_equal(cs_renewed_end(&terms, old, now, renewals[i].years, &end),
					 CS_OK);
			assert_true(end == local(renewals[i].year, renewals[i].month,
						 renewals[i].day, END));
		}
	}
}

static void
the_day_is_the_cas_own_not_the_machines(void **state)
{
	struct cs_terms utc = terms;
	/* 2025-01-01 00:30 in China is still 2024 in UTC */
	int64_t now = local(2025, 1, 1, 1800), end;

	utc.offset = 0;
	assert_int_equal(cs_new_end(&terms, now, 1, &end), CS_OK);
	assert_true(end == local(2026, 1, 1, END));
	assert_int_equal(cs_new_end(&utc, now, 1, &end), CS_OK);
	assert_true(end == cs_date_start((struct cs_date){2026, 1, 1}, 0) - 1);
}

static void
only_terms_on_the_list_are_sold(void **state)
{
	int64_t end = 7;

	assert_int_equal(cs_renewed_end(&terms, 0, 0, 4, &end), CS_E_ARGUMENTS);
	assert_int_equal(cs_renewed_end(&terms, 0, 0, 0, &end), CS_E_ARGUMENTS);
	assert_int_equal(cs_new_end(&terms, 0, -1, &end), CS_E_ARGUMENTS);
	assert_int_equal(end, 7);
}

/* ---- order of need ---- */

static const int64_t not_after = 1000 * CS_DAY;
static const struct {
	enum cs_kind kind;
	struct cs_key_facts facts;
	int64_t now; /* days, against not_after */
	int64_t seconds;
	enum cs_status wanted;
} needs[] = {
	{CS_KIND_RENEWAL, {0}, -10, 0, CS_OK},
	{CS_KIND_RENEWAL, {0}, -30, 0, CS_OK},
	{CS_KIND_RENEWAL, {0}, -30, -1, CS_E_TOO_EARLY},
	{CS_KIND_RENEWAL, {0}, 60, 0, CS_OK},
	{CS_KIND_RENEWAL, {0}, 60, 1, CS_E_TOO_LATE},
	/* locked: unlock first */
	{CS_KIND_RENEWAL, {.locked = true}, -10, 0, CS_E_UNLOCK_FIRST},
	{CS_KIND_CHANGE, {.locked = true}, -10, 0, CS_E_UNLOCK_FIRST},
	{CS_KIND_OPEN, {.locked = true}, -10, 0, CS_E_UNLOCK_FIRST},
	{CS_KIND_UNLOCK, {.locked = true}, -10, 0, CS_OK},
	/* S2: also when only forgotten */
	{CS_KIND_UNLOCK, {0}, -10, 0, CS_OK},
	/* revoked: neither; expired: unlock, then renewal */
	{CS_KIND_UNLOCK, {.revoked = true, .locked = true}, -10, 0, CS_E_REVOKED},
	{CS_KIND_RENEWAL, {.revoked = true}, -10, 0, CS_E_REVOKED},
	{CS_KIND_UNLOCK, {.locked = true}, 5, 0, CS_OK},
	{CS_KIND_RENEWAL, {0}, 5, 0, CS_OK},
	{CS_KIND_RENEWAL, {.locked = true}, 5, 0, CS_E_UNLOCK_FIRST},
	/* lost: nothing but a replacement */
	{CS_KIND_UNLOCK, {.suspended = true}, -10, 0, CS_E_REVOKED},
	{CS_KIND_RENEWAL, {.suspended = true}, -10, 0, CS_E_REVOKED},
	{CS_KIND_LOST, {.suspended = true}, -10, 0, CS_OK},
	{CS_KIND_DAMAGED, {.revoked = true}, -10, 0, CS_OK},
	{CS_KIND_UNLOCK, {.counter_only = true}, -10, 0, CS_E_COUNTER},
	/* S6 */
	{CS_KIND_RENEWAL, {.name_changed = true}, -10, 0, CS_OK},
	{CS_KIND_RENEWAL, {.code_changed = true}, -10, 0, CS_OK},
	{CS_KIND_RENEWAL, {.name_changed = true, .code_changed = true}, -10, 0, CS_E_NEW_ONLY},
	{CS_KIND_NEW, {.name_changed = true, .code_changed = true}, -10, 0, CS_OK},
	{CS_KIND_CHANGE, {0}, 0, 1, CS_E_EXPIRED},
	{CS_KIND_CHANGE, {0}, 0, 0, CS_OK},
};

static void
what_comes_first_is_said_first(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		struct cs_key_facts facts = needs[i].facts;

		facts.not_after = not_after;
		assert_int_equal(cs_need(&terms, needs[i].kind, &facts,
					 not_after + needs[i].now * CS_DAY + needs[i].seconds),
				 needs[i].wanted);
	}
}

static void
unlock_change_and_revocation_are_free(void **state)
{
	EACH_KIND(kind)
	assert_true(cs_kind_paid(kind) || cs_price(&terms, kind, 1) == 0);
	assert_int_equal(cs_price(&terms, CS_KIND_RENEWAL, 2), 44000);
	assert_int_equal(cs_price(&terms, CS_KIND_LOST, 3), 10000);
}

static void
identity_data_is_kept_ten_years_after_expiry_and_rejects_thirty_days(void **state)
{
	int64_t now = local(2025, 5, 5, 10), end = local(2026, 2, 28, END);

	assert_true(cs_retain_until(&terms, CS_STATE_CONFIRMED, now, end) ==
		    local(2036, 2, 28, END));
	assert_true(cs_retain_until(&terms, CS_STATE_DONE, now, 0) == local(2035, 5, 5, END));
	assert_true(cs_retain_until(&terms, CS_STATE_CANCELLED, now, 0) == now + 30 * CS_DAY);
	assert_true(cs_retain_until(&terms, CS_STATE_REFUSED, now, 0) == now + 30 * CS_DAY);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_can_come_to_an_end_from_wherever_it_is),
		cmocka_unit_test(nothing_happens_after_the_end_but_late_money_goes_back),
		cmocka_unit_test(a_state_has_a_deadline_exactly_when_time_does_something),
		cmocka_unit_test(nothing_is_given_without_review_money_and_consent),
		cmocka_unit_test(a_key_is_unlocked_or_suspended_after_a_code_or_two_operators_only),
		cmocka_unit_test(a_user_alone_gets_no_further_than_handing_in),
		cmocka_unit_test(money_comes_once_and_is_never_lost),
		cmocka_unit_test(unpaid_for_24_hours_is_cancelled_unless_a_transfer_was_chosen),
		cmocka_unit_test(a_code_lives_10_minutes_by_sms_and_72_hours_by_memo),
		cmocka_unit_test(words_are_their_own_way_back),
		cmocka_unit_test(every_day_of_four_centuries_agrees_with_libc),
		cmocka_unit_test(a_renewed_certificate_ends_as_the_manual_says),
		cmocka_unit_test(the_day_is_the_cas_own_not_the_machines),
		cmocka_unit_test(only_terms_on_the_list_are_sold),
		cmocka_unit_test(what_comes_first_is_said_first),
		cmocka_unit_test(unlock_change_and_revocation_are_free),
		cmocka_unit_test(
			identity_data_is_kept_ten_years_after_expiry_and_rejects_thirty_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
