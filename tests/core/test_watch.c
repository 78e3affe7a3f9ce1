/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of keys: what comes and goes, with the real pcscd starting late and again. */
#include "assistant/core/marks.h"
#include "tests/core/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEN         10
#define IDLE_MS     3000
#define ROUNDS      20
#define ROUNDS_LONG 200

static struct room room;

static int
teardown(void **state)
{
	if (room.rig != NULL)
		room_close(&room);
	return 0;
}

static void
a_key_appears_with_all_there_is_to_show_and_goes(void **state)
{
	const OukTokenInfo *key;
	const OukPairInfo *pair;

	room_open(&room, 1, NULL, NULL);
	assert_true(room_is(&room, GINT_TO_POINTER(OUK_WATCH_EMPTY)));
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	assert_true(room_is(&room, GINT_TO_POINTER(OUK_WATCH_READY)));
	key = room_key(&room, 0);
	assert_non_null(key);
	assert_false(key->failed);
	assert_string_equal(key->serial_end, "0000");
	assert_string_equal(key->application, "OpenUKey-Rehearsal");
	assert_string_equal(key->unit, "邢台示例商贸有限公司");
	assert_true((key->flags & OUK_TOKEN_VIRTUAL) != 0);
	assert_true((key->flags & OUK_TOKEN_VENDOR) != 0);
	assert_false((key->flags & (OUK_TOKEN_FOREIGN | OUK_TOKEN_BLANK)) != 0);
	assert_true(key->tries.exact);
	assert_int_equal(key->tries.left, 10);
	assert_int_equal(key->pairs->len, 1);
	pair = ouk_pair_view_info(g_ptr_array_index(key->pairs, 0));
	assert_int_equal(pair->status, OUK_PAIR_VALID);
	assert_string_equal(pair->unit, "邢台示例商贸有限公司");
	assert_non_null(pair->sign);
	assert_non_null(pair->encrypt);
	assert_string_equal(pair->sign->algorithm, "SM2");
	assert_true(pair->days_left == 3649 || pair->days_left == 3650);
	room_pull(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	assert_true(room_is(&room, GINT_TO_POINTER(OUK_WATCH_EMPTY)));
	assert_int_equal(room.plugged, 1);
	assert_int_equal(room.pulled, 1);
}

static void
a_blank_key_is_shown_too(void **state)
{
	const char *const options[] = {"--serial", "R0000", "--label", "fresh", NULL};
	char path[512];

	room_open(&room, 1, NULL, NULL);
	(void)snprintf(path, sizeof(path), "%s/blank", rig_dir(room.rig));
	assert_true(rig_plug(room.rig, 0, path, options));
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	assert_true((room_key(&room, 0)->flags & OUK_TOKEN_BLANK) != 0);
	assert_false(room_key(&room, 0)->failed);
}

static void
a_service_that_starts_late_is_noticed(void **state)
{
	room.rig = rig_start(1);
	assert_non_null(room.rig);
	room_plug(&room, 0, "sm2");
	rig_end(room.rig);
	room_watch(&room, NULL, NULL);
	assert_true(room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE), 5000));
	room_spend(&room, 2500);
	assert_true(room_is(&room, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE)));
	assert_true(rig_begin(room.rig));
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
}

static void
a_service_that_is_started_again_is_noticed(void **state)
{
	room_open(&room, 2, NULL, NULL);
	/* once with nothing plugged in, once with a key, and once when another came meanwhile */
	rig_end(room.rig);
	assert_true(
		room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE), ROOM_SOON_MS));
	assert_true(rig_begin(room.rig));
	assert_true(room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_EMPTY), ROOM_SOON_MS));
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	rig_end(room.rig);
	assert_true(
		room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE), ROOM_SOON_MS));
	assert_int_equal(room_count(&room), 0);
	assert_true(rig_begin(room.rig));
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	room_plug(&room, 1, "rsa");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(2), ROOM_SOON_MS));
}

static void
nothing_happens_for_next_to_nothing(void **state)
{
	room_open(&room, 1, NULL, NULL);
	room_idle(&room, "no key", IDLE_MS);
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	room_idle(&room, "a key", IDLE_MS);
	rig_end(room.rig);
	assert_true(
		room_until(&room, room_is, GINT_TO_POINTER(OUK_WATCH_NO_SERVICE), ROOM_SOON_MS));
	room_idle(&room, "no service", IDLE_MS);
}

static gboolean
list_is(struct room *at, gpointer data)
{
	const gboolean *in = data;
	guint count = 0;

	for (unsigned int i = 0; i < TEN; i++) {
		const OukTokenInfo *key = room_key(at, i);

		if ((key != NULL) != in[i] || (key != NULL && key->pairs->len != 1))
			return FALSE;
		count += in[i] ? 1 : 0;
	}
	return room_count(at) == count;
}

static void
assert_all_look_different(void)
{
	gboolean seen[OUK_MARKS][OUK_MARKS] = {{FALSE}};

	for (unsigned int i = 0; i < TEN; i++) {
		const OukTokenInfo *info = room_key(&room, i);

		assert_false(seen[info->colour][info->shape]);
		seen[info->colour][info->shape] = TRUE;
	}
}

static void
ten_keys_in_any_order(void **state)
{
	guint rounds = getenv("OPENUKEY_TEST_LONG") != NULL ? ROUNDS_LONG : ROUNDS;
	guint32 seed = g_random_int();
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	gboolean in[TEN] = {FALSE};

	print_message("seed %u\n", seed);
	room_open(&room, TEN, NULL, NULL);
	for (unsigned int i = 0; i < TEN; i++) {
		room_plug(&room, i, i % 2 == 0 ? "sm2" : "rsa");
		in[i] = TRUE;
	}
	assert_true(room_until(&room, list_is, in, ROOM_LATE_MS));
	assert_all_look_different();
	for (guint i = 0; i < rounds; i++) {
		unsigned int reader = (unsigned int)g_rand_int_range(rand, 0, TEN);

		if (in[reader])
			room_pull(&room, reader);
		else
			room_plug_again(&room, reader);
		in[reader] = !in[reader];
		if (!room_until(&room, list_is, in, ROOM_SOON_MS))
			fail_msg("round %u, reader %u: the list is wrong", i, reader);
	}
}

static void
pulled_while_it_is_read(void **state)
{
	room_open(&room, 1, NULL, NULL);
	room_plug(&room, 0, "sm2");
	room_pull(&room, 0);
	for (guint i = 0; i < 10; i++) {
		room_plug_again(&room, 0);
		room_spend(&room, i * 7);
		room_pull(&room, 0);
	}
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	room_spend(&room, 500);
	assert_int_equal(room_count(&room), 0);
	assert_int_equal(room.plugged, room.pulled);
}

static void
no_module_is_a_state(void **state)
{
	room_open(&room, 1, "/nowhere/openukey.so", NULL);
	assert_true(room_is(&room, GINT_TO_POINTER(OUK_WATCH_NO_MODULE)));
}

static void
on_refreshed(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;

	*(int *)data =
		ouk_watch_refresh_finish(OUK_WATCH(source), result, &error) ? 1 : -error->code;
}

static gboolean
is_set(struct room *at, gpointer data)
{
	return *(int *)data != 0;
}

static int
refresh(const char *id, OukRefresh depth)
{
	int done = 0;

	ouk_watch_refresh_async(room.watch, id, depth, on_refreshed, &done);
	assert_true(room_until(&room, is_set, &done, ROOM_LATE_MS));
	return done;
}

static void
a_refresh_tells_what_others_did(void **state)
{
	g_autofree char *id = NULL;

	room_open(&room, 1, NULL, NULL);
	assert_int_equal(refresh(NULL, OUK_REFRESH_ALL), 1);
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	id = g_strdup(room_key(&room, 0)->id);
	assert_int_equal(refresh(id, OUK_REFRESH_TRIES), 1);
	assert_int_equal(room_key(&room, 0)->pairs->len, 1);
	assert_int_equal(refresh(NULL, OUK_REFRESH_ALL), 1);
	assert_int_equal(room_key(&room, 0)->pairs->len, 1);
	assert_int_equal(refresh("nobody", OUK_REFRESH_ALL), -OUK_E_REMOVED);
	assert_int_equal(room.plugged, 1);
	assert_int_equal(room.pulled, 0);
	room_pull(&room, 0);
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	assert_int_equal(refresh(id, OUK_REFRESH_ALL), -OUK_E_REMOVED);
}

static void
an_answer_of_the_ca_is_shown(void **state)
{
	g_autofree char *sha256 = NULL;

	room_open(&room, 1, NULL, NULL);
	room_plug(&room, 0, "sm2");
	assert_true(room_until(&room, room_has, GUINT_TO_POINTER(1), ROOM_SOON_MS));
	sha256 = g_strdup(
		ouk_pair_view_cert(g_ptr_array_index(room_key(&room, 0)->pairs, 0))->sha256);
	ouk_watch_note_asked(room.watch, sha256, OUK_ASKED_IN_VAIN);
	assert_int_equal(
		ouk_pair_view_info(g_ptr_array_index(room_key(&room, 0)->pairs, 0))->status,
		OUK_PAIR_NOT_CHECKED);
	ouk_watch_note_asked(room.watch, sha256, OUK_ASKED_REVOKED);
	assert_int_equal(
		ouk_pair_view_info(g_ptr_array_index(room_key(&room, 0)->pairs, 0))->status,
		OUK_PAIR_REVOKED);
}

/* ---- what is wrong with a certificate ---- */

static char *
fixture(const char *file)
{
	return g_strdup_printf("%s/%s", getenv("OPENUKEY_FIXTURES"), file);
}

static gboolean
has_status(struct room *at, gpointer status)
{
	const OukTokenInfo *key = room_key(at, 0);

	return key != NULL && key->pairs->len == 1 &&
	       ouk_pair_view_info(g_ptr_array_index(key->pairs, 0))->status ==
		       (OukPairStatus)GPOINTER_TO_INT(status);
}

static void
a_certificate_without_its_key_is_told(void **state)
{
	g_autofree char *key = fixture("sm2-sign.key");
	g_autofree char *cert = fixture("sm2-sign.pem");
	g_autofree char *other = fixture("sm2-enc.pem");
	const char *const foreign[] = {"--container", "Unit", "--sign-key", key,
				       "--sign-cert", other,  NULL};
	const char *const alone[] = {"--container", "Unit", "--sign-cert", cert, NULL};
	const char *const *const keys[] = {foreign, alone};

	room_open(&room, 1, NULL, NULL);
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		room_make(&room, 0, keys[i]);
		room_plug_again(&room, 0);
		assert_true(room_until(&room, has_status, GINT_TO_POINTER(OUK_PAIR_KEY_MISSING),
				       ROOM_SOON_MS));
		/* it is still so after a look at the tries alone, and shown once */
		assert_int_equal(refresh(room_key(&room, 0)->id, OUK_REFRESH_TRIES), 1);
		assert_true(has_status(&room, GINT_TO_POINTER(OUK_PAIR_KEY_MISSING)));
		room_pull(&room, 0);
		assert_true(room_until(&room, room_has, GUINT_TO_POINTER(0), ROOM_SOON_MS));
	}
	assert_int_equal(room.plugged, 2);
	assert_int_equal(room.pulled, 2);
}

/* Flash memory of a virtual key (virtual/key/store.c): magic, sequence, length, SHA-256, body. */
#define FLASH_SLOT (1 << 18)
#define LENGTH_AT  16
#define HASH_AT    20
#define BODY_AT    52

/* The second half of a certificate is gone, as if a write had been interrupted. */
static void
spoil(const char *path, GBytes *der)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize len, der_len, hash_len = 32;
	const guint8 *cert = g_bytes_get_data(der, &der_len);
	g_autofree char *text = NULL;
	guint8 *at, *slot;
	guint32 body;

	assert_true(g_file_get_contents(path, &text, &len, NULL));
	at = memmem(text, len, cert, der_len);
	assert_non_null(at);
	memset(at + der_len / 2, 0xff, der_len - der_len / 2);
	slot = (guint8 *)text + (at - (guint8 *)text) / FLASH_SLOT * FLASH_SLOT;
	memcpy(&body, slot + LENGTH_AT, sizeof(body));
	g_checksum_update(sum, slot, HASH_AT);
	g_checksum_update(sum, slot + BODY_AT, GUINT32_FROM_BE(body));
	g_checksum_get_digest(sum, slot + HASH_AT, &hash_len);
	assert_true(g_file_set_contents(path, text, (gssize)len, NULL));
}

static void
an_unreadable_certificate_is_not_hidden(void **state)
{
	g_autofree char *key = fixture("sm2-sign.key");
	g_autofree char *cert = fixture("sm2-sign.pem");
	const char *const options[] = {"--container", "Unit", "--sign-key", key,
				       "--sign-cert", cert,   NULL};
	g_autofree char *path = NULL;
	g_autoptr(X509) x509 = ouk_x509_read(cert, NULL);
	unsigned char *bytes = NULL;
	g_autoptr(GBytes) der = NULL;
	int len;

	assert_non_null(x509);
	len = i2d_X509(x509, &bytes);
	assert_true(len > 0);
	der = g_bytes_new(bytes, (gsize)len);
	OPENSSL_free(bytes);
	room_open(&room, 1, NULL, NULL);
	room_make(&room, 0, options);
	path = g_strdup_printf("%s/key-0.state", rig_dir(room.rig));
	spoil(path, der);
	room_plug_again(&room, 0);
	assert_true(
		room_until(&room, has_status, GINT_TO_POINTER(OUK_PAIR_UNREADABLE), ROOM_SOON_MS));
	assert_null(room_key(&room, 0)->unit);
	assert_string_equal(
		ouk_pair_view_info(g_ptr_array_index(room_key(&room, 0)->pairs, 0))->name, "Unit");
}

static void
it_ends_at_any_moment(void **state)
{
	room.rig = rig_start(1);
	assert_non_null(room.rig);
	room_plug(&room, 0, "sm2");
	for (guint i = 0; i < 12; i++) {
		room_watch(&room, NULL, NULL);
		room_spend(&room, i * i * 2);
		ouk_watch_close(room.watch);
		assert_int_equal(room_count(&room), 0);
		g_clear_object(&room.watch);
	}
	while (g_main_context_iteration(NULL, FALSE))
		;
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

/* The first dozen, whatever they are called; and after them, nobody is refused. */
static void
keys_on_one_desk_look_different(void **state)
{
	g_autoptr(GHashTable) marks = ouk_marks_new();
	gboolean seen[OUK_MARKS][OUK_MARKS] = {{FALSE}};

	for (guint i = 0; i < OUK_MARKS * OUK_MARKS + 3; i++) {
		g_autofree char *key_id = g_strdup_printf("maker/%u", i * 7919);
		guint number = ouk_marks_number(marks, NULL, key_id);
		guint colour, shape;

		assert_int_equal(ouk_marks_number(marks, NULL, key_id), number);
		ouk_mark_look(number, &colour, &shape);
		assert_true(colour < OUK_MARKS && shape < OUK_MARKS);
		assert_int_equal(seen[colour][shape], i >= OUK_MARKS * OUK_MARKS);
		seen[colour][shape] = TRUE;
		/* neighbours differ in both, for who sees no colours and who sees no shapes */
		if (i > 0 && i < OUK_MARKS) {
			guint before_colour, before_shape;

			ouk_mark_look(i - 1, &before_colour, &before_shape);
			assert_int_not_equal(colour, before_colour);
			assert_int_not_equal(shape, before_shape);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_appears_with_all_there_is_to_show_and_goes),
		TEST(a_blank_key_is_shown_too),
		TEST(a_service_that_starts_late_is_noticed),
		TEST(a_service_that_is_started_again_is_noticed),
		TEST(nothing_happens_for_next_to_nothing),
		TEST(ten_keys_in_any_order),
		TEST(pulled_while_it_is_read),
		TEST(no_module_is_a_state),
		TEST(a_refresh_tells_what_others_did),
		TEST(an_answer_of_the_ca_is_shown),
		TEST(a_certificate_without_its_key_is_told),
		TEST(an_unreadable_certificate_is_not_hidden),
		TEST(it_ends_at_any_moment),
		cmocka_unit_test(keys_on_one_desk_look_different),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
