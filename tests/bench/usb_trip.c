/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a command costs on a key that is a USB device: behind libccid, and behind our reader driver
 * as HID and as mass storage, on the same ports, one after the other, several rounds in turns.
 * Beside it the same transfers by libusb alone (usb_bare.c): what the ports themselves take.
 */
#include "tests/rig/process.h"
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
#define BATCH    15
#define IDLE_S   3

struct result {
	const char *kind, *title, *bare_kind;
	double us;        /* a command, in the quickest batch of all rounds */
	double bare_us;   /* a transfer by libusb alone, likewise */
	double transfers; /* that moved bytes, each command */
	double idle_ms;   /* CPU of the service in IDLE_S seconds with a key in */
	double memory;    /* of the service with a key in, KiB */
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

/* A number in a file of the service's, behind a word or a count of blanks. */
static double
of_service(const struct rig *rig, const char *file, const char *word, int blanks)
{
	char path[64], text[4096] = "", *at = text;
	FILE *stream;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)rig_ports_service(rig), file);
	stream = fopen(path, "re");
	if (stream == NULL)
		return -1;
	text[fread(text, 1, sizeof(text) - 1, stream)] = '\0';
	(void)fclose(stream);
	at = strstr(text, word);
	for (int i = 0; at != NULL && i < blanks; i++)
		at = strchr(at + 1, ' ');
	return at == NULL ? -1 : strtod(at + (blanks == 0 ? strlen(word) : 1), NULL);
}

/* User and system, in ms. */
static double
cpu_of_service(const struct rig *rig)
{
	return (of_service(rig, "stat", ") ", 12) + of_service(rig, "stat", ") ", 13)) * 1000 /
	       (double)sysconf(_SC_CLK_TCK);
}

/* Its own memory, not shared with others, in KiB. */
static double
memory_of_service(const struct rig *rig)
{
	return of_service(rig, "smaps_rollup", "Private_Clean:", 0) +
	       of_service(rig, "smaps_rollup", "Private_Dirty:", 0);
}

/* By libusb alone, in a port of its own; us a transfer. */
static double
measure_bare(const char *kind)
{
	char folder[] = "/tmp/openukey-bare-XXXXXX", state[64], socket[64], text[64] = "",
	     count[16];
	const char *const key_argv[] = {VIRTUAL_KEY, "run",  "--state", state,
					"--socket",  socket, NULL};
	const char *const port_argv[] = {VIRTUAL_USB, "--kind", kind,  "--socket", socket,
					 USB_BARE,    kind,     count, NULL};
	pid_t key;

	if (mkdtemp(folder) == NULL)
		exit(1);
	(void)snprintf(state, sizeof(state), "%s/key", folder);
	(void)snprintf(socket, sizeof(socket), "%s/sock", folder);
	(void)snprintf(count, sizeof(count), "%d", COMMANDS);
	key = process_start(key_argv, STDERR_FILENO, -1);
	if (rig_run(port_argv, text, sizeof(text), 60000) != 0)
		exit(1);
	process_end(key);
	(void)unlink(state);
	(void)unlink(socket);
	(void)rmdir(folder);
	return strtod(text, NULL);
}

/* Of a command, in the quickest batch: others use the machine too. */
static double
best_of_batches(SCARDHANDLE card)
{
	double best = 0;

	for (int batch = 0; batch < COMMANDS / BATCH; batch++) {
		double began = now_us(), us;

		for (int i = 0; i < BATCH; i++)
			card_assert_random(card, 16);
		us = (now_us() - began) / BATCH;
		best = batch == 0 || us < best ? us : best;
	}
	return best;
}

static void
measure(struct result *result, bool idle)
{
	struct rig *rig = start(result->kind);
	char path[128], count[32];
	SCARDHANDLE card;
	double us;

	if (rig == NULL)
		exit(1);
	(void)snprintf(path, sizeof(path), "%s/trip.key", rig_dir(rig));
	if (!rig_plug(rig, 0, path, NULL))
		exit(1);
	card = card_connect(rig, 0);
	card_assert_random(card, 16);
	if (!rig_tell_port(rig, 0, "fault 0 none", NULL, 0))
		exit(1);
	us = best_of_batches(card);
	if (!rig_tell_port(rig, 0, "count", count, sizeof(count)))
		exit(1);
	result->transfers = strtod(count, NULL) / COMMANDS;
	result->us = result->us == 0 || us < result->us ? us : result->us;
	card_disconnect(card);
	if (idle) {
		double before = cpu_of_service(rig);

		(void)sleep(IDLE_S);
		result->idle_ms = cpu_of_service(rig) - before;
		result->memory = memory_of_service(rig);
	}
	rig_stop(rig);
	us = measure_bare(result->bare_kind);
	result->bare_us = result->bare_us == 0 || us < result->bare_us ? us : result->bare_us;
}

/* What a command costs beyond its transfers. */
static double
overhead(const struct result *result)
{
	return result->us - result->bare_us * result->transfers;
}

static void
print(const struct result *results, size_t len)
{
	printf("%-20s %12s %10s %14s %16s %14s %16s %16s\n", "GenRandom, 16 bytes", "us a command",
	       "transfers", "us a transfer", "by libusb alone", "rest, us", "beside libccid",
	       "same transfers");
	for (size_t i = 0; i < len; i++) {
		const struct result *one = &results[i];
		double each = one->us / one->transfers;
		/* libccid's rest, and the port's own price for as many transfers as this one has */
		double fair = overhead(&results[0]) + one->bare_us * one->transfers;

		printf("%-20s %12.0f %10.1f %14.0f %16.0f %14.0f %16.2f %16.2f\n", one->title,
		       one->us, one->transfers, each, one->bare_us, overhead(one),
		       each / (results[0].us / results[0].transfers), one->us / fair);
	}
	for (size_t i = 0; i < len; i++)
		printf("%s: %.0f ms of CPU in %d idle seconds; %.0f KiB of the service's own "
		       "memory, "
		       "%+.0f beside libccid\n",
		       results[i].title, results[i].idle_ms, IDLE_S, results[i].memory,
		       results[i].memory - results[0].memory);
}

int
main(void)
{
	struct result results[] = {
		{.kind = "usb", .title = "CCID, libccid", .bare_kind = "ccid"},
		{.kind = "usb-hid", .title = "HID, ours", .bare_kind = "hid"},
		{.kind = "usb-storage", .title = "mass storage, ours", .bare_kind = "storage"},
	};

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < ARRAY_SIZE(results); i++)
			measure(&results[i], round == ROUNDS - 1);
	print(results, ARRAY_SIZE(results));
	return 0;
}
