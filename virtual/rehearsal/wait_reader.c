/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openukey-rehearsal-wait READER present|absent SECONDS: blocks until programs see a key in the
 * reader whose name begins so, or see none.  Exit 0, or 1 when the time is over.
 */
#include "common/defs.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define NAMES_MAX 4096

static long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* PC/SC's own name for the reader, or NULL. */
static const char *
find_reader(SCARDCONTEXT context, const char *prefix, char *names, size_t size)
{
	DWORD len = size;

	if (SCardListReaders(context, NULL, names, &len) != SCARD_S_SUCCESS)
		return NULL;
	for (const char *name = names; *name != '\0'; name += strlen(name) + 1)
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			return name;
	return NULL;
}

static bool
await(SCARDCONTEXT context, const char *name, bool present, long deadline)
{
	SCARD_READERSTATE reader = {.szReader = name};

	for (;;) {
		long left = deadline - clock_ms();
		LONG rv = SCardGetStatusChange(context, left < 0 ? 0 : (DWORD)left, &reader, 1);
		DWORD wanted = present ? SCARD_STATE_PRESENT : SCARD_STATE_EMPTY;

		/* a key whose ATR has not been read yet is no use to anybody */
		if (rv == SCARD_S_SUCCESS && (reader.dwEventState & wanted) != 0 &&
		    (!present || reader.cbAtr > 0))
			return true;
		if (left <= 0 || (rv != SCARD_S_SUCCESS && rv != (LONG)SCARD_E_TIMEOUT))
			return false;
		reader.dwCurrentState = reader.dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	}
}

int
main(int argc, char **argv)
{
	char names[NAMES_MAX];
	SCARDCONTEXT context;
	const char *name;
	bool seen;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: %s READER present|absent SECONDS\n", argv[0]);
		return 2;
	}
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS) {
		(void)fprintf(stderr, "%s: no smart card service\n", argv[0]);
		return 1;
	}
	name = find_reader(context, argv[1], names, sizeof(names));
	seen = name != NULL && await(context, name, strcmp(argv[2], "present") == 0,
				     clock_ms() + strtol(argv[3], NULL, 10) * 1000);
	if (!seen)
		(void)fprintf(stderr, "%s: \"%s\" is not %s\n", argv[0], argv[1], argv[2]);
	(void)SCardReleaseContext(context);
	return seen ? 0 : 1;
}
