/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A key that answers too short, too long, with rubbish or with odd status words. */
#include "tests/p11/check.h"
#include "tests/p11/desk.h"
#include "tests/rig/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct desk desk;

static const struct desk_key models[] = {{.alg = "sm2", .model = "V0"},
					 {.alg = "rsa", .model = "V1"}};

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

static const char *const spoilers[] = {
	"empty",      "cut 0",      "cut 1",       "cut 2",        "cut 3",         "cut 5",
	"cut 9",      "cut 20",     "cut 64",      "cut 100",      "junk 1",        "junk 300",
	"junk 60000", "random 2 1", "random 40 2", "random 300 3", "random 5000 4", "noise 2 5",
	"noise 16 6", "noise 71 7", "noise 288 8", "noise 4000 9", "flip 0",        "flip 1",
	"flip 3",     "flip 10",    "sw 6F00",     "sw 6A80",      "sw 6982",       "sw 6700",
	"sw 61FF",    "sw 6C05",    "sw 6A9E",     "sw 63C5",      "sw 63C0",       "sw 9000",
	"sw 0000",    "sw 6A94",    "sw 698A",
};

/* Some rubbish makes the reader hang up and look again; wait until the key is back. */
static void
module_restart(void)
{
	CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};

	assert_true(rig_await(desk.rig, 0, true, 5000));
	assert_rv(desk.f->C_Finalize(NULL), CKR_OK);
	assert_rv(desk.f->C_Initialize(&args), CKR_OK);
}

/* The user's whole way; false as soon as something is refused. */
static bool
whole_way(const struct desk_key *key, bool must_work)
{
	bool sm2 = strcmp(key->alg, "sm2") == 0;
	CK_MECHANISM mechanism = {sm2 ? CKM_VENDOR_SM3_SM2_DEFAULT_ID_DER : CKM_SHA256_RSA_PKCS,
				  NULL, 0};
	CK_OBJECT_CLASS class_ = CKO_PRIVATE_KEY;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[] = {{CKA_CLASS, &class_, sizeof(class_)},
				   {CKA_SIGN, &yes, sizeof(yes)}};
	unsigned char signature[DESK_SIGNATURE_MAX], text[] = "text";
	CK_ULONG len = sizeof(signature), count = 0;
	CK_SLOT_ID slot = desk_slot(&desk, 0);
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE object;
	CK_TOKEN_INFO info;
	CK_RV rv;

	rv = desk.f->C_GetTokenInfo(slot, &info);
	if (rv == CKR_OK)
		rv = desk.f->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					   &session);
	if (rv == CKR_OK)
		rv = desk_login(&desk, session, CKU_USER, DESK_PIN);
	if (rv == CKR_OK)
		rv = desk.f->C_FindObjectsInit(session, template, ARRAY_SIZE(template));
	if (rv == CKR_OK)
		rv = desk.f->C_FindObjects(session, &object, 1, &count);
	if (rv == CKR_OK && count == 1)
		rv = desk.f->C_SignInit(session, &mechanism, object);
	if (rv == CKR_OK && count == 1)
		rv = desk.f->C_Sign(session, text, sizeof(text), signature, &len);
	if (!must_work)
		return rv == CKR_OK;
	assert_rv(rv, CKR_OK);
	assert_int_equal(count, 1);
	assert_true(oracle_verify(key->alg, sm2 ? "SM3" : "SHA256", text, sizeof(text), signature,
				  len));
	return true;
}

static void
rubbish_from_the_key_is_refused_and_the_next_try_works(void **state)
{
	static const unsigned int commands[] = {0x04, 0x14, 0x18, 0x22, 0x26, 0x42,
						0x46, 0x4e, 0x50, 0x58, 0x74, 0x88};

	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		desk_plug(&desk, 0, &models[m]);
		for (size_t c = 0; c < ARRAY_SIZE(commands); c++) {
			for (size_t s = 0; s < ARRAY_SIZE(spoilers); s++) {
				char fault[64];

				(void)snprintf(fault, sizeof(fault), "fault ins %02x %s",
					       commands[c], spoilers[s]);
				module_restart();
				desk_tell(&desk, 0, fault);
				(void)whole_way(&models[m], false);
				desk_tell(&desk, 0, "fault clear");
			}
			module_restart();
			(void)whole_way(&models[m], true);
		}
		desk_pull(&desk, 0);
	}
}

/* No spoilt answer to any command of the way may spend a try on the user's right PIN. */
static void
no_rubbish_makes_the_module_spend_a_try(void **state)
{
	struct openukey_pin_info info;

	desk_plug(&desk, 0, &models[0]);
	for (size_t s = 0; s < ARRAY_SIZE(spoilers); s++) {
		char fault[64];

		(void)snprintf(fault, sizeof(fault), "fault ins 50 %s", spoilers[s]);
		module_restart();
		desk_tell(&desk, 0, fault);
		(void)whole_way(&models[0], false);
		desk_tell(&desk, 0, "fault clear");
		module_restart();
		assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info), CKR_OK);
		/* A random of the right length that is not the key's costs this one try, no more.
		 */
		assert_true(info.left >= 9);
		(void)whole_way(&models[0], true);
	}
	desk_pull(&desk, 0);
}

/* ---- every byte of every answer ---- */

#define ANSWERS_MAX 64
#define SW_LEN      2
#define RANDOM_NAME "GEN_RANDOM"
/* An ordinary run takes each so-manieth byte, beginning elsewhere in each answer. */
#define STRIDE 16

struct answer {
	char name[32];
	size_t len; /* with the status word */
};

/* The answers of one whole way, from the key's own log. */
static size_t
answers_read(const char *log, const struct desk_key *key, struct answer *out)
{
	char line[8192];
	size_t count = 0;
	FILE *file;
	long start;

	module_restart();
	file = fopen(log, "re");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	start = ftell(file);
	(void)whole_way(key, true);
	assert_int_equal(fseek(file, start, SEEK_SET), 0);
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *answer = strstr(line, " len=");

		answer = answer != NULL ? strstr(answer + 1, " len=") : NULL;
		if (answer == NULL || count == ANSWERS_MAX ||
		    sscanf(line, "%*u %31s", out[count].name) != 1)
			continue;
		out[count++].len = strtoul(answer + 5, NULL, 10) + SW_LEN;
	}
	(void)fclose(file);
	assert_true(count > 8 && count < ANSWERS_MAX);
	return count;
}

static CK_ULONG
tries_left(void)
{
	struct openukey_pin_info info;

	assert_rv(desk.uk->get_pin_info(desk_slot(&desk, 0), CKU_USER, &info), CKR_OK);
	return info.left;
}

/* Only another random than the key's own can make the right PIN a wrong one, once. */
static void
answer_mutate(const struct desk_key *key, size_t n, const struct answer *answer, size_t at)
{
	char fault[64];
	CK_ULONG left;

	(void)snprintf(fault, sizeof(fault), "fault at %zu flip %zu", n + 1, at);
	module_restart();
	desk_tell(&desk, 0, fault);
	(void)whole_way(key, false);
	desk_tell(&desk, 0, "fault clear");
	module_restart();
	left = tries_left();
	if (left != 10 && !(left == 9 && strcmp(answer->name, RANDOM_NAME) == 0))
		fail_msg("byte %zu of the answer to %s leaves %lu tries", at, answer->name, left);
	if (left != 10)
		(void)whole_way(key, true);
}

static void
no_byte_of_any_answer_does_harm(void **state)
{
	size_t stride = getenv("OPENUKEY_TEST_LONG") != NULL ? 1 : STRIDE, runs = 0;

	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		struct answer answers[ANSWERS_MAX];
		char log[512];
		const char *const options[] = {"--log", log, NULL};
		const char *path = desk_state(&desk, &models[m], 0);
		size_t count;

		(void)snprintf(log, sizeof(log), "%s/log-%zu", desk_dir(&desk), m);
		assert_true(rig_plug(desk.rig, 0, path, options));
		count = answers_read(log, &models[m], answers);
		for (size_t n = 0; n < count; n++)
			for (size_t at = n % stride; at < answers[n].len; at += stride, runs++)
				answer_mutate(&models[m], n, &answers[n], at);
		(void)whole_way(&models[m], true);
		assert_true(rig_pull(desk.rig, 0));
	}
	print_message("%zu answers with one byte wrong\n", runs);
}

static void
a_key_pulled_at_any_command_is_told_as_removed(void **state)
{
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		for (int n = 1; n <= 30; n++) {
			static const char *const when[] = {"pull-before", "pull-after"};
			char fault[64];
			bool done;

			desk_plug(&desk, 0, &models[m]);
			(void)snprintf(fault, sizeof(fault), "fault at %d %s", n, when[n % 2]);
			desk_tell(&desk, 0, fault);
			done = whole_way(&models[m], false);
			desk_pull(&desk, 0);
			desk_plug_again(&desk, 0, &models[m]);
			(void)whole_way(&models[m], true);
			desk_pull(&desk, 0);
			if (done)
				break;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rubbish_from_the_key_is_refused_and_the_next_try_works),
		cmocka_unit_test(no_rubbish_makes_the_module_spend_a_try),
		cmocka_unit_test(no_byte_of_any_answer_does_harm),
		cmocka_unit_test(a_key_pulled_at_any_command_is_told_as_removed),
	};

	return cmocka_run_group_tests_name("hostile keys", tests, desk_up, desk_down);
}
