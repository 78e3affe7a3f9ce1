/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Orders in the database: who may do what, what is kept from whom, and kill -9 at every write. */
#include "service/store/audit.h"
#include "service/store/engine.h"
#include "service/store/outbox.h"
#include "tests/service/desk_orders.h"
#include "tests/service/killat.h"

static void
a_request_sent_twice_is_one_order_with_two_capabilities(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_request request = {.kind = CS_KIND_RENEWAL,
					   .key_sn = "K1",
					   .profile = "rehearsal",
					   .unit_code = "u",
					   .facts = {.not_after = NOW},
					   .form = str("{}"),
					   .idempotency = "0123456789abcdef"};
	struct cs_order_made first, again;
	char id[CS_ID_TEXT];

	assert_cs_ok(cs_order_new(orders, &request, NOW, &first));
	assert_cs_ok(cs_order_new(orders, &request, NOW, &again));
	assert_true(first.first);
	assert_false(again.first);
	assert_string_equal(first.id, again.id);
	assert_string_equal(first.number, again.number);
	assert_string_not_equal(first.cap, again.cap);
	assert_cs_ok(cs_order_of_cap(orders, first.cap, id));
	assert_cs_ok(cs_order_of_cap(orders, again.cap, id));
	assert_string_equal(id, first.id);
	request.body_hash[0] ^= 1;
	assert_cs(cs_order_new(orders, &request, NOW, &again), CS_E_CHANGED);
	request.idempotency = "short";
	assert_cs(cs_order_new(orders, &request, NOW, &again), CS_E_ARGUMENTS);
}

static void
a_number_or_a_guess_opens_no_order(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made made;
	char id[CS_ID_TEXT], guess[CS_CAP_TEXT];

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
	assert_cs(cs_order_of_cap(orders, made.number, id), CS_E_NOT_FOUND);
	assert_cs(cs_order_of_cap(orders, made.id, id), CS_E_NOT_FOUND);
	assert_cs(cs_order_of_cap(orders, "", id), CS_E_NOT_FOUND);
	memcpy(guess, made.cap, sizeof(guess));
	guess[0] = guess[0] == '0' ? '1' : '0';
	assert_cs(cs_order_of_cap(orders, guess, id), CS_E_NOT_FOUND);
}

static void
what_a_person_told_us_is_nowhere_in_the_database(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made made;
	CS_ORDER_ROW row = {.ver = 0};
	CS_BLOB form = {NULL, 0}, dump = {NULL, 0};
	const char *const planted[] = {PHONE, NAME, made.cap, "91110000TEST000001", "long enough"};
	FILE *file;

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
	desk_to_review(orders, made.id);
	assert_cs_ok(cs_order_read(orders, made.id, &row, &form));
	assert_non_null(memmem(form.ptr, form.len, PHONE, strlen(PHONE)));
	assert_cs_ok(cs_store_backup(orders->store, engine_path("dump")));
	file = fopen(engine_path("dump"), "rb");
	assert_cs_ok(cs_blob_room(&dump, 1 << 20));
	dump.len = fread(dump.ptr, 1, dump.len, file);
	(void)fclose(file);
	assert_non_null(memmem(dump.ptr, dump.len, made.number, strlen(made.number)));
	for (size_t i = 0; i < ARRAY_SIZE(planted); i++)
		assert_null(memmem(dump.ptr, dump.len, planted[i], strlen(planted[i])));
}

static void
a_renewal_goes_from_draft_to_confirmed(void **state)
{
	static const enum cs_event rest[] = {CS_EVENT_APPROVE, CS_EVENT_PREPARED, CS_EVENT_REQUEST,
					     CS_EVENT_REQUEST, CS_EVENT_CONFIRM};
	DESK *orders = desk_open();
	struct cs_order_made made;
	CS_ORDER_ROW row = {.ver = 0};
	char holder[CS_ID_TEXT];

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
	desk_to_review(orders, made.id);
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		assert_cs_ok(desk_event(orders, made.id, rest[i], NOW));
	assert_cs_ok(cs_order_read(orders, made.id, &row, NULL));
	assert_string_equal(row.state, "confirmed");
	assert_int_equal(row.deadline, 0);
	assert_true(row.retain > NOW + 3650 * CS_DAY); /* S13 */
	assert_cs_ok(cs_store_key_holder(orders->store, "K1", holder));
	assert_string_equal(holder, "");
}

static void
nobody_says_what_is_not_theirs_to_say(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made made;

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
	for (unsigned int event = 0; event < CS_EVENT_COUNT; event++)
		for (unsigned int actor = 0; actor <= CS_ACTOR_SYSTEM; actor++) {
			const struct cs_happening what = {
				.id = made.id, .event = event, .actor = actor, .now = NOW};

			if (actor != cs_event_actor(event))
				assert_cs(cs_order_happens(orders, &what, NULL), CS_E_DENIED);
		}
	assert_int_equal(desk_state(orders, made.id), CS_STATE_DRAFT);
}

static void
unpaid_is_cancelled_after_24_hours_to_the_second(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made pays, transfers;
	int count;

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &pays));
	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K2", &transfers));
	for (size_t i = 0; i < 2; i++) {
		const char *id = i == 0 ? pays.id : transfers.id;

		assert_cs_ok(desk_event(orders, id, CS_EVENT_SUBMIT, NOW));
		assert_cs_ok(desk_event(orders, id, CS_EVENT_IDENTITY_OK, NOW));
		assert_cs_ok(desk_consent(orders, id, NOW));
		assert_cs_ok(desk_event(orders, id, CS_EVENT_PAY, NOW));
	}
	assert_cs_ok(desk_event(orders, transfers.id, CS_EVENT_PAY_OFFLINE, NOW + 100));
	assert_cs_ok(cs_orders_tick(orders, NOW + CS_DAY - 1, &count));
	assert_int_equal(count, 0);
	assert_cs(desk_event(orders, pays.id, CS_EVENT_TIME, NOW + CS_DAY - 1), CS_E_STATE);
	assert_cs_ok(cs_orders_tick(orders, NOW + CS_DAY, &count));
	assert_int_equal(count, 1);
	assert_int_equal(desk_state(orders, pays.id), CS_STATE_CANCELLED);
	assert_int_equal(desk_state(orders, transfers.id), CS_STATE_WAIT_TRANSFER);
	/* A notice that comes late gives the money back, once. */
	assert_cs_ok(desk_event(orders, pays.id, CS_EVENT_MONEY, NOW + CS_DAY + 5));
	assert_cs(desk_event(orders, pays.id, CS_EVENT_MONEY, NOW + CS_DAY + 6), CS_E_STATE);
	assert_int_equal(desk_state(orders, pays.id), CS_STATE_REFUNDING);
}

static void
consent_is_to_every_text_and_to_this_form(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made made;
	struct cs_consent two[] = {{.text_id = "agreement", .version = "1"},
				   {.text_id = "privacy", .version = "3"}};

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
	assert_cs_ok(desk_event(orders, made.id, CS_EVENT_SUBMIT, NOW));
	assert_cs_ok(desk_event(orders, made.id, CS_EVENT_IDENTITY_OK, NOW));
	assert_cs(cs_order_consent(orders, made.id, two, ARRAY_SIZE(two), NOW), CS_E_STATE);
	assert_cs_ok(desk_consent(orders, made.id, NOW));
	assert_int_equal(desk_state(orders, made.id), CS_STATE_CONSENTED);
	assert_cs_ok(desk_event(orders, made.id, CS_EVENT_EDIT, NOW + 1));
	assert_int_equal(desk_state(orders, made.id), CS_STATE_DOCS);
	assert_cs(cs_order_consent(orders, made.id, two, ARRAY_SIZE(two), NOW + 2), CS_E_STATE);
	assert_cs_ok(desk_consent(orders, made.id, NOW + 3));
}

/* What the second order is told while the first is open: for every ordered pair of kinds. */
static void
all_pairs_of_orders_on_one_key_end_in_a_legal_state(void **state)
{
	DESK *orders = desk_open();
	char key_sn[24];

	for (enum cs_kind first = 0; first < CS_KIND_COUNT; first++)
		for (enum cs_kind second = 0; second < CS_KIND_COUNT; second++) {
			bool clash = cs_kind_claims(first) && cs_kind_claims(second);
			struct cs_order_made one, two;

			(void)snprintf(key_sn, sizeof(key_sn), "K%u-%u", first, second);
			assert_cs_ok(desk_new(orders, first, key_sn, &one));
			assert_cs(desk_new(orders, second, key_sn, &two),
				  clash ? CS_E_OPEN_ORDER : CS_OK);
			assert_cs_ok(desk_event(orders, one.id, CS_EVENT_CANCEL, NOW));
			if (clash)
				assert_cs_ok(desk_new(orders, second, key_sn, &two));
			assert_cs_ok(desk_event(orders, two.id, CS_EVENT_SUBMIT, NOW));
			assert_int_equal(desk_state(orders, one.id), CS_STATE_CANCELLED);
		}
}

/* A key that is reported lost in the middle of any other order gets nothing more, but is replaced.
 */
static void
a_lost_key_gets_nothing_and_can_be_replaced_at_once(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made renewal, unlock, lost, refused;
	char loss[CS_ID_TEXT];

	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &renewal));
	desk_to_review(orders, renewal.id);
	assert_cs_ok(desk_event(orders, renewal.id, CS_EVENT_APPROVE, NOW));
	assert_cs_ok(desk_event(orders, renewal.id, CS_EVENT_PREPARED, NOW));
	assert_cs_ok(desk_new(orders, CS_KIND_UNLOCK, "K2", &unlock));
	assert_cs_ok(desk_event(orders, unlock.id, CS_EVENT_SUBMIT, NOW));
	assert_cs_ok(desk_event(orders, unlock.id, CS_EVENT_IDENTITY_OK, NOW));
	assert_cs_ok(desk_event(orders, unlock.id, CS_EVENT_CODE_SENT, NOW));
	desk_suspend(orders, "K1");
	desk_suspend(orders, "K2");
	assert_cs(desk_event(orders, renewal.id, CS_EVENT_REQUEST, NOW), CS_E_REVOKED);
	assert_cs(desk_event(orders, unlock.id, CS_EVENT_CODE_OK, NOW), CS_E_REVOKED);
	assert_cs(desk_new(orders, CS_KIND_UNLOCK, "K1", &refused), CS_E_REVOKED);
	assert_cs(desk_new(orders, CS_KIND_RENEWAL, "K2", &refused), CS_E_REVOKED);
	assert_cs_ok(desk_new(orders, CS_KIND_LOST, "K1", &lost));
	desk_to_review(orders, lost.id);
	assert_cs_ok(desk_event(orders, lost.id, CS_EVENT_APPROVE, NOW));
	assert_cs_ok(cs_store_key_blocked(orders->store, "K1", "revoked"));
	assert_cs_ok(cs_store_key_block_order(orders->store, "K1", "lost", loss));
	assert_int_equal(desk_state(orders, loss), CS_STATE_SUSPENDED);
	assert_cs_ok(desk_event(orders, lost.id, CS_EVENT_MAKE, NOW));
	assert_cs_ok(desk_event(orders, lost.id, CS_EVENT_POST, NOW));
	assert_cs_ok(desk_event(orders, lost.id, CS_EVENT_HAND_OVER, NOW));
	assert_int_equal(desk_state(orders, loss), CS_STATE_REPLACED);
	assert_cs(desk_new(orders, CS_KIND_RENEWAL, "K1", &refused), CS_E_REVOKED);
}

static void
a_key_that_was_found_again_goes_on_where_it_was(void **state)
{
	DESK *orders = desk_open();
	struct cs_order_made unlock, loss, refused;
	static const enum cs_event steps[] = {CS_EVENT_SUBMIT, CS_EVENT_IDENTITY_OK,
					      CS_EVENT_CODE_SENT, CS_EVENT_CODE_OK};

	assert_cs_ok(desk_new(orders, CS_KIND_UNLOCK, "K1", &unlock));
	assert_cs_ok(desk_new(orders, CS_KIND_LOSS, "K1", &loss));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_cs_ok(desk_event(orders, unlock.id, steps[i], NOW));
		assert_cs_ok(desk_event(orders, loss.id, steps[i], NOW));
	}
	assert_cs(desk_event(orders, unlock.id, CS_EVENT_COMMAND, NOW), CS_E_REVOKED);
	assert_cs_ok(desk_event(orders, loss.id, CS_EVENT_RELEASE, NOW));
	assert_cs_ok(desk_event(orders, unlock.id, CS_EVENT_COMMAND, NOW));
	assert_cs(desk_new(orders, CS_KIND_RENEWAL, "K1", &refused), CS_E_OPEN_ORDER);
	assert_cs_ok(desk_event(orders, unlock.id, CS_EVENT_ACK, NOW));
	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &refused));
}

static void
a_foreign_admin_pin_leaves_the_counter_only(void **state)
{
	static const enum cs_event steps[] = {CS_EVENT_SUBMIT,    CS_EVENT_IDENTITY_OK,
					      CS_EVENT_CODE_SENT, CS_EVENT_CODE_OK,
					      CS_EVENT_COMMAND,   CS_EVENT_FOREIGN};
	DESK *orders = desk_open();
	struct cs_order_made unlock;

	assert_cs_ok(desk_new(orders, CS_KIND_UNLOCK, "K1", &unlock));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		assert_cs_ok(desk_event(orders, unlock.id, steps[i], NOW));
	assert_cs(desk_event(orders, unlock.id, CS_EVENT_COMMAND, NOW), CS_E_STATE);
	assert_cs(desk_new(orders, CS_KIND_UNLOCK, "K1", &unlock), CS_E_COUNTER);
}

static void
numbers_carry_the_local_day_and_go_on_to_the_next_letter(void **state)
{
	static const char fill[] = "UPDATE number_blocks SET next = 999951";
	DESK *orders = desk_open();
	DESK *other = desk_open();
	char number[CS_NUMBER_TEXT] = "";
	/* 23:59:59 in China on 2025-03-31, and a second later */
	int64_t late = cs_date_start((struct cs_date){2025, 4, 1}, CS_CHINA_OFFSET) - 1;

	assert_cs_ok(
		cs_number_next(&orders->numbers, orders->store, late, CS_CHINA_OFFSET, number));
	assert_string_equal(number, "20250331A000001");
	assert_cs_ok(cs_number_next(&other->numbers, other->store, late, CS_CHINA_OFFSET, number));
	assert_string_equal(number, "20250331A000101");
	assert_cs_ok(orders->store->engine->script(orders->store->db, fill));
	orders->numbers.next = orders->numbers.end;
	for (int i = 0; i < 49; i++)
		assert_cs_ok(cs_number_next(&orders->numbers, orders->store, late, CS_CHINA_OFFSET,
					    number));
	assert_string_equal(number, "20250331A999999");
	assert_cs_ok(
		cs_number_next(&orders->numbers, orders->store, late, CS_CHINA_OFFSET, number));
	assert_string_equal(number, "20250331B000001");
	assert_cs_ok(
		cs_number_next(&orders->numbers, orders->store, late + 1, CS_CHINA_OFFSET, number));
	assert_string_equal(number, "20250401A000001");
}

static char racing_id[CS_ID_TEXT];

/* At the same moment the money comes, the clock strikes and the person gives up. */
static int
race_to_the_end(int number)
{
	static const enum cs_event events[] = {CS_EVENT_MONEY, CS_EVENT_TIME, CS_EVENT_CANCEL};
	DESK *orders = desk_open();
	enum cs_status st;

	engine_line_up();
	st = desk_event(orders, racing_id, events[number], NOW + CS_DAY);
	return st != CS_OK && st != CS_E_STATE && st != CS_E_CHANGED;
}

static void
of_two_things_at_once_one_happens(void **state)
{
	DESK *orders = desk_open();

	for (int round = 0; round < 6; round++) {
		struct cs_order_made made;
		enum cs_state now;

		assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &made));
		assert_cs_ok(desk_event(orders, made.id, CS_EVENT_SUBMIT, NOW));
		assert_cs_ok(desk_event(orders, made.id, CS_EVENT_IDENTITY_OK, NOW));
		assert_cs_ok(desk_consent(orders, made.id, NOW));
		assert_cs_ok(desk_event(orders, made.id, CS_EVENT_PAY, NOW));
		memcpy(racing_id, made.id, sizeof(racing_id));
		engine_race(3, race_to_the_end);
		now = desk_state(orders, made.id);
		/* Money that came last goes back; a person may give up what is paid. */
		assert_true(now == CS_STATE_PAID || now == CS_STATE_REFUNDING);
		if (now == CS_STATE_PAID)
			assert_cs_ok(desk_event(orders, made.id, CS_EVENT_CANCEL, NOW));
		assert_cs_ok(desk_event(orders, made.id, CS_EVENT_REFUND, NOW));
	}
}

/* ---- kill -9 ---- */

static struct cs_order_made killed;
static const enum cs_event life[] = {CS_EVENT_SUBMIT,  CS_EVENT_IDENTITY_OK, CS_EVENT_CONSENT,
				     CS_EVENT_PAY,     CS_EVENT_MONEY,       CS_EVENT_HAND_IN,
				     CS_EVENT_APPROVE, CS_EVENT_PREPARED,    CS_EVENT_REQUEST,
				     CS_EVENT_CONFIRM};
static const enum cs_state lives[] = {CS_STATE_DRAFT,     CS_STATE_SUBMITTED, CS_STATE_DOCS,
				      CS_STATE_CONSENTED, CS_STATE_WAIT_PAY,  CS_STATE_PAID,
				      CS_STATE_REVIEW,    CS_STATE_APPROVED,  CS_STATE_READY,
				      CS_STATE_ISSUED,    CS_STATE_CONFIRMED};

/* Goes on from wherever the order is: what is done is found in the database alone. */
static int
live_on(void)
{
	struct cs_orders *orders = desk_open();

	for (;;) {
		enum cs_state now = desk_state(orders, killed.id);
		size_t at = 0;
		enum cs_status st;

		if (cs_state_final(now))
			break;
		while (lives[at] != now)
			at++;
		st = life[at] == CS_EVENT_CONSENT ? desk_consent(orders, killed.id, NOW)
						  : desk_event(orders, killed.id, life[at], NOW);
		if (st != CS_OK)
			return 1;
	}
	desk_close(orders);
	return 0;
}

static int64_t logged, lives_lived;

static enum cs_status
entry_count(const struct cs_audit_row *row, void *ctx)
{
	(*(int64_t *)ctx)++;
	return CS_OK;
}

/*
 * One entry in the log for the opening and one for each version, and none besides.  The order is
 * then lived to its end, and another one is opened for the next time.
 */
static void
check_order(bool finished)
{
	struct cs_orders *orders = desk_open();
	CS_ORDER_ROW row = {.ver = 0};
	int64_t entries = 0;

	assert_cs_ok(cs_order_read(orders, killed.id, &row, NULL));
	assert_cs_ok(cs_store_audit_each(orders->store, entry_count, &entries));
	assert_int_equal(entries - logged, row.ver + 1);
	assert_in_range(row.ver, finished ? ARRAY_SIZE(life) : 0, ARRAY_SIZE(life));
	assert_string_equal(row.state, cs_state_word(lives[row.ver]));
	assert_int_equal(live_on(), 0);
	logged += (int64_t)ARRAY_SIZE(life) + 1;
	lives_lived++;
	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &killed));
	desk_close(orders);
}

static void
killed_at_any_write_an_order_goes_on_from_where_it_was(void **state)
{
	struct cs_orders *orders = desk_open();
	struct cs_letter letter = {.tries = 0};
	const struct cs_lease lease = {"notice", "w", NOW, NOW + 1};
	int64_t letters = 0;

	logged = lives_lived = 0;
	assert_cs_ok(desk_new(orders, CS_KIND_RENEWAL, "K1", &killed));
	assert_true(kill_here_and_there(600, 29, live_on, check_order) > 10);
	while (cs_store_letter_take(orders->store, &lease, &letter) == CS_OK) {
		cs_blob_free(&letter.payload);
		letters++;
	}
	assert_int_equal(letters, 3 * lives_lived); /* paid, approved, installed: each told once */
	desk_close(orders);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ENGINE_TEST(a_request_sent_twice_is_one_order_with_two_capabilities),
		ENGINE_TEST(a_number_or_a_guess_opens_no_order),
		ENGINE_TEST(what_a_person_told_us_is_nowhere_in_the_database),
		ENGINE_TEST(a_renewal_goes_from_draft_to_confirmed),
		ENGINE_TEST(nobody_says_what_is_not_theirs_to_say),
		ENGINE_TEST(unpaid_is_cancelled_after_24_hours_to_the_second),
		ENGINE_TEST(consent_is_to_every_text_and_to_this_form),
		ENGINE_TEST(all_pairs_of_orders_on_one_key_end_in_a_legal_state),
		ENGINE_TEST(a_lost_key_gets_nothing_and_can_be_replaced_at_once),
		ENGINE_TEST(a_key_that_was_found_again_goes_on_where_it_was),
		ENGINE_TEST(a_foreign_admin_pin_leaves_the_counter_only),
		ENGINE_TEST(numbers_carry_the_local_day_and_go_on_to_the_next_letter),
		ENGINE_TEST(of_two_things_at_once_one_happens),
		ENGINE_TEST(killed_at_any_write_an_order_goes_on_from_where_it_was),
	};

	return engines_run("orders", tests, ARRAY_SIZE(tests));
}
