/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every operation of the module that sends commands, as a table for test_unplug.c. */
#ifndef TESTS_STRESS_UNPLUG_H
#define TESTS_STRESS_UNPLUG_H

#include "tests/p11/desk.h"

#define UNPLUG_NEW_PIN "654321"

enum unplug_key { UNPLUG_SM2, UNPLUG_RSA, UNPLUG_SIGN_ONLY, UNPLUG_NO_CERTS, UNPLUG_EMPTY };

struct unplug_stage {
	struct desk *desk;
	const char *model;
	CK_SESSION_HANDLE session; /* 0: none was opened */
	CK_OBJECT_HANDLE object;
	bool closed, finalized; /* by the operation itself */
	unsigned char bytes[4096];
	CK_ULONG len;
};

struct unplug_op {
	const char *name;
	enum unplug_key key;
	void (*prepare)(struct unplug_stage *stage); /* before the fault is armed; may be NULL */
	CK_RV (*run)(struct unplug_stage *stage);
	CK_USER_TYPE pin;  /* whose PIN the operation is about */
	bool changes_pin;  /* to UNPLUG_NEW_PIN */
	bool quiet;        /* ends what it has to end and says CKR_OK, key or no key */
	bool no_session;   /* may say CKR_TOKEN_NOT_PRESENT */
	const char *model; /* for this one only */
};

/* The last row has no name. */
extern const struct unplug_op unplug_ops[];

#endif
