/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Four processes of eight threads on one key: in peace, while it is reset and pulled all the time,
 * and when one of them dies.  Usage: test-crew TEST [ALG]
 */
#include "tests/bench/bare.h"
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/process.h"
#include "tests/rig/rig.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES    4
#define THREADS      "8"
#define START_MS     1500 /* until all have loaded and logged in */
#define GRACE_MS     30000
#define RESET_MS     150
#define PULL_MS      2000
#define AWAY_MS      300
#define PRESENT_MS   5000
#define POWER_OFF_MS 6500 /* pcscd takes a key's power away five seconds after its last user */
#define FAIR_SHARE   0.4
#define LONGEST_S    1.0
#define STORM_S      3.0 /* the same with resets and pulls: who waits longer is wedged */
#define LINE_MAX_LEN 512

static struct desk desk;
static const char *alg = "sm2";

static int
seconds(int ordinary, int when_long)
{
	return getenv("OPENUKEY_TEST_LONG") != NULL ? when_long : ordinary;
}

/* ---- the crew ---- */

struct member {
	pid_t pid;
	int out;
	unsigned long signatures;
	double longest;
	char line[LINE_MAX_LEN];
};

struct crew {
	struct member members[PROCESSES];
	long begin, end; /* process_clock_ms */
};

static void
crew_start(struct crew *crew, const char *mode, int duration)
{
	char begin[32], length[32];
	const char *const argv[] = {getenv("OPENUKEY_SIGNER"), mode, begin, length, THREADS, NULL};

	(void)setenv("OPENUKEY_TEST_ALG", alg, 1);
	crew->begin = process_clock_ms() + START_MS;
	crew->end = crew->begin + duration * 1000L;
	(void)snprintf(begin, sizeof(begin), "%ld", crew->begin);
	(void)snprintf(length, sizeof(length), "%d", duration);
	for (size_t i = 0; i < PROCESSES; i++) {
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		crew->members[i] = (struct member){.out = fds[0]};
		crew->members[i].pid = process_start(argv, fds[1], -1);
		assert_true(crew->members[i].pid > 0);
		(void)close(fds[1]);
	}
}

static void
member_end(struct member *member, long deadline)
{
	int status = process_await(member->pid, deadline - process_clock_ms());
	ssize_t len;

	if (status < 0)
		(void)kill(member->pid, SIGKILL);
	len = read(member->out, member->line, sizeof(member->line) - 1);
	member->line[len > 0 ? len : 0] = '\0';
	(void)close(member->out);
	if (status != 0)
		fail_msg("status %d%s: %s", status, status < 0 ? " (hangs)" : "", member->line);
	print_message("%s", member->line);
	assert_int_equal(sscanf(member->line, "signed=%lu longest=%lf", &member->signatures,
				&member->longest),
			 2);
	assert_true(member->signatures > 0);
}

static void
crew_end(struct crew *crew)
{
	for (size_t i = 0; i < PROCESSES; i++)
		member_end(&crew->members[i], crew->end + GRACE_MS);
}

static void
plug(void)
{
	const struct desk_key key = {.alg = alg, .model = "V0"};

	desk_plug(&desk, 0, &key);
}

/* The module of this process, for what the crew does not do. */
static void
no_try_is_gone(void)
{
	struct openukey_pin_info info;

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info), CKR_OK);
	assert_int_equal(info.left, info.max);
}

static void
all_signatures_are_right(void **state)
{
	struct crew crew;

	plug();
	crew_start(&crew, "strict", seconds(6, 60));
	crew_end(&crew);
	desk_pull(&desk, 0);
}

static void
nobody_is_starved(void **state)
{
	unsigned long least = ~0UL, most = 0;
	double longest = 0;
	struct crew crew;

	plug();
	crew_start(&crew, "strict", seconds(6, 60));
	crew_end(&crew);
	for (size_t i = 0; i < PROCESSES; i++) {
		const struct member *member = &crew.members[i];

		least = member->signatures < least ? member->signatures : least;
		most = member->signatures > most ? member->signatures : most;
		longest = member->longest > longest ? member->longest : longest;
	}
	if ((double)least < FAIR_SHARE * (double)most || longest > LONGEST_S)
		fail_msg("least %lu, most %lu, longest wait %.1f s", least, most, longest);
	desk_pull(&desk, 0);
}

/* ---- the storm ---- */

static void
reset_key(void)
{
	SCARDHANDLE card;
	DWORD protocol;

	if (SCardConnect(rig_context(desk.rig), rig_reader(desk.rig, 0), SCARD_SHARE_SHARED,
			 SCARD_PROTOCOL_T1, &card, &protocol) == SCARD_S_SUCCESS)
		(void)SCardDisconnect(card, SCARD_RESET_CARD);
}

static void
rage_until(long end)
{
	long next_pull = process_clock_ms() + PULL_MS;

	while (process_clock_ms() < end) {
		process_sleep_ms(RESET_MS);
		reset_key();
		if (process_clock_ms() < next_pull)
			continue;
		next_pull += PULL_MS;
		desk_tell(&desk, 0, "pull");
		process_sleep_ms(AWAY_MS);
		desk_tell(&desk, 0, "plug");
	}
	assert_true(rig_await(desk.rig, 0, true, PRESENT_MS));
}

static void
a_key_in_a_storm_gives_the_known_errors_and_recovers(void **state)
{
	struct crew crew;

	plug();
	crew_start(&crew, "storm", seconds(6, 60));
	process_sleep_ms(crew.begin - process_clock_ms());
	rage_until(crew.end - 500);
	crew_end(&crew);
	for (size_t i = 0; i < PROCESSES; i++)
		if (crew.members[i].longest > STORM_S)
			fail_msg("%.1f s without a signature", crew.members[i].longest);
	no_try_is_gone();
	desk_pull(&desk, 0);
}

/* ---- neighbours ---- */

static CK_RV
sign_something(CK_SESSION_HANDLE session)
{
	CK_MECHANISM mechanism = {CKM_VENDOR_SM2_SIGN, NULL, 0};
	unsigned char digest[32] = {3}, signature[DESK_SIGNATURE_MAX];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = desk.f->C_SignInit(session, &mechanism,
				      desk_find(&desk, session, CKO_PRIVATE_KEY, 0));

	return rv == CKR_OK ? desk.f->C_Sign(session, digest, sizeof(digest), signature, &len) : rv;
}

static void
another_s_login_and_logout_are_not_ours(void **state)
{
	const char *const argv[] = {getenv("OPENUKEY_PROBE"), "sign", NULL};
	CK_SESSION_HANDLE session;

	plug();
	session = desk_session(&desk, 0);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	for (int i = 0; i < 5; i++) {
		assert_rv(sign_something(session), CKR_OK);
		assert_int_equal(rig_run(argv, NULL, 0, GRACE_MS), 0);
		assert_rv(sign_something(session), CKR_OK);
	}
	assert_rv(desk.f->C_CloseSession(session), CKR_OK);
	desk_pull(&desk, 0);
}

/* A signature by bare commands, as a program without any module could ask for. */
static bool
key_is_logged_in(void)
{
	static const unsigned char digest[32] = {5};
	struct bare *bare = bare_open(DESK_CONTAINER, false, digest, sizeof(digest));
	bool signs;

	assert_non_null(bare);
	signs = bare_sign(bare);
	bare_close(bare);
	return signs;
}

static void
a_killed_host_s_login_serves_nobody(void **state)
{
	CK_SESSION_HANDLE session;
	struct crew crew;

	plug();
	session = desk_session(&desk, 0);
	crew_start(&crew, "strict", 60);
	process_sleep_ms(START_MS + 500);
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_rv(sign_something(session), CKR_USER_NOT_LOGGED_IN);
		assert_int_equal(kill(crew.members[i].pid, SIGKILL), 0);
		assert_int_equal(process_await(crew.members[i].pid, GRACE_MS), 128 + SIGKILL);
		(void)close(crew.members[i].out);
	}
	assert_rv(sign_something(session), CKR_USER_NOT_LOGGED_IN);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	assert_rv(sign_something(session), CKR_OK);
	desk_pull(&desk, 0);
}

static void
when_the_last_host_is_killed_the_key_is_logged_out(void **state)
{
	struct crew crew;

	plug();
	crew_start(&crew, "strict", 60);
	process_sleep_ms(START_MS + 500);
	assert_true(key_is_logged_in()); /* what is shown below is not there by chance */
	for (size_t i = 0; i < PROCESSES; i++) {
		assert_int_equal(kill(crew.members[i].pid, SIGKILL), 0);
		assert_int_equal(process_await(crew.members[i].pid, GRACE_MS), 128 + SIGKILL);
		(void)close(crew.members[i].out);
	}
	process_sleep_ms(POWER_OFF_MS);
	assert_false(key_is_logged_in());
	desk_pull(&desk, 0);
}

static int
desk_up(void **state)
{
	desk_start(&desk, 1);
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_signatures_are_right),
		cmocka_unit_test(nobody_is_starved),
		cmocka_unit_test(a_key_in_a_storm_gives_the_known_errors_and_recovers),
		cmocka_unit_test(another_s_login_and_logout_are_not_ours),
		cmocka_unit_test(a_killed_host_s_login_serves_nobody),
		cmocka_unit_test(when_the_last_host_is_killed_the_key_is_logged_out),
	};

	if (argc > 2)
		alg = argv[2];
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("crew", tests, desk_up, desk_down);
}
