/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protected authentication path: the PIN comes from the desktop's prompt, not from the host. */
#include "common/secret.h"
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NEW_PIN "szy-2026"

static struct desk desk;
static char socket_path[100];

static const struct desk_key sm2_key = {.alg = "sm2", .model = "V0"};

/* A prompt of the desktop's: answers one question with these bytes, after looking at the module. */
struct prompt {
	pthread_t thread;
	int listener;
	const char *answer;
	size_t answer_len;
	CK_SESSION_HANDLE session; /* used while the person thinks, to see that nothing is held */
	CK_RV meanwhile;
	char request[8192];
};

static void *
prompt_run(void *data)
{
	struct prompt *prompt = data;
	int fd = accept(prompt->listener, NULL, NULL);
	ssize_t len = recv(fd, prompt->request, sizeof(prompt->request) - 1, 0);
	CK_SESSION_INFO info;

	prompt->request[len < 0 ? 0 : len] = '\0';
	prompt->meanwhile = desk.f->C_GetSessionInfo(prompt->session, &info);
	(void)send(fd, prompt->answer, prompt->answer_len, MSG_NOSIGNAL);
	(void)close(fd);
	return NULL;
}

static void
prompt_start(struct prompt *prompt, CK_SESSION_HANDLE session, const char *answer, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	*prompt = (struct prompt){.answer = answer, .answer_len = len, .session = session};
	(void)unlink(socket_path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	prompt->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(prompt->listener, (const struct sockaddr *)&address, sizeof(address)),
			 0);
	assert_int_equal(listen(prompt->listener, 1), 0);
	assert_int_equal(pthread_create(&prompt->thread, NULL, prompt_run, prompt), 0);
}

static void
prompt_end(struct prompt *prompt)
{
	(void)pthread_join(prompt->thread, NULL);
	(void)close(prompt->listener);
	(void)unlink(socket_path);
}

static CK_ULONG
tries_left(void)
{
	struct openukey_pin_info info;

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info), CKR_OK);
	return info.left;
}

/* The policy file, with what is for this program behind its own path. */
static void
policy_set(const char *all, const char *program, const char *settings)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/policy.conf", desk_dir(&desk));
	file = fopen(path, "we");
	assert_non_null(file);
	(void)fprintf(file, "%s\n[/usr/bin/some-other-program]\nmin-tries = 15\n[%s]\n%s\n", all,
		      program, settings);
	(void)fclose(file);
	(void)setenv("OPENUKEY_POLICY", path, 1);
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(&args), CKR_OK);
}

static void
policy_for_this_program(const char *settings)
{
	char program[4096] = {0};

	assert_true(readlink("/proc/self/exe", program, sizeof(program) - 1) > 0);
	policy_set("", program, settings);
}

static int
desk_up(void **state)
{
	char folder[80];

	desk_start(&desk, 1);
	(void)setenv("XDG_RUNTIME_DIR", desk_dir(&desk), 1);
	(void)snprintf(folder, sizeof(folder), "%s/openukey", desk_dir(&desk));
	(void)mkdir(folder, 0700);
	(void)snprintf(socket_path, sizeof(socket_path), "%s/prompt", folder);
	policy_for_this_program("protected-authentication-path = yes");
	return 0;
}

static int
desk_down(void **state)
{
	desk_stop(&desk);
	return 0;
}

static CK_SESSION_HANDLE
plug_and_open(void)
{
	desk_plug(&desk, 0, &sm2_key);
	return desk_session(&desk, 0);
}

static void
the_token_says_that_it_asks_itself(void **state)
{
	(void)plug_and_open();
	assert_true((desk_token_flags(&desk, 0) & CKF_PROTECTED_AUTHENTICATION_PATH) != 0);
	policy_set("", "/usr/bin/another", "protected-authentication-path = yes");
	assert_int_equal(desk_token_flags(&desk, 0) & CKF_PROTECTED_AUTHENTICATION_PATH, 0);
	policy_for_this_program("protected-authentication-path = yes");
	desk_pull(&desk, 0);
}

static void
the_prompts_pin_logs_in_and_nothing_is_held_meanwhile(void **state)
{
	CK_SESSION_HANDLE session = plug_and_open();
	struct prompt prompt;

	prompt_start(&prompt, session, "\0\006" DESK_PIN, 8);
	assert_rv(desk.f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
	prompt_end(&prompt);
	assert_rv(prompt.meanwhile, CKR_OK);
	assert_non_null(strstr(prompt.request, "openukey-prompt=1\nreason=login\nuser=user\n"));
	assert_non_null(strstr(prompt.request, "\nleft=10\n"));
	assert_non_null(strstr(prompt.request, "serial=TEST"));
	assert_non_null(strstr(prompt.request, "test-p11-prompt"));
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	/* A host that asks itself all the same is not refused. */
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
}

/* 3.0's way to log in, without a name: the same login. */
static void
a_login_by_c_login_user_asks_the_prompt_too(void **state)
{
	CK_SESSION_HANDLE session = plug_and_open();
	CK_UTF8CHAR name[] = "PKCS 11";
	CK_C_GetInterface get_interface;
	CK_INTERFACE *itf = NULL;
	CK_FUNCTION_LIST_3_0 *list;
	struct prompt prompt;

	*(void **)&get_interface = dlsym(desk.module, "C_GetInterface");
	assert_rv(get_interface(name, NULL, &itf, 0), CKR_OK);
	list = itf->pFunctionList;
	prompt_start(&prompt, session, "\0\006" DESK_PIN, 8);
	assert_rv(list->C_LoginUser(session, CKU_USER, NULL, 0, NULL, 0), CKR_OK);
	prompt_end(&prompt);
	desk_pull(&desk, 0);
}

static void
a_person_who_says_no_spends_no_try(void **state)
{
	CK_SESSION_HANDLE session = plug_and_open();
	struct prompt prompt;

	prompt_start(&prompt, session, "\1", 1);
	assert_rv(desk.f->C_Login(session, CKU_USER, NULL, 0), CKR_FUNCTION_CANCELED);
	prompt_end(&prompt);
	assert_int_equal(tries_left(), 10);
	desk_pull(&desk, 0);
}

static void
without_a_prompt_the_login_fails_at_once(void **state)
{
	CK_SESSION_HANDLE session = plug_and_open();

	assert_rv(desk.f->C_Login(session, CKU_USER, NULL, 0), CKR_FUNCTION_FAILED);
	assert_int_equal(tries_left(), 10);
	desk_pull(&desk, 0);
}

static void
rubbish_from_a_prompt_is_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} answers[] = {{"", 0},
		       {"\0", 1},
		       {"\0\006123", 5},
		       {"\0\006123456x", 9},
		       {"\0\377123456", 8},
		       {"\0\003123", 5}};

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		CK_SESSION_HANDLE session = plug_and_open();
		struct prompt prompt;

		prompt_start(&prompt, session, answers[i].bytes, answers[i].len);
		assert_int_not_equal(desk.f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
		prompt_end(&prompt);
		assert_int_equal(tries_left(), 10);
		desk_pull(&desk, 0);
	}
}

static void
the_prompt_changes_and_unblocks_too(void **state)
{
	CK_SESSION_HANDLE session = plug_and_open();
	struct prompt prompt;

	prompt_start(&prompt, session, "\0\006" DESK_PIN "\010" NEW_PIN, 1 + 7 + 9);
	assert_rv(desk.f->C_SetPIN(session, NULL, 0, NULL, 0), CKR_OK);
	prompt_end(&prompt);
	assert_non_null(strstr(prompt.request, "reason=change\n"));
	assert_rv(desk_login(&desk, session, CKU_USER, NEW_PIN), CKR_OK);
	assert_rv(desk.f->C_Logout(session), CKR_OK);

	assert_rv(desk_login(&desk, session, CKU_SO, DESK_ADMIN_PIN), CKR_OK);
	prompt_start(&prompt, session, "\0\006" DESK_PIN, 8);
	assert_rv(desk.f->C_InitPIN(session, NULL, 0), CKR_OK);
	prompt_end(&prompt);
	assert_non_null(strstr(prompt.request, "reason=unblock\n"));
	assert_rv(desk.f->C_Logout(session), CKR_OK);
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_OK);
	desk_pull(&desk, 0);
}

static void
a_person_at_the_prompt_may_spend_a_try_that_policy_keeps(void **state)
{
	CK_SESSION_HANDLE session;
	struct prompt prompt;

	policy_for_this_program("protected-authentication-path = yes\nmin-tries = 11");
	session = plug_and_open();
	assert_rv(desk_login(&desk, session, CKU_USER, DESK_PIN), CKR_FUNCTION_REJECTED);
	prompt_start(&prompt, session, "\0\006" DESK_PIN, 8);
	assert_rv(desk.f->C_Login(session, CKU_USER, NULL, 0), CKR_OK);
	prompt_end(&prompt);
	policy_for_this_program("protected-authentication-path = yes");
	desk_pull(&desk, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_token_says_that_it_asks_itself),
		cmocka_unit_test(the_prompts_pin_logs_in_and_nothing_is_held_meanwhile),
		cmocka_unit_test(a_login_by_c_login_user_asks_the_prompt_too),
		cmocka_unit_test(a_person_who_says_no_spends_no_try),
		cmocka_unit_test(without_a_prompt_the_login_fails_at_once),
		cmocka_unit_test(rubbish_from_a_prompt_is_refused),
		cmocka_unit_test(the_prompt_changes_and_unblocks_too),
		cmocka_unit_test(a_person_at_the_prompt_may_spend_a_try_that_policy_keeps),
	};

	return cmocka_run_group_tests_name("PIN prompt", tests, desk_up, desk_down);
}
