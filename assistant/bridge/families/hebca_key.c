/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key at work. What the page gave as PIN is not looked at. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/hebca_handlers.h"
#include "assistant/bridge/families/proof.h"
#include "assistant/core/errors.h"

#include <string.h>

/* ---- logging in ---- */

static JsonNode *
key_log_in(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	return ouk_page_desk_login(desk, key, error) ? ouk_hebca_answer(NULL, NULL) : NULL;
}

HEBCA_HANDLER(log_in)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	return ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error) ? key_log_in(desk, cert.key, error)
								: NULL;
}

static gboolean
find_by_sn(OukPageDesk *desk, JsonArray *args, OukPageCert *ret, GError **error)
{
	g_autofree char *serial = ouk_arg_member_need(args, "certSN", error);

	return serial != NULL && ouk_page_desk_find(desk, serial, ret, error);
}

HEBCA_HANDLER(log_in_by_sn)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	return find_by_sn(desk, args, &cert, error) ? key_log_in(desk, cert.key, error) : NULL;
}

HEBCA_HANDLER(log_out)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error))
		return NULL;
	ouk_page_desk_logout(desk, cert.key);
	return ouk_hebca_answer_number("result", 1);
}

/* The page's address and new PIN are left alone: the person changes it in our window. */
HEBCA_HANDLER(reset_pin)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error) ||
	    !ouk_page_desk_change_pin(desk, cert.key, error))
		return NULL;
	return ouk_hebca_answer(NULL, NULL);
}

/* ---- signing ---- */

static JsonNode *
data_sign(OukPageDesk *desk, const OukPageCert *cert, GBytes *data, GError **error)
{
	g_autoptr(GBytes) signature =
		ouk_page_desk_sign(desk, cert, OUK_PAGE_HASH_DEFAULT, data, error);

	return ouk_hebca_answer_bytes("signature", signature);
}

HEBCA_HANDLER(sign_text)
{
	g_autofree char *text = ouk_arg_member_need(args, "signText", error);
	g_autoptr(GBytes) data = text != NULL ? g_bytes_new(text, strlen(text)) : NULL;
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (data == NULL || !ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error))
		return NULL;
	return data_sign(desk, &cert, data, error);
}

HEBCA_HANDLER(sign_b64)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (data == NULL || !ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error))
		return NULL;
	return data_sign(desk, &cert, data, error);
}

HEBCA_HANDLER(sign_by_sn)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (data == NULL || !find_by_sn(desk, args, &cert, error))
		return NULL;
	return data_sign(desk, &cert, data, error);
}

HEBCA_HANDLER(p7_sign)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) message = NULL;

	if (data == NULL || !ouk_hebca_chosen(desk, HEBCA_SIGN, &cert, error))
		return NULL;
	message = ouk_page_desk_sign_message(desk, &cert, data, TRUE, error);
	return ouk_hebca_answer_bytes("b64data", message);
}

/* ---- closing and opening ---- */

HEBCA_HANDLER(encrypt)
{
	g_autoptr(GBytes) data = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) out = NULL;
	const OukPairCert *to;

	if (data == NULL || !ouk_hebca_chosen(desk, HEBCA_CRYPT, &cert, error))
		return NULL;
	to = ouk_pair_view_info(cert.pair)->encrypt;
	if (to == NULL) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	out = ouk_proof_encrypt(to->x509, data);
	if (out == NULL)
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
	return ouk_hebca_answer_bytes("b64encrypted", out);
}

HEBCA_HANDLER(decrypt)
{
	g_autoptr(GBytes) cipher = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) plain = NULL;

	if (cipher == NULL || !ouk_hebca_chosen(desk, HEBCA_CRYPT, &cert, error))
		return NULL;
	plain = ouk_page_desk_decrypt(desk, &cert, cipher, error);
	return ouk_hebca_answer_bytes("b64decrypted", plain);
}

HEBCA_HANDLER(un_envelop)
{
	g_autoptr(GBytes) envelope = ouk_arg_member_base64(args, "b64data", error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) plain = NULL;

	if (envelope == NULL || !ouk_hebca_chosen(desk, HEBCA_CRYPT, &cert, error))
		return NULL;
	plain = ouk_page_desk_open_envelope(desk, &cert, envelope, error);
	return ouk_hebca_answer_bytes("b64data", plain);
}
