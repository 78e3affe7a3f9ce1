/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "assistant/bridge/families/certs.h"

#include "assistant/bridge/families/args.h"
#include "assistant/core/errors.h"

static void
cert_free(gpointer data)
{
	OukPageCert *cert = data;

	ouk_page_cert_clear(cert);
	g_free(cert);
}

GPtrArray *
ouk_certs_of_desk(OukPageDesk *desk)
{
	g_autoptr(GPtrArray) keys = ouk_page_desk_keys(desk);
	GPtrArray *certs = g_ptr_array_new_with_free_func(cert_free);

	for (guint i = 0; i < keys->len; i++) {
		OukTokenView *key = g_ptr_array_index(keys, i);
		const GPtrArray *pairs = ouk_token_view_info(key)->pairs;

		for (guint j = 0; j < pairs->len; j++) {
			OukPairView *pair = g_ptr_array_index(pairs, j);
			const OukPairInfo *info = ouk_pair_view_info(pair);
			OukPageCert *cert;

			if (info->sign == NULL || info->key_missing)
				continue;
			cert = g_new0(OukPageCert, 1);
			cert->key = g_object_ref(key);
			cert->pair = g_object_ref(pair);
			g_ptr_array_add(certs, cert);
		}
	}
	return certs;
}

char *
ouk_cert_name(const OukPageCert *cert)
{
	return g_strconcat(ouk_pair_view_info(cert->pair)->name, "/",
			   ouk_token_view_info(cert->key)->serial, NULL);
}

gboolean
ouk_certs_find_arg(OukPageDesk *desk, JsonArray *args, guint n, OukPageCert *ret, GError **error)
{
	g_autofree char *name = ouk_arg_need(args, n, error);

	return name != NULL && ouk_page_desk_find(desk, name, ret, error);
}

JsonNode *
ouk_cert_answer(const OukPairCert *cert, GError **error)
{
	if (cert == NULL) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	return ouk_answer_base64(cert->der);
}

JsonNode *
ouk_cert_public_key(const OukPairCert *cert, GError **error)
{
	unsigned char *der = NULL;
	g_autoptr(GBytes) bytes = NULL;
	int len = cert != NULL && cert->x509 != NULL
			  ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &der)
			  : 0;

	bytes = len > 0 ? g_bytes_new(der, (gsize)len) : NULL;
	OPENSSL_free(der);
	if (bytes == NULL)
		ouk_fail(error, OUK_E_NO_CERT);
	return ouk_answer_base64(bytes);
}
