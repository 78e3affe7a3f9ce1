/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provider/reason.h"

#include <stdarg.h>
#include <stdint.h>

const OSSL_ITEM reason_strings[] = {
#define REASON(name, text) {REASON_##name, (char *)(uintptr_t)text},
#include "provider/reason.def"
#undef REASON
	{0, NULL}};

/* clang-format off */
static const struct {
	CK_RV rv;
	enum reason reason;
} known[] = {
	{CKR_HOST_MEMORY, REASON_MEMORY},
	{CKR_PIN_INCORRECT, REASON_PIN_WRONG},
	{CKR_PIN_INVALID, REASON_PIN_WRONG},
	{CKR_PIN_LEN_RANGE, REASON_PIN_LENGTH},
	{CKR_PIN_LOCKED, REASON_PIN_LOCKED},
	{CKR_PIN_EXPIRED, REASON_PIN_FIRST},
	{CKR_FUNCTION_REJECTED, REASON_PIN_REFUSED},
	{CKR_USER_NOT_LOGGED_IN, REASON_NOT_LOGGED_IN},
	{CKR_CRYPTOKI_NOT_INITIALIZED, REASON_NOT_LOGGED_IN},
	{CKR_SESSION_HANDLE_INVALID, REASON_REMOVED},
	{CKR_SESSION_CLOSED, REASON_REMOVED},
	{CKR_DEVICE_REMOVED, REASON_REMOVED},
	{CKR_TOKEN_NOT_PRESENT, REASON_REMOVED},
	{CKR_TOKEN_NOT_RECOGNIZED, REASON_REMOVED},
	{CKR_FUNCTION_CANCELED, REASON_CANCELLED},
	{CKR_FUNCTION_FAILED, REASON_CRYPTOKI},
	{CKR_OBJECT_HANDLE_INVALID, REASON_OTHER_KEY},
	{CKR_KEY_HANDLE_INVALID, REASON_OTHER_KEY},
	{CKR_MECHANISM_INVALID, REASON_MECHANISM},
	{CKR_MECHANISM_PARAM_INVALID, REASON_MECHANISM},
	{CKR_FUNCTION_NOT_SUPPORTED, REASON_MECHANISM},
	{CKR_KEY_FUNCTION_NOT_PERMITTED, REASON_MECHANISM},
	{CKR_KEY_TYPE_INCONSISTENT, REASON_MECHANISM},
};
/* clang-format on */

enum reason
reason_of(CK_RV rv)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].rv == rv)
			return known[i].reason;
	return REASON_CRYPTOKI;
}

void
reason_raise(const struct provider *provider, enum reason reason, int line, const char *func,
	     const char *about, ...)
{
	va_list args;

	provider->new_error(provider->core);
	provider->set_error_debug(provider->core, "openukey-provider", line, func);
	va_start(args, about);
	provider->vset_error(provider->core, reason, about, args);
	va_end(args);
}
