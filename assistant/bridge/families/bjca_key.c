/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key at work: logging in, signing, opening. What the page gave as PIN is not looked at. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_handlers.h"
#include "assistant/bridge/families/certs.h"
#include "assistant/core/errors.h"
#include "common/gm.h"

#include <string.h>

/* ---- logging in ---- */

BJCA_HANDLER(log_in)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error) ||
	    !ouk_page_desk_login(desk, cert.key, error))
		return NULL;
	return ouk_answer_truth(TRUE);
}

BJCA_HANDLER(is_login)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	return ouk_answer_truth(ouk_page_desk_is_login(desk, cert.key));
}

BJCA_HANDLER(log_out)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	ouk_page_desk_logout(desk, cert.key);
	return ouk_answer_truth(TRUE);
}

BJCA_HANDLER(change_pass_wd)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error) ||
	    !ouk_page_desk_change_pin(desk, cert.key, error))
		return NULL;
	return ouk_answer_truth(TRUE);
}

/* ---- signing ---- */

/* As the page set it; a method for the other kind of key is not one. */
static OukPageHash
hash_of(OukPageDesk *desk)
{
	static const struct {
		gint64 method;
		OukPageHash hash;
	} methods[] = {
		{GM_ALG_RSA | GM_ALG_SM3, OUK_PAGE_HASH_SM3},
		{GM_ALG_RSA | GM_ALG_SHA1, OUK_PAGE_HASH_SHA1},
		{GM_ALG_RSA | GM_ALG_SHA256, OUK_PAGE_HASH_SHA256},
	};
	g_autofree char *text = ouk_page_desk_note(desk, BJCA_SIGN_METHOD);
	gint64 method = text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;

	for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
		if (methods[i].method == method)
			return methods[i].hash;
	return OUK_PAGE_HASH_DEFAULT;
}

static JsonNode *
data_sign(OukPageDesk *desk, JsonArray *args, GBytes *data, GError **error)
{
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) signature = NULL;
	const OukPairCert *sign;
	OukPageHash hash = hash_of(desk);

	if (data == NULL || !ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	sign = ouk_pair_view_info(cert.pair)->sign;
	if (sign != NULL && g_strcmp0(sign->algorithm, "SM2") == 0)
		hash = OUK_PAGE_HASH_DEFAULT;
	signature = ouk_page_desk_sign(desk, &cert, hash, data, error);
	return ouk_answer_base64(signature);
}

BJCA_HANDLER(sign_data)
{
	g_autoptr(GBytes) data = ouk_arg_bytes(args, 1, error);

	return data_sign(desk, args, data, error);
}

BJCA_HANDLER(sign_data_base64)
{
	g_autoptr(GBytes) data = ouk_arg_base64(args, 1, error);

	return data_sign(desk, args, data, error);
}

static JsonNode *
message_sign(OukPageDesk *desk, JsonArray *args, guint first, gboolean attached, GError **error)
{
	g_autoptr(GBytes) data = ouk_arg_bytes(args, first + 1, error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) message = NULL;

	if (data == NULL || !ouk_certs_find_arg(desk, args, first, &cert, error))
		return NULL;
	message = ouk_page_desk_sign_message(desk, &cert, data, attached, error);
	return ouk_answer_base64(message);
}

/* flag (0: with the content, 1: without), certificate, data */
BJCA_HANDLER(sign_message)
{
	gint64 flag = ouk_arg_number(args, 0);

	if (flag != 0 && flag != 1) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return message_sign(desk, args, 1, flag == 0, error);
}

BJCA_HANDLER(sign_by_p7)
{
	return message_sign(desk, args, 0, TRUE, error);
}

/* ---- opening ---- */

/* What pages of this family are answered is text. */
static JsonNode *
opened(GBytes *plain, GError **error)
{
	gsize len = 0;
	const char *text = plain != NULL ? g_bytes_get_data(plain, &len) : NULL;

	if (plain == NULL)
		return NULL;
	if (len > 0 && !g_utf8_validate(text, (gssize)len, NULL)) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return ouk_answer_take(g_strndup(len > 0 ? text : "", len));
}

BJCA_HANDLER(decrypt_data)
{
	g_autoptr(GBytes) envelope = ouk_arg_base64(args, 1, error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) plain = NULL;

	if (envelope == NULL || !ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	plain = ouk_page_desk_open_envelope(desk, &cert, envelope, error);
	return opened(plain, error);
}

BJCA_HANDLER(pri_key_decrypt)
{
	g_autoptr(GBytes) cipher = ouk_arg_base64(args, 1, error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) plain = NULL;

	if (cipher == NULL || !ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	plain = ouk_page_desk_decrypt(desk, &cert, cipher, error);
	return opened(plain, error);
}
