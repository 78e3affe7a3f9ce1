/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store, on every engine, with several processes on one database. */
#include "service/store/orders.h"
#include "service/store/outbox.h"
#include "service/store/schema.h"
#include "tests/service/engines.h"

#include <unistd.h>

#define RACERS 4

static struct cs_order_row
order_new(const char *number, const char *key_sn)
{
	struct cs_order_row row = {.kind = "renewal", .state = "draft", .created = 1000};

	assert_cs_ok(cs_id_new(row.id));
	(void)snprintf(row.number, sizeof(row.number), "%s", number);
	(void)snprintf(row.key_sn, sizeof(row.key_sn), "%s", key_sn);
	assert_cs_ok(cs_blob_set(&row.body, str("body")));
	return row;
}

static void
an_order_comes_back_as_it_was_written(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_new("20250101A000001", "'; DROP TABLE orders; --");
	CS_ORDER_ROW got = {.ver = 0};
	static const uint8_t bytes[] = {0x00, 0xff, 0x27, 0x00};

	assert_cs_ok(cs_blob_set(&row.body, uk_span_of(bytes, sizeof(bytes))));
	row.deadline = INT64_C(1) << 40;
	assert_cs_ok(cs_store_order_add(store, &row));
	assert_cs_ok(cs_store_order_get(store, row.id, &got));
	assert_string_equal(got.key_sn, row.key_sn);
	assert_string_equal(got.number, row.number);
	assert_int_equal(got.deadline, row.deadline);
	assert_bytes(cs_blob_span(&got.body), uk_span_of(bytes, sizeof(bytes)));
	assert_cs(cs_store_order_add(store, &row), CS_E_EXISTS);
	assert_cs(cs_store_order_get(store, "none", &got), CS_E_NOT_FOUND);
}

static void
who_comes_second_is_told_so(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_STORE *other = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_new("20250101A000001", "K1");
	CS_ORDER_ROW mine = {.ver = 0}, theirs = {.ver = 0};

	assert_cs_ok(cs_store_order_add(store, &row));
	assert_cs_ok(cs_store_order_get(store, row.id, &mine));
	assert_cs_ok(cs_store_order_get(other, row.id, &theirs));
	memcpy(mine.state, "submitted", 10);
	memcpy(theirs.state, "cancelled", 10);
	assert_cs_ok(cs_store_order_put(store, &mine));
	assert_cs(cs_store_order_put(other, &theirs), CS_E_CHANGED);
	assert_cs_ok(cs_store_order_get(other, row.id, &theirs));
	assert_string_equal(theirs.state, "submitted");
	assert_int_equal(theirs.ver, 1);
}

static void
a_tenant_sees_its_own_rows_only(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_STORE *other = NULL;
	CS_ORDER_ROW row = order_new("20250101A000001", "K1");
	CS_ORDER_ROW got = {.ver = 0};
	char id[CS_ID_TEXT];

	row.deadline = 5;
	assert_cs_ok(cs_store_open(engine_where(), CS_SCHEMA_ORDERS, "ca2", &other));
	assert_cs_ok(cs_store_order_add(store, &row));
	assert_cs_ok(cs_store_key_claim(store, "K1", row.id));
	assert_cs(cs_store_order_get(other, row.id, &got), CS_E_NOT_FOUND);
	assert_cs(cs_store_order_due(other, 10, id), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_order_due(store, 10, id));
	assert_cs_ok(cs_store_key_claim(other, "K1", "0123"));
	assert_cs_ok(cs_store_order_add(other, &row));
}

static enum cs_status
add_then_fail(struct cs_store *store, void *ctx)
{
	assert_cs_ok(cs_store_order_add(store, ctx));
	assert_cs_ok(cs_store_post(store, "sms", "x", 0, str("hello")));
	return CS_E_STATE;
}

static void
a_transaction_that_fails_leaves_nothing(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_new("20250101A000001", "K1");
	CS_ORDER_ROW got = {.ver = 0};
	struct cs_letter letter = {.tries = 0};
	const struct cs_lease lease = {"sms", "w", 10, 20};

	assert_cs(cs_store_tx(store, add_then_fail, &row), CS_E_STATE);
	assert_cs(cs_store_order_get(store, row.id, &got), CS_E_NOT_FOUND);
	assert_cs(cs_store_letter_take(store, &lease, &letter), CS_E_NOT_FOUND);
}

/*
 * An engine may tell late that a statement did not do what it had to, to somebody who asked for
 * something else and does not care.
 */
static enum cs_status
change_and_not_care(struct cs_store *store, void *ctx)
{
	struct cs_order_row *stale = ctx;
	CS_ORDER_ROW got = {.ver = 0};
	struct cs_limit limit = {"bucket", 5, 60};
	enum cs_status st = cs_store_limit(store, &limit, 100);

	if (st == CS_OK)
		st = cs_store_order_put(store, stale);
	if (st == CS_OK && cs_store_order_get(store, stale->id, &got) != CS_OK)
		st = CS_OK; /* so it seems */
	return st;
}

static void
what_is_told_late_still_undoes_all_of_it(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = order_new("20250101A000001", "K1");
	CS_ORDER_ROW stale = {.ver = 0}, got = {.ver = 0};
	struct cs_limit limit = {"bucket", 1, 60};

	assert_cs_ok(cs_store_order_add(store, &row));
	assert_cs_ok(cs_store_order_get(store, row.id, &stale));
	stale.ver--;
	memcpy(stale.state, "cancelled", 10);
	assert_cs(cs_store_tx(store, change_and_not_care, &stale), CS_E_CHANGED);
	assert_cs_ok(cs_store_order_get(store, row.id, &got));
	assert_string_equal(got.state, row.state);
	assert_cs_ok(cs_store_limit(store, &limit, 100)); /* nothing was counted */
}

static void
letters_are_taken_and_done_with_together(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	const struct cs_lease one = {"sms", "one", 100, 130}, two = {"sms", "two", 100, 130};
	CS_LETTERS mine = {.len = 0}, theirs = {.len = 0}, none = {.len = 0};
	char once[8];

	for (int i = 0; i < 20; i++) {
		(void)snprintf(once, sizeof(once), "o%d", i);
		assert_cs_ok(cs_store_post(store, "sms", once, i, uk_span_str(once)));
	}
	assert_cs_ok(cs_store_letters_take(store, &one, 99, &mine));
	assert_cs_ok(cs_store_letters_take(store, &two, 3, &theirs));
	assert_int_equal(mine.len, CS_LETTERS_MAX);
	assert_int_equal(theirs.len, 3);
	assert_string_equal((const char *)mine.list[0].payload.ptr, "o0");
	assert_string_equal((const char *)mine.list[15].payload.ptr, "o15");
	assert_string_equal((const char *)theirs.list[0].payload.ptr, "o16");
	/* Nobody is done with what another one has. */
	assert_cs_ok(cs_store_letters_done(store, &mine, "two", 101));
	assert_cs(cs_store_letter_done(store, mine.list[0].id, "one", 101), CS_OK);
	assert_cs_ok(cs_store_letters_done(store, &mine, "one", 101));
	for (size_t i = 0; i < mine.len; i++)
		assert_cs(cs_store_letter_done(store, mine.list[i].id, "one", 101), CS_E_CHANGED);
	assert_cs_ok(cs_store_letter_done(store, theirs.list[2].id, "two", 101));
	assert_cs_ok(cs_store_letters_take(store, &one, 99, &none));
	assert_int_equal(none.len, 1);
}

static void
anothers_or_a_newer_database_is_refused(void **state)
{
	static const struct cs_tables newer = {"orders", 99, NULL, 0};
	struct cs_store *store = engine_open(CS_SCHEMA_ORDERS), *other = NULL;

	assert_cs(cs_store_open(engine_where(), CS_SCHEMA_UNLOCK, "ca1", &other), CS_E_SCHEMA);
	assert_cs_ok(cs_tables_migrate(store, &newer));
	cs_store_close(store);
	assert_cs(cs_store_open(engine_where(), CS_SCHEMA_ORDERS, "ca1", &other), CS_E_SCHEMA);
}

static const struct cs_table growing[] = {
	{"pets",
	 {{"ca", CS_TYPE_TEXT}, {"name", CS_TYPE_TEXT}, {"legs", CS_TYPE_INT, 2}},
	 "ca, name"},
	{"toys", {{"ca", CS_TYPE_TEXT}, {"picture", CS_TYPE_BYTES, 3}}, "ca", .since = 2},
};

static enum cs_status
pet_row(const struct cs_row *row, void *ctx)
{
	*(int64_t *)ctx = row->number(row->row, 0);
	return CS_OK;
}

static void
an_older_database_is_brought_up_with_its_rows(void **state)
{
	static const char add_pet[] = "INSERT INTO pets (ca, name) VALUES ($1, $2)";
	static const char add_toy[] = "INSERT INTO toys (ca, picture) VALUES ($1, $2)";
	struct cs_tables tables = {"orders", 1, growing, ARRAY_SIZE(growing)};
	struct cs_store *store;
	int64_t legs = -1;
	struct cs_statement ask = {.sql = "SELECT legs FROM pets", .each = pet_row, .ctx = &legs};

	/* A database that has seen none of our versions. */
	assert_cs_ok(cs_store_open(engine_where(), CS_SCHEMA_ORDERS, "ca1", &store));
	assert_cs_ok(store->engine->script(store->db, "DELETE FROM schema_version"));
	assert_cs_ok(cs_tables_migrate(store, &tables));
	assert_cs_ok(CS_EXECUTE(store, add_pet, NULL, cs_text("ca1"), cs_text("cat")));
	tables.version = 3;
	assert_cs_ok(cs_tables_migrate(store, &tables));
	assert_cs_ok(cs_fetch(store, &ask));
	assert_int_equal(legs, 0);
	assert_cs_ok(CS_EXECUTE(store, add_toy, NULL, cs_text("ca1"), cs_bytes(str("mouse"))));
	assert_cs_ok(cs_tables_migrate(store, &tables));
	cs_store_close(store);
}

static int
open_one(int number)
{
	struct cs_store *store = NULL;

	engine_line_up();
	if (cs_store_open(engine_where(), CS_SCHEMA_ORDERS, "ca1", &store) != CS_OK)
		return 1;
	cs_store_close(store);
	return 0;
}

static void
processes_that_start_together_make_the_tables_once(void **state)
{
	engine_race(RACERS, open_one);
}

#define ROUNDS 40

static int
take_numbers(int number)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	FILE *out = fopen(engine_path("numbers"), "a");
	int64_t first;

	engine_line_up();
	for (int i = 0; i < ROUNDS; i++) {
		if (cs_store_numbers(store, "20250101", "A", 3, &first) != CS_OK)
			return 1;
		(void)fprintf(out, "%ld\n", (long)first);
		(void)fflush(out);
	}
	return fclose(out);
}

static void
no_number_is_given_out_twice(void **state)
{
	bool seen[RACERS * ROUNDS] = {false};
	FILE *in;
	long first;
	int count = 0;

	cs_store_close(engine_open(CS_SCHEMA_ORDERS));
	engine_race(RACERS, take_numbers);
	in = fopen(engine_path("numbers"), "r");
	for (; fscanf(in, "%ld", &first) == 1; count++) {
		assert_int_equal(first % 3, 1);
		assert_true(first / 3 < (long)ARRAY_SIZE(seen));
		assert_false(seen[first / 3]);
		seen[first / 3] = true;
	}
	assert_int_equal(count, RACERS * ROUNDS);
	(void)fclose(in);
}

static enum cs_status
claim_body(struct cs_store *store, void *ctx)
{
	const char *const *args = ctx;

	return cs_store_key_claim(store, args[0], args[1]);
}

static void
won(const char *key_sn)
{
	FILE *mark = fopen(engine_path(key_sn), "wx"); /* fails when somebody has won it already */

	if (mark == NULL || fclose(mark) != 0)
		_exit(3);
}

static int
claim_keys(int number)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	char id[CS_ID_TEXT], key_sn[16];
	const char *args[] = {key_sn, id};

	(void)snprintf(id, sizeof(id), "order%d", number);
	engine_line_up();
	for (int i = 0; i < ROUNDS; i++) {
		enum cs_status st;

		(void)snprintf(key_sn, sizeof(key_sn), "K%d", i);
		st = cs_store_tx(store, claim_body, args);
		if (st == CS_OK)
			won(key_sn);
		else if (st != CS_E_OPEN_ORDER)
			return 1;
		if (st == CS_OK && cs_store_tx(store, claim_body, args) != CS_OK)
			return 2; /* one's own claim may be made again */
	}
	return 0;
}

static void
one_order_at_a_time_writes_to_a_key(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	char key_sn[16], holder[CS_ID_TEXT];

	engine_race(RACERS, claim_keys);
	for (int i = 0; i < ROUNDS; i++) {
		(void)snprintf(key_sn, sizeof(key_sn), "K%d", i);
		assert_cs_ok(cs_store_key_holder(store, key_sn, holder));
		assert_memory_equal(holder, "order", 5);
		assert_int_equal(access(engine_path(key_sn), F_OK), 0);
		assert_cs_ok(cs_store_key_release(store, key_sn, "somebody else"));
		assert_cs(cs_store_key_claim(store, key_sn, "new"), CS_E_OPEN_ORDER);
		assert_cs_ok(cs_store_key_release(store, key_sn, holder));
		assert_cs_ok(cs_store_key_claim(store, key_sn, "new"));
	}
}

static void
a_request_sent_twice_makes_one_order(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	struct cs_idempotency first = {.hash = {1}, .body_hash = {2}, .order_id = "one", .made = 5};
	struct cs_idempotency again = {.hash = {1}, .body_hash = {2}, .order_id = "two", .made = 6};
	struct cs_idempotency differs = {.hash = {1}, .body_hash = {3}, .order_id = "three"};

	assert_cs_ok(cs_store_idempotent(store, &first));
	assert_true(first.first);
	assert_cs_ok(cs_store_idempotent(store, &again));
	assert_false(again.first);
	assert_string_equal(again.order_id, "one");
	assert_cs(cs_store_idempotent(store, &differs), CS_E_CHANGED);
	assert_cs_ok(cs_store_idempotency_forget(store, 6));
	assert_cs_ok(cs_store_idempotent(store, &differs));
	assert_true(differs.first);
}

#define LETTERS 60

static int
tell_letters(int number)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	char owner[16];
	const struct cs_lease lease = {"sms", owner, 100, 200};
	FILE *out = fopen(engine_path("told"), "a");
	enum cs_status st = CS_OK;

	(void)snprintf(owner, sizeof(owner), "worker%d", number);
	engine_line_up();
	while (st == CS_OK) {
		struct cs_letter letter = {.tries = 0};

		st = cs_store_letter_take(store, &lease, &letter);
		if (st != CS_OK)
			break;
		(void)fprintf(out, "%.*s\n", (int)letter.payload.len, letter.payload.ptr);
		(void)fflush(out);
		cs_blob_free(&letter.payload);
		st = cs_store_letter_done(store, letter.id, owner, 101);
	}
	return fclose(out) != 0 || st != CS_E_NOT_FOUND;
}

static void
each_letter_is_told_by_one_worker(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	bool told[LETTERS] = {false};
	char text[16];
	FILE *in;
	int letter, count = 0;

	for (int i = 0; i < LETTERS; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_cs_ok(cs_store_post(store, "sms", text, 50, str(text)));
		assert_cs_ok(cs_store_post(store, "sms", text, 50, str("the same again")));
	}
	engine_race(RACERS, tell_letters);
	in = fopen(engine_path("told"), "r");
	for (; fscanf(in, "%d", &letter) == 1; count++) {
		assert_false(told[letter]);
		told[letter] = true;
	}
	assert_int_equal(count, LETTERS);
	(void)fclose(in);
}

static void
a_worker_that_died_gives_its_letter_back(void **state)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	const struct cs_lease dies = {"sms", "dead", 100, 130};
	const struct cs_lease early = {"sms", "other", 129, 160};
	const struct cs_lease late = {"sms", "other", 130, 160};
	const struct cs_lease mail = {"mail", "other", 130, 160};
	struct cs_letter letter = {.tries = 0};

	assert_cs_ok(cs_store_post(store, "sms", "a", 101, str("hello")));
	assert_cs(cs_store_letter_take(store, &dies, &letter), CS_E_NOT_FOUND); /* not due */
	assert_cs_ok(cs_store_post(store, "sms", "b", 100, str("hello")));
	assert_cs_ok(cs_store_letter_take(store, &dies, &letter));
	cs_blob_free(&letter.payload);
	assert_cs_ok(cs_store_letter_take(store, &early, &letter));
	cs_blob_free(&letter.payload);
	assert_cs(cs_store_letter_take(store, &mail, &letter), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_letter_take(store, &late, &letter));
	assert_int_equal(letter.tries, 2);
	cs_blob_free(&letter.payload);
	assert_cs(cs_store_letter_done(store, letter.id, "dead", 131), CS_E_CHANGED);
	assert_cs_ok(cs_store_letter_again(store, letter.id, "other", 500));
	assert_cs(cs_store_letter_take(store, &late, &letter), CS_E_NOT_FOUND);
}

#define LIMIT_MOST 30

static int
use_limit(int number)
{
	static const struct cs_limit limit = {"sms:phone", LIMIT_MOST, 3600};
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	FILE *out = fopen(engine_path("passed"), "a");

	engine_line_up();
	for (int i = 0; i < ROUNDS; i++) {
		enum cs_status st = cs_store_limit(store, &limit, 1000 + i);

		if (st == CS_OK)
			(void)fputc('x', out);
		else if (st != CS_E_LIMIT)
			return 1;
	}
	return fclose(out);
}

static void
a_limit_holds_however_many_come_at_once(void **state)
{
	static const struct cs_limit limit = {"sms:phone", LIMIT_MOST, 3600};
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	FILE *in;
	int count = 0;

	engine_race(RACERS, use_limit);
	in = fopen(engine_path("passed"), "r");
	while (fgetc(in) != EOF)
		count++;
	(void)fclose(in);
	assert_int_equal(count, LIMIT_MOST);
	assert_cs(cs_store_limit(store, &limit, 1001 + 3598), CS_E_LIMIT);
	assert_cs_ok(cs_store_limit(store, &limit, 1100 + 3600));
}

static void
what_was_told_long_ago_is_dropped_and_nothing_else(void **state)
{
	static const struct cs_limit limit = {"old", 1, 3600};
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	const struct cs_lease lease = {"sms", "w", 100, 130};
	struct cs_letter told = {.tries = 0}, waits = {.tries = 0};

	assert_cs_ok(cs_store_post(store, "sms", "told", 1, str("a")));
	assert_cs_ok(cs_store_post(store, "sms", "waits", 2, str("b")));
	assert_cs_ok(cs_store_letter_take(store, &lease, &told));
	assert_cs_ok(cs_store_letter_done(store, told.id, "w", 100));
	assert_cs_ok(cs_store_limit(store, &limit, 100));
	assert_cs_ok(cs_store_outbox_forget(store, 100, 100));
	assert_cs_ok(cs_store_post(store, "sms", "told", 1, str("not told again")));
	assert_cs(cs_store_limit(store, &limit, 101), CS_E_LIMIT);
	assert_cs_ok(cs_store_outbox_forget(store, 101, 101));
	assert_cs_ok(cs_store_limit(store, &limit, 101));
	assert_cs_ok(cs_store_letter_take(store, &lease, &waits));
	assert_bytes(cs_blob_span(&waits.payload), str("b"));
	assert_cs(cs_store_letter_take(store, &lease, &told), CS_E_NOT_FOUND);
	cs_blob_free(&told.payload);
	cs_blob_free(&waits.payload);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ENGINE_TEST(an_order_comes_back_as_it_was_written),
		ENGINE_TEST(who_comes_second_is_told_so),
		ENGINE_TEST(a_tenant_sees_its_own_rows_only),
		ENGINE_TEST(a_transaction_that_fails_leaves_nothing),
		ENGINE_TEST(what_is_told_late_still_undoes_all_of_it),
		ENGINE_TEST(letters_are_taken_and_done_with_together),
		ENGINE_TEST(anothers_or_a_newer_database_is_refused),
		ENGINE_TEST(an_older_database_is_brought_up_with_its_rows),
		ENGINE_TEST(processes_that_start_together_make_the_tables_once),
		ENGINE_TEST(no_number_is_given_out_twice),
		ENGINE_TEST(one_order_at_a_time_writes_to_a_key),
		ENGINE_TEST(a_request_sent_twice_makes_one_order),
		ENGINE_TEST(each_letter_is_told_by_one_worker),
		ENGINE_TEST(a_worker_that_died_gives_its_letter_back),
		ENGINE_TEST(a_limit_holds_however_many_come_at_once),
		ENGINE_TEST(what_was_told_long_ago_is_dropped_and_nothing_else),
	};

	return engines_run("the store", tests, ARRAY_SIZE(tests));
}
