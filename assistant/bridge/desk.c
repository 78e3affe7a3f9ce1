/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The desk of page_desk.h: finding certificates, logging in and out, the PIN window. */
#include "assistant/bridge/key_work.h"
#include "assistant/bridge/site.h"
#include "assistant/core/errors.h"

#include <glib/gi18n.h>
#include <openssl/rand.h>
#include <string.h>

#define NOTES_MAX   32
#define NOTE_MAX    4096
#define CHOICES_MAX 16

const char *
ouk_page_desk_origin(OukPageDesk *desk)
{
	return desk->page->origin;
}

char *
ouk_page_desk_note(OukPageDesk *desk, const char *name)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&desk->page->lock);

	return g_strdup(g_hash_table_lookup(desk->page->notes, name));
}

void
ouk_page_desk_set_note(OukPageDesk *desk, const char *name, const char *text)
{
	G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&desk->page->lock);

	if (text == NULL)
		g_hash_table_remove(desk->page->notes, name);
	else if (strlen(text) <= NOTE_MAX && (g_hash_table_size(desk->page->notes) < NOTES_MAX ||
					      g_hash_table_contains(desk->page->notes, name)))
		g_hash_table_replace(desk->page->notes, g_strdup(name), g_strdup(text));
}

int
ouk_page_desk_last_error(OukPageDesk *desk)
{
	return desk->last_error;
}

/* ---- certificates ---- */

GPtrArray *
ouk_page_desk_keys(OukPageDesk *desk)
{
	return g_ptr_array_ref(desk->call->keys);
}

void
ouk_page_cert_clear(OukPageCert *cert)
{
	g_clear_object(&cert->key);
	g_clear_object(&cert->pair);
}

static gboolean
cert_is(const OukPairCert *cert, const char *name)
{
	g_autofree char *unit = NULL;

	if (cert == NULL)
		return FALSE;
	if (g_ascii_strcasecmp(cert->serial, name) == 0 ||
	    g_ascii_strcasecmp(cert->sha256, name) == 0)
		return TRUE;
	unit = ouk_x509_unit(cert->x509);
	return g_strcmp0(unit, name) == 0;
}

static gboolean
pair_fits(const OukTokenInfo *key, const OukPairInfo *pair, const char *name)
{
	g_autofree char *both = g_strdup_printf("%s/%s", pair->name, key->serial);

	return strcmp(name, both) == 0 || strcmp(name, pair->name) == 0 ||
	       strcmp(name, key->serial) == 0 || cert_is(pair->sign, name) ||
	       cert_is(pair->encrypt, name);
}

gboolean
ouk_page_desk_find(OukPageDesk *desk, const char *name, OukPageCert *ret, GError **error)
{
	GPtrArray *keys = desk->call->keys;
	gboolean any = name == NULL || *name == '\0';

	for (guint i = 0; i < keys->len; i++) {
		OukTokenView *key = g_ptr_array_index(keys, i);
		const OukTokenInfo *info = ouk_token_view_info(key);

		/* best first */
		for (guint j = 0; j < info->pairs->len; j++) {
			OukPairView *pair = g_ptr_array_index(info->pairs, j);

			if (ouk_pair_view_cert(pair) == NULL ||
			    (!any && !pair_fits(info, ouk_pair_view_info(pair), name)))
				continue;
			*ret = (OukPageCert){g_object_ref(key), g_object_ref(pair)};
			return TRUE;
		}
	}
	return ouk_fail(error, keys->len == 0 ? OUK_E_NO_KEY : OUK_E_NO_CERT);
}

/* Those that can be used; the array owns them. */
static GPtrArray *
certs_all(OukPageDesk *desk, GString *lines)
{
	GPtrArray *certs = g_ptr_array_new();
	GPtrArray *keys = desk->call->keys;

	for (guint i = 0; i < keys->len; i++) {
		const OukTokenInfo *info = ouk_token_view_info(g_ptr_array_index(keys, i));

		for (guint j = 0; j < info->pairs->len && certs->len < CHOICES_MAX; j++) {
			OukPairView *pair = g_ptr_array_index(info->pairs, j);
			const OukPairInfo *facts = ouk_pair_view_info(pair);
			OukPageCert *cert;

			if (ouk_pair_view_cert(pair) == NULL ||
			    facts->status == OUK_PAIR_SUPERSEDED)
				continue;
			cert = g_new(OukPageCert, 1);
			*cert = (OukPageCert){g_ptr_array_index(keys, i), pair};
			g_string_append_printf(lines, "%s%s · %s · …%s", certs->len > 0 ? "\n" : "",
					       facts->unit, ouk_pair_status_text(facts->status),
					       info->serial_end);
			g_ptr_array_add(certs, cert);
		}
	}
	return certs;
}

gboolean
ouk_page_desk_choose(OukPageDesk *desk, OukPageCert *ret, GError **error)
{
	g_autoptr(GString) lines = g_string_new(NULL);
	g_autoptr(GPtrArray) certs = certs_all(desk, lines);
	guint choice = 0;
	gboolean chosen = certs->len > 0;

	g_ptr_array_set_free_func(certs, g_free);
	if (!chosen)
		return ouk_page_desk_find(desk, NULL, ret, error);
	if (certs->len > 1)
		chosen = key_choose(desk, lines->str, &choice, error);
	if (chosen) {
		const OukPageCert *cert = g_ptr_array_index(certs, choice);

		*ret = (OukPageCert){g_object_ref(cert->key), g_object_ref(cert->pair)};
	}
	return chosen;
}

/* ---- logging in ---- */

/* Another page may be logged in to the key: PKCS #11 has one login for all of us. */
static gboolean
login_work(OukToken *token, const struct uk_secret *pin, gpointer data, GError **error)
{
	OukPageDesk *desk = ((gpointer *)data)[0];
	OukTokenView *key = ((gpointer *)data)[1];
	OukLogin *login = ((gpointer *)data)[2];
	g_autofree char *program = ouk_peer_name(desk->page->peer);
	const OukSession session = {
		.page = desk->page->id,
		.origin = desk->page->origin,
		.title = (char *)(uintptr_t)ouk_token_view_title(key),
		.program = program,
		.login = login,
	};

	token->module->C_Logout(token->session);
	token->logged_in = FALSE;
	if (pin != NULL && !ouk_token_login(token, CKU_USER, pin, error))
		return FALSE;
	ouk_sessions_begin(desk->bridge->sessions, &session);
	return TRUE;
}

/* A wrong PIN, or another right one, ended what other pages had. */
static void
others_end(OukPageDesk *desk, OukTokenView *key)
{
	(void)ouk_sessions_end(desk->bridge->sessions,
			       &(OukSessionFilter){.token_id = ouk_token_view_info(key)->id},
			       "wrong-pin");
}

static gboolean
confirm_login(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	g_autofree char *site = site_words(desk->page);
	g_autofree char *heading = g_strdup_printf(_("Log in to %s with your UKEY"), site);

	return key_confirm(desk, key, heading,
			   _("This key asks for no PIN here; it may have a keypad of its own."),
			   _("_Log In"), error);
}

/* Keys without a PIN, and those of other makers with a keypad: a yes is all there is to ask for. */
static gboolean
login_plain(OukPageDesk *desk, OukTokenView *key, OukLogin *login, gpointer data, GError **error)
{
	const OukTokenFlags flags = ouk_token_view_info(key)->flags;
	const struct uk_secret none = {.len = 0};
	gboolean done;

	if (!confirm_login(desk, key, error))
		return FALSE;
	g_mutex_lock(&login->slot->busy);
	done = key_open(login, error) &&
	       login_work(login->token, (flags & OUK_TOKEN_NO_PIN) != 0 ? NULL : &none, data,
			  error);
	g_mutex_unlock(&login->slot->busy);
	return done;
}

static void
consent_use(gpointer data)
{
	OukPage *page = data;
	const OukConsent *before = ouk_consents_find(consents_now(page->bridge), page->origin);
	g_autoptr(OukConsent) consent = before != NULL ? ouk_consent_copy(before) : NULL;

	if (consent == NULL)
		return;
	consent->used = g_get_real_time() / G_USEC_PER_SEC;
	(void)ouk_consents_set(consent, NULL);
}

gboolean
ouk_page_desk_login(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	const OukTokenFlags flags = ouk_token_view_info(key)->flags;
	const OukPageCert cert = {key, NULL};
	g_autoptr(OukLogin) login = NULL;
	g_autoptr(GError) wrong = NULL;
	gpointer data[3];
	KeyAsk ask = {OUK_PROMPT_LOGIN, "", login_work, data};
	gboolean done;

	if (ouk_page_desk_is_login(desk, key))
		return TRUE;
	login = key_login(desk, key, error);
	if (login == NULL)
		return FALSE;
	data[0] = desk;
	data[1] = key;
	data[2] = login;
	if ((flags & OUK_TOKEN_NO_PIN) != 0 ||
	    ((flags & OUK_TOKEN_KEYPAD) != 0 && (flags & OUK_TOKEN_VENDOR) == 0))
		done = login_plain(desk, key, login, data, &wrong);
	else
		done = key_ask_pin(desk, key, login, &ask, &wrong);
	if (!done && g_error_matches(wrong, OUK_ERROR, OUK_E_PIN_WRONG))
		others_end(desk, key);
	if (!record_page(desk->page, &(OukRecord){"login", desk->call->row->name, &cert}, wrong,
			 NULL))
		g_warning("the journal cannot be written");
	if (done) {
		work_on_main(desk->bridge, consent_use, desk->page);
		site_note_key(desk->page, key);
	} else {
		g_propagate_error(error, g_steal_pointer(&wrong));
	}
	return done;
}

gboolean
ouk_page_desk_is_login(OukPageDesk *desk, OukTokenView *key)
{
	g_autoptr(OukLogin) login = ouk_sessions_find(desk->bridge->sessions, desk->page->id,
						      ouk_token_view_info(key)->id);

	return login != NULL;
}

void
ouk_page_desk_logout(OukPageDesk *desk, OukTokenView *key)
{
	(void)ouk_sessions_end(desk->bridge->sessions,
			       &(OukSessionFilter){.page = desk->page->id,
						   .token_id = ouk_token_view_info(key)->id},
			       "logout");
}

int
ouk_page_desk_tries(OukPageDesk *desk, OukTokenView *key)
{
	OukTries tries = {0};

	if (!key_tries(desk, key, &tries, NULL) || (!tries.exact && !tries.locked))
		return -1;
	return tries.locked ? 0 : (int)tries.left;
}

/* ---- the PIN window ---- */

gboolean
ouk_page_desk_change_pin(OukPageDesk *desk, OukTokenView *key, GError **error)
{
	const OukPageCert cert = {key, NULL};
	g_autoptr(OukLogin) login = key_login(desk, key, error);
	g_autoptr(GError) wrong = NULL;
	const KeyAsk ask = {OUK_PROMPT_CHANGE, "", NULL, NULL};
	gboolean done;

	if (login == NULL)
		return FALSE;
	done = key_ask_pin(desk, key, login, &ask, &wrong);
	if (!record_page(desk->page, &(OukRecord){"pin", desk->call->row->name, &cert}, wrong,
			 NULL))
		g_warning("the journal cannot be written");
	if (!done)
		g_propagate_error(error, g_steal_pointer(&wrong));
	return done;
}

GBytes *
ouk_page_desk_random(OukPageDesk *desk, gsize len, GError **error)
{
	guint8 bytes[OUK_PAGE_RANDOM_MAX];

	if (len == 0 || len > sizeof(bytes)) {
		ouk_fail(error, OUK_E_PAGE_ARGUMENT);
		return NULL;
	}
	if (RAND_bytes(bytes, (int)len) != 1) {
		ouk_fail(error, OUK_E_INTERNAL);
		return NULL;
	}
	return g_bytes_new(bytes, len);
}
