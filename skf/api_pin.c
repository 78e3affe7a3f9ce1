/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Access control.  A PIN is the caller's string, borrowed for the one command it is for; nothing
 * here sends one twice, or one that nobody has just handed in.
 */
#include "skf/gate.h"
#include "token-share/login_lock.h"
#include "token-share/try.h"

#include <string.h>

/* ---- PINs ---- */

static ULONG
role_of(ULONG type, enum token_role *ret)
{
	if (type != ADMIN_TYPE && type != USER_TYPE)
		return SAR_USER_TYPE_INVALID;
	*ret = type == ADMIN_TYPE ? TOKEN_ADMIN : TOKEN_USER;
	return SAR_OK;
}

/* What cannot be a PIN of this key costs no try. */
static ULONG
pin_read(const struct gate *gate, const char *text, struct uk_span *ret)
{
	if (text == NULL)
		return SAR_INVALIDPARAMERR;
	*ret = uk_span_of(text, strnlen(text, GM_PIN_MAX + 1));
	return sar_of(try_pin_fits(gate->token, *ret));
}

/* The tries left, where the key has just said so. */
static void
tries_tell(enum uk_status st, unsigned int tries, ULONG *ret)
{
	if (st == UK_E_PIN_WRONG || st == UK_E_PIN_LOCKED)
		*ret = tries;
}

static enum uk_status
verify(struct gate *gate, enum token_role role, struct uk_span pin, unsigned int *tries)
{
	struct app *app = gate->app;
	const struct try what = {.role = role};
	enum uk_status st = try_allowed(gate->token, &what);

	if (st == UK_OK)
		st = app_login_begin(app, gate->device);
	if (st != UK_OK)
		return st;
	st = gate->token->ops->verify(gate->token, role, pin, tries);
	/* A wrong PIN takes away the right that there was. */
	app->logged_in[role] = st == UK_OK;
	if (!app->logged_in[TOKEN_ADMIN] && !app->logged_in[TOKEN_USER])
		login_lock_release(&app->login_lock);
	return st;
}

ULONG DEVAPI
SKF_VerifyPIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szPIN, ULONG *pulRetryCount)
{
	struct uk_span pin;
	enum token_role role;
	unsigned int tries = 0;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_VerifyPIN, hApplication);

	if (sar == SAR_OK && pulRetryCount == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = role_of(ulPINType, &role);
	if (sar == SAR_OK)
		sar = pin_read(&gate, szPIN, &pin);
	if (sar != SAR_OK)
		return sar;
	st = verify(&gate, role, pin, &tries);
	tries_tell(st, tries, pulRetryCount);
	return gate_sar(&gate, st);
}

ULONG DEVAPI
SKF_ChangePIN(HAPPLICATION hApplication, ULONG ulPINType, LPSTR szOldPin, LPSTR szNewPin,
	      ULONG *pulRetryCount)
{
	struct uk_span old_pin, new_pin;
	struct try what = {.changing = true};
	unsigned int tries = 0;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ChangePIN, hApplication);

	if (sar == SAR_OK && pulRetryCount == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = role_of(ulPINType, &what.role);
	if (sar == SAR_OK)
		sar = pin_read(&gate, szOldPin, &old_pin);
	if (sar == SAR_OK)
		sar = pin_read(&gate, szNewPin, &new_pin);
	if (sar != SAR_OK)
		return sar;
	st = try_allowed(gate.token, &what);
	if (st == UK_OK)
		st = gate.token->ops->change_pin(gate.token, what.role, old_pin, new_pin, &tries);
	tries_tell(st, tries, pulRetryCount);
	return gate_sar(&gate, st);
}

ULONG DEVAPI
SKF_GetPINInfo(HAPPLICATION hApplication, ULONG ulPINType, ULONG *pulMaxRetryCount,
	       ULONG *pulRemainRetryCount, BOOL *pbDefaultPin)
{
	struct token_pin_info info;
	enum token_role role;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_GetPINInfo, hApplication);

	if (sar == SAR_OK &&
	    (pulMaxRetryCount == NULL || pulRemainRetryCount == NULL || pbDefaultPin == NULL))
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = role_of(ulPINType, &role);
	if (sar != SAR_OK)
		return sar;
	TOKEN_AGAIN(st, gate.token->ops->pin_info(gate.token, role, &info));
	if (st == UK_OK) {
		*pulMaxRetryCount = info.max;
		*pulRemainRetryCount = info.left;
		*pbDefaultPin = info.is_default ? TRUE : FALSE;
	}
	return gate_sar(&gate, st);
}

ULONG DEVAPI
SKF_UnblockPIN(HAPPLICATION hApplication, LPSTR szAdminPIN, LPSTR szNewUserPIN,
	       ULONG *pulRetryCount)
{
	const struct try what = {.role = TOKEN_ADMIN};
	struct uk_span admin_pin, new_pin;
	unsigned int tries = 0;
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_UnblockPIN, hApplication);

	if (sar == SAR_OK && pulRetryCount == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK)
		sar = pin_read(&gate, szAdminPIN, &admin_pin);
	if (sar == SAR_OK)
		sar = pin_read(&gate, szNewUserPIN, &new_pin);
	if (sar != SAR_OK)
		return sar;
	st = try_allowed(gate.token, &what);
	if (st == UK_OK)
		st = gate.token->ops->unblock_by_admin(gate.token, admin_pin, new_pin, &tries);
	tries_tell(st, tries, pulRetryCount);
	return gate_sar(&gate, st);
}

/* Other processes keep their login: the last one to leave clears the key's. */
ULONG DEVAPI
SKF_ClearSecureState(HAPPLICATION hApplication)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ClearSecureState, hApplication);

	return sar != SAR_OK ? sar : gate_sar(&gate, app_logout(gate.app));
}

/* ---- the device right ---- */

ULONG DEVAPI
SKF_DevAuth(DEVHANDLE hDev, BYTE *pbAuthData, ULONG ulLen)
{
	enum uk_status st;
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_DevAuth, hDev);

	if (sar == SAR_OK && pbAuthData == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK && ulLen != GM_BLOCK_LEN)
		sar = SAR_INDATALENERR;
	if (sar != SAR_OK)
		return sar;
	st = gate.token->ops->device_auth(gate.token, uk_span_of(pbAuthData, ulLen));
	gate.device->device_right = st == UK_OK;
	return gate_sar(&gate, st);
}

/*
 * The new key goes to the device under the old one, which this function is not given and
 * SKF_DevAuth has not seen either: only the caller has it.
 */
ULONG DEVAPI
SKF_ChangeDevAuthKey(DEVHANDLE hDev, BYTE *pbKeyValue, ULONG ulKeyLen)
{
	GATE gate = {0};
	ULONG sar = gate_enter(&gate, FN_SKF_ChangeDevAuthKey, hDev);

	if (sar == SAR_OK && pbKeyValue == NULL)
		sar = SAR_INVALIDPARAMERR;
	if (sar == SAR_OK && ulKeyLen != GM_BLOCK_LEN)
		sar = SAR_INDATALENERR;
	if (sar == SAR_OK && !gate.device->device_right)
		sar = SAR_USER_NOT_LOGGED_IN;
	return sar != SAR_OK ? sar : SAR_NOTSUPPORTYETERR;
}
