/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XJCA's ActiveX object, as the extension injects it: one key, one certificate, no names. 10000 is
 * success there.
 */
#include "assistant/bridge/families.h"
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/cert_info.h"
#include "assistant/bridge/families/certs.h"
#include "assistant/core/errors.h"

#include <string.h>

#define XJCA_OK  10000
#define XJCA_BAD 10001

static JsonNode *
number(gint64 value)
{
	return json_node_init_int(json_node_alloc(), value);
}

static JsonNode *
csp_installed(OukPageDesk *desk, JsonArray *args, GError **error)
{
	return json_node_init_boolean(json_node_alloc(), TRUE);
}

static JsonNode *
key_insert(OukPageDesk *desk, JsonArray *args, GError **error)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);

	return number(certs->len > 0 ? XJCA_OK : XJCA_BAD);
}

/* The only certificate, or the one the person chose when the page first asked for one. */
static gboolean
the_cert(OukPageDesk *desk, OukPageCert *ret, GError **error)
{
	g_autofree char *name = ouk_page_desk_note(desk, "cert");
	g_autofree char *chosen = NULL;

	if (name != NULL)
		return ouk_page_desk_find(desk, name, ret, error);
	if (!ouk_page_desk_choose(desk, ret, error))
		return FALSE;
	chosen = ouk_cert_name(ret);
	ouk_page_desk_set_note(desk, "cert", chosen);
	return TRUE;
}

/* The caller frees. */
static char *
cert_text(OukPageDesk *desk, int info, GError **error)
{
	g_auto(OukPageCert) cert = {NULL, NULL};
	const OukPairCert *sign;

	if (!the_cert(desk, &cert, error))
		return NULL;
	sign = ouk_pair_view_cert(cert.pair);
	if (sign == NULL) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	return ouk_cert_info(sign->x509, OUK_CERT_INFO_GM, info);
}

static JsonNode *
get_cert_sn(OukPageDesk *desk, JsonArray *args, GError **error)
{
	return ouk_answer_take(cert_text(desk, OUK_CERT_INFO_GM_SERIAL, error));
}

static JsonNode *
get_cert_dn(OukPageDesk *desk, JsonArray *args, GError **error)
{
	return ouk_answer_take(cert_text(desk, OUK_CERT_INFO_GM_SUBJECT, error));
}

static JsonNode *
verify_pin(OukPageDesk *desk, JsonArray *args, GError **error)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!the_cert(desk, &cert, error) || !ouk_page_desk_login(desk, cert.key, error))
		return NULL;
	return number(XJCA_OK);
}

static JsonNode *
sign_str(OukPageDesk *desk, JsonArray *args, GError **error)
{
	g_autoptr(GBytes) data = ouk_arg_bytes(args, 1, error);
	g_auto(OukPageCert) cert = {NULL, NULL};
	g_autoptr(GBytes) signature = NULL;

	if (data == NULL || !the_cert(desk, &cert, error))
		return NULL;
	signature = ouk_page_desk_sign(desk, &cert, OUK_PAGE_HASH_DEFAULT, data, error);
	return ouk_answer_base64(signature);
}

static char *
auth_xml(const char *text, const OukPairCert *sign, GBytes *signature)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	g_autofree char *cert = ouk_base64_write(sign->der);
	g_autofree char *value = ouk_base64_write(signature);

	return g_strconcat("<XJCA_CertAppAuth><success>true</success><data>", escaped,
			   "</data><cert>", cert, "</cert><signature>", value,
			   "</signature></XJCA_CertAppAuth>", NULL);
}

/*
 * address, application, name. The object asked the address over the network; for a page we ask
 * nobody, but sign who asks and what it asked, and the hall looks at that.
 */
static JsonNode *
cert_auth(OukPageDesk *desk, JsonArray *args, GError **error)
{
	g_autofree char *url = ouk_arg_need(args, 0, error);
	g_autofree char *application = url != NULL ? ouk_arg_need(args, 1, error) : NULL;
	g_autofree char *name = application != NULL ? ouk_arg_need(args, 2, error) : NULL;
	g_autofree char *text = NULL;
	g_autoptr(GBytes) data = NULL;
	g_autoptr(GBytes) signature = NULL;
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (name == NULL || !the_cert(desk, &cert, error))
		return NULL;
	text = g_strjoin("|", "XJCA_CertAuth", ouk_page_desk_origin(desk), url, application, name,
			 NULL);
	data = g_bytes_new(text, strlen(text));
	signature = ouk_page_desk_sign(desk, &cert, OUK_PAGE_HASH_DEFAULT, data, error);
	if (signature == NULL)
		return NULL;
	return ouk_answer_take(auth_xml(text, ouk_pair_view_info(cert.pair)->sign, signature));
}

static const OukFamilyRow rows[] = {
	{"XJCA_CspInstalled", OUK_GATE_FREE, csp_installed, 0, NULL},
	{"XJCA_KeyInsert", OUK_GATE_LIST, key_insert, 0, NULL},
	{"XJCA_GetCertSN", OUK_GATE_LIST, get_cert_sn, 0, NULL},
	{"XJCA_GetCertDN", OUK_GATE_LIST, get_cert_dn, 0, NULL},
	{"XJCA_VerifyPin", OUK_GATE_LOGIN, verify_pin, 1 << 0, NULL},
	{"XJCA_SignStr", OUK_GATE_SIGN, sign_str, 0, NULL},
	{"XJCA_CertAuth", OUK_GATE_SIGN, cert_auth, 0, NULL},
};

/* A number for those that answer with one, else nothing. */
static JsonNode *
failed(const OukFamilyRow *row, const GError *error)
{
	if (row != NULL && (row->handler == verify_pin || row->handler == key_insert))
		return number(XJCA_BAD);
	return ouk_answer_text("");
}

const OukFamily ouk_family_xjca = {"xjca", rows, G_N_ELEMENTS(rows), failed};
