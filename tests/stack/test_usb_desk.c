/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A desk with USB ports of all kinds: a CCID key behind libccid, a HID key and a mass-storage key
 * behind our reader driver, and a key that is in nobody's list, all at one unmodified pcscd.
 */
#include "tests/rig/process.h"
#include "tests/stack/card.h"
#include "tests/stack/usb_life.h"

#include <dirent.h>
#include <reader.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CCID, HID, STORAGE, UNKNOWN, KINDS = UNKNOWN };

/* As the kernel knows them, and the USB numbers. */
static const struct {
	const char *driver; /* NULL: it has none for such devices */
	uint32_t product;
	uint32_t max_data; /* longest data field that its reader takes */
} kinds[] = {
	[CCID] = {NULL, 1, 65536},
	[HID] = {"usbhid", 2, 65535 - 9},
	[STORAGE] = {"usb-storage", 3, 4096 - 3 - 2},
	[UNKNOWN] = {"usbhid", 0xff, 0},
};

static void
plug(struct rig *rig, unsigned int port)
{
	assert_true(rig_plug(rig, port, usb_life_path(rig, port), NULL));
}

static void
plug_all(struct rig *rig)
{
	for (unsigned int port = 0; port < KINDS; port++)
		plug(rig, port);
}

static void
pull_all(struct rig *rig)
{
	for (unsigned int port = 0; port < KINDS; port++)
		assert_true(rig_pull(rig, port));
	assert_int_equal(usb_life_readers(rig), 0);
}

/* Those behind our reader driver. */
static void
plug_ours(struct rig *rig)
{
	plug(rig, HID);
	plug(rig, STORAGE);
}

static void
pull_ours(struct rig *rig)
{
	assert_true(rig_pull(rig, HID));
	assert_true(rig_pull(rig, STORAGE));
	assert_int_equal(usb_life_readers(rig), 0);
}

static void
assert_driver(struct rig *rig, unsigned int port, const char *driver)
{
	char answer[32] = "";

	assert_true(rig_tell_port(rig, port, "driver", answer, sizeof(answer)));
	assert_string_equal(answer, driver);
}

static void
keys_of_all_kinds_work_beside_each_other(void **state)
{
	struct rig *rig = *state;

	plug_all(rig);
	assert_int_equal(usb_life_readers(rig), KINDS);
	for (int round = 0; round < 3; round++)
		for (unsigned int port = 0; port < KINDS; port++)
			card_assert_virtual(rig, port);
	assert_true(rig_pull(rig, HID));
	card_assert_virtual(rig, STORAGE);
	card_assert_virtual(rig, CCID);
	plug(rig, HID);
	card_assert_virtual(rig, HID);
	pull_all(rig);
}

/* ---- a key in nobody's list ---- */

static void
a_key_in_nobodys_list_gets_no_driver_and_not_a_byte(void **state)
{
	struct rig *rig = *state;
	char answer[1024];

	assert_true(rig_insert(rig, UNKNOWN, usb_life_path(rig, UNKNOWN)));
	/* what comes after it has been looked at after it */
	plug(rig, HID);
	card_assert_virtual(rig, HID);
	assert_int_equal(usb_life_readers(rig), 1);
	assert_true(rig_tell_port(rig, UNKNOWN, "count", answer, sizeof(answer)));
	assert_string_equal(answer, "0");
	assert_driver(rig, UNKNOWN, "usbhid");
	assert_true(rig_ask(rig, UNKNOWN, "count", answer, sizeof(answer)));
	assert_non_null(strstr(answer, "\"commands\":0"));
	assert_true(rig_pull(rig, HID));
	rig_kill(rig, UNKNOWN);
}

/* ---- keys that were there first, drivers given back ---- */

static void
keys_that_were_there_before_the_service_are_found(void **state)
{
	struct rig *rig = *state;

	plug_all(rig);
	assert_true(rig_ports_end(rig, false));
	for (unsigned int port = 0; port < KINDS; port++)
		assert_driver(rig, port, kinds[port].driver == NULL ? "none" : kinds[port].driver);
	assert_true(rig_ports_begin(rig));
	for (unsigned int port = 0; port < KINDS; port++) {
		assert_true(rig_await(rig, port, true, USB_LIFE_SEEN_MS));
		card_assert_virtual(rig, port);
		assert_driver(rig, port, "none");
	}
	pull_all(rig);
}

/* The kernel lets go of what a program had, but asks no driver whether it wants it. */
static void
a_killed_service_leaves_the_keys_usable(void **state)
{
	struct rig *rig = *state;

	plug_ours(rig);
	for (unsigned int port = HID; port <= STORAGE; port++)
		card_assert_virtual(rig, port);
	assert_true(rig_ports_end(rig, true));
	for (unsigned int port = HID; port <= STORAGE; port++)
		assert_driver(rig, port, "none");
	assert_true(rig_ports_begin(rig));
	for (unsigned int port = HID; port <= STORAGE; port++) {
		assert_true(rig_await(rig, port, true, USB_LIFE_SEEN_MS));
		card_assert_virtual(rig, port);
	}
	/* and the next one that ends as it should gives them back */
	assert_true(rig_ports_end(rig, false));
	assert_driver(rig, HID, "usbhid");
	assert_driver(rig, STORAGE, "usb-storage");
	assert_true(rig_ports_begin(rig));
	for (unsigned int port = HID; port <= STORAGE; port++) {
		assert_true(rig_await(rig, port, true, USB_LIFE_SEEN_MS));
		card_assert_virtual(rig, port);
	}
	pull_ours(rig);
}

/* ---- one key for another ---- */

static const char *
other_key(struct rig *rig, const char *serial)
{
	static char path[160];
	const char *const options[] = {"--state", path,    "--serial", serial,
				       "--label", "other", NULL};

	(void)snprintf(path, sizeof(path), "%s/%s.key", rig_dir(rig), serial);
	assert_true(rig_provision(options));
	return path;
}

static void
exchange(struct rig *rig, unsigned int port)
{
	SCARDHANDLE card;
	char serial[33];
	BYTE reply[512];

	assert_true(rig_plug(rig, port, other_key(rig, "FIRST-KEY"), NULL));
	usb_life_serial(rig, port, serial);
	assert_string_equal(serial, "FIRST-KEY");
	card = card_connect(rig, port);
	rig_kill(rig, port);
	assert_true(rig_insert(rig, port, other_key(rig, "SECOND-KEY")));
	/* Whoever spoke to the first one never gets an answer of the second. */
	assert_true(card_send(card, card_get_dev_info, sizeof(card_get_dev_info), reply,
			      sizeof(reply)) < 0);
	assert_true(usb_life_works_again(rig, port));
	assert_true(card_send(card, card_get_dev_info, sizeof(card_get_dev_info), reply,
			      sizeof(reply)) < 0);
	card_disconnect(card);
	usb_life_serial(rig, port, serial);
	assert_string_equal(serial, "SECOND-KEY");
	assert_true(rig_pull(rig, port));
}

static void
one_key_is_never_taken_for_another(void **state)
{
	/* pcscd 1.9 may hang when a program calls while a key of libccid's is pulled */
	for (unsigned int port = HID; port <= STORAGE; port++)
		exchange(*state, port);
}

/* ---- the computer sleeps ---- */

static void
keys_work_after_the_computer_slept(void **state)
{
	static const char *const orders[] = {"sleep", "sleep powerless", "sleep powerless"};
	struct rig *rig = *state;

	plug_ours(rig);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		for (unsigned int port = HID; port <= STORAGE; port++) {
			card_assert_virtual(rig, port);
			assert_true(rig_tell_port(rig, port, orders[i], NULL, 0));
			if (!usb_life_works_again(rig, port))
				fail_msg("port %u: dead after \"%s\"", port, orders[i]);
			assert_driver(rig, port, "none");
		}
	assert_true(rig_alive(rig));
	pull_ours(rig);
}

/* ---- what a program may ask the reader itself ---- */

static void
assert_control_fails(SCARDHANDLE card, DWORD code, DWORD room)
{
	BYTE in[300] = {0}, out[300] = {0}, untouched[300] = {0};
	DWORD len = 0; /* libpcsclite's own value, even on failure */

	assert_int_not_equal(SCardControl(card, code, in, sizeof(in), out, room, &len),
			     SCARD_S_SUCCESS);
	assert_memory_equal(out + room, untouched, sizeof(out) - room);
}

static void
readers_tell_numbers_and_limits(void **state)
{
	struct rig *rig = *state;

	plug_all(rig);
	for (unsigned int port = 0; port < KINDS; port++) {
		SCARDHANDLE card = card_connect(rig, port);
		uint32_t most = card_max_apdu_data(card);

		assert_int_equal(most, kinds[port].max_data);
		assert_int_equal(card_property(card, PCSCv2_PART10_PROPERTY_wIdVendor), 0x1209);
		assert_int_equal(card_property(card, PCSCv2_PART10_PROPERTY_wIdProduct),
				 kinds[port].product);
		if (port != CCID) {
			DWORD code = card_properties_code(card);

			for (DWORD room = 0; room < 6; room++) {
				assert_control_fails(card, CM_IOCTL_GET_FEATURE_REQUEST, room);
				assert_control_fails(card, code, room);
			}
			assert_control_fails(card, code + 1, 300);
			assert_control_fails(card, SCARD_CTL_CODE(1), 300); /* CCID's escape */
			assert_control_fails(card, 0, 300);
			assert_control_fails(card, UINT32_MAX, 300);
		}
		card_disconnect(card);
		card_assert_virtual(rig, port);
	}
	pull_all(rig);
}

/* OpenSC looks at features and limits without a word to the key. */
static void
a_stranger_learns_the_limits_without_a_word_to_the_key(void **state)
{
	static const char *const argv[] = {"/bin/sh", "-c",
					   "OPENSC_DEBUG=9 opensc-tool --list-readers 2>&1", NULL};
	static char out[65536];
	struct rig *rig = *state;

	plug(rig, HID);
	plug(rig, STORAGE);
	assert_int_equal(rig_run(argv, out, sizeof(out), 60000), 0);
	assert_non_null(strstr(out, "transceiving 65526 bytes"));
	assert_non_null(strstr(out, "transceiving 4091 bytes"));
	assert_non_null(strstr(out, "OpenUKey Virtual HID"));
	assert_non_null(strstr(out, "OpenUKey Virtual Storage"));
	for (unsigned int port = HID; port <= STORAGE; port++) {
		char answer[1024];

		assert_true(rig_ask(rig, port, "count", answer, sizeof(answer)));
		assert_non_null(strstr(answer, "\"commands\":0"));
		assert_true(rig_pull(rig, port));
	}
}

/* ---- nobody asks ---- */

#define IDLE_MS 3000
/* A thread that looks every 400 ms, as pcscd has one for readers that cannot wait, wakes 7 times.
 */
#define WAKES_MAX 3

static long
number_after(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	char line[256];
	long value = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, word, strlen(word)) == 0)
			value = strtol(line + strlen(word), NULL, 10);
	if (file != NULL)
		(void)fclose(file);
	return value;
}

/* How often its threads have slept and were woken. */
static long
wakes(pid_t pid)
{
	char path[320];
	struct dirent *entry;
	DIR *threads;
	long sum = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	assert_non_null(threads);
	while ((entry = readdir(threads)) != NULL) {
		(void)snprintf(path, sizeof(path), "/proc/%d/task/%s/status", (int)pid,
			       entry->d_name);
		if (entry->d_name[0] != '.')
			sum += number_after(path, "voluntary_ctxt_switches:");
	}
	(void)closedir(threads);
	return sum;
}

static void
an_idle_service_sleeps(void **state)
{
	struct rig *rig = *state;
	long deadline, before, least = 1000;
	pid_t pid;

	plug(rig, HID);
	plug(rig, STORAGE);
	card_assert_virtual(rig, HID);
	card_assert_virtual(rig, STORAGE);
	pid = rig_ports_service(rig);
	assert_true(pid > 0);
	/* cards that nobody uses any more are switched off some seconds later */
	for (deadline = process_clock_ms() + 60000;
	     least > WAKES_MAX && process_clock_ms() < deadline;) {
		before = wakes(pid);
		process_sleep_ms(IDLE_MS);
		before = wakes(pid) - before;
		least = before < least ? before : least;
	}
	print_message("%ld wakes in %d ms\n", least, IDLE_MS);
	assert_in_range(least, 0, WAKES_MAX);
	assert_true(rig_pull(rig, HID));
	assert_true(rig_pull(rig, STORAGE));
}

static int
start_mixed(void **state)
{
	setenv("OPENUKEY_IFD_TIMEOUT_MS", "3000", 1);
	*state = rig_start_port("usb-mixed");
	return *state == NULL ? -1 : 0;
}

static int
stop_rig(void **state)
{
	rig_stop(*state);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_all_kinds_work_beside_each_other),
		cmocka_unit_test(a_key_in_nobodys_list_gets_no_driver_and_not_a_byte),
		cmocka_unit_test(keys_that_were_there_before_the_service_are_found),
		cmocka_unit_test(a_killed_service_leaves_the_keys_usable),
		cmocka_unit_test(one_key_is_never_taken_for_another),
		cmocka_unit_test(keys_work_after_the_computer_slept),
		cmocka_unit_test(readers_tell_numbers_and_limits),
		cmocka_unit_test(a_stranger_learns_the_limits_without_a_word_to_the_key),
		cmocka_unit_test(an_idle_service_sleeps),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, start_mixed, stop_rig);
}
