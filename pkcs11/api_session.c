/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry points: sessions, login, PINs. */
#include "pkcs11/gate.h"
#include "pkcs11/prompt.h"
#include "token-share/policy.h"

/* Without a PIN the desktop's prompt asks for it, where policy has it so. */
static bool
prompt_wanted(const void *pin)
{
	return pin == NULL && policy_get()->protected_path;
}

CK_RV
C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify,
	      CK_SESSION_HANDLE *session)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_OpenSession, slot);

	if (rv != CKR_OK)
		return rv;
	if (session == NULL)
		return CKR_ARGUMENTS_BAD;
	if ((flags & CKF_SERIAL_SESSION) == 0)
		return CKR_SESSION_PARALLEL_NOT_SUPPORTED;
	if ((flags & CKF_ASYNC_SESSION) != 0)
		return CKR_SESSION_ASYNC_NOT_SUPPORTED;
	slots_refresh_if_old();
	rv = gate_connect(&gate);
	return rv != CKR_OK ? rv : session_open(gate.slot, flags, session);
}

CK_RV
C_CloseSession(CK_SESSION_HANDLE session)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_CloseSession, session);

	return rv != CKR_OK ? rv : session_close(gate.session);
}

CK_RV
C_CloseAllSessions(CK_SLOT_ID slot)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_CloseAllSessions, slot);

	if (rv != CKR_OK)
		return rv;
	gate_lock(&gate);
	if (gate.slot->login != LOGIN_NONE)
		(void)session_logout(gate.slot);
	sessions_free(gate.slot);
	return CKR_OK;
}

CK_RV
C_GetSessionInfo(CK_SESSION_HANDLE session, CK_SESSION_INFO *info)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetSessionInfo, session);

	if (rv != CKR_OK)
		return rv;
	if (info == NULL)
		return CKR_ARGUMENTS_BAD;
	session_fill_info(gate.session, info);
	return CKR_OK;
}

CK_RV
C_Login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	GATE gate = {0};
	CK_RV rv;

	if (prompt_wanted(pin))
		return prompt_login(session, user);
	rv = gate_enter(&gate, FN_C_Login, session);
	return rv != CKR_OK ? rv : session_login(gate.session, user, uk_span_of(pin, len));
}

/* Our keys know no user names, so that there is nobody to log in by one. */
CK_RV
C_LoginUser(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len,
	    CK_UTF8CHAR *name, CK_ULONG name_len)
{
	GATE gate = {0};
	CK_RV rv;

	if (prompt_wanted(pin) && name_len == 0)
		return prompt_login(session, user);
	rv = gate_enter(&gate, FN_C_LoginUser, session);
	if (rv != CKR_OK)
		return rv;
	if (name == NULL && name_len > 0)
		return CKR_ARGUMENTS_BAD;
	return name_len > 0 ? CKR_FUNCTION_NOT_SUPPORTED
			    : session_login(gate.session, user, uk_span_of(pin, len));
}

CK_RV
C_SessionCancel(CK_SESSION_HANDLE session, CK_FLAGS flags)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_SessionCancel, session);

	if (rv == CKR_OK)
		session_cancel(gate.session, flags);
	return rv;
}

CK_RV
C_Logout(CK_SESSION_HANDLE session)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_Logout, session);

	return rv != CKR_OK ? rv : session_logout(gate.slot);
}

CK_RV
C_SetPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR *old_pin, CK_ULONG old_len, CK_UTF8CHAR *new_pin,
	 CK_ULONG new_len)
{
	GATE gate = {0};
	CK_RV rv;

	if (prompt_wanted(old_pin) && new_pin == NULL)
		return prompt_set_pin(session);
	rv = gate_enter(&gate, FN_C_SetPIN, session);
	return rv != CKR_OK ? rv
			    : session_set_pin(gate.session, uk_span_of(old_pin, old_len),
					      uk_span_of(new_pin, new_len));
}

CK_RV
C_InitPIN(CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG len)
{
	GATE gate = {0};
	CK_RV rv;

	if (prompt_wanted(pin))
		return prompt_init_pin(session);
	rv = gate_enter(&gate, FN_C_InitPIN, session);
	return rv != CKR_OK ? rv : session_init_pin(gate.session, uk_span_of(pin, len));
}

/* None of our keys claims a validation (3.2, 4.15): no flag is ever set. */
CK_RV
C_GetSessionValidationFlags(CK_SESSION_HANDLE session, CK_SESSION_VALIDATION_FLAGS_TYPE type,
			    CK_FLAGS *flags)
{
	GATE gate = {0};
	CK_RV rv = gate_enter(&gate, FN_C_GetSessionValidationFlags, session);

	if (rv != CKR_OK)
		return rv;
	if (flags == NULL || type != CKS_LAST_VALIDATION_OK)
		return CKR_ARGUMENTS_BAD;
	*flags = 0;
	return CKR_OK;
}
