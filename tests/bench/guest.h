/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any PKCS#11 module, ours or a stranger's, and one session with it.  What fails ends the program
 * with exit status 2: figures of a module that does not do its job are worth nothing.
 */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include "common/pkcs11.h"

#include <stdbool.h>

/* A key that can sign, and what it is given to sign. */
struct guest_key {
	CK_OBJECT_HANDLE handle;
	CK_MECHANISM mechanism;
	CK_BYTE input[64];
	CK_ULONG input_len;
	char container[66]; /* its CKA_ID as text */
};

extern CK_FUNCTION_LIST *guest;

void guest_must(CK_RV rv, const char *what);
void guest_load(const char *path);
void guest_initialize(void);
/* Slots with a token. At most cap; the count. */
CK_ULONG guest_slots(CK_SLOT_ID *out, CK_ULONG cap);
/* The first slot whose token has a label that starts with this. */
CK_SLOT_ID guest_slot(const char *label);
CK_SESSION_HANDLE guest_session(CK_SLOT_ID slot);
/* Loads, initialises and opens a session on the token. */
CK_SESSION_HANDLE guest_open(const char *path, const char *label);
/* Being logged in already is fine. */
void guest_login(CK_SESSION_HANDLE session, const char *pin);
/* NULL class: all objects. */
CK_ULONG guest_find(CK_SESSION_HANDLE session, const CK_OBJECT_CLASS *class, CK_OBJECT_HANDLE *out,
		    CK_ULONG cap);
/* Reads every certificate; how many there are. */
CK_ULONG guest_read_certificates(CK_SESSION_HANDLE session);
/* The first private key that signs and does not ask for the PIN each time. */
void guest_pick_key(CK_SESSION_HANDLE session, struct guest_key *ret);
CK_RV guest_sign(CK_SESSION_HANDLE session, struct guest_key *key);

double guest_wall_ms(void);
/* Of the whole process. */
double guest_cpu_us(void);
/* The most memory this program ever had. getrusage would count what came before exec. */
long guest_peak_kib(void);

#endif
