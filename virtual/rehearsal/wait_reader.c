/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-rehearsal-wait READER present|absent SECONDS: blocks until programs see a key in the
 * reader with so much of its name, or see none.  Exit 0, or 1 when the time is over.
 */
#include "common/defs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define NAMES_MAX 4096
/* How long to trust the service to tell of a change. */
#define STEP_MS 200

static long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What programs see of the reader with this in its name. */
static bool
look(SCARDCONTEXT context, const char *mark, SCARD_READERSTATE *ret_reader)
{
	static char names[NAMES_MAX];
	DWORD len = sizeof(names);

	if (SCardListReaders(context, NULL, names, &len) != SCARD_S_SUCCESS)
		return false;
	for (const char *name = names; *name != '\0'; name += strlen(name) + 1) {
		if (strstr(name, mark) == NULL)
			continue;
		*ret_reader = (SCARD_READERSTATE){.szReader = name};
		return SCardGetStatusChange(context, 0, ret_reader, 1) == SCARD_S_SUCCESS;
	}
	return false;
}

/* USB keys take their reader with them, so the reader is looked up each time. */
static bool
await(SCARDCONTEXT context, const char *mark, bool present, long deadline)
{
	static const struct timespec pause = {.tv_nsec = 10000000};

	for (;;) {
		SCARD_READERSTATE row = {0};
		/* a key whose ATR has not been read yet is no use to anybody */
		bool key = look(context, mark, &row) &&
			   (row.dwEventState & SCARD_STATE_PRESENT) != 0 && row.cbAtr > 0;

		if (key == present)
			return true;
		if (clock_ms() >= deadline)
			return false;
		row.dwCurrentState = row.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
		if (row.dwCurrentState == 0)
			nanosleep(&pause, NULL);
		else
			(void)SCardGetStatusChange(context, STEP_MS, &row, 1);
	}
}

int
main(int argc, char **argv)
{
	SCARDCONTEXT context;
	bool seen;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: %s READER present|absent SECONDS\n", argv[0]);
		return 2;
	}
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS) {
		(void)fprintf(stderr, "%s: no smart card service\n", argv[0]);
		return 1;
	}
	seen = await(context, argv[1], strcmp(argv[2], "present") == 0,
		     clock_ms() + strtol(argv[3], NULL, 10) * 1000);
	if (!seen)
		(void)fprintf(stderr, "%s: \"%s\" is not %s\n", argv[0], argv[1], argv[2]);
	(void)SCardReleaseContext(context);
	return seen ? 0 : 1;
}
