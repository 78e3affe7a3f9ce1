/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library that crashes, hangs, ends its process, lies and opens dialogs: the program that uses
 * its key goes on as it was, is told, and the next call works.
 */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_MS "8000"
#define PATH_LEN   200
#define TRIES      10

static struct desk desk;
static char folder[64], orders[PATH_LEN], record[PATH_LEN];

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

/* ---- the desk ---- */

static void
configure(void)
{
	char path[PATH_LEN];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/odd.conf", folder);
	(void)snprintf(orders, sizeof(orders), "%s/orders", folder);
	(void)snprintf(record, sizeof(record), "%s/record", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file,
		      "library = %s\nname = ODD\nrecheck = 0\ntimeout = " TIMEOUT_MS "\n"
		      "ulong = 64\nhandle = int\npacking = natural\nnumbers = left\n"
		      "set = ODD_SKF_INNER=%s\nset = ODD_SKF_ORDERS=%s\nset = ODD_SKF_RECORD=%s\n",
		      getenv("ODD_SKF"), getenv("ODD_SKF_INNER"), orders, record);
	assert_int_equal(fclose(file), 0);
}

static int
desk_up(void **state)
{
	(void)snprintf(folder, sizeof(folder), "/tmp/openukey-odd-XXXXXX");
	assert_non_null(mkdtemp(folder));
	configure();
	(void)setenv("OPENUKEY_SKF_DIR", folder, 1);
	(void)setenv("OPENUKEY_WAYS", "skf", 1);
	(void)setenv("DISPLAY", ":77", 1);
	(void)setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", 1);
	desk_start(&desk, 1);
	desk_plug(&desk, 0, &sm2_key);
	return 0;
}

static int
desk_down(void **state)
{
	char path[PATH_LEN];

	desk_stop(&desk);
	(void)unlink(orders);
	(void)unlink(record);
	(void)snprintf(path, sizeof(path), "%s/odd.conf", folder);
	(void)unlink(path);
	(void)rmdir(folder);
	return 0;
}

/* The odd library will do this once, when that function is called next. */
static void
order(const char *what, const char *function)
{
	char path[PATH_LEN + 8];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s.new", orders);
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file, "%s %s\n", what, function);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(path, orders), 0);
}

static bool
order_was_carried_out(void)
{
	return access(orders, F_OK) != 0;
}

/* ---- the program as it was ---- */

struct program {
	struct sigaction actions[NSIG];
	sigset_t blocked;
	mode_t mask;
	char folder[PATH_LEN];
	size_t threads, fds;
};

static size_t
entries(const char *path)
{
	DIR *dir = opendir(path);
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count;
}

static void
program_look(struct program *ret)
{
	*ret = (struct program){0};
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &ret->actions[i]);
	(void)sigprocmask(SIG_BLOCK, NULL, &ret->blocked);
	ret->mask = umask(0);
	(void)umask(ret->mask);
	assert_non_null(getcwd(ret->folder, sizeof(ret->folder)));
	ret->threads = entries("/proc/self/task");
	ret->fds = entries("/proc/self/fd");
}

static void
assert_program_is(const struct program *before)
{
	struct program now;

	program_look(&now);
	for (int i = 1; i < NSIG; i++)
		assert_ptr_equal((void *)now.actions[i].sa_handler,
				 (void *)before->actions[i].sa_handler);
	assert_memory_equal(&now.blocked, &before->blocked, sizeof(now.blocked));
	assert_int_equal(now.mask, before->mask);
	assert_string_equal(now.folder, before->folder);
	assert_int_equal(now.threads, before->threads);
}

/* ---- the key at work ---- */

static CK_RV
look_at_objects(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_RV rv = desk.f->C_OpenSession(desk_slot(&desk, 0), CKF_SERIAL_SESSION, NULL, NULL,
					 &session);

	if (rv != CKR_OK)
		return rv;
	rv = desk.f->C_FindObjectsInit(session, NULL, 0);
	if (rv == CKR_OK)
		rv = desk.f->C_FindObjectsFinal(session);
	(void)desk.f->C_CloseSession(session);
	return rv;
}

static void
nothing(int signal)
{
	(void)signal;
}

/* Lets the module forget what it read of the key, so that it asks anew. */
static void
forget(void)
{
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(NULL), CKR_OK);
}

static long
left(void)
{
	struct openukey_pin_info pin = {0};

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &pin), CKR_OK);
	return (long)pin.left;
}

/* ---- tests ---- */

static void
what_ends_the_helper_is_told_and_the_next_call_works(void **state)
{
	static const char *const deeds[] = {"crash", "exit", "crash-after", "exit-after", "hang"};
	/* Each hang takes its time: one of them is enough for every day. */
	const size_t count = ARRAY_SIZE(deeds) - (getenv("OPENUKEY_TEST_LONG") != NULL ? 0 : 1);
	struct program before;

	assert_rv(look_at_objects(), CKR_OK);
	program_look(&before);
	for (size_t i = 0; i < count; i++) {
		forget();
		order(deeds[i], "EnumContainer");
		assert_rv(look_at_objects(), CKR_DEVICE_ERROR);
		assert_true(order_was_carried_out());
		assert_rv(look_at_objects(), CKR_OK);
		assert_program_is(&before);
	}
}

static void
a_list_survives_it_too(void **state)
{
	CK_ULONG count = 0;

	order("crash", "EnumDev");
	assert_rv(desk.f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	assert_true(order_was_carried_out());
	assert_rv(desk.f->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	assert_rv(look_at_objects(), CKR_OK);
}

static void
a_signature_that_ends_it_ends_the_login(void **state)
{
	CK_SESSION_HANDLE session = desk_session(&desk, 0);
	unsigned char digest[32] = {7};
	struct desk_signature signature;

	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	order("crash", "ECCSignData");
	assert_rv(
		desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature),
		CKR_DEVICE_ERROR);
	assert_rv(desk.f->C_Logout(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(
		desk_sign(&desk, session, CKM_VENDOR_SM2_SIGN, digest, sizeof(digest), &signature),
		CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
}

/* Before the call no try is spent, after it one is; never two. */
static void
a_pin_is_never_sent_again(void **state)
{
	static const struct {
		const char *deed;
		long spent;
	} rows[] = {{"crash", 0}, {"hang", 0}, {"exit", 0}, {"crash-after", 1}, {"exit-after", 1}};
	CK_SESSION_HANDLE session = desk_session(&desk, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
		assert_rv(desk.f->C_Logout(session), CKR_OK);
		assert_int_equal(left(), TRIES);
		order(rows[i].deed, "VerifyPIN");
		assert_rv(desk_login(&desk, session, CKU_USER, "000000"), CKR_DEVICE_ERROR);
		assert_true(order_was_carried_out());
		assert_int_equal(left(), TRIES - rows[i].spent);
	}
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
}

static void
lies_are_damaged_answers(void **state)
{
	static const char *const lies[] = {"long", "negative", "short", "unended"};
	static const char *const functions[] = {"EnumContainer", "ExportCertificate",
						"ExportPublicKey", "GetPINInfo", "EnumApplication"};
	CK_TOKEN_INFO info;

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(functions); j++) {
			forget();
			order(lies[i], functions[j]);
			/* An error or less to see, and the program alive. */
			(void)look_at_objects();
			(void)desk.f->C_GetTokenInfo(desk_slot(&desk, 0), &info);
			(void)unlink(orders);
		}
		forget();
		assert_rv(look_at_objects(), CKR_OK);
	}
}

static void
a_wrong_number_of_tries_is_not_believed(void **state)
{
	CK_SESSION_HANDLE session = desk_session(&desk, 0);

	order("negative", "VerifyPIN");
	assert_rv(desk_login(&desk, session, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	assert_int_equal(left(), TRIES - 1);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
}

static void
dialogs_and_signals_stay_where_they_are(void **state)
{
	static const char *const deeds[] = {"dialog", "signals", "noise", "leak"};
	struct program before;
	char text[1024] = "";
	FILE *file;

	(void)signal(SIGCHLD, nothing);
	assert_rv(look_at_objects(), CKR_OK);
	program_look(&before);
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
		forget();
		order(deeds[i], "EnumContainer");
		/* An alarm of its own making ends it at worst. */
		(void)look_at_objects();
		assert_true(order_was_carried_out());
		forget();
		assert_rv(look_at_objects(), CKR_OK);
		assert_program_is(&before);
	}
	file = fopen(record, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	assert_null(strstr(text, "=yes"));
	assert_non_null(strstr(text, "fork=no"));
	assert_non_null(strstr(text, "exec=no"));
	assert_non_null(strstr(text, "kill=no"));
	(void)signal(SIGCHLD, SIG_DFL);
}

static void
no_child_is_left_to_the_program(void **state)
{
	assert_rv(look_at_objects(), CKR_OK);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL) > 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_ends_the_helper_is_told_and_the_next_call_works),
		cmocka_unit_test(a_list_survives_it_too),
		cmocka_unit_test(a_signature_that_ends_it_ends_the_login),
		cmocka_unit_test(a_pin_is_never_sent_again),
		cmocka_unit_test(lies_are_damaged_answers),
		cmocka_unit_test(a_wrong_number_of_tries_is_not_believed),
		cmocka_unit_test(dialogs_and_signals_stay_where_they_are),
		cmocka_unit_test(no_child_is_left_to_the_program),
	};

	return cmocka_run_group_tests_name("skf-in faults", tests, desk_up, desk_down);
}
