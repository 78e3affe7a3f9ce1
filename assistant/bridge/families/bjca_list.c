/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is public of keys: lists, certificates, serial numbers, tries. */
#include "assistant/bridge/families/args.h"
#include "assistant/bridge/families/bjca_handlers.h"
#include "assistant/bridge/families/certs.h"
#include "assistant/core/errors.h"

#include <string.h>

/* ---- certificates ---- */

/* Nothing that a page would take for the end of the name. */
static char *
list_name(const char *unit)
{
	g_autoptr(GString) name = g_string_new(unit);

	g_string_replace(name, "||", " ", 0);
	g_string_replace(name, "&&&", " ", 0);
	return g_strdup(name->str);
}

BJCA_HANDLER(get_user_list)
{
	g_autoptr(GPtrArray) certs = ouk_certs_of_desk(desk);
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < certs->len; i++) {
		const OukPageCert *cert = g_ptr_array_index(certs, i);
		g_autofree char *name = list_name(ouk_pair_view_info(cert->pair)->unit);
		g_autofree char *id = ouk_cert_name(cert);

		g_string_append_printf(list, "%s||%s&&&", name, id);
	}
	return ouk_answer_text(list->str);
}

BJCA_HANDLER(export_user_cert)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	return ouk_cert_answer(ouk_pair_view_info(cert.pair)->sign, error);
}

BJCA_HANDLER(export_exchange_cert)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	return ouk_cert_answer(ouk_pair_view_info(cert.pair)->encrypt, error);
}

/* serial number, container, whether it is the signing key */
BJCA_HANDLER(export_pub_key)
{
	g_autofree char *serial = ouk_arg_need(args, 0, error);
	g_autofree char *container = serial != NULL ? ouk_arg_need(args, 1, error) : NULL;
	g_autofree char *flag = ouk_arg_text(args, 2);
	gboolean exchange = g_strcmp0(flag, "false") == 0 || g_strcmp0(flag, "0") == 0;
	g_autofree char *name = NULL;
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (container == NULL)
		return NULL;
	name = g_strconcat(container, "/", serial, NULL);
	if (!ouk_page_desk_find(desk, name, &cert, error))
		return NULL;
	return ouk_cert_public_key(exchange ? ouk_pair_view_info(cert.pair)->encrypt
					    : ouk_pair_view_info(cert.pair)->sign,
				   error);
}

BJCA_HANDLER(is_container_exist)
{
	g_autofree char *serial = ouk_arg_need(args, 0, error);
	g_autofree char *container = serial != NULL ? ouk_arg_need(args, 1, error) : NULL;
	g_autofree char *name = NULL;
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (container == NULL)
		return NULL;
	name = g_strconcat(container, "/", serial, NULL);
	return ouk_answer_truth(ouk_page_desk_find(desk, name, &cert, NULL));
}

/* ---- keys ---- */

BJCA_HANDLER(get_device_count)
{
	g_autoptr(GPtrArray) keys = ouk_page_desk_keys(desk);

	return ouk_answer_number(keys->len);
}

BJCA_HANDLER(get_all_device_sn)
{
	g_autoptr(GPtrArray) keys = ouk_page_desk_keys(desk);
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < keys->len; i++)
		g_string_append_printf(list, "%s%s", i > 0 ? ";" : "",
				       ouk_token_view_info(g_ptr_array_index(keys, i))->serial);
	return ouk_answer_text(list->str);
}

BJCA_HANDLER(get_device_sn_by_index)
{
	g_autoptr(GPtrArray) keys = ouk_page_desk_keys(desk);
	gint64 index = ouk_arg_number(args, 0);

	if (index < 0 || index >= keys->len) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	return ouk_answer_text(ouk_token_view_info(g_ptr_array_index(keys, (guint)index))->serial);
}

BJCA_HANDLER(is_device_exist)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	return ouk_answer_truth(ouk_certs_find_arg(desk, args, 0, &cert, NULL));
}

BJCA_HANDLER(get_container_count)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	return ouk_answer_number(ouk_token_view_info(cert.key)->pairs->len);
}

/* GetDeviceInfo's numbers */
enum {
	DEVICE_LABEL = 1,
	DEVICE_FREE = 2,
	DEVICE_SERIAL = 3,
	DEVICE_ALGORITHM = 4,
	DEVICE_HARD_OR_SOFT = 7,
	DEVICE_KEY_TYPE = 115,
	DEVICE_USB = 116,
};

static gboolean
is_sm2(const OukPageCert *cert)
{
	const OukPairCert *sign = ouk_pair_view_cert(cert->pair);

	return sign != NULL && g_strcmp0(sign->algorithm, "SM2") == 0;
}

BJCA_HANDLER(get_device_info)
{
	g_auto(OukPageCert) cert = {NULL, NULL};
	const OukTokenInfo *info;

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	info = ouk_token_view_info(cert.key);
	switch (ouk_arg_number(args, 1)) {
	case DEVICE_LABEL:
		return ouk_answer_text(info->label);
	case DEVICE_SERIAL:
		return ouk_answer_text(info->serial);
	case DEVICE_ALGORITHM:
		return ouk_answer_text(is_sm2(&cert) ? "SM2" : "RSA");
	case DEVICE_HARD_OR_SOFT:
		return ouk_answer_text("HARD");
	case DEVICE_KEY_TYPE:
		return ouk_answer_number(is_sm2(&cert) ? 20 : 10);
	case DEVICE_FREE:
	case DEVICE_USB:
		return ouk_answer_text(""); /* pages have no use for it */
	default:
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
}

BJCA_HANDLER(get_pin_retry_count)
{
	g_auto(OukPageCert) cert = {NULL, NULL};

	if (!ouk_certs_find_arg(desk, args, 0, &cert, error))
		return NULL;
	return ouk_answer_number(ouk_page_desk_tries(desk, cert.key));
}
