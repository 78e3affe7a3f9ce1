/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hosts of many kinds in one program: `probe KIND` loads the module named by OPENUKEY_MODULE, does
 * what hosts of that kind do, and exits with 0 or says what went wrong.
 */
#include "tests/hosts/probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

void
probe_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
	_exit(1);
}

CK_SESSION_HANDLE
probe_begin(struct host *host)
{
	CK_SESSION_HANDLE session = 0;

	WANT(host_start(host), CKR_OK);
	WANT(host_open(host, &session), CKR_OK);
	WANT(host_login(host, session), CKR_OK);
	return session;
}

void
probe_end(struct host *host, CK_SESSION_HANDLE session)
{
	WANT(host->f->C_Logout(session), CKR_OK);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
}

/* The ordinary host. */
static int
probe_sign(struct host *host)
{
	CK_SESSION_HANDLE session = probe_begin(host);

	WANT(host_sign_checked(host, session, "one"), CKR_OK);
	WANT(host_sign_checked(host, session, "two"), CKR_OK);
	probe_end(host, session);
	return 0;
}

/* A host that does everything wrong; it must not hear of that on its terminal. */
static int
probe_clumsy(struct host *host)
{
	CK_UTF8CHAR wrong[] = "wrong-pin";
	CK_SESSION_HANDLE session = 0;
	CK_ULONG count = 0;

	WANT(host->f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_CRYPTOKI_NOT_INITIALIZED);
	WANT(host_start(host), CKR_OK);
	WANT(host_open(host, &session), CKR_OK);
	WANT(host_sign_checked(host, session, "x"), CKR_OBJECT_HANDLE_INVALID);
	WANT(host->f->C_Login(session, CKU_USER, wrong, 2), CKR_PIN_LEN_RANGE);
	WANT(host->f->C_Login(session, CKU_USER, wrong, strlen("wrong-pin")), CKR_PIN_INCORRECT);
	WANT(host_login(host, session), CKR_OK);
	WANT(host->f->C_SignInit(session, NULL, 0), CKR_ARGUMENTS_BAD);
	WANT(host->f->C_CloseSession(~session), CKR_SESSION_HANDLE_INVALID);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
	WANT(host->f->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	return 0;
}

/* Without a smart card service. */
static int
probe_alone(struct host *host)
{
	CK_TOKEN_INFO token;
	CK_SLOT_INFO info;
	CK_SLOT_ID slot;
	CK_ULONG count = 0;

	WANT(host->f->C_Initialize(NULL), CKR_OK);
	WANT(host->f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
	WANT(count, 0);
	WANT(host->f->C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	WANT(count, 1);
	WANT(host->f->C_GetSlotList(CK_FALSE, &slot, &count), CKR_OK);
	WANT(host->f->C_GetSlotInfo(slot, &info), CKR_OK);
	WANT(info.flags & CKF_TOKEN_PRESENT, 0);
	WANT(host->f->C_GetTokenInfo(slot, &token), CKR_TOKEN_NOT_PRESENT);
	WANT(host->f->C_WaitForSlotEvent(CKF_DONT_BLOCK, &slot, NULL), CKR_NO_EVENT);
	WANT(host->f->C_Finalize(NULL), CKR_OK);
	return 0;
}

static CK_RV
change_pin(const struct host *host, CK_SESSION_HANDLE session, const char *from, const char *to)
{
	CK_UTF8CHAR old_pin[32], new_pin[32];

	memcpy(old_pin, from, strlen(from));
	memcpy(new_pin, to, strlen(to));
	return host->f->C_SetPIN(session, old_pin, strlen(from), new_pin, strlen(to));
}

/* Lists all there is, changes the PIN there and back, signs. */
static int
probe_tour(struct host *host)
{
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE objects[32];
	CK_TOKEN_INFO info;
	CK_ULONG count = 0;

	WANT(host_start(host), CKR_OK);
	WANT(host->f->C_GetTokenInfo(host->slot, &info), CKR_OK);
	WANT(host_open(host, &session), CKR_OK);
	WANT(change_pin(host, session, HOST_PIN, "654321"), CKR_OK);
	WANT(change_pin(host, session, "654321", HOST_PIN), CKR_OK);
	WANT(host_login(host, session), CKR_OK);
	WANT(host->f->C_FindObjectsInit(session, NULL, 0), CKR_OK);
	WANT(host->f->C_FindObjects(session, objects, ARRAY_SIZE(objects), &count), CKR_OK);
	WANT(host->f->C_FindObjectsFinal(session), CKR_OK);
	for (CK_ULONG i = 0; i < count; i++) {
		unsigned char room[4096];
		CK_ATTRIBUTE wanted[] = {{CKA_ID, room, sizeof(room)},
					 {CKA_VALUE, room, sizeof(room)}};

		(void)host->f->C_GetAttributeValue(session, objects[i], wanted, 2);
	}
	WANT(host_sign_checked(host, session, "tour"), CKR_OK);
	probe_end(host, session);
	return 0;
}

/* What a login says: for the environment of set-id programs. */
static int
probe_login(struct host *host)
{
	CK_SESSION_HANDLE session = 0;

	WANT(host_start(host), CKR_OK);
	WANT(host_open(host, &session), CKR_OK);
	(void)printf("secure=%lu login=0x%lx\n", getauxval(AT_SECURE), host_login(host, session));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct host *host);
} kinds[] = {
	{"sign", probe_sign},
	{"clumsy", probe_clumsy},
	{"alone", probe_alone},
	{"tour", probe_tour},
	{"login", probe_login},
	{"fork", probe_fork},
	{"fork-quiet", probe_fork_quiet},
	{"stop", probe_stop},
	{"reload", probe_reload},
	{"cycles", probe_cycles},
	{"exit", probe_exit},
	{"return", probe_return},
	{"signals", probe_signals},
	{"no-files", probe_no_files},
	{"late-sandbox", probe_late_sandbox},
};

int
main(int argc, char **argv)
{
	struct host host = {0};

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(kinds); i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			return host_load(&host) ? kinds[i].run(&host) : 1;
	(void)fprintf(stderr, "usage: %s KIND\n", argv[0]);
	return 2;
}
