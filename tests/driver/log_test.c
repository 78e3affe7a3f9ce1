/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OPENUKEY_LOG=debug: everything is logged but what would give a PIN away. */
#include "tests/driver/desk.h"

#include <fcntl.h>
#include <unistd.h>

#define DEVICE_KEY "1234567812345678"
#define NEW_PIN    "a-new-pin"

static char log_text[400000];

/* Runs what uses secrets with stderr in a file, and reads that. */
static void
run_logged(struct desk *desk, void (*run)(struct token *token))
{
	char path[300];
	int kept = dup(STDERR_FILENO);
	int fd;
	ssize_t len;

	(void)snprintf(path, sizeof(path), "%s/log", rig_dir(desk->rig));
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0 && kept >= 0);
	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	run(desk->token);
	assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
	(void)close(kept);
	len = pread(fd, log_text, sizeof(log_text) - 1, 0);
	assert_true(len > 0);
	log_text[len] = '\0';
	(void)close(fd);
}

static void
use_every_secret(struct token *token)
{
	const struct token_new_application settings = {
		.name = str("second"),
		.admin_pin = str(ADMIN_PIN),
		.user_pin = str(USER_PIN),
		.admin_tries = 10,
		.user_tries = 10,
		.create_file_rights = GM_RIGHT_USER,
	};
	uint8_t bytes[32];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	struct token_info info;
	unsigned int tries;

	assert_ok(token->ops->info(token, &info));
	assert_ok(token->ops->verify(token, TOKEN_USER, str(USER_PIN), &tries));
	assert_ok(token->ops->change_pin(token, TOKEN_USER, str(USER_PIN), str(NEW_PIN), &tries));
	assert_ok(token->ops->verify(token, TOKEN_ADMIN, str(ADMIN_PIN), &tries));
	assert_ok(token->ops->unblock(token, str(USER_PIN), &tries));
	assert_ok(token->ops->random(token, &out, sizeof(bytes)));
	assert_ok(token->ops->change_device_key(token, str(DEVICE_KEY), str(DEVICE_KEY)));
	(void)!token->ops->create_application(token, str(DEVICE_KEY), &settings);
}

static bool
is_secret(unsigned int ins)
{
	static const unsigned int secret[] = {0x10, 0x12, 0x16, 0x18, 0x1a, 0x20, 0x50};

	for (size_t i = 0; i < ARRAY_SIZE(secret); i++)
		if (secret[i] == ins)
			return true;
	return false;
}

/*
 * A command is logged as its data ("> ..."), its header, its answer ("< ..."). No line of data may
 * stand before or behind a header of a command with secrets.
 */
static void
commands_with_secrets_are_logged_by_their_headers_only(void **state)
{
	struct desk *desk = *state;
	unsigned int seen = 0, data = 0;
	bool data_before = false, secret_before = false;
	char *rest;

	run_logged(desk, use_every_secret);
	for (char *line = strtok_r(log_text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *text = strstr(line, "apdu: ");
		char header[9];
		unsigned long number;
		char *end;

		if (text == NULL)
			continue;
		text += strlen("apdu: ");
		if (*text == '<' || *text == '>') {
			data++;
			assert_false(*text == '<' && secret_before);
			data_before = *text == '>';
			continue;
		}
		(void)snprintf(header, sizeof(header), "%s", text); /* CLA INS P1 P2 */
		number = strtoul(header, &end, 16);
		assert_int_equal(*end, '\0');
		secret_before = is_secret((unsigned int)number >> 16 & 0xff);
		if (secret_before) {
			seen++;
			assert_false(data_before);
		}
		data_before = false;
	}
	/* random and command for verify (2), change, unblock, device key; proofs; a random */
	assert_true(seen >= 14);
	assert_true(data >= 2);
}

static void
no_pin_and_no_key_made_from_one_is_in_the_log(void **state)
{
	struct desk *desk = *state;
	static const char *const hidden[] = {
		USER_PIN,
		ADMIN_PIN,
		NEW_PIN,
		"313233343536",                     /* 123456 */
		"61646d696e",                       /* admin */
		"f41b44dbecccaccfbb4ccf6a7fc4921c", /* 123456's key */
	};

	run_logged(desk, use_every_secret);
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
		assert_null(strstr(log_text, hidden[i]));
	assert_non_null(strstr(log_text, "80180001 VERIFY_PIN Lc=18 Le=0 -> 9000"));
	assert_non_null(strstr(log_text, "84160001 CHANGE_PIN"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		{"commands_with_secrets_are_logged_by_their_headers_only",
		 commands_with_secrets_are_logged_by_their_headers_only, desk_setup, desk_teardown,
		 (void *)(uintptr_t) "V0"},
		{"no_pin_and_no_key_made_from_one_is_in_the_log",
		 no_pin_and_no_key_made_from_one_is_in_the_log, desk_setup, desk_teardown,
		 (void *)(uintptr_t) "V1"},
	};

	if (setenv("OPENUKEY_LOG", "debug", 1) != 0)
		return 2;
	return cmocka_run_group_tests_name("log", tests, desk_group_setup, desk_group_teardown);
}
