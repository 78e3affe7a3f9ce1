/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * After use a PIN, and the key derived from it, is nowhere in the host's memory; a debug log has
 * none of the cryptograms' bytes.  OPENUKEY_LOG=debug is set for this program.
 */
#include "common/secret.h"
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/p11/spy.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MASK       0x5a
#define PIN_LEN    11
#define KEY_LEN    16
#define NEEDLE_MAX 16

static struct desk desk;
static char log_path[512];
static int real_stderr;

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

/* PINs never stand in this program as they are: they are unmasked into a buffer, used, wiped. */
struct needle {
	unsigned char masked[NEEDLE_MAX];
	size_t len;
};

#define M(c) ((unsigned char)((c) ^ MASK))
static const struct needle user_pin = {
	{M('Q'), M('7'), M('x'), M('-'), M('9'), M('3'), M('k'), M('z'), M('!'), M('W'), M('2')},
	PIN_LEN};
static const struct needle admin_pin = {
	{M('Z'), M('4'), M('h'), M('+'), M('8'), M('6'), M('p'), M('v'), M('?'), M('R'), M('5')},
	PIN_LEN};

static void
unmask(const struct needle *needle, unsigned char *out)
{
	for (size_t i = 0; i < needle->len; i++)
		out[i] = needle->masked[i] ^ MASK;
}

/* gm-keys 2.5(2): the first 16 bytes of SHA-1 over the padded PIN, worked out in a child. */
static struct needle
key_of(const struct needle *pin)
{
	struct needle key = {.len = KEY_LEN};
	int out[2];
	pid_t child;

	assert_int_equal(pipe(out), 0);
	child = fork();
	if (child == 0) {
		unsigned char padded[16] = {0}, digest[EVP_MAX_MD_SIZE];

		unmask(pin, padded);
		(void)EVP_Digest(padded, sizeof(padded), digest, NULL, EVP_sha1(), NULL);
		for (size_t i = 0; i < KEY_LEN; i++)
			digest[i] ^= MASK;
		_exit(write(out[1], digest, KEY_LEN) == KEY_LEN ? 0 : 1);
	}
	assert_int_equal(read(out[0], key.masked, KEY_LEN), KEY_LEN);
	(void)waitpid(child, NULL, 0);
	(void)close(out[0]);
	(void)close(out[1]);
	return key;
}

static bool
region_has(const unsigned char *start, const unsigned char *end, const struct needle *needle)
{
	for (const unsigned char *p = start; p + needle->len <= end; p++) {
		size_t i = 0;

		while (i < needle->len && (p[i] ^ MASK) == needle->masked[i])
			i++;
		if (i == needle->len)
			return true;
	}
	return false;
}

/* Looks through all memory this process can write to; says where a needle was found. */
__attribute__((no_sanitize("address"))) static unsigned int
memory_holds(const struct needle *needle, const char *what)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	unsigned int found = 0;
	char line[512];

	assert_non_null(maps);
	assert_true(mem >= 0);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long start, end;
		unsigned char *copy;
		char access[8];
		ssize_t len;

		if (sscanf(line, "%lx-%lx %7s", &start, &end, access) != 3 || access[1] != 'w' ||
		    end - start > (64UL << 20))
			continue;
		copy = malloc(end - start);
		assert_non_null(copy);
		len = pread(mem, copy, end - start, (off_t)start);
		if (len > 0 && region_has(copy, copy + len, needle)) {
			print_message("%s is in %s", what, line);
			found++;
		}
		uk_wipe(copy, end - start);
		free(copy);
	}
	(void)close(mem);
	(void)fclose(maps);
	return found;
}

static CK_RV
login_masked(CK_SESSION_HANDLE session, CK_USER_TYPE user, const struct needle *pin)
{
	unsigned char buffer[NEEDLE_MAX];
	CK_RV rv;

	unmask(pin, buffer);
	rv = desk.f->C_Login(session, user, buffer, pin->len);
	uk_wipe(buffer, sizeof(buffer));
	return rv;
}

static CK_RV
set_masked(CK_SESSION_HANDLE session, const char *old_pin, const struct needle *pin)
{
	unsigned char buffer[NEEDLE_MAX], old_copy[32];
	CK_RV rv;

	memcpy(old_copy, old_pin, strlen(old_pin));
	unmask(pin, buffer);
	rv = desk.f->C_SetPIN(session, old_copy, strlen(old_pin), buffer, pin->len);
	uk_wipe(buffer, sizeof(buffer));
	return rv;
}

static void
nothing_is_left(const char *when)
{
	struct needle user_key = key_of(&user_pin), admin_key = key_of(&admin_pin);
	unsigned int found = memory_holds(&user_pin, "the user PIN") +
			     memory_holds(&user_key, "the user PIN's key") +
			     memory_holds(&admin_pin, "the admin PIN") +
			     memory_holds(&admin_key, "the admin PIN's key");

	if (found > 0)
		fail_msg("%s", when);
}

static void
the_search_finds_what_is_there(void **state)
{
	unsigned char *planted = malloc(NEEDLE_MAX);

	unmask(&user_pin, planted);
	assert_true(memory_holds(&user_pin, "the planted PIN") > 0);
	uk_wipe(planted, NEEDLE_MAX);
	free(planted);
	nothing_is_left("before the module had it");
}

static void
no_pin_stays_behind(void **state)
{
	struct needle admin_key = key_of(&admin_pin);
	CK_SESSION_HANDLE session;
	unsigned char buffer[NEEDLE_MAX];

	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(set_masked(session, DESK_PIN, &user_pin), CKR_OK);
	nothing_is_left("after C_SetPIN");
	assert_rv(login_masked(session, CKU_USER, &user_pin), CKR_OK);
	nothing_is_left("after C_Login");
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(login_masked(session, CKU_USER, &admin_pin), CKR_PIN_INCORRECT);
	nothing_is_left("after a wrong PIN");

	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
	assert_rv(set_masked(session, DESK_ADMIN_PIN, &admin_pin), CKR_OK);
	/* The one that may be kept, in its one place, until the logout. */
	assert_int_equal(memory_holds(&admin_key, "the kept admin key"), 1);
	assert_int_equal(memory_holds(&admin_pin, "the admin PIN"), 0);
	unmask(&user_pin, buffer);
	assert_rv(desk.f->C_InitPIN(session, buffer, user_pin.len), CKR_OK);
	uk_wipe(buffer, sizeof(buffer));
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	nothing_is_left("after the administrator's logout");

	/* A key pulled in the middle of it must not change that. */
	desk_tell(&desk, 0, "fault ins 18 cut 0");
	assert_int_not_equal(login_masked(session, CKU_USER, &user_pin), CKR_OK);
	nothing_is_left("after an error in the middle");
	desk_pull(&desk, 0);
}

/* ---- the log ---- */

static bool
is_secret_command(unsigned char ins)
{
	static const unsigned char secret[] = {0x10, 0x12, 0x16, 0x18, 0x1a, 0x20, 0x50};

	return memchr(secret, ins, sizeof(secret)) != NULL;
}

/* The log without blanks and in lower case, as one string. */
static char *
log_read(void)
{
	char *text = calloc(1, 4 << 20);
	int fd = open(log_path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t count;

	assert_non_null(text);
	while ((count = read(fd, text + len, (4 << 20) - 1 - len)) > 0)
		len += (size_t)count;
	(void)close(fd);
	count = 0;
	for (size_t i = 0; i < len; i++)
		if (strchr(" :-,\t", text[i]) == NULL)
			text[count++] =
				(char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);
	text[count] = '\0';
	return text;
}

#define WINDOW 4 /* bytes in a row that would be a leak */

static void
not_in_log(const char *log, const unsigned char *bytes, size_t len, unsigned char ins)
{
	for (size_t i = 0; i + WINDOW <= len; i++) {
		char hex[2 * WINDOW + 1];

		for (size_t k = 0; k < WINDOW; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", bytes[i + k]);
		if (strstr(log, hex) != NULL)
			fail_msg("bytes %s of command %02x are in the log", hex, ins);
	}
}

static void
a_debug_log_has_nothing_of_the_cryptograms(void **state)
{
	unsigned int secret_commands = 0;
	CK_SESSION_HANDLE session;
	unsigned char new_pin[] = "654321";
	char *log;

	spy_count = 0;
	desk_plug(&desk, 0, &sm2_key);
	session = desk_session(&desk, 0);
	assert_rv(set_masked(session, DESK_PIN, &user_pin), CKR_OK);
	assert_rv(login_masked(session, CKU_USER, &user_pin), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
	assert_rv(desk.f->C_InitPIN(session, new_pin, 6), CKR_OK);
	desk_pull(&desk, 0);

	(void)fflush(stderr);
	assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
	log = log_read();
	/* It is a debug log: the commands themselves are in it. */
	assert_non_null(strstr(log, "_Login"));
	for (size_t i = 0; i < spy_count; i++) {
		const struct spy_exchange *row = &spy_exchanges[i];
		size_t header = 7 + 2; /* CLA INS P1 P2 00 Lc Lc, and the application's id */

		if (!is_secret_command(row->command[1]))
			continue;
		secret_commands++;
		if (row->command_len > header)
			not_in_log(log, row->command + header, row->command_len - header,
				   row->command[1]);
		if (row->reply_len > 2)
			not_in_log(log, row->reply, row->reply_len - 2, row->command[1]);
	}
	/* random and command, four times */
	assert_int_equal(secret_commands, 8);
	free(log);
}

static int
desk_up(void **state)
{
	int log_fd;

	desk_start(&desk, 1);
	(void)snprintf(log_path, sizeof(log_path), "%s/debug.log", desk_dir(&desk));
	real_stderr = dup(STDERR_FILENO);
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return log_fd < 0 || dup2(log_fd, STDERR_FILENO) < 0 ? -1 : 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_search_finds_what_is_there),
		cmocka_unit_test(no_pin_stays_behind),
		cmocka_unit_test(a_debug_log_has_nothing_of_the_cryptograms),
	};

	return cmocka_run_group_tests_name("secrets", tests, desk_up, desk_down);
}
