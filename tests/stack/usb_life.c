/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/stack/usb_life.h"

#include "tests/rig/process.h"
#include "tests/stack/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 4

/* Of GetDevInfo's answer (gm-keys 2.3) */
#define DEV_INFO_LEN 288
#define SERIAL_AT    164
#define SERIAL_LEN   32

/* short: Le 00, which every kind of reader takes; GET RESPONSE brings the rest */
static const BYTE get_dev_info[] = {0x80, 0x04, 0x00, 0x00, 0x00};

const char *
usb_life_path(const struct rig *rig, unsigned int port)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/usb-%u.key", rig_dir(rig), port);
	return path;
}

unsigned int
usb_life_readers(const struct rig *rig)
{
	char names[4096];
	DWORD len = sizeof(names);
	unsigned int count = 0;

	if (SCardListReaders(rig_context(rig), NULL, names, &len) != SCARD_S_SUCCESS)
		return 0;
	for (const char *name = names; *name != '\0'; name += strlen(name) + 1)
		count++;
	return count;
}

static void
plug(struct rig *rig, unsigned int port)
{
	assert_true(rig_plug(rig, port, usb_life_path(rig, port), NULL));
}

void
usb_life_comes_and_goes(struct rig *rig, const char *name)
{
	assert_int_equal(usb_life_readers(rig), 0);
	plug(rig, 0);
	assert_int_equal(usb_life_readers(rig), 1);
	assert_non_null(strstr(rig_reader(rig, 0), name));
	card_assert_virtual(rig, 0);
	for (int round = 0; round < ROUNDS; round++) {
		assert_true(rig_tell(rig, 0, "pull"));
		assert_true(rig_await(rig, 0, false, USB_LIFE_SEEN_MS));
		assert_int_equal(usb_life_readers(rig), 0);
		assert_true(rig_tell(rig, 0, "plug"));
		assert_true(rig_await(rig, 0, true, USB_LIFE_SEEN_MS));
		card_assert_virtual(rig, 0);
	}
	assert_true(rig_pull(rig, 0));
	assert_int_equal(usb_life_readers(rig), 0);
}

void
usb_life_two_keys(struct rig *rig)
{
	plug(rig, 0);
	plug(rig, 2);
	card_assert_virtual(rig, 0);
	card_assert_virtual(rig, 2);
	assert_true(rig_pull(rig, 0));
	card_assert_virtual(rig, 2);
	plug(rig, 0);
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 2));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

void
usb_life_pulled_at_a_command(struct rig *rig)
{
	SCARDHANDLE card;
	BYTE reply[512];

	plug(rig, 0);
	card = card_connect(rig, 0);
	assert_true(rig_tell(rig, 0, "fault at 1 pull-before"));
	assert_true(card_send(card, get_dev_info, sizeof(get_dev_info), reply, sizeof(reply)) < 0);
	card_disconnect(card);
	assert_true(rig_await(rig, 0, false, USB_LIFE_SEEN_MS));
	assert_true(rig_tell(rig, 0, "plug"));
	assert_true(rig_await(rig, 0, true, USB_LIFE_SEEN_MS));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

void
usb_life_slow_key(struct rig *rig, unsigned int ms)
{
	char line[64];

	plug(rig, 0);
	(void)snprintf(line, sizeof(line), "fault at 1 slow %u", ms);
	assert_true(rig_tell(rig, 0, line));
	card_assert_virtual(rig, 0);
	assert_true(rig_pull(rig, 0));
}

/* Connects and reads GetDevInfo's answer. */
static bool
read_info(struct rig *rig, unsigned int port, BYTE *reply, size_t size)
{
	SCARDHANDLE card;
	DWORD protocol;
	long len;

	if (SCardConnect(rig_context(rig), rig_reader(rig, port), SCARD_SHARE_SHARED,
			 SCARD_PROTOCOL_T1, &card, &protocol) != SCARD_S_SUCCESS)
		return false;
	len = card_send(card, get_dev_info, sizeof(get_dev_info), reply, size);
	card_disconnect(card);
	return len > SERIAL_AT + SERIAL_LEN;
}

bool
usb_life_works_again(struct rig *rig, unsigned int port)
{
	long deadline = process_clock_ms() + USB_LIFE_SEEN_MS;
	BYTE reply[512];

	while (process_clock_ms() < deadline) {
		if (rig_await(rig, port, true, USB_LIFE_SEEN_MS) &&
		    read_info(rig, port, reply, sizeof(reply)))
			return true;
		process_sleep_ms(20);
	}
	return false;
}

void
usb_life_serial(struct rig *rig, unsigned int port, char ret[33])
{
	BYTE reply[512];

	assert_true(read_info(rig, port, reply, sizeof(reply)));
	(void)snprintf(ret, SERIAL_LEN + 1, "%.*s", SERIAL_LEN, (const char *)reply + SERIAL_AT);
}
