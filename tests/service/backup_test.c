/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups, from each engine into each; and what a process that is killed leaves behind. */
#include "service/store/audit.h"
#include "service/store/orders.h"
#include "service/store/outbox.h"
#include "tests/service/engines.h"
#include "tests/service/killat.h"

#include <unistd.h>

static struct cs_blob
file_read(const char *path)
{
	struct cs_blob blob = {NULL, 0};
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	(void)fseek(file, 0, SEEK_END);
	assert_cs_ok(cs_blob_room(&blob, (size_t)ftell(file)));
	rewind(file);
	assert_int_equal(fread(blob.ptr, 1, blob.len, file), blob.len);
	(void)fclose(file);
	return blob;
}

static void
file_write(const char *path, struct uk_span bytes)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

static void
fill(struct cs_store *store)
{
	static const uint8_t zeros[CS_HASH_LEN] = {0};
	static const uint8_t odd[] = {0x00, 0x80, 0x27, 0x0a};
	CS_ORDER_ROW row = {.id = "0123456789abcdef",
			    .number = "20250101A000001",
			    .kind = "new",
			    .state = "draft",
			    .key_sn = "单位'\"\\",
			    .created = -1,
			    .changed = INT64_MAX,
			    .deadline = 7};
	const struct cs_audit_row entry = {"node1", 1, 5, uk_span_of(odd, sizeof(odd)),
					   uk_span_of(zeros, sizeof(zeros))};

	assert_cs_ok(cs_blob_set(&row.body, uk_span_of(odd, sizeof(odd))));
	assert_cs_ok(cs_store_order_add(store, &row));
	assert_cs_ok(cs_store_audit_add(store, &entry));
	assert_cs_ok(cs_store_post(store, "sms", "once", 9, str("text")));
	assert_cs_ok(cs_store_post(store, "sms", "nothing", 9, uk_span_of(NULL, 0)));
}

static void
a_backup_restores_the_same_rows_on_the_other_engine(void **state)
{
	CS_STORE *from = engine_open(CS_SCHEMA_ORDERS);
	CS_STORE *to = NULL;
	CS_BLOB first = {NULL, 0}, second = {NULL, 0};
	CS_ORDER_ROW row = {.ver = 0};

	fill(from);
	assert_cs_ok(cs_store_open(engine_another(true), CS_SCHEMA_ORDERS, "ca1", &to));
	assert_cs_ok(cs_store_backup(from, engine_path("a.backup")));
	assert_cs_ok(cs_store_restore(to, engine_path("a.backup")));
	assert_cs_ok(cs_store_backup(to, engine_path("b.backup")));
	first = file_read(engine_path("a.backup"));
	second = file_read(engine_path("b.backup"));
	assert_bytes(cs_blob_span(&second), cs_blob_span(&first));
	assert_cs_ok(cs_store_order_get(to, "0123456789abcdef", &row));
	assert_string_equal(row.key_sn, "单位'\"\\");
	assert_true(row.changed == INT64_MAX);
	/* Not over what is there, neither rows nor a file. */
	assert_cs(cs_store_restore(to, engine_path("a.backup")), CS_E_EXISTS);
	assert_cs(cs_store_backup(to, engine_path("a.backup")), CS_E_UNAVAILABLE);
}

static void
a_damaged_backup_changes_nothing(void **state)
{
	CS_STORE *from = engine_open(CS_SCHEMA_ORDERS);
	CS_STORE *to = NULL;
	CS_BLOB good = {NULL, 0};
	char id[CS_ID_TEXT];

	fill(from);
	assert_cs_ok(cs_store_open(engine_another(false), CS_SCHEMA_ORDERS, "ca1", &to));
	assert_cs_ok(cs_store_backup(from, engine_path("a.backup")));
	good = file_read(engine_path("a.backup"));
	for (size_t i = 0; i < good.len; i++) {
		good.ptr[i] ^= 0x20;
		file_write(engine_path("bad"), cs_blob_span(&good));
		assert_cs(cs_store_restore(to, engine_path("bad")), CS_E_CORRUPT);
		good.ptr[i] ^= 0x20;
		file_write(engine_path("bad"), uk_span_of(good.ptr, i));
		assert_cs(cs_store_restore(to, engine_path("bad")), CS_E_CORRUPT);
	}
	assert_cs(cs_store_order_due(to, INT64_MAX, id), CS_E_NOT_FOUND);
	assert_cs_ok(cs_store_restore(to, engine_path("a.backup")));
}

static void
a_backup_of_another_process_is_refused(void **state)
{
	CS_STORE *from = engine_open(CS_SCHEMA_ORDERS);
	CS_STORE *to = NULL;

	assert_cs_ok(cs_store_open(engine_another(false), CS_SCHEMA_UNLOCK, "ca1", &to));
	assert_cs_ok(cs_store_backup(from, engine_path("a.backup")));
	assert_cs(cs_store_restore(to, engine_path("a.backup")), CS_E_SCHEMA);
}

static enum cs_status
change_body(struct cs_store *store, void *ctx)
{
	CS_ORDER_ROW row = {.ver = 0};
	char once[32];
	enum cs_status st = cs_store_order_get(store, "order", &row);

	if (st != CS_OK)
		return st;
	(void)snprintf(once, sizeof(once), "%ld", (long)row.ver + 1);
	st = cs_store_post(store, "sms", once, 0, str("text"));
	if (st == CS_OK)
		st = cs_store_key_block(store, once, "lost", "order", 1);
	return st == CS_OK ? cs_store_order_put(store, &row) : st;
}

static int
change(void)
{
	CS_STORE *store = NULL;

	if (cs_store_open(engine_where(), CS_SCHEMA_ORDERS, "ca1", &store) != CS_OK)
		return 1;
	return cs_store_tx(store, change_body, NULL) != CS_OK;
}

static int64_t version_before;

/* The version, the letter and the block are written together or not at all. */
static void
check_whole(bool finished)
{
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	CS_ORDER_ROW row = {.ver = 0};
	char next[32];

	assert_cs_ok(cs_store_order_get(store, "order", &row));
	assert_in_range(row.ver - version_before, finished ? 1 : 0, 1);
	for (int64_t ver = 1; ver <= row.ver; ver++) {
		(void)snprintf(next, sizeof(next), "%ld", (long)ver);
		assert_cs_ok(cs_store_key_blocked(store, next, "lost"));
	}
	(void)snprintf(next, sizeof(next), "%ld", (long)row.ver + 1);
	assert_cs(cs_store_key_blocked(store, next, "lost"), CS_E_NOT_FOUND);
	version_before = row.ver;
}

static void
a_process_killed_at_any_write_leaves_all_or_nothing(void **state)
{
	CS_ORDER_ROW row = {.id = "order", .number = "1", .kind = "new", .state = "draft"};
	CS_STORE *store = engine_open(CS_SCHEMA_ORDERS);
	struct cs_letter letter = {.tries = 0};
	const struct cs_lease lease = {"sms", "w", 1, 2};
	int64_t letters = 0;

	assert_cs_ok(cs_store_order_add(store, &row));
	version_before = 0;
	assert_true(kill_here_and_there(120, 3, change, check_whole) > 3);
	while (cs_store_letter_take(store, &lease, &letter) == CS_OK) {
		cs_blob_free(&letter.payload);
		letters++;
	}
	assert_int_equal(letters, version_before);
}

/* Runs pg_ctl of the test's own server. */
static void
server(const char *words)
{
	char command[1024];

	(void)snprintf(command, sizeof(command), "cd / && %s %s",
		       getenv("OPENUKEY_TEST_PG_CONTROL"), words);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own words */
}

static void
a_database_that_comes_back_is_used_again(void **state)
{
	CS_STORE *store = NULL;
	CS_ORDER_ROW row = {.id = "order", .number = "1", .kind = "new", .state = "draft"};

	if (engine_is_sqlite())
		return; /* there is no server to lose */
	store = engine_open(CS_SCHEMA_ORDERS);
	assert_cs_ok(cs_store_order_add(store, &row));
	server("-m fast restart");
	row.state[0] = 'D';
	assert_cs_ok(cs_store_order_put(store, &row));
	assert_int_equal(row.ver, 1);
	server("-m fast stop");
	assert_cs(cs_store_order_put(store, &row), CS_E_UNAVAILABLE);
	server("start");
	assert_cs_ok(cs_store_order_put(store, &row));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		ENGINE_TEST(a_backup_restores_the_same_rows_on_the_other_engine),
		ENGINE_TEST(a_damaged_backup_changes_nothing),
		ENGINE_TEST(a_backup_of_another_process_is_refused),
		ENGINE_TEST(a_process_killed_at_any_write_leaves_all_or_nothing),
		ENGINE_TEST(a_database_that_comes_back_is_used_again),
	};

	return engines_run("backup", tests, ARRAY_SIZE(tests));
}
