/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The protected authentication path: the desktop's own PIN prompt, behind a socket that the desktop
 * session owns: openukey/prompt in the user's runtime folder.  The module starts no program.
 *
 * One SOCK_SEQPACKET exchange.  Request: lines of `name=value`, the first `openukey-prompt=1`, then
 *	reason	login, change or unblock
 *	user	user or admin
 *	token, serial	of the key
 *	left, max	tries that the key has left and allows in a row, in decimal
 *	min-length, max-length	of a PIN, bytes
 *	first-pin	1: still the one that was set at issue
 *	rehearsal	1: a virtual key
 *	program	the host's path
 * Answer: one byte (0 done, 1 the person cancelled), then for each PIN its length (one byte) and
 *its bytes: login: the PIN; change: old and new; unblock: the new one.
 *
 * No lock is held while the person thinks, and no command is under way.
 */
#ifndef UK_PKCS11_PROMPT_H
#define UK_PKCS11_PROMPT_H

#include "common/pkcs11.h"
#include "common/secret.h"

enum prompt_reason { PROMPT_LOGIN, PROMPT_CHANGE, PROMPT_UNBLOCK };

/*
 * Asks for the PINs and uses them: C_Login, C_SetPIN, C_InitPIN without a PIN.  The person was
 * shown the tries left, so a policy's last tries are armed for this one. CKR_FUNCTION_FAILED: there
 * is no prompt.  CKR_FUNCTION_CANCELED: the person said no.
 */
CK_RV prompt_login(CK_SESSION_HANDLE session, CK_USER_TYPE user);
CK_RV prompt_set_pin(CK_SESSION_HANDLE session);
CK_RV prompt_init_pin(CK_SESSION_HANDLE session);

#endif
