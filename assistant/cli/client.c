/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose key it is, and which CA's service helps with it. */
#include "assistant/cli/order.h"
#include "assistant/core/errors.h"
#include "assistant/core/memory.h"

#include <string.h>

/* A CA whose service is not for programs is no error: the person is sent elsewhere. */
static gboolean
service_open(CliClient *client, GError **error)
{
	g_autoptr(GError) none = NULL;

	client->service = ouk_service_new(client->profile, &none);
	if (client->service == NULL && !g_error_matches(none, OUK_ERROR, OUK_E_SERVICE_NONE)) {
		g_propagate_error(error, g_steal_pointer(&none));
		return FALSE;
	}
	client->orders = ouk_orders_open(NULL, error);
	return client->orders != NULL;
}

/* --ca says more than the certificate does. */
static gboolean
profile_choose(CliClient *client, GError **error)
{
	client->profiles = ouk_profiles_load_default();
	if (cli_order_options.ca != NULL)
		client->profile = ouk_profiles_find(client->profiles, cli_order_options.ca);
	else if (client->x509 != NULL)
		client->profile = ouk_profiles_for_cert(client->profiles, client->x509);
	return client->profile != NULL || ouk_fail(error, OUK_E_CA_UNKNOWN);
}

/* Of two certificates the one that counts: valid ones first, then the one that ends last. */
static gboolean
counts_more(const OukCert *one, const OukCert *other)
{
	gboolean good = ouk_x509_state(one->x509) != OUK_CERT_ENDED;
	gboolean other_good = ouk_x509_state(other->x509) != OUK_CERT_ENDED;

	if (good != other_good)
		return good;
	return ASN1_TIME_compare(X509_get0_notAfter(one->x509), X509_get0_notAfter(other->x509)) >
	       0;
}

static gboolean
cert_choose(CliClient *client, GError **error)
{
	g_autoptr(GPtrArray) certs = NULL;
	guint best = 0, count = 0;

	if (cli_options.cert != NULL) {
		client->cert = cli_one_cert(&client->keys, OUK_PAIR_SIGN, error);
		return client->cert != NULL;
	}
	certs = ouk_token_certs(client->token, error);
	if (certs == NULL)
		return FALSE;
	for (guint i = 0; i < certs->len; i++) {
		const OukCert *cert = g_ptr_array_index(certs, i);

		if (cert->authority || cert->pair == OUK_PAIR_ENCRYPT)
			continue;
		if (count++ == 0 || counts_more(cert, g_ptr_array_index(certs, best)))
			best = i;
	}
	if (count == 0)
		return ouk_fail(error, OUK_E_NO_CERT);
	client->cert = g_ptr_array_steal_index(certs, best);
	return TRUE;
}

gboolean
cli_client_of_key(CliClient *client, GError **error)
{
	if (!cli_keys_open(&client->keys, FALSE, error))
		return FALSE;
	client->token = cli_one_token(&client->keys, FALSE, error);
	if (client->token == NULL || !ouk_token_open(client->token, FALSE, error) ||
	    !cert_choose(client, error))
		return FALSE;
	client->x509 = client->cert->x509;
	client->serial = g_strdup(client->token->serial);
	return profile_choose(client, error) && service_open(client, error);
}

/* The one real CA that has a service; the rehearsal's only where its service was started. */
static void
only_service(CliClient *client)
{
	const GPtrArray *all = ouk_profiles_list(client->profiles);
	gboolean rehearsing = g_getenv("OPENUKEY_SERVICE") != NULL;
	guint count = 0;

	for (guint i = 0; i < all->len; i++) {
		const OukProfile *profile = g_ptr_array_index(all, i);

		if (profile->service.url == NULL || profile->rehearsal != rehearsing)
			continue;
		client->profile = profile;
		count++;
	}
	if (count != 1)
		client->profile = NULL;
}

gboolean
cli_client_of_ca(CliClient *client, GError **error)
{
	client->profiles = ouk_profiles_load_default();
	if (cli_order_options.ca != NULL)
		client->profile = ouk_profiles_find(client->profiles, cli_order_options.ca);
	else
		only_service(client);
	if (client->profile == NULL)
		return ouk_fail(error, OUK_E_CA_UNKNOWN);
	return service_open(client, error);
}

static gboolean
remembered_fits(const OukRemembered *row, const char *which)
{
	const OukPairInfo *info = ouk_pair_view_info(row->pair);

	if (info->status == OUK_PAIR_SUPERSEDED || ouk_pair_view_cert(row->pair) == NULL)
		return FALSE;
	return which == NULL || g_str_has_prefix(row->id, which) ||
	       g_strcmp0(info->unit, which) == 0 || g_strcmp0(row->serial_end, which) == 0 ||
	       g_strcmp0(row->nickname, which) == 0 || g_str_has_suffix(row->key_id, which);
}

/* What tells keys apart is "maker/serial number". */
static char *
serial_of(const OukRemembered *row)
{
	const char *slash = strrchr(row->key_id, '/');

	return slash == NULL || row->key_id[0] == '?' ? NULL : g_strdup(slash + 1);
}

gboolean
cli_client_of_memory(CliClient *client, const char *which, GError **error)
{
	g_autoptr(OukMemory) memory = ouk_memory_open(NULL, error);
	g_autoptr(GString) choices = g_string_new(NULL);
	guint count = 0;

	if (memory == NULL)
		return FALSE;
	client->remembered = ouk_memory_list(memory);
	for (guint i = 0; i < client->remembered->len; i++) {
		const OukRemembered *row = g_ptr_array_index(client->remembered, i);

		if (!remembered_fits(row, which))
			continue;
		g_string_append_printf(choices, "\n  %.11s   %s", row->id,
				       ouk_pair_view_info(row->pair)->unit);
		g_free(client->serial);
		client->serial = serial_of(row);
		client->x509 = ouk_pair_view_cert(row->pair)->x509;
		count++;
	}
	if (count > 1)
		return ouk_fail_with(error, OUK_E_SEVERAL_CERTS, "%s", choices->str);
	if (count == 0 || client->serial == NULL)
		return ouk_fail(error, OUK_E_NOT_REMEMBERED);
	return profile_choose(client, error) && service_open(client, error);
}

void
cli_client_close(CliClient *client)
{
	g_clear_pointer(&client->orders, ouk_orders_unref);
	g_clear_pointer(&client->service, ouk_service_unref);
	g_clear_pointer(&client->profiles, ouk_profiles_unref);
	g_clear_pointer(&client->serial, g_free);
	g_clear_pointer(&client->cert, ouk_cert_free);
	g_clear_pointer(&client->remembered, g_ptr_array_unref);
	cli_keys_close(&client->keys);
}
