/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Login, logout and PIN changes. A PIN passes through here once, borrowed, and is never kept. */
#include "common/log.h"
#include "pkcs11/object.h"
#include "pkcs11/once.h"
#include "pkcs11/rv.h"
#include "pkcs11/session.h"
#include "token-share/login_lock.h"
#include "token-share/try.h"

#include <string.h>

static const struct {
	CK_USER_TYPE user;
	enum token_role role;
	enum slot_login login;
} roles[] = {
	{CKU_USER, TOKEN_USER, LOGIN_USER},
	{CKU_SO, TOKEN_ADMIN, LOGIN_SO},
};

static CK_RV
pin_check_len(const struct slot *slot, struct uk_span pin)
{
	if (pin.ptr == NULL)
		return CKR_ARGUMENTS_BAD;
	return rv_of(try_pin_fits(slot->token, pin));
}

/* Whether policy lets this try be spent (architecture D6). An armed try is used up by this. */
static CK_RV
policy_check(struct slot *slot, enum token_role role, bool changing)
{
	const struct try what = {role, changing, slot->try_confirmed[role]};

	slot->try_confirmed[role] = false;
	return slot_rv(slot, try_allowed(slot->token, &what));
}

static bool
read_only_session_exists(const struct slot *slot)
{
	CK_ULONG all, rw;

	sessions_count(slot, &all, &rw);
	return all > rw;
}

static CK_RV
login_check_state(const struct slot *slot, enum slot_login wanted)
{
	if (slot->login == wanted)
		return CKR_USER_ALREADY_LOGGED_IN;
	if (slot->login != LOGIN_NONE)
		return CKR_USER_ANOTHER_ALREADY_LOGGED_IN;
	if (wanted == LOGIN_SO && read_only_session_exists(slot))
		return CKR_SESSION_READ_ONLY_EXISTS;
	return CKR_OK;
}

static CK_RV
login_as(struct slot *slot, size_t row, struct uk_span pin)
{
	const struct token_info *info;
	unsigned int tries = 0;
	CK_RV rv;

	rv = login_check_state(slot, roles[row].login);
	if (rv == CKR_OK)
		rv = policy_check(slot, roles[row].role, false);
	if (rv == CKR_OK)
		rv = slot_info(slot, &info);
	if (rv != CKR_OK)
		return rv;

	/* Before the PIN is sent: a process that leaves meanwhile must not clear our login. */
	slot->login_lock = login_lock_take(info->serial, slot->application);
	rv = slot_rv(slot, slot->token->ops->verify(slot->token, roles[row].role, pin, &tries));
	if (rv == CKR_OK)
		slot->login = roles[row].login;
	else
		login_lock_release(&slot->login_lock);
	return rv;
}

/* CKU_CONTEXT_SPECIFIC: for the one signature that was just initialised. */
static CK_RV
login_for_operation(struct session *session, struct uk_span pin)
{
	struct slot *slot = session->slot;
	struct op *op = op_of(session, OP_SIGN);
	unsigned int tries = 0;
	CK_RV rv;

	if (op->mech == NULL || !op->key.always_authenticate)
		return CKR_OPERATION_NOT_INITIALIZED;
	if (slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	rv = policy_check(slot, TOKEN_USER, false);
	if (rv != CKR_OK)
		return rv;
	rv = slot_rv(slot, slot->token->ops->verify_once(slot->token, pin, &tries));
	op->authenticated = rv == CKR_OK;
	if (op->authenticated)
		once_watch(slot);
	return rv;
}

CK_RV
session_login(struct session *session, CK_USER_TYPE user, struct uk_span pin)
{
	CK_RV rv = pin_check_len(session->slot, pin);

	if (user == CKU_CONTEXT_SPECIFIC)
		return rv != CKR_OK ? rv : login_for_operation(session, pin);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (roles[i].user == user)
			return rv != CKR_OK ? rv : login_as(session->slot, i, pin);
	return CKR_USER_TYPE_INVALID;
}

CK_RV
session_logout(struct slot *slot)
{
	enum uk_status st = UK_OK;

	if (slot->login == LOGIN_NONE)
		return CKR_USER_NOT_LOGGED_IN;
	for (struct session *s = slot->sessions; s != NULL; s = s->next) {
		op_end_private(slot, s);
		op_find_end(&s->find);
	}
	objects_end_session(slot, 0);
	if (login_lock_is_last(slot->login_lock))
		st = slot->token->ops->clear(slot->token);
	slot_login_forget(slot);
	/* After a reset there is no login left to clear: that is what was asked for. */
	return slot_rv(slot, st == UK_E_RESET ? UK_OK : st);
}

CK_RV
session_set_pin(struct session *session, struct uk_span old_pin, struct uk_span new_pin)
{
	struct slot *slot = session->slot;
	enum token_role role = slot->login == LOGIN_SO ? TOKEN_ADMIN : TOKEN_USER;
	unsigned int tries = 0;
	CK_RV rv;

	rv = pin_check_len(slot, old_pin);
	if (rv == CKR_OK)
		rv = pin_check_len(slot, new_pin);
	if (rv != CKR_OK)
		return rv;
	rv = policy_check(slot, role, true);
	if (rv != CKR_OK)
		return rv;
	return slot_rv(slot,
		       slot->token->ops->change_pin(slot->token, role, old_pin, new_pin, &tries));
}

CK_RV
session_init_pin(struct session *session, struct uk_span new_pin)
{
	struct slot *slot = session->slot;
	unsigned int tries = 0;
	CK_RV rv = pin_check_len(slot, new_pin);

	if (rv != CKR_OK)
		return rv;
	return slot_rv(slot, slot->token->ops->unblock(slot->token, new_pin, &tries));
}
