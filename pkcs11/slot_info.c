/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* C_GetSlotInfo and C_GetTokenInfo. */
#include "pkcs11/module.h"
#include "pkcs11/session.h"
#include "pkcs11/slot.h"
#include "token-share/policy.h"

#include <stdio.h>
#include <string.h>

#define MANUFACTURER "OpenUKey"

/* PKCS#11 2.40, 3.1: text fields are padded with blanks and have no NUL. Cuts at a UTF-8 boundary.
 */
static void
put_text(CK_UTF8CHAR *out, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len > size) {
		len = size;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	memcpy(out, text, len);
	memset(out + len, ' ', size - len);
}

void
slot_fill_info(struct slot *slot, CK_SLOT_INFO *ret)
{
	char name[TOKEN_READER_NAME_MAX + TOKEN_NAME_MAX + 2];
	struct token_reader seen;

	slot_seen(slot, &seen);
	(void)snprintf(name, sizeof(name), "%s%s%s", seen.name,
		       slot->application[0] != '\0' ? ": " : "", slot->application);
	*ret = (CK_SLOT_INFO){.flags = CKF_REMOVABLE_DEVICE | CKF_HW_SLOT};
	put_text(ret->slotDescription, sizeof(ret->slotDescription),
		 name[0] != '\0' ? name : "No reader");
	put_text(ret->manufacturerID, sizeof(ret->manufacturerID), MANUFACTURER);
	if (seen.present && seen.ours)
		ret->flags |= CKF_TOKEN_PRESENT;
}

/* PKCS#11 2.40, 3.2: the flags of each PIN, by role. */
static const struct {
	CK_FLAGS low, final, locked, to_be_changed;
} pin_flags[] = {
	[TOKEN_ADMIN] = {CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED,
			 CKF_SO_PIN_TO_BE_CHANGED},
	[TOKEN_USER] = {CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
			CKF_USER_PIN_TO_BE_CHANGED},
};

static CK_FLAGS
flags_of_pin(enum token_role role, const struct token_pin_info *pin)
{
	CK_FLAGS flags = 0;

	if (pin->left < pin->max)
		flags |= pin_flags[role].low;
	if (pin->left == 1)
		flags |= pin_flags[role].final;
	if (pin->left == 0)
		flags |= pin_flags[role].locked;
	if (pin->is_default)
		flags |= pin_flags[role].to_be_changed;
	return flags;
}

/* Both PINs' flags from the key's own counters; a blank key has none. */
static CK_RV
pin_flags_read(struct slot *slot, CK_FLAGS *flags)
{
	static const enum token_role roles[] = {TOKEN_USER, TOKEN_ADMIN};
	CK_FLAGS found = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct token_pin_info pin;
		enum uk_status st;

		SLOT_AGAIN(st, slot->token->ops->pin_info(slot->token, roles[i], &pin));
		if (st == UK_E_NO_APPLICATION)
			return CKR_OK;
		/* A model whose counters nobody has checked: it has PINs, and that is all we say.
		 */
		if (st == UK_E_NOT_VERIFIED)
			continue;
		if (st != UK_OK)
			return slot_rv(slot, st);
		found |= flags_of_pin(roles[i], &pin);
	}
	*flags |= found;
	return CKR_OK;
}

/* The last characters of a serial number longer than the field: they are the ones that differ. */
static const char *
serial_tail(const char *serial, size_t size)
{
	size_t len = strlen(serial);

	return len > size ? serial + (len - size) : serial;
}

CK_RV
slot_fill_token_info(struct slot *slot, CK_TOKEN_INFO *ret)
{
	const struct token_model_info *model = token_model_info(slot->token->model);
	const struct token_info *info;
	CK_TOKEN_INFO out = {.flags = CKF_RNG | CKF_LOGIN_REQUIRED};
	CK_RV rv;

	if (policy_get()->protected_path)
		out.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
	rv = slot_info(slot, &info);
	if (rv != CKR_OK)
		return rv;
	rv = pin_flags_read(slot, &out.flags);
	if (rv != CKR_OK)
		return rv;

	/* Two tokens of one key have one serial number: the label tells them apart. */
	put_text(out.label, sizeof(out.label),
		 slot->application[0] != '\0' ? slot->application : info->label);
	put_text(out.manufacturerID, sizeof(out.manufacturerID), info->manufacturer);
	put_text(out.model, sizeof(out.model), model->name);
	put_text(out.serialNumber, sizeof(out.serialNumber),
		 serial_tail(info->serial, sizeof(out.serialNumber)));
	out.ulMaxSessionCount = CK_EFFECTIVELY_INFINITE;
	out.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
	sessions_count(slot, &out.ulSessionCount, &out.ulRwSessionCount);
	out.ulMinPinLen = (CK_ULONG)model->pin_min;
	out.ulMaxPinLen = (CK_ULONG)model->pin_max;
	out.ulTotalPublicMemory = info->total_space;
	out.ulFreePublicMemory = info->free_space;
	out.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION;
	out.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
	out.hardwareVersion = (CK_VERSION){info->hardware[0], info->hardware[1]};
	out.firmwareVersion = (CK_VERSION){info->firmware[0], info->firmware[1]};
	memset(out.utcTime, '0', sizeof(out.utcTime));
	*ret = out;
	return CKR_OK;
}
