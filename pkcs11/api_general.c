/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: library, slots, tokens. */
#include "pkcs11/gate.h"
#include "pkcs11/module.h"
#include "pkcs11/rv.h"
#include "pkcs11/slot_app.h"
#include "token-share/policy.h"

CK_RV
C_Initialize(void *args)
{
	return module_start(args);
}

CK_RV
C_Finalize(void *reserved)
{
	return reserved != NULL ? CKR_ARGUMENTS_BAD : module_stop();
}

CK_RV
C_GetSlotList(CK_BBOOL token_present, CK_SLOT_ID *list, CK_ULONG *count)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetSlotList, 0);
	CK_ULONG room, found = 0;

	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	/* The second call of the two must see what the first one counted. */
	if (list == NULL || slots_count() == 0)
		slots_refresh();
	if (list == NULL && policy_get()->all_applications)
		slots_ask_applications();
	room = *count;
	for (CK_SLOT_ID id = 0; id < slots_count(); id++) {
		struct token_reader seen;

		slot_seen(slot_find(id), &seen);
		if (token_present && !(seen.present && seen.ours))
			continue;
		if (list != NULL && found < room)
			list[found] = id;
		found++;
	}
	*count = found;
	return list != NULL && found > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV
C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetSlotInfo, slot);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	slots_refresh();
	slot_fill_info(gate.slot, info);
	return CKR_OK;
}

CK_RV
C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetTokenInfo, slot);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	/* The commands to a key that we know show by themselves that it is still there. */
	gate_lock(&gate);
	if (gate.slot->token != NULL) {
		rv = slot_fill_token_info(gate.slot, info);
		if (rv != CKR_DEVICE_REMOVED)
			return rv;
	}
	gate_unlock(&gate);
	slots_refresh();
	rv = gate_connect(&gate);
	return rv != CKR_OK ? rv : slot_fill_token_info(gate.slot, info);
}

CK_RV
C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetMechanismList, slot);

	if (rv != CKR_OK)
		return rv;
	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = gate_connect(&gate);
	return rv != CKR_OK ? rv : mech_list(list, count);
}

CK_RV
C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetMechanismInfo, slot);
	const struct mech *mech = mech_find(type);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	rv = gate_connect(&gate);
	if (rv != CKR_OK)
		return rv;
	if (mech == NULL)
		return CKR_MECHANISM_INVALID;
	*info = mech->info;
	return CKR_OK;
}

/* Blocks without any lock; C_Finalize wakes it (module.c). */
static CK_RV
slot_event_wait(CK_SLOT_ID *slot)
{
	for (;;) {
		struct token_reader seen[TOKEN_READERS_MAX];
		struct token_bus *bus;
		size_t count;
		enum uk_status st;
		CK_RV rv;

		slots_refresh();
		rv = slot_next_event(slot);
		if (rv != CKR_NO_EVENT)
			return rv;
		count = slots_seen(seen, ARRAY_SIZE(seen));
		bus = module_bus_peek();
		if (bus == NULL)
			return module_stopping() ? CKR_CRYPTOKI_NOT_INITIALIZED : CKR_DEVICE_ERROR;
		module_pause();
		st = token_bus_wait(bus, seen, count, -1);
		rv = module_resume();
		if (rv != CKR_OK)
			return rv;
		if (st == UK_E_CANCELLED || module_stopping())
			return CKR_CRYPTOKI_NOT_INITIALIZED;
		if (st != UK_OK && st != UK_E_TIMEOUT)
			return rv_of(st);
	}
}

CK_RV
C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_WaitForSlotEvent, 0);

	if (rv != CKR_OK)
		return rv;
	if (slot == NULL || reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_DONT_BLOCK) == 0)
		return slot_event_wait(slot);
	slots_refresh();
	return slot_next_event(slot);
}
