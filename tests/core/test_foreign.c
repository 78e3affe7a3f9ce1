/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens that are not ours: SoftHSM's beside our keys, and OpenSC's module looking on. */
#include "assistant/core/jobs.h"
#include "tests/core/room.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOFTHSM   "/usr/lib/softhsm/libsofthsm2.so"
#define OPENSC    "opensc-pkcs11.so"
#define ADMIN_PIN "87654321"
#define LABEL     "示例令牌"
#define IDLE_MS   4000

static struct room room;
static char *folder;

static int
setup(void **state)
{
	g_autofree char *conf = NULL, *tokens = NULL, *text = NULL;

	folder = g_dir_make_tmp("ouk-foreign-XXXXXX", NULL);
	conf = g_build_filename(folder, "softhsm2.conf", NULL);
	tokens = g_build_filename(folder, "tokens", NULL);
	text = g_strdup_printf("directories.tokendir = %s\nobjectstore.backend = file\n", tokens);
	return mkdir(tokens, 0700) != 0 || !g_file_set_contents(conf, text, -1, NULL) ||
	       setenv("SOFTHSM2_CONF", conf, 1) != 0;
}

static int
teardown(void **state)
{
	const char *const argv[] = {"rm", "-rf", folder, NULL};

	if (room.rig != NULL)
		room_close(&room);
	(void)!rig_run(argv, NULL, 0, 5000);
	g_clear_pointer(&folder, g_free);
	return 0;
}

static void
run(const char *const *argv)
{
	char out[4096];

	if (rig_run(argv, out, sizeof(out), 20000) != 0)
		fail_msg("%s: %s", argv[0], out);
}

/* A token with an RSA pair and its certificate under one CKA_ID, as its tools make it. */
static void
token_make(void)
{
	g_autofree char *key = g_strdup_printf("%s/rsa-sign.key", getenv("OPENUKEY_FIXTURES"));
	g_autofree char *cert = g_strdup_printf("%s/rsa-sign.pem", getenv("OPENUKEY_FIXTURES"));
	g_autofree char *der = g_build_filename(folder, "cert.der", NULL);
	const char *const init[] = {"softhsm2-util", "--init-token", "--free",   "--label", LABEL,
				    "--pin",         ROOM_PIN,       "--so-pin", ADMIN_PIN, NULL};
	const char *const convert[] = {"openssl", "x509", "-in", cert, "-outform",
				       "DER",     "-out", der,   NULL};
	const char *const put_key[] = {"pkcs11-tool",
				       "--module",
				       SOFTHSM,
				       "--login",
				       "--pin",
				       ROOM_PIN,
				       "--token-label",
				       LABEL,
				       "--write-object",
				       key,
				       "--type",
				       "privkey",
				       "--id",
				       "01",
				       NULL};
	const char *const put_cert[] = {"pkcs11-tool",
					"--module",
					SOFTHSM,
					"--login",
					"--pin",
					ROOM_PIN,
					"--token-label",
					LABEL,
					"--write-object",
					der,
					"--type",
					"cert",
					"--id",
					"01",
					NULL};

	run(init);
	run(convert);
	run(put_key);
	run(put_cert);
}

static const OukTokenInfo *
foreign(void)
{
	for (guint i = 0; i < room_count(&room); i++) {
		g_autoptr(OukTokenView) view = g_list_model_get_item(G_LIST_MODEL(room.watch), i);

		if ((ouk_token_view_info(view)->flags & OUK_TOKEN_FOREIGN) != 0)
			return ouk_token_view_info(view); /* the list keeps it */
	}
	return NULL;
}

static void
beside(const char *other)
{
	g_autofree char *modules = g_strdup_printf("%s:%s", getenv("OPENUKEY_MODULE"), other);

	room_open(&room, 1, modules, NULL);
}

static void
a_foreign_token_is_shown_beside_ours(void **state)
{
	const OukTokenInfo *token;
	const OukPairInfo *pair;

	token_make();
	beside(SOFTHSM);
	assert_int_equal(room_count(&room), 1); /* without the spare one */
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(2), ROOM_SOON_MS));
	token = foreign();
	assert_non_null(token);
	assert_string_equal(token->label, LABEL);
	assert_false((token->flags & (OUK_TOKEN_VENDOR | OUK_TOKEN_FIRST_PIN)) != 0);
	assert_false(token->tries.exact);
	assert_int_equal(token->pairs->len, 1);
	pair = ouk_pair_view_info(g_ptr_array_index(token->pairs, 0));
	assert_int_equal(pair->status, OUK_PAIR_VALID);
	assert_string_equal(pair->unit, "邢台示例商贸有限公司");
	assert_string_equal(pair->name, "01");
	assert_string_equal(pair->sign->algorithm, "RSA 2048");
	room_pull(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	assert_non_null(foreign());
}

struct end {
	gboolean over;
	int error; /* -1: none */
	OukTries after;
};

static void
on_end(GObject *source, GAsyncResult *result, gpointer data)
{
	struct end *end = data;
	g_autoptr(GError) error = NULL;

	end->error = ouk_job_finish(result, &end->after, &error) ? -1 : error->code;
	end->over = TRUE;
}

static gboolean
is_over(struct room *at, gpointer data)
{
	return ((struct end *)data)->over;
}

static struct end
pin_job(const char *pin, const char *new_pin)
{
	g_autofree char *id = g_strdup(foreign()->id);
	UK_SECRET old_secret = {0};
	UK_SECRET new_secret = {0};
	struct end end = {0};
	OukPinJob job = {.watch = room.watch,
			 .token_id = id,
			 .pin = &old_secret,
			 .new_pin = &new_secret,
			 .shown_left = OUK_SHOWN_NONE};

	assert_int_equal(uk_secret_set(&old_secret, uk_span_of(pin, strlen(pin))), UK_OK);
	if (new_pin != NULL)
		assert_int_equal(uk_secret_set(&new_secret, uk_span_of(new_pin, strlen(new_pin))),
				 UK_OK);
	if (new_pin != NULL)
		ouk_job_change_pin_async(&job, NULL, on_end, &end);
	else
		ouk_job_test_pin_async(&job, NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	return end;
}

static void
a_foreign_tokens_pin_is_tested_and_changed(void **state)
{
	g_autofree char *id = NULL;
	struct end end = {0};

	token_make();
	beside(SOFTHSM);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, -1);
	assert_int_equal(pin_job("99999999", NULL).error, OUK_E_PIN_WRONG);
	assert_int_equal(pin_job(ROOM_PIN, "new-pin-1").error, -1);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, OUK_E_PIN_WRONG);
	assert_int_equal(pin_job("new-pin-1", NULL).error, -1);
	id = g_strdup(foreign()->id);
	ouk_job_set_label_async(room.watch, id, "x", NULL, on_end, &end);
	assert_true(room_until(&room, is_over, &end, ROOM_LATE_MS));
	assert_int_equal(end.error, OUK_E_UNSUPPORTED);
}

/* ---- a card that OpenSC drives ---- */

static pid_t card;

static void
card_plug(void)
{
	g_autofree char *cert = g_strdup_printf("%s/rsa-sign.pem", getenv("OPENUKEY_FIXTURES"));
	g_autofree char *der = g_build_filename(folder, "cert.der", NULL);
	const char *const convert[] = {"openssl", "x509", "-in", cert, "-outform",
				       "DER",     "-out", der,   NULL};
	g_autofree char *python = g_strdup("/usr/bin/python3");
	char *argv[] = {python, getenv("OPENUKEY_PIV_CARD"),
			(char *)(uintptr_t)rig_socket(room.rig, 0), der, NULL};
	g_autoptr(GError) error = NULL;

	run(convert);
	if (!g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &card, &error))
		fail_msg("%s", error->message);
	assert_true(rig_await(room.rig, 0, true, ROOM_LATE_MS));
}

static int
card_teardown(void **state)
{
	if (card > 0) {
		(void)kill(card, SIGKILL);
		(void)waitpid(card, NULL, 0);
	}
	card = 0;
	return teardown(state);
}

static gboolean
has_certificate(struct room *at, gpointer data)
{
	return foreign() != NULL && foreign()->pairs->len == 1;
}

static void
an_opensc_card_is_shown_and_its_pin_changed(void **state)
{
	const OukTokenInfo *token;

	beside(OPENSC);
	card_plug();
	/* its module cannot wait for cards, and reads them slowly */
	assert_true(room_until(&room, has_certificate, NULL, 2 * ROOM_SOON_MS));
	assert_int_equal(room_count(&room), 1);
	token = foreign();
	assert_false(token->failed);
	assert_string_equal(token->unit, "邢台示例商贸有限公司");
	assert_int_equal(ouk_pair_view_info(g_ptr_array_index(token->pairs, 0))->status,
			 OUK_PAIR_VALID);
	assert_int_equal(token->pin_max, 8);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, -1);
	assert_int_equal(pin_job("999999", NULL).error, OUK_E_PIN_WRONG);
	assert_int_equal(pin_job(ROOM_PIN, "654321").error, -1);
	assert_int_equal(pin_job("654321", NULL).error, -1);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, OUK_E_PIN_WRONG);
	assert_int_equal(pin_job("123456789", NULL).error, OUK_E_PIN_LEN);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, OUK_E_PIN_WRONG);
	assert_int_equal(pin_job(ROOM_PIN, NULL).error, OUK_E_PIN_LOCKED);
	(void)kill(card, SIGKILL);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), 2 * ROOM_SOON_MS));
}

static void
opensc_looks_on(void **state)
{
	beside(OPENSC);
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	/* our key is ours alone, also after OpenSC's module had a look at it */
	room_idle(&room, "with OpenSC's module", IDLE_MS);
	assert_int_equal(room_count(&room), 1);
	assert_false(room_key(&room, 0)->failed);
	assert_null(foreign());
	rig_end(room.rig);
	assert_true(
		room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE), ROOM_SOON_MS));
	assert_true(rig_begin(room.rig));
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	room_pull(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_foreign_token_is_shown_beside_ours),
		TEST(a_foreign_tokens_pin_is_tested_and_changed),
		cmocka_unit_test_setup_teardown(an_opensc_card_is_shown_and_its_pin_changed, setup,
						card_teardown),
		TEST(opensc_looks_on),
	};

	if (access(SOFTHSM, R_OK) != 0)
		return 77; /* not installed: skipped */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
