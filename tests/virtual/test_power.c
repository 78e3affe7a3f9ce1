/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Power cut before, inside and after each non-volatile write of each command that writes: after
 * the next plug the key has the old state or the new one, never neither.
 */
#include "tests/virtual/power_steps.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
be_user(struct bench *bench)
{
	assert_true(power_user_pin_old(bench));
}

static void
save_state(struct bench *bench)
{
	FILE *file = fopen(bench->key->state, "re");

	assert_non_null(file);
	bench->saved = malloc(1 << 20);
	assert_non_null(bench->saved);
	bench->saved_len = fread(bench->saved, 1, 1 << 20, file);
	(void)fclose(file);
}

/* Puts the saved memory back into the key, which is out meanwhile. */
static void
restore_state(struct bench *bench)
{
	int fd = open(bench->key->state, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_string_equal(key_tell(bench->key, "pull"), "ok");
	assert_int_equal(pwrite(fd, bench->saved, bench->saved_len, 0), bench->saved_len);
	close(fd);
}

/* Plugs the key in and opens everything. */
static void
plug_in(struct bench *bench)
{
	assert_string_equal(key_tell(bench->key, "plug"), "ok");
	key_connect(bench->key);
	assert_sw(client_open_app(bench->key, APPLICATION, &bench->ids), 0x9000);
	/* deleting it may have been the case */
	(void)client_open_container(bench->key, &bench->ids, OLD_NAME);
}

/* One case; false when the command has fewer writes than that. */
static bool
cut_power(struct bench *bench, const struct step *step, unsigned int write, const char *when)
{
	uint16_t expected = step->answer == 0 ? 0x9000 : step->answer, sw;
	char fault[64];
	bool old, new;

	restore_state(bench);
	plug_in(bench);
	(step->before == NULL ? be_user : step->before)(bench);
	(void)snprintf(fault, sizeof(fault), "fault write %u %s", write, when);
	assert_string_equal(key_tell(bench->key, fault), "ok");
	sw = step->run(bench);
	if (sw != SW_PULLED) {
		assert_sw(sw, expected);
		assert_string_equal(key_tell(bench->key, "fault clear"), "ok");
		return false;
	}
	plug_in(bench);
	old = step->is_old(bench);
	new = step->is_new(bench);
	if (old == new)
		fail_msg("power cut %s write %u of %s: %s", when, write, step->name,
			 old ? "both states at once" : "neither state");
	return true;
}

static void
old_or_new_never_neither(void **state)
{
	static const char *const moments[] = {"before", "inside", "after"};
	struct bench *bench = *state;

	for (size_t i = 0; i < power_step_count; i++) {
		unsigned int write = 1;
		bool more = true;

		for (; more; write++)
			for (size_t m = 0; m < ARRAY_SIZE(moments) && more; m++)
				more = cut_power(bench, &power_steps[i], write, moments[m]);
		if (write <= 2)
			fail_msg("%s wrote nothing", power_steps[i].name);
		assert_true(power_steps[i].is_new(bench)); /* the last round was not cut */
	}
}

/* Cutting power right after the counter was stored must not give the try back. */
static void
no_free_guesses(void **state)
{
	struct bench *bench = *state;

	for (unsigned int i = 0; i < 3; i++) {
		restore_state(bench);
		plug_in(bench);
		assert_string_equal(key_tell(bench->key, "fault write 1 after"), "ok");
		assert_sw(power_guess_pin(bench), SW_PULLED);
		plug_in(bench);
		assert_int_equal(power_user_tries(bench), 9);
		assert_string_equal(key_tell(bench->key, "fault write 1 after"), "ok");
		assert_false(power_change_user_pin(bench) == 0x9000);
		plug_in(bench);
		assert_int_equal(power_user_tries(bench), 8);
	}
}

/* What was answered with 9000 is never lost to a later write. */
static void
a_torn_write_takes_nothing_back(void **state)
{
	struct bench *bench = *state;

	for (unsigned int writes = 1; writes < 4; writes++) {
		restore_state(bench);
		plug_in(bench);
		for (unsigned int i = 1; i <= writes; i++) {
			assert_true(power_label_old(bench) == (i == 1));
			assert_sw(power_set_label(bench), 0x9000);
		}
		assert_string_equal(key_tell(bench->key, "fault write 1 inside"), "ok");
		assert_sw(key_send(bench->key, 0x02, 0, uk_span_str("VIRTUAL lost"), UK_LE_NONE),
			  SW_PULLED);
		plug_in(bench);
		assert_true(power_label_new(bench));
	}
}

/* The newest slot torn at every length: the state before it, or (all of it there) itself. */
static void
a_slot_torn_anywhere(void **state)
{
	struct bench *bench = *state;
	int fd = open(bench->key->state, O_RDWR | O_CLOEXEC);
	uint8_t *whole = malloc(1 << 20);
	static const uint8_t erased[256] = {0};
	size_t len;

	assert_true(fd >= 0 && whole != NULL);
	restore_state(bench);
	plug_in(bench);
	assert_true(power_label_old(bench));
	assert_sw(power_set_label(bench), 0x9000);
	len = (size_t)pread(fd, whole, 1 << 20, 0);
	for (size_t slot = 0; slot < 2; slot++) {
		for (size_t at = 0; at < 2048; at += 256) {
			assert_string_equal(key_tell(bench->key, "pull"), "ok");
			assert_int_equal(pwrite(fd, whole, len, 0), len);
			assert_int_equal(pwrite(fd, erased, 256, (off_t)(slot * 0x40000 + at)),
					 256);
			plug_in(bench);
			assert_true(power_label_old(bench) != power_label_new(bench));
		}
	}
	free(whole);
	close(fd);
}

static void
a_state_file_damaged_in_both_slots_is_refused(void **state)
{
	struct bench *bench = *state;
	int fd = open(bench->key->state, O_WRONLY | O_CLOEXEC);

	restore_state(bench);
	assert_int_equal(pwrite(fd, "?", 1, 100), 1);
	assert_int_equal(pwrite(fd, "?", 1, 0x40000 + 100), 1);
	close(fd);
	assert_memory_equal(key_tell(bench->key, "plug"), "error", 5);
	restore_state(bench);
	plug_in(bench);
}

static int
set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct app_settings settings = default_settings;

	if (bench == NULL)
		return -1;
	memset(bench->cert_old, 0x01, sizeof(bench->cert_old));
	memset(bench->cert_new, 0x02, sizeof(bench->cert_new));
	bench->pair = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
	bench->key = key_blank("V0", NULL);
	client_personalise(bench->key, &bench->ids, true);
	settings.name = OLD_NAME;
	assert_sw(client_create_app(bench->key, &settings), 0x9000);
	assert_sw(client_create_container(bench->key, &bench->ids, OLD_NAME), 0x9000);
	assert_sw(power_gen_sm2(bench), 0x9000);
	memcpy(bench->first_point, bench->key->data.ptr, 64);
	assert_sw(client_import_cert(bench->key, &bench->ids, 1, uk_span_of(bench->cert_old, 900)),
		  0x9000);
	assert_sw(client_create_file(bench->key, &bench->ids, OLD_NAME, 4, GM_RIGHT_ANYONE,
				     GM_RIGHT_USER),
		  0x9000);
	save_state(bench);
	*state = bench;
	return 0;
}

static int
tear_down(void **state)
{
	struct bench *bench = *state;

	key_free(bench->key);
	EVP_PKEY_free(bench->pair);
	free(bench->saved);
	free(bench);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_or_new_never_neither),
		cmocka_unit_test(no_free_guesses),
		cmocka_unit_test(a_torn_write_takes_nothing_back),
		cmocka_unit_test(a_slot_torn_anywhere),
		cmocka_unit_test(a_state_file_damaged_in_both_slots_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
