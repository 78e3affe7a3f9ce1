/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program of GM/T 0016 at the desk of tests/p11: the real pcscd, virtual keys, our module beside
 * the library.  Functions fail the running cmocka test themselves.
 */
#ifndef TESTS_SKF_SEAT_H
#define TESTS_SKF_SEAT_H

#include "skf/skf.h"
#include "tests/p11/check.h"
#include "tests/p11/desk.h"

#define SEAT_APPLICATION "OpenUKey-Rehearsal"
#define SEAT_TRIES       10

#define assert_sar(call, expected)                                                                \
	do {                                                                                      \
		ULONG sar_ = (call);                                                              \
		if (sar_ != (ULONG)(expected))                                                    \
			fail_msg("%s:%d: %s gave 0x%08x, not %s (0x%08x)", __FILE__, __LINE__,    \
				 #call, (unsigned int)sar_, #expected, (unsigned int)(expected)); \
	} while (0)

/* Text of the test's as the standard's functions want it, who promise not to write to it. */
#define T(text) ((LPSTR)(uintptr_t)(text))

/* PC/SC's name of the reader, which is the device's. */
LPSTR seat_device_name(struct desk *desk, unsigned int reader);
DEVHANDLE seat_device(struct desk *desk, unsigned int reader);
/* The device's application. */
HAPPLICATION seat_application(DEVHANDLE dev);
/* A fresh key in reader 0, its application open. */
HAPPLICATION seat_fresh(struct desk *desk, const struct desk_key *key);
/* The same, the user's PIN verified. */
HAPPLICATION seat_user(struct desk *desk, const struct desk_key *key);
ULONG seat_verify(HAPPLICATION app, ULONG type, const char *pin);
/* Tries left of a PIN, by the key. */
ULONG seat_tries(HAPPLICATION app, ULONG type);
/* Proves the device key (the factory's, unless the test gave another). */
void seat_device_auth(DEVHANDLE dev, const char *key);
/* Whether a list of names has one; also whether it ends as it should. */
bool seat_listed(const char *list, ULONG len, const char *name);

/*
 * Runs fn in a child process and returns what it answers (0..255; 255 also: it died); the child
 * holds none of our handles.
 */
int seat_in_child(int (*fn)(void *data), void *data);
/* The same in two steps. */
int seat_child_begin(int (*fn)(void *data), void *data);
int seat_child_end(int pid);

/* Group setup and teardown: a desk with two readers. */
extern struct desk seat_desk;
int seat_up(void **state);
int seat_down(void **state);
/* Test teardown: pulls the keys. */
int seat_clear(void **state);

#endif
