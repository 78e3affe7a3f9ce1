/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desk of page_desk.h: what private keys do for a page. */
#include "assistant/bridge/key_work.h"
#include "assistant/bridge/site.h"
#include "assistant/core/cms.h"
#include "assistant/core/errors.h"
#include "assistant/core/seal.h"
#include "assistant/core/signed.h"

#include <glib/gi18n.h>
#include <string.h>

#define CHALLENGE_MIN 32

static const OukRate sign_rate = {5, 60};

/* Something that a private key does. */
struct use {
	OukPageDesk *desk;
	const OukPageCert *cert;
	const OukPairCert *with; /* which of the pair */
	/* On the key; makes ->out. */
	gboolean (*make)(struct use *use, OukToken *token, OukSigner *signer, GError **error);
	GBytes *in, *out;
	const EVP_MD *digest;
	gboolean attached;
	OukRecord what;
	OukJournalLine *begun; /* NULL: the key has not been asked */
};

/* ---- on the key ---- */

static GBytes *
id_bytes(const char *hex)
{
	GByteArray *bytes = g_byte_array_new();

	for (; hex != NULL && g_ascii_isxdigit(hex[0]) && g_ascii_isxdigit(hex[1]); hex += 2) {
		guint8 byte =
			(guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));

		g_byte_array_append(bytes, &byte, 1);
	}
	return g_byte_array_free_to_bytes(bytes);
}

/* The disk takes the line while the key works. FALSE: then the key does not. */
static gboolean
use_begin(struct use *use, GError **error)
{
	if (use->begun == NULL)
		use->begun = record_begin(use->desk->page, &use->what, error);
	return use->begun != NULL;
}

static gboolean
key_run(struct use *use, OukToken *token, const struct uk_secret *pin, GError **error)
{
	g_autoptr(GBytes) id = id_bytes(use->with->id);
	EVP_PKEY *public_key = X509_get0_pubkey(use->with->x509);
	OukSigner signer = {0};

	if (public_key == NULL)
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	if (!ouk_signer_find(&signer, token, id, public_key, error))
		return FALSE;
	signer.pin = pin;
	signer.digest = use->digest;
	return use->make(use, token, &signer, error);
}

static gboolean
use_run(OukToken *token, const struct uk_secret *pin, gpointer data, GError **error)
{
	struct use *use = data;
	gint64 began;
	gboolean done;

	if (!use_begin(use, error))
		return FALSE;
	began = g_get_monotonic_time();
	done = key_run(use, token, pin, error);
	/* what is the key's of a call, and what is ours: tests/bench/bridge.py */
	g_debug("key %" G_GINT64_FORMAT " us", g_get_monotonic_time() - began);
	return done;
}

static gboolean
make_signature(struct use *use, OukToken *token, OukSigner *signer, GError **error)
{
	use->out = ouk_signer_sign(signer, use->in, error);
	return use->out != NULL;
}

static gboolean
make_message(struct use *use, OukToken *token, OukSigner *signer, GError **error)
{
	use->out = ouk_cms_sign(signer, use->with->x509, use->in, use->attached, error);
	return use->out != NULL;
}

static gboolean
make_opened(struct use *use, OukToken *token, OukSigner *signer, GError **error)
{
	use->out = ouk_seal_open(signer, use->with->x509, use->in, error);
	return use->out != NULL;
}

static gboolean
make_decrypted(struct use *use, OukToken *token, OukSigner *signer, GError **error)
{
	use->out = ouk_seal_decrypt(signer, use->in, error);
	return use->out != NULL;
}

/* ---- what every use goes through ---- */

/* Keys that want the PIN for each use get it from a window each time. */
static gboolean
use_once(struct use *use, OukLogin *login, GError **error)
{
	const KeyAsk ask = {OUK_PROMPT_SIGN, "", use_run, use};

	if ((ouk_token_view_info(use->cert->key)->flags & OUK_TOKEN_AUTH_EACH_USE) != 0)
		return key_ask_pin(use->desk, use->cert->key, login, &ask, error);
	return key_do(login, use_run, use, error);
}

/* The login may be gone: another program took it, or the key forgot it. Asked anew once. */
static gboolean
use_do(struct use *use, GError **error)
{
	OukPageDesk *desk = use->desk;
	OukTokenView *key = use->cert->key;
	const char *token_id = ouk_token_view_info(key)->id;

	for (guint i = 0;; i++) {
		g_autoptr(OukLogin) login = NULL;
		g_autoptr(GError) wrong = NULL;

		if (!ouk_page_desk_login(desk, key, error))
			return FALSE;
		login = ouk_sessions_find(desk->bridge->sessions, desk->page->id, token_id);
		if (login == NULL)
			return ouk_fail(error, OUK_E_LOGIN_LOST);
		if (use_once(use, login, &wrong)) {
			ouk_sessions_use(desk->bridge->sessions, desk->page->id, token_id);
			return TRUE;
		}
		if (!g_error_matches(wrong, OUK_ERROR, OUK_E_LOGIN_LOST) || i > 0) {
			g_propagate_error(error, g_steal_pointer(&wrong));
			return FALSE;
		}
		(void)ouk_sessions_end(desk->bridge->sessions,
				       &(OukSessionFilter){.token_id = token_id}, "lost");
	}
}

static gboolean
use_record(struct use *use, const GError *result, GError **error)
{
	OukJournalLine *begun = g_steal_pointer(&use->begun);

	if (begun != NULL)
		return record_end(use->desk->page, begun, &use->what, result, error);
	return record_page(use->desk->page, &use->what, result, error);
}

/* Done, and written down before the page has it. */
static GBytes *
use_finish(struct use *use, const char *event, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	gboolean done, written;

	use->what = (OukRecord){event, use->desk->call->row->name, use->cert};
	done = use_do(use, &wrong);
	written = use_record(use, wrong, done ? error : NULL);
	if (done && written)
		return use->out;
	g_clear_pointer(&use->out, g_bytes_unref);
	if (!done)
		g_propagate_error(error, g_steal_pointer(&wrong));
	return NULL;
}

/* ---- signatures ---- */

static gboolean
rate_fits(OukPageDesk *desk)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&desk->bridge->lock);
	g_autofree char *name = g_strdup_printf("sign %s", desk->page->origin);

	return ouk_rates_take(desk->bridge->rates, name, &sign_rate, g_get_monotonic_time());
}

static gboolean
rate_ask(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	g_autofree char *site = NULL;
	g_autofree char *heading = NULL;

	if (rate_fits(desk))
		return TRUE;
	site = site_words(desk->page);
	heading = g_strdup_printf(_("Sign once more for %s?"), site);
	return key_confirm(desk, key, heading,
			   _("The site had more than five signatures within a minute. If you are "
			     "not doing something that needs so many, cancel and close the page."),
			   _("_Sign"), error);
}

/* What our own protocols sign is never signed for a page, whatever it says it is for. */
static gboolean
data_check(OukPageDesk *desk, GBytes *data, GError **error)
{
	g_autoptr(GError) refusal = NULL;

	if (!ouk_signed_is_ours(data))
		return TRUE;
	ouk_fail(&refusal, OUK_E_PAGE_DATA);
	record_refusal(desk->page, desk->call->row->name, refusal);
	g_propagate_error(error, g_steal_pointer(&refusal));
	return FALSE;
}

/* NULL: the key's own. FALSE: not with this key. */
static gboolean
digest_find(OukPageHash hash, const OukPairCert *cert, const EVP_MD **ret, GError **error)
{
	const OukKeyType type = ouk_key_type(X509_get0_pubkey(cert->x509));

	*ret = NULL;
	if (hash == OUK_PAGE_HASH_SHA1 && type == OUK_KEY_RSA)
		*ret = EVP_sha1();
	else if ((hash == OUK_PAGE_HASH_SM3 && type != OUK_KEY_SM2) ||
		 (hash == OUK_PAGE_HASH_SHA256 && type == OUK_KEY_SM2) ||
		 (hash == OUK_PAGE_HASH_SHA1 && type != OUK_KEY_RSA))
		return ouk_fail(error, OUK_E_UNSUPPORTED);
	return TRUE;
}

static gboolean
signing_cert(const OukPageCert *cert, const OukPairCert **ret, GError **error)
{
	*ret = ouk_pair_view_info(cert->pair)->sign;
	return *ret != NULL || ouk_fail(error, OUK_E_NO_CERT);
}

static GBytes *
sign_checked(struct use *use, GError **error)
{
	if (!signing_cert(use->cert, &use->with, error) ||
	    !rate_ask(use->desk, use->cert->key, error))
		return NULL;
	return use_finish(use, "sign", error);
}

GBytes *
ouk_page_desk_sign(OukPageDesk *desk, const OukPageCert *cert, OukPageHash hash, GBytes *data,
		   GError **error)
{
	struct use use = {.desk = desk, .cert = cert, .make = make_signature, .in = data};

	if (!data_check(desk, data, error) || !signing_cert(cert, &use.with, error) ||
	    !digest_find(hash, use.with, &use.digest, error))
		return NULL;
	return sign_checked(&use, error);
}

GBytes *
ouk_page_desk_sign_message(OukPageDesk *desk, const OukPageCert *cert, GBytes *content,
			   gboolean attached, GError **error)
{
	struct use use = {.desk = desk,
			  .cert = cert,
			  .make = make_message,
			  .in = content,
			  .attached = attached};

	return data_check(desk, content, error) ? sign_checked(&use, error) : NULL;
}

/* ---- the modern login ---- */

/* origin 00 challenge */
static GBytes *
sign_in_message(const char *origin, GBytes *challenge)
{
	GByteArray *body = g_byte_array_new();
	g_autoptr(GBytes) bytes = NULL;

	g_byte_array_append(body, (const guint8 *)origin, (guint)strlen(origin) + 1);
	g_byte_array_append(body, g_bytes_get_data(challenge, NULL),
			    (guint)g_bytes_get_size(challenge));
	bytes = g_byte_array_free_to_bytes(body);
	return ouk_signed_message_of(OUK_PURPOSE_LOGIN, bytes);
}

static void
put_bytes(JsonObject *object, const char *name, GBytes *bytes)
{
	gsize len;
	const guchar *data = g_bytes_get_data(bytes, &len);
	g_autofree char *text = g_base64_encode(data, len);

	json_object_set_string_member(object, name, text);
}

static JsonNode *
sign_in_token(const OukPairCert *cert, const char *algorithm, GBytes *signature)
{
	JsonNode *node = json_node_new(JSON_NODE_OBJECT);
	JsonObject *object = json_object_new();

	json_object_set_string_member(object, "format", "openukey-login-1");
	put_bytes(object, "certificate", cert->der);
	json_object_set_string_member(object, "algorithm", algorithm);
	put_bytes(object, "signature", signature);
	json_node_take_object(node, object);
	return node;
}

JsonNode *
ouk_page_desk_sign_in(OukPageDesk *desk, const OukPageCert *cert, GBytes *challenge, GError **error)
{
	struct use use = {.desk = desk, .cert = cert, .make = make_signature};
	g_autoptr(GBytes) message = sign_in_message(desk->page->origin, challenge);
	g_autoptr(GBytes) signature = NULL;
	OukKeyType type;

	if (g_bytes_get_size(challenge) < CHALLENGE_MIN) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	if (!signing_cert(cert, &use.with, error))
		return NULL;
	type = ouk_key_type(X509_get0_pubkey(use.with->x509));
	if (type != OUK_KEY_RSA && type != OUK_KEY_SM2) {
		ouk_fail(error, OUK_E_UNSUPPORTED);
		return NULL;
	}
	use.in = message;
	signature = sign_checked(&use, error);
	if (signature == NULL)
		return NULL;
	return sign_in_token(use.with, type == OUK_KEY_RSA ? "rsa-sha256" : "sm2-sm3", signature);
}

/* ---- decrypting ---- */

static gboolean
open_ask(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	g_autofree char *site = site_words(desk->page);
	g_autofree char *heading = g_strdup_printf(_("Decrypt something for %s?"), site);

	return key_confirm(desk, key, heading,
			   _("The site will be able to read what was encrypted to your unit. Agree "
			     "only if you expected it."),
			   _("_Decrypt"), error);
}

static GBytes *
decrypt_with(struct use *use, GError **error)
{
	const OukPairInfo *pair = ouk_pair_view_info(use->cert->pair);

	use->with = pair->encrypt != NULL ? pair->encrypt : pair->sign;
	if (use->with == NULL) {
		ouk_fail(error, OUK_E_NO_CERT);
		return NULL;
	}
	if (!ouk_page_desk_login(use->desk, use->cert->key, error) ||
	    !open_ask(use->desk, use->cert->key, error))
		return NULL;
	return use_finish(use, "decrypt", error);
}

GBytes *
ouk_page_desk_open_envelope(OukPageDesk *desk, const OukPageCert *cert, GBytes *envelope,
			    GError **error)
{
	struct use use = {.desk = desk, .cert = cert, .make = make_opened, .in = envelope};

	return decrypt_with(&use, error);
}

GBytes *
ouk_page_desk_decrypt(OukPageDesk *desk, const OukPageCert *cert, GBytes *cipher, GError **error)
{
	struct use use = {.desk = desk, .cert = cert, .make = make_decrypted, .in = cipher};

	return decrypt_with(&use, error);
}
