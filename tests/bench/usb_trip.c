/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command costs on a key that is a USB device: behind libccid, and behind our reader driver
 * as HID and as mass storage, on the same ports, one after the other, several rounds in turns.
 */
#include "tests/rig/rig.h"
#include "tests/stack/card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ROUNDS   3
#define COMMANDS 300
#define IDLE_S   3

struct result {
	const char *kind, *title;
	double us;        /* a command, least of the rounds */
	double transfers; /* that moved bytes, each command */
	double idle_ms;   /* CPU of the service in IDLE_S seconds with a key in */
};

static double
now_us(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static struct rig *
start(const char *kind)
{
	return strcmp(kind, "usb") == 0 ? rig_start_usb(false) : rig_start_port(kind);
}

/* Of the rig's pcscd, user and system, in ms; -1: not found. */
static double
cpu_of_service(const struct rig *rig)
{
	char command[256], text[64] = "";
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};

	(void)snprintf(
		command, sizeof(command),
		"for p in $(pgrep -x pcscd); do grep -qzs 'CSOCK_NAME=%s/' /proc/$p/environ && "
		"cut -d' ' -f14,15 /proc/$p/stat; done | awk '{print $1 + $2}'",
		rig_dir(rig));
	if (rig_run(argv, text, sizeof(text), 5000) != 0)
		return -1;
	return strtod(text, NULL) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

static void
measure(struct result *result, bool idle)
{
	struct rig *rig = start(result->kind);
	char path[128], count[32];
	SCARDHANDLE card;
	double began, us;

	if (rig == NULL)
		exit(1);
	(void)snprintf(path, sizeof(path), "%s/trip.key", rig_dir(rig));
	if (!rig_plug(rig, 0, path, NULL))
		exit(1);
	card = card_connect(rig, 0);
	card_assert_random(card, 16);
	if (!rig_tell_port(rig, 0, "fault 0 none", NULL, 0))
		exit(1);
	began = now_us();
	for (int i = 0; i < COMMANDS; i++)
		card_assert_random(card, 16);
	us = (now_us() - began) / COMMANDS;
	if (!rig_tell_port(rig, 0, "count", count, sizeof(count)))
		exit(1);
	result->transfers = strtod(count, NULL) / COMMANDS;
	result->us = result->us == 0 || us < result->us ? us : result->us;
	card_disconnect(card);
	if (idle) {
		double before = cpu_of_service(rig);

		(void)sleep(IDLE_S);
		result->idle_ms = cpu_of_service(rig) - before;
	}
	rig_stop(rig);
}

static void
print(const struct result *results, size_t len)
{
	printf("%-28s %14s %14s %18s %16s\n", "GenRandom, 16 bytes", "us a command", "transfers",
	       "us each transfer", "beside libccid");
	for (size_t i = 0; i < len; i++) {
		double each = results[i].us / results[i].transfers;

		printf("%-28s %14.0f %14.1f %18.0f %16.2f\n", results[i].title, results[i].us,
		       results[i].transfers, each, each / (results[0].us / results[0].transfers));
	}
	for (size_t i = 0; i < len; i++)
		printf("%s: %.0f ms of CPU in %d idle seconds\n", results[i].title,
		       results[i].idle_ms, IDLE_S);
}

int
main(void)
{
	struct result results[] = {
		{"usb", "CCID, libccid", 0, 0, 0},
		{"usb-hid", "HID, ours", 0, 0, 0},
		{"usb-storage", "mass storage, ours", 0, 0, 0},
	};

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ARRAY_SIZE(results); i++)
			measure(&results[i], round == ROUNDS - 1);
	print(results, ARRAY_SIZE(results));
	return 0;
}
