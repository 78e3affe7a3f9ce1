/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions, and the login that all sessions of a slot share in this process. */
#ifndef UK_PKCS11_SESSION_H
#define UK_PKCS11_SESSION_H

#include "common/pkcs11.h"
#include "pkcs11/op.h"
#include "pkcs11/slot.h"

struct session {
	CK_SESSION_HANDLE handle;
	struct slot *slot;
	CK_FLAGS flags;
	bool dead; /* its key was unplugged; stays until it is closed */
	struct op_find find;
	struct op *ops[OP_KINDS]; /* op_of(); made when first used, as most sessions use few */
	struct session *next;
};

/* The slot of a session handle; NULL when the handle cannot be one of ours. */
struct slot *session_slot(CK_SESSION_HANDLE handle);

/* All below want the slot's lock. */

/* NULL when there is no such session; a dead one is returned as such. */
struct session *session_find(struct slot *slot, CK_SESSION_HANDLE handle);
CK_RV session_open(struct slot *slot, CK_FLAGS flags, CK_SESSION_HANDLE *ret);
/* Closing the last one logs out (PKCS#11 2.40, 5.6). */
CK_RV session_close(struct session *session);
/* Ends the operations that are named by their CKF_ flags; others, and unknown flags, are left. */
void session_cancel(struct session *session, CK_FLAGS flags);
void session_fill_info(const struct session *session, CK_SESSION_INFO *ret);

/* Marks all as dead: the key has gone. */
void sessions_kill(struct slot *slot);
/* Closes all without logging out. */
void sessions_free(struct slot *slot);
void sessions_count(const struct slot *slot, CK_ULONG *ret_all, CK_ULONG *ret_rw);

CK_RV session_login(struct session *session, CK_USER_TYPE user, struct uk_span pin);
/* Ends this process's login, and the key's when no other process of ours needs it. */
CK_RV session_logout(struct slot *slot);
CK_RV session_set_pin(struct session *session, struct uk_span old_pin, struct uk_span new_pin);
/* As security officer: sets the user PIN and its counter (unblock). */
CK_RV session_init_pin(struct session *session, struct uk_span new_pin);

#endif
