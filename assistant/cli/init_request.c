/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first half of ukey init: PINs on a blank key, a key pair, a request for the CA. */
#include "assistant/cli/init.h"
#include "assistant/core/errors.h"
#include "assistant/core/pin.h"
#include "assistant/core/request.h"
#include "common/gm.h"

#include <glib/gi18n.h>
#include <string.h>

#define APPLICATION_DEFAULT "OpenUKey"

/* ---- a blank key ---- */

/* 16 bytes as they are, or 32 hexadecimal digits. */
static gboolean
device_key_decode(struct uk_secret *key, GError **error)
{
	if (key->len == GM_BLOCK_LEN)
		return TRUE;
	if (key->len != 2 * (size_t)GM_BLOCK_LEN)
		return ouk_fail(error, OUK_E_DEVICE_KEY);
	for (size_t i = 0; i < GM_BLOCK_LEN; i++) {
		int high = g_ascii_xdigit_value((char)key->bytes[2 * i]);
		int low = g_ascii_xdigit_value((char)key->bytes[2 * i + 1]);

		if (high < 0 || low < 0)
			return ouk_fail(error, OUK_E_DEVICE_KEY);
		key->bytes[i] = (uint8_t)(high << 4 | low);
	}
	key->len = GM_BLOCK_LEN;
	return TRUE;
}

static gboolean
device_key_get(OukToken *token, int fd, const char *prompt, struct uk_secret *ret_key,
	       GError **error)
{
	return cli_pin_get(token, fd, prompt, ret_key, error) && device_key_decode(ret_key, error);
}

gboolean
init_device_key(OukToken *token, struct uk_secret *ret_key, GError **error)
{
	return device_key_get(token, cli_options.device_key_fd,
			      _("Device authentication key of the blank key: "), ret_key, error);
}

static gboolean
confirm_blank(const OukToken *token, GError **error)
{
	g_autofree char *question = g_strdup_printf(
		_("Personalise the blank key %s (%s) with %d tries for its PIN? ukey cannot make "
		  "it blank again."),
		token->label, token->serial, init_options.tries);

	return cli_confirm(question, error);
}

/* What is asked for a blank key of ours. */
struct blank_secrets {
	struct uk_secret device_key, new_device_key, admin_pin;
};

static void
blank_secrets_wipe(struct blank_secrets *secrets)
{
	uk_wipe(secrets, sizeof(*secrets));
}

static gboolean
create_application(OukToken *token, const struct blank_secrets *secrets,
		   const struct uk_secret *pin, GError **error)
{
	const char *name = init_options.application;
	struct openukey_new_application settings = {
		.name = name != NULL ? name : APPLICATION_DEFAULT,
		.admin_pin = secrets->admin_pin.bytes,
		.admin_pin_len = secrets->admin_pin.len,
		.admin_tries = (CK_ULONG)init_options.admin_tries,
		.user_pin = pin->bytes,
		.user_pin_len = pin->len,
		.user_tries = (CK_ULONG)init_options.tries,
	};
	CK_RV rv = CKR_OK;

	if (init_options.label != NULL)
		rv = token->vendor->set_device_label(token->slot, init_options.label);
	if (rv == CKR_OK)
		rv = token->vendor->create_application(token->slot, secrets->device_key.bytes,
						       &settings);
	if (rv == CKR_OK && secrets->new_device_key.len > 0)
		rv = token->vendor->change_device_key(token->slot, secrets->device_key.bytes,
						      secrets->new_device_key.bytes);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_DEVICE_KEY, rv);
}

static gboolean
pin_len_fits(const struct uk_secret *pin, GError **error)
{
	if (pin->len >= GM_PIN_MIN && pin->len <= GM_PIN_MAX)
		return TRUE;
	return ouk_fail_with(error, OUK_E_PIN_LEN, _("(It takes %lu to %lu characters.)"),
			     (unsigned long)GM_PIN_MIN, (unsigned long)GM_PIN_MAX);
}

static gboolean
blank_with_vendor(OukToken *token, struct uk_secret *ret_pin, GError **error)
{
	UK_CLEANUP(blank_secrets_wipe) struct blank_secrets secrets = {0};

	token->pin_min = GM_PIN_MIN; /* a blank key has no token to say so */
	token->pin_max = GM_PIN_MAX;
	if (!init_device_key(token, &secrets.device_key, error) ||
	    (init_options.new_device_key_fd >= 0 &&
	     !device_key_get(token, init_options.new_device_key_fd, NULL, &secrets.new_device_key,
			     error)) ||
	    !cli_pin_get(token, cli_options.admin_pin_fd, _("New administrator PIN: "),
			 &secrets.admin_pin, error) ||
	    !pin_len_fits(&secrets.admin_pin, error) ||
	    !cli_new_pin_get(token, cli_options.new_pin_fd, ret_pin, error) ||
	    !confirm_blank(token, error))
		return FALSE;
	return create_application(token, &secrets, ret_pin, error);
}

/* PKCS #11's own way, for tokens of others. */
static gboolean
blank_with_pkcs11(OukToken *token, struct uk_secret *ret_pin, GError **error)
{
	UK_SECRET admin_pin = {0};
	CK_UTF8CHAR label[32];
	const char *name = init_options.label != NULL ? init_options.label : APPLICATION_DEFAULT;
	CK_RV rv;

	if (!cli_pin_get(token, cli_options.admin_pin_fd, _("New administrator PIN: "), &admin_pin,
			 error) ||
	    !cli_new_pin_get(token, cli_options.new_pin_fd, ret_pin, error) ||
	    !confirm_blank(token, error))
		return FALSE;
	memset(label, ' ', sizeof(label));
	memcpy(label, name, MIN(strlen(name), sizeof(label)));
	rv = token->module->C_InitToken(token->slot, admin_pin.bytes, admin_pin.len, label);
	if (rv != CKR_OK)
		return ouk_fail_rv(error, OUK_TASK_ADMIN_PIN, rv);
	ouk_token_refresh(token);
	if (!ouk_token_open(token, TRUE, error) ||
	    !ouk_token_login(token, CKU_SO, &admin_pin, error) ||
	    !ouk_token_init_pin(token, ret_pin, error))
		return FALSE;
	ouk_token_logout(token);
	return TRUE;
}

gboolean
init_blank(OukToken *token, struct uk_secret *ret_pin, GError **error)
{
	gboolean done = token->vendor != NULL ? blank_with_vendor(token, ret_pin, error)
					      : blank_with_pkcs11(token, ret_pin, error);

	if (!done)
		return FALSE;
	ouk_token_refresh(token);
	token->blank = FALSE;
	g_printerr(_("Key %s (%s) now has its PINs.\n"), token->label, token->serial);
	return TRUE;
}

/* ---- the key pair ---- */

static gboolean
container_is_new(OukToken *token, GError **error)
{
	g_autoptr(GBytes) id = init_object_id(token, init_options.container, FALSE);

	if (ouk_object_by_id(token, CKO_PUBLIC_KEY, id) != CK_INVALID_HANDLE ||
	    ouk_object_by_id(token, CKO_PRIVATE_KEY, id) != CK_INVALID_HANDLE)
		return ouk_fail_with(error, OUK_E_EXISTS, "(%s)", init_options.container);
	return TRUE;
}

/* On our keys the label names the container; elsewhere the ID has to be given. */
static gboolean
generate(OukToken *token, CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private,
	 GError **error)
{
	gboolean rsa = g_strcmp0(init_options.algorithm, "rsa") == 0;
	CK_MECHANISM mechanism = {rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_VENDOR_SM2_KEY_PAIR_GEN,
				  NULL, 0};
	CK_BBOOL yes = CK_TRUE;
	CK_ULONG bits = (CK_ULONG)init_options.bits;
	CK_BYTE exponent[] = {1, 0, 1};
	CK_ULONG name_len = strlen(init_options.container);
	CK_ULONG id_count = token->vendor != NULL ? 0 : 1;
	CK_ATTRIBUTE public[] = {{CKA_LABEL, init_options.container, name_len},
				 {CKA_TOKEN, &yes, sizeof(yes)},
				 {CKA_VERIFY, &yes, sizeof(yes)},
				 {CKA_MODULUS_BITS, &bits, sizeof(bits)},
				 {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
				 {CKA_ID, init_options.container, name_len}};
	CK_ATTRIBUTE private[] = {{CKA_LABEL, init_options.container, name_len},
				  {CKA_TOKEN, &yes, sizeof(yes)},
				  {CKA_PRIVATE, &yes, sizeof(yes)},
				  {CKA_SENSITIVE, &yes, sizeof(yes)},
				  {CKA_SIGN, &yes, sizeof(yes)},
				  {CKA_ID, init_options.container, name_len}};
	CK_ULONG public_count = 3 + (rsa ? 2 + id_count : 0);
	CK_RV rv;

	rv = token->module->C_GenerateKeyPair(token->session, &mechanism, public, public_count,
					      private, 5 + id_count, ret_public, ret_private);
	return rv == CKR_OK || ouk_fail_rv(error, OUK_TASK_ANY, rv);
}

static gboolean
write_request(OukSigner *signer, GError **error)
{
	g_autoptr(X509_NAME) subject = NULL;
	g_autoptr(GBytes) pem = NULL;

	subject = init_options.subject != NULL ? ouk_name_parse(init_options.subject, error)
					       : ouk_name_of_unit(init_options.unit);
	if (subject == NULL) {
		if (init_options.subject == NULL)
			ouk_fail_with(error, OUK_E_USAGE, "(--unit %s)", init_options.unit);
		return FALSE;
	}
	pem = ouk_request_make(signer, subject, error);
	return pem != NULL && cli_write(init_options.request, pem, init_options.force, error);
}

gboolean
init_request(OukToken *token, const struct uk_secret *pin, GError **error)
{
	OukSigner signer = {.token = token, .pin = pin};
	CK_OBJECT_HANDLE public = CK_INVALID_HANDLE;
	g_autoptr(EVP_PKEY) key = NULL;

	if (!container_is_new(token, error))
		return FALSE;
	g_printerr("%s\n", _("Making the key pair inside the key. This can take up to a minute; "
			     "leave the key plugged in."));
	if (!generate(token, &public, &signer.handle, error))
		return FALSE;
	key = ouk_key_public(token, public, error);
	if (key == NULL)
		return FALSE;
	signer.public_key = key;
	signer.always_authenticate =
		ouk_object_bool(token, signer.handle, CKA_ALWAYS_AUTHENTICATE, FALSE);
	if (!write_request(&signer, error))
		return FALSE;
	ouk_token_logout(token);
	g_print(_("The request is in %s. Send it to the CA; what comes back goes to the key with "
		  "\"ukey init --import\".\n"),
		init_options.request);
	return TRUE;
}
