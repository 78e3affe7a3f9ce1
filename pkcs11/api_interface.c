/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: how a host gets at the others (PKCS#11 3.2, 5.4), and what library this is. */
#include "pkcs11/api.h"

#include "common/openukey.h"
#include "pkcs11/gate.h"

#include <string.h>

#define VERSION_MAJOR 0
#define VERSION_MINOR 1

static const CK_VERSION v2_40 = {2, 40}, v3_0 = {3, 0}, v3_2 = {3, 2};

static void
put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
	memset(out, ' ', size);
	memcpy(out, text, strnlen(text, size));
}

static CK_RV
info_fill(CK_VERSION version, CK_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetInfo, 0);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	*info = (CK_INFO){
		.cryptokiVersion = version,
		.libraryVersion = {VERSION_MAJOR, VERSION_MINOR},
	};
	put_text(info->manufacturerID, sizeof(info->manufacturerID), "OpenUKey");
	put_text(info->libraryDescription, sizeof(info->libraryDescription),
		 "OpenUKey PKCS#11 module");
	return CKR_OK;
}

CK_RV
C_GetInfo(CK_INFO *info)
{
	return info_fill(v2_40, info);
}

/* What the newer lists have in its place: each list tells its own version. */
static CK_RV
get_info_3_0(CK_INFO *info)
{
	return info_fill(v3_0, info);
}

static CK_RV
get_info_3_2(CK_INFO *info)
{
	return info_fill(v3_2, info);
}

#define FN(name, need) .name = name,
#define FN_3_0(name, need)
static CK_FUNCTION_LIST functions_2_40 = {
	.version = {2, 40},
#include "pkcs11/functions.def"
};
#undef FN

#define FN(name, need) .name = __builtin_choose_expr(FN_##name == FN_C_GetInfo, get_info_3_0, name),
#define FN_3_2(name, need)
static CK_FUNCTION_LIST_3_0 functions_3_0 = {
	.version = {3, 0},
#include "pkcs11/functions.def"
};
#undef FN

#define FN(name, need) .name = __builtin_choose_expr(FN_##name == FN_C_GetInfo, get_info_3_2, name),
static CK_FUNCTION_LIST_3_2 functions_3_2 = {
	.version = {3, 2},
#include "pkcs11/functions.def"
};
#undef FN

UK_EXPORT CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	*list = &functions_2_40;
	return CKR_OK;
}

/* ---- interfaces ---- */

static CK_UTF8CHAR standard_name[] = "PKCS 11";
static CK_UTF8CHAR vendor_name[] = OPENUKEY_INTERFACE;

/* The first one of a name is its default. Locks and pid tests make a forked child safe. */
static struct {
	CK_INTERFACE interface;
	const CK_VERSION *version; /* NULL: a list that does not begin with a version */
} offered[] = {
	{{standard_name, &functions_3_2, CKF_INTERFACE_FORK_SAFE}, &v3_2},
	{{standard_name, &functions_3_0, CKF_INTERFACE_FORK_SAFE}, &v3_0},
	{{standard_name, &functions_2_40, CKF_INTERFACE_FORK_SAFE}, &v2_40},
	{{vendor_name, &vendor_functions, CKF_INTERFACE_FORK_SAFE}, NULL},
};

UK_EXPORT CK_RV
C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = ARRAY_SIZE(offered);
	if (list == NULL)
		return CKR_OK;
	if (room < ARRAY_SIZE(offered))
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; i < ARRAY_SIZE(offered); i++)
		list[i] = offered[i].interface;
	return CKR_OK;
}

static bool
interface_fits(size_t row, const CK_UTF8CHAR *name, const CK_VERSION *wanted, CK_FLAGS flags)
{
	const CK_INTERFACE *itf = &offered[row].interface;
	const CK_VERSION *version = offered[row].version;

	if (name != NULL && strcmp((const char *)name, (const char *)itf->pInterfaceName) != 0)
		return false;
	if (wanted != NULL &&
	    (version == NULL || wanted->major != version->major || wanted->minor != version->minor))
		return false;
	return (flags & ~itf->flags) == 0;
}

UK_EXPORT CK_RV
C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface, CK_FLAGS flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ARRAY_SIZE(offered); i++) {
		if (!interface_fits(i, name, version, flags))
			continue;
		*interface = &offered[i].interface;
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED;
}
