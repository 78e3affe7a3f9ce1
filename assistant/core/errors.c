/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/errors.h"

#include "common/defs.h"

#include <glib/gi18n.h>

/* A row without its last column has no button. */
#define ROW(name, exit, what, cure, button, ...) [OUK_E_##name] = {#name, exit, what, cure, button},
#define ERROR(...)                               ROW(__VA_ARGS__, NULL, 0)
static const OukErrorRow rows[] = {
#include "assistant/core/errors.def"
};
#undef ERROR
#undef ROW

/* First match wins; OUK_TASK_ANY matches every task. */
static const struct {
	OukTask task;
	CK_RV rv;
	OukErrorCode code;
} rv_rows[] = {
	{OUK_TASK_DEVICE_KEY, CKR_PIN_INCORRECT, OUK_E_DEVICE_KEY_WRONG},
	{OUK_TASK_ADMIN_PIN, CKR_PIN_INCORRECT, OUK_E_ADMIN_PIN_WRONG},
	{OUK_TASK_ADMIN_PIN, CKR_PIN_LOCKED, OUK_E_ADMIN_PIN_LOCKED},
	{OUK_TASK_IMPORT, CKR_ATTRIBUTE_VALUE_INVALID, OUK_E_KEY_REFUSED},
	{OUK_TASK_IMPORT, CKR_TEMPLATE_INCONSISTENT, OUK_E_KEY_REFUSED},
	{OUK_TASK_IMPORT, CKR_DATA_LEN_RANGE, OUK_E_KEY_REFUSED},
	{OUK_TASK_IMPORT, CKR_KEY_HANDLE_INVALID, OUK_E_CERT_OTHER_KEY},
	{OUK_TASK_ANY, CKR_PIN_INCORRECT, OUK_E_PIN_WRONG},
	{OUK_TASK_ANY, CKR_PIN_LOCKED, OUK_E_PIN_LOCKED},
	{OUK_TASK_ANY, CKR_PIN_LEN_RANGE, OUK_E_PIN_LEN},
	{OUK_TASK_ANY, CKR_PIN_INVALID, OUK_E_PIN_INVALID},
	{OUK_TASK_USER_PIN, CKR_DATA_INVALID, OUK_E_PIN_INVALID}, /* OpenSC, for letters */
	{OUK_TASK_ANY, CKR_PIN_EXPIRED, OUK_E_POLICY},
	{OUK_TASK_ANY, CKR_TOKEN_NOT_PRESENT, OUK_E_REMOVED},
	{OUK_TASK_ANY, CKR_DEVICE_REMOVED, OUK_E_REMOVED},
	{OUK_TASK_ANY, CKR_SESSION_HANDLE_INVALID, OUK_E_REMOVED},
	{OUK_TASK_ANY, CKR_SESSION_CLOSED, OUK_E_REMOVED},
	{OUK_TASK_ANY, CKR_SLOT_ID_INVALID, OUK_E_REMOVED},
	{OUK_TASK_ANY, CKR_TOKEN_NOT_RECOGNIZED, OUK_E_BLANK},
	{OUK_TASK_ANY, CKR_USER_PIN_NOT_INITIALIZED, OUK_E_BLANK},
	{OUK_TASK_ANY, CKR_USER_NOT_LOGGED_IN, OUK_E_LOGIN_LOST},
	{OUK_TASK_ANY, CKR_FUNCTION_REJECTED, OUK_E_POLICY},
	{OUK_TASK_ANY, CKR_FUNCTION_CANCELED, OUK_E_CANCELLED},
	{OUK_TASK_ANY, CKR_FUNCTION_NOT_SUPPORTED, OUK_E_UNSUPPORTED},
	{OUK_TASK_ANY, CKR_MECHANISM_INVALID, OUK_E_UNSUPPORTED},
	{OUK_TASK_ANY, CKR_TOKEN_WRITE_PROTECTED, OUK_E_UNSUPPORTED},
	{OUK_TASK_ANY, CKR_KEY_SIZE_RANGE, OUK_E_UNSUPPORTED},
	{OUK_TASK_ANY, CKR_DEVICE_MEMORY, OUK_E_KEY_FULL},
	{OUK_TASK_ANY, CKR_DATA_INVALID, OUK_E_KEY_REFUSED},
	{OUK_TASK_ANY, CKR_WRAPPED_KEY_INVALID, OUK_E_KEY_REFUSED},
};

GQuark
ouk_error_quark(void)
{
	return g_quark_from_static_string("openukey-error");
}

const OukErrorRow *
ouk_error_row(const GError *error)
{
	if (error->domain != OUK_ERROR || error->code < 0 || error->code >= OUK_ERROR_COUNT)
		return &rows[OUK_E_INTERNAL];
	return &rows[error->code];
}

gboolean
ouk_fail(GError **error, OukErrorCode code)
{
	g_set_error_literal(error, OUK_ERROR, (int)code, _(rows[code].what));
	return FALSE;
}

gboolean
ouk_fail_with(GError **error, OukErrorCode code, const char *format, ...)
{
	g_autofree char *detail = NULL;
	va_list args;

	va_start(args, format);
	detail = g_strdup_vprintf(format, args);
	va_end(args);
	/* Translators: the sentence that says what happened, and a detail behind it */
	g_set_error(error, OUK_ERROR, (int)code, _("%s %s"), _(rows[code].what), detail);
	return FALSE;
}

gboolean
ouk_fail_rv(GError **error, OukTask task, CK_RV rv)
{
	for (size_t i = 0; i < ARRAY_SIZE(rv_rows); i++)
		if (rv_rows[i].rv == rv &&
		    (rv_rows[i].task == task || rv_rows[i].task == OUK_TASK_ANY))
			return ouk_fail(error, rv_rows[i].code);
	return ouk_fail_with(error, OUK_E_KEY, "(CKR 0x%08lx)", rv);
}
