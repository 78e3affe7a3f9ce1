/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cold start, once: dlopen, C_Initialize, C_GetSlotList and, when there is a token,
 *C_GetTokenInfo, a session and every certificate; C_Finalize.
 *
 *	cold MODULE LABEL	(LABEL "-": no token is looked at, and none need be found)
 *
 * Prints "name value" lines.  Linked with nothing but the C library, or what a module has to load
 * would look cheaper than it is.
 */
#include "tests/bench/guest.h"

#include <stdio.h>
#include <string.h>

static CK_ULONG
certificates(const char *label)
{
	CK_SLOT_ID slot = guest_slot(label);
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE session;
	CK_ULONG count;

	guest_must(guest->C_GetTokenInfo(slot, &info), "C_GetTokenInfo");
	session = guest_session(slot);
	count = guest_read_certificates(session);
	guest_must(guest->C_CloseSession(session), "C_CloseSession");
	return count;
}

int
main(int argc, char **argv)
{
	double at[6], cpu;
	CK_SLOT_ID slots[64];
	CK_ULONG tokens = 0, found = 0;

	if (argc != 3)
		return 1;
	cpu = guest_cpu_us();
	at[0] = guest_wall_ms();
	guest_load(argv[1]);
	at[1] = guest_wall_ms();
	guest_initialize();
	at[2] = guest_wall_ms();
	if (strcmp(argv[2], "-") == 0)
		(void)guest->C_GetSlotList(CK_TRUE, NULL, &tokens);
	else
		tokens = guest_slots(slots, 64);
	at[3] = guest_wall_ms();
	if (tokens > 0 && strcmp(argv[2], "-") != 0)
		found = certificates(argv[2]);
	at[4] = guest_wall_ms();
	guest_must(guest->C_Finalize(NULL), "C_Finalize");
	at[5] = guest_wall_ms();
	printf("wall %.3f\ncpu %.3f\nload %.3f\ninit %.3f\nslots %.3f\nuse %.3f\nend %.3f\n",
	       at[5] - at[0], (guest_cpu_us() - cpu) / 1e3, at[1] - at[0], at[2] - at[1],
	       at[3] - at[2], at[4] - at[3], at[5] - at[4]);
	printf("rss %ld\ncertificates %lu\n", guest_peak_kib(), found);
	return 0;
}
