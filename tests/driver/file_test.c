/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the application, through token.h. */
#include "tests/driver/desk.h"

#define FILE_NAME  "ca-chain"
#define LARGE_SIZE 9001

static const struct token_file by_anyone = {
	.size = LARGE_SIZE, .read_rights = GM_RIGHT_ANYONE, .write_rights = GM_RIGHT_USER};

static void
join_names(void *data, struct uk_span name)
{
	char *text = data;
	size_t used = strlen(text);

	(void)snprintf(text + used, 200 - used, "%.*s;", (int)name.len, (const char *)name.ptr);
}

static void
login(struct token *token)
{
	unsigned int tries = 99;

	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
}

static void
logged_in_with_file(struct desk *desk, const struct token_file *file)
{
	login(desk->token);
	assert_ok(desk->token->ops->create_file(desk->token, str(FILE_NAME), file));
}

static void
pattern(uint8_t *out, size_t len, unsigned int seed)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(1 + (i * 7 + i / 251 + seed) % 255); /* never 0 */
}

static void
assert_file(struct token *token, const uint8_t *wanted, size_t len)
{
	static uint8_t bytes[TOKEN_FILE_MAX + 1];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	bytes[0] = 0x55;
	out.len = 1; /* what was there stays */
	assert_ok(token->ops->read_file(token, str(FILE_NAME), &out));
	assert_int_equal(out.len, 1 + len);
	assert_int_equal(bytes[0], 0x55);
	assert_memory_equal(bytes + 1, wanted, len);
}

static void
a_file_is_made_written_read_and_deleted(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	static uint8_t data[LARGE_SIZE];
	static uint8_t read[LARGE_SIZE];
	struct uk_writer out = uk_writer_of(read, sizeof(read));
	struct token_file file;
	char names[200] = "";

	assert_ok(token->ops->files(token, join_names, names));
	assert_string_equal(names, "");
	logged_in_with_file(desk, &by_anyone);
	assert_status(token->ops->create_file(token, str(FILE_NAME), &by_anyone), UK_E_EXISTS);
	assert_ok(token->ops->files(token, join_names, names));
	assert_string_equal(names, FILE_NAME ";");
	assert_ok(token->ops->file_info(token, str(FILE_NAME), &file));
	assert_int_equal(file.size, LARGE_SIZE);
	assert_int_equal(file.read_rights, GM_RIGHT_ANYONE);
	assert_int_equal(file.write_rights, GM_RIGHT_USER);

	pattern(data, sizeof(data), 0);
	assert_ok(token->ops->write_file(token, str(FILE_NAME), uk_span_of(data, sizeof(data))));
	assert_file(token, data, sizeof(data));
	/* a short one, from the start; the rest stays */
	pattern(data, 20, 77);
	assert_ok(token->ops->write_file(token, str(FILE_NAME), uk_span_of(data, 20)));
	desk_replug(desk);
	token = desk->token;
	assert_file(token, data, sizeof(data));

	assert_status(token->ops->delete_file(token, str(FILE_NAME)), UK_E_NOT_LOGGED_IN);
	login(token);
	assert_ok(token->ops->delete_file(token, str(FILE_NAME)));
	assert_status(token->ops->delete_file(token, str(FILE_NAME)), UK_E_NOT_FOUND);
	assert_status(token->ops->file_info(token, str(FILE_NAME), &file), UK_E_NOT_FOUND);
	assert_status(token->ops->read_file(token, str(FILE_NAME), &out), UK_E_NOT_FOUND);
	assert_status(token->ops->write_file(token, str(FILE_NAME), uk_span_of(data, 20)),
		      UK_E_NOT_FOUND);
	assert_int_equal(out.len, 0);
}

static void
the_largest_file_comes_back_whole(void **state)
{
	struct desk *desk = *state;
	struct token_file file = by_anyone;
	static uint8_t data[TOKEN_FILE_MAX];
	enum uk_status st;

	login(desk->token);
	file.size = TOKEN_FILE_MAX + 1;
	assert_status(desk->token->ops->create_file(desk->token, str(FILE_NAME), &file),
		      UK_E_DATA_LEN);
	/* as large as this key has room for */
	for (file.size = TOKEN_FILE_MAX;; file.size /= 2) {
		st = desk->token->ops->create_file(desk->token, str(FILE_NAME), &file);
		if (st == UK_OK)
			break;
		assert_status(st, UK_E_ROOM);
		assert_true(file.size > LARGE_SIZE);
	}
	pattern(data, file.size, 3);
	assert_ok(desk->token->ops->write_file(desk->token, str(FILE_NAME),
					       uk_span_of(data, file.size)));
	assert_file(desk->token, data, file.size);
	assert_status(desk->token->ops->write_file(desk->token, str(FILE_NAME),
						   uk_span_of(data, file.size + 1)),
		      UK_E_DATA_LEN);
	assert_file(desk->token, data, file.size);
}

static void
small_files_cost_few_commands(void **state)
{
	struct desk *desk = *state;
	struct token_file file = by_anyone;
	uint8_t data[100];

	file.size = sizeof(data);
	logged_in_with_file(desk, &file);
	pattern(data, sizeof(data), 1);
	(void)desk_count(desk);
	assert_ok(desk->token->ops->write_file(desk->token, str(FILE_NAME),
					       uk_span_of(data, sizeof(data))));
	assert_int_equal(desk_count(desk), 2);
	assert_file(desk->token, data, sizeof(data));
	assert_int_equal(desk_count(desk), 2);
}

static void
a_file_asks_for_its_own_rights(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	struct token_file file = {
		.size = 10, .read_rights = GM_RIGHT_USER, .write_rights = GM_RIGHT_ADMIN};
	uint8_t data[10] = {1};
	struct uk_writer out = uk_writer_of(data, sizeof(data));
	unsigned int tries = 99;

	assert_status(token->ops->create_file(token, str(FILE_NAME), &file), UK_E_NOT_LOGGED_IN);
	logged_in_with_file(desk, &file);
	assert_ok(token->ops->read_file(token, str(FILE_NAME), &out));
	assert_status(token->ops->write_file(token, str(FILE_NAME), uk_span_of(data, 10)),
		      UK_E_NO_RIGHT);
	assert_false(token->login_lost);
	assert_int_equal(desk_count_ins(desk, GM_INS_WRITE_FILE), 0);

	assert_ok(token->ops->clear(token));
	out.len = 0;
	assert_status(token->ops->read_file(token, str(FILE_NAME), &out), UK_E_NOT_LOGGED_IN);
	assert_int_equal(out.len, 0);
	assert_ok(token->ops->verify(token, TOKEN_ADMIN, str(ADMIN_PIN), &tries));
	assert_ok(token->ops->write_file(token, str(FILE_NAME), uk_span_of(data, 10)));
	assert_status(token->ops->read_file(token, str(FILE_NAME), &out), UK_E_NO_RIGHT);
}

static void
what_cannot_be_a_file_is_not_sent(void **state)
{
	struct desk *desk = *state;
	struct token *token = desk->token;
	const char *long_name = "0123456789abcdef0123456789abcdef+";
	struct token_file file = by_anyone;

	login(token);
	(void)desk_count(desk);
	assert_status(token->ops->create_file(token, str(long_name), &file), UK_E_DATA_LEN);
	assert_status(token->ops->create_file(token, str(""), &file), UK_E_DATA_LEN);
	file.size = 0;
	assert_status(token->ops->create_file(token, str(FILE_NAME), &file), UK_E_DATA_LEN);
	assert_status(token->ops->file_info(token, str(long_name), &file), UK_E_NOT_FOUND);
	assert_status(token->ops->delete_file(token, str("")), UK_E_NOT_FOUND);
	assert_int_equal(desk_count(desk), 0);
}

static void
too_little_room_for_a_file_is_said_before_reading(void **state)
{
	struct desk *desk = *state;
	uint8_t little[LARGE_SIZE - 1];
	struct uk_writer out = uk_writer_of(little, sizeof(little));

	logged_in_with_file(desk, &by_anyone);
	assert_status(desk->token->ops->read_file(desk->token, str(FILE_NAME), &out),
		      UK_E_DATA_LEN);
	assert_int_equal(out.len, 0);
	assert_int_equal(desk_count_ins(desk, GM_INS_READ_FILE), 0);
}

/* ---- power cuts ---- */

static void
come_back(struct desk *desk)
{
	assert_true(rig_await(desk->rig, 0, false, 3000));
	desk_tell(desk, "plug");
	assert_true(rig_await(desk->rig, 0, true, 3000));
	desk_reopen(desk);
}

/* Either what was there, or what was to come, or a beginning of zeros. */
static void
assert_old_new_or_marked(struct token *token, const uint8_t *old, const uint8_t *new)
{
	static const uint8_t zeros[16];
	static uint8_t bytes[LARGE_SIZE];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));

	assert_ok(token->ops->read_file(token, str(FILE_NAME), &out));
	assert_int_equal(out.len, LARGE_SIZE);
	assert_true(memcmp(bytes, old, LARGE_SIZE) == 0 || memcmp(bytes, new, LARGE_SIZE) == 0 ||
		    memcmp(bytes, zeros, sizeof(zeros)) == 0);
}

static void
a_file_cut_short_never_looks_whole(void **state)
{
	struct desk *desk = *state;
	static uint8_t old[LARGE_SIZE];
	static uint8_t new[LARGE_SIZE];
	enum uk_status st = UK_E_REMOVED;

	logged_in_with_file(desk, &by_anyone);
	pattern(old, sizeof(old), 0);
	pattern(new, sizeof(new), 100);
	for (unsigned int n = 1; st != UK_OK; n++) {
		char line[100];

		assert_ok(desk->token->ops->write_file(desk->token, str(FILE_NAME),
						       uk_span_of(old, sizeof(old))));
		(void)snprintf(line, sizeof(line), "fault at %u pull-%s", 1 + n / 2,
			       n % 2 ? "before" : "after");
		desk_tell(desk, line);
		st = desk->token->ops->write_file(desk->token, str(FILE_NAME),
						  uk_span_of(new, sizeof(new)));
		if (st == UK_OK)
			break;
		assert_status(st, UK_E_REMOVED);
		come_back(desk);
		assert_old_new_or_marked(desk->token, old, new);
		login(desk->token);
		assert_true(n < 40);
	}
	desk_tell(desk, "fault clear");
	assert_file(desk->token, new, sizeof(new));
}

#define ON(model, test)                                                                           \
	{                                                                                         \
#test " [" model "]", test, desk_setup, desk_teardown, (void *)(uintptr_t)(model) \
	}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ON("V0", a_file_is_made_written_read_and_deleted),
		ON("VC", a_file_is_made_written_read_and_deleted),
		ON("V1", a_file_is_made_written_read_and_deleted),
		ON("V0", the_largest_file_comes_back_whole),
		ON("V1", the_largest_file_comes_back_whole),
		ON("V0", small_files_cost_few_commands),
		ON("V0", a_file_asks_for_its_own_rights),
		ON("V0", what_cannot_be_a_file_is_not_sent),
		ON("V0", too_little_room_for_a_file_is_said_before_reading),
		ON("V0", a_file_cut_short_never_looks_whole),
	};

	return cmocka_run_group_tests_name("file", tests, desk_group_setup, desk_group_teardown);
}
