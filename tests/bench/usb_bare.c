/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usb_bare KIND COUNT: sends a key in a USB port COUNT commands by libusb alone, without a service
 * or a driver, and prints what a transfer takes, in microseconds.  What is left of usb_trip's
 * figures without that is what the service and the driver cost.
 */
#include "drivers/ifd/frame.h"

#include <libusb-1.0/libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define VENDOR     0x1209
#define TIMEOUT_MS 10000
#define SEEN_TRIES 500
#define ASK_LEN    4096
#define WARM_UP    20
#define BATCH      15
#define CCID_HEAD  10

/* GenRandom, 16 bytes, Le in extended length: as usb_trip has it sent */
static const uint8_t apdu[] = {0x80, 0x50, 0, 0, 0, 0, 0x10};

static libusb_device_handle *key;
static unsigned long transfers;

static void
fail(const char *what)
{
	(void)fprintf(stderr, "usb_bare: %s\n", what);
	exit(1);
}

static int
move(uint8_t endpoint, uint8_t *bytes, size_t len)
{
	int done = 0;

	if (libusb_bulk_transfer(key, endpoint, bytes, (int)len, &done, TIMEOUT_MS) != 0)
		fail("a transfer failed");
	transfers++;
	return done;
}

/* ---- a command in each kind's way: the endpoints are virtual/usb's ---- */

static void
ccid(uint8_t type, const uint8_t *data, uint8_t len)
{
	uint8_t message[512] = {type, len};

	memcpy(message + CCID_HEAD, data, len);
	(void)move(0x01, message, (size_t)CCID_HEAD + len);
	do /* the key may ask for time */
		if (move(0x82, message, sizeof(message)) < CCID_HEAD)
			fail("no CCID message");
	while ((message[7] & 0xc0) == 0x80);
}

static void
ccid_command(void)
{
	ccid(0x6f, apdu, sizeof(apdu));
}

static void
hid_command(void)
{
	uint8_t bytes[HID_REPORT * 2], report[HID_REPORT];
	struct uk_writer out = uk_writer_of(bytes, sizeof(bytes));
	struct hid_command command = {.begun = false};

	hid_put_command(&out, 1, uk_span_of(apdu, sizeof(apdu)));
	command.stream = uk_writer_span(&out);
	if (!hid_take_report(&command, report))
		fail("no report");
	(void)move(0x03, report, sizeof(report));
	(void)move(0x82, report, sizeof(report));
}

static void
storage_part(enum storage_command command, uint8_t *data, size_t len)
{
	uint8_t block[STORAGE_CBW_LEN], status[STORAGE_CSW_LEN];
	struct uk_writer out = uk_writer_of(block, sizeof(block));

	storage_put_command(&out, 1, command, (uint32_t)len);
	(void)move(0x01, block, sizeof(block));
	(void)move(command == STORAGE_SEND ? 0x01 : 0x81, data, len);
	(void)move(0x81, status, sizeof(status));
}

static void
storage_command(void)
{
	static uint8_t answer[ASK_LEN];
	uint8_t payload[FRAME_HEADER + sizeof(apdu)];
	struct uk_writer out = uk_writer_of(payload, sizeof(payload));

	frame_put_apdu(&out, uk_span_of(apdu, sizeof(apdu)));
	storage_part(STORAGE_SEND, payload, sizeof(payload));
	storage_part(STORAGE_RECEIVE, answer, sizeof(answer));
}

static const struct {
	const char *name;
	uint16_t product;
	void (*command)(void);
} kinds[] = {
	{"ccid", 1, ccid_command},
	{"hid", 2, hid_command},
	{"storage", 3, storage_command},
};

/* ---- */

/* The port's key comes a moment after the program was started. */
static void
open_key(uint16_t product)
{
	for (int i = 0; i < SEEN_TRIES && key == NULL; i++) {
		key = libusb_open_device_with_vid_pid(NULL, VENDOR, product);
		if (key == NULL)
			(void)usleep(20000);
	}
	if (key == NULL)
		fail("no key");
	(void)libusb_set_auto_detach_kernel_driver(key, 1);
	if (libusb_claim_interface(key, 0) != 0)
		fail("the key cannot be taken");
	if (product == 1)
		ccid(0x62, NULL, 0); /* power on */
}

static double
now_us(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Of the quickest batch, as usb_trip does it. */
static void
measure(void (*command)(void), int count)
{
	double best = 0;

	for (int i = 0; i < WARM_UP; i++)
		command();
	for (int batch = 0; batch < count / BATCH; batch++) {
		double began = now_us(), us;

		transfers = 0;
		for (int i = 0; i < BATCH; i++)
			command();
		us = (now_us() - began) / (double)transfers;
		best = batch == 0 || us < best ? us : best;
	}
	(void)printf("%.1f\n", best);
}

int
main(int argc, char **argv)
{
	if (argc != 3 || libusb_init(NULL) != 0)
		return 2;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, argv[1]) != 0)
			continue;
		open_key(kinds[i].product);
		measure(kinds[i].command, (int)strtol(argv[2], NULL, 10));
		libusb_close(key);
	}
	libusb_exit(NULL);
	return 0;
}
