/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pkcs11/gate.h"

#include "common/log.h"
#include "pkcs11/module.h"

enum gate_need { NOTHING, LIBRARY, SLOT, SESSION, SESSION_RW, USER, USER_RW, SO_RW };

#define FN(name, need) [FN_##name] = {#name, need},
static const struct {
	const char *name;
	enum gate_need need;
} fns[] = {
#include "pkcs11/functions.def"
#include "pkcs11/vendor.def"
};
#undef FN

void
gate_lock(struct gate *gate)
{
	slot_lock(gate->slot);
	gate->locked = true;
}

void
gate_unlock(struct gate *gate)
{
	slot_unlock(gate->slot);
	gate->locked = false;
}

CK_RV
gate_connect(struct gate *gate)
{
	gate_lock(gate);
	return slot_connect(gate->slot);
}

static CK_RV
gate_enter_session(struct gate *gate, CK_SESSION_HANDLE handle)
{
	gate->slot = session_slot(handle);
	if (gate->slot == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	gate_lock(gate);
	gate->session = session_find(gate->slot, handle);
	if (gate->session == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	return CKR_OK;
}

static CK_RV
gate_check_rights(const struct gate *gate, enum gate_need need)
{
	bool user = need == USER || need == USER_RW;

	if (user && gate->slot->login != LOGIN_USER)
		return CKR_USER_NOT_LOGGED_IN;
	if ((need == SESSION_RW || need == USER_RW || need == SO_RW) &&
	    (gate->session->flags & CKF_RW_SESSION) == 0)
		return CKR_SESSION_READ_ONLY;
	if (need == SO_RW && gate->slot->login != LOGIN_SO)
		return CKR_USER_NOT_LOGGED_IN;
	return CKR_OK;
}

/* A call of the vendor interface that wants the user's login, by slot. */
static CK_RV
gate_enter_user_slot(struct gate *gate, CK_SLOT_ID id)
{
	CK_RV rv;

	gate->slot = slot_find(id);
	if (gate->slot == NULL)
		return CKR_SLOT_ID_INVALID;
	rv = gate_connect(gate);
	return rv != CKR_OK ? rv : gate_check_rights(gate, USER);
}

CK_RV
gate_enter(struct gate *gate, enum fn fn, CK_ULONG handle)
{
	enum gate_need need = fns[fn].need;
	CK_RV rv;

	uk_debug("api", "%s", fns[fn].name);
	rv = module_enter();
	if (rv != CKR_OK)
		return rv;
	gate->inside = true;
	if (need <= LIBRARY)
		return CKR_OK;
	if (need == SLOT) {
		gate->slot = slot_find(handle);
		return gate->slot == NULL ? CKR_SLOT_ID_INVALID : CKR_OK;
	}
	if (need == USER)
		return gate_enter_user_slot(gate, handle);

	/* Hosts ask this to learn whether the key is still there, so look before answering. */
	if (fn == FN_C_GetSessionInfo && session_slot(handle) != NULL)
		slots_refresh_if_old();
	rv = gate_enter_session(gate, handle);
	if (rv != CKR_OK)
		return rv;
	/* Closing is all that can still be done with a session whose key is gone. */
	if (gate->session->dead && fn != FN_C_CloseSession)
		return CKR_DEVICE_REMOVED;
	return gate_check_rights(gate, need);
}

void
gate_leave(struct gate *gate)
{
	if (gate->locked)
		slot_unlock(gate->slot);
	if (gate->inside)
		module_leave();
}
