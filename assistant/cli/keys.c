/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which key and which certificate is meant. */
#include "assistant/cli/cli.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <string.h>

static gboolean
token_fits(const OukToken *token)
{
	const char *name = cli_options.token;

	if (cli_options.slot >= 0 && token->slot != (CK_SLOT_ID)cli_options.slot)
		return FALSE;
	return name == NULL || strcmp(name, token->label) == 0 || strcmp(name, token->serial) == 0;
}

/* SoftHSM and its like always offer one token that nobody uses. */
static gboolean
is_spare(const OukToken *token)
{
	return token->blank && token->vendor == NULL;
}

gboolean
cli_keys_open(CliKeys *keys, gboolean spares, GError **error)
{
	const char *path = cli_options.module;

	if (path == NULL)
		path = g_getenv("OPENUKEY_MODULE"); /* for trying out a module not installed */
	keys->modules = ouk_modules_load(path, error);
	if (keys->modules == NULL)
		return FALSE;
	keys->tokens = ouk_modules_tokens(keys->modules, error);
	if (keys->tokens == NULL)
		return FALSE;
	for (guint i = keys->tokens->len; i > 0 && !spares; i--)
		if (is_spare(g_ptr_array_index(keys->tokens, i - 1)))
			g_ptr_array_remove_index(keys->tokens, i - 1);
	if (keys->tokens->len == 0)
		return ouk_fail(error, OUK_E_NO_KEY);
	for (guint i = keys->tokens->len; i > 0; i--)
		if (!token_fits(g_ptr_array_index(keys->tokens, i - 1)))
			g_ptr_array_remove_index(keys->tokens, i - 1);
	return keys->tokens->len > 0 || ouk_fail(error, OUK_E_OTHER_KEY);
}

void
cli_keys_close(CliKeys *keys)
{
	g_clear_pointer(&keys->tokens, g_ptr_array_unref);
	g_clear_pointer(&keys->modules, ouk_modules_free);
}

OukToken *
cli_one_token(CliKeys *keys, gboolean blank, GError **error)
{
	g_autoptr(GString) choices = g_string_new(NULL);
	OukToken *found = NULL;
	guint count = 0;

	for (guint i = 0; i < keys->tokens->len; i++) {
		OukToken *token = g_ptr_array_index(keys->tokens, i);

		if (token->blank && !blank)
			continue;
		found = token;
		count++;
		g_string_append_printf(choices, "\n  --token %s   %s", token->serial, token->label);
	}
	if (count == 0)
		ouk_fail(error, OUK_E_BLANK);
	if (count > 1)
		ouk_fail_with(error, OUK_E_SEVERAL_KEYS, "%s", choices->str);
	return count == 1 ? found : NULL;
}

static gboolean
cert_fits(const OukCert *cert, OukPair pair)
{
	g_autofree char *id = ouk_cert_id_text(cert);
	g_autofree char *unit = ouk_x509_unit(cert->x509);
	const char *name = cli_options.cert;

	if (pair == OUK_PAIR_SIGN && cert->pair == OUK_PAIR_ENCRYPT)
		return FALSE;
	return name == NULL || g_ascii_strcasecmp(name, id) == 0 ||
	       strcmp(name, cert->label) == 0 || g_strcmp0(name, cert->container) == 0 ||
	       strcmp(name, unit) == 0;
}

/* One line to choose from. */
static void
add_choice(GString *choices, const OukCert *cert)
{
	g_autofree char *id = ouk_cert_id_text(cert);
	g_autofree char *unit = ouk_x509_unit(cert->x509);

	g_string_append_printf(
		choices, "\n  --token %s --cert %s   %s%s", cert->token->serial, id, unit,
		cert->pair == OUK_PAIR_ENCRYPT ? _(" (encryption certificate)") : "");
}

/* What has been seen of the certificates on all keys that may be meant. */
struct search {
	OukPair pair;
	OukCert *found;
	guint count;
	GString *choices;
};

/* Looks through one key; the certificate found is taken out of the list. */
static gboolean
search_token(struct search *search, OukToken *token, GError **error)
{
	g_autoptr(GPtrArray) certs = NULL;

	if (!ouk_token_open(token, FALSE, error))
		return FALSE;
	certs = ouk_token_certs(token, error);
	if (certs == NULL)
		return FALSE;
	for (guint i = certs->len; i > 0; i--) {
		OukCert *cert = g_ptr_array_index(certs, i - 1);

		if (!cert_fits(cert, search->pair))
			continue;
		search->count++;
		add_choice(search->choices, cert);
		if (search->found == NULL)
			search->found = g_ptr_array_steal_index(certs, i - 1);
	}
	return TRUE;
}

static OukCert *
search_all(CliKeys *keys, OukPair pair, GError **error)
{
	g_autoptr(GString) choices = g_string_new(NULL);
	struct search search = {.pair = pair, .choices = choices};

	for (guint i = 0; i < keys->tokens->len; i++) {
		OukToken *token = g_ptr_array_index(keys->tokens, i);

		if (!token->blank && !search_token(&search, token, error)) {
			ouk_cert_free(search.found);
			return NULL;
		}
	}
	if (search.count == 1)
		return search.found;
	ouk_cert_free(search.found);
	if (search.count == 0)
		ouk_fail(error, OUK_E_NO_CERT);
	else
		ouk_fail_with(error, OUK_E_SEVERAL_CERTS, "%s", choices->str);
	return NULL;
}

OukCert *
cli_one_cert(CliKeys *keys, OukPair pair, GError **error)
{
	g_autoptr(GError) first = NULL;
	OukCert *cert = search_all(keys, pair, &first);

	/* of a container's two certificates the signing one says who the unit is */
	if (cert == NULL && pair == OUK_PAIR_UNKNOWN &&
	    g_error_matches(first, OUK_ERROR, OUK_E_SEVERAL_CERTS))
		cert = search_all(keys, OUK_PAIR_SIGN, NULL);
	if (cert == NULL)
		g_propagate_error(error, g_steal_pointer(&first));
	return cert;
}

GBytes *
cli_paper_sign(const OukApproval *paper, const char *name, const OukCert *cert, GError **error)
{
	UK_SECRET pin = {0};
	OukSigner signer = {.pin = &pin};
	GBytes *answer;

	if (!ouk_token_open(cert->token, FALSE, error) ||
	    !cli_login(cert->token, _("approve this"), &pin, error) ||
	    !ouk_signer_find(&signer, cert->token, cert->id, X509_get0_pubkey(cert->x509), error))
		return NULL;
	answer = ouk_approval_sign(paper, name, &signer, error);
	ouk_token_logout(cert->token);
	return answer;
}
