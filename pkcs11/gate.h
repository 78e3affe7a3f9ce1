/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one way in.  Each entry point declares a GATE and enters it with its row of functions.def
 * (or vendor.def): initialised? slot? session? key still there? logged in? read-write?  All answers
 * and locks are given here, and undone on every way out.
 */
#ifndef UK_PKCS11_GATE_H
#define UK_PKCS11_GATE_H

#include "common/pkcs11.h"
#include "pkcs11/session.h"

#define FN(name, need) FN_##name,
enum fn {
#include "pkcs11/functions.def"
#include "pkcs11/vendor.def"
	FN_COUNT
};
#undef FN

struct gate {
	struct slot *slot;       /* of SLOT and SESSION rows */
	struct session *session; /* of SESSION rows */
	bool inside, locked;
};

/*
 * handle: the slot id or the session handle, by the row's need.  SLOT rows do not lock the slot,
 * as some only look at it: gate_lock does.
 */
CK_RV gate_enter(struct gate *gate, enum fn fn, CK_ULONG handle);
/* For SLOT rows: locks the slot and connects to the key in it. */
CK_RV gate_connect(struct gate *gate);
/* For SLOT rows: locks the slot only. */
void gate_lock(struct gate *gate);
/* Lets go of it again, before gate_leave would. */
void gate_unlock(struct gate *gate);
void gate_leave(struct gate *gate);

#define GATE UK_CLEANUP(gate_leave) struct gate

#endif
