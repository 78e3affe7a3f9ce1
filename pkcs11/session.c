/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/session.h"

#include "pkcs11/object.h"

#include <stdlib.h>

/*
 * A handle carries its slot, so that finding a session takes no lock but the slot's own.
 * 24 bits number the session: a handle is not used again before 16 million others.
 */
#define SLOT_SHIFT  24
#define NUMBER_MASK ((1UL << SLOT_SHIFT) - 1)

struct slot *
session_slot(CK_SESSION_HANDLE handle)
{
	CK_ULONG index = handle >> SLOT_SHIFT;

	return index == 0 ? NULL : slot_find(index - 1);
}

struct session *
session_find(struct slot *slot, CK_SESSION_HANDLE handle)
{
	for (struct session *s = slot->sessions; s != NULL; s = s->next)
		if (s->handle == handle)
			return s;
	return NULL;
}

static CK_SESSION_HANDLE
handle_next(struct slot *slot)
{
	static unsigned int last; /* shared by all slots, so that a handle is never seen twice */
	CK_SESSION_HANDLE handle;

	do {
		CK_ULONG number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED) & NUMBER_MASK;

		handle = (slot->id + 1) << SLOT_SHIFT | number;
	} while (session_find(slot, handle) != NULL);
	return handle;
}

CK_RV
session_open(struct slot *slot, CK_FLAGS flags, CK_SESSION_HANDLE *ret)
{
	struct session *session;

	if (slot->login == LOGIN_SO && (flags & CKF_RW_SESSION) == 0)
		return CKR_SESSION_READ_WRITE_SO_EXISTS;
	session = calloc(1, sizeof(*session));
	if (session == NULL)
		return CKR_HOST_MEMORY;
	session->slot = slot;
	session->flags = flags;
	session->handle = handle_next(slot);
	session->next = slot->sessions;
	slot->sessions = session;
	*ret = session->handle;
	return CKR_OK;
}

static void
session_finish(struct session *session)
{
	objects_end_session(session->slot, session->handle);
	op_find_end(&session->find);
	ops_free(session);
}

void
session_cancel(struct session *session, CK_FLAGS flags)
{
	static const CK_FLAGS kinds[OP_KINDS] = {
		[OP_SIGN] = CKF_SIGN,       [OP_VERIFY] = CKF_VERIFY,   [OP_DIGEST] = CKF_DIGEST,
		[OP_ENCRYPT] = CKF_ENCRYPT, [OP_DECRYPT] = CKF_DECRYPT,
	};

	if ((flags & CKF_FIND_OBJECTS) != 0)
		op_find_end(&session->find);
	for (enum op_kind kind = 0; kind < OP_KINDS; kind++)
		if ((flags & kinds[kind]) != 0)
			op_end(session->slot, op_of(session, kind));
}

static bool
any_alive(const struct slot *slot)
{
	for (const struct session *s = slot->sessions; s != NULL; s = s->next)
		if (!s->dead)
			return true;
	return false;
}

CK_RV
session_close(struct session *session)
{
	struct slot *slot = session->slot;
	struct session **link = &slot->sessions;

	while (*link != session)
		link = &(*link)->next;
	*link = session->next;
	session_finish(session);
	free(session);
	/* The session is closed whatever the key says to the logout. */
	if (slot->login != LOGIN_NONE && !any_alive(slot))
		(void)session_logout(slot);
	return CKR_OK;
}

void
sessions_kill(struct slot *slot)
{
	for (struct session *s = slot->sessions; s != NULL; s = s->next) {
		session_finish(s);
		s->dead = true;
	}
}

void
sessions_free(struct slot *slot)
{
	while (slot->sessions != NULL) {
		struct session *session = slot->sessions;

		slot->sessions = session->next;
		session_finish(session);
		free(session);
	}
}

void
sessions_count(const struct slot *slot, CK_ULONG *ret_all, CK_ULONG *ret_rw)
{
	CK_ULONG all = 0, rw = 0;

	for (const struct session *s = slot->sessions; s != NULL; s = s->next) {
		if (s->dead)
			continue;
		all++;
		rw += (s->flags & CKF_RW_SESSION) != 0;
	}
	*ret_all = all;
	*ret_rw = rw;
}

void
session_fill_info(const struct session *session, CK_SESSION_INFO *ret)
{
	/* PKCS#11 2.40, 5.6: by login, then read-only or read-write */
	static const CK_STATE states[][2] = {
		[LOGIN_NONE] = {CKS_RO_PUBLIC_SESSION, CKS_RW_PUBLIC_SESSION},
		[LOGIN_USER] = {CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS},
		[LOGIN_SO] = {CKS_RW_SO_FUNCTIONS, CKS_RW_SO_FUNCTIONS},
	};

	*ret = (CK_SESSION_INFO){
		.slotID = session->slot->id,
		.state = states[session->slot->login][(session->flags & CKF_RW_SESSION) != 0],
		.flags = session->flags,
	};
}
