/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: library, slots, tokens, interfaces. */
#include "pkcs11/api.h"

#include "common/openukey.h"
#include "pkcs11/gate.h"
#include "pkcs11/module.h"
#include "pkcs11/rv.h"

#include <string.h>

#define VERSION_MAJOR 0
#define VERSION_MINOR 1

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

static void
put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
	memset(out, ' ', size);
	memcpy(out, text, strnlen(text, size));
}

CK_RV
C_GetInfo(CK_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetInfo, 0);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (CK_INFO){
		.cryptokiVersion = {CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR},
		.libraryVersion = {VERSION_MAJOR, VERSION_MINOR},
	};
	put_text(info->manufacturerID, sizeof(info->manufacturerID), "OpenUKey");
	put_text(info->libraryDescription, sizeof(info->libraryDescription),
		 "OpenUKey PKCS#11 module");
	return CKR_OK;
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
		st = token_bus_wait(bus, seen, count, -1);
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

#define FN(name, need) .name = name,
static CK_FUNCTION_LIST function_list = {
	.version = {CRYPTOKI_VERSION_MAJOR, CRYPTOKI_VERSION_MINOR},
#include "pkcs11/functions.def"
};
#undef FN

UK_EXPORT CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	*list = &function_list;
	return CKR_OK;
}

/* ---- PKCS#11 3.0, 5.4: interfaces ---- */

static CK_UTF8CHAR standard_name[] = "PKCS 11";
static CK_UTF8CHAR vendor_name[] = OPENUKEY_INTERFACE;

/* The first one of a name is its default. Locks and pid tests make a forked child safe. */
static CK_INTERFACE interfaces[] = {
	{standard_name, &function_list, CKF_INTERFACE_FORK_SAFE},
	{vendor_name, &vendor_functions, CKF_INTERFACE_FORK_SAFE},
};

UK_EXPORT CK_RV
C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = ARRAY_SIZE(interfaces);
	if (list == NULL)
		return CKR_OK;
	if (room < ARRAY_SIZE(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

static bool
interface_fits(const CK_INTERFACE *itf, const CK_UTF8CHAR *name, const CK_VERSION *version,
	       CK_FLAGS flags)
{
	if (name != NULL && strcmp((const char *)name, (const char *)itf->pInterfaceName) != 0)
		return false;
	/* Only the standard's own function lists begin with a CK_VERSION. */
	if (version != NULL && (itf->pFunctionList != &function_list ||
				version->major != function_list.version.major ||
				version->minor != function_list.version.minor))
		return false;
	return (flags & ~itf->flags) == 0;
}

UK_EXPORT CK_RV
C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface, CK_FLAGS flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
		if (!interface_fits(&interfaces[i], name, version, flags))
			continue;
		*interface = &interfaces[i];
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}
