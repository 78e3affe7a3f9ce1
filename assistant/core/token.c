/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/core/token.h"

#include "assistant/core/errors.h"
#include "assistant/core/text.h"

#include <glib/gi18n.h>
#include <string.h>

/* PKCS #11 pads its strings with spaces; some modules leave NULs. */
static char *
text_of(const CK_UTF8CHAR *field, size_t width)
{
	return g_strchomp(ouk_text_of(field, strnlen((const char *)field, width)));
}

static void
take_text(char **where, const CK_UTF8CHAR *field, size_t width)
{
	g_free(*where);
	*where = text_of(field, width);
}

/* A blank key of ours has no token yet, but it can be named. */
static gboolean
describe_blank(OukToken *token)
{
	struct openukey_device_info device = {0};

	if (token->vendor == NULL || token->vendor->get_device_info(token->slot, &device) != CKR_OK)
		return FALSE;
	token->blank = TRUE;
	token->label = ouk_text_of(device.label, strlen(device.label));
	token->serial = ouk_text_of(device.serial, strlen(device.serial));
	token->maker = ouk_text_of(device.manufacturer, strlen(device.manufacturer));
	token->model = ouk_text_of(device.model, strlen(device.model));
	return TRUE;
}

static CK_RV
token_read(OukToken *token)
{
	CK_TOKEN_INFO info = {0};
	CK_RV rv = token->module->C_GetTokenInfo(token->slot, &info);

	if (rv != CKR_OK)
		return rv;
	take_text(&token->label, info.label, sizeof(info.label));
	take_text(&token->serial, info.serialNumber, sizeof(info.serialNumber));
	take_text(&token->maker, info.manufacturerID, sizeof(info.manufacturerID));
	take_text(&token->model, info.model, sizeof(info.model));
	token->pin_min = info.ulMinPinLen;
	token->pin_max = info.ulMaxPinLen;
	token->flags = info.flags;
	token->blank = (info.flags & CKF_TOKEN_INITIALIZED) == 0;
	return CKR_OK;
}

void
ouk_token_refresh(OukToken *token)
{
	(void)token_read(token);
}

OukToken *
ouk_token_new(CK_FUNCTION_LIST *module, CK_SLOT_ID slot, const struct openukey_functions *vendor)
{
	return ouk_token_look(module, slot, vendor, NULL);
}

OukToken *
ouk_token_look(CK_FUNCTION_LIST *module, CK_SLOT_ID slot, const struct openukey_functions *vendor,
	       CK_RV *ret_rv)
{
	g_autoptr(OukToken) token = g_new0(OukToken, 1);
	CK_SLOT_INFO info = {0};
	CK_RV rv;

	token->module = module;
	token->slot = slot;
	token->vendor = vendor;
	if (module->C_GetSlotInfo(slot, &info) == CKR_OK)
		take_text(&token->reader, info.slotDescription, sizeof(info.slotDescription));
	rv = token_read(token);
	if (ret_rv != NULL)
		*ret_rv = rv;
	if (rv != CKR_OK && !describe_blank(token))
		return NULL;
	return g_steal_pointer(&token);
}

void
ouk_token_free(OukToken *token)
{
	if (token == NULL)
		return;
	ouk_token_close(token);
	g_free(token->label);
	g_free(token->serial);
	g_free(token->maker);
	g_free(token->model);
	g_free(token->reader);
	g_free(token);
}

gboolean
ouk_token_open(OukToken *token, gboolean write, GError **error)
{
	CK_FLAGS flags = CKF_SERIAL_SESSION | (write ? CKF_RW_SESSION : 0);
	CK_RV rv;

	if (token->session != 0)
		return TRUE;
	if (token->blank)
		return ouk_fail(error, OUK_E_BLANK);
	rv = token->module->C_OpenSession(token->slot, flags, NULL, NULL, &token->session);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

void
ouk_token_close(OukToken *token)
{
	ouk_token_logout(token);
	if (token->session != 0)
		token->module->C_CloseSession(token->session);
	token->session = 0;
}

/* ---- PINs ---- */

/* How PKCS #11 flags tell of each PIN's counter. */
static const struct {
	CK_USER_TYPE user;
	CK_FLAGS low, final, locked, first;
} pin_flags[] = {
	{CKU_USER, CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
	 CKF_USER_PIN_TO_BE_CHANGED},
	{CKU_SO, CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED,
	 CKF_SO_PIN_TO_BE_CHANGED},
};

void
ouk_token_tries(OukToken *token, CK_USER_TYPE user, OukTries *ret)
{
	ouk_token_refresh(token);
	ouk_token_tries_now(token, user, ret);
}

void
ouk_token_tries_now(OukToken *token, CK_USER_TYPE user, OukTries *ret)
{
	struct openukey_pin_info info = {0};
	OukTries tries = {0};

	for (size_t i = 0; i < G_N_ELEMENTS(pin_flags); i++) {
		if (pin_flags[i].user != user)
			continue;
		tries.low = (token->flags & pin_flags[i].low) != 0;
		tries.final_try = (token->flags & pin_flags[i].final) != 0;
		tries.locked = (token->flags & pin_flags[i].locked) != 0;
		tries.is_default = (token->flags & pin_flags[i].first) != 0;
	}
	if (token->vendor != NULL &&
	    token->vendor->get_pin_info(token->slot, user, &info) == CKR_OK) {
		tries.exact = TRUE;
		tries.max = (unsigned int)info.max;
		tries.left = (unsigned int)info.left;
		tries.is_default = info.is_default != CK_FALSE;
		tries.locked = info.left == 0;
		tries.final_try = info.left == 1;
		tries.low = info.left < info.max;
	}
	*ret = tries;
}

char *
ouk_tries_text(const OukTries *tries)
{
	if (tries->locked)
		return g_strdup(_("Locked, no try left"));
	if (tries->exact)
		return g_strdup_printf(
			ngettext("%u of %u tries left", "%u of %u tries left", tries->left),
			tries->left, tries->max);
	if (tries->final_try)
		return g_strdup(_("One last try left"));
	if (tries->low)
		return g_strdup(_("Some tries used up, number unknown"));
	return g_strdup(_("Number of tries unknown"));
}

gboolean
ouk_token_device(OukToken *token, struct openukey_device_info *ret, GError **error)
{
	CK_RV rv;

	if (token->vendor == NULL)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	rv = token->vendor->get_device_info(token->slot, ret);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

gboolean
ouk_token_check_pin(const OukToken *token, const struct uk_secret *pin, GError **error)
{
	if ((token->flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 && pin->len == 0)
		return TRUE;
	if (pin->len >= token->pin_min && (token->pin_max == 0 || pin->len <= token->pin_max))
		return TRUE;
	return ouk_fail_with(error, OUK_E_PIN_LEN, _("(It takes %lu to %lu characters.)"),
			     token->pin_min, token->pin_max);
}

/* CKR_FUNCTION_REJECTED has two reasons; the model's row tells which. */
static gboolean
fail_rejected(OukToken *token, GError **error)
{
	struct openukey_device_info device = {0};

	if (token->vendor != NULL &&
	    token->vendor->get_device_info(token->slot, &device) == CKR_OK &&
	    (device.flags & OPENUKEY_DEVICE_VERIFIED) == 0)
		return ouk_fail(error, OUK_E_UNVERIFIED);
	return ouk_fail(error, OUK_E_POLICY);
}

/* Tells a refused PIN's consequence from the key's own counter. */
static gboolean
fail_pin(OukToken *token, CK_USER_TYPE user, CK_RV rv, GError **error)
{
	OukErrorCode wrong = user == CKU_SO ? OUK_E_ADMIN_PIN_WRONG : OUK_E_PIN_WRONG;
	OukErrorCode locked = user == CKU_SO ? OUK_E_ADMIN_PIN_LOCKED : OUK_E_PIN_LOCKED;
	g_autofree char *left = NULL;
	OukTries tries;

	if (rv == CKR_FUNCTION_REJECTED)
		return fail_rejected(token, error);
	if (rv != CKR_PIN_INCORRECT)
		return ouk_fail_rv(error, user == CKU_SO ? OUK_TASK_ADMIN_PIN : OUK_TASK_USER_PIN,
				   rv);
	ouk_token_tries(token, user, &tries);
	if (tries.locked)
		return ouk_fail(error, locked);
	left = ouk_tries_text(&tries);
	return ouk_fail_with(error, wrong, "%s%s", left, _("."));
}

/* PKCS #11 takes PINs as non-const bytes and does not write to them. */
static CK_UTF8CHAR *
pin_bytes(const struct uk_secret *pin)
{
	return pin->len > 0 ? (CK_UTF8CHAR *)(uintptr_t)pin->bytes : NULL;
}

gboolean
ouk_token_login(OukToken *token, CK_USER_TYPE user, const struct uk_secret *pin, GError **error)
{
	CK_RV rv;

	if (user != CKU_SO && !ouk_token_check_pin(token, pin, error))
		return FALSE;
	rv = token->module->C_Login(token->session, user, pin_bytes(pin), pin->len);
	if (rv == CKR_OK && user != CKU_CONTEXT_SPECIFIC)
		token->logged_in = TRUE;
	return rv == CKR_OK ||
	       fail_pin(token, user == CKU_CONTEXT_SPECIFIC ? CKU_USER : user, rv, error);
}

void
ouk_token_logout(OukToken *token)
{
	if (token->logged_in)
		token->module->C_Logout(token->session);
	token->logged_in = FALSE;
}

gboolean
ouk_token_change_pin(OukToken *token, const struct uk_secret *old_pin,
		     const struct uk_secret *new_pin, GError **error)
{
	CK_RV rv;

	if (!ouk_token_check_pin(token, old_pin, error) ||
	    !ouk_token_check_pin(token, new_pin, error))
		return FALSE;
	if (uk_span_equal(uk_secret_peek(old_pin), uk_secret_peek(new_pin)) && new_pin->len > 0)
		return ouk_fail(error, OUK_E_PIN_SAME);
	rv = token->module->C_SetPIN(token->session, pin_bytes(old_pin), old_pin->len,
				     pin_bytes(new_pin), new_pin->len);
	return rv == CKR_OK || fail_pin(token, CKU_USER, rv, error);
}

gboolean
ouk_token_init_pin(OukToken *token, const struct uk_secret *new_pin, GError **error)
{
	CK_RV rv;

	if (!ouk_token_check_pin(token, new_pin, error))
		return FALSE;
	rv = token->module->C_InitPIN(token->session, pin_bytes(new_pin), new_pin->len);
	return rv == CKR_OK || fail_pin(token, CKU_SO, rv, error);
}

gboolean
ouk_token_confirm_try(OukToken *token, CK_USER_TYPE user, unsigned int left, GError **error)
{
	CK_RV rv;

	if (token->vendor == NULL)
		return TRUE;
	rv = token->vendor->confirm_try(token->slot, user, left);
	if (rv == CKR_FUNCTION_REJECTED)
		return ouk_fail(error, OUK_E_COUNTER_MOVED);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}
